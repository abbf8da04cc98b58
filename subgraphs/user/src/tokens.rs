//! Making tokens: the access token that every service verifies, and the refresh token that only we know.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entities::user::{Role, account};
use service::env::Secret;
use service::identity;
use service::tokens::UserClaims;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::error::Error;
use crate::keys::KeyRing;
use subgraph::clock::Clock;

/// What access tokens say besides whose they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// From `iat` to `exp`.
    pub lifetime: Duration,
}

/// Signs access tokens with the key of the hour.
#[derive(Clone, Debug)]
pub struct AccessTokens {
    ring: Arc<KeyRing>,
    terms: Terms,
    clock: Clock,
}

impl AccessTokens {
    /// Signs with keys from `ring` on `terms`.
    #[must_use]
    pub const fn new(ring: Arc<KeyRing>, terms: Terms, clock: Clock) -> Self {
        Self { ring, terms, clock }
    }

    /// How long a token lives.
    #[must_use]
    pub const fn lifetime(&self) -> Duration {
        self.terms.lifetime
    }

    /// A token for `account` as it is now.
    ///
    /// # Errors
    /// [`Error::Keys`] when the key cannot sign.
    pub fn issue(&self, account: &account::Model) -> Result<Secret<String>, Error> {
        let now = self.clock.now().timestamp();
        let lifetime = i64::try_from(self.terms.lifetime.as_secs()).unwrap_or(i64::MAX);
        let claims = UserClaims {
            iss: self.terms.issuer.clone(),
            aud: self.terms.audience.clone(),
            sub: *account.id.as_uuid(),
            role: claimed(account.role),
            ver: account.token_version,
            iat: now,
            nbf: now,
            exp: now.saturating_add(lifetime),
            jti: Uuid::new_v4().to_string(),
        };
        Ok(Secret::new(claims.sign(self.ring.signer()?.as_ref())?))
    }
}

/// The role as tokens write it.
#[must_use]
pub const fn claimed(role: Role) -> identity::Role {
    match role {
        Role::Admin => identity::Role::Admin,
        Role::Staff => identity::Role::Staff,
        Role::Customer => identity::Role::Customer,
    }
}

/// A refresh token: 256 random bits that mean nothing but themselves.
#[derive(Clone, Debug)]
pub struct RefreshToken(Secret<String>);

/// No refresh token is longer; what is longer is not even hashed.
const LONGEST_REFRESH_TOKEN: usize = 64;

impl RefreshToken {
    /// A new one.
    ///
    /// # Errors
    /// [`Error::Internal`] when the platform has no randomness.
    pub fn generate() -> Result<Self, Error> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).map_err(|_| Error::Internal("no randomness available"))?;
        Ok(Self(Secret::new(URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// What somebody presents; `None` when it cannot be a refresh token.
    #[must_use]
    pub fn presented(text: String) -> Option<Self> {
        (text.len() <= LONGEST_REFRESH_TOKEN).then(|| Self(Secret::new(text)))
    }

    /// What the database knows it by. It is random enough that a plain hash cannot be reversed.
    #[must_use]
    pub fn hash(&self) -> String {
        let digest = Sha256::digest(self.0.expose().as_bytes());
        digest.iter().fold(String::with_capacity(64), |text, byte| text + &format!("{byte:02x}"))
    }

    /// To its owner, once.
    #[must_use]
    pub fn into_secret(self) -> Secret<String> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refresh_tokens_differ_and_are_known_by_their_hash() {
        let (one, other) = (RefreshToken::generate().unwrap(), RefreshToken::generate().unwrap());
        assert_ne!(one.hash(), other.hash());
        let text = one.clone().into_secret().into_inner();
        assert_eq!(text.len(), 43);
        assert_eq!(RefreshToken::presented(text).unwrap().hash(), one.hash());
        assert!(RefreshToken::presented("x".repeat(65)).is_none());
    }
}
