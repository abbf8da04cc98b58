//! The key that signs ticket codes, and the published keys that verify them.
//!
//! The private half is kept nowhere: it is derived (RFC 5869) from the service's own key, which all replicas share and nobody
//! has to configure twice, and it is another key than that one, so that no code can be taken for a token. Whoever replaces
//! the service's key replaces this one too; the public halves of all keys stay in the database, so that printed codes go on
//! being valid.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::encoding::{AsBigEndian, Curve25519SeedBin};
use aws_lc_rs::hkdf::{self, HKDF_SHA256, Salt};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::DbErr;
use serde_json::{Value, json};
use service::tokens::{SetupError, SigningKey};
use sha2::{Digest, Sha256};

use crate::domain::code;
use crate::domain::signed::{self, Claim, SignedCode};
use crate::store::{self, Store};

const PURPOSE: &[u8] = b"eventhub ticket codes, version 1";

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is no key to derive it from.
    #[error(
        "EVENTHUB_SERVICE_KEY_FILE is missing: ticket codes are signed with a key that is derived from it"
    )]
    NoServiceKey,
    /// The file cannot be read.
    #[error("the key file cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// The file holds something else.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// What the cryptography library promises not to happen.
    #[error("the key for ticket codes cannot be derived")]
    Underivable,
    /// The public half cannot be kept.
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// What a text is that somebody gave as a ticket's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A code whose signature holds.
    Signed(Claim),
    /// A random code, as they were before they were signed: the rows know whether it is one.
    Random(String),
    /// In the form of a signed code, but no key of ours has signed it.
    Forged,
    /// Nothing that was ever a code.
    Nonsense,
}

/// Signs and verifies ticket codes.
pub struct CodeKeys {
    store: Store,
    pair: Ed25519KeyPair,
    kid: String,
    known: RwLock<HashMap<String, Vec<u8>>>,
}

impl CodeKeys {
    /// Derives the key from the service's key in `file`, and publishes its public half.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn open(store: Store, file: Option<&Path>) -> Result<Arc<Self>, KeyError> {
        let pem = std::fs::read_to_string(file.ok_or(KeyError::NoServiceKey)?)?;
        let pair = derive(&SigningKey::from_pem("service", &pem)?)?;
        let public = pair.public_key().as_ref();
        let kid = Sha256::digest(public)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let keys = Self { store, pair, kid, known: RwLock::default() };
        keys.publish().await?;
        Ok(Arc::new(keys))
    }

    async fn publish(&self) -> Result<(), DbErr> {
        let database = self.store.database();
        let public = URL_SAFE_NO_PAD.encode(self.pair.public_key());
        let now = database.now(database.read()).await?;
        if store::code_keys::insert(database.write(), &self.kid, public, now).await? {
            tracing::info!(kid = self.kid, "a key for ticket codes is published");
        }
        Ok(())
    }

    /// The code of a ticket.
    #[must_use]
    pub fn sign(&self, claim: &Claim) -> String {
        let message = claim.message(&self.kid);
        let signature = self.pair.sign(message.as_bytes());
        signed::spell(&message, signature.as_ref())
    }

    /// Reads what somebody gave as a code.
    ///
    /// # Errors
    /// When the database has to be asked for a key and does not answer.
    pub async fn read(&self, text: &str) -> Result<Reading, DbErr> {
        let text = text.trim();
        if code::is_code(text) {
            return Ok(Reading::Random(text.to_owned()));
        }
        let Some(code) = SignedCode::parse(text) else { return Ok(Reading::Nonsense) };
        let Some(public) = self.public(code.kid).await? else { return Ok(Reading::Forged) };
        let verdict =
            UnparsedPublicKey::new(&ED25519, public).verify(code.message.as_bytes(), &code.signature);
        Ok(verdict.map_or(Reading::Forged, |()| Reading::Signed(code.claim)))
    }

    /// The public key of that id. A replica that started later may have brought one that this process does not know yet.
    async fn public(&self, kid: &str) -> Result<Option<Vec<u8>>, DbErr> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(kid).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let row = store::code_keys::find(self.store.read(), kid).await?;
        let Some(bytes) = row.and_then(|row| URL_SAFE_NO_PAD.decode(row.public_key).ok()) else {
            return Ok(None);
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(kid.to_owned(), bytes.clone());
        Ok(Some(bytes))
    }

    /// All public keys as a JWKS (RFC 7517, RFC 8037).
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn jwks(&self) -> Result<Value, DbErr> {
        let rows = store::code_keys::all(self.store.read()).await?;
        let keys = rows.into_iter().map(|row| {
            json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": row.id, "x": row.public_key })
        });
        Ok(json!({ "keys": keys.collect::<Vec<_>>() }))
    }
}

fn derive(service: &SigningKey) -> Result<Ed25519KeyPair, KeyError> {
    let broken = |_| KeyError::Underivable;
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(service.pkcs8().expose());
    let secret = pair.map_err(|_| KeyError::Underivable)?.seed().map_err(broken)?;
    let secret: Curve25519SeedBin<'_> = secret.as_be_bytes().map_err(broken)?;
    let mut seed = [0_u8; 32];
    let extracted = Salt::new(HKDF_SHA256, b"eventhub").extract(secret.as_ref());
    let expanded = extracted.expand(&[PURPOSE], hkdf::HKDF_SHA256).map_err(broken)?;
    expanded.fill(&mut seed).map_err(broken)?;
    Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| KeyError::Underivable)
}

impl fmt::Debug for CodeKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodeKeys({})", self.kid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_service_key_gives_one_other_key() {
        let service = SigningKey::generate("ticket").unwrap();
        let public = |pair: Ed25519KeyPair| URL_SAFE_NO_PAD.encode(pair.public_key());
        let first = public(derive(&service).unwrap());
        assert_eq!(first, public(derive(&service).unwrap()));
        assert_ne!(first, public(derive(&SigningKey::generate("ticket").unwrap()).unwrap()));
        assert_ne!(json!(first), service.public_jwk()["x"], "a code must not be taken for a token");
    }
}
