//! A public key, and the tokens that it is known to have signed.
//!
//! Checking an Ed25519 signature costs more than the rest of a small request, and the same token comes with every request of a caller.
//! Whether a key has signed some bytes never changes, so it is checked once. What *does* change, whether the key is still one of ours and
//! whether the token is still good, is judged each time: the memory is the key's, and goes when the key does.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use moka::sync::Cache;
use serde::de::DeserializeOwned;

use super::TokenError;

/// How many tokens a key remembers. One that is forgotten is checked again.
const REMEMBERED: u64 = 10_000;

/// Of the whole token, signature and all: a token in memory could be stolen from there.
type Fingerprint = [u8; SHA256_OUTPUT_LEN];

/// An Ed25519 public key. Cloning shares its memory.
#[derive(Clone)]
pub(super) struct PublicKey {
    decoding: Arc<DecodingKey>,
    signed: Cache<Fingerprint, ()>,
}

impl PublicKey {
    /// The key with these 32 bytes (RFC 8032 §5.1.5).
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        Self { decoding: Arc::new(DecodingKey::from_ed_der(bytes)), signed: Cache::new(REMEMBERED) }
    }

    /// Checks the signature and hands out the claims; their meaning is for the caller to judge.
    pub(super) fn claims<C: DeserializeOwned>(&self, token: &str) -> Result<C, TokenError> {
        let fingerprint = fingerprint(token);
        if self.signed.contains_key(&fingerprint) {
            return read_claims(token);
        }
        let claims = self.check(token)?;
        self.signed.insert(fingerprint, ());
        Ok(claims)
    }

    fn check<C: DeserializeOwned>(&self, token: &str) -> Result<C, TokenError> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        // Times, issuer and audience are judged by `Times` and the two verifiers, with typed claims.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        match jsonwebtoken::decode::<C>(token, &self.decoding, &validation) {
            Ok(data) => Ok(data.claims),
            Err(error) => Err(match error.kind() {
                ErrorKind::InvalidSignature => TokenError::Signature,
                ErrorKind::InvalidAlgorithm => TokenError::Algorithm,
                _ => TokenError::Malformed,
            }),
        }
    }
}

fn fingerprint(token: &str) -> Fingerprint {
    let mut fingerprint = Fingerprint::default();
    fingerprint.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    fingerprint
}

/// The claims of a token whose signature is known to hold.
fn read_claims<C: DeserializeOwned>(token: &str) -> Result<C, TokenError> {
    let claims = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    claims.and_then(|claims| serde_json::from_slice(&claims).ok()).ok_or(TokenError::Malformed)
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use serde_json::{Value, json};

    use super::*;
    use crate::tokens::{PublicKeys, SigningKey, jwt};

    fn signed(key: &SigningKey) -> String {
        jwt::sign(key, "JWT", &json!({ "sub": "budi", "iat": Utc::now().timestamp() })).unwrap()
    }

    #[test]
    fn what_is_remembered_says_the_same_and_nothing_else_is_let_through() {
        let key = SigningKey::generate("k").unwrap();
        let public = PublicKeys::of([&key]).unwrap().find("k").unwrap();
        let token = signed(&key);
        let first: Value = public.claims(&token).unwrap();
        assert!(public.signed.contains_key(&fingerprint(&token)));
        assert_eq!(public.claims::<Value>(&token), Ok(first));
        let (message, signature) = token.rsplit_once('.').unwrap();
        let (header, _) = message.split_once('.').unwrap();
        let payload = URL_SAFE_NO_PAD.encode(json!({ "sub": "siti" }).to_string());
        for forged in [format!("{header}.{payload}.{signature}"), format!("{message}.{}", &signature[1..])] {
            assert!(public.claims::<Value>(&forged).is_err());
            assert!(!public.signed.contains_key(&fingerprint(&forged)));
        }
        let other = SigningKey::generate("k").unwrap();
        assert_eq!(public.claims::<Value>(&signed(&other)), Err(TokenError::Signature));
    }

    #[test]
    fn a_key_that_takes_anothers_place_and_name_remembers_nothing_of_it() {
        let [old, new] = [SigningKey::generate("k").unwrap(), SigningKey::generate("k").unwrap()];
        let keys = PublicKeys::of([&old]).unwrap();
        let token = signed(&old);
        keys.find("k").unwrap().claims::<Value>(&token).unwrap();
        keys.replace(&PublicKeys::of([&new]).unwrap());
        assert_eq!(keys.find("k").unwrap().claims::<Value>(&token), Err(TokenError::Signature));
    }
}
