//! A subgraph whose subscription says what a test tells it to, and a WebSocket client.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{SinkExt, StreamExt, stream};
use http::HeaderMap;
use poem::{IntoResponse, Request, Response, endpoint::make};
use serde_json::{Value, json};
use service::{
    server::{self, Lifetime},
    subscription::{
        Item, Items, events,
        socket::{Begun, Denied, Operations, Options, upgrade},
        wants_socket,
    },
};
use tokio::{
    net::TcpStream,
    sync::{Semaphore, broadcast},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest},
};
use tokio_util::sync::CancellationToken;

/// How long a test waits for something that should happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) const TICKER: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
type Query { clock: Int }
type Subscription { changed: Change! }
type Change { n: Int!, by: User! }
type User @key(fields: "id", resolvable: false) { id: ID! }
"#;

/// What all of its subscriptions share.
struct Shared {
    news: broadcast::Sender<Option<Value>>,
    opened: Semaphore,
    left: Semaphore,
    seen: Mutex<Vec<(HeaderMap, Value)>>,
}

/// The subgraph; it ends with this value.
pub(crate) struct Ticker {
    pub(crate) url: String,
    shared: Arc<Shared>,
    stop: CancellationToken,
}

/// Tells when a subscription is dropped.
struct Left(Arc<Shared>);

impl Drop for Left {
    fn drop(&mut self) {
        self.0.left.add_permits(1);
    }
}

struct Behind(Arc<Shared>, HeaderMap);

impl Operations for Behind {
    type Session = ();

    async fn begin(&self, _: Option<Value>) -> Result<Begun<()>, Denied> {
        Ok(Begun { session: (), expires: None })
    }

    fn run(&self, _: &Arc<()>, operation: Vec<u8>) -> Items {
        items(&self.0, self.1.clone(), &operation)
    }
}

fn items(shared: &Arc<Shared>, headers: HeaderMap, operation: &[u8]) -> Items {
    shared.seen.lock().unwrap().push((headers, serde_json::from_slice(operation).unwrap()));
    let state = (shared.news.subscribe(), Left(Arc::clone(shared)));
    shared.opened.add_permits(1);
    stream::unfold(state, |(mut news, left)| async move {
        let body = news.recv().await.ok()??;
        Some((Item::Next(body.to_string().into()), (news, left)))
    })
    .boxed()
}

impl Ticker {
    pub(crate) async fn start() -> Self {
        let listener = server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            news: broadcast::Sender::new(64),
            opened: Semaphore::new(0),
            left: Semaphore::new(0),
            seen: Mutex::default(),
        });
        let (stop, behind) = (CancellationToken::new(), Arc::clone(&shared));
        let endpoint = make(move |request: Request| answer(Arc::clone(&behind), request));
        let options =
            server::Options { drain_timeout: Duration::from_millis(10), ..server::Options::default() };
        tokio::spawn(server::serve(listener, endpoint, stop.clone(), options));
        Self { url, shared, stop }
    }

    /// An event by user `by`.
    pub(crate) fn tick(&self, n: i32, by: &str) {
        let change = json!({ "__typename": "Change", "n": n, "by": { "__typename": "User", "id": by } });
        self.shared.news.send(Some(json!({ "data": { "changed": change } }))).unwrap();
    }

    /// There are no more events.
    pub(crate) fn complete(&self) {
        self.shared.news.send(None).unwrap();
    }

    /// Waits until somebody has subscribed.
    pub(crate) async fn opened(&self) {
        timeout(PATIENCE, self.shared.opened.acquire()).await.unwrap().unwrap().forget();
    }

    /// Waits until a subscription was given up.
    pub(crate) async fn left(&self) {
        timeout(PATIENCE, self.shared.left.acquire()).await.unwrap().unwrap().forget();
    }

    /// Headers and operation of each subscription.
    pub(crate) fn seen(&self) -> Vec<(HeaderMap, Value)> {
        self.shared.seen.lock().unwrap().clone()
    }

    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn answer(shared: Arc<Shared>, mut request: Request) -> Response {
    let headers = request.headers().clone();
    if wants_socket(&headers) {
        return upgrade(&request, Behind(shared, headers), Options::default()).await;
    }
    let body = request.take_body().into_bytes().await.unwrap();
    let query: Value = serde_json::from_slice(&body).unwrap();
    if !query["query"].as_str().unwrap().starts_with("subscription") {
        return json!({ "data": { "clock": 12 } }).to_string().into_response();
    }
    let options = events::Options {
        heartbeat: Duration::from_secs(20),
        patience: Duration::from_secs(5),
        buffer: 4,
        expires: None,
        lifetime: Lifetime::of(&request),
    };
    events::respond(items(&shared, headers, &body), options)
}

/// A client's socket.
pub(crate) struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Opens one at `/graphql`; the handshake's status when it is refused.
    pub(crate) async fn open(url: &str, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let address = url.strip_prefix("http://").unwrap();
        let mut request = format!("ws://{address}/graphql").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(address).await.unwrap();
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens one and introduces itself with `payload`.
    pub(crate) async fn begin(url: &str, payload: Value) -> Self {
        let mut socket = Self::open(url, &[]).await.unwrap();
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.hear().await.unwrap()["type"], "connection_ack");
        socket
    }

    pub(crate) async fn say(&mut self, message: Value) {
        self.say_text(&message.to_string()).await;
    }

    pub(crate) async fn say_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({ "id": id, "type": "subscribe", "payload": { "query": query } })).await;
    }

    /// The next message, or the code with which the socket was closed.
    pub(crate) async fn hear(&mut self) -> Result<Value, u16> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.unwrap() {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(1005, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(1006),
            }
        }
    }
}

/// The events of an answer by server-sent events.
pub(crate) struct EventReader {
    response: reqwest::Response,
    text: String,
}

impl EventReader {
    pub(crate) async fn open(request: reqwest::RequestBuilder) -> Self {
        let response = request.header("accept", "text/event-stream").send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        Self { response, text: String::new() }
    }

    /// The next answer; `None` after `complete`.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                if event == "event: complete\ndata: " {
                    return None;
                }
                if let Some(data) = event.strip_prefix("event: next\ndata: ") {
                    return Some(serde_json::from_str(data).unwrap());
                }
                assert_eq!(event, ":");
                continue;
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await.unwrap().unwrap();
            self.text.push_str(std::str::from_utf8(&chunk.expect("`complete` before the end")).unwrap());
        }
    }
}
