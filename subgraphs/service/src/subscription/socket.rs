//! The server's side of `graphql-transport-ws`: one WebSocket, many operations.
//!
//! One task owns the socket: it reads, writes, and watches the clocks. Each operation runs in a task of its own and hands
//! its answers over by a channel with a bound, so that a slow client holds up its operations and not our memory. Whatever
//! ends the connection ends them all, by dropping them.
//! Source: GraphQL over WebSocket, `graphql-transport-ws`.

use std::collections::HashMap;
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, SinkExt, StreamExt};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use poem::web::websocket::{CloseCode, Message, WebSocket, WebSocketConfig, WebSocketStream};
use poem::{FromRequest, IntoResponse, Request, Response};
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, Interval, MissedTickBehavior, timeout};
use tracing::Instrument;
use uuid::Uuid;

use super::message::{Closing, SUBPROTOCOL, Said, ack, complete, error, next, pong};
use super::{Item, Items, fault};
use crate::guard;
use crate::protocol::error_entry;
use crate::server::Lifetime;

/// How long a client may take to answer our closing before the connection is dropped.
const FAREWELL: Duration = Duration::from_secs(1);

/// How a socket is served.
#[derive(Debug, Clone)]
pub struct Options {
    /// The longest message, and how deep its JSON may nest.
    pub limits: guard::Limits,
    /// Until `connection_init`.
    pub init_timeout: Duration,
    /// Between two pings; a client that is not heard for two of them is gone.
    pub ping_interval: Duration,
    /// How long a socket without operations stays open.
    pub idle_timeout: Duration,
    /// How long a client may take to read one message.
    pub patience: Duration,
    /// Answers that wait for the client.
    pub buffer: usize,
    /// Operations at the same time.
    pub operations: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: guard::Limits::default(),
            init_timeout: Duration::from_secs(5),
            ping_interval: Duration::from_secs(20),
            idle_timeout: Duration::from_mins(5),
            patience: Duration::from_secs(10),
            buffer: 16,
            operations: 64,
        }
    }
}

/// What is behind a socket.
pub trait Operations: Send + Sync + 'static {
    /// What is known of the client once it has introduced itself.
    type Session: Send + Sync + 'static;

    /// Takes the payload of `connection_init`, an object where there is one.
    ///
    /// # Errors
    /// [`Denied`], in words for the client; the socket is then closed with 4403.
    fn begin(
        &self,
        payload: Option<Value>,
    ) -> impl Future<Output = Result<Begun<Self::Session>, Denied>> + Send;

    /// Runs one operation: `operation` is the JSON of its parameters, as a POST would carry them.
    fn run(&self, session: &Arc<Self::Session>, operation: Vec<u8>) -> Items;
}

/// A client that has introduced itself.
#[derive(Debug)]
pub struct Begun<S> {
    /// What is known of it.
    pub session: S,
    /// When that ends: the socket is then closed with 4403.
    pub expires: Option<Instant>,
}

/// A client that may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denied(pub &'static str);

/// Turns the request's connection into a socket that serves `operations`.
pub async fn upgrade<O: Operations>(request: &Request, operations: O, options: Options) -> Response {
    let Ok(socket) = WebSocket::from_request_without_body(request).await else {
        return refused("this is no WebSocket handshake");
    };
    if !speaks_our_protocol(request) {
        return refused("the subprotocol has to be graphql-transport-ws");
    }
    let lifetime = Lifetime::of(request);
    let hold = lifetime.hold();
    let span = tracing::Span::current();
    let limit = options.limits.body_bytes;
    let config = WebSocketConfig::default().max_message_size(Some(limit)).max_frame_size(Some(limit));
    let serve = |socket| {
        async move {
            Connection::new(socket, operations, options, lifetime).serve().await;
            drop(hold);
        }
        .instrument(span)
    };
    socket.protocols([SUBPROTOCOL]).config(config).on_upgrade(serve).into_response()
}

/// The `Authorization` of a payload, as the header that it stands for: browsers can set none on a WebSocket. Of the payload's
/// other members none is a header.
///
/// # Errors
/// When it is no text, or there are two.
pub fn credential(payload: Option<&Value>) -> Result<Option<HeaderMap>, Denied> {
    let members = payload.and_then(Value::as_object).into_iter().flatten();
    let mut found = members.filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let value = match (found.next(), found.next()) {
        (None | Some((_, Value::Null)), None) => return Ok(None),
        (Some((_, value)), None) => value,
        // A proxy and we might each believe another.
        (_, Some(_)) => return Err(Denied("there are two credentials")),
    };
    let value = value.as_str().and_then(|text| HeaderValue::from_str(text).ok());
    let mut value = value.ok_or(Denied("Authorization is a text"))?;
    value.set_sensitive(true);
    Ok(Some(HeaderMap::from_iter([(header::AUTHORIZATION, value)])))
}

