//! `User` as other subgraphs refer to it.

use serde_json::{Value, json};

use crate::kit::{admin, customer, references, set_role, start, with_role};

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

#[tokio::test]
async fn a_hundred_references_are_one_statement() {
    let service = start().await;
    let admin = admin(&service).await;
    let mut ids = Vec::new();
    for number in 0..20 {
        ids.push(customer(&service, &format!("user{number}")).await.id);
    }
    let asked: Vec<&str> = ids.iter().cycle().take(100).map(String::as_str).collect();
    let before = service.database.statements();
    let data = references(&service, &asked).with_token(&admin.token).data().await;
    assert_eq!(service.database.statements() - before, 1);
    let answered: Vec<_> =
        data["_entities"].as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap()).collect();
    assert_eq!(answered, asked, "element i of the answer belongs to element i of the representations");
}

#[tokio::test]
async fn a_reference_shows_no_more_than_the_person_would() {
    let service = start().await;
    let (admin, budi) = (admin(&service).await, customer(&service, "budi").await);
    let siti = with_role(&service, "siti", "STAFF").await;
    let asked = [&*budi.id, &*siti.id, NOBODY, "malformed"];
    let shown = async |token: Option<&str>| {
        let call = references(&service, &asked);
        let call = match token {
            Some(token) => call.with_token(token),
            None => call,
        };
        let data = call.data().await;
        data["_entities"].as_array().unwrap().iter().map(|user| !user.is_null()).collect::<Vec<_>>()
    };
    assert_eq!(shown(Some(&admin.token)).await, [true, true, false, false]);
    assert_eq!(shown(Some(&budi.token)).await, [true, false, false, false]);
    assert_eq!(shown(Some(&siti.token)).await, [false, true, false, false]);
    assert_eq!(shown(None).await, [false; 4], "a service alone is nobody");
}

#[tokio::test]
async fn rights_are_those_of_the_account_now() {
    let service = start().await;
    let (admin, budi) = (admin(&service).await, customer(&service, "budi").await);
    let other = with_role(&service, "other", "ADMIN").await;
    set_role(&service, &admin, &other.id, "CUSTOMER").data().await;
    let data = references(&service, &[&budi.id, &other.id]).with_token(&other.token).data().await;
    assert_eq!(
        data["_entities"],
        json!([Value::Null, Value::Null]),
        "an old administrator's token sees nothing"
    );
}

#[tokio::test]
async fn references_are_for_services_only() {
    let service = start().await;
    let admin = admin(&service).await;
    let document = format!(
        r#"{{ _entities(representations: [{{ __typename: "User", id: "{}" }}]) {{ ... on User {{ id }} }} }}"#,
        admin.id
    );
    assert_eq!(service.call(document).with_token(&admin.token).refused().await, "FORBIDDEN");
    assert_eq!(service.call("{ _service { sdl } }").refused().await, "FORBIDDEN");
}
