//! A running user service and the people in it.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use service::config::Common;
use service::env::{Reader, Secret};
use service::identity::ServiceName;
use service::server;
use subgraph::client::ServiceClient;
use subgraph::clock::Clock;
use subgraph::testing::{Call, TestService, common};
use tokio_util::sync::{CancellationToken, DropGuard};
use user::config::{Administrator, Config, Peers};
use user::domain::email::Email;
use user::domain::password::NewPassword;
use user::obligations::{Obligations, Open};
use user::passwords::Cost;
use user::{UserService, domain};

/// The administrator of every service in these tests.
pub(crate) const ADMIN: (&str, &str) = ("admin@example.com", "correct horse battery");
/// Everybody else's password.
pub(crate) const PASSWORD: &str = "staple of tests";
/// What seals the keys.
pub(crate) const SECRET: &str = "a secret that is longer than 32 bytes";

/// The default configuration with cheap hashes.
pub(crate) fn config() -> Config {
    let mut env = Reader::from_pairs([("EVENTHUB_KEY_SECRET", SECRET)]);
    let config = Config::read(&mut env);
    let config = env.finish(|| config).unwrap();
    let nowhere = reqwest::Url::parse("http://127.0.0.1:1").unwrap();
    let peers = Peers { booking: nowhere.clone(), ticket: nowhere };
    Config { hash_cost: Cost::TRIFLING, administrator: Some(administrator()), peers, ..config }
}

pub(crate) fn administrator() -> Administrator {
    let password = NewPassword::parse("password", ADMIN.1.to_owned()).unwrap();
    Administrator { email: Email::parse(ADMIN.0).unwrap(), password }
}

pub(crate) fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

/// A policy that forgives little, so that tests are short.
pub(crate) fn strict(allowance: u32) -> domain::lockout::Policy {
    domain::lockout::Policy { allowance, ..config().throttle.account }
}

pub(crate) async fn start() -> TestService {
    start_with(config()).await
}

pub(crate) async fn start_with(config: Config) -> TestService {
    TestService::start::<UserService>(config).await
}

/// A service whose clock stands still, and the clock.
pub(crate) async fn start_standing(config: Config) -> (TestService, Clock) {
    let clock = Clock::standing_at(Utc::now());
    let service = TestService::start_with::<UserService>(config, user_common(), clock.clone()).await;
    (service, clock)
}

/// A service that thinks it is `now`.
pub(crate) async fn start_at(now: DateTime<Utc>) -> TestService {
    TestService::start_with::<UserService>(config(), user_common(), Clock::standing_at(now)).await
}

pub(crate) fn user_common() -> Common {
    common(ServiceName::User)
}

/// Somebody who is logged in.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) token: String,
    pub(crate) refresh: String,
}

pub(crate) const CREATE: &str =
    "mutation($name: String!, $email: String!, $password: String!, $phone: String, $address: String) {
    createUser(name: $name, email: $email, password: $password, phoneNumber: $phone, address: $address) {
        user { id name email phoneNumber address role createdAt updatedAt }
    }
}";
pub(crate) const LOGIN: &str = "mutation($email: String!, $password: String!) {
    login(email: $email, password: $password) { accessToken refreshToken expiresIn user { id name role } }
}";
pub(crate) const REFRESH: &str = "mutation($token: String!) { refreshToken(refreshToken: $token) { accessToken refreshToken user { id role } } }";

pub(crate) fn create<'s>(service: &'s TestService, email: &str) -> Call<'s> {
    let call = service.call(CREATE).variable("name", "Budi Santoso");
    call.variable("email", email).variable("password", PASSWORD)
}

pub(crate) fn login<'s>(service: &'s TestService, email: &str, password: &str) -> Call<'s> {
    service.call(LOGIN).variable("email", email).variable("password", password)
}

pub(crate) async fn logged_in(service: &TestService, email: &str, password: &str) -> Person {
    let data = login(service, email, password).data().await;
    person(&data["login"], email)
}

pub(crate) fn person(payload: &Value, email: &str) -> Person {
    let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
    Person {
        id: text("/user/id"),
        email: email.to_owned(),
        token: text("/accessToken"),
        refresh: text("/refreshToken"),
    }
}

