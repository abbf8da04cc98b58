//! Who may use the admin paths: who has the admin token or, where none is configured, who asks from this machine.
//!
//! A browser on this machine asks from this machine too, for whatever page is open in it. A page of another site could make it send simple
//! requests, or give its own name the address 127.0.0.1; so the name asked for, the page's origin and the kind of the request count as well.
//! None of this concerns a token: a page that does not have it cannot make a browser send it.

use std::{net::IpAddr, sync::Arc};

use http::{HeaderMap, HeaderName, HeaderValue, Uri, header, uri::Authority};
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Response};
use service::{env::Secret, protocol::MediaType, tokens};
use sha2::{Digest, Sha256};

use crate::{
    app::App,
    client_address,
    http::{body, refused},
    refusal::Refusal,
};

/// Headers that a proxy adds: then the peer's address is the proxy's, and says nothing about who asks.
const PROXIED: [HeaderName; 3] =
    [header::FORWARDED, HeaderName::from_static("x-forwarded-for"), HeaderName::from_static("x-real-ip")];

/// Lets through whom [`admit`] admits.
pub fn guarded<E>(app: &Arc<App>, endpoint: E) -> impl Endpoint<Output = Response> + 'static
where
    E: Endpoint + 'static,
{
    let token = app.config.admin_token.clone();
    endpoint.around(move |endpoint, request: Request| {
        let refusal = admit(token.as_ref(), &request).err();
        async move {
            match refusal {
                Some(refusal) => Ok(refused(MediaType::Json, &refusal)),
                None => endpoint.call(request).await.map(IntoResponse::into_response),
            }
        }
    })
}

/// Admits who has the admin token or, where none is configured, who asks from this machine directly.
///
/// # Errors
/// [`Refusal::Unauthenticated`] without the token, [`Refusal::Forbidden`] from elsewhere.
pub fn admit(token: Option<&Secret<String>>, request: &Request) -> Result<(), Refusal> {
    match token {
        Some(token) => check_token(token, request.headers()),
        None => check_machine(request),
    }
}

/// Hashes are compared, so that the time it takes says nothing about the token.
fn check_token(token: &Secret<String>, headers: &HeaderMap) -> Result<(), Refusal> {
    let given = tokens::bearer(headers).ok().flatten().ok_or(Refusal::Unauthenticated)?;
    let equal = Sha256::digest(given.as_bytes()) == Sha256::digest(token.expose().as_bytes());
    if equal { Ok(()) } else { Err(Refusal::Unauthenticated) }
}

fn check_machine(request: &Request) -> Result<(), Refusal> {
    let rules = [
        (is_local(request), "the admin paths are open to this machine only"),
        (is_asked_by_local_name(request), "without an admin token, ask for localhost, 127.0.0.1 or [::1]"),
        (is_of_local_page(request.headers()), "pages of other machines may not use the admin paths"),
        (is_deliberate(request), "say `content-type: application/json`, or send `apollo-require-preflight`"),
    ];
    match rules.into_iter().find(|(is_kept, _)| !is_kept) {
        Some((_, lacks)) => Err(Refusal::Forbidden { lacks: lacks.to_owned() }),
        None => Ok(()),
    }
}

/// Even a trusted proxy is no reason to believe that somebody sits here: it may be trusted for less than this.
fn is_local(request: &Request) -> bool {
    let direct = PROXIED.iter().all(|name| !request.headers().contains_key(name));
    direct && client_address::of(request).0.is_some_and(|client| client.is_loopback())
}

/// HTTP/1 names the host in `Host`, HTTP/2 in the URI.
fn is_asked_by_local_name(request: &Request) -> bool {
    let in_headers = request.headers().get_all(header::HOST).iter();
    let in_headers = in_headers.map(|value| value.to_str().ok()?.parse::<Authority>().ok());
    let in_uri = request.uri().authority().cloned().map(Some);
    let mut names = in_uri.into_iter().chain(in_headers).peekable();
    names.peek().is_some() && names.all(|name| name.is_some_and(|name| is_local_name(name.host())))
}

/// No page, or one of this machine.
fn is_of_local_page(headers: &HeaderMap) -> bool {
    let origin = |value: &HeaderValue| value.to_str().ok()?.parse::<Uri>().ok();
    let mut origins = headers.get_all(header::ORIGIN).iter().map(origin);
    origins.all(|origin| origin.is_some_and(|origin| origin.host().is_some_and(is_local_name)))
}

