//! What people do with bookings: create, pay, cancel, read; and what the event service does when an event is called off.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use entities::booking::bookings::Model;
use entities::booking::status::{BookingState, BookingStatus, CancelReason, Phase};
use entities::idempotency::IdempotencyKey;
use entities::ids::{BookingId, EventId, UserId};
use futures_util::StreamExt;
use sea_orm::DatabaseTransaction;
use service::identity::Actor;
use subgraph::error::Code;
use subgraph::page::Page;

use crate::domain::order::Order;
use crate::domain::refusal::{Facts, Refusal};
use crate::domain::schedule;
use crate::error::BookingError;
use crate::saga::{Saga, state};
use crate::store::bookings::Move;
use crate::store::{self, Store};

/// How many bookings of a cancelled event are taken at once.
const SWEEP: u64 = 100;
/// How long one call of the sweep works; its caller waits two seconds and calls again.
const SWEEP_BUDGET: Duration = Duration::from_secs(1);

/// How often a buyer may order with a voucher that there is not, within how long: codes are short enough to be guessed.
const GUESSES: u64 = 10;
const GUESSES_WITHIN: TimeDelta = TimeDelta::minutes(10);

/// Who a history line names.
fn by(actor: &Actor) -> String {
    actor.user_id().map_or_else(|| "nobody".to_owned(), |id| format!("user:{id}"))
}

/// Whether a viewer may see a booking: its buyer and administrators. A request that never held anything is no booking yet.
#[must_use]
pub fn may_see(actor: &Actor, row: &Model) -> bool {
    row.total.is_some() && (actor.is_admin() || actor.is(*row.user_id.as_uuid()))
}

/// The booking `id`, if `actor` may see it.
///
/// # Errors
/// [`BookingError::NoSuchBooking`], also for a stranger's.
pub async fn visible(store: &Store, actor: &Actor, id: BookingId) -> Result<Model, BookingError> {
    let row = store::bookings::find(store.read(), id).await?;
    row.filter(|row| may_see(actor, row)).ok_or(BookingError::NoSuchBooking)
}

// Creating

/// Books tickets: writes the booking down, then takes the hold. With a key, the same order gets the same booking.
///
/// # Errors
/// [`BookingError::HoldRefused`]; [`BookingError::KeyReused`]; [`BookingError::GuessesVouchers`]; [`BookingError::Unavailable`] when
/// the ticket service does not answer: a worker then finishes what has a key, and gives up what has none.
pub async fn create(
    saga: &Saga,
    order: Order,
    key: Option<IdempotencyKey>,
    ttl: TimeDelta,
) -> Result<Model, BookingError> {
    let by = format!("user:{}", order.user_id);
    let row = write_down(&saga.store, order, key, ttl, &by).await?;
    let fresh = state(&row)? == BookingState::New;
    let row = if fresh { saga.drive(row, &by).await? } else { row };
    answer_of_create(row)
}

/// Finds what the key made before, or makes it.
async fn write_down(
    store: &Store,
    order: Order,
    key: Option<IdempotencyKey>,
    ttl: TimeDelta,
    by: &str,
) -> Result<Model, BookingError> {
    for _ in 0..2 {
        if let Some(row) = find_by_key(store, &order, key.as_ref()).await? {
            return Ok(row);
        }
        let (row, key) = (&new_row(store, order, key.is_some(), ttl), key.as_ref());
        let written = store.transaction(|tx| async move { insert(&tx, row, order, key, by).await }).await;
        match written {
            // A twin of this request was faster: its booking is found the second time.
            Err(BookingError::Stale) => {}
            written => return written.map(|()| row.clone()),
        }
    }
    Err(BookingError::Stale)
}

async fn find_by_key(
    store: &Store,
    order: &Order,
    key: Option<&IdempotencyKey>,
) -> Result<Option<Model>, BookingError> {
    let Some(key) = key else { return Ok(None) };
    let earlier = store::keys::find(store.read(), order.user_id, store::keys::CREATE_BOOKING, key).await?;
    let Some(earlier) = earlier else { return Ok(None) };
    if earlier.body_hash != order.fingerprint() {
        return Err(BookingError::KeyReused);
    }
    Ok(store::bookings::find(store.read(), earlier.booking_id).await?)
}

async fn insert(
    tx: &DatabaseTransaction,
    row: &Model,
    order: Order,
    key: Option<&IdempotencyKey>,
    by: &str,
) -> Result<(), BookingError> {
    if let Some(key) = key {
        let what = (order.fingerprint(), row.id);
        if !store::keys::insert(tx, (order.user_id, store::keys::CREATE_BOOKING), key, what, row.created_at)
            .await?
        {
            return Err(BookingError::Stale);
        }
    }
    if row.voucher.is_some() {
        may_try_voucher(tx, row).await?;
    }
    store::bookings::insert(tx, row, by).await?;
    Ok(())
}

