//! Answers and refusals to HTTP responses.

use http::{HeaderValue, StatusCode, header};
use poem::Response;
use service::{
    guard,
    protocol::{MediaType, error_response},
};

use crate::{middleware::Details, pipeline::Answer, refusal::Refusal};

/// The response of an operation that was executed, whatever its field errors.
pub fn answered(media: MediaType, answer: Answer) -> Response {
    let details = Details {
        operation: answer.operation_name,
        plan_was_cached: Some(answer.plan_was_cached),
        errors: answer.errors,
        refusal: None,
        fetches: answer.fetches,
    };
    Response::builder()
        .status(StatusCode::OK)
        .content_type(media.content_type())
        .header(header::CACHE_CONTROL, "no-store")
        .extension(details)
        .body(answer.body)
}

/// The response of a request that is not answered.
pub fn refused(media: MediaType, refusal: &Refusal) -> Response {
    let errors = refusal.errors();
    let count = errors.len();
    let mut response = error_response(media, refusal.status(media), errors);
    response.extensions_mut().insert(Details {
        errors: count,
        refusal: Some(refusal.code()),
        ..Details::default()
    });
    let headers = response.headers_mut();
    if matches!(refusal, Refusal::Guarded(guard::Refusal::MethodNotAllowed(_))) {
        headers.insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
    }
    if matches!(refusal, Refusal::Unauthenticated) {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
