//! Everything that the service can do, put together on one database.

use std::sync::Arc;
use std::time::Duration;

use service::config::Common;
use service::identity::Actor;
use service::tokens::{TokenError, UserVerifier};
use subgraph::clock::Clock;
use subgraph::database::Database;
use tokio_util::sync::CancellationToken;

use crate::accounts::Accounts;
use crate::config::Config;
use crate::error::Error;
use crate::keys::{KeyRing, Sealer};
use crate::obligations::Obligations;
use crate::passwords::Hasher;
use crate::sessions::Sessions;
use crate::store::Store;
use crate::throttle::Throttle;
use crate::tokens::{AccessTokens, Terms};

/// How often rows that nobody needs any more are deleted.
const HOUSEKEEPING: Duration = Duration::from_secs(3600);

/// Everything a request may need.
pub struct UseCases {
    /// What can be done with accounts.
    pub accounts: Accounts,
    /// Logging in and out.
    pub sessions: Sessions,
    /// The signing keys.
    pub ring: Arc<KeyRing>,
    verifier: UserVerifier,
}

impl UseCases {
    /// Puts the service together on a migrated `database`, and sees to it that there is a signing key and the configured administrator.
    ///
    /// # Errors
    /// [`Error::WrongKeySecret`] when the database was used with another secret; [`Error::Database`].
    pub async fn start(
        common: &Common,
        config: &Config,
        (database, obligations): (Database, Obligations),
        clock: Clock,
    ) -> Result<Self, Error> {
        let store = Store::new(database);
        let sealer = Sealer::new(&config.key_secret)?;
        let ring = KeyRing::open(store.clone(), sealer, config.key_schedule, clock.clone()).await?;
        let throttle = Throttle::new(store.clone(), config.throttle, clock.clone());
        let hasher = Hasher::new(config.hash_cost, config.hashes_at_once)?;
        let accounts = Accounts { store: store.clone(), hasher, throttle, obligations, clock: clock.clone() };
        if let Some(administrator) = config.administrator.clone() {
            accounts.ensure_administrator(&administrator.email, administrator.password).await?;
        }
        let terms = Terms {
            issuer: common.token_issuer.clone(),
            audience: common.token_audience.clone(),
            lifetime: config.access_token_ttl,
        };
        let verifier = UserVerifier::new(ring.public(), &terms.issuer, &terms.audience);
        let access = AccessTokens::new(Arc::clone(&ring), terms, clock);
        let sessions = Sessions::new(accounts.clone(), access, config.session_ttl);
        Ok(Self { accounts, sessions, ring, verifier })
    }

    /// The verifier of user tokens, with the keys of this process: the user service never asks itself over HTTP.
    #[must_use]
    pub fn verifier(&self) -> UserVerifier {
        self.verifier.clone()
    }

    /// On whose behalf something is done that brings a token as an argument: the token's, when there is one.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when the token does not hold; why is for the log only.
    pub async fn speaking(&self, header: Actor, token: Option<String>) -> Result<Actor, Error> {
        let Some(token) = token else { return Ok(header) };
        let claims = self.verifier.verify(&token).await.map_err(refused)?;
        Ok(Actor::User(claims.user()))
    }

    /// Looks after keys, sessions and counts until `stop`.
    pub async fn look_after(&self, stop: CancellationToken) {
        tokio::join!(self.ring.run(stop.clone()), self.keep_house(stop));
    }

    async fn keep_house(&self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(HOUSEKEEPING)).await.is_some() {
            if let Err(error) = self.forget().await {
                tracing::warn!(%error, "old sessions and counts could not be deleted");
            }
        }
    }

    /// Deletes the sessions that ran out and the counts that no policy looks at.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn forget(&self) -> Result<(), Error> {
        let now = self.accounts.clock.now();
        let sessions = self.accounts.store.forget_sessions(now).await?;
        let counts = self.accounts.throttle.forget(now).await?;
        tracing::debug!(sessions, counts, "old rows were deleted");
        Ok(())
    }
}

impl std::fmt::Debug for UseCases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UseCases").field("ring", &self.ring).finish_non_exhaustive()
    }
}

fn refused(error: TokenError) -> Error {
    tracing::debug!(%error, "a token was refused");
    Error::Unauthenticated
}
