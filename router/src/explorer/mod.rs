//! The explorer: one page, served from the binary, with an operation, its answer and its query plan side by side.

use std::sync::Arc;

use http::{StatusCode, header};
use poem::{Endpoint, Response, endpoint::make_sync, get};

use crate::{app::App, http::refused, refusal::Refusal};

const PAGE: &str = include_str!("page.html");

/// Only what stands in the page itself runs, and it talks to this router only.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                      frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// `GET /`.
pub fn endpoint(app: &Arc<App>) -> impl Endpoint<Output = Response> + 'static {
    let is_on = app.config.explorer;
    get(make_sync(move |_| {
        if is_on { page() } else { refused(service::protocol::MediaType::Json, &Refusal::NotFound) }
    }))
}

/// The page.
pub fn page() -> Response {
    Response::builder()
        .status(StatusCode::OK)
        .content_type("text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::VARY, "accept")
        .body(PAGE)
}
