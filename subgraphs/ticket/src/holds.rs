//! Holds: taken, confirmed, released, expired. Each is one short transaction, and each may be repeated.
//!
//! The three fences: confirming and releasing are idempotent; releasing an unknown hold leaves a tombstone; a hold that arrives
//! after its release is refused by that tombstone.

use chrono::{DateTime, TimeDelta, Utc};
use entities::ids::{EventId, HoldId, TicketTypeId, UserId};
use entities::money::{Currency, Quantity};
use entities::ticket::holds::Model;
use entities::ticket::status::{AdmissionStatus, HoldStatus, SaleState, StockMove};
use entities::ticket::{ticket_types, tickets, waiting_places as waiting_rows};
use entities::voucher_code::VoucherCode;

use crate::domain::code;
use crate::domain::rules::{RuleError, Rules};
use crate::error::SaleError;
use crate::store::holds::{Of, Taken};
use crate::store::{self, Store, Transaction};
use crate::ticket_types::open_for_sales;
use crate::vouchers::{self, Quote};
use crate::waiting_places;

/// How many lapsed holds are given back at once.
const REAP_LIMIT: u64 = 100;
/// The longest time to live that a hold may ask for.
const LONGEST_TTL: TimeDelta = TimeDelta::days(1);

/// What a booking wants held.
#[derive(Clone, Copy, Debug)]
pub struct HoldRequest {
    /// The booking, which names the hold.
    pub id: HoldId,
    /// The event, which must be the type's.
    pub event_id: EventId,
    /// The type.
    pub ticket_type_id: TicketTypeId,
    /// How many.
    pub quantity: Quantity,
    /// The buyer.
    pub user_id: UserId,
    /// The voucher they have.
    pub voucher: Option<VoucherCode>,
    /// How long, from now by the database's clock.
    pub ttl: TimeDelta,
}

/// Takes a hold: from what was offered to the buyer who waited, or from what anybody can have. The same request gets the same
/// hold, however often it comes.
///
/// # Errors
/// [`SaleError::NoSuchTicketType`], [`SaleError::SalesClosed`], [`SaleError::EventNotOpen`], [`SaleError::SoldOut`];
/// [`SaleError::Rule`] when the type is not sold now, or not in such an order, or not to this buyer;
/// [`SaleError::Voucher`] when the voucher is not good for it; [`SaleError::HoldMismatch`] when the booking holds something else;
/// [`SaleError::Transition`] after its release.
pub async fn take(store: &Store, request: HoldRequest) -> Result<Model, SaleError> {
    if request.ttl < TimeDelta::zero() || request.ttl > LONGEST_TTL {
        return Err(SaleError::BadInput { field: "ttlSeconds", message: "A hold lives for up to a day" });
    }
    store.transaction(|tx| async move { take_in(&tx, request).await }).await
}

async fn take_in(tx: &Transaction, request: HoldRequest) -> Result<Model, SaleError> {
    let now = tx.now().await?;
    let Deal { offer, place, quote } = match find_deal(tx, &request, now).await {
        Ok(deal) => deal,
        Err(error @ SaleError::Database(_)) => return Err(error),
        // What could not be taken now may have been taken before.
        Err(refused) => return taken_before(tx, &request, refused).await,
    };
    let hold = new_hold(&request, &offer, quote, now);
    let fresh = match &place {
        Some(place) => take_offered(tx, &hold, &offer, place).await?,
        None => take_free(tx, &hold, &offer).await?,
    };
    if !fresh {
        return taken_before(tx, &request, SaleError::Contended).await;
    }
    if let Some(maximum) = offer.max_per_buyer {
        within_share(tx, &request, maximum, now).await?;
    }
    if let Some(voucher) = quote.voucher {
        vouchers::set_aside(tx, voucher, (offer.id, hold.quantity), now).await?;
    }
    Ok(hold)
}

