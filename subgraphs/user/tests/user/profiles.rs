//! Reading, changing and deleting accounts.

use serde_json::{Value, json};
use subgraph::testing::{Call, TestService};

use crate::kit::{
    ADMIN, Others, PASSWORD, Person, REFRESH, admin, create, customer, logged_in, login, me, references,
    set_role, start, with_role,
};

const UPDATE: &str = "mutation($id: ID!, $name: String, $phone: String, $address: String) {
    updateUser(id: $id, name: $name, phoneNumber: $phone, address: $address) { user { id name phoneNumber address } }
}";
const DELETE: &str = "mutation($id: ID!) { deleteUser(id: $id) { ok } }";
const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

fn update<'s>(service: &'s TestService, by: &Person, id: &str) -> Call<'s> {
    service.call(UPDATE).variable("id", id).with_token(&by.token)
}

fn delete<'s>(service: &'s TestService, by: &Person, id: &str) -> Call<'s> {
    service.call(DELETE).variable("id", id).with_token(&by.token)
}

#[tokio::test]
async fn what_is_left_out_stays_and_a_blank_is_taken_away() {
    let service = start().await;
    let budi = customer(&service, "budi").await;
    let all =
        update(&service, &budi, &budi.id).variable("phone", "0812 345").variable("address", "Jl. Merdeka 1");
    all.data().await;
    let data = update(&service, &budi, &budi.id)
        .variable("name", "Budi S.")
        .variable("phone", Value::Null)
        .data()
        .await;
    let expected =
        json!({ "id": budi.id, "name": "Budi S.", "phoneNumber": "0812 345", "address": "Jl. Merdeka 1" });
    assert_eq!(data["updateUser"]["user"], expected);
    let data = update(&service, &budi, &budi.id).variable("phone", "").data().await;
    assert_eq!(data["updateUser"]["user"]["phoneNumber"], Value::Null);
    let blank = update(&service, &budi, &budi.id).variable("name", " ").send().await;
    assert_eq!(blank.body["errors"][0]["extensions"]["field"], "name");
}

#[tokio::test]
async fn a_stranger_is_answered_as_if_the_account_were_not_there() {
    let service = start().await;
    let (budi, siti) = (customer(&service, "budi").await, with_role(&service, "siti", "STAFF").await);
    let mut answers = Vec::new();
    for id in [&*budi.id, NOBODY] {
        answers.push(update(&service, &siti, id).variable("name", "x").send().await.body);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0]["errors"][0]["extensions"]["code"], "NOT_FOUND");
    let data = update(&service, &admin(&service).await, &budi.id).variable("name", "x").data().await;
    assert_eq!(data["updateUser"]["user"]["name"], "x");
}

#[tokio::test]
async fn a_malformed_id_is_nothing_to_a_query_and_bad_input_to_a_mutation() {
    let service = start().await;
    let (admin, budi) = (admin(&service).await, customer(&service, "budi").await);
    for id in ["1", "", &budi.id.to_uppercase(), "' OR 1=1 --"] {
        let user = service.call("query($id: ID!) { user(id: $id) { id } }").variable("id", id);
        assert_eq!(user.with_token(&admin.token).data().await, json!({ "user": null }), "{id}");
        for call in [
            update(&service, &admin, id),
            delete(&service, &admin, id),
            set_role(&service, &admin, id, "STAFF"),
        ] {
            let answer = call.send().await;
            let extensions = &answer.body["errors"][0]["extensions"];
            assert_eq!([&extensions["code"], &extensions["field"]], ["BAD_USER_INPUT", "id"], "{id}");
        }
    }
}

