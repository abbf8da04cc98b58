//! The audit log of accounts: what it says, what it never says, and who reads it.

use serde_json::{Value, json};
use subgraph::testing::{TestService, assert_append_only, audit_log};
use user::config::Config;
use user::throttle::Policies;

use crate::kit::{
    PASSWORD, Person, REFRESH, admin, config, customer, login, set_role, start, start_with, strict,
};

async fn read(service: &TestService, by: &Person, arguments: &str) -> Vec<Value> {
    let document = format!(
        "{{ userAudit{arguments} {{ actor actorRole requestId action subject changes {{ field before after }} }} }}"
    );
    let data = service.call(document).with_token(&by.token).data().await;
    data["userAudit"].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_is_done_to_an_account_is_told_with_who_did_it_and_in_which_request() {
    let service = start().await;
    let (budi, admin) = (customer(&service, "budi").await, admin(&service).await);
    set_role(&service, &admin, &budi.id, "STAFF").header("x-request-id", "the-request").data().await;
    set_role(&service, &admin, &budi.id, "STAFF").data().await;
    let entries = read(&service, &admin, &format!(r#"(filter: {{ subject: "{}" }})"#, budi.id)).await;
    let changed = json!({
        "actor": format!("user:{}", admin.id), "actorRole": "ADMIN", "requestId": "the-request",
        "action": "USER_ROLE_CHANGED", "subject": budi.id,
        "changes": [{ "field": "role", "before": "CUSTOMER", "after": "STAFF" }],
    });
    assert_eq!(entries.len(), 2, "the same role again is no change: {entries:?}");
    assert_eq!(entries[0], changed, "the newest first");
    assert_eq!((&entries[1]["action"], &entries[1]["actor"]), (&json!("USER_REGISTERED"), &json!("nobody")));
    assert_append_only(&service.database).await;
}

#[tokio::test]
async fn entries_are_found_by_each_filter_and_told_by_the_page() {
    let service = start().await;
    let (budi, admin) = (customer(&service, "budi").await, admin(&service).await);
    set_role(&service, &admin, &budi.id, "STAFF").data().await;
    set_role(&service, &admin, &budi.id, "CUSTOMER").data().await;
    let by_admin = format!(r#"filter: {{ actor: "user:{}" }}"#, admin.id);
    for (arguments, expected) in [
        (format!("({by_admin})"), 2),
        (format!("({by_admin}, limit: 1)"), 1),
        (format!("({by_admin}, limit: 5, offset: 1)"), 1),
        ("(filter: { action: USER_REGISTERED })".to_owned(), 2),
        (r#"(filter: { since: "2999-01-01T00:00:00Z" })"#.to_owned(), 0),
        (r#"(filter: { until: "2999-01-01T00:00:00Z" })"#.to_owned(), 4),
        (r#"(filter: { since: "1066-10-14T09:00:00Z" })"#.to_owned(), 4),
        (r#"(filter: { requestId: "another" })"#.to_owned(), 0),
    ] {
        assert_eq!(read(&service, &admin, &arguments).await.len(), expected, "{arguments}");
    }
    let ani = customer(&service, "ani").await;
    let refused = service.call("{ userAudit { id } }").with_token(&ani.token);
    assert_eq!(refused.refused().await, "FORBIDDEN");
    let too_many = service.call("{ userAudit(limit: 501) { id } }").with_token(&admin.token);
    assert_eq!(too_many.refused().await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn of_a_person_no_value_is_told_and_of_a_password_nothing() {
    let service = start().await;
    let budi = customer(&service, "budi").await;
    let update = "mutation($id: ID!) { updateUser(id: $id, name: \"Budi Utomo\", address: \"Jl. Merdeka 1\") { user { id } } }";
    service.call(update).variable("id", &*budi.id).with_token(&budi.token).data().await;
    let change = "mutation($old: String!) { changePassword(currentPassword: $old, newPassword: \"another staple\") { accessToken } }";
    service.call(change).variable("old", PASSWORD).with_token(&budi.token).data().await;
    let log = audit_log(&service.database).await;
    let nameless = |field: &str| json!({ "field": field, "before": null, "after": null });
    let profile =
        json!(["user", "CUSTOMER", "USER_CHANGED", budi.id, [nameless("name"), nameless("address")]]);
    assert!(log.contains(&profile), "{log:?}");
    assert!(log.contains(&json!(["user", "CUSTOMER", "USER_PASSWORD_CHANGED", budi.id, []])), "{log:?}");
    let all = format!("{log:?}").to_lowercase();
    assert!(!all.contains("budi@") && !all.contains("merdeka") && !all.contains("staple"), "{all}");
    assert!(!all.contains("argon2"), "{all}");
}

#[tokio::test]
async fn a_lock_and_a_stolen_session_are_told_without_telling_whose_address() {
    let throttle = Policies { account: strict(2), ..config().throttle };
    let service = start_with(Config { throttle, ..config() }).await;
    let budi = customer(&service, "budi").await;
    for _ in 0..3 {
        login(&service, &budi.email, "wrong").send().await;
    }
    for _ in 0..3 {
        service.call(REFRESH).variable("token", &*budi.refresh).send().await;
    }
    let log = audit_log(&service.database).await;
    let of = |action: &str| log.iter().filter(|entry| entry[2] == action).cloned().collect::<Vec<_>>();
    let (locks, thefts) = (of("LOGIN_LOCKED"), of("SESSION_STOLEN"));
    assert_eq!((locks.len(), thefts.len()), (1, 1), "{log:?}");
    assert!(locks[0][3].as_str().unwrap().starts_with("account:"), "{locks:?}");
    assert_eq!((&locks[0][4][0]["field"], &thefts[0][3]), (&json!("lockedUntil"), &json!(budi.id)));
    assert!(!format!("{log:?}").contains("budi@"), "{log:?}");
}
