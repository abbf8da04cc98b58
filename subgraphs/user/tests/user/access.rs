//! The access table: complete, and true for everybody.

use service::identity::ServiceName;
use subgraph::access::{Rule, Who, gaps};
use subgraph::run::Subgraph;
use subgraph::testing::{Answer, TestService};
use user::UserService;
use user::api::access::TABLE;

use crate::kit::{Person, admin, customer, start, with_role};

#[test]
fn every_root_field_has_its_row() {
    assert_eq!(gaps(&UserService::sdl(), TABLE), Vec::<String>::new());
}

#[tokio::test]
async fn every_row_is_true_for_everybody() {
    let service = start().await;
    let mut wrong = Vec::new();
    for rule in TABLE {
        // Each row gets people of its own: a log-out among the probes must not change what the next row finds.
        let name = rule.field.replace('.', "-");
        let customer = customer(&service, &format!("customer-{name}")).await;
        let staff = with_role(&service, &format!("staff-{name}"), "STAFF").await;
        let admin = admin(&service).await;
        let people = [
            ("nobody", None),
            ("customer", Some(&customer)),
            ("staff", Some(&staff)),
            ("admin", Some(&admin)),
        ];
        for (who, person) in people {
            let answer = probe(&service, rule, person, None).await;
            wrong.extend(contradiction(rule, who, &answer));
        }
        for peer in [ServiceName::Router, ServiceName::Booking, ServiceName::Event] {
            let answer = probe(&service, rule, None, Some(peer)).await;
            wrong.extend(contradiction(rule, "nobody", &answer));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

async fn probe(
    service: &TestService,
    rule: &Rule,
    person: Option<&Person>,
    peer: Option<ServiceName>,
) -> Answer {
    let mut document = rule.probe.to_owned();
    if document.contains("REFRESH_TOKEN") {
        document = document.replace("REFRESH_TOKEN", &admin(service).await.refresh);
    }
    let mut call = service.call(document);
    if let Some(person) = person {
        call = call.with_token(&person.token);
    }
    if let Some(peer) = peer {
        call = call.through(peer);
    }
    call.send().await
}

fn contradiction(rule: &Rule, who: &str, answer: &Answer) -> Option<String> {
    let may = match rule.who {
        Who::Anyone => true,
        Who::User => who != "nobody",
        Who::OwnerOrAdmin | Who::Staff | Who::Admin => who == "admin",
        Who::Service(_) => false,
    };
    let expected: &[&str] = match (may, who, rule.who) {
        (true, ..) => {
            return refused(answer).then(|| format!("{} as {who} is refused: {}", rule.field, answer.body));
        }
        (false, "nobody", _) => &["UNAUTHENTICATED"],
        (false, _, Who::OwnerOrAdmin) => &["NOT_FOUND"],
        (false, ..) => &["FORBIDDEN"],
    };
    let as_expected = answer.code().is_some_and(|code| expected.contains(&code));
    (!as_expected).then(|| format!("{} as {who} is not {expected:?}: {}", rule.field, answer.body))
}

fn refused(answer: &Answer) -> bool {
    matches!(
        answer.code(),
        Some(
            "UNAUTHENTICATED"
                | "FORBIDDEN"
                | "GRAPHQL_VALIDATION_FAILED"
                | "GRAPHQL_PARSE_FAILED"
                | "INTERNAL"
        )
    )
}
