//! Answers and refusals to HTTP responses.

use http::{StatusCode, header};
use poem::Response;
use service::protocol::{MediaType, error_response};

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
    response
}
