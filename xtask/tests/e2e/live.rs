//! What is watched while somebody books: both subscriptions, by server-sent events and over a WebSocket, through the router.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};
use tokio_tungstenite::{WebSocketStream, client_async};
use xtask::services::Service;

use super::stack;
use crate::support::people::Person;
use crate::support::stack::Way;

const PATIENCE: Duration = Duration::from_secs(20);
const TYPES: &str = "subscription($id: ID!) { ticketTypeChanged(eventId: $id) { name sold available event { title venue { name } } } }";
const BOOKING: &str = "subscription($id: ID!) { bookingChanged(id: $id) { status user { name } event { title } ticketType { name } } }";

#[tokio::test]
async fn a_sale_is_watched_by_events() {
    watch_a_sale(async |person, query, id| Watch::Events(Events::open(person, query, id).await)).await;
}

#[tokio::test]
async fn a_sale_is_watched_over_a_socket() {
    watch_a_sale(async |person, query, id| Watch::Socket(Box::new(Socket::open(person, query, id).await)))
        .await;
}

async fn watch_a_sale(watch: impl AsyncFn(&Person<'_>, &str, &str) -> Watch) {
    let (admin, buyer) =
        (Person::admin(stack(), Way::Unified).await, Person::buyer(stack(), Way::Unified).await);
    let event = admin.create_event("The watched one").await;
    let regular = admin.create_type(&event, "REGULAR", 150_000, 10).await;
    let visitor = Person::visitor(stack(), Way::Unified);
    let mut types = watch(&visitor, TYPES, &event).await;
    let first = &types.next().await["data"]["ticketTypeChanged"];
    assert_eq!((&first["available"], &first["event"]["title"]), (&json!(10), &json!("The watched one")));
    assert!(first["event"]["venue"]["name"].is_string(), "joined from the event service: {first}");

    let id = buyer.book(&event, &regular, 2).await;
    types.until("/data/ticketTypeChanged/available", &json!(8)).await;
    let mut booking = watch(&buyer, BOOKING, &id).await;
    let seen = &booking.next().await["data"]["bookingChanged"];
    let expected = json!({ "status": "PENDING", "user": { "name": "A Buyer" }, "event": { "title": "The watched one" }, "ticketType": { "name": "REGULAR" } });
    assert_eq!(seen, &expected);
    assert_eq!(buyer.pay(&id).await.data()["confirmPayment"]["status"], "PAID");
    booking.until("/data/bookingChanged/status", &json!("PAID")).await;
    types.until("/data/ticketTypeChanged/sold", &json!(2)).await;

    let stranger = Person::buyer(stack(), Way::Unified).await;
    let refused = watch(&stranger, BOOKING, &id).await.next().await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "NOT_FOUND", "{refused}");
}

/// A subscription, in whatever way it is carried.
enum Watch {
    Events(Events),
    Socket(Box<Socket>),
}

impl Watch {
    async fn next(&mut self) -> Value {
        let next = async {
            match self {
                Self::Events(events) => events.next().await,
                Self::Socket(socket) => socket.next().await,
            }
        };
        timeout(PATIENCE, next).await.unwrap()
    }

    /// Takes answers until this part of one is that: what is told is the latest state, not every one on the way.
    async fn until(&mut self, pointer: &str, wanted: &Value) {
        while self.next().await.pointer(pointer) != Some(wanted) {}
    }
}

struct Events {
    response: reqwest::Response,
    text: String,
}

impl Events {
    async fn open(person: &Person<'_>, query: &str, id: &str) -> Self {
        let request = reqwest::Client::new()
            .post(stack().endpoint(Way::Unified, Service::Router))
            .header("accept", "text/event-stream")
            .header("content-type", "application/json")
            .body(json!({ "query": query, "variables": { "id": id } }).to_string());
        let request = if person.token.is_empty() { request } else { request.bearer_auth(&person.token) };
        Self { response: request.send().await.unwrap(), text: String::new() }
    }

    async fn next(&mut self) -> Value {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                if let Some(data) = event.strip_prefix("event: next\ndata: ") {
                    return serde_json::from_str(data).unwrap();
                }
                continue;
            }
            let chunk = self.response.chunk().await.unwrap().expect("more events");
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    async fn open(person: &Person<'_>, query: &str, id: &str) -> Self {
        let endpoint = stack().endpoint(Way::Unified, Service::Router);
        let mut request = endpoint.replace("http://", "ws://").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        let address = request.uri().authority().unwrap().to_string();
        let (socket, _) = client_async(request, TcpStream::connect(address).await.unwrap()).await.unwrap();
        let mut socket = Self(socket);
        let payload = match person.token.as_str() {
            "" => json!({}),
            token => json!({ "Authorization": format!("Bearer {token}") }),
        };
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.hear().await["type"], "connection_ack");
        let payload = json!({ "query": query, "variables": { "id": id } });
        socket.say(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
        socket
    }

    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        loop {
            match self.0.next().await.unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    async fn next(&mut self) -> Value {
        let message = self.hear().await;
        assert_eq!(message["type"], "next", "{message}");
        message["payload"].clone()
    }
}
