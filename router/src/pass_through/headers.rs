//! Which headers cross the pass-through, in each direction. What is not listed does not cross: a forgotten header is a missing feature, a
//! forgotten ban is a hole.
//!
//! Source: RFC 9110, 7.6.1 (hop-by-hop headers are never listed here).

use http::HeaderMap;

/// From the client to the service.
const REQUEST: &[&str] = &[
    "accept",
    "accept-language",
    "authorization",
    "content-type",
    "if-none-match",
    "if-modified-since",
    "origin",
    "user-agent",
    "traceparent",
    "tracestate",
    "apollo-require-preflight",
    "x-apollo-operation-name",
];

/// From the service to the client.
const RESPONSE: &[&str] = &[
    "allow",
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "etag",
    "expires",
    "last-modified",
    "retry-after",
    "vary",
    "www-authenticate",
    "deprecation",
    "sunset",
];

/// The headers of a client's request that the service gets.
pub(super) fn to_service(from_client: &HeaderMap) -> HeaderMap {
    listed(from_client, REQUEST)
}

/// The headers of a service's answer that the client gets.
pub(super) fn to_client(from_service: &HeaderMap) -> HeaderMap {
    listed(from_service, RESPONSE)
}

fn listed(from: &HeaderMap, names: &[&'static str]) -> HeaderMap {
    let mut to = HeaderMap::new();
    for name in names {
        for value in from.get_all(*name) {
            to.append(*name, value.clone());
        }
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue, header};

    #[test]
    fn credentials_of_services_and_hop_by_hop_headers_do_not_cross() {
        let mut headers = HeaderMap::new();
        for name in [
            "x-eventhub-service-token",
            "connection",
            "keep-alive",
            "te",
            "upgrade",
            "cookie",
            "x-forwarded-for",
            "host",
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("x"));
        }
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer a"));
        let crossed = to_service(&headers);
        assert_eq!(crossed.len(), 1);
        assert!(crossed.contains_key(header::AUTHORIZATION));
    }

    #[test]
    fn the_client_sees_the_length_and_no_inside_header() {
        let mut headers = HeaderMap::new();
        for name in ["content-length", "transfer-encoding", "server", "set-cookie", "x-powered-by"] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("3"));
        }
        assert_eq!(to_client(&headers).len(), 1);
    }
}