/// Who guesses must wait. Orders at the same moment may each be the last that is allowed: there are not many such moments.
async fn may_try_voucher(tx: &DatabaseTransaction, row: &Model) -> Result<(), BookingError> {
    let since = row.created_at - GUESSES_WITHIN;
    let wrong = store::bookings::wrong_vouchers(tx, row.user_id, since, GUESSES).await?;
    let Some((oldest, _)) = wrong.last().filter(|_| wrong.len() as u64 == GUESSES) else { return Ok(()) };
    // What is not answered yet may have been right after all.
    let is_open = wrong.iter().any(|(_, phase)| *phase == Some(Phase::New));
    let retry_after = if is_open { schedule::GRACE } else { *oldest - since };
    Err(BookingError::GuessesVouchers { retry_after: retry_after.to_std().unwrap_or_default() })
}

fn new_row(store: &Store, order: Order, keyed: bool, ttl: TimeDelta) -> Model {
    let now = store.now();
    Model {
        id: BookingId::new(),
        user_id: order.user_id,
        event_id: order.event_id,
        ticket_type_id: order.ticket_type_id,
        quantity: order.quantity,
        voucher: order.voucher,
        status: BookingStatus::Pending,
        phase: Some(Phase::New),
        cancel_reason: None,
        refusal_code: None,
        refusal_available: None,
        refusal_facts: None,
        unit_price: None,
        currency: None,
        total: None,
        keyed,
        expires_at: now + ttl,
        version: 1,
        due_at: Some(now + schedule::GRACE),
        tries: 0,
        created_at: now,
        updated_at: now,
    }
}

/// A booking that was refused answers with its refusal, now and whenever its key is used again.
fn answer_of_create(row: Model) -> Result<Model, BookingError> {
    let reason = state(&row)?.cancel_reason();
    match (reason, row.total) {
        (Some(CancelReason::HoldRejected), _) => Err(BookingError::HoldRefused(refusal_of(&row))),
        (Some(_), None) => Err(BookingError::Lapsed),
        _ => Ok(row),
    }
}

fn refusal_of(row: &Model) -> Refusal {
    let code = row.refusal_code.as_deref().and_then(|code| code.parse().ok()).unwrap_or(Code::Conflict);
    Refusal { code, facts: Facts::kept(row.refusal_available, row.refusal_facts.as_deref()) }
}

// Paying

/// Pays a booking and turns its hold into tickets. Paying twice charges once and answers the same.
///
/// # Errors
/// [`BookingError::NoSuchBooking`], also for a stranger's; [`BookingError::PaymentFailed`]; [`BookingError::Lapsed`],
/// [`BookingError::PaidTooLate`], [`BookingError::Cancelled`]; [`BookingError::Unavailable`]: then a worker goes on.
pub async fn confirm_payment(saga: &Saga, actor: &Actor, id: BookingId) -> Result<Model, BookingError> {
    let by = by(actor);
    let mut row = visible(&saga.store, actor, id).await?;
    if state(&row)? == BookingState::Held {
        row = match pay(saga, &row, &by).await {
            Err(BookingError::Stale) => saga.reload(id).await?,
            paid => return answer_of_payment(saga, paid?).await,
        };
    }
    let row = match state(&row)? {
        BookingState::Paying | BookingState::Confirming => saga.drive(row, &by).await?,
        BookingState::Cancelling(CancelReason::Expired) => give_back(saga, row, &by).await,
        _ => row,
    };
    answer_of_payment(saga, row).await
}

/// What has lapsed is not paid any more, even if no worker has come by yet.
async fn pay(saga: &Saga, row: &Model, by: &str) -> Result<Model, BookingError> {
    if row.expires_at <= saga.store.now() {
        let row = saga.start_cancel(row, CancelReason::Expired, by).await?;
        return Ok(give_back(saga, row, by).await);
    }
    saga.pay(row, by).await
}

/// Releases at once what a worker would release later; when that fails, the worker does it.
async fn give_back(saga: &Saga, row: Model, by: &str) -> Model {
    match saga.drive(row.clone(), by).await {
        Ok(row) => row,
        Err(error) => {
            tracing::info!(booking = %row.id, %error, "left to the worker");
            row
        }
    }
}

async fn answer_of_payment(saga: &Saga, row: Model) -> Result<Model, BookingError> {
    match state(&row)? {
        BookingState::Paid | BookingState::Paying | BookingState::Confirming => Ok(row),
        BookingState::Cancelling(reason) | BookingState::Cancelled(reason) => Err(match reason {
            CancelReason::Expired => BookingError::Lapsed,
            CancelReason::LatePayment => BookingError::PaidTooLate,
            CancelReason::Buyer
            | CancelReason::Admin
            | CancelReason::EventCancelled
            | CancelReason::HoldRejected
            | CancelReason::PaymentReversed => BookingError::Cancelled,
        }),
        BookingState::Voiding(_) => Err(BookingError::Cancelled),
        BookingState::Held | BookingState::New => {
            let attempts = store::payments::of_booking(saga.store.read(), row.id).await?;
            let wrong_amount = attempts.last().is_some_and(|last| last.paid().is_some());
            let reason =
                if wrong_amount { "not the amount due was paid; it is refunded" } else { "declined" };
            Err(BookingError::PaymentFailed { reason: reason.to_owned() })
        }
    }
}