/// Takes what was offered to the buyer; `false`, and nothing, when there is a hold of this id.
async fn take_offered(
    tx: &Transaction,
    hold: &Model,
    offer: &ticket_types::Model,
    place: &waiting_rows::Model,
) -> Result<bool, SaleError> {
    if !store::holds::insert(tx.db(), hold.clone()).await? {
        return Ok(false);
    }
    waiting_places::take(tx, offer, (place, hold.quantity), hold.created_at).await?;
    Ok(true)
}

/// Takes what anybody can have; when it does not suffice, gives back what has lapsed and tries once more. `false`, and nothing, when there is a
/// hold of this id.
async fn take_free(tx: &Transaction, hold: &Model, offer: &ticket_types::Model) -> Result<bool, SaleError> {
    let now = hold.created_at;
    match store::holds::take(tx.db(), hold.clone(), offer, now).await? {
        Taken::Neither => return Ok(false),
        Taken::Both => return Ok(true),
        Taken::HoldAlone => {}
    }
    let again = reap(tx, offer.id, now).await? > 0
        && store::ticket_types::hold(tx.db(), offer, hold.quantity, now).await?;
    if again { Ok(true) } else { Err(why_not(tx, offer, hold.quantity, now).await?) }
}

/// The hold that this request took before; `otherwise`, if there is none.
async fn taken_before(
    tx: &Transaction,
    request: &HoldRequest,
    otherwise: SaleError,
) -> Result<Model, SaleError> {
    match store::holds::find(tx.db(), request.id).await? {
        Some(hold) => same_again(tx, hold, request).await,
        None => Err(otherwise),
    }
}

async fn same_again(tx: &Transaction, hold: Model, request: &HoldRequest) -> Result<Model, SaleError> {
    hold.status.ask_again()?;
    let same = hold.event_id == Some(request.event_id)
        && hold.ticket_type_id == Some(request.ticket_type_id)
        && hold.user_id == Some(request.user_id)
        && hold.quantity == request.quantity.get()
        && vouchers::same(tx, &hold, request).await?;
    if same { Ok(hold) } else { Err(SaleError::HoldMismatch) }
}

/// On what terms a hold can be taken.
struct Deal {
    offer: ticket_types::Model,
    /// The buyer's place on the waiting list, if the tickets are offered to them.
    place: Option<waiting_rows::Model>,
    quote: Quote,
}

/// Reads on what terms the hold can be taken now; nothing is written.
async fn find_deal(tx: &Transaction, request: &HoldRequest, now: DateTime<Utc>) -> Result<Deal, SaleError> {
    let offer = find_offer(tx, request, now).await?;
    let place = waiting_places::offer_to(tx, request, &offer, now).await?;
    let quote = vouchers::quote(tx, request, &offer, now).await?;
    Ok(Deal { offer, place, quote })
}

/// The type, if it is on sale now.
async fn find_offer(
    tx: &Transaction,
    request: &HoldRequest,
    now: DateTime<Utc>,
) -> Result<ticket_types::Model, SaleError> {
    let found = store::ticket_types::find_with_event(tx.db(), request.ticket_type_id).await?;
    let (offer, event) =
        found.filter(|(offer, _)| offer.event_id == request.event_id).ok_or(SaleError::NoSuchTicketType)?;
    open_for_sales(&event.ok_or(SaleError::NoSuchEvent)?, now)?;
    if offer.state == SaleState::Closed {
        return Err(SaleError::SalesClosed);
    }
    Rules::of(&offer).allow(request.quantity.get(), now)?;
    Ok(offer)
}

fn new_hold(request: &HoldRequest, offer: &ticket_types::Model, quote: Quote, now: DateTime<Utc>) -> Model {
    Model {
        id: request.id,
        event_id: Some(request.event_id),
        ticket_type_id: Some(request.ticket_type_id),
        user_id: Some(request.user_id),
        quantity: request.quantity.get(),
        unit_price: quote.unit_price,
        voucher_id: quote.voucher,
        currency: offer.currency,
        status: HoldStatus::Held,
        expires_at: now + request.ttl,
        created_at: now,
        updated_at: now,
    }
}