fn refused(why: &str) -> Response {
    let body = serde_json::json!({ "errors": [error_entry("BAD_REQUEST", why, Map::new())] });
    Response::builder()
        .status(StatusCode::BAD_REQUEST)
        .content_type("application/json; charset=utf-8")
        .body(body.to_string())
}

fn speaks_our_protocol(request: &Request) -> bool {
    let offered = request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    offered
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|name| name.trim() == SUBPROTOCOL)
}

/// Why a connection ends.
enum End {
    /// We close it.
    Close(Closing),
    /// The client has left.
    Gone,
}

impl From<Closing> for End {
    fn from(closing: Closing) -> Self {
        Self::Close(closing)
    }
}

/// What an operation's task hands over.
struct Part {
    id: String,
    /// Which operation of that id: one that was ended may still have sent something.
    serial: u64,
    /// `None`: there is no more.
    item: Option<Item>,
}

struct Running {
    serial: u64,
    task: AbortHandle,
}

struct Connection<O: Operations> {
    socket: WebSocketStream,
    operations: Arc<O>,
    options: Options,
    lifetime: Lifetime,
    session: Option<Arc<O::Session>>,
    running: HashMap<String, Running>,
    tasks: JoinSet<()>,
    serial: u64,
    parts: (mpsc::Sender<Part>, mpsc::Receiver<Part>),
    pings: Interval,
    clocks: Clocks,
}

/// The moments that a connection's end depends on.
struct Clocks {
    opened: Instant,
    heard: Instant,
    idle_since: Instant,
    expires: Option<Instant>,
}

impl<O: Operations> Connection<O> {
    fn new(socket: WebSocketStream, operations: O, options: Options, lifetime: Lifetime) -> Self {
        let now = Instant::now();
        let mut pings = tokio::time::interval_at(now + options.ping_interval, options.ping_interval);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            socket,
            operations: Arc::new(operations),
            parts: mpsc::channel(options.buffer.max(1)),
            options,
            lifetime,
            session: None,
            running: HashMap::new(),
            tasks: JoinSet::new(),
            serial: 0,
            pings,
            clocks: Clocks { opened: now, heard: now, idle_since: now, expires: None },
        }
    }

    async fn serve(mut self) {
        let end = loop {
            if let Err(end) = self.turn().await {
                break end;
            }
        };
        // First what is behind the client ends, then the connection.
        self.tasks.abort_all();
        if let End::Close(closing) = end {
            self.close(&closing).await;
        }
    }

    /// Waits for the next thing to happen, and deals with it.
    async fn turn(&mut self) -> Result<(), End> {
        let (due, why) = self.due();
        tokio::select! {
            () = self.lifetime.stopped() => Err(Closing::GoingAway.into()),
            () = tokio::time::sleep_until(due) => Err(why.into()),
            _ = self.pings.tick() => self.ping().await,
            Some(part) = self.parts.1.recv() => self.pass_on(part).await,
            message = self.socket.next() => self.take(message).await,
        }
    }

    /// The next moment at which the connection ends, and why.
    fn due(&self) -> (Instant, Closing) {
        let Clocks { opened, idle_since, expires, .. } = self.clocks;
        if self.session.is_none() {
            return (opened + self.options.init_timeout, Closing::NoInit);
        }
        let idle = self.running.is_empty().then(|| (idle_since + self.options.idle_timeout, Closing::Idle));
        let expiry = expires.map(|at| (at, Closing::Forbidden("the token has expired")));
        let never = (Instant::now() + Duration::from_hours(24), Closing::Idle);
        idle.into_iter().chain(expiry).min_by_key(|(at, _)| *at).unwrap_or(never)
    }

    async fn ping(&mut self) -> Result<(), End> {
        if self.clocks.heard.elapsed() > self.options.ping_interval * 2 {
            return Err(Closing::Silent.into());
        }
        self.send(Message::Ping(Vec::new())).await
    }

    // From the client

    async fn take(&mut self, message: Option<io::Result<Message>>) -> Result<(), End> {
        self.clocks.heard = Instant::now();
        match message {
            Some(Ok(Message::Text(text))) => self.listen(&text).await,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Binary(_))) => Err(Closing::BadMessage("messages are text").into()),
            // Not from the network, but from what came over it: no WebSocket frame, or too long.
            Some(Err(error)) if error.kind() == io::ErrorKind::Other => {
                Err(Closing::BadMessage("a message that cannot be read, or is too long").into())
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(End::Gone),
        }
    }

    async fn listen(&mut self, text: &str) -> Result<(), End> {
        guard::check_body(text.as_bytes(), &self.options.limits)
            .map_err(|_| Closing::BadMessage("the message is no JSON, or nests too deep"))?;
        match Said::read(text)? {
            Said::Init(payload) => self.begin(payload).await,
            Said::Ping => self.send(Message::Text(pong())).await,
            Said::Pong => Ok(()),
            Said::Subscribe { id, operation } => self.subscribe(id, operation).await,
            Said::Complete { id } => {
                if let Some(ended) = self.running.remove(&id) {
                    ended.task.abort();
                    self.rest();
                }
                Ok(())
            }
        }
    }

    async fn begin(&mut self, payload: Option<Value>) -> Result<(), End> {
        if self.session.is_some() {
            return Err(Closing::SecondInit.into());
        }
        let left = self.options.init_timeout.saturating_sub(self.clocks.opened.elapsed());
        let begun = timeout(left, self.operations.begin(payload)).await.map_err(|_| Closing::NoInit)?;
        let begun = begun.map_err(|Denied(why)| Closing::Forbidden(why))?;
        self.session = Some(Arc::new(begun.session));
        self.clocks.expires = begun.expires;
        self.clocks.idle_since = Instant::now();
        self.send(Message::Text(ack())).await
    }

    async fn subscribe(&mut self, id: String, operation: Vec<u8>) -> Result<(), End> {
        let Some(session) = &self.session else { return Err(Closing::TooEarly.into()) };
        if self.running.contains_key(&id) {
            return Err(Closing::Duplicate(id).into());
        }
        if self.running.len() >= self.options.operations {
            return self.send(Message::Text(error(&id, &[too_many(self.options.operations)]))).await;
        }
        self.serial += 1;
        while self.tasks.try_join_next().is_some() {}
        let feed = Feed { id: id.clone(), serial: self.serial, parts: self.parts.0.clone() };
        let (operations, session) = (Arc::clone(&self.operations), Arc::clone(session));
        let run = async move { feed.run(move || operations.run(&session, operation)).await };
        let task = self.tasks.spawn(run.in_current_span());
        self.running.insert(id, Running { serial: self.serial, task });
        Ok(())
    }

    // To the client

    async fn pass_on(&mut self, part: Part) -> Result<(), End> {
        let Part { id, serial, item } = part;
        if self.running.get(&id).is_none_or(|running| running.serial != serial) {
            return Ok(());
        }
        let (message, is_last) = match &item {
            Some(Item::Next(body)) => (next(&id, body), false),
            Some(Item::Refused(errors)) => (error(&id, errors), true),
            None => (complete(&id), true),
        };
        if is_last {
            self.running.remove(&id);
            self.rest();
        }
        self.send(Message::Text(message)).await
    }

    fn rest(&mut self) {
        self.clocks.idle_since = Instant::now();
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(self.options.patience, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(Closing::TooSlow.into()),
        }
    }

    /// Says why, and waits a moment for the client to hear it: a connection dropped at once may take the words with it.
    async fn close(&mut self, closing: &Closing) {
        tracing::debug!(code = closing.code(), reason = closing.reason(), "closing a socket");
        metrics::counter!("sockets_closed_total", "code" => closing.code().to_string()).increment(1);
        let message = Message::Close(Some((CloseCode::from(closing.code()), closing.reason())));
        let farewell = async {
            if self.socket.send(message).await.is_ok() {
                while let Some(Ok(_)) = self.socket.next().await {}
            }
        };
        let _ = timeout(FAREWELL, farewell).await;
    }
}