#[tokio::test]
async fn a_list_of_users_has_pages() {
    let service = start().await;
    let admin = admin(&service).await;
    for number in 1..=4 {
        create(&service, &format!("user{number}@example.com")).data().await;
    }
    for (arguments, expected) in [
        (
            "",
            vec![ADMIN.0, "user1@example.com", "user2@example.com", "user3@example.com", "user4@example.com"],
        ),
        ("(limit: 2)", vec![ADMIN.0, "user1@example.com"]),
        ("(limit: 2, offset: 3)", vec!["user3@example.com", "user4@example.com"]),
        ("(offset: 4)", vec!["user4@example.com"]),
        ("(offset: 5)", vec![]),
    ] {
        let data =
            service.call(format!("{{ users{arguments} {{ email }} }}")).with_token(&admin.token).data().await;
        let emails: Vec<_> =
            data["users"].as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap()).collect();
        assert_eq!(emails, expected, "{arguments}");
    }
    for (arguments, field) in [("(limit: 0)", "limit"), ("(limit: -1)", "limit"), ("(offset: -1)", "offset")]
    {
        let answer =
            service.call(format!("{{ users{arguments} {{ email }} }}")).with_token(&admin.token).send().await;
        assert_eq!(answer.body["errors"][0]["extensions"]["field"], field);
    }
}

#[tokio::test]
async fn a_deleted_account_is_gone_for_everybody_and_its_address_is_free() {
    let others = Others::start().await;
    let service = others.beside().await;
    let (admin, budi) = (admin(&service).await, customer(&service, "budi").await);
    assert_eq!(delete(&service, &admin, NOBODY).refused().await, "NOT_FOUND");
    assert_eq!(delete(&service, &admin, &budi.id).data().await["deleteUser"]["ok"], true);
    assert_eq!(delete(&service, &admin, &budi.id).data().await["deleteUser"]["ok"], true, "once more");
    assert_eq!(me(&service, &budi.token).refused().await, "UNAUTHENTICATED");
    assert_eq!(service.call(REFRESH).variable("token", &*budi.refresh).refused().await, "UNAUTHENTICATED");
    assert_eq!(login(&service, &budi.email, PASSWORD).refused().await, "INVALID_CREDENTIALS");
    assert_eq!(set_role(&service, &admin, &budi.id, "ADMIN").refused().await, "NOT_FOUND");
    assert_eq!(update(&service, &admin, &budi.id).variable("name", "x").refused().await, "NOT_FOUND");
    let user = service.call("query($id: ID!) { user(id: $id) { id } }").variable("id", &*budi.id);
    assert_eq!(user.with_token(&admin.token).data().await, json!({ "user": null }));
    let referred = references(&service, &[&budi.id]).with_token(&admin.token).data().await;
    let nameless = json!({ "id": budi.id, "name": "deleted", "email": format!("deleted:{}", budi.id) });
    assert_eq!(referred["_entities"], json!([nameless]), "an old booking still has a buyer");
    create(&service, &budi.email).data().await;
    assert_ne!(logged_in(&service, &budi.email, PASSWORD).await.id, budi.id);
}

#[tokio::test]
async fn nothing_of_a_deleted_person_stays_in_the_database() {
    use entities::user::account::Entity;
    use sea_orm::EntityTrait;
    let others = Others::start().await;
    let service = others.beside().await;
    let (admin, budi) = (admin(&service).await, customer(&service, "budi").await);
    update(&service, &budi, &budi.id)
        .variable("phone", "0812345")
        .variable("address", "Jl. Merdeka 1")
        .data()
        .await;
    delete(&service, &admin, &budi.id).data().await;
    let row = Entity::find_by_id(budi.id.parse::<entities::ids::UserId>().unwrap());
    let row = row.one(service.database.read()).await.unwrap().unwrap();
    assert!(row.password_hash.is_none() && row.phone_number.is_none() && row.address.is_none());
    let shown = format!("{row:?}").to_lowercase();
    assert!(!shown.contains("budi") && !shown.contains("merdeka"), "{shown}");
}

#[tokio::test]
async fn one_administrator_always_remains() {
    let service = start().await;
    let admin = admin(&service).await;
    assert_eq!(delete(&service, &admin, &admin.id).refused().await, "CONFLICT");
    assert_eq!(set_role(&service, &admin, &admin.id, "CUSTOMER").refused().await, "CONFLICT");
    set_role(&service, &admin, &admin.id, "ADMIN").data().await;
    me(&service, &admin.token).data().await;
}
