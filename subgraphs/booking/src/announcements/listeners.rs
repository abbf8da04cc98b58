//! What administrators do with those who listen: register, remove, look at what did not arrive, have it tried again.

use std::sync::Arc;

use entities::audit::Action;
use entities::booking::status::{AnnouncementKind, DeliveryState};
use entities::booking::webhook_deliveries::Model as Delivery;
use entities::booking::webhook_listeners::{Kinds, Model, SealedSecret};
use entities::idempotency::IdempotencyKey;
use entities::ids::{ListenerId, UserId};
use subgraph::audit::{self, Entry};
use subgraph::database::Transaction;
use subgraph::page::Page;
use subgraph::seal::Sealer;

use super::address::Reach;
use super::signature::SigningSecret;
use crate::error::BookingError;
use crate::store::Store;
use crate::store::announcements::{self, Filter, Key};

/// The most that listen at a time: each announcement is written once for each.
const MOST: u64 = 20;

/// Who is to listen.
#[derive(Clone, Debug)]
pub struct Registration<'a> {
    /// Where.
    pub url: &'a str,
    /// For what.
    pub kinds: &'a [AnnouncementKind],
    /// Who wants it.
    pub by: UserId,
    /// Their name for this request.
    pub key: Option<IdempotencyKey>,
}

/// The use-cases.
#[derive(Clone, Debug)]
pub struct Listeners {
    store: Store,
    sealer: Option<Arc<Sealer>>,
    reach: Reach,
}

impl Listeners {
    /// Those in `store`. Without a sealer nobody can be registered: a secret is never kept open.
    #[must_use]
    pub const fn new(store: Store, sealer: Option<Arc<Sealer>>, reach: Reach) -> Self {
        Self { store, sealer, reach }
    }

    /// Registers an address for some kinds; answers with the secret too, which nobody is shown again.
    ///
    /// # Errors
    /// [`BookingError::WebhooksOff`], [`BookingError::WebhookAddress`], [`BookingError::NoWebhookKinds`], [`BookingError::TooManyWebhooks`];
    /// [`BookingError::SecretShown`] when this was registered under its key before, [`BookingError::KeyReused`] when something else was.
    pub async fn register(&self, new: Registration<'_>) -> Result<(Model, SigningSecret), BookingError> {
        let sealer = self.sealer.as_deref().ok_or(BookingError::WebhooksOff)?;
        let (url, kinds) = (String::from(self.reach.url(new.url)?), Kinds::of(new.kinds));
        if new.kinds.is_empty() {
            return Err(BookingError::NoWebhookKinds);
        }
        let (row, secret) = &self.new_row(sealer, (url, kinds), &new)?;
        // Who comes second finds the first one's row at the second try.
        for _ in 0..2 {
            self.refuse_repeated(row, new.key.as_ref()).await?;
            match self.store.transaction(|tx| async move { insert(&tx, row).await }).await {
                Err(BookingError::Stale) => {}
                written => return written.map(|()| (row.clone(), secret.clone())),
            }
        }
        Err(BookingError::Stale)
    }

    /// What was registered before is not registered again, and its secret not shown again.
    async fn refuse_repeated(&self, row: &Model, key: Option<&IdempotencyKey>) -> Result<(), BookingError> {
        let Some(key) = key else { return Ok(()) };
        match announcements::listener_by_key(self.store.read(), row.created_by, key).await? {
            None => Ok(()),
            Some(earlier) if (&earlier.url, &earlier.kinds) == (&row.url, &row.kinds) => {
                Err(BookingError::SecretShown { webhook: earlier.id })
            }
            Some(_) => Err(BookingError::KeyReused),
        }
    }

    fn new_row(
        &self,
        sealer: &Sealer,
        (url, kinds): (String, Kinds),
        new: &Registration<'_>,
    ) -> Result<(Model, SigningSecret), BookingError> {
        let (id, secret) = (ListenerId::new(), SigningSecret::generate());
        let secret = secret.ok_or(BookingError::NoRandomness)?;
        let sealed = sealer.seal(id.as_uuid().as_bytes(), secret.bytes());
        let row = Model {
            id,
            url,
            kinds,
            sealed_secret: SealedSecret(sealed.ok_or(BookingError::NoRandomness)?),
            created_by: new.by,
            idempotency_key: new.key.as_ref().map(ToString::to_string),
            created_at: self.store.now(),
            removed_at: None,
        };
        Ok((row, secret))
    }