// Cancelling

/// What came of a cancellation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cancellation {
    /// It is cancelled, now or before.
    Done(Model),
    /// It stays as it is.
    Refused {
        /// Why, in the original's words where it had some.
        why: &'static str,
        /// The booking as it is.
        booking: Model,
    },
}

/// An administrator cancels any booking; one that is PAID only with `refund`.
///
/// # Errors
/// [`BookingError::NoSuchBooking`]; [`BookingError::Unavailable`]: it is written down, and a worker finishes it.
pub async fn cancel_by_admin(
    saga: &Saga,
    actor: &Actor,
    id: BookingId,
    refund: bool,
) -> Result<Cancellation, BookingError> {
    cancel(saga, actor, id, (CancelReason::Admin, refund)).await
}

/// A buyer cancels a booking that is not paid.
///
/// # Errors
/// As [`cancel_by_admin`]; [`BookingError::NoSuchBooking`] also for a stranger's.
pub async fn cancel_mine(saga: &Saga, actor: &Actor, id: BookingId) -> Result<Cancellation, BookingError> {
    let row = visible(&saga.store, actor, id).await?;
    if !actor.is(*row.user_id.as_uuid()) {
        return Err(BookingError::NoSuchBooking);
    }
    cancel(saga, actor, id, (CancelReason::Buyer, false)).await
}

async fn cancel(
    saga: &Saga,
    actor: &Actor,
    id: BookingId,
    (reason, even_paid): (CancelReason, bool),
) -> Result<Cancellation, BookingError> {
    let by = by(actor);
    let mut row = visible(&saga.store, actor, id).await?;
    loop {
        match state(&row)? {
            BookingState::Paid if !even_paid => return Ok(refused("Cannot cancel a PAID booking", row)),
            BookingState::Confirming => {
                return Ok(refused("Cannot cancel a booking while its payment is being confirmed", row));
            }
            _ => {}
        }
        match saga.start_cancel(&row, reason, &by).await {
            Err(BookingError::Stale) => row = saga.reload(id).await?,
            started => break row = started?,
        }
    }
    let row = saga.drive(row, &by).await?;
    match state(&row)? {
        BookingState::Cancelled(_) => Ok(Cancellation::Done(row)),
        _ => Ok(refused("Cannot cancel a booking whose tickets were used", row)),
    }
}

const fn refused(why: &'static str, booking: Model) -> Cancellation {
    Cancellation::Refused { why, booking }
}

/// Cancels every booking of an event that was called off, as many as fit into a second; answers how many are still open.
/// Its sales are barred in the ticket service before, so that repeating this comes to an end.
///
/// # Errors
/// [`BookingError::Database`]. A ticket service that does not answer is no error: the bookings are still open.
pub async fn cancel_event(saga: &Saga, event: EventId) -> Result<u64, BookingError> {
    let until = Instant::now() + SWEEP_BUDGET;
    while mark_cancelled(saga, event).await? == SWEEP && Instant::now() < until {}
    loop {
        let rows = store::bookings::cancelling(saga.store.read(), event, SWEEP).await?;
        let all = rows.len();
        let done = drive_all(saga, rows, EVENT_SERVICE).await;
        if all == 0 || done < all || Instant::now() >= until {
            break;
        }
    }
    Ok(store::bookings::count_open(saga.store.read(), event).await?)
}

/// Who the history names for a cancelled event.
const EVENT_SERVICE: &str = "service:event";

async fn mark_cancelled(saga: &Saga, event: EventId) -> Result<u64, BookingError> {
    let now = saga.store.now();
    saga.store
        .transaction(|tx| async move {
            let rows = store::bookings::lock_cancellable(&*tx, event, SWEEP).await?;
            for row in &rows {
                let to = state(row)?.cancel(CancelReason::EventCancelled)?;
                let by = EVENT_SERVICE.to_owned();
                let step = Move { to, by, at: now, price: None, refusal: None };
                store::bookings::advance(&*tx, row, &step).await?;
            }
            Ok(rows.len() as u64)
        })
        .await
}

/// Drives bookings some at a time; answers how many got on.
pub(crate) async fn drive_all(saga: &Saga, rows: Vec<Model>, by: &str) -> usize {
    let driven = rows.into_iter().map(|row| async move {
        let id = row.id;
        let outcome = saga.drive(row, by).await;
        outcome.inspect_err(|error| tracing::info!(booking = %id, %error, "not driven")).is_ok()
    });
    futures_util::stream::iter(driven)
        .buffer_unordered(saga.store.batch_width())
        .filter(|done| futures_util::future::ready(*done))
        .count()
        .await
}

// Reading

/// The bookings of a user, oldest first. Whoever calls has seen to it that the viewer may.
///
/// # Errors
/// [`BookingError::Database`].
pub async fn of_user(store: &Store, user: UserId, page: Page) -> Result<Vec<Model>, BookingError> {
    Ok(store::bookings::of_users(store.read(), [user], page).await?)
}
