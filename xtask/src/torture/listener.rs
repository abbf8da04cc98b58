//! Somebody who is told by webhooks what becomes of bookings: holds every message against its signature, and remembers what was told. Now and then
//! it refuses one at first.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::history::History;
use crate::failure::{Context, Failure, Result};
use crate::stack::seed::Graph;

const REGISTER: &str = "mutation Register($url: String!, $kinds: [WebhookKind!]!) { registerWebhook(url: $url, kinds: $kinds) { secret } }";
/// Of so many new messages one is refused.
const REFUSES: usize = 8;

/// Where the messages come in.
#[derive(Clone)]
pub(super) struct Listener {
    address: SocketAddr,
    heard: Arc<Mutex<Heard>>,
    history: History,
}

/// What was heard so far.
#[derive(Debug, Default)]
struct Heard {
    key: Option<hmac::Key>,
    /// The body of each message that was taken, by its id.
    bodies: BTreeMap<String, String>,
    may_refuse: bool,
    refused: BTreeSet<String>,
    /// What was told of which booking of which event, and by which message.
    news: BTreeMap<(String, String, String), String>,
    /// Events whose news were asked for.
    over: BTreeSet<String>,
    faults: Vec<String>,
}

impl Listener {
    /// Begins to listen.
    pub(super) async fn open(history: History) -> Result<Self> {
        let socket = TcpListener::bind("127.0.0.1:0").await.context("a port for webhooks")?;
        let address = socket.local_addr().context("a port for webhooks")?;
        let listener = Self { address, heard: Arc::default(), history };
        tokio::spawn(listener.clone().serve(socket));
        Ok(listener)
    }

    /// Has itself told of all that becomes of bookings.
    pub(super) async fn register(&self, graph: &Graph) -> Result<()> {
        let url = format!("http://{}/", self.address);
        let kinds = ["BOOKING_PAID", "BOOKING_CANCELLED"];
        let made = graph.ask(REGISTER, json!({ "url": url, "kinds": kinds })).await?;
        let secret =
            made["registerWebhook"]["secret"].as_str().and_then(|secret| secret.strip_prefix("whsec_"));
        let secret = secret.ok_or_else(|| Failure::new(format!("no secret of a webhook: {made}")))?;
        let secret = STANDARD.decode(secret).context("the secret of a webhook")?;
        self.heard().key = Some(hmac::Key::new(HMAC_SHA256, &secret));
        Ok(())
    }

    /// Whether it may refuse now; it does not while people wait for the news.
    pub(super) fn may_refuse(&self, may: bool) {
        self.heard().may_refuse = may;
    }

    /// What was told of the bookings of `event`, each a kind and a booking, and of no event that there was. What comes after this was asked
    /// about an event is late, and of no interest.
    pub(super) fn news(&self, event: &str) -> Vec<(String, String)> {
        let mut heard = self.heard();
        heard.over.insert(event.to_owned());
        let news = std::mem::take(&mut heard.news).into_keys();
        let is_late = |of: &str| of != event && heard.over.contains(of);
        news.filter(|(_, _, of)| !is_late(of)).map(|(kind, booking, _)| (kind, booking)).collect()
    }

    /// Those of `expected`, each a kind and a booking, that nobody has told of yet.
    pub(super) fn missing(
        &self,
        expected: impl IntoIterator<Item = (String, String)>,
    ) -> Vec<(String, String)> {
        let heard = self.heard();
        let told: BTreeSet<(&str, &str)> =
            heard.news.keys().map(|(kind, booking, _)| (kind.as_str(), booking.as_str())).collect();
        expected.into_iter().filter(|(kind, booking)| !told.contains(&(kind, booking))).collect()
    }

