//! What an organiser does with ticket types, and what everybody may read of them.

use entities::idempotency::IdempotencyKey;
use entities::ids::{EventId, TicketTypeId, UserId};
use entities::moment::Moment;
use entities::money::Currency;
use entities::ticket::status::Category;
use entities::ticket::ticket_types::Model;
use entities::ticket::{events as event_rows, status::SaleState};

use sea_orm::ActiveEnum;
use serde_json::json;
use subgraph::audit::record;
use subgraph::idempotency::{self, Request};

use crate::audit;
use crate::domain::rules::Rules;
use crate::domain::terms::{Revision, Terms};
use crate::error::SaleError;
use crate::event::EventDirectory;
use crate::holds::reap;
use crate::store::{self, Store, Transaction};
use crate::waiting_places;

/// What a new type is to be.
#[derive(Clone, Copy, Debug)]
pub struct NewTicketType {
    /// The event it admits to.
    pub event_id: EventId,
    /// Its name.
    pub name: Category,
    /// The price of one, in minor units of `currency`.
    pub price: i64,
    /// The currency.
    pub currency: Currency,
    /// How many there are.
    pub quota: i32,
    /// When, and how many to whom.
    pub rules: Rules,
}

impl NewTicketType {
    /// This, asked for by `user` under `key`.
    #[must_use]
    pub fn request(&self, user: UserId, key: IdempotencyKey) -> Request {
        let Self { event_id, name, price, currency, quota, rules } = self;
        let Rules { open_at, close_at, min_per_order, max_per_order, max_per_buyer } = rules;
        let body = [
            json!(event_id),
            json!(name.to_value()),
            json!(price),
            json!(currency.code()),
            json!(quota),
            json!(open_at.map(|at| at.to_rfc3339())),
            json!(close_at.map(|at| at.to_rfc3339())),
            json!(min_per_order),
            json!(max_per_order),
            json!(max_per_buyer),
        ];
        Request::new(user, "createTicketType", key, &body)
    }
}

/// Creates a type, within what the event's room takes; or finds the one that this request created before.
///
/// # Errors
/// [`SaleError::KeyReused`]; [`SaleError::NoSuchTicketType`] when what it created was deleted;
/// [`SaleError::NoSuchEvent`], [`SaleError::EventNotOpen`], [`SaleError::CapacityExceeded`],
/// [`SaleError::DuplicateTicketType`], [`SaleError::Terms`]; [`SaleError::Directory`] when the event is not known here
/// yet and the event service is down.
pub async fn create(
    store: &Store,
    directory: &dyn EventDirectory,
    new: NewTicketType,
    request: Option<&Request>,
) -> Result<Model, SaleError> {
    let terms = Terms::new(new.name, new.price, new.quota, new.rules)?;
    know_event(store, directory, new.event_id).await?;
    store
        .transaction(|tx| async move {
            match idempotency::find(tx.db(), request).await? {
                Some(id) => made_before(&tx, id).await,
                None => insert(&tx, new, terms, request).await,
            }
        })
        .await
}

async fn made_before(tx: &Transaction, id: TicketTypeId) -> Result<Model, SaleError> {
    store::ticket_types::find(tx.db(), id).await?.ok_or(SaleError::NoSuchTicketType)
}

/// Sees to it that the event has a capacity row.
pub(crate) async fn know_event(
    store: &Store,
    directory: &dyn EventDirectory,
    id: EventId,
) -> Result<(), SaleError> {
    if store::events::find(store.read(), id).await?.is_some() {
        return Ok(());
    }
    let facts = directory.find(id).await?.ok_or(SaleError::NoSuchEvent)?;
    // Losing the race against `syncEvent` is fine: what it wrote is newer.
    store
        .transaction(|tx| async move {
            let now = tx.now().await?;
            store::events::insert(tx.db(), facts, now).await?;
            Ok(())
        })
        .await
}

async fn insert(
    tx: &Transaction,
    new: NewTicketType,
    terms: Terms,
    request: Option<&Request>,
) -> Result<Model, SaleError> {
    let (id, now) = (TicketTypeId::new(), tx.now().await?);
    store::claim(tx, request, id, now).await?;
    let event = store::events::lock(tx.db(), new.event_id).await?.ok_or(SaleError::NoSuchEvent)?;
    open_for_sales(&event, now)?;
    allocate(tx, &event, i64::from(terms.quota)).await?;
    let row = Model {
        id,
        event_id: new.event_id,
        name: terms.name,
        price: terms.price,
        currency: new.currency,
        quota: terms.quota,
        sold: 0,
        held: 0,
        waiting: 0,
        offered: 0,
        state: terms.state,
        sales_open_at: terms.rules.open_at.map(Moment::from),
        sales_close_at: terms.rules.close_at.map(Moment::from),
        min_per_order: terms.rules.min_per_order,
        max_per_order: terms.rules.max_per_order,
        max_per_buyer: terms.rules.max_per_buyer,
        created_at: now,
        updated_at: now,
    };
    if !store::ticket_types::insert(tx.db(), row.clone()).await? {
        return Err(SaleError::DuplicateTicketType);
    }
    record(tx.db(), now, [audit::created(&row)]).await?;
    Ok(row)
}

