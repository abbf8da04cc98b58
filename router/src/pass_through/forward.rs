//! One request to the service, and its answer streamed back.

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::HeaderMap;
use poem::{Body, Request, Response};
use service::{
    client_address::HEADER as FORWARDED_FOR,
    request_id::{self, RequestId},
    tokens::SERVICE_TOKEN_HEADER,
};

use super::{headers, target::Target};
use crate::{
    app::App,
    client_address::{self, forwarded_for},
    middleware::Place,
    refusal::Refusal,
    request::Deadline,
    trace::{self, TraceContext},
};

/// Forwards.
pub(super) async fn forward(
    app: &App,
    target: &Target,
    request: Request,
    body: Bytes,
) -> Result<Response, Refusal> {
    let deadline =
        request.data::<Deadline>().copied().unwrap_or_else(|| Deadline::after(app.config.limits.deadline));
    let place = request.data::<Place>().cloned();
    let sent = app
        .outbound
        .http
        .request(request.method().clone(), target.url.clone())
        .headers(outgoing(app, target, &request))
        .body(body)
        .send();
    let patience = target.timeout.min(deadline.remaining());
    let answer = match tokio::time::timeout(patience, sent).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(unreachable(target, &error)),
        Err(_) => return Err(slow(target)),
    };
    // Whatever was asked for, it may have been a mutation.
    app.changed();
    Ok(incoming(answer, deadline, place))
}

fn outgoing(app: &App, target: &Target, request: &Request) -> HeaderMap {
    let mut outgoing = headers::to_service(request.headers());
    outgoing.insert(request_id::HEADER, RequestId::of(request).header_value());
    if let Some(trace) = TraceContext::of(request.headers()).child() {
        outgoing.insert(trace::HEADER, trace);
    }
    if let Some(client) = forwarded_for(client_address::of(request).0) {
        outgoing.insert(FORWARDED_FOR, client);
    }
    // Elsewhere than at its GraphQL, nothing of a service should depend on who the caller is.
    let is_graphql = target.url.path().ends_with("/graphql");
    if let Some(token) = is_graphql.then(|| app.outbound.service_token(target.callee)).flatten() {
        outgoing.insert(SERVICE_TOKEN_HEADER, token);
    }
    outgoing
}

fn incoming(answer: reqwest::Response, deadline: Deadline, place: Option<Place>) -> Response {
    let mut builder = Response::builder().status(answer.status());
    for (name, value) in &headers::to_client(answer.headers()) {
        builder = builder.header(name, value);
    }
    builder.body(Body::from_bytes_stream(bounded(answer, deadline, place)))
}

/// The answer's bytes until the deadline; the client sees a broken body then, never a complete-looking half. The request's place is held
/// until the last byte.
fn bounded(
    answer: reqwest::Response,
    deadline: Deadline,
    place: Option<Place>,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static {
    let stream = Box::pin(answer.bytes_stream());
    futures_util::stream::unfold((stream, place), move |(mut stream, place)| async move {
        let next = tokio::time::timeout_at(deadline.instant(), stream.next()).await;
        let item = match next {
            Ok(None) => return None,
            Ok(Some(chunk)) => chunk.map_err(std::io::Error::other),
            Err(_) => Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "the deadline passed")),
        };
        Some((item, (stream, place)))
    })
}

fn unreachable(target: &Target, error: &reqwest::Error) -> Refusal {
    if error.is_timeout() {
        return slow(target);
    }
    tracing::warn!(service = target.service, %error, "a service cannot be reached");
    Refusal::Unreachable { service: target.service.clone() }
}

fn slow(target: &Target) -> Refusal {
    tracing::warn!(service = target.service, "a service did not answer in time");
    Refusal::Slow { service: target.service.clone() }
}