    /// What should never have been told.
    pub(super) fn faults(&self) -> Vec<String> {
        std::mem::take(&mut self.heard().faults)
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(self, socket: TcpListener) {
        while let Ok((stream, _)) = socket.accept().await {
            let listener = self.clone();
            let service = service_fn(move |request| {
                let listener = listener.clone();
                async move { Ok::<_, Infallible>(listener.answer(request).await) }
            });
            let http = hyper::server::conn::http1::Builder::new();
            tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Empty<Bytes>> {
        let (head, body) = request.into_parts();
        // Who is killed while it speaks has said nothing.
        let Ok(body) = body.collect().await else { return status(StatusCode::BAD_REQUEST) };
        let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        let id = header(&head.headers, "webhook-id");
        self.history.tell("listener", "message", &json!({ "id": id, "body": body }));
        let mut heard = self.heard();
        if !heard.is_signed(&head.headers, &body) {
            heard.faults.push(format!("a message is not signed: {id} {body}"));
        }
        if heard.refuses(id) {
            return status(StatusCode::SERVICE_UNAVAILABLE);
        }
        heard.take(id, body);
        status(StatusCode::NO_CONTENT)
    }
}

impl Heard {
    fn is_signed(&self, headers: &HeaderMap, body: &str) -> bool {
        let (id, sent) = (header(headers, "webhook-id"), header(headers, "webhook-timestamp"));
        let signature = header(headers, "webhook-signature").strip_prefix("v1,");
        let signature = signature.and_then(|signature| STANDARD.decode(signature).ok());
        let (Some(key), Some(signature)) = (&self.key, signature) else { return false };
        hmac::verify(key, format!("{id}.{sent}.{body}").as_bytes(), &signature).is_ok()
    }

    /// Whether this one is to come again. An id is random from its end on.
    fn refuses(&mut self, id: &str) -> bool {
        let drawn = self.may_refuse && id.bytes().last().is_some_and(|last| usize::from(last) % REFUSES == 0);
        drawn && self.refused.insert(id.to_owned())
    }

    fn take(&mut self, id: &str, body: String) {
        if let Some(before) = self.bodies.get(id) {
            if *before != body {
                self.faults.push(format!("message {id} said {before}, and then {body}"));
            }
            return;
        }
        let message: Value = serde_json::from_str(&body).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let data = &message["data"];
        let news = (text(&message["type"]), text(&data["bookingId"]), text(&data["eventId"]));
        if let Some(other) = self.news.insert(news.clone(), id.to_owned()) {
            self.faults.push(format!("{news:?} was told by two messages: {other}, {id}"));
        }
        self.bodies.insert(id.to_owned(), body);
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn status(status: StatusCode) -> Response<Empty<Bytes>> {
    let mut response = Response::new(Empty::new());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: &str) -> String {
        json!({ "type": kind, "data": { "bookingId": "b" } }).to_string()
    }

    #[test]
    fn a_message_that_comes_again_is_no_news_and_one_that_changed_is_a_fault() {
        let mut heard = Heard::default();
        heard.take("m", message("booking.paid"));
        heard.take("m", message("booking.paid"));
        assert!(heard.faults.is_empty() && heard.news.len() == 1, "{heard:?}");
        heard.take("m", message("booking.cancelled"));
        assert_eq!(heard.faults.len(), 1);
        heard.take("n", message("booking.paid"));
        assert_eq!(heard.faults.len(), 2, "told by two messages");
    }

    #[test]
    fn only_what_is_signed_with_the_secret_is_believed() {
        let key = || hmac::Key::new(HMAC_SHA256, b"secret");
        let heard = Heard { key: Some(key()), ..Heard::default() };
        let tag = STANDARD.encode(hmac::sign(&key(), b"m.1.body"));
        let mut headers = HeaderMap::new();
        for (name, value) in [("webhook-id", "m"), ("webhook-timestamp", "1")] {
            headers.insert(name, value.parse().unwrap());
        }
        assert!(!heard.is_signed(&headers, "body"));
        headers.insert("webhook-signature", format!("v1,{tag}").parse().unwrap());
        assert!(heard.is_signed(&headers, "body") && !heard.is_signed(&headers, "another"));
    }

    #[tokio::test]
    async fn news_of_an_event_that_is_over_are_late() {
        let folder = tempfile::tempdir().unwrap();
        let history = History::open(&folder.path().join("history")).unwrap();
        let listener = Listener::open(history).await.unwrap();
        let tell = |id: &str, booking: &str, event: &str| {
            let data = json!({ "bookingId": booking, "eventId": event });
            listener.heard().take(id, json!({ "type": "booking.paid", "data": data }).to_string());
        };
        let paid = |booking: &str| ("booking.paid".to_owned(), booking.to_owned());
        tell("m1", "a", "first");
        assert_eq!(listener.missing([paid("a"), paid("b")]), [paid("b")]);
        assert_eq!(listener.news("first"), [paid("a")]);
        tell("m2", "b", "first");
        tell("m3", "c", "second");
        tell("m4", "d", "of nobody");
        assert_eq!(listener.news("second"), [paid("c"), paid("d")]);
    }

    #[test]
    fn what_is_refused_is_taken_when_it_comes_again() {
        let mut heard = Heard { may_refuse: true, ..Heard::default() };
        assert!(heard.refuses("0") && !heard.refuses("0"), "48 is six times eight");
        assert!(!heard.refuses("1"));
        heard.may_refuse = false;
        assert!(!heard.refuses("8"), "while somebody waits for it");
    }
}
