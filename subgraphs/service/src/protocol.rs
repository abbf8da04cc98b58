//! GraphQL over HTTP: what a request may look like, and in what an answer is wrapped.
//!
//! One reading for every process: POST of `application/json`, GET for queries only, no batches unless configured, the
//! guard before anything recursive. The engine (async-graphql here, the planner in the router) gets what [`receive`]
//! lets through.
//! Source: GraphQL over HTTP, working draft.

mod negotiate;
mod receive;

pub use negotiate::{MediaType, negotiate};
pub use receive::{Accepted, GraphqlRequest, Incoming, accept, decode, receive};

use poem::http::{HeaderName, HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::guard::Refusal;

/// A GraphQL answer that carries errors only, in `media`.
#[must_use]
pub fn error_response(media: MediaType, status: StatusCode, errors: Vec<Value>) -> Response {
    let body = json!({ "errors": errors }).to_string();
    let mut response = body.with_content_type(media.content_type()).with_status(status).into_response();
    if let Some((name, value)) = header_of(status) {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// What HTTP wants beside a status (RFC 9110, 11.6.1 and 15.5).
const fn header_of(status: StatusCode) -> Option<(HeaderName, &'static str)> {
    match status {
        StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, "Bearer")),
        StatusCode::METHOD_NOT_ALLOWED => Some((header::ALLOW, "GET, POST")),
        // The rest of the body is never read, so no other request can follow on this connection.
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT => Some((header::CONNECTION, "close")),
        _ => None,
    }
}

/// One entry of `errors`.
#[must_use]
pub fn error_entry(code: &str, message: &str, more: Map<String, Value>) -> Value {
    let mut extensions = Map::new();
    extensions.insert("code".into(), code.into());
    extensions.extend(more);
    json!({ "message": message, "extensions": extensions })
}

/// The entry of `errors` for a request that the guard refuses.
#[must_use]
pub fn refusal_entry(refusal: &Refusal) -> Value {
    let mut entry = error_entry(refusal.code(), &refusal.to_string(), Map::new());
    if let Some(at) = refusal.position() {
        entry["locations"] = json!([{ "line": at.line, "column": at.column }]);
    }
    entry
}

/// The answer to a request that the guard refuses.
#[must_use]
pub fn refusal_response(media: MediaType, refusal: &Refusal) -> Response {
    let status = if refusal.concerns_document() { media.request_error_status() } else { refusal.status() };
    error_response(media, status, vec![refusal_entry(refusal)])
}
