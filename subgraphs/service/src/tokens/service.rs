//! Service tokens: with what one process of the house proves itself to another.
//!
//! Each lives for a minute at most and is good for one callee only. The key id *is* the caller's name, and the trust
//! file says which public key a name has: nobody can speak in another's name.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use chrono::Utc;
use http::{HeaderMap, HeaderName};
use serde::{Deserialize, Serialize};

use super::jwt::{self, Times};
use super::keys::read;
use super::{PublicKeys, SetupError, SigningKey, TokenError};
use crate::identity::ServiceName;

/// The header that carries a service token. A request from outside with this header is refused at the router.
pub const SERVICE_TOKEN_HEADER: HeaderName = HeaderName::from_static("x-eventhub-service-token");

const KIND: &str = "eventhub-service+jwt";
const LIFETIME: i64 = 60;
/// A token is used again while it has at least this many seconds to live.
const REUSE_MARGIN: i64 = 30;

#[derive(Debug, Serialize, Deserialize)]
struct ServiceClaims {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
}

/// Signs this process's calls to others.
pub struct ServiceSigner {
    key: SigningKey,
    made: Mutex<HashMap<ServiceName, (i64, String)>>,
}

impl ServiceSigner {
    /// Signs in the name that is the key's id.
    #[must_use]
    pub fn new(key: SigningKey) -> Self {
        Self { key, made: Mutex::default() }
    }

    /// Reads the private key (PKCS#8 PEM) of `me` from a file.
    ///
    /// # Errors
    /// When it cannot be read or is not an Ed25519 private key.
    pub fn from_file(path: &Path, me: ServiceName) -> Result<Self, SetupError> {
        Ok(Self::new(SigningKey::from_pem(me.as_str(), &read(path)?)?))
    }

    /// A token for calling `callee`, valid for at least half a minute.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn token_for(&self, callee: ServiceName) -> Result<String, SetupError> {
        let now = Utc::now().timestamp();
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((expires, token)) = made.get(&callee)
            && *expires - now >= REUSE_MARGIN
        {
            return Ok(token.clone());
        }
        let (iss, aud, exp) = (self.key.kid().to_owned(), callee.to_string(), now + LIFETIME);
        let token = jwt::sign(&self.key, KIND, &ServiceClaims { iss, aud, iat: now, exp })?;
        made.insert(callee, (exp, token.clone()));
        Ok(token)
    }
}

impl fmt::Debug for ServiceSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceSigner({})", self.key.kid())
    }
}

/// Verifies the tokens of services that call this process.
#[derive(Debug, Clone)]
pub struct ServiceVerifier {
    keys: PublicKeys,
    me: ServiceName,
}

impl ServiceVerifier {
    /// Accepts tokens for `me` signed with one of `keys`, whose ids are service names.
    #[must_use]
    pub const fn new(keys: PublicKeys, me: ServiceName) -> Self {
        Self { keys, me }
    }

    /// Accepts no token at all: what a process without a trust file does.
    #[must_use]
    pub fn trusting_nobody(me: ServiceName) -> Self {
        Self::new(PublicKeys::default(), me)
    }

    /// Reads the public keys of all services from a JWKS file.
    ///
    /// # Errors
    /// When it cannot be read, is not a JWKS of Ed25519 keys, or a `kid` is not the name of a service.
    pub fn from_file(path: &Path, me: ServiceName) -> Result<Self, SetupError> {
        let keys = PublicKeys::from_file(path)?;
        if let Some(kid) = keys.kids().into_iter().find(|kid| kid.parse::<ServiceName>().is_err()) {
            return Err(SetupError::NotAKeySet(format!("{kid:?} is not the name of a service")));
        }
        Ok(Self::new(keys, me))
    }

    /// Verifies a service token and says who calls.
    ///
    /// # Errors
    /// The first rule that the token breaks.
    pub fn verify(&self, token: &str) -> Result<ServiceName, TokenError> {
        let header = jwt::check_header(token, KIND)?;
        let caller: ServiceName = header.kid.parse().map_err(|_| TokenError::UnknownKey)?;
        let key = self.keys.find(&header.kid).ok_or(TokenError::UnknownKey)?;
        let claims: ServiceClaims = key.claims(token)?;
        if claims.iss != header.kid {
            return Err(TokenError::Issuer);
        }
        if claims.aud != self.me.as_str() {
            return Err(TokenError::Audience);
        }
        if !(0..=LIFETIME).contains(&claims.exp.saturating_sub(claims.iat)) {
            return Err(TokenError::Lifetime);
        }
        Times { issued: claims.iat, not_before: claims.iat, expires: claims.exp }.check()?;
        Ok(caller)
    }

    /// Verifies the service token in `headers`: `None` without one, an error with one that does not hold.
    ///
    /// # Errors
    /// As [`ServiceVerifier::verify`]; also when the header appears twice.
    pub fn authenticate(&self, headers: &HeaderMap) -> Result<Option<ServiceName>, TokenError> {
        let mut values = headers.get_all(SERVICE_TOKEN_HEADER).iter();
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(TokenError::Header);
        }
        let token = value.to_str().map_err(|_| TokenError::Malformed)?;
        self.verify(token).map(Some)
    }
}