/// Tickets are sold until the event begins, and never for one that was called off.
pub(crate) fn open_for_sales(
    event: &event_rows::Model,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), SaleError> {
    if event.cancelled || event.starts_at.utc() <= now {
        return Err(SaleError::EventNotOpen);
    }
    Ok(())
}

async fn allocate(tx: &Transaction, event: &event_rows::Model, change: i64) -> Result<(), SaleError> {
    if store::events::allocate(tx.db(), event.id, change).await? {
        return Ok(());
    }
    Err(SaleError::CapacityExceeded { available: i64::from(event.capacity) - event.allocated })
}

/// Changes the terms of a type.
///
/// # Errors
/// [`SaleError::NoSuchTicketType`], [`SaleError::Terms`], [`SaleError::CapacityExceeded`],
/// [`SaleError::DuplicateTicketType`]; [`SaleError::EventNotOpen`] when it was to be opened.
pub async fn update(store: &Store, id: TicketTypeId, revision: Revision) -> Result<Model, SaleError> {
    store.transaction(|tx| async move { revise(&tx, id, revision).await }).await
}

async fn revise(tx: &Transaction, id: TicketTypeId, revision: Revision) -> Result<Model, SaleError> {
    let now = tx.now().await?;
    let (event, row) = lock_with_event(tx, id).await?;
    let terms = Terms::revise(&row, revision)?;
    if terms.state == SaleState::Open && row.state == SaleState::Closed {
        open_for_sales(&event, now)?;
    }
    if terms.quota != row.quota {
        allocate(tx, &event, i64::from(terms.quota) - i64::from(row.quota)).await?;
    }
    if !store::ticket_types::update_terms(tx.db(), id, terms, now).await? {
        return Err(SaleError::DuplicateTicketType);
    }
    let after = store::ticket_types::find(tx.db(), id).await?.ok_or(SaleError::NoSuchTicketType)?;
    record(tx.db(), now, [audit::changed(&row, &after)]).await?;
    Ok(after)
}

/// Locks first the event's row, then the type's: two organisers at work never wait for each other in a circle.
async fn lock_with_event(
    tx: &Transaction,
    id: TicketTypeId,
) -> Result<(event_rows::Model, Model), SaleError> {
    let row = store::ticket_types::find(tx.db(), id).await?.ok_or(SaleError::NoSuchTicketType)?;
    let event = store::events::lock(tx.db(), row.event_id).await?.ok_or(SaleError::NoSuchEvent)?;
    let row = store::ticket_types::lock(tx.db(), id).await?.ok_or(SaleError::NoSuchTicketType)?;
    Ok((event, row))
}

/// Deletes a type that nobody bought or holds.
///
/// # Errors
/// [`SaleError::NoSuchTicketType`], [`SaleError::HasSales`].
pub async fn delete(store: &Store, id: TicketTypeId) -> Result<(), SaleError> {
    store.transaction(|tx| async move { remove(&tx, id).await }).await
}

async fn remove(tx: &Transaction, id: TicketTypeId) -> Result<(), SaleError> {
    let now = tx.now().await?;
    let (event, row) = lock_with_event(tx, id).await?;
    reap(tx, id, now).await?;
    waiting_places::end(tx, id, now).await?;
    if !store::ticket_types::delete(tx.db(), id).await? {
        return Err(SaleError::HasSales);
    }
    store::vouchers::delete_of_type(tx.db(), id).await?;
    record(tx.db(), now, [audit::deleted(&row)]).await?;
    allocate(tx, &event, -i64::from(row.quota)).await
}

/// The original's way of telling that tickets were sold, kept for services that speak it: adds `change` to `sold`.
///
/// # Errors
/// [`SaleError::NoSuchTicketType`], [`SaleError::SoldOut`], [`SaleError::BadInput`].
pub async fn adjust_sold(store: &Store, id: TicketTypeId, change: i32) -> Result<Model, SaleError> {
    if change == 0 {
        return Err(SaleError::BadInput { field: "quantity", message: "A quantity of 0 changes nothing" });
    }
    store.transaction(|tx| async move { adjust(&tx, id, change).await }).await
}

async fn adjust(tx: &Transaction, id: TicketTypeId, change: i32) -> Result<Model, SaleError> {
    let moved = store::ticket_types::adjust_sold(tx.db(), id, change).await?;
    let row = store::ticket_types::find(tx.db(), id).await?.ok_or(SaleError::NoSuchTicketType)?;
    match moved {
        true => {
            let before = Model { sold: row.sold - change, ..row.clone() };
            record(tx.db(), tx.now().await?, [audit::changed(&before, &row)]).await?;
            Ok(row)
        }
        false if change > 0 => Err(SaleError::SoldOut { available: row.available() }),
        false => Err(SaleError::BadInput {
            field: "quantity",
            message: "No more can be taken back than were sold",
        }),
    }
}