/// The type was on sale when it was read; this is what has changed since, or that too little is left. What was given back
/// or priced anew in this moment is worth another try: nobody is told "sold out" while there is enough.
async fn why_not(
    tx: &Transaction,
    offer: &ticket_types::Model,
    quantity: i32,
    now: DateTime<Utc>,
) -> Result<SaleError, SaleError> {
    let row = store::ticket_types::lock(tx.db(), offer.id).await?.ok_or(SaleError::NoSuchTicketType)?;
    let available = row.available();
    if row.state == SaleState::Closed {
        return Ok(SaleError::SalesClosed);
    }
    Rules::of(&row).allow(quantity, now)?;
    let changed = row.price != offer.price || row.max_per_buyer != offer.max_per_buyer;
    Ok(if changed || available >= quantity { SaleError::Contended } else { SaleError::SoldOut { available } })
}

/// Refuses what would be more than one buyer may have, counting what they hold and have bought.
///
/// The type's row is ours by now and to the end: another order of the same buyer waits for it, and what they took before is
/// there to be counted. What they let lapse does not count.
async fn within_share(
    tx: &Transaction,
    request: &HoldRequest,
    maximum: i32,
    now: DateTime<Utc>,
) -> Result<(), SaleError> {
    let HoldRequest { id, ticket_type_id, user_id, quantity, .. } = *request;
    let mut have = store::holds::of_buyer(tx.db(), ticket_type_id, user_id).await?;
    if have > maximum {
        let lapsed = Of::Buyer(ticket_type_id, user_id, id);
        expire(tx, store::holds::lock_lapsed(tx.db(), lapsed, now, REAP_LIMIT).await?, now).await?;
        have = store::holds::of_buyer(tx.db(), ticket_type_id, user_id).await?;
    }
    if have > maximum {
        let remaining = (maximum - (have - quantity.get())).max(0);
        return Err(RuleError::BuyerLimit { maximum, remaining }.into());
    }
    Ok(())
}

/// Gives back the holds of one type that have lapsed; answers how many.
pub(crate) async fn reap(
    tx: &Transaction,
    ticket_type: TicketTypeId,
    now: DateTime<Utc>,
) -> Result<usize, SaleError> {
    let lapsed = store::holds::lock_lapsed(tx.db(), Of::Type(ticket_type), now, REAP_LIMIT).await?;
    expire(tx, lapsed, now).await
}

/// Gives back lapsed holds of any type, up to a hundred; answers how many. The worker calls it until that is none.
///
/// # Errors
/// [`SaleError::Database`], [`SaleError::Contended`].
pub async fn expire_lapsed(store: &Store) -> Result<usize, SaleError> {
    store
        .transaction(|tx| async move {
            let now = tx.now().await?;
            let lapsed = store::holds::lock_lapsed(tx.db(), Of::Anything, now, REAP_LIMIT).await?;
            expire(&tx, lapsed, now).await
        })
        .await
}

/// Expires locked holds: first type by type, then voucher by voucher, each in the order of their ids, so that two workers never
/// wait for each other in a circle.
async fn expire(tx: &Transaction, mut lapsed: Vec<Model>, now: DateTime<Utc>) -> Result<usize, SaleError> {
    let mut step = StockMove::Stay;
    for hold in &lapsed {
        (_, step) = hold.status.expire()?;
    }
    lapsed.sort_by_key(|hold| hold.ticket_type_id);
    for holds in lapsed.chunk_by(|a, b| a.ticket_type_id == b.ticket_type_id) {
        store::holds::set_status(tx.db(), holds.iter().map(|hold| hold.id), HoldStatus::Expired, now).await?;
        if let Some(ticket_type) = holds.first().and_then(|hold| hold.ticket_type_id) {
            move_stock(tx, ticket_type, step, sum(holds)).await?;
        }
    }
    lapsed.sort_by_key(|hold| hold.voucher_id);
    for holds in lapsed.chunk_by(|a, b| a.voucher_id == b.voucher_id) {
        if let Some(voucher) = holds.first().and_then(|hold| hold.voucher_id) {
            vouchers::apply(tx, voucher, step, sum(holds)).await?;
        }
    }
    Ok(lapsed.len())
}