fn too_many(limit: usize) -> Value {
    let message = format!("at most {limit} operations at the same time on one socket");
    error_entry("TOO_MANY_OPERATIONS", &message, Map::new())
}

/// Where an operation's task puts its answers.
struct Feed {
    id: String,
    serial: u64,
    parts: mpsc::Sender<Part>,
}

impl Feed {
    async fn run(self, begin: impl FnOnce() -> Items + Send) {
        if AssertUnwindSafe(self.pass_all(begin)).catch_unwind().await.is_err() {
            let error_id = Uuid::now_v7().to_string();
            tracing::error!(error_id, "an operation made the process panic");
            self.put(Some(Item::Refused(vec![fault(&error_id)]))).await;
        }
    }

    async fn pass_all(&self, begin: impl FnOnce() -> Items + Send) {
        let mut items = begin();
        while let Some(item) = items.next().await {
            self.put(Some(item)).await;
        }
        self.put(None).await;
    }

    async fn put(&self, item: Option<Item>) {
        // Nobody is there to take it when the connection has ended; then this task is about to.
        let _ = self.parts.send(Part { id: self.id.clone(), serial: self.serial, item }).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_payloads_authorization_is_a_header_and_nothing_else_is() {
        let payload = json!({ "authorization": "Bearer a", "x-eventhub-service-token": "b" });
        let headers = credential(Some(&payload)).unwrap().unwrap();
        assert_eq!(headers.len(), 1);
        assert_eq!(headers[header::AUTHORIZATION], "Bearer a");
        assert!(credential(None).unwrap().is_none());
        for nothing in [json!({}), json!({ "Authorization": null })] {
            assert!(credential(Some(&nothing)).unwrap().is_none(), "{nothing}");
        }
        assert!(credential(Some(&json!({ "Authorization": 1 }))).is_err());
        assert!(credential(Some(&json!({ "Authorization": "a", "authorization": "b" }))).is_err());
        assert!(credential(Some(&json!({ "Authorization": "a\nb" }))).is_err());
    }
}
