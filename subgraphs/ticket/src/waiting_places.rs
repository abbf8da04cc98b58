//! Waiting lists: who wants tickets of a type that is sold out gets what is given back before anybody else.
//!
//! While somebody waits, `waiting` in the type's row bars everybody else from what is free: whoever gives tickets back need not
//! know who gets them, and there is no moment in which a stranger could be quicker. A worker makes offers of what is free, in the
//! order of the list: an offer counts in `held`, so `sold + held <= quota` stays the one guard, and it lapses by the clock of the
//! database. Nobody waits any more: what is left is anybody's at once.
//!
//! Every step locks the type's row first, so that any number of workers, buyers and replicas take turns.

use chrono::{DateTime, TimeDelta, Utc};
use entities::idempotency::IdempotencyKey;
use entities::ids::{TicketTypeId, UserId, WaitingPlaceId};
use entities::money::Quantity;
use entities::ticket::status::{PlaceStatus, SaleState};
use entities::ticket::waiting_places::Model;
use entities::ticket::{events as event_rows, ticket_types as type_rows};

use crate::domain::rules::{RuleError, Rules};
use crate::error::SaleError;
use crate::holds::{HoldRequest, reap};
use crate::store::ticket_types::QueueMove;
use crate::store::{self, Store, Transaction};
use crate::ticket_types::open_for_sales;

/// How many offers are made in one transaction.
const BATCH: usize = 100;

// What a buyer does

/// Who wants to wait for what.
#[derive(Clone, Debug)]
pub struct Joining {
    /// The type.
    pub ticket_type_id: TicketTypeId,
    /// The buyer.
    pub user_id: UserId,
    /// How many.
    pub quantity: Quantity,
    /// The buyer's name for this request.
    pub key: Option<IdempotencyKey>,
}

/// Takes a place at the end of the list. Who waits already keeps their place.
///
/// # Errors
/// [`SaleError::NoSuchTicketType`], [`SaleError::EventNotOpen`], [`SaleError::SalesClosed`], [`SaleError::Rule`];
/// [`SaleError::NotSoldOut`] while any can be had; [`SaleError::AlreadyWaiting`] for another quantity;
/// [`SaleError::KeyReused`].
pub async fn join(store: &Store, joining: Joining) -> Result<Model, SaleError> {
    let joining = &joining;
    store.transaction(|tx| async move { join_in(&tx, joining).await }).await
}

async fn join_in(tx: &Transaction, joining: &Joining) -> Result<Model, SaleError> {
    if let Some(place) = find_by_key(tx, joining).await? {
        return Ok(place);
    }
    let (id, quantity) = (joining.ticket_type_id, joining.quantity.get());
    let row = store::ticket_types::lock(tx.db(), id).await?.ok_or(SaleError::NoSuchTicketType)?;
    if let Some(place) = store::waiting_places::active(tx.db(), id, joining.user_id).await? {
        return if place.quantity == quantity { Ok(place) } else { Err(SaleError::AlreadyWaiting) };
    }
    let now = tx.now().await?;
    let event = store::events::find(tx.db(), row.event_id).await?.ok_or(SaleError::NoSuchEvent)?;
    on_sale(&event, &row, now)?;
    Rules::of(&row).allow(quantity, now)?;
    within_share(tx, joining, &row).await?;
    nothing_left(tx, &row, now).await?;
    let place = new_place(joining, &row, now);
    if !store::waiting_places::insert(tx.db(), place.clone()).await? {
        return Err(SaleError::Contended);
    }
    move_queue(tx, id, QueueMove { waiting: 1, ..QueueMove::default() }).await?;
    Ok(place)
}

async fn find_by_key(tx: &Transaction, joining: &Joining) -> Result<Option<Model>, SaleError> {
    let Some(key) = &joining.key else { return Ok(None) };
    let Some(place) = store::waiting_places::by_key(tx.db(), joining.user_id, key).await? else {
        return Ok(None);
    };
    let same = place.ticket_type_id == joining.ticket_type_id && place.quantity == joining.quantity.get();
    if same { Ok(Some(place)) } else { Err(SaleError::KeyReused) }
}

/// Whether tickets of a type are sold at `now` at all.
fn on_sale(event: &event_rows::Model, row: &type_rows::Model, now: DateTime<Utc>) -> Result<(), SaleError> {
    open_for_sales(event, now)?;
    if row.state == SaleState::Closed {
        return Err(SaleError::SalesClosed);
    }
    Ok(())
}

/// Who could not buy so many need not wait for them.
async fn within_share(tx: &Transaction, joining: &Joining, row: &type_rows::Model) -> Result<(), SaleError> {
    let Some(maximum) = row.max_per_buyer else { return Ok(()) };
    let have = store::holds::of_buyer(tx.db(), row.id, joining.user_id).await?;
    if have + joining.quantity.get() > maximum {
        return Err(RuleError::BuyerLimit { maximum, remaining: (maximum - have).max(0) }.into());
    }
    Ok(())
}

