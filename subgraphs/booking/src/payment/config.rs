//! Which provider takes the money, and what it is called with: read whole, refused whole.
//!
//! Nothing here has a live default: without `EVENTHUB_PAYMENT_LIVE=true` addresses are those of the sandboxes and a live key is
//! refused; with it a key of the sandbox is.

use std::sync::Arc;

use reqwest::Url;
use service::env::{Choice, Reader, Secret};
use subgraph::clock::Clock;

use super::PaymentProvider;
use super::midtrans::{self, Midtrans};
use super::stripe::{self, Stripe};
use super::test::TestProvider;
use crate::store::Store;

/// Who moves the money.
#[derive(Clone, Debug, Default)]
pub enum Provider {
    /// The built-in one, which says yes.
    #[default]
    Test,
    /// Midtrans.
    Midtrans(midtrans::Config),
    /// Stripe.
    Stripe(stripe::Config),
}

/// `EVENTHUB_PAYMENT_PROVIDER`.
#[derive(Clone, Copy)]
enum Kind {
    Test,
    Midtrans,
    Stripe,
}

impl Choice for Kind {
    const WORDS: &'static [(&'static str, Self)] =
        &[("test", Self::Test), ("midtrans", Self::Midtrans), ("stripe", Self::Stripe)];
}

impl Provider {
    /// Reads the provider and what belongs to it, noting every problem in `env`.
    pub fn read(env: &mut Reader) -> Option<Self> {
        match env.or("EVENTHUB_PAYMENT_PROVIDER", Kind::Test)? {
            Kind::Test => Some(Self::Test),
            Kind::Midtrans => read_midtrans(env).map(Self::Midtrans),
            Kind::Stripe => read_stripe(env).map(Self::Stripe),
        }
    }

    /// The provider itself. The test provider keeps its books in `store`.
    #[must_use]
    pub fn build(&self, store: &Store, http: &reqwest::Client, clock: &Clock) -> Arc<dyn PaymentProvider> {
        match self.clone() {
            Self::Test => Arc::new(TestProvider::new(store.clone())),
            Self::Midtrans(config) => Arc::new(Midtrans::new(config, http.clone(), clock.clone())),
            Self::Stripe(config) => Arc::new(Stripe::new(config, http.clone())),
        }
    }
}

const LIVE: &str = "EVENTHUB_PAYMENT_LIVE";
const RETURN: &str = "EVENTHUB_PAYMENT_RETURN_URL";

fn read_midtrans(env: &mut Reader) -> Option<midtrans::Config> {
    let live = env.or(LIVE, false);
    let server_key = key(env, "EVENTHUB_MIDTRANS_SERVER_KEY", live, |key| match key {
        _ if key.starts_with("SB-") => Some(false),
        _ => None,
    });
    let sandbox = if live == Some(true) { "" } else { "sandbox." };
    let snap_url = url(env, "EVENTHUB_MIDTRANS_SNAP_URL", &format!("https://app.{sandbox}midtrans.com"));
    let api_url = url(env, "EVENTHUB_MIDTRANS_API_URL", &format!("https://api.{sandbox}midtrans.com"));
    let return_url = env.required(RETURN);
    Some(midtrans::Config {
        server_key: server_key?,
        snap_url: snap_url?,
        api_url: api_url?,
        return_url: return_url?,
    })
}

fn read_stripe(env: &mut Reader) -> Option<stripe::Config> {
    let live = env.or(LIVE, false);
    let secret_key = key(env, "EVENTHUB_STRIPE_SECRET_KEY", live, |key| {
        let mode = key.split('_').nth(1);
        mode.and_then(|mode| if mode == "live" { Some(true) } else { (mode == "test").then_some(false) })
    });
    let webhook_secret = env.required("EVENTHUB_STRIPE_WEBHOOK_SECRET");
    let url = url(env, "EVENTHUB_STRIPE_URL", "https://api.stripe.com");
    let return_url = env.required(RETURN);
    Some(stripe::Config {
        secret_key: secret_key?,
        webhook_secret: webhook_secret?,
        url: url?,
        return_url: return_url?,
    })
}

