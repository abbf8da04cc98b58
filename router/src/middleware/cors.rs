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

/// Whether the request may open a WebSocket. Browsers open one without asking first and let every page read from it, so the rule that they
/// keep for requests is kept here: pages of the configured origins, and the router's own. Who is no browser sends no origin.
pub fn may_open_socket(origins: &[String], headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    allowed(origins, headers).is_some() || is_own(origin, headers.get(header::HOST))
}

fn is_own(origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
    let (Ok(origin), Some(Ok(host))) = (origin.to_str(), host.map(HeaderValue::to_str)) else { return false };
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
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

    #[test]
    fn sockets_are_for_the_same_pages_and_for_who_is_no_page() {
        let may = |pairs: &[(header::HeaderName, &'static str)]| {
            let headers = pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
            may_open_socket(&["https://shop.example".to_owned()], &headers.collect())
        };
        let host = (header::HOST, "localhost:8090");
        assert!(may(std::slice::from_ref(&host)));
        assert!(may(&[host.clone(), (header::ORIGIN, "https://shop.example")]));
        assert!(may(&[host.clone(), (header::ORIGIN, "http://localhost:8090")]));
        assert!(!may(&[host.clone(), (header::ORIGIN, "http://localhost:8091")]));
        assert!(!may(&[host, (header::ORIGIN, "null")]));
    }
}
