//! A subgraph that answers from memory and remembers what it was asked.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, Uri};
use poem::{Body, Request, Response, endpoint::make};
use serde_json::{Value, json};
use service::server;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn query(&self) -> String {
        self.json()["query"].as_str().unwrap_or_default().to_owned()
    }

    /// The only list among the variables.
    pub(crate) fn representations(&self) -> Vec<Value> {
        let variables = self.json()["variables"].clone();
        let list =
            variables.as_object().into_iter().flatten().find_map(|(_, value)| value.as_array().cloned());
        list.unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content_type: &'static str,
    /// Sent one after the other, each after its pause.
    pub(crate) pieces: Vec<(Duration, Bytes)>,
    pub(crate) delay: Duration,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    /// Dropped when the answer has been sent or cannot be sent any more.
    pub(crate) alarm: Option<Arc<Alarm>>,
}

/// Tells when it is dropped.
#[derive(Debug)]
pub(crate) struct Alarm(pub(crate) Arc<Notify>);

impl Drop for Alarm {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Reply {
    pub(crate) fn data(data: Value) -> Self {
        Self::text(json!({ "data": data }).to_string())
    }

    pub(crate) fn text(text: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::OK,
            content_type: "application/json",
            pieces: vec![(Duration::ZERO, text.into())],
            delay: Duration::ZERO,
            headers: Vec::new(),
            alarm: None,
        }
    }

    pub(crate) fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    async fn send(self) -> Response {
        tokio::time::sleep(self.delay).await;
        let mut builder = Response::builder().status(self.status).content_type(self.content_type);
        for (name, value) in self.headers {
            builder = builder.header(name, value);
        }
        let state = (self.pieces.into_iter(), self.alarm);
        let pieces = futures_util::stream::unfold(state, |(mut pieces, alarm)| async move {
            let (pause, piece) = pieces.next()?;
            tokio::time::sleep(pause).await;
            Some((Ok::<_, std::io::Error>(piece), (pieces, alarm)))
        });
        builder.body(Body::from_bytes_stream(pieces))
    }
}

/// The subgraph; it ends with this value.
pub(crate) struct FakeSubgraph {
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    stop: CancellationToken,
}

impl FakeSubgraph {
    pub(crate) async fn start(reply: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (stop, reply, memory) = (CancellationToken::new(), Arc::new(reply), Arc::clone(&seen));
        let endpoint = make(move |request: Request| {
            let (reply, memory) = (Arc::clone(&reply), Arc::clone(&memory));
            async move {
                let seen = see(request).await;
                let reply = reply(&seen);
                memory.lock().unwrap().push(seen);
                reply.send().await
            }
        });
        let options =
            server::Options { drain_timeout: Duration::from_millis(10), ..server::Options::default() };
        tokio::spawn(server::serve(listener, endpoint, stop.clone(), options));
        Self { url, seen, stop }
    }

    /// Everything it was asked so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for FakeSubgraph {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn see(mut request: Request) -> Seen {
    let body = request.take_body().into_bytes().await.unwrap_or_default();
    Seen { uri: request.uri().clone(), headers: request.headers().clone(), body }
}