fn sum(holds: &[Model]) -> i32 {
    holds.iter().map(|hold| hold.quantity).sum()
}

/// Moves all counters that a hold vouches for.
async fn apply(tx: &Transaction, hold: &Model, step: StockMove) -> Result<(), SaleError> {
    if let Some(ticket_type) = hold.ticket_type_id {
        move_stock(tx, ticket_type, step, hold.quantity).await?;
    }
    if let Some(voucher) = hold.voucher_id {
        vouchers::apply(tx, voucher, step, hold.quantity).await?;
    }
    Ok(())
}

/// Moves the counters of a type: if they do not cover it, something is broken, and nothing is written.
async fn move_stock(
    tx: &Transaction,
    ticket_type: TicketTypeId,
    step: StockMove,
    quantity: i32,
) -> Result<(), SaleError> {
    if store::ticket_types::apply(tx.db(), ticket_type, step, quantity).await? {
        return Ok(());
    }
    Err(SaleError::CountersBroken { of: format!("ticket type {ticket_type}"), step: step.as_str() })
}

/// Turns a hold into tickets. Confirming twice gives the same tickets; a hold that has lapsed wins its stock back if it
/// is still free.
///
/// # Errors
/// [`SaleError::NoSuchHold`]; [`SaleError::HoldExpired`] when the stock, or the voucher's use, is gone; [`SaleError::Transition`] after a release.
pub async fn confirm(store: &Store, id: HoldId) -> Result<Model, SaleError> {
    store.transaction(|tx| async move { confirm_in(&tx, id).await }).await
}

async fn confirm_in(tx: &Transaction, id: HoldId) -> Result<Model, SaleError> {
    let hold = store::holds::lock(tx.db(), id).await?.ok_or(SaleError::NoSuchHold)?;
    let (status, step) = hold.status.confirm()?;
    if step == StockMove::Stay {
        return Ok(hold);
    }
    let now = tx.now().await?;
    let has_lapsed = step == StockMove::Reacquire;
    if has_lapsed {
        reacquire(tx, &hold, now).await?;
    }
    let confirmed = Model { status, updated_at: now, ..hold };
    // What was reacquired is sold already.
    let counter = confirmed.ticket_type_id.filter(|_| !has_lapsed).map(|id| (id, step));
    if !store::holds::confirm(tx.db(), &confirmed, new_tickets(&confirmed, now)?, counter).await? {
        let of = format!("the type of hold {id}");
        return Err(SaleError::CountersBroken { of, step: step.as_str() });
    }
    if let Some(voucher) = confirmed.voucher_id.filter(|_| !has_lapsed) {
        vouchers::apply(tx, voucher, step, confirmed.quantity).await?;
    }
    Ok(confirmed)
}

/// Stock for a hold that had lapsed, if it is still free; even while others wait for it: who has paid came before them.
async fn reacquire(tx: &Transaction, hold: &Model, now: DateTime<Utc>) -> Result<(), SaleError> {
    let ticket_type = hold.ticket_type_id.ok_or(SaleError::HoldExpired)?;
    for reaped in [false, true] {
        if reaped && reap(tx, ticket_type, now).await? == 0 {
            break;
        }
        if store::ticket_types::apply(tx.db(), ticket_type, StockMove::Reacquire, hold.quantity).await? {
            still_within_share(tx, hold, ticket_type).await?;
            return match hold.voucher_id {
                Some(voucher) => vouchers::reacquire(tx, voucher, (ticket_type, hold.quantity), now).await,
                None => Ok(()),
            };
        }
    }
    Err(SaleError::HoldExpired)
}

