//! Where a request comes from: what log-in is throttled by, beside the account.
//!
//! It is the peer of the connection, unless the router vouches for another: then it is the last address of `x-forwarded-for`, which is the one
//! that the router itself wrote. Nobody else is believed, or a guesser would have as many addresses as they can write down.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName};
use poem::Request;

use crate::identity::ServiceName;

/// The header in which the router says for whom it calls.
pub const HEADER: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address a request comes from; `None` when nobody can say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClientAddress(pub Option<IpAddr>);

impl ClientAddress {
    /// The address that `request` comes from; `through` is the service whose token it carries.
    #[must_use]
    pub fn of(request: &Request, through: Option<ServiceName>) -> Self {
        match through {
            Some(ServiceName::Router) => Self(forwarded(request.headers())),
            // Other services call for themselves.
            Some(_) => Self(None),
            None => Self(request.remote_addr().as_socket_addr().map(|peer| peer.ip())),
        }
    }
}

fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all(HEADER).iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(header: &str, through: Option<ServiceName>) -> Option<IpAddr> {
        let request = Request::builder().header(HEADER, header).finish();
        ClientAddress::of(&request, through).0
    }

    #[test]
    fn only_the_router_is_believed() {
        let router = Some(ServiceName::Router);
        assert_eq!(from("203.0.113.7", router), "203.0.113.7".parse().ok());
        assert_eq!(from("6.6.6.6, 203.0.113.7", router), "203.0.113.7".parse().ok());
        assert_eq!(from("2001:db8::1", router), "2001:db8::1".parse().ok());
        assert_eq!(from("unknown", router), None);
        assert_eq!(from("203.0.113.7", Some(ServiceName::Booking)), None);
        assert_eq!(
            from("203.0.113.7", None),
            None,
            "a peer that the test client does not have, not the header"
        );
    }
}