    /// Removes a listener: nothing more is sent there. A second time changes nothing.
    ///
    /// # Errors
    /// [`BookingError::NoSuchWebhook`].
    pub async fn remove(&self, id: ListenerId) -> Result<(), BookingError> {
        let now = self.store.now();
        announcements::listener(self.store.read(), id).await?.ok_or(BookingError::NoSuchWebhook)?;
        self.store
            .transaction(|tx| async move {
                if announcements::remove_listener(&*tx, id, now).await? {
                    audit::record(&*tx, now, [Entry::new(Action::WebhookRemoved, id)]).await?;
                }
                Ok(())
            })
            .await
    }

    /// Those who listen, oldest first.
    ///
    /// # Errors
    /// [`BookingError::Database`].
    pub async fn list(&self, page: Page) -> Result<Vec<Model>, BookingError> {
        Ok(announcements::listening(self.store.read(), page).await?)
    }

    /// What was sent, or is to be, to `listener` or to all; only what stands at `state`, if any. Newest first.
    ///
    /// # Errors
    /// [`BookingError::Database`].
    pub async fn deliveries(
        &self,
        listener: Option<ListenerId>,
        state: Option<DeliveryState>,
        page: Page,
    ) -> Result<Vec<Delivery>, BookingError> {
        Ok(announcements::find(self.store.read(), Filter { listener, state }, page).await?)
    }

    /// Has a delivery that was given up tried again.
    ///
    /// # Errors
    /// [`BookingError::NoSuchWebhook`] when it was not given up, or nobody listens any more.
    pub async fn redeliver(&self, (announcement, listener): Key) -> Result<(), BookingError> {
        let which = announcements::one((announcement, listener));
        match self.revive(which, format!("{announcement}.{listener}")).await? {
            0 => Err(BookingError::NoSuchWebhook),
            _ => Ok(()),
        }
    }

    /// Has everything tried again that was given up for a listener; answers how many that are.
    ///
    /// # Errors
    /// [`BookingError::Database`].
    pub async fn redeliver_all(&self, listener: ListenerId) -> Result<u64, BookingError> {
        self.revive(announcements::all_of(listener), listener.to_string()).await
    }

    async fn revive(&self, which: sea_orm::Condition, subject: String) -> Result<u64, BookingError> {
        let now = self.store.now();
        let (which, subject) = (&which, &subject);
        self.store
            .transaction(|tx| async move {
                let revived = announcements::revive(&*tx, which.clone(), now).await?;
                if revived > 0 {
                    let entry = Entry::new(Action::WebhookRedelivered, subject).became("count", revived);
                    audit::record(&*tx, now, [entry]).await?;
                }
                Ok(revived)
            })
            .await
    }
}

/// First the row, whose key may be taken by a twin: by its place the twin could be refused.
async fn insert(tx: &Transaction, row: &Model) -> Result<(), BookingError> {
    if !announcements::insert_listener(&**tx, row.clone()).await? {
        return Err(BookingError::Stale);
    }
    if announcements::count_listening(&**tx).await? > MOST {
        return Err(BookingError::TooManyWebhooks);
    }
    let entry = Entry::new(Action::WebhookRegistered, row.id).became("url", &row.url);
    Ok(audit::record(&**tx, row.created_at, [entry.became("kinds", &row.kinds.0)]).await?)
}

/// The secret of a listener; `None` when it was sealed with another one than is configured.
pub(super) fn opened(sealer: &Sealer, listener: &Model) -> Option<SigningSecret> {
    let bytes = sealer.open(listener.id.as_uuid().as_bytes(), &listener.sealed_secret.0)?;
    Some(SigningSecret::from_bytes(bytes))
}
