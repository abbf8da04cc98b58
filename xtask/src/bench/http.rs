//! A server that answers from memory, and clients that ask as fast as they are answered. One thread each: what they cost is not measured, but
//! must not be in the way.

use std::convert::Infallible;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::failure::{Context, Failure, Result};

/// A listener on a free port of this machine.
pub(super) async fn listener() -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("a free port")?;
    let address = listener.local_addr().context("a free port")?;
    Ok((listener, address))
}

/// Answers each POST with what `answer` makes of its path and body, until the process ends.
pub(super) async fn serve<A, F>(listener: TcpListener, answer: A)
where
    A: Fn(String, Bytes) -> F + Clone + 'static,
    F: Future<Output = Bytes> + 'static,
{
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let answer = answer.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let (path, answer) = (request.uri().path().to_owned(), answer.clone());
            async move {
                let body =
                    request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
                let mut response = Response::new(Full::new(answer(path, body).await));
                response
                    .headers_mut()
                    .insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
                Ok::<_, Infallible>(response)
            }
        });
        tokio::task::spawn_local(
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
        );
    }
}

/// A connection that asks one thing after the other.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    address: SocketAddr,
    authorization: Option<String>,
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await.context(address)?;
        let _ = stream.set_nodelay(true);
        let (sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.context(address)?;
        tokio::task::spawn_local(connection);
        Ok(Self { sender, address, authorization: None })
    }

    /// The same, on behalf of somebody.
    pub(super) fn with_token(self, token: &str) -> Self {
        Self { authorization: Some(format!("Bearer {token}")), ..self }
    }

    /// Whether the server has not closed it: it closes what nobody uses.
    pub(super) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// What is answered, if it is a success.
    pub(super) async fn post(&mut self, path: &str, body: Bytes) -> Result<Bytes> {
        let (status, body) = self.send(path, body).await?;
        if (200..300).contains(&status) {
            Ok(body)
        } else {
            Err(Failure::new(format!("{status}: {}", String::from_utf8_lossy(&body))))
        }
    }

    /// The status and body of whatever is answered.
    pub(super) async fn send(&mut self, path: &str, body: Bytes) -> Result<(u16, Bytes)> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(HOST, self.address.to_string())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request.body(Full::new(body)).context(path)?;
        self.sender.ready().await.context(self.address)?;
        let response = self.sender.send_request(request).await.context(self.address)?;
        let status = response.status().as_u16();
        Ok((status, response.into_body().collect().await.context(self.address)?.to_bytes()))
    }
}

/// How a load went.
#[derive(Debug, Default)]
pub(super) struct Load {
    /// How long each request took, ascending.
    pub(super) took: Vec<Duration>,
    pub(super) time: Duration,
}

/// What is asked again and again, and the only right answer.
#[derive(Debug, Clone)]
pub(super) struct Work {
    pub(super) body: Bytes,
    pub(super) expected: Bytes,
}

/// Asks from so many connections at once, each as soon as it is answered.
pub(super) async fn load(
    address: SocketAddr,
    work: &Work,
    connections: usize,
    time: Duration,
) -> Result<Load> {
    let started = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let (mut connection, work) = (Connection::open(address).await?, work.clone());
        tasks.push(tokio::task::spawn_local(async move {
            let mut took = Vec::new();
            while started.elapsed() < time {
                let asked = Instant::now();
                let answer = connection.post("/graphql", work.body.clone()).await?;
                took.push(asked.elapsed());
                if answer != work.expected {
                    return Err(Failure::new(format!("a wrong answer: {}", cut(&answer))));
                }
            }
            Ok(took)
        }));
    }
    let mut load = Load::default();
    for task in tasks {
        load.took.extend(task.await.context("a connection")??);
    }
    load.time = started.elapsed();
    load.took.sort_unstable();
    Ok(load)
}

/// Enough of a text to see what it is.
pub(super) fn cut(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().take(400).collect()
}

impl Load {
    pub(super) fn per_second(&self) -> f64 {
        f64::from(u32::try_from(self.took.len()).unwrap_or(u32::MAX)) / self.time.as_secs_f64()
    }

    /// The time within which so many of a hundred requests were answered.
    pub(super) fn percentile(&self, percent: usize) -> Duration {
        percentile(&self.took, percent)
    }
}

/// So many of a hundred took no longer; `took` is ascending.
pub(super) fn percentile(took: &[Duration], percent: usize) -> Duration {
    let index = took.len() * percent / 100;
    took.get(index.min(took.len().saturating_sub(1))).copied().unwrap_or_default()
}