/// What can be had is bought, not waited for: a list for more than are left would only keep the last ones from everybody else.
async fn nothing_left(tx: &Transaction, row: &type_rows::Model, now: DateTime<Utc>) -> Result<(), SaleError> {
    reap(tx, row.id, now).await?;
    let row = store::ticket_types::find(tx.db(), row.id).await?.ok_or(SaleError::NoSuchTicketType)?;
    let (available, fewest) = (row.available(), row.min_per_order.unwrap_or(1));
    if available >= fewest { Err(SaleError::NotSoldOut { available }) } else { Ok(()) }
}

fn new_place(joining: &Joining, row: &type_rows::Model, now: DateTime<Utc>) -> Model {
    Model {
        id: WaitingPlaceId::new(),
        event_id: row.event_id,
        ticket_type_id: row.id,
        user_id: joining.user_id,
        quantity: joining.quantity.get(),
        status: PlaceStatus::Waiting,
        active: Some(true),
        offered: 0,
        offer_expires_at: None,
        idempotency_key: joining.key.as_ref().map(ToString::to_string),
        joined_at: now,
        updated_at: now,
    }
}

/// Gives a place up, and what was offered on it. Who has none has left already.
///
/// # Errors
/// [`SaleError::Contended`], [`SaleError::Database`].
pub async fn leave(store: &Store, ticket_type: TicketTypeId, user: UserId) -> Result<(), SaleError> {
    store.transaction(|tx| async move { leave_in(&tx, ticket_type, user).await }).await
}

async fn leave_in(tx: &Transaction, ticket_type: TicketTypeId, user: UserId) -> Result<(), SaleError> {
    if store::ticket_types::lock(tx.db(), ticket_type).await?.is_none() {
        return Ok(());
    }
    let Some(place) = store::waiting_places::active(tx.db(), ticket_type, user).await? else {
        return Ok(());
    };
    let now = tx.now().await?;
    give_up(tx, &place, place.status.leave()?, now).await
}

/// Ends an active place; what was offered on it is free again.
async fn give_up(
    tx: &Transaction,
    place: &Model,
    to: PlaceStatus,
    now: DateTime<Utc>,
) -> Result<(), SaleError> {
    if !store::waiting_places::finish(tx.db(), place, to, now).await? {
        return Err(SaleError::Contended);
    }
    let waiting = if place.status == PlaceStatus::Waiting { -1 } else { 0 };
    let step = QueueMove { waiting, offered: -place.offered, held: -place.offered };
    move_queue(tx, place.ticket_type_id, step).await
}

async fn move_queue(tx: &Transaction, id: TicketTypeId, step: QueueMove) -> Result<(), SaleError> {
    if store::ticket_types::move_queue(tx.db(), id, step).await? {
        return Ok(());
    }
    Err(SaleError::CountersBroken { of: format!("ticket type {id}"), step: "a step of its waiting list" })
}

/// A place, and the how-manieth it is among those that wait.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The place.
    pub place: Model,
    /// The first is 1; `None` once there is an offer.
    pub position: Option<i64>,
}

/// The places that a buyer has, oldest first.
///
/// # Errors
/// [`SaleError::Database`].
pub async fn of_user(store: &Store, user: UserId) -> Result<Vec<Standing>, SaleError> {
    let places = store::waiting_places::of_user(store.read(), user).await?;
    with_positions(store, places).await
}

/// Every place that a buyer ever had, oldest first.
///
/// # Errors
/// [`SaleError::Database`].
pub async fn ever_of_user(store: &Store, user: UserId) -> Result<Vec<Standing>, SaleError> {
    let places = store::waiting_places::ever_of_user(store.read(), user).await?;
    with_positions(store, places).await
}

/// Where places stand.
///
/// # Errors
/// [`SaleError::Database`].
pub async fn with_positions(store: &Store, places: Vec<Model>) -> Result<Vec<Standing>, SaleError> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let ids = places.iter().map(|place| place.id);
    let positions = store::waiting_places::positions(store.read(), ids).await?;
    let position = |place: &Model| {
        let found = positions.iter().find(|position| position.id == place.id);
        found.map(|position| position.position)
    };
    Ok(places.into_iter().map(|place| Standing { position: position(&place), place }).collect())
}

// What a hold does

