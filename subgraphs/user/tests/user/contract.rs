//! The original's operations: their types in the SDL, and each of them once for real.

use serde_json::json;
use subgraph::run::Subgraph;
use user::UserService;

use crate::kit::{ADMIN, Others, admin, customer, start};

const CONTRACT: &str = include_str!("../../../../schema/contract/user.graphql");
const COMMITTED: &str = include_str!("../../../../schema/subgraphs/user.graphql");

#[test]
fn the_schema_keeps_the_contract() {
    assert_eq!(subgraph::testing::contract::violations(CONTRACT, &UserService::sdl()), Vec::<String>::new());
}

#[test]
fn the_committed_schema_is_what_the_binary_prints() {
    assert_eq!(
        UserService::sdl(),
        COMMITTED,
        "write it anew: eventhub-user sdl > schema/subgraphs/user.graphql"
    );
}

#[tokio::test]
async fn create_user_and_login_answer_as_the_original_did() {
    let service = start().await;
    let create = r#"mutation {
        createUser(name: "Budi", email: "budi@example.com", password: "rahasia123", phoneNumber: "08123456789", address: "Jl. Merdeka 1") {
            user { id name email phoneNumber address role createdAt updatedAt }
        }
    }"#;
    let data = service.call(create).data().await;
    let user = &data["createUser"]["user"];
    assert_eq!(
        [&user["name"], &user["email"], &user["phoneNumber"], &user["address"], &user["role"]],
        ["Budi", "budi@example.com", "08123456789", "Jl. Merdeka 1", "CUSTOMER"]
    );
    for time in [&user["createdAt"], &user["updatedAt"]] {
        assert!(chrono::DateTime::parse_from_rfc3339(time.as_str().unwrap()).is_ok(), "{time}");
    }
    let login = r#"mutation { login(email: "budi@example.com", password: "rahasia123") { accessToken user { id name } } }"#;
    let data = service.call(login).data().await;
    assert_eq!(data["login"]["user"], json!({ "id": user["id"], "name": "Budi" }));
    assert_eq!(data["login"]["accessToken"].as_str().unwrap().split('.').count(), 3);
}

#[tokio::test]
async fn users_user_and_me_answer_as_the_original_did() {
    let service = start().await;
    let (admin, budi) = (admin(&service).await, customer(&service, "budi").await);
    let users = service.call("{ users { id email } }").with_token(&admin.token).data().await;
    assert_eq!(
        users["users"],
        json!([{ "id": admin.id, "email": ADMIN.0 }, { "id": budi.id, "email": "budi@example.com" }])
    );
    let query = "query($id: ID!) { user(id: $id) { id name } }";
    let user = service.call(query).variable("id", &*budi.id).with_token(&admin.token).data().await;
    assert_eq!(user["user"], json!({ "id": budi.id, "name": "Budi Santoso" }));
    let query = "query($token: String!) { me(token: $token) { id email role } }";
    let me = service.call(query).variable("token", &*budi.token).data().await;
    assert_eq!(me["me"], json!({ "id": budi.id, "email": "budi@example.com", "role": "CUSTOMER" }));
}

#[tokio::test]
async fn update_user_and_delete_user_answer_as_the_original_did() {
    let others = Others::start().await;
    let service = others.beside().await;
    let (admin, budi) = (admin(&service).await, customer(&service, "budi").await);
    let update = format!(
        r#"mutation {{ updateUser(id: "{}", name: "New Name", address: "New Address") {{ user {{ id name address }} }} }}"#,
        budi.id
    );
    let data = service.call(update).with_token(&budi.token).data().await;
    let expected = json!({ "id": budi.id, "name": "New Name", "address": "New Address" });
    assert_eq!(data["updateUser"]["user"], expected);
    let delete = format!(r#"mutation {{ deleteUser(id: "{}") {{ ok }} }}"#, budi.id);
    let data = service.call(delete).with_token(&admin.token).data().await;
    assert_eq!(data["deleteUser"], json!({ "ok": true }));
}
