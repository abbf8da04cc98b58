//! The event service as this one asks it: answering, knowing nothing, refusing, talking nonsense, and not there.

use std::sync::Arc;

use poem::listener::{Acceptor, Listener, TcpListener};
use poem::web::Json;
use poem::{EndpointExt, Route, Server, handler, post};
use serde_json::{Value, json};
use ticket::event::EventDirectory;
use ticket::event::fake::FakeEventDirectory;

use crate::shop::{Shop, id, noon, text};

#[handler]
fn answer(poem::web::Data(answer): poem::web::Data<&Arc<Value>>, Json(asked): Json<Value>) -> Json<Value> {
    let mut answer = Value::clone(answer);
    if let Some(event) = answer.pointer_mut("/data/event/id") {
        *event = asked["variables"]["id"].clone();
    }
    Json(answer)
}

/// A shop beside an event service that always says `answer`.
async fn beside(says: Value) -> Shop {
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
    let address = acceptor.local_addr().remove(0);
    let port = address.as_socket_addr().unwrap().port();
    let app = Route::new().at("/graphql", post(answer)).data(Arc::new(says));
    tokio::spawn(Server::new_with_acceptor(acceptor).run(app));
    Shop::asking(&format!("http://127.0.0.1:{port}")).await
}

fn event(status: &str) -> Value {
    let (begin, end) = (noon() + chrono::TimeDelta::days(1), noon() + chrono::TimeDelta::days(2));
    json!({ "data": { "event": { "id": "", "status": status, "venueCapacity": 100, "startsAt": text(begin),
        "endsAt": text(end) } } })
}

#[tokio::test]
async fn an_event_is_asked_for_once() {
    let shop = beside(event("SCHEDULED")).await;
    let event = id();
    shop.create(&event, "VIP", 1, 60).data().await;
    assert_eq!(shop.create(&event, "REGULAR", 1, 60).refused().await, "CAPACITY_EXCEEDED");
    shop.create(&event, "REGULAR", 1, 40).data().await;
    let facts = shop.facts().await;
    assert_eq!(
        (&facts["events"][0]["capacity"], &facts["events"][0]["allocated"]),
        (&json!(100), &json!(100))
    );
}

#[tokio::test]
async fn nothing_is_sold_for_what_is_no_event_or_was_called_off() {
    let cases = [
        (json!({ "data": { "event": null } }), "NOT_FOUND"),
        (event("CANCELLED"), "EVENT_NOT_OPEN"),
        (json!({ "data": { "event": { "id": "" } } }), "UNAVAILABLE"),
        (json!({ "errors": [{ "message": "no", "extensions": { "code": "FORBIDDEN" } }] }), "UNAVAILABLE"),
        (json!("nonsense"), "UNAVAILABLE"),
    ];
    for (says, code) in cases {
        let shop = beside(says).await;
        assert_eq!(shop.create(&id(), "VIP", 1, 1).refused().await, code);
        assert_eq!(shop.facts().await["ticketTypes"], json!([]));
    }
}

#[tokio::test]
async fn without_the_event_service_new_events_wait_and_known_ones_sell() {
    let shop = Shop::open().await;
    assert_eq!(shop.create(&id(), "VIP", 1, 1).refused().await, "UNAVAILABLE");
    shop.sale(1).await;
}

#[tokio::test]
async fn the_fake_directory_knows_what_it_was_told() {
    let fake = FakeEventDirectory::default();
    let known = ticket::event::EventFacts {
        id: ::entities::ids::EventId::new(),
        capacity: 10,
        starts_at: noon(),
        ends_at: noon() + chrono::TimeDelta::hours(1),
        cancelled: false,
    };
    fake.add(known);
    assert_eq!(fake.find(known.id).await, Ok(Some(known)));
    assert_eq!(fake.find(::entities::ids::EventId::new()).await, Ok(None));
    fake.set_down(true);
    assert!(fake.find(known.id).await.is_err());
}
