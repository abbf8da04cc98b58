//! Where announcements may go: somewhere on the public internet, by TLS, and nowhere inside.
//!
//! An administrator types the address, so it may be a mistake or somebody's trick; the name behind it may lead elsewhere tomorrow. That is why it
//! is looked at when it is registered and again before each delivery, and why the names are resolved here: what a name leads to is checked and
//! connected to in one step. Source: the IANA special-purpose address registries (RFC 6890).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use service::env::Choice;
use service::http_client;

/// The longest address, in bytes.
const LONGEST: usize = 2000;
/// How long one delivery may take: finding the name, connecting, TLS, and the head of the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How far announcements may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// To public addresses, by TLS.
    #[default]
    Public,
    /// Anywhere, for development: to this machine, without TLS.
    Anywhere,
}

impl Choice for Reach {
    const WORDS: &'static [(&'static str, Self)] = &[("public", Self::Public), ("anywhere", Self::Anywhere)];
}

/// Why nothing is sent to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not a URL, or of another kind.
    #[error("must be an https URL of at most {LONGEST} characters")]
    NotHttps,
    /// A name and a password in it would be sent to whoever answers.
    #[error("must not carry a user name or a password")]
    Credentials,
    /// It leads to where the public cannot go.
    #[error("must lead to a public address")]
    NotPublic,
}

impl Reach {
    /// The address in `text`, if something may be sent there as far as can be seen without resolving its name.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn url(self, text: &str) -> Result<Url, AddressError> {
        let url = Url::parse(text).map_err(|_| AddressError::NotHttps)?;
        let schemes: &[&str] = match self {
            Self::Public => &["https"],
            Self::Anywhere => &["https", "http"],
        };
        let host =
            url.host_str().filter(|_| url.as_str().len() <= LONGEST && schemes.contains(&url.scheme()));
        let host = host.ok_or(AddressError::NotHttps)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::Credentials);
        }
        // The parser has turned every spelling of a number (`0x7f.1`, `2130706433`) into the one that is read here.
        match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) if !self.allows(address) => Err(AddressError::NotPublic),
            _ => Ok(url),
        }
    }

    /// The client that delivers: no proxy, no redirects, its own resolver, every connection new.
    ///
    /// # Errors
    /// When the platform cannot provide what it needs.
    pub fn client(self) -> Result<reqwest::Client, reqwest::Error> {
        http_client::build_with(|builder| {
            builder.dns_resolver(Arc::new(self)).timeout(PATIENCE).pool_max_idle_per_host(0)
        })
    }

    fn allows(self, address: IpAddr) -> bool {
        self == Self::Anywhere || is_public(address)
    }
}

/// The public ones of the addresses that a name has. One that has none is not reached.
impl Resolve for Reach {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = *self;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| reach.allows(address.ip())).collect();
            if allowed.is_empty() {
                return Err(AddressError::NotPublic.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Whether the whole internet could answer at this address.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This network; shared by carriers; protocol assignments; 6to4 relays; benchmarks; reserved, and broadcast.
        (0, ..) | (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) | (198, 18..=19, _) | (240.., ..) => true,
        _ => false,
    };
    let inside = address.is_loopback() || address.is_private() || address.is_link_local();
    !(special || inside || address.is_multicast() || address.is_documentation())
}

/// Only what is handed out to the world is public: everything else, today's or a later year's, is not. What carries an IPv4 address within
/// (mapped, NAT64, 6to4, Teredo) is refused whole: behind it may be any address.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let global_unicast = a & 0xe000 == 0x2000;
    let special = match (a, b) {
        // Protocol assignments with Teredo; documentation; 6to4; documentation again.
        (0x2001, 0x0000..=0x01ff | 0x0db8) | (0x2002, _) | (0x3fff, 0x0000..=0x0fff) => true,
        _ => false,
    };
    global_unicast && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for public in
            ["1.1.1.1", "100.63.255.255", "172.15.0.1", "192.0.1.1", "223.255.255.255", "2606:4700::1111"]
        {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for inside in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.1.2.3",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "5f00::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
    }

    #[test]
    fn an_address_is_taken_by_what_it_says() {
        let public = |text: &str| Reach::Public.url(text).map(drop);
        assert_eq!(public("https://hooks.example.com:8443/eventhub?x=1"), Ok(()));
        assert_eq!(public("https://1.1.1.1/"), Ok(()));
        for bad in
            ["", "hooks", "http://hooks.example.com/", "ftp://hooks.example.com/", "file:///etc/passwd"]
        {
            assert_eq!(public(bad), Err(AddressError::NotHttps), "{bad}");
        }
        assert_eq!(
            public(&format!("https://a.example/{}", "x".repeat(LONGEST))),
            Err(AddressError::NotHttps)
        );
        assert_eq!(public("https://me:secret@hooks.example.com/"), Err(AddressError::Credentials));
        for inside in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://0/",
            "https://[::1]/",
            "https://[::ffff:169.254.169.254]/",
            "https://169.254.169.254/latest/meta-data/",
        ] {
            assert_eq!(public(inside), Err(AddressError::NotPublic), "{inside}");
        }
        assert!(Reach::Anywhere.url("http://127.0.0.1:8080/hook").is_ok());
        assert_eq!(Reach::Anywhere.url("ftp://127.0.0.1/").map(drop), Err(AddressError::NotHttps));
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_leads_nowhere() {
        let inside = Reach::Public.resolve("localhost".parse().unwrap()).await;
        assert!(inside.err().unwrap().downcast_ref::<AddressError>() == Some(&AddressError::NotPublic));
        assert!(Reach::Anywhere.resolve("localhost".parse().unwrap()).await.is_ok());
    }
}
