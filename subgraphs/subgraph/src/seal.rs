//! Sealing what must lie in a database and be read by nobody who has only that: AES-256-GCM under a key derived from a secret of the configuration.
//!
//! The id of the row is authenticated with it, so that what is sealed cannot be moved into another row; the purpose is part of the key, so that it
//! cannot be taken for something else. Sources: RFC 5869 (HKDF), NIST SP 800-38D (GCM).

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use service::env::Secret;

/// Seals and opens for one purpose.
pub struct Sealer {
    key: RandomizedNonceKey,
}

impl Sealer {
    /// Derives the key for `purpose` from `secret`; `None` is what the library promises not to happen.
    #[must_use]
    pub fn new(secret: &Secret<String>, purpose: &[u8]) -> Option<Self> {
        let mut bytes = [0_u8; 32];
        let extracted = Salt::new(HKDF_SHA256, b"eventhub").extract(secret.expose().as_bytes());
        extracted.expand(&[purpose], &AES_256_GCM).ok()?.fill(&mut bytes).ok()?;
        Some(Self { key: RandomizedNonceKey::new(&AES_256_GCM, &bytes).ok()? })
    }

    /// Encrypts `open` for the row `id`; `None` when the platform has no randomness.
    #[must_use]
    pub fn seal(&self, id: &[u8], open: &[u8]) -> Option<String> {
        let mut sealed = open.to_vec();
        let nonce = self.key.seal_in_place_append_tag(Aad::from(id), &mut sealed).ok()?;
        let mut bytes = nonce.as_ref().to_vec();
        bytes.append(&mut sealed);
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Decrypts what [`Sealer::seal`] made for the row `id`; `None` when it was sealed with another secret, for another row, or altered.
    #[must_use]
    pub fn open(&self, id: &[u8], sealed: &str) -> Option<Vec<u8>> {
        let mut bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, rest) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        Some(self.key.open_in_place(nonce, Aad::from(id), rest).ok()?.to_vec())
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

    fn sealer(secret: &str, purpose: &str) -> Sealer {
        Sealer::new(&Secret::new(secret.to_owned()), purpose.as_bytes()).unwrap()
    }

    #[test]
    fn only_the_same_secret_purpose_and_row_open_what_is_sealed() {
        let mine = sealer("a secret", "a purpose");
        let sealed = mine.seal(b"row", b"plain").unwrap();
        assert_ne!(mine.seal(b"row", b"plain").unwrap(), sealed, "no nonce twice");
        assert_eq!(mine.open(b"row", &sealed).unwrap(), b"plain");
        assert_eq!(mine.open(b"other row", &sealed), None);
        assert_eq!(sealer("another secret", "a purpose").open(b"row", &sealed), None);
        assert_eq!(sealer("a secret", "another purpose").open(b"row", &sealed), None);
        let another = if sealed.starts_with('A') { "B" } else { "A" };
        for damaged in ["", "AAAA", "not base64!", &format!("{another}{}", &sealed[1..])] {
            assert_eq!(mine.open(b"row", damaged), None, "{damaged}");
        }
    }
}
