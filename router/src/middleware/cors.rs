//! Which browser pages may call the router: those of the configured origins, and the router's own.
//!
//! Source: Fetch standard, "CORS protocol". Without configured origins no header is sent, and browsers keep foreign pages out.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, EndpointExt, Request, Response};

use crate::app::App;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
const HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, x-request-id, traceparent, apollo-require-preflight",
);
const EXPOSED: HeaderValue = HeaderValue::from_static("x-request-id");
const MAX_AGE: HeaderValue = HeaderValue::from_static("3600");

/// Answers preflight requests, and marks answers for pages of the configured origins.
pub fn cors<E>(app: &Arc<App>, endpoint: E) -> impl Endpoint<Output = Response> + 'static
where
    E: Endpoint<Output = Response> + 'static,
{
    let origins: Arc<[String]> = app.config.cors_origins.clone().into();
    endpoint.around(move |endpoint, request: Request| {
        let allowed = allowed(&origins, request.headers());
        async move {
            let Some(origin) = allowed else { return endpoint.call(request).await };
            let is_preflight = request.method() == Method::OPTIONS
                && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
            let mut response = if is_preflight { preflight() } else { endpoint.call(request).await? };
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            headers.append(header::VARY, HeaderValue::from_static("origin"));
            Ok(response)
        }
    })
}

/// The origin that the request comes from, if its pages may call us.
fn allowed(origins: &[String], headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    let text = origin.to_str().ok()?;
    origins.iter().any(|known| known == "*" || known == text).then(|| origin.clone())
}

fn preflight() -> Response {
    Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS)
        .header(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS)
        .header(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_configured_origins_are_allowed() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, HeaderValue::from_static("https://shop.example"));
        assert!(allowed(&["https://shop.example".to_owned()], &headers).is_some());
        assert!(allowed(&["*".to_owned()], &headers).is_some());
        assert!(allowed(&["https://shop.example.evil".to_owned()], &headers).is_none());
        assert!(allowed(&[], &headers).is_none());
    }
}
