//! User tokens: what a person brings in `Authorization: Bearer …`.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::jwt::{self, Times};
use super::{KeySource, LEEWAY, SetupError, SigningKey, TokenError};
use crate::identity::{Role, User};

const KIND: &str = "JWT";

/// What a user token says. All of it is required, and each of its own type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserClaims {
    /// Who made the token.
    pub iss: String,
    /// For whom it was made.
    pub aud: String,
    /// The account.
    pub sub: Uuid,
    /// What the account may do.
    pub role: Role,
    /// The version of the account's tokens.
    pub ver: i64,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// From when on it is valid.
    pub nbf: i64,
    /// Until when it is valid.
    pub exp: i64,
    /// The token's own id.
    pub jti: String,
}

impl UserClaims {
    /// Signs the claims as a user token; its `kid` is the key's.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign(&self, key: &SigningKey) -> Result<String, SetupError> {
        jwt::sign(key, KIND, self)
    }

    /// When the token stops proving anything, on this process's clock.
    #[must_use]
    pub fn ends(&self) -> tokio::time::Instant {
        let left = self.exp.saturating_add(LEEWAY).saturating_sub(chrono::Utc::now().timestamp());
        // Longer than any process lives; an `exp` beyond that would overflow the clock.
        let left = u64::try_from(left).unwrap_or(0).min(60 * 60 * 24 * 365);
        tokio::time::Instant::now() + std::time::Duration::from_secs(left)
    }

    /// The person the token proves.
    #[must_use]
    pub const fn user(&self) -> User {
        User { id: self.sub, role: self.role, token_version: self.ver }
    }
}

/// Verifies user tokens: of one issuer, for one audience, with keys from one source.
#[derive(Debug, Clone)]
pub struct UserVerifier {
    keys: KeySource,
    issuer: String,
    audience: String,
}

impl UserVerifier {
    /// Accepts tokens of `issuer` for `audience` signed with one of `keys`.
    pub fn new(keys: impl Into<KeySource>, issuer: &str, audience: &str) -> Self {
        Self { keys: keys.into(), issuer: issuer.to_owned(), audience: audience.to_owned() }
    }

    /// Verifies a token and says what it proves.
    ///
    /// # Errors
    /// The first rule that the token breaks; [`TokenError::KeysUnavailable`] when nobody can say.
    pub async fn verify(&self, token: &str) -> Result<UserClaims, TokenError> {
        let header = jwt::check_header(token, KIND)?;
        let key = self.keys.find(&header.kid).await?;
        let claims: UserClaims = key.claims(token)?;
        if claims.iss != self.issuer {
            return Err(TokenError::Issuer);
        }
        if claims.aud != self.audience {
            return Err(TokenError::Audience);
        }
        if claims.jti.is_empty() {
            return Err(TokenError::Malformed);
        }
        Times { issued: claims.iat, not_before: claims.nbf, expires: claims.exp }.check()?;
        Ok(claims)
    }

    /// Verifies the token in `headers`: `None` without an `Authorization` header, an error with one that does not hold.
    ///
    /// # Errors
    /// As [`UserVerifier::verify`]; also when the header appears twice or is not `Bearer`.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Option<UserClaims>, TokenError> {
        match bearer(headers)? {
            Some(token) => self.verify(token).await.map(Some),
            None => Ok(None),
        }
    }
}

/// The token in the `Authorization` header, unverified.
///
/// # Errors
/// When the header appears twice, or is not `Bearer <token>`.
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>, TokenError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(TokenError::Header);
    }
    let (scheme, token) = value.to_str().ok().and_then(|v| v.split_once(' ')).ok_or(TokenError::Header)?;
    let token = token.trim_matches(' ');
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(TokenError::Header);
    }
    Ok(Some(token))
}
