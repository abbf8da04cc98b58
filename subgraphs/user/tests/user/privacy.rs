//! What is kept about a person is shown to them, and taken away when they ask and nothing is open.

use serde_json::{Value, json};
use subgraph::testing::{Answer, Call, TestService, audit_log};
use user::obligations::Open;

use crate::kit::{Others, PASSWORD, Person, admin, customer, login, me, start};

const NOTHING: Open = Open { bookings: 0, refunds: 0, tickets: 0 };

fn anonymise<'s>(service: &'s TestService, by: &Person, id: &str) -> Call<'s> {
    let document = "mutation($id: ID!) { anonymiseUser(id: $id) { ok } }";
    service.call(document).variable("id", id).with_token(&by.token)
}

fn delete_own<'s>(service: &'s TestService, by: &Person, password: &str) -> Call<'s> {
    let document = "mutation($password: String!) { deleteMyAccount(currentPassword: $password) { ok } }";
    service.call(document).variable("password", password).with_token(&by.token)
}

fn extension(answer: &Answer, name: &str) -> Value {
    answer.body["errors"][0]["extensions"][name].clone()
}

#[tokio::test]
async fn an_account_is_kept_while_anything_is_open_and_the_refusal_says_what() {
    let others = Others::start().await;
    let service = others.beside().await;
    let (budi, admin) = (customer(&service, "budi").await, admin(&service).await);
    for open in
        [Open { bookings: 1, ..NOTHING }, Open { refunds: 2, ..NOTHING }, Open { tickets: 3, ..NOTHING }]
    {
        others.say(open);
        for call in [delete_own(&service, &budi, PASSWORD), anonymise(&service, &admin, &budi.id)] {
            let answer = call.send().await;
            assert_eq!(answer.code(), Some("CONFLICT"), "{}", answer.body);
            let said = ["bookings", "refunds", "tickets"].map(|name| extension(&answer, name));
            assert_eq!(said, [open.bookings, open.refunds, open.tickets].map(Value::from));
        }
    }
    me(&service, &budi.token).data().await;
    others.say(NOTHING);
    assert_eq!(delete_own(&service, &budi, PASSWORD).data().await["deleteMyAccount"]["ok"], true);
    assert_eq!(me(&service, &budi.token).refused().await, "UNAUTHENTICATED");
    assert_eq!(login(&service, &budi.email, PASSWORD).refused().await, "INVALID_CREDENTIALS");
    assert_eq!(anonymise(&service, &admin, &budi.id).data().await["anonymiseUser"]["ok"], true);
    let log = audit_log(&service.database).await;
    let ends: Vec<_> = log.iter().filter(|entry| entry[2] == "USER_ANONYMISED").collect();
    assert_eq!(ends, [&json!(["user", "CUSTOMER", "USER_ANONYMISED", budi.id, []])], "once");
}

#[tokio::test]
async fn when_nobody_can_say_what_is_open_nothing_is_taken_away() {
    let service = start().await;
    let (budi, admin) = (customer(&service, "budi").await, admin(&service).await);
    assert_eq!(delete_own(&service, &budi, PASSWORD).refused().await, "UNAVAILABLE");
    assert_eq!(anonymise(&service, &admin, &budi.id).refused().await, "UNAVAILABLE");
    login(&service, &budi.email, PASSWORD).data().await;
}

#[tokio::test]
async fn a_token_alone_deletes_no_account_and_an_administrator_stays() {
    let others = Others::start().await;
    let service = others.beside().await;
    let (budi, admin) = (customer(&service, "budi").await, admin(&service).await);
    assert_eq!(delete_own(&service, &budi, "a guess").refused().await, "INVALID_CREDENTIALS");
    assert_eq!(delete_own(&service, &admin, crate::kit::ADMIN.1).refused().await, "CONFLICT");
    assert_eq!(anonymise(&service, &admin, &admin.id).refused().await, "CONFLICT");
    me(&service, &budi.token).data().await;
}

#[tokio::test]
async fn an_export_tells_what_is_kept_here_and_no_secret() {
    let service = start().await;
    let (budi, ani, admin) =
        (customer(&service, "budi").await, customer(&service, "ani").await, admin(&service).await);
    let shown = "id account { name email role } sessions { openedAt expiresAt endedAt } accountLog { action subject }";
    let own = service.call(format!("{{ exportMyData {{ {shown} }} }}")).with_token(&budi.token).data().await;
    let own = &own["exportMyData"];
    assert_eq!(own["account"], json!({ "name": "Budi Santoso", "email": budi.email, "role": "CUSTOMER" }));
    assert_eq!(own["accountLog"], json!([{ "action": "USER_REGISTERED", "subject": budi.id }]));
    assert_eq!(
        (own["sessions"].as_array().unwrap().len(), &own["sessions"][0]["endedAt"]),
        (1, &Value::Null)
    );

    let of = |id: &str, by: &Person| {
        let document = format!("query($id: ID!) {{ exportUserData(id: $id) {{ {shown} }} }}");
        service.call(document).variable("id", id).with_token(&by.token)
    };
    assert_eq!(&of(&budi.id, &admin).data().await["exportUserData"], own);
    assert_eq!(of(&budi.id, &ani).refused().await, "FORBIDDEN");
    assert_eq!(of("nobody", &admin).data().await["exportUserData"], Value::Null);
}

#[tokio::test]
async fn what_another_service_names_is_shown_to_nobody_else() {
    use service::identity::ServiceName;
    let service = start().await;
    let (budi, ani) = (customer(&service, "budi").await, customer(&service, "ani").await);
    let document =
        "query($r: [_Any!]!) { _entities(representations: $r) { ... on PersonalData { account { name } } } }";
    let ask = |by: &Person| {
        let representation = json!([{ "__typename": "PersonalData", "id": budi.id }]);
        let call = service.call(document).variable("r", representation);
        call.through(ServiceName::Router).with_token(&by.token)
    };
    assert_eq!(ask(&ani).data().await["_entities"], json!([null]));
    assert_eq!(ask(&budi).data().await["_entities"], json!([{ "account": { "name": "Budi Santoso" } }]));
}