fn is_local_name(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// A request that changes something must not be one that a page can send without being asked first. What comes from a page of our own the
/// browser says itself, in a header that no page can write.
fn is_deliberate(request: &Request) -> bool {
    let headers = request.headers();
    request.method().is_safe()
        || body::check_headers(headers).is_ok()
        || headers.contains_key("apollo-require-preflight")
        || headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin")
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::{RequestBuilder, http::Method};
    use service::client_address::ClientAddress;

    /// A request to `host`, of a client at `address`.
    fn from(address: &str, host: &str) -> RequestBuilder {
        let client = ClientAddress(Some(address.parse().unwrap()));
        Request::builder().extension(client).header("host", host)
    }

    fn local() -> RequestBuilder {
        from("127.0.0.1", "localhost:8090")
    }

    fn is_admitted(request: RequestBuilder) -> bool {
        match admit(None, &request.finish()) {
            Ok(()) => true,
            Err(refusal) => {
                assert_eq!(refusal.code(), "FORBIDDEN");
                false
            }
        }
    }

    #[test]
    fn a_token_is_needed_where_one_is_configured() {
        let token = Secret::new("s3cret".to_owned());
        let with = |value: &str| Request::builder().header("authorization", value).finish();
        assert!(admit(Some(&token), &with("Bearer s3cret")).is_ok());
        for bad in ["Bearer s3cre", "Bearer s3cret2", "Basic s3cret", ""] {
            assert_eq!(admit(Some(&token), &with(bad)).unwrap_err().code(), "UNAUTHENTICATED", "{bad}");
        }
        assert!(admit(Some(&token), &local().finish()).is_err());
    }

    #[test]
    fn without_a_token_nobody_asks_from_elsewhere() {
        assert!(is_admitted(local()));
        assert!(is_admitted(from("::1", "[::1]:8090")));
        assert!(!is_admitted(from("192.0.2.1", "localhost")));
        // A request without an address, or through a proxy, may come from anywhere.
        assert!(!is_admitted(Request::builder().header("host", "localhost")));
        for header in PROXIED {
            assert!(!is_admitted(local().header(header, "127.0.0.1")));
        }
    }

    #[test]
    fn a_name_that_only_leads_to_this_machine_is_not_this_machine() {
        for host in ["localhost", "LOCALHOST:1", "127.0.0.1", "127.9.9.9:8090", "[::1]"] {
            assert!(is_admitted(from("127.0.0.1", host)), "{host}");
        }
        for host in
            ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "localhost@evil", "", "192.0.2.1"]
        {
            assert!(!is_admitted(from("127.0.0.1", host)), "{host}");
        }
        assert!(!is_admitted(local().header("host", "evil.example")), "one of two");
        let in_uri = |uri: &str| from("127.0.0.1", "localhost").uri_str(uri);
        assert!(is_admitted(in_uri("http://localhost:8090/api/config")));
        assert!(!is_admitted(in_uri("http://evil.example/api/config")));
        let client = ClientAddress(Some(IpAddr::from([127, 0, 0, 1])));
        assert!(!is_admitted(Request::builder().extension(client)), "no name at all");
    }

    #[test]
    fn pages_of_other_machines_are_kept_out() {
        for origin in ["http://localhost:8090", "http://127.0.0.1:3000", "http://[::1]"] {
            assert!(is_admitted(local().header("origin", origin)), "{origin}");
        }
        for origin in ["https://evil.example", "null", "", "http://localhost.evil.example"] {
            assert!(!is_admitted(local().header("origin", origin)), "{origin}");
        }
    }

    #[test]
    fn what_a_page_can_send_unasked_changes_nothing() {
        let post = || local().method(Method::POST);
        for (name, value) in [
            ("content-type", "application/json"),
            ("apollo-require-preflight", "1"),
            ("sec-fetch-site", "same-origin"),
        ] {
            assert!(is_admitted(post().header(name, value)), "{name}");
        }
        assert!(!is_admitted(post()));
        for (name, value) in [("content-type", "text/plain"), ("sec-fetch-site", "cross-site")] {
            assert!(!is_admitted(post().header(name, value)), "{name}");
        }
    }
}
