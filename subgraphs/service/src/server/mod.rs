//! Serving: bind, accept, answer, drain.
//!
//! The connection loop is our own on top of hyper, because poem's server sets no limit on how long a request's head may
//! take, how many headers it has or how many connections there are. Endpoints stay plain poem endpoints.

mod connection;
mod lifetime;

pub use lifetime::{Hold, Lifetime};

use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use http::StatusCode;
use poem::endpoint::{DynEndpoint, ToDynEndpoint};
use poem::{Endpoint, EndpointExt, IntoEndpoint, Request, Response};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::request_id::WithRequestId;

type App = Arc<dyn DynEndpoint<Output = Response> + 'static>;

/// What bounds connections and the end of serving.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long requests in flight may take once the process is told to stop.
    pub drain_timeout: Duration,
    /// How long the head of a request may take, and how long a connection may stay idle before its next one.
    pub head_timeout: Duration,
    /// The most headers of a request.
    pub max_headers: usize,
    /// The largest head of a request, in bytes.
    pub max_head_bytes: usize,
    /// The most connections at a time; more of them wait to be accepted.
    pub max_connections: usize,
    /// The most requests at a time on one HTTP/2 connection.
    pub max_streams: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            drain_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(5),
            max_headers: 64,
            max_head_bytes: 16 * 1024,
            max_connections: 4_096,
            max_streams: 200,
        }
    }
}

/// Binds the address on which the process listens; port 0 chooses a free one.
///
/// # Errors
/// When the address is taken or not allowed, with the address in the message.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"));
    TcpListener::bind(address).await.map_err(named)
}

/// A token that is cancelled by SIGTERM or SIGINT. A second signal ends the process at once.
///
/// # Errors
/// When the signals cannot be watched.
pub fn stop_on_signals() -> io::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};

    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = CancellationToken::new();
    let told = stop.clone();
    tokio::spawn(async move {
        for first in [true, false] {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            if first {
                tracing::info!(signal = name, "told to stop; finishing what is in flight");
                told.cancel();
            } else {
                tracing::warn!(signal = name, "told to stop again; leaving at once");
                std::process::exit(130);
            }
        }
    });
    Ok(stop)
}

/// Serves `app` until `stop` is cancelled, then finishes what is in flight within the drain timeout.
///
/// Every request gets its id and its span, and a panic of the endpoint is a 500 to this request alone.
///
/// # Errors
/// When the listener cannot be asked for its address.
pub async fn serve<E>(
    listener: TcpListener,
    app: E,
    stop: CancellationToken,
    options: Options,
) -> io::Result<()>
where
    E: IntoEndpoint,
    E::Endpoint: 'static,
{
    let app: App = Arc::new(ToDynEndpoint(app.into_endpoint().map_to_response().with(WithRequestId)));
    tracing::info!(address = %listener.local_addr()?, "listening");
    let mut connections = JoinSet::new();
    let held = TaskTracker::new();
    let room = Arc::new(Semaphore::new(options.max_connections));
    while let Some((socket, peer, permit)) = accept(&listener, &room, &stop).await {
        let lifetime = Lifetime::new(stop.clone(), held.clone(), permit);
        let connection = connection::Connection { app: Arc::clone(&app), lifetime, peer };
        let options = options.clone();
        connections.spawn(async move { connection.serve(socket, &options).await });
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    drain(connections, held, options.drain_timeout).await;
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(tokio::net::TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    loop {
        let next = async {
            let permit = Arc::clone(room).acquire_owned().await.map_err(io::Error::other)?;
            let (socket, peer) = listener.accept().await?;
            Ok::<_, io::Error>((socket, peer, permit))
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => return None,
            accepted = next => match accepted {
                Ok(accepted) => return Some(accepted),
                Err(error) => {
                    // Out of descriptors, most likely: closing connections will help, spinning will not.
                    tracing::warn!(%error, "a connection cannot be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
        }
    }
}

async fn drain(mut connections: JoinSet<()>, held: TaskTracker, limit: Duration) {
    let all_closed = async {
        while connections.join_next().await.is_some() {}
        // A connection that became a WebSocket is no longer among them.
        held.close();
        held.wait().await;
    };
    if tokio::time::timeout(limit, all_closed).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            sockets = held.len(),
            "still open after the drain timeout; cutting them"
        );
        connections.shutdown().await;
    }
    tracing::info!("stopped");
}

/// Calls `app`, turning a panic into a plain 500: one request must not take others with it.
async fn call(app: &App, request: Request) -> Response {
    match AssertUnwindSafe(app.get_response(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => {
            let error_id = uuid::Uuid::now_v7();
            tracing::error!(%error_id, "the endpoint panicked");
            let body = format!(r#"{{"error":"internal error","errorId":"{error_id}"}}"#);
            Response::builder()
                .status(StatusCode::INTERNAL_SERVER_ERROR)
                .content_type("application/json; charset=utf-8")
                .body(body)
        }
    }
}

#[cfg(test)]
mod tests;
