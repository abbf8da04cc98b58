//! One connection: hyper with limits, and the checks of the wire that hyper leaves to its user.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use http::header::{HOST, TRANSFER_ENCODING};
use http::uri::Scheme;
use http::{StatusCode, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Request, Response};
use tokio::net::TcpStream;

use super::{App, Lifetime, Options};

/// A connection that has been accepted.
pub(super) struct Connection {
    pub(super) app: App,
    pub(super) lifetime: Lifetime,
    pub(super) peer: SocketAddr,
}

impl Connection {
    /// Answers requests until the client leaves or the process is told to stop; then finishes the request in hand.
    pub(super) async fn serve(self, socket: TcpStream, options: &Options) {
        // Without it small answers wait for an acknowledgement of the one before.
        drop(socket.set_nodelay(true));
        let local = LocalAddr(socket.local_addr().map(Into::into).unwrap_or_default());
        let (app, peer, lifetime) = (self.app, RemoteAddr(self.peer.into()), self.lifetime.clone());
        let service = service_fn(move |request: http::Request<Incoming>| {
            let (app, local, peer) = (Arc::clone(&app), local.clone(), peer.clone());
            let lifetime = lifetime.clone();
            async move {
                let response = match check(&request) {
                    Ok(()) => {
                        let mut request = Request::from((request, local, peer, Scheme::HTTP));
                        request.extensions_mut().insert(lifetime);
                        super::call(&app, request).await
                    }
                    Err(why) => bad_request(why),
                };
                Ok::<_, Infallible>(http::Response::from(response))
            }
        });
        let builder = builder(options);
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(socket), service);
        tokio::pin!(connection);
        let outcome = tokio::select! {
            outcome = &mut connection => outcome,
            () = self.lifetime.stopped() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "a connection ended badly");
        }
    }
}

fn builder(options: &Options) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(options.head_timeout)
        .max_headers(options.max_headers)
        .max_buf_size(options.max_head_bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(options.max_streams)
        .max_header_list_size(u32::try_from(options.max_head_bytes).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(256)
        .keep_alive_interval(std::time::Duration::from_secs(20));
    builder
}

/// What makes two servers read one request differently is refused: a host that is missing or said twice, a transfer
/// encoding beside another. (Content-Length beside Transfer-Encoding: hyper drops the length and closes afterwards.)
fn check(request: &http::Request<Incoming>) -> Result<(), &'static str> {
    if request.version() != Version::HTTP_11 {
        return Ok(());
    }
    let headers = request.headers();
    if headers.get_all(HOST).iter().count() != 1 {
        return Err("a request has one Host header");
    }
    if headers.get_all(TRANSFER_ENCODING).iter().count() > 1 {
        return Err("a request has one Transfer-Encoding header");
    }
    Ok(())
}

fn bad_request(why: &'static str) -> Response {
    Response::builder().status(StatusCode::BAD_REQUEST).header("connection", "close").body(why)
}