/// What is set aside for the buyer of `request`, if it is as many as they want now; `None` when they may try what anybody can
/// have. The type's row, which is read anyway, says whether there is anything to look for.
///
/// # Errors
/// [`SaleError::SoldOut`] for a stranger while somebody waits: a crowd is turned away without a row being written.
pub(crate) async fn offer_to(
    tx: &Transaction,
    request: &HoldRequest,
    row: &type_rows::Model,
    now: DateTime<Utc>,
) -> Result<Option<Model>, SaleError> {
    let quantity = request.quantity.get();
    if row.offered > 0 {
        let place = store::waiting_places::active(tx.db(), row.id, request.user_id).await?;
        let lives = |place: &Model| place.offer_expires_at.is_some_and(|until| now < until);
        if let Some(place) = place.filter(lives) {
            return more_or_less(place, quantity, row.available());
        }
    }
    if row.waiting > 0 { Err(SaleError::SoldOut { available: 0 }) } else { Ok(None) }
}

/// An offer, if it is enough. Who wants more than was offered has it from what anybody can have, or not at all.
fn more_or_less(place: Model, quantity: i32, available: i32) -> Result<Option<Model>, SaleError> {
    if place.offered >= quantity {
        return Ok(Some(place));
    }
    if available >= quantity {
        return Ok(None);
    }
    Err(SaleError::SoldOut { available: place.offered.max(available) })
}

/// Turns an offer into what a hold of `quantity` vouches for; what is more is free again.
pub(crate) async fn take(
    tx: &Transaction,
    read: &type_rows::Model,
    (place, quantity): (&Model, i32),
    now: DateTime<Utc>,
) -> Result<(), SaleError> {
    let row = store::ticket_types::lock(tx.db(), read.id).await?.ok_or(SaleError::NoSuchTicketType)?;
    let same = row.state == read.state && row.price == read.price && Rules::of(&row) == Rules::of(read);
    if !same || !store::waiting_places::finish(tx.db(), place, place.status.take()?, now).await? {
        return Err(SaleError::Contended);
    }
    let step = QueueMove { waiting: 0, offered: -place.offered, held: quantity - place.offered };
    move_queue(tx, read.id, step).await
}

// What the worker does

/// Serves every list once: lets offers lapse, ends lists, and offers what is free; answers how many places moved.
///
/// # Errors
/// [`SaleError::Contended`], [`SaleError::Database`]: what is done is done, and the rest is found again.
pub async fn serve_all(store: &Store, offer_ttl: TimeDelta) -> Result<usize, SaleError> {
    let (mut moved, mut failed) = (0, None);
    for id in store::ticket_types::queued(store.read()).await? {
        // One list that cannot be served keeps nobody on the others waiting.
        match store.transaction(|tx| async move { serve(&tx, id, offer_ttl).await }).await {
            Ok(places) => moved += places,
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(moved), Err)
}

async fn serve(tx: &Transaction, id: TicketTypeId, offer_ttl: TimeDelta) -> Result<usize, SaleError> {
    let Some(row) = store::ticket_types::lock(tx.db(), id).await? else { return Ok(0) };
    let now = tx.now().await?;
    let event = store::events::find(tx.db(), row.event_id).await?.ok_or(SaleError::NoSuchEvent)?;
    let over = row.sales_close_at.is_some_and(|close_at| close_at.utc() <= now);
    if over || on_sale(&event, &row, now).is_err() {
        return end(tx, id, now).await;
    }
    let lapsed = store::waiting_places::lapsed(tx.db(), id, now).await?;
    for place in &lapsed {
        give_up(tx, place, place.status.lapse()?, now).await?;
    }
    Ok(lapsed.len() + offer_what_is_free(tx, id, now + offer_ttl, now).await?)
}

/// Ends a list: nothing is sold here any more. What was offered is free again.
pub(crate) async fn end(tx: &Transaction, id: TicketTypeId, now: DateTime<Utc>) -> Result<usize, SaleError> {
    let places = store::waiting_places::finish_all(tx.db(), id, now).await?;
    store::ticket_types::end_queue(tx.db(), id).await?;
    Ok(usize::try_from(places).unwrap_or(usize::MAX))
}

/// Offers what is free to those whose turn it is. Where less is left than somebody wants, that is offered: waiting for the rest
/// would leave it unsold.
async fn offer_what_is_free(
    tx: &Transaction,
    id: TicketTypeId,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<usize, SaleError> {
    for offers in 0..BATCH {
        let row = store::ticket_types::find(tx.db(), id).await?.ok_or(SaleError::NoSuchTicketType)?;
        let fewest = row.min_per_order.unwrap_or(1);
        if row.waiting == 0 || row.free() < fewest {
            return Ok(offers);
        }
        let Some(place) = store::waiting_places::next(tx.db(), id).await? else { return Ok(offers) };
        let quantity = place.quantity.min(row.free());
        place.status.offer()?;
        if !store::waiting_places::offer(tx.db(), &place, (quantity, until), now).await? {
            return Err(SaleError::Contended);
        }
        move_queue(tx, id, QueueMove { waiting: -1, offered: quantity, held: quantity }).await?;
    }
    Ok(BATCH)
}
