//! Calls every row of an access table as everybody, and says where the table is not true.

use service::identity::{Role, ServiceName};
use uuid::Uuid;

use super::{Answer, TestService};
use crate::access::{Rule, Who};

/// The people and services that every row is tried as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum As {
    Nobody,
    Customer,
    Staff,
    Admin,
    Service(ServiceName),
}

/// Tries every row of `table` on `service`; answers with what contradicts the table. Empty when all is well.
///
/// Who may not call a field must be answered UNAUTHENTICATED, FORBIDDEN, NOT_FOUND or, for an object of another owner,
/// null. Who may call it must not be answered UNAUTHENTICATED or FORBIDDEN; other errors are fine, since probes need not
/// find anything. Rows of [`Who::OwnerOrAdmin`] are tried by strangers only: the owner's way is a test of its own.
pub async fn contradictions(service: &TestService, table: &[Rule]) -> Vec<String> {
    let mut found = Vec::new();
    let people = [As::Nobody, As::Customer, As::Staff, As::Admin];
    for rule in table {
        for who in people.into_iter().chain(ServiceName::ALL.map(As::Service)) {
            let answer = ask(service, rule.probe, who).await;
            if let Some(wrong) = contradiction(rule, who, &answer) {
                found.push(format!("{} as {who:?}: {wrong}: {}", rule.field, answer.body));
            }
        }
    }
    found
}

async fn ask(service: &TestService, probe: &str, who: As) -> Answer {
    let call = service.call(probe);
    let call = match who {
        As::Nobody => call,
        As::Customer => call.as_user(Uuid::now_v7(), Role::Customer),
        As::Staff => call.as_user(Uuid::now_v7(), Role::Staff),
        As::Admin => call.as_user(Uuid::now_v7(), Role::Admin),
        As::Service(name) => call.through(name),
    };
    if !probe.starts_with("subscription") {
        return call.send().await;
    }
    // The first answer says whether it is refused; one that ends without any is not.
    let first = call.watch().await.next().await;
    first.unwrap_or(Answer { status: http::StatusCode::OK, body: serde_json::json!({ "data": {} }) })
}

fn contradiction(rule: &Rule, who: As, answer: &Answer) -> Option<&'static str> {
    if matches!(answer.code(), Some("GRAPHQL_VALIDATION_FAILED" | "GRAPHQL_PARSE_FAILED")) {
        return Some("the probe is not valid");
    }
    let refused = matches!(answer.code(), Some("UNAUTHENTICATED" | "FORBIDDEN"));
    let hidden = answer.code() == Some("NOT_FOUND") || (answer.code().is_none() && only_nulls(answer));
    match may(rule.who, who) {
        Some(true) if refused => Some("is refused"),
        Some(false) if rule.who == Who::OwnerOrAdmin && !(refused || hidden) => {
            Some("sees a stranger's object")
        }
        Some(false) if rule.who != Who::OwnerOrAdmin && !refused => Some("is not refused"),
        _ => None,
    }
}

/// Whether `who` may; `None` where the table does not say.
fn may(rule: Who, who: As) -> Option<bool> {
    Some(match (rule, who) {
        (Who::Anyone, _) => true,
        (Who::Service(names), As::Service(name)) => names.contains(&name),
        (Who::Service(_), _) => false,
        // A service that speaks for itself is nobody in particular.
        (Who::User | Who::Staff | Who::Admin | Who::OwnerOrAdmin, As::Nobody | As::Service(_)) => false,
        (Who::User, As::Customer | As::Staff | As::Admin) => true,
        (Who::Staff, As::Staff | As::Admin) => true,
        (Who::Staff, As::Customer) => false,
        (Who::Admin | Who::OwnerOrAdmin, As::Admin) => true,
        (Who::Admin | Who::OwnerOrAdmin, As::Customer | As::Staff) => false,
    })
}

fn only_nulls(answer: &Answer) -> bool {
    let data = answer.body.get("data").and_then(serde_json::Value::as_object);
    data.is_some_and(|data| {
        data.values().all(|value| value.is_null() || value.as_array().is_some_and(Vec::is_empty))
    })
}
