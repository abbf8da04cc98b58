//! Who may use the admin paths.

use std::{net::SocketAddr, sync::Arc};

use http::{HeaderMap, HeaderName, header};
use poem::{Addr, Endpoint, EndpointExt, IntoResponse, Request, Response};
use service::{env::Secret, protocol::MediaType, tokens};
use sha2::{Digest, Sha256};

use crate::{app::App, http::refused, refusal::Refusal};

/// Headers that a proxy adds: then the peer's address is the proxy's, and says nothing about who asks.
const PROXIED: [HeaderName; 3] =
    [header::FORWARDED, HeaderName::from_static("x-forwarded-for"), HeaderName::from_static("x-real-ip")];

/// Lets through who has the admin token or, where none is configured, who asks from this machine directly.
pub fn guarded<E>(app: &Arc<App>, endpoint: E) -> impl Endpoint<Output = Response> + 'static
where
    E: Endpoint + 'static,
{
    let token = app.config.admin_token.clone();
    endpoint.around(move |endpoint, request: Request| {
        let refusal = check(token.as_ref(), &request).err();
        async move {
            match refusal {
                Some(refusal) => Ok(refused(MediaType::Json, &refusal)),
                None => endpoint.call(request).await.map(IntoResponse::into_response),
            }
        }
    })
}

fn check(token: Option<&Secret<String>>, request: &Request) -> Result<(), Refusal> {
    match token {
        Some(token) => check_token(token, request.headers()),
        None if is_local(request) => Ok(()),
        None => Err(Refusal::Forbidden { lacks: "the admin paths are open to this machine only".to_owned() }),
    }
}

/// Hashes are compared, so that the time it takes says nothing about the token.
fn check_token(token: &Secret<String>, headers: &HeaderMap) -> Result<(), Refusal> {
    let given = tokens::bearer(headers).ok().flatten().ok_or(Refusal::Unauthenticated)?;
    let equal = Sha256::digest(given.as_bytes()) == Sha256::digest(token.expose().as_bytes());
    if equal { Ok(()) } else { Err(Refusal::Unauthenticated) }
}

fn is_local(request: &Request) -> bool {
    let direct = PROXIED.iter().all(|name| !request.headers().contains_key(name));
    let peer = match &request.remote_addr().0 {
        Addr::SocketAddr(address) => Some(address),
        _ => None,
    };
    direct && peer.is_some_and(|address: &SocketAddr| address.ip().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::web::RemoteAddr;

    fn from(address: &str) -> poem::RequestBuilder {
        let address: SocketAddr = address.parse().unwrap();
        Request::builder().extension(RemoteAddr(address.into()))
    }

    #[test]
    fn a_token_is_needed_where_one_is_configured() {
        let token = Secret::new("s3cret".to_owned());
        let with = |value: &str| Request::builder().header("authorization", value).finish();
        assert!(check(Some(&token), &with("Bearer s3cret")).is_ok());
        for bad in ["Bearer s3cre", "Bearer s3cret2", "Basic s3cret", ""] {
            assert_eq!(check(Some(&token), &with(bad)).unwrap_err().code(), "UNAUTHENTICATED", "{bad}");
        }
    }

    #[test]
    fn without_a_token_nobody_asks_from_elsewhere() {
        // A request without an address, or through a proxy, may come from anywhere.
        assert!(check(None, &Request::builder().finish()).is_err());
        assert!(check(None, &from("127.0.0.1:1").header("x-forwarded-for", "1.2.3.4").finish()).is_err());
    }
}
