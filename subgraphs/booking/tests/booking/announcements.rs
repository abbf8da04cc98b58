//! Telling others: what they are sent, how it proves to be ours, what happens when it does not arrive, and where it never goes.

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use booking::announcements::address::Reach;
use booking::announcements::delivery::Courier;
use booking::announcements::signature::SigningSecret;
use booking::payment::config::Provider;
use booking::worker;
use chrono::{DateTime, TimeDelta};
use poem::http::StatusCode;
use poem::{EndpointExt, Request, Response};
use serde_json::{Value, json};
use service::identity::Role;
use service::server;
use subgraph::testing::{Call, assert_append_only, audit_log};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::pair::{Pair, config};

/// Somebody who listens, at a real address. It answers what the test says, and ends with it.
struct Receiver {
    port: u16,
    inner: Arc<Mutex<Inner>>,
    _stop: DropGuard,
}

#[derive(Default)]
struct Inner {
    got: Vec<Message>,
    answer: Option<StatusCode>,
}

/// What arrived.
#[derive(Clone, Debug)]
struct Message {
    path: String,
    id: String,
    timestamp: String,
    signature: String,
    body: String,
}

impl Receiver {
    async fn start() -> Self {
        let inner = Arc::new(Mutex::new(Inner::default()));
        let stop = CancellationToken::new();
        let listener = server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let app = receive.data(Arc::clone(&inner)).map_to_response();
        tokio::spawn(server::serve(listener, app, stop.clone(), server::Options::default()));
        Self { port, inner, _stop: stop.drop_guard() }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    fn answers(&self, status: StatusCode) {
        self.inner.lock().unwrap().answer = Some(status);
    }

    /// What came since this was asked last.
    fn got(&self) -> Vec<Message> {
        std::mem::take(&mut self.inner.lock().unwrap().got)
    }
}

#[poem::handler]
async fn receive(request: &Request, body: String, inner: poem::web::Data<&Arc<Mutex<Inner>>>) -> Response {
    let header = |name: &str| request.header(name).unwrap_or_default().to_owned();
    let message = Message {
        path: request.uri().path().to_owned(),
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        body,
    };
    let mut inner = inner.lock().unwrap();
    inner.got.push(message);
    let status = inner.answer.unwrap_or(StatusCode::NO_CONTENT);
    // Whoever follows a redirect asks for this path too.
    Response::builder().status(status).header("location", "/elsewhere").finish()
}

impl Message {
    fn kind(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap();
        body["type"].as_str().unwrap().to_owned()
    }

    fn is_signed_by(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let sent = DateTime::from_timestamp(self.timestamp.parse().unwrap(), 0).unwrap();
        SigningSecret::from_bytes(key).sign(&self.id, sent, &self.body) == self.signature
    }
}

fn courier(pair: &Pair, reach: Reach) -> Courier {
    let sealer = booking::sealer(&config("http://127.0.0.1:1", &Provider::Test)).unwrap();
    Courier::new(pair.saga.store.clone(), sealer, reach).unwrap()
}

fn register<'p>(pair: &'p Pair, url: &str, kinds: &str) -> Call<'p> {
    let document = format!(
        "mutation($url: String!) {{ registerWebhook(url: $url, kinds: [{kinds}]) {{ secret webhook {{ id url kinds }} }} }}"
    );
    pair.booking.call(document).variable("url", url).as_admin()
}

/// Registers for `kinds`; answers `[id, secret]`.
async fn registered(pair: &Pair, url: &str, kinds: &str) -> [String; 2] {
    let data = register(pair, url, kinds).data().await["registerWebhook"].clone();
    [&data["webhook"]["id"], &data["secret"]].map(|text| text.as_str().unwrap().to_owned())
}

async fn deliveries(pair: &Pair, arguments: &str) -> Vec<Value> {
    let shown = "id kind state tries nextTryAt lastStatus lastFailure webhookId messageId";
    let document = format!("{{ webhookDeliveries{arguments} {{ {shown} }} }}");
    let data = pair.booking.call(document).as_admin().data().await;
    data["webhookDeliveries"].as_array().unwrap().clone()
}

