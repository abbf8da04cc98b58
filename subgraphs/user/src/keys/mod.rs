//! The keys that sign access tokens: kept in the database, sealed, and rotated.
//!
//! Every replica reads the same rows and decides by the clock alone which key signs, so they need no talk with each other; the unique
//! generation lets only one of them make a successor.

mod seal;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use entities::ids::SigningKeyId;
use entities::user::signing_key;
use serde_json::Value;
use service::tokens::{PublicKeys, SigningKey};
use tokio_util::sync::CancellationToken;

pub use seal::Sealer;

use crate::domain::rotation::{self, Schedule};
use crate::error::Error;
use crate::store::Store;
use subgraph::clock::Clock;

/// How often the rows are read again and the schedule looked at.
const TICK: Duration = Duration::from_secs(60);

/// The signing keys as they are now.
#[derive(Debug)]
pub struct KeyRing {
    store: Store,
    sealer: Sealer,
    schedule: Schedule,
    clock: Clock,
    keys: RwLock<Vec<Key>>,
    public: PublicKeys,
}

#[derive(Clone, Debug)]
struct Key {
    signing: Arc<SigningKey>,
    activates_at: DateTime<Utc>,
}

impl KeyRing {
    /// Reads the keys of the database, and makes the first one when there is none.
    ///
    /// # Errors
    /// [`Error::WrongKeySecret`] when `sealer` does not open them; [`Error::Database`].
    pub async fn open(
        store: Store,
        sealer: Sealer,
        schedule: Schedule,
        clock: Clock,
    ) -> Result<Arc<Self>, Error> {
        let (keys, public) = (RwLock::default(), PublicKeys::default());
        let ring = Self { store, sealer, schedule, clock, keys, public };
        ring.tick().await?;
        Ok(Arc::new(ring))
    }

    /// The key that signs now.
    ///
    /// # Errors
    /// [`Error::Internal`] when no key is active, which [`KeyRing::open`] has excluded.
    pub fn signer(&self) -> Result<Arc<SigningKey>, Error> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let activations: Vec<_> = keys.iter().map(|key| key.activates_at).collect();
        let signer = rotation::signer(&activations, self.clock.now()).and_then(|position| keys.get(position));
        signer.map(|key| Arc::clone(&key.signing)).ok_or(Error::Internal("no signing key is active"))
    }

    /// The published half of every key: the next one, the one that signs, and those whose tokens may still be around.
    #[must_use]
    pub fn jwks(&self) -> Value {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        service::tokens::jwks(keys.iter().map(|key| key.signing.as_ref()))
    }

    /// The same keys for a verifier in this process; they change as the ring does.
    #[must_use]
    pub fn public(&self) -> PublicKeys {
        self.public.clone()
    }

    /// Makes the key that is due, forgets those that are over, and reads what other replicas did.
    ///
    /// # Errors
    /// [`Error::WrongKeySecret`], [`Error::Database`]; the keys known so far stay in use.
    pub async fn tick(&self) -> Result<(), Error> {
        let now = self.clock.now();
        let mut rows = self.store.signing_keys().await?;
        if let Some((generation, activates_at)) = self.due(&rows, now) {
            self.make(generation, activates_at, now).await?;
            rows = self.store.signing_keys().await?;
        }
        let over =
            rows.windows(2).filter(|pair| self.schedule.is_over(Some(pair[1].activates_at), now)).count();
        for row in rows.drain(..over) {
            self.store.delete_signing_key(row.id).await?;
            tracing::info!(kid = %row.id, "a signing key is over and was deleted");
        }
        self.load(&rows)
    }

    /// Ticks every minute until `stop`. A tick that fails is logged and tried again: the keys at hand go on working.
    pub async fn run(&self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(TICK)).await.is_some() {
            if let Err(error) = self.tick().await {
                tracing::error!(%error, "the signing keys could not be looked after");
            }
        }
    }

    /// The generation and the activation of the key that must be made now.
    fn due(&self, rows: &[signing_key::Model], now: DateTime<Utc>) -> Option<(i32, DateTime<Utc>)> {
        match rows.last() {
            None => Some((1, now)),
            Some(newest) => {
                let activates_at = self.schedule.successor(newest.activates_at, now)?;
                Some((newest.generation + 1, activates_at))
            }
        }
    }

    async fn make(
        &self,
        generation: i32,
        activates_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let id = SigningKeyId::new();
        let key = SigningKey::generate(id.to_string())?;
        let row = signing_key::Model {
            id,
            generation,
            sealed_private_key: self.sealer.seal(id, &key)?,
            created_at: now,
            activates_at,
        };
        if self.store.insert_signing_key(row).await? {
            tracing::info!(kid = %id, generation, %activates_at, "a signing key was made and is published");
        }
        Ok(())
    }

    fn load(&self, rows: &[signing_key::Model]) -> Result<(), Error> {
        let open = |row: &signing_key::Model| {
            let signing = Arc::new(self.sealer.open(row.id, &row.sealed_private_key)?);
            Ok(Key { signing, activates_at: row.activates_at })
        };
        let keys = rows.iter().map(open).collect::<Result<Vec<_>, Error>>()?;
        self.public.replace(&PublicKeys::of(keys.iter().map(|key| key.signing.as_ref()))?);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }
}
