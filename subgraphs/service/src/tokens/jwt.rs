//! The part of verification that user and service tokens share: shape, header, time.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use jsonwebtoken::{Algorithm, Header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{LEEWAY, LONGEST_TOKEN, SigningKey, TokenError};

/// Header parameters that let a token bring its own key or change how it is read.
const FOREIGN: [&str; 9] = ["jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64", "zip"];

/// What is needed from a header that has been looked at and found harmless.
pub(super) struct CheckedHeader {
    pub(super) kid: String,
}

#[derive(Deserialize)]
struct HeaderParts {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Looks at a token's length, shape and header, before any key is touched.
pub(super) fn check_header(token: &str, kind: &str) -> Result<CheckedHeader, TokenError> {
    if token.len() > LONGEST_TOKEN {
        return Err(TokenError::TooLong);
    }
    let mut parts = token.split('.');
    let (Some(header), Some(_), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(TokenError::Malformed);
    };
    let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| TokenError::Malformed)?;
    let header: HeaderParts = serde_json::from_slice(&header).map_err(|_| TokenError::Malformed)?;
    if header.alg != "EdDSA" {
        return Err(TokenError::Algorithm);
    }
    if let Some(name) = FOREIGN.into_iter().find(|name| header.rest.contains_key(*name)) {
        return Err(TokenError::ForeignHeader(name));
    }
    if header.typ.as_deref() != Some(kind) {
        return Err(TokenError::Kind);
    }
    let kid = header.kid.filter(|kid| !kid.is_empty()).ok_or(TokenError::Malformed)?;
    Ok(CheckedHeader { kid })
}

/// The times of a token, in seconds since 1970.
pub(super) struct Times {
    pub(super) issued: i64,
    pub(super) not_before: i64,
    pub(super) expires: i64,
}

impl Times {
    /// Whether now lies between them.
    pub(super) fn check(&self) -> Result<(), TokenError> {
        let now = Utc::now().timestamp();
        if self.expires.saturating_add(LEEWAY) <= now {
            return Err(TokenError::Expired);
        }
        if self.not_before.max(self.issued) > now.saturating_add(LEEWAY) {
            return Err(TokenError::NotYet);
        }
        Ok(())
    }
}

/// Signs `claims`.
pub(super) fn sign<C: Serialize>(
    key: &SigningKey,
    kind: &str,
    claims: &C,
) -> Result<String, super::SetupError> {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(kind.to_owned());
    header.kid = Some(key.kid().to_owned());
    jsonwebtoken::encode(&header, claims, key.encoding()).map_err(|_| super::SetupError::NotAPrivateKey)
}