/// Who has taken others since the hold lapsed has used up their share; the money goes back.
async fn still_within_share(
    tx: &Transaction,
    hold: &Model,
    ticket_type: TicketTypeId,
) -> Result<(), SaleError> {
    let row = store::ticket_types::find(tx.db(), ticket_type).await?.ok_or(SaleError::HoldExpired)?;
    let (Some(maximum), Some(buyer)) = (row.max_per_buyer, hold.user_id) else { return Ok(()) };
    let have = store::holds::of_buyer(tx.db(), ticket_type, buyer).await?;
    if have + hold.quantity > maximum { Err(SaleError::HoldExpired) } else { Ok(()) }
}

fn new_tickets(hold: &Model, now: DateTime<Utc>) -> Result<Vec<tickets::Model>, SaleError> {
    let (Some(event_id), Some(ticket_type_id), Some(user_id)) =
        (hold.event_id, hold.ticket_type_id, hold.user_id)
    else {
        return Err(SaleError::NoSuchHold);
    };
    let ticket = |seq| {
        Ok(tickets::Model {
            booking_id: hold.id,
            seq,
            event_id,
            ticket_type_id,
            user_id,
            code: code::generate()?,
            status: AdmissionStatus::Valid,
            created_at: now,
            used_at: None,
            used_gate: None,
            voided_at: None,
        })
    };
    (1..=hold.quantity).map(ticket).collect()
}

/// How far a release goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Release {
    /// Only what is not sold.
    #[default]
    Unsold,
    /// Also what is sold, voiding its tickets unless one was used.
    VoidUnused,
    /// Also what is sold, voiding its tickets even if one was used.
    VoidAll,
}

/// Gives a hold back. Releasing twice is the same as once; releasing what nobody held leaves a tombstone.
///
/// # Errors
/// [`SaleError::Transition`] for a confirmed hold without the right to void, or with a ticket that was used.
pub async fn release(store: &Store, id: HoldId, how: Release) -> Result<Model, SaleError> {
    store.transaction(|tx| async move { release_in(&tx, id, how).await }).await
}

async fn release_in(tx: &Transaction, id: HoldId, how: Release) -> Result<Model, SaleError> {
    let now = tx.now().await?;
    let Some(hold) = store::holds::lock(tx.db(), id).await? else {
        let tombstone = tombstone(id, now);
        // The hold may arrive at this moment; the next try finds it.
        let first = store::holds::insert(tx.db(), tombstone.clone()).await?;
        return if first { Ok(tombstone) } else { Err(SaleError::Contended) };
    };
    let (status, step) = match how {
        Release::Unsold => hold.status.release()?,
        Release::VoidUnused | Release::VoidAll => hold.status.unsell(),
    };
    if status == hold.status {
        return Ok(hold);
    }
    if step == StockMove::Unsell {
        void_tickets(tx, id, how == Release::VoidAll, now).await?;
    }
    apply(tx, &hold, step).await?;
    store::holds::set_status(tx.db(), [id], status, now).await?;
    Ok(Model { status, updated_at: now, ..hold })
}

async fn void_tickets(
    tx: &Transaction,
    id: HoldId,
    even_used: bool,
    now: DateTime<Utc>,
) -> Result<(), SaleError> {
    for ticket in store::tickets::lock_of(tx.db(), id).await? {
        ticket.status.void(even_used)?;
    }
    store::tickets::void(tx.db(), id, now).await?;
    Ok(())
}

fn tombstone(id: HoldId, now: DateTime<Utc>) -> Model {
    Model {
        id,
        event_id: None,
        ticket_type_id: None,
        user_id: None,
        quantity: 0,
        unit_price: 0,
        voucher_id: None,
        currency: Currency::default(),
        status: HoldStatus::Released,
        expires_at: now,
        created_at: now,
        updated_at: now,
    }
}
