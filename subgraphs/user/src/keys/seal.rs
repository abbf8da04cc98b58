//! Sealing private keys before they go into the database: AES-256-GCM under a key derived from `EVENTHUB_KEY_SECRET`.
//!
//! The key's id is authenticated with it, so a sealed key cannot be moved into another row. Sources: RFC 5869 (HKDF), NIST SP 800-38D (GCM).

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entities::ids::SigningKeyId;
use entities::user::signing_key::SealedKey;
use service::env::Secret;
use service::tokens::SigningKey;

use crate::error::Error;

const PURPOSE: &[u8] = b"eventhub user signing keys, version 1";

/// Seals and opens private keys.
pub struct Sealer {
    key: RandomizedNonceKey,
}

impl Sealer {
    /// Derives the key from `secret`.
    ///
    /// # Errors
    /// [`Error::Internal`], which the library promises not to happen.
    pub fn new(secret: &Secret<String>) -> Result<Self, Error> {
        let broken = |_| Error::Internal("the sealing key cannot be derived");
        let mut bytes = [0_u8; 32];
        let extracted = Salt::new(HKDF_SHA256, b"eventhub").extract(secret.expose().as_bytes());
        let purpose = [PURPOSE];
        let expanded = extracted.expand(&purpose, &AES_256_GCM).map_err(broken)?;
        expanded.fill(&mut bytes).map_err(broken)?;
        Ok(Self { key: RandomizedNonceKey::new(&AES_256_GCM, &bytes).map_err(broken)? })
    }

    /// Encrypts the private half of `key` for the row `id`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the platform has no randomness.
    pub fn seal(&self, id: SigningKeyId, key: &SigningKey) -> Result<SealedKey, Error> {
        let mut sealed = key.pkcs8().expose().clone();
        let aad = Aad::from(*id.as_uuid().as_bytes());
        let nonce = self
            .key
            .seal_in_place_append_tag(aad, &mut sealed)
            .map_err(|_| Error::Internal("a signing key cannot be sealed"))?;
        let mut bytes = nonce.as_ref().to_vec();
        bytes.append(&mut sealed);
        Ok(SealedKey(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Decrypts what [`Sealer::seal`] made for the row `id`.
    ///
    /// # Errors
    /// [`Error::WrongKeySecret`] when it was sealed with another secret, or for another row, or altered.
    pub fn open(&self, id: SigningKeyId, sealed: &SealedKey) -> Result<SigningKey, Error> {
        let mut bytes = URL_SAFE_NO_PAD.decode(&sealed.0).map_err(|_| Error::WrongKeySecret)?;
        let (nonce, rest) = bytes.split_at_mut_checked(NONCE_LEN).ok_or(Error::WrongKeySecret)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Error::WrongKeySecret)?;
        let aad = Aad::from(*id.as_uuid().as_bytes());
        let opened = self.key.open_in_place(nonce, aad, rest).map_err(|_| Error::WrongKeySecret)?;
        Ok(SigningKey::from_pkcs8(id.to_string(), opened)?)
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(secret: &str) -> Sealer {
        Sealer::new(&Secret::new(secret.to_owned())).unwrap()
    }

    #[test]
    fn only_the_same_secret_and_row_open_a_key() {
        let (id, mine) = (SigningKeyId::new(), sealer("one secret of more than 32 bytes!!"));
        let key = SigningKey::generate(id.to_string()).unwrap();
        let sealed = mine.seal(id, &key).unwrap();
        assert_eq!(mine.open(id, &sealed).unwrap().public_jwk(), key.public_jwk());
        assert!(matches!(mine.open(SigningKeyId::new(), &sealed), Err(Error::WrongKeySecret)));
        let other = sealer("another secret of more than 32 bytes");
        assert!(matches!(other.open(id, &sealed), Err(Error::WrongKeySecret)));
        for damaged in ["", "AAAA", "not base64!", &format!("{}A", &sealed.0[..sealed.0.len() - 1])] {
            assert!(mine.open(id, &SealedKey(damaged.to_owned())).is_err(), "{damaged}");
        }
    }

    #[test]
    fn sealing_twice_gives_two_texts() {
        let (id, sealer) = (SigningKeyId::new(), sealer("one secret of more than 32 bytes!!"));
        let key = SigningKey::generate(id.to_string()).unwrap();
        assert_ne!(sealer.seal(id, &key).unwrap(), sealer.seal(id, &key).unwrap());
    }
}
