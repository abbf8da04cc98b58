//! Sealing private keys before they go into the database, under a key derived from `EVENTHUB_KEY_SECRET`: see [`subgraph::seal`].

use entities::ids::SigningKeyId;
use entities::user::signing_key::SealedKey;
use service::env::Secret;
use service::tokens::SigningKey;

use crate::error::Error;

const PURPOSE: &[u8] = b"eventhub user signing keys, version 1";

/// Seals and opens private keys.
#[derive(Debug)]
pub struct Sealer(subgraph::seal::Sealer);

impl Sealer {
    /// Derives the key from `secret`.
    ///
    /// # Errors
    /// [`Error::Internal`], which the library promises not to happen.
    pub fn new(secret: &Secret<String>) -> Result<Self, Error> {
        let sealer = subgraph::seal::Sealer::new(secret, PURPOSE);
        sealer.map(Self).ok_or(Error::Internal("the sealing key cannot be derived"))
    }

    /// Encrypts the private half of `key` for the row `id`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the platform has no randomness.
    pub fn seal(&self, id: SigningKeyId, key: &SigningKey) -> Result<SealedKey, Error> {
        let sealed = self.0.seal(id.as_uuid().as_bytes(), key.pkcs8().expose());
        sealed.map(SealedKey).ok_or(Error::Internal("a signing key cannot be sealed"))
    }

    /// Decrypts what [`Sealer::seal`] made for the row `id`.
    ///
    /// # Errors
    /// [`Error::WrongKeySecret`] when it was sealed with another secret, or for another row, or altered.
    pub fn open(&self, id: SigningKeyId, sealed: &SealedKey) -> Result<SigningKey, Error> {
        let opened = self.0.open(id.as_uuid().as_bytes(), &sealed.0).ok_or(Error::WrongKeySecret)?;
        Ok(SigningKey::from_pkcs8(id.to_string(), &opened)?)
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
        let another = if sealed.0.starts_with('A') { "B" } else { "A" };
        for damaged in ["", "AAAA", "not base64!", &format!("{another}{}", &sealed.0[1..])] {
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
