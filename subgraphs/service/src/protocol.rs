//! GraphQL over HTTP: what a request may look like, and in what an answer is wrapped.
//!
//! One reading for every process: POST of `application/json`, GET for queries only, no batches unless configured, the
//! guard before anything recursive. The engine (async-graphql here, the planner in the router) gets what [`receive`]
//! lets through.
//! Source: GraphQL over HTTP, working draft.

mod negotiate;
mod receive;

pub use negotiate::{MediaType, negotiate};
pub use receive::{Accepted, GraphqlRequest, Incoming, decode, receive};

use poem::http::StatusCode;
use poem::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::guard::Refusal;

/// A GraphQL answer that carries errors only, in `media`.
#[must_use]
pub fn error_response(media: MediaType, status: StatusCode, errors: Vec<Value>) -> Response {
    let body = json!({ "errors": errors }).to_string();
    body.with_content_type(media.content_type()).with_status(status).into_response()
}

/// One entry of `errors`.
#[must_use]
pub fn error_entry(code: &str, message: &str, more: Map<String, Value>) -> Value {
    let mut extensions = Map::new();
    extensions.insert("code".into(), code.into());
    extensions.extend(more);
    json!({ "message": message, "extensions": extensions })
}

/// The answer to a request that the guard refuses.
#[must_use]
pub fn refusal_response(media: MediaType, refusal: &Refusal) -> Response {
    let mut entry = error_entry(refusal.code(), &refusal.to_string(), Map::new());
    if let Some(at) = refusal.position() {
        entry["locations"] = json!([{ "line": at.line, "column": at.column }]);
    }
    let status = if refusal.concerns_document() { media.request_error_status() } else { refusal.status() };
    let mut response = error_response(media, status, vec![entry]);
    if matches!(refusal, Refusal::MethodNotAllowed(_)) {
        response.headers_mut().insert("allow", http::HeaderValue::from_static("GET, POST"));
    }
    response
}
