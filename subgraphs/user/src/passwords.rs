//! Hashing passwords: argon2id, away from the asynchronous threads, few at a time.
//!
//! A hash takes tens of milliseconds and tens of megabytes on purpose. Unbounded, a crowd that logs in would take all memory, and on the
//! asynchronous threads it would stop everything else. So whoever wants to hash asks to be admitted first, and waits for a bounded time.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use entities::user::account::PasswordHash;
use service::env::Secret;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use crate::error::Error;

/// How long a caller waits to be admitted, unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Cost {
    /// What the OWASP password storage cheat sheet recommends for argon2id with one lane.
    pub const OWASP: Self = Self { memory_kib: 19_456, passes: 2 };
    /// As little as argon2 allows: for tests, where a hash protects nothing.
    pub const TRIFLING: Self = Self { memory_kib: 8, passes: 1 };
}

/// Hashes and verifies passwords.
#[derive(Clone)]
pub struct Hasher {
    argon2: Argon2<'static>,
    permits: Arc<Semaphore>,
    patience: Duration,
    nobodys: Arc<PasswordHash>,
}

impl Hasher {
    /// Hashes at `cost`, `at_once` passwords at the same time. Takes the time of one hash.
    ///
    /// # Errors
    /// [`Error::Internal`] when the cost is out of argon2's range.
    pub fn new(cost: Cost, at_once: usize) -> Result<Self, Error> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, None)
            .map_err(|_| Error::Internal("the cost of argon2 is out of range"))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        // Nobody's password: what is typed for an unknown account is compared with it, and takes as long as any other.
        let nobodys = hash(&argon2, uuid::Uuid::new_v4().as_bytes())?;
        let permits = Arc::new(Semaphore::new(at_once));
        Ok(Self { argon2, permits, patience: PATIENCE, nobodys: Arc::new(nobodys) })
    }

    /// Waits for the right to hash one password.
    ///
    /// # Errors
    /// [`Error::Busy`] after five seconds.
    pub async fn admit(&self) -> Result<Admission, Error> {
        let permit = tokio::time::timeout(self.patience, Arc::clone(&self.permits).acquire_owned());
        match permit.await {
            Ok(Ok(permit)) => Ok(Admission { hasher: self.clone(), permit }),
            Ok(Err(_)) | Err(_) => Err(Error::Busy),
        }
    }
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hasher").field("free", &self.permits.available_permits()).finish_non_exhaustive()
    }
}

/// The right to hash one password.
///
/// The permit goes to the thread that hashes: a caller who leaves does not make room for another while their hash still runs.
#[derive(Debug)]
pub struct Admission {
    hasher: Hasher,
    permit: OwnedSemaphorePermit,
}

impl Admission {
    /// Hashes a new password.
    ///
    /// # Errors
    /// [`Error::Internal`] when the platform has no randomness or the thread died.
    pub async fn hash(self, password: Secret<String>) -> Result<PasswordHash, Error> {
        let Self { hasher, permit } = self;
        let work = move || {
            let hash = hash(&hasher.argon2, password.expose().as_bytes());
            drop(permit);
            hash
        };
        spawn_blocking(work).await.map_err(|_| Error::Internal("the hashing thread died"))?
    }

    /// Whether `password` is the one behind `stored`. Without a stored hash the answer is no, after the same work.
    ///
    /// The right comes back with the answer: who keeps it until a failure has been counted lets nobody guess in between.
    ///
    /// # Errors
    /// [`Error::Internal`] when the stored hash cannot be read or the thread died.
    pub async fn verify(
        self,
        password: Secret<String>,
        stored: Option<PasswordHash>,
    ) -> Result<(bool, Self), Error> {
        let work = move || {
            let known = stored.is_some();
            let hash = stored.unwrap_or_else(|| self.hasher.nobodys.as_ref().clone());
            let matches = verify(&self.hasher.argon2, password.expose().as_bytes(), &hash)?;
            Ok((matches && known, self))
        };
        spawn_blocking(work).await.map_err(|_| Error::Internal("the hashing thread died"))?
    }
}

fn hash(argon2: &Argon2<'_>, password: &[u8]) -> Result<PasswordHash, Error> {
    let hash: phc::PasswordHash =
        argon2.hash_password(password).map_err(|_| Error::Internal("the password cannot be hashed"))?;
    Ok(PasswordHash(hash.to_string()))
}

fn verify(argon2: &Argon2<'_>, password: &[u8], hash: &PasswordHash) -> Result<bool, Error> {
    let hash =
        phc::PasswordHash::new(&hash.0).map_err(|_| Error::Internal("a stored password hash is damaged"))?;
    Ok(argon2.verify_password(password, &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[tokio::test]
    async fn only_the_right_password_matches() {
        let hasher = Hasher::new(Cost::TRIFLING, 1).unwrap();
        let stored = hasher.admit().await.unwrap().hash(password("correct horse")).await.unwrap();
        assert!(stored.0.starts_with("$argon2id$v=19$"), "{}", stored.0);
        let verify = async |text| {
            hasher.admit().await.unwrap().verify(password(text), Some(stored.clone())).await.unwrap().0
        };
        assert!(verify("correct horse").await);
        assert!(!verify("Correct horse").await);
        assert!(!verify("").await);
    }

    #[tokio::test]
    async fn the_cost_is_that_of_owasp_unless_told_otherwise() {
        let hasher = Hasher::new(Cost::OWASP, 1).unwrap();
        assert!(hasher.nobodys.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hasher.nobodys.0);
    }

    #[tokio::test]
    async fn nobody_has_a_password() {
        let hasher = Hasher::new(Cost::TRIFLING, 1).unwrap();
        assert!(!hasher.admit().await.unwrap().verify(password("x"), None).await.unwrap().0);
    }

    #[tokio::test]
    async fn hashing_is_bounded_in_number() {
        let hasher =
            Hasher { patience: Duration::from_millis(20), ..Hasher::new(Cost::TRIFLING, 2).unwrap() };
        let (first, _second) = (hasher.admit().await.unwrap(), hasher.admit().await.unwrap());
        assert!(matches!(hasher.admit().await, Err(Error::Busy)));
        drop(first);
        assert!(hasher.admit().await.is_ok());
    }
}