const ALL: &str = "BOOKING_PAID, BOOKING_CANCELLED, REFUND_REQUESTED, REFUND_DONE, REFUND_MANUAL";

#[tokio::test]
async fn whoever_listens_is_told_in_signed_messages_what_they_asked_for() {
    let (pair, all, some) = (Pair::open().await, Receiver::start().await, Receiver::start().await);
    let sale = pair.sale(10, 150_000).await;
    let [_, secret] = registered(&pair, &all.url(), ALL).await;
    let [_, other] = registered(&pair, &some.url(), "REFUND_DONE").await;
    assert_ne!(secret, other);
    let buyer = Uuid::now_v7();
    let id = pair.paid(buyer, &sale, 2).await;
    pair.cancel(&id, ", refund: true").data().await;
    worker::run_once(&pair.saga).await.unwrap();
    assert_eq!(courier(&pair, Reach::Anywhere).run_once().await.unwrap(), 5);

    let mut got = all.got();
    got.sort_by_key(|message| message.id.clone());
    let kinds: Vec<_> = got.iter().map(Message::kind).collect();
    assert_eq!(kinds, ["booking.paid", "booking.cancelled", "refund.requested", "refund.done"]);
    assert!(got.iter().all(|message| message.is_signed_by(&secret) && !message.is_signed_by(&other)));
    let body: Value = serde_json::from_str(&got[0].body).unwrap();
    let data = json!({
        "bookingId": id, "eventId": sale.event, "ticketTypeId": sale.ticket_type, "userId": buyer.to_string(),
        "quantity": 2, "total": { "amount": 300_000, "currency": "IDR" }, "status": "PAID", "cancelReason": null,
    });
    assert_eq!(body["data"], data);
    let told: Vec<_> =
        some.got().iter().map(|message| (message.kind(), message.is_signed_by(&other))).collect();
    assert_eq!(told, [("refund.done".to_owned(), true)]);
    assert_eq!(courier(&pair, Reach::Anywhere).run_once().await.unwrap(), 0);
    assert!(all.got().is_empty() && some.got().is_empty(), "once");
}

#[tokio::test]
async fn what_does_not_arrive_is_sent_again_as_the_same_message() {
    let (pair, receiver) = (Pair::open().await, Receiver::start().await);
    let sale = pair.sale(10, 150_000).await;
    registered(&pair, &receiver.url(), "BOOKING_PAID").await;
    pair.paid(Uuid::now_v7(), &sale, 1).await;
    receiver.answers(StatusCode::INTERNAL_SERVER_ERROR);
    let courier = courier(&pair, Reach::Anywhere);
    assert_eq!(courier.run_once().await.unwrap(), 0);
    let waiting = deliveries(&pair, "(state: WAITING)").await[0].clone();
    assert_eq!(
        [&waiting["tries"], &waiting["lastStatus"], &waiting["lastFailure"]],
        [&json!(1), &json!(500), &json!("REFUSED")]
    );
    assert_eq!(courier.run_once().await.unwrap(), 0);
    let first = receiver.got();
    assert_eq!(first.len(), 1, "not before its time");

    receiver.answers(StatusCode::OK);
    pair.clock.advance(TimeDelta::seconds(5));
    assert_eq!(courier.run_once().await.unwrap(), 1);
    let second = receiver.got();
    assert_eq!((&second[0].id, &second[0].body), (&first[0].id, &first[0].body));
    assert_ne!(second[0].signature, first[0].signature, "signed anew, with the time of this try");
    let delivered = deliveries(&pair, "(state: DELIVERED)").await;
    assert_eq!((&delivered[0]["tries"], &delivered[0]["nextTryAt"]), (&json!(2), &Value::Null));
}

