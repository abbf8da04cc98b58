//! How an announcement proves to be ours and new. Source: Standard Webhooks 1.0, symmetric signatures.
//!
//! A listener's secret is 32 random bytes. It is shown once, when it is made, and kept sealed.

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use service::env::Secret;

/// What every secret begins with, so that one that leaks is recognised.
const PREFIX: &str = "whsec_";
const LENGTH: usize = 32;

/// A secret that signs.
#[derive(Clone, Debug)]
pub struct SigningSecret(Secret<Vec<u8>>);

impl SigningSecret {
    /// A new one; `None` when the platform has no randomness.
    #[must_use]
    pub fn generate() -> Option<Self> {
        let mut bytes = vec![0; LENGTH];
        rand::fill(&mut bytes).ok()?;
        Some(Self(Secret::new(bytes)))
    }

    /// One that was kept.
    #[must_use]
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(Secret::new(bytes))
    }

    /// The bytes, to be sealed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.0.expose()
    }

    /// As it is handed to whoever listens.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(self.bytes()))
    }

    /// `webhook-signature` of a message that is sent at `sent`.
    #[must_use]
    pub fn sign(&self, id: &str, sent: DateTime<Utc>, body: &str) -> String {
        let signed = format!("{id}.{}.{body}", sent.timestamp());
        let tag = hmac::sign(&hmac::Key::new(HMAC_SHA256, self.bytes()), signed.as_bytes());
        format!("v1,{}", STANDARD.encode(tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn a_message_is_signed_as_the_specification_has_it() {
        let secret = SigningSecret::from_bytes(STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        let sent = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", sent, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_shown_once_and_never_by_mistake() {
        let secret = SigningSecret::generate().unwrap();
        assert!(secret.shown().starts_with("whsec_") && secret.shown().len() == 50, "{}", secret.shown());
        assert!(!format!("{secret:?}").contains(&secret.shown()[6..]));
        assert_ne!(secret.shown(), SigningSecret::generate().unwrap().shown());
    }
}
