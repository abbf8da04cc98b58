//! What payment providers tell us: kept before it is acknowledged, then applied, at once or by a worker.
//!
//! A message is a reason to ask the provider, and nothing more: its status endpoint says what is true now. That is why messages
//! may come late, twice, in any order, or not at all.

use chrono::{DateTime, Utc};
use entities::booking::bookings;
use entities::booking::payment_attempts;
use entities::booking::payment_notices::Model;
use entities::booking::status::{BookingState, CancelReason, NoticeOutcome, PaymentState};
use entities::ids::{NoticeId, PaymentId};
use subgraph::audit;

use crate::domain::schedule::{GRACE_OF_PAGES, LEASE, backoff};
use crate::error::BookingError;
use crate::payment::{ChargeAnswer, Notice, Receipt, Returned};
use crate::saga::{Saga, charge, state};
use crate::store;

/// Who the history names.
pub(crate) const PROVIDER: &str = "provider";
/// How often a message about money of which nothing is known is tried: what makes it known may come after it.
const TRIES: i32 = 6;
/// The longest name that has room in the inbox, and the longest word for what happened.
const LONGEST_NAME: usize = 128;
const LONGEST_KIND: usize = 64;

/// Writes a message down; the row when it is new. Whoever calls applies it now (`now`), or a worker does.
///
/// # Errors
/// [`BookingError::Database`]: then it must come again.
pub async fn keep(saga: &Saga, notice: Notice, now: bool) -> Result<Option<Model>, BookingError> {
    let at = saga.store.now();
    // A name too long for its column is none of ours, and must not keep the message out.
    let fitting = |name: Option<String>| name.filter(|name| name.len() <= LONGEST_NAME);
    let row = Model {
        id: NoticeId::new(),
        provider: saga.payments.name().to_owned(),
        event_key: notice.event_key,
        kind: notice.kind.chars().take(LONGEST_KIND).collect(),
        payment_reference: fitting(notice.payment_reference),
        transaction_id: fitting(notice.transaction_id),
        outcome: None,
        due_at: Some(if now { at + LEASE } else { at }),
        tries: 0,
        received_at: at,
    };
    let fresh = store::notices::insert(saga.store.database().write(), &row).await?;
    Ok(fresh.then_some(row))
}

/// A look that we owe ourselves at a payment that was called off while its page was still open: the provider's word that it
/// was paid after all may be lost.
pub(crate) fn last_look(
    booking: &bookings::Model,
    attempt: &payment_attempts::Model,
    at: DateTime<Utc>,
) -> Option<Model> {
    attempt.page_reference.as_ref()?;
    Some(Model {
        id: NoticeId::new(),
        provider: attempt.provider.clone(),
        event_key: format!("last-look-{}", attempt.id),
        kind: "last look".to_owned(),
        payment_reference: Some(attempt.id.to_string()),
        transaction_id: None,
        outcome: None,
        due_at: Some(booking.expires_at.max(at) + GRACE_OF_PAGES),
        tries: 0,
        received_at: at,
    })
}

/// Applies a message, or puts it back into the queue; answers whether it got on.
pub async fn look_at(saga: &Saga, row: Model) -> bool {
    let db = saga.store.database().write();
    let written = match apply(saga, &row).await {
        Ok(Some(outcome)) => store::notices::finish(db, row.id, outcome).await.map(|()| true),
        waits => {
            if let Err(error) = waits {
                tracing::info!(notice = %row.id, kind = row.kind, %error, "not applied yet");
            }
            let until = saga.store.now() + backoff(row.tries + 1);
            store::notices::postpone(db, row.id, until).await.map(|()| false)
        }
    };
    written.unwrap_or_else(|error| {
        tracing::warn!(notice = %row.id, %error, "left to the end of its lease");
        false
    })
}

/// What became of it; `None` when it must wait for what makes it understandable.
async fn apply(saga: &Saga, row: &Model) -> Result<Option<NoticeOutcome>, BookingError> {
    let Some(attempt) = attempt_of(saga, row).await? else {
        let money_only = row.payment_reference.is_none() && row.transaction_id.is_some();
        if money_only && row.tries < TRIES {
            return Ok(None);
        }
        tracing::warn!(notice = %row.id, provider = row.provider, kind = row.kind, "of no payment of ours");
        return Ok(Some(NoticeOutcome::Unknown));
    };
    // Whatever waits goes on first: what the message says may already be known by the end of it.
    let booking = saga.drive(saga.reload(attempt.booking_id).await?, PROVIDER).await?;
    let Some(attempt) = attempt_of(saga, row).await? else { return Ok(Some(NoticeOutcome::Unknown)) };
    settle(saga, booking, attempt).await?;
    Ok(Some(NoticeOutcome::Applied))
}