/// A key, which must be of the kind that was asked for wherever it says of itself which kind it is.
fn key(
    env: &mut Reader,
    name: &str,
    live: Option<bool>,
    kind: impl Fn(&str) -> Option<bool>,
) -> Option<Secret<String>> {
    let key = env.required::<Secret<String>>(name)?;
    let (wrong, allowed) = match (live?, kind(key.expose())) {
        (false, Some(true)) => ("is a live key", format!("a key of the sandbox, or {LIVE}=true")),
        (true, Some(false)) => ("is a key of the sandbox", format!("a live key, or {LIVE}=false")),
        _ => return Some(key),
    };
    env.problem(name, None, wrong, &allowed);
    None
}

/// An address that a key may be sent to: over TLS, or to this machine.
fn url(env: &mut Reader, name: &str, default: &str) -> Option<Url> {
    let url = match env.optional::<Url>(name)? {
        Some(url) => url,
        None => Url::parse(default).ok()?,
    };
    let here = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    if url.scheme() == "https" || here {
        return Some(url);
    }
    env.problem(name, Some(url.to_string()), "would carry a key in the clear", "an https:// URL");
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Provider, String> {
        let mut env = Reader::from_pairs(pairs.iter().copied());
        let provider = Provider::read(&mut env);
        env.finish(|| provider).map_err(|problems| problems.to_string())
    }

    const MIDTRANS: [(&str, &str); 3] = [
        ("EVENTHUB_PAYMENT_PROVIDER", "midtrans"),
        ("EVENTHUB_MIDTRANS_SERVER_KEY", "SB-Mid-server-0"),
        (RETURN, "https://shop.example/paid"),
    ];
    const STRIPE: [(&str, &str); 4] = [
        ("EVENTHUB_PAYMENT_PROVIDER", "stripe"),
        ("EVENTHUB_STRIPE_SECRET_KEY", "sk_test_0"),
        ("EVENTHUB_STRIPE_WEBHOOK_SECRET", "whsec_0"),
        (RETURN, "https://shop.example/paid"),
    ];

    #[test]
    fn a_provider_is_asked_in_its_sandbox_unless_told_otherwise() {
        let Ok(Provider::Midtrans(config)) = read(&MIDTRANS) else { panic!("refused") };
        assert_eq!(config.snap_url.as_str(), "https://app.sandbox.midtrans.com/");
        assert_eq!(config.api_url.as_str(), "https://api.sandbox.midtrans.com/");
        let live =
            [MIDTRANS[0], ("EVENTHUB_MIDTRANS_SERVER_KEY", "Mid-server-0"), MIDTRANS[2], (LIVE, "true")];
        let Ok(Provider::Midtrans(config)) = read(&live) else { panic!("refused") };
        assert_eq!(config.api_url.as_str(), "https://api.midtrans.com/");
        assert!(matches!(read(&STRIPE), Ok(Provider::Stripe(_))));
    }

    #[test]
    fn a_key_of_the_wrong_kind_is_refused_without_showing_it() {
        let live_key = [STRIPE[0], ("EVENTHUB_STRIPE_SECRET_KEY", "sk_live_hush"), STRIPE[2], STRIPE[3]];
        for (pairs, wrong) in [
            (live_key.to_vec(), "is a live key"),
            ([&STRIPE[..], &[(LIVE, "true")]].concat(), "is a key of the sandbox"),
            ([&MIDTRANS[..], &[(LIVE, "true")]].concat(), "is a key of the sandbox"),
        ] {
            let problems = read(&pairs).unwrap_err();
            assert!(problems.contains(wrong) && !problems.contains("hush"), "{problems}");
        }
    }

    #[test]
    fn everything_that_is_missing_or_unsafe_is_named_at_once() {
        let problems =
            read(&[("EVENTHUB_PAYMENT_PROVIDER", "stripe"), ("EVENTHUB_STRIPE_URL", "http://far.example")])
                .unwrap_err();
        for name in ["SECRET_KEY", "WEBHOOK_SECRET", "RETURN_URL", "STRIPE_URL"] {
            assert!(problems.contains(name), "{name}: {problems}");
        }
        assert!(read(&[("EVENTHUB_PAYMENT_PROVIDER", "cash")]).unwrap_err().contains("midtrans"));
    }

    #[test]
    fn no_secret_is_shown() {
        let shown = format!("{:?} {:?}", read(&STRIPE), read(&MIDTRANS));
        for secret in ["sk_test_0", "whsec_0", "SB-Mid-server-0"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
