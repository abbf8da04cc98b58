//! One id for a request, from the first process to the last log line.
//!
//! A caller may bring its own in `x-request-id`; anything that is not a short plain word is replaced, because the id is
//! written into logs and headers.

use http::{HeaderName, HeaderValue};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};
use tracing::Instrument;
use uuid::Uuid;

/// The header that carries the id, both ways.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

const LONGEST: usize = 64;

/// The id of the request in hand; found in the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// A new id.
    #[must_use]
    pub fn new() -> Self {
        Self(HeaderValue::try_from(Uuid::now_v7().to_string()).unwrap_or(HeaderValue::from_static("none")))
    }

    /// The id that `request` already has, the one its header brings, or a new one.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let known = request.extensions().get::<Self>().cloned();
        known.or_else(|| request.headers().get(HEADER).and_then(Self::accept)).unwrap_or_default()
    }

    fn accept(value: &HeaderValue) -> Option<Self> {
        let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let bytes = value.as_bytes();
        (!bytes.is_empty() && bytes.len() <= LONGEST && bytes.iter().all(plain)).then(|| Self(value.clone()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// The id as the value of [`HEADER`].
    #[must_use]
    pub fn header_value(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self::new()
    }
}

/// Gives every request its id and a span that carries it, and every response the header.
#[derive(Debug, Clone, Copy, Default)]
pub struct WithRequestId;

impl<E: Endpoint> Middleware<E> for WithRequestId {
    type Output = WithRequestIdEndpoint<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        WithRequestIdEndpoint { endpoint }
    }
}

/// See [`WithRequestId`].
#[derive(Debug)]
pub struct WithRequestIdEndpoint<E> {
    endpoint: E,
}

impl<E: Endpoint> Endpoint for WithRequestIdEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let id = RequestId::of(&request);
        request.extensions_mut().insert(id.clone());
        let span = tracing::info_span!("request", request_id = id.as_str(), method = %request.method(), path = request.uri().path());
        let answer = self.endpoint.call(request).instrument(span).await;
        let mut response = answer.map_or_else(|error| error.into_response(), IntoResponse::into_response);
        response.headers_mut().insert(HEADER, id.header_value());
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::{EndpointExt, endpoint::make_sync, test::TestClient};

    #[tokio::test]
    async fn a_plain_id_is_kept_and_a_strange_one_replaced() {
        let echo = make_sync(|r: Request| RequestId::of(&r).as_str().to_owned()).with(WithRequestId);
        let client = TestClient::new(echo);
        let kept = client.get("/").header(HEADER, "abc-123").send().await;
        kept.assert_header(HEADER, "abc-123");
        kept.assert_text("abc-123").await;
        let replaced = client.get("/").header(HEADER, "a b\"c").send().await;
        let id = replaced.0.headers().get(HEADER).unwrap().to_str().unwrap().to_owned();
        assert!(Uuid::parse_str(&id).is_ok(), "{id}");
        replaced.assert_text(id).await;
    }
}