async fn attempt_of(saga: &Saga, row: &Model) -> Result<Option<payment_attempts::Model>, BookingError> {
    let db = saga.store.read();
    let named = row.payment_reference.as_deref().and_then(|text| text.parse::<PaymentId>().ok());
    let found = match (named, &row.transaction_id) {
        (Some(id), _) => store::payments::find(db, id).await?,
        (None, Some(transaction)) => store::payments::of_transaction(db, &row.provider, transaction).await?,
        (None, None) => None,
    };
    Ok(found.filter(|attempt| attempt.provider == row.provider))
}

/// Asks the provider about a payment that is decided here, and follows it where it decided otherwise since.
async fn settle(
    saga: &Saga,
    booking: bookings::Model,
    attempt: payment_attempts::Model,
) -> Result<(), BookingError> {
    if attempt.state.is_open() || attempt.state == PaymentState::Reversed {
        return Ok(());
    }
    let answer = saga.payments.look_up(charge(&booking, &attempt)?).await?;
    match (attempt.state, answer) {
        (PaymentState::Succeeded, Some(ChargeAnswer::Reversed(_) | ChargeAnswer::Declined { .. })) => {
            reverse(saga, booking, attempt).await
        }
        (
            PaymentState::Failed | PaymentState::Expired | PaymentState::Voided,
            Some(ChargeAnswer::Paid(receipt)),
        ) => give_back(saga, &attempt, &receipt).await,
        (PaymentState::Succeeded, Some(ChargeAnswer::Paid(receipt))) => {
            flag_what_went_back(saga, &attempt, receipt.returned).await
        }
        _ => Ok(()),
    }
}

/// The money that paid a booking is gone: the booking is cancelled. Money that we owed back anyway has only arrived.
async fn reverse(
    saga: &Saga,
    booking: bookings::Model,
    attempt: payment_attempts::Model,
) -> Result<(), BookingError> {
    let owed = store::refunds::of_payment(saga.store.read(), attempt.id).await?.is_some();
    let cancels = !owed && state(&booking)? == BookingState::Paid;
    tracing::warn!(booking = %booking.id, payment = %attempt.id, owed, "the provider gave the money back");
    let (booking, attempt) = (&booking, &attempt);
    let now = saga.store.now();
    let to = match cancels {
        true => Some(saga.plain(state(booking)?.cancel(CancelReason::PaymentReversed), PROVIDER)?),
        false => None,
    };
    let to = to.as_ref();
    let moved = saga
        .store
        .transaction(|tx| async move {
            store::payments::advance(&*tx, attempt, attempt.state.reverse()?, None, now).await?;
            match to {
                Some(to) => store::bookings::advance(&*tx, booking, to).await,
                None => Ok(booking.clone()),
            }
        })
        .await?;
    // From here on the row says what must happen; when the ticket service is not there, a worker does it.
    match saga.drive(moved, PROVIDER).await {
        Ok(_) | Err(BookingError::Unavailable { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// A part of the money went back, and not by us: the booking stays PAID, and an administrator finds it in the audit log.
async fn flag_what_went_back(
    saga: &Saga,
    attempt: &payment_attempts::Model,
    returned: Returned,
) -> Result<(), BookingError> {
    let entry = match returned {
        Returned::Nothing => return Ok(()),
        Returned::Part(part) => store::audit::partly_returned(attempt, part),
        Returned::UnknownPart => store::audit::partly_returned(attempt, "a part"),
    };
    tracing::warn!(booking = %attempt.booking_id, payment = %attempt.id, ?returned, "a part went back at the provider");
    Ok(audit::record(saga.store.database().write(), saga.store.now(), [entry]).await?)
}

/// Money that came in for a payment that was decided without it.
async fn give_back(
    saga: &Saga,
    attempt: &payment_attempts::Model,
    receipt: &Receipt,
) -> Result<(), BookingError> {
    tracing::warn!(booking = %attempt.booking_id, payment = %attempt.id, paid = %receipt.amount, "paid too late");
    let now = saga.store.now();
    saga.store
        .transaction(|tx| async move {
            let to = attempt.state.succeed_late()?;
            store::payments::advance(&*tx, attempt, to, Some(receipt), now).await?;
            store::refunds::request(&*tx, attempt, receipt.amount, now).await?;
            Ok(())
        })
        .await
}