/// Registers somebody and logs them in.
pub(crate) async fn customer(service: &TestService, name: &str) -> Person {
    let email = format!("{name}@example.com");
    create(service, &email).data().await;
    logged_in(service, &email, PASSWORD).await
}

pub(crate) async fn admin(service: &TestService) -> Person {
    logged_in(service, ADMIN.0, ADMIN.1).await
}

/// Registers somebody, lets the administrator give them `role`, and logs them in.
pub(crate) async fn with_role(service: &TestService, name: &str, role: &str) -> Person {
    let person = customer(service, name).await;
    let admin = admin(service).await;
    set_role(service, &admin, &person.id, role).data().await;
    logged_in(service, &person.email, PASSWORD).await
}

pub(crate) fn set_role<'s>(service: &'s TestService, by: &Person, id: &str, role: &str) -> Call<'s> {
    let document = "mutation($id: ID!, $role: Role!) { setRole(id: $id, role: $role) { user { id role } } }";
    service.call(document).variable("id", id).variable("role", role).with_token(&by.token)
}

pub(crate) fn me<'s>(service: &'s TestService, token: &str) -> Call<'s> {
    service.call("{ me { id name role } }").with_token(token)
}

/// Asks for users as another subgraph's references would.
pub(crate) fn references<'s>(service: &'s TestService, ids: &[&str]) -> Call<'s> {
    let representations: Vec<_> = ids.iter().map(|id| json!({ "__typename": "User", "id": id })).collect();
    let document = "query($r: [_Any!]!) { _entities(representations: $r) { ... on User { id name email } } }";
    service.call(document).variable("r", representations).through(ServiceName::Router)
}

pub(crate) async fn jwks_kids(service: &TestService) -> Vec<String> {
    let url = format!("{}/.well-known/jwks.json", service.url);
    let jwks: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    let kid = |key: &Value| key["kid"].as_str().unwrap().to_owned();
    jwks["keys"].as_array().unwrap().iter().map(kid).collect()
}

/// The header of a token.
pub(crate) fn header(token: &str) -> Value {
    part(token, 0)
}

/// The claims of a token.
pub(crate) fn claims(token: &str) -> Value {
    part(token, 1)
}

fn part(token: &str, at: usize) -> Value {
    use base64::Engine;
    let part = token.split('.').nth(at).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The booking and the ticket service, as far as they are asked here. They answer what the test says, and end with it.
pub(crate) struct Others {
    url: reqwest::Url,
    open: Arc<Mutex<Open>>,
    _stop: DropGuard,
}

impl Others {
    /// Both up, with nothing open.
    pub(crate) async fn start() -> Self {
        let open = Arc::new(Mutex::new(Open { bookings: 0, refunds: 0, tickets: 0 }));
        let stop = CancellationToken::new();
        let listener = server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let told = Arc::clone(&open);
        let app = poem::Route::new().at("/graphql", poem::endpoint::make_sync(move |_| answer(&told)));
        tokio::spawn(server::serve(listener, app, stop.clone(), server::Options::default()));
        Self { url, open, _stop: stop.drop_guard() }
    }

    pub(crate) fn say(&self, open: Open) {
        *self.open.lock().unwrap() = open;
    }

    /// A user service beside them.
    pub(crate) async fn beside(&self) -> TestService {
        start_with(Config {
            peers: Peers { booking: self.url.clone(), ticket: self.url.clone() },
            ..config()
        })
        .await
    }
}

fn answer(open: &Mutex<Open>) -> poem::Response {
    let Open { bookings, refunds, tickets } = *open.lock().unwrap();
    let data =
        json!({ "obligations": { "bookings": bookings, "refunds": refunds }, "ticketsAhead": tickets });
    poem::Response::builder().content_type("application/json").body(json!({ "data": data }).to_string())
}

/// Those who are asked, where nobody is.
pub(crate) fn nobody_to_ask() -> Obligations {
    let client = |name| {
        let http = service::http_client::build().unwrap();
        ServiceClient::new(http, &"http://127.0.0.1:1".parse().unwrap(), name, None).unwrap()
    };
    Obligations::new(client(ServiceName::Booking), client(ServiceName::Ticket))
}
