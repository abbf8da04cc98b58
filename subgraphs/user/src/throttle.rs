//! Counting failures against accounts and addresses, and locking them out.
//!
//! What is counted lies in the database: a restart forgives nothing, and replicas count together. Unknown accounts are counted as known ones,
//! so a lock tells nobody whether an account exists. Subjects are hashed, so the table does not list who tried.

use std::net::{IpAddr, Ipv6Addr};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::domain::email::Email;
use crate::domain::lockout::{Failures, Policy};
use crate::error::Error;
use crate::store::Store;
use subgraph::clock::Clock;

/// How often a count is tried again when others change it at the same moment.
const TRIES: usize = 8;

/// What is forgiven an account, and what an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policies {
    /// Failures to log in to one account, wherever they come from.
    pub account: Policy,
    /// Failures from one address, at whatever account.
    pub address: Policy,
}

/// Somebody or something that failures are counted against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    key: String,
    policy: Policy,
}

/// Counts failures.
#[derive(Clone, Debug)]
pub struct Throttle {
    store: Store,
    policies: Policies,
    clock: Clock,
}

impl Throttle {
    /// Counts in `store` by `policies`.
    #[must_use]
    pub const fn new(store: Store, policies: Policies, clock: Clock) -> Self {
        Self { store, policies, clock }
    }

    /// The account with this address, whether there is one or not.
    #[must_use]
    pub fn account(&self, email: &Email) -> Subject {
        Subject { key: subject("account", email.key()), policy: self.policies.account }
    }

    /// The network that a request came from. One customer of a provider has a whole /64 of IPv6, so that is what counts.
    #[must_use]
    pub fn address(&self, address: IpAddr) -> Subject {
        Subject { key: subject("address", &network(address).to_string()), policy: self.policies.address }
    }

    /// Refuses when one of `subjects` is locked out; one statement.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`] with the longest wait, [`Error::Database`].
    pub async fn check(&self, subjects: &[Subject]) -> Result<(), Error> {
        let keys: Vec<_> = subjects.iter().map(|subject| subject.key.clone()).collect();
        let now = self.clock.now();
        let waits = self.store.failures(&keys).await?.into_iter().filter_map(|failures| failures.wait(now));
        match waits.max() {
            Some(retry_after) => Err(Error::TooManyAttempts { retry_after }),
            None => Ok(()),
        }
    }

    /// Counts one failure against each of `subjects`.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn failed(&self, subjects: &[Subject]) -> Result<(), Error> {
        for subject in subjects {
            self.count(subject).await?;
        }
        Ok(())
    }

    /// Forgives everything counted against `subject`.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn succeeded(&self, subject: &Subject) -> Result<(), Error> {
        self.store.forgive(&subject.key).await
    }

    /// Deletes counts that no policy looks at any more.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn forget(&self, now: DateTime<Utc>) -> Result<u64, Error> {
        let Policies { account, address } = self.policies;
        let oldest = (account.window + account.longest_lock).max(address.window + address.longest_lock);
        self.store.forget_failures(now - oldest).await
    }

    async fn count(&self, subject: &Subject) -> Result<(), Error> {
        for _ in 0..TRIES {
            let previous = self.store.latest_failures(&subject.key).await?;
            let next = Failures::after_failure(previous, self.clock.now(), &subject.policy);
            if self.store.replace_failures(&subject.key, previous, next).await? {
                return Ok(());
            }
        }
        // So many at once are counted by each other; one more or less does not matter.
        Ok(())
    }
}

fn subject(kind: &str, name: &str) -> String {
    let digest = Sha256::digest(name.as_bytes());
    digest.iter().fold(format!("{kind}:"), |text, byte| text + &format!("{byte:02x}"))
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let net = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(net("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(net("203.0.113.7"), "203.0.113.7");
        assert_eq!(net("::ffff:203.0.113.7"), "203.0.113.7");
    }

    #[test]
    fn a_subject_names_nobody_and_fits_its_column() {
        let key = subject("account", "budi@example.com");
        assert!(!key.contains("budi") && key.len() == 72, "{key}");
    }
}
