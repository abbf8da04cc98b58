//! Where a request comes from: the peer of the connection or, when that is a trusted proxy, whom the proxy speaks for.
//!
//! Every proxy writes its own peer at the end of `x-forwarded-for`. So the list is read from its end, and only as long as the one who wrote an
//! entry is trusted: what stands before, anybody may have made up, and a guesser would have as many addresses as they can write down.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderValue};
use ipnet::IpNet;
use poem::Request;
use service::client_address::{ClientAddress, HEADER};

/// The proxies that are believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Trusts every address in `networks`.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// The address that `request` comes from.
    pub fn client_of(&self, request: &Request) -> ClientAddress {
        let peer = request.remote_addr().as_socket_addr();
        ClientAddress(peer.map(|peer| self.behind(peer.ip(), request.headers())))
    }

    /// The first address on the way back from `peer` that is not trusted; the last one known, when there is none.
    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut told = forwarded(headers);
        let mut client = peer.to_canonical();
        while self.trusts(client)
            && let Some(Some(next)) = told.next()
        {
            client = next;
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// The entries of `x-forwarded-for` from the last to the first; `None` for what is no address.
fn forwarded(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let values = headers.get_all(HEADER).iter().rev();
    values.flat_map(|value| value.to_str().unwrap_or_default().rsplit(',').map(|entry| address(entry.trim())))
}

/// Some proxies write the port too.
fn address(entry: &str) -> Option<IpAddr> {
    let with_port = || entry.parse::<SocketAddr>().map(|address| address.ip());
    entry.parse().or_else(|_| with_port()).ok().map(|address: IpAddr| address.to_canonical())
}

/// The address that `request` comes from, as it was worked out when the request came in.
pub fn of(request: &Request) -> ClientAddress {
    request.data().copied().unwrap_or_default()
}

/// The value of `x-forwarded-for` for a service, which believes it because the router's service token comes along.
pub fn forwarded_for(client: Option<IpAddr>) -> Option<HeaderValue> {
    HeaderValue::try_from(client?.to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The client of a request from `peer` with these headers, where 10.0.0.0/8 and fd00::1 are trusted.
    fn client(peer: &str, headers: &[&str]) -> String {
        let trusted = ["10.0.0.0/8", "fd00::1/128"].map(|network| network.parse().unwrap());
        let values = headers.iter().map(|value| (HEADER, HeaderValue::from_str(value).unwrap()));
        let proxies = TrustedProxies::new(trusted.to_vec());
        proxies.behind(peer.parse().unwrap(), &values.collect()).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(client("192.0.2.1", &["203.0.113.7"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["203.0.113.7"]), "203.0.113.7");
        assert_eq!(client("fd00::1", &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(client("::ffff:10.0.0.1", &["203.0.113.7:4711"]), "203.0.113.7");
    }

    #[test]
    fn what_the_client_itself_wrote_is_not_read() {
        assert_eq!(client("10.0.0.1", &["6.6.6.6, 203.0.113.7"]), "203.0.113.7");
        assert_eq!(client("10.0.0.1", &["6.6.6.6", "203.0.113.7, 10.0.0.2"]), "203.0.113.7");
        assert_eq!(client("10.0.0.1", &["10.6.6.6, 203.0.113.7, fd00::1"]), "203.0.113.7");
    }

    #[test]
    fn where_nothing_more_is_known_the_last_proxy_counts() {
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["10.0.0.9, 10.0.0.2"]), "10.0.0.9");
        for nonsense in ["", "unknown", "203.0.113.7,", "203.0.113.7, _hidden", "203.0.113.7, \u{e9}"] {
            assert_eq!(client("10.0.0.1", &[nonsense]), "10.0.0.1", "{nonsense}");
        }
    }

    #[test]
    fn without_a_peer_nobody_can_say() {
        assert_eq!(TrustedProxies::default().client_of(&Request::builder().finish()), ClientAddress(None));
    }
}