#[tokio::test]
async fn what_never_arrives_is_given_up_and_sent_again_when_somebody_says_so() {
    let (pair, receiver) = (Pair::open().await, Receiver::start().await);
    let sale = pair.sale(10, 150_000).await;
    let [webhook, _] = registered(&pair, &receiver.url(), "BOOKING_PAID").await;
    for _ in 0..2 {
        pair.paid(Uuid::now_v7(), &sale, 1).await;
    }
    receiver.answers(StatusCode::SERVICE_UNAVAILABLE);
    let courier = courier(&pair, Reach::Anywhere);
    for _ in 0..13 {
        courier.run_once().await.unwrap();
        pair.clock.advance(TimeDelta::hours(6));
    }
    assert_eq!(receiver.got().len(), 24, "twelve times each");
    let dead = deliveries(&pair, "(state: DEAD)").await;
    assert_eq!(dead.len(), 2);
    let again = |document: String| pair.booking.call(document).as_admin();
    let one = format!("mutation {{ r: redeliverWebhook(id: {}) {{ count }} }}", dead[0]["id"]);
    assert_eq!(again(one.clone()).data().await["r"]["count"], 1);
    assert_eq!(again(one).refused().await, "NOT_FOUND", "it is no longer dead");
    let rest = format!(r#"mutation {{ r: redeliverWebhooks(webhookId: "{webhook}") {{ count }} }}"#);
    assert_eq!(again(rest).data().await["r"]["count"], 1);
    receiver.answers(StatusCode::OK);
    assert_eq!(courier.run_once().await.unwrap(), 2);
    assert!(deliveries(&pair, "(state: DEAD)").await.is_empty());
    let log = audit_log(&pair.booking.database).await;
    let done: Vec<_> = log.iter().filter(|entry| entry[2].as_str().unwrap().starts_with("WEBHOOK")).collect();
    assert_eq!(done.len(), 3, "{log:?}");
    assert_append_only(&pair.booking.database).await;
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let (pair, receiver) = (Pair::open().await, Receiver::start().await);
    let sale = pair.sale(10, 150_000).await;
    registered(&pair, &receiver.url(), "BOOKING_PAID").await;
    pair.paid(Uuid::now_v7(), &sale, 1).await;
    receiver.answers(StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(courier(&pair, Reach::Anywhere).run_once().await.unwrap(), 0);
    let paths: Vec<_> = receiver.got().into_iter().map(|message| message.path).collect();
    assert_eq!(paths, ["/hook"]);
    assert_eq!(deliveries(&pair, "").await[0]["lastStatus"], 307);
}

#[tokio::test]
async fn nothing_is_sent_inside_by_number_or_by_name() {
    let (pair, receiver) = (Pair::open().await, Receiver::start().await);
    let sale = pair.sale(10, 150_000).await;
    // As they could be registered while the rules were others, or before the name led elsewhere.
    for host in ["127.0.0.1", "[::ffff:127.0.0.1]", "localhost"] {
        registered(&pair, &format!("https://{host}:{}/hook", receiver.port), "BOOKING_PAID").await;
    }
    registered(&pair, &receiver.url(), "BOOKING_PAID").await;
    pair.paid(Uuid::now_v7(), &sale, 1).await;
    assert_eq!(courier(&pair, Reach::Public).run_once().await.unwrap(), 0);
    assert!(receiver.got().is_empty());
    let failures: Vec<_> =
        deliveries(&pair, "").await.iter().map(|delivery| delivery["lastFailure"].clone()).collect();
    assert_eq!(failures, ["ADDRESS_REFUSED"; 4]);
}

#[tokio::test]
async fn two_couriers_at_once_send_each_message_once() {
    let (pair, receiver) = (Pair::open().await, Receiver::start().await);
    let sale = pair.sale(40, 150_000).await;
    registered(&pair, &receiver.url(), "BOOKING_PAID").await;
    for _ in 0..20 {
        pair.paid(Uuid::now_v7(), &sale, 1).await;
    }
    let (one, other) = (courier(&pair, Reach::Anywhere), courier(&pair, Reach::Anywhere));
    let (one, other) = tokio::join!(one.run_once(), other.run_once());
    assert_eq!(one.unwrap() + other.unwrap(), 20);
    let mut ids: Vec<_> = receiver.got().into_iter().map(|message| message.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 20);
}

#[tokio::test]
async fn a_secret_is_shown_once_and_kept_sealed() {
    use ::entities::booking::webhook_listeners::Entity;
    use sea_orm::EntityTrait;
    let pair = Pair::open().await;
    let [id, secret] = registered(&pair, "http://127.0.0.1:9/hook", "REFUND_DONE, BOOKING_PAID").await;
    let row = Entity::find().one(pair.booking.database.read()).await.unwrap().unwrap();
    assert!(
        !row.sealed_secret.0.contains(&secret[6..]) && !format!("{row:?}").contains(&row.sealed_secret.0)
    );
    let list = pair.booking.call("{ webhooks { id url kinds } }").as_admin().data().await;
    let shown =
        json!({ "id": id, "url": "http://127.0.0.1:9/hook", "kinds": ["BOOKING_PAID", "REFUND_DONE"] });
    assert_eq!(list["webhooks"], json!([shown]));
    let log = format!("{:?}", audit_log(&pair.booking.database).await);
    assert!(log.contains("WEBHOOK_REGISTERED") && !log.contains(&secret[6..]), "{log}");
}

#[tokio::test]
async fn whoever_is_removed_is_told_nothing_more_and_what_is_wrong_is_refused() {
    let (pair, receiver) = (Pair::open().await, Receiver::start().await);
    let sale = pair.sale(10, 150_000).await;
    let [id, _] = registered(&pair, &receiver.url(), "BOOKING_PAID").await;
    pair.paid(Uuid::now_v7(), &sale, 1).await;
    for _ in 0..2 {
        let remove = format!(r#"mutation {{ removeWebhook(id: "{id}") {{ ok }} }}"#);
        assert_eq!(pair.booking.call(remove).as_admin().data().await["removeWebhook"]["ok"], true);
    }
    pair.paid(Uuid::now_v7(), &sale, 1).await;
    assert_eq!(courier(&pair, Reach::Anywhere).run_once().await.unwrap(), 0);
    assert!(receiver.got().is_empty());
    let dead = deliveries(&pair, "").await;
    assert_eq!((dead.len(), &dead[0]["lastFailure"]), (1, &json!("REMOVED")));
    for url in ["ftp://127.0.0.1/", "nonsense", "http://me:secret@127.0.0.1/"] {
        assert_eq!(register(&pair, url, "BOOKING_PAID").refused().await, "BAD_USER_INPUT", "{url}");
    }
    assert_eq!(register(&pair, &receiver.url(), "").refused().await, "BAD_USER_INPUT");
}

fn register_keyed<'p>(pair: &'p Pair, url: &str, kinds: &str, (user, key): (Uuid, &str)) -> Call<'p> {
    let document = format!(
        r#"mutation($url: String!) {{ registerWebhook(url: $url, kinds: [{kinds}], idempotencyKey: "{key}") {{ secret webhook {{ id }} }} }}"#
    );
    pair.booking.call(document).variable("url", url).as_user(user, Role::Admin)
}

async fn listening(pair: &Pair) -> usize {
    let data = pair.booking.call("{ webhooks { id } }").as_admin().data().await;
    data["webhooks"].as_array().unwrap().len()
}

const HOOK: &str = "http://127.0.0.1:9/hook";

#[tokio::test]
async fn a_webhook_is_registered_once_under_a_key_and_its_secret_not_shown_again() {
    let pair = Pair::open().await;
    let admin = (Uuid::now_v7(), "mine");
    let first = register_keyed(&pair, HOOK, "REFUND_DONE, BOOKING_PAID", admin).data().await;
    let id = first["registerWebhook"]["webhook"]["id"].clone();
    for same in ["REFUND_DONE, BOOKING_PAID", "BOOKING_PAID, REFUND_DONE, REFUND_DONE"] {
        let again = register_keyed(&pair, HOOK, same, admin).send().await;
        assert_eq!(again.code(), Some("CONFLICT"), "{}", again.body);
        assert_eq!(again.body["errors"][0]["extensions"]["webhookId"], id);
        assert!(!again.body.to_string().contains("whsec_"));
    }
    for (url, kinds) in [(HOOK, "REFUND_DONE"), ("http://127.0.0.1:9/other", "REFUND_DONE, BOOKING_PAID")] {
        let other = register_keyed(&pair, url, kinds, admin).send().await;
        assert_eq!(other.code(), Some("IDEMPOTENCY_CONFLICT"), "{}", other.body);
        assert_eq!(other.body["errors"][0]["extensions"]["field"], "idempotencyKey");
    }
    assert_eq!(
        register_keyed(&pair, HOOK, "REFUND_DONE", (admin.0, "a b")).refused().await,
        "BAD_USER_INPUT"
    );
    assert_eq!(listening(&pair).await, 1);
    // The key is this user's, for this spelling of it.
    for asker in [(Uuid::now_v7(), "mine"), (admin.0, "MINE")] {
        let theirs = register_keyed(&pair, HOOK, "REFUND_DONE", asker).data().await;
        assert_ne!(theirs["registerWebhook"]["webhook"]["id"], id);
    }
    assert_eq!(listening(&pair).await, 3);
}

#[tokio::test]
async fn of_twins_one_registers_the_webhook_even_at_the_last_place() {
    let pair = Pair::open().await;
    for nth in 0..19 {
        registered(&pair, &format!("{HOOK}{nth}"), "REFUND_DONE").await;
    }
    let admin = (Uuid::now_v7(), "mine");
    let twins = (0..6).map(|_| register_keyed(&pair, HOOK, "REFUND_DONE", admin).send());
    let answers = futures_util::future::join_all(twins).await;
    let codes: Vec<_> = answers.iter().filter_map(|answer| answer.code()).collect();
    assert_eq!(codes, ["CONFLICT"; 5]);
    assert!(
        answers.iter().all(|answer| answer.code().is_none()
            || answer.body["errors"][0]["extensions"]["webhookId"].is_string())
    );
    assert_eq!(listening(&pair).await, 20);
    assert_eq!(register(&pair, HOOK, "REFUND_DONE").refused().await, "CONFLICT");
}

#[tokio::test]
async fn what_arrived_long_ago_is_forgotten_and_what_did_not_arrive_is_not() {
    let (pair, hears, deaf) = (Pair::open().await, Receiver::start().await, Receiver::start().await);
    deaf.answers(StatusCode::SERVICE_UNAVAILABLE);
    let sale = pair.sale(10, 150_000).await;
    registered(&pair, &hears.url(), "BOOKING_PAID").await;
    registered(&pair, &deaf.url(), "BOOKING_PAID").await;
    let courier = courier(&pair, Reach::Anywhere);
    pair.paid(Uuid::now_v7(), &sale, 1).await;
    courier.run_once().await.unwrap();
    pair.clock.advance(TimeDelta::minutes(20));
    pair.paid(Uuid::now_v7(), &sale, 1).await;
    courier.run_once().await.unwrap();
    let keep = TimeDelta::minutes(30);
    assert_eq!(courier.forget(keep).await.unwrap(), 0);
    pair.clock.advance(TimeDelta::minutes(11));
    assert_eq!(courier.forget(keep).await.unwrap(), 1);
    let states = async |state: &str| deliveries(&pair, &format!("(state: {state})")).await.len();
    assert_eq!((states("DELIVERED").await, states("WAITING").await), (1, 2));
    pair.clock.advance(TimeDelta::days(365));
    assert_eq!((courier.forget(keep).await.unwrap(), states("WAITING").await), (1, 2));
}
