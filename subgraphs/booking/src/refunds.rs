//! Refunds: money on its way back, driven by the worker until the provider has it or a person must see to it.

use chrono::{DateTime, Utc};
use entities::booking::refunds::Model;
use entities::booking::status::{PaymentState, RefundState};
use entities::money::Money;

use crate::domain::schedule::backoff;
use crate::error::BookingError;
use crate::payment::{RefundAnswer, Repayment};
use crate::saga::Saga;
use crate::store::{self, refunds};

/// Takes one refund as far as it goes now.
///
/// # Errors
/// [`BookingError::Unavailable`] when the provider does not answer; the refund stays SUBMITTED and is told again.
pub async fn drive(saga: &Saga, row: Model) -> Result<Model, BookingError> {
    let row = match row.state {
        RefundState::Requested => submit(saga, row).await?,
        RefundState::Failed => return hand_over(saga, &row).await,
        RefundState::Submitted => row,
        RefundState::Done | RefundState::Manual => return Ok(row),
    };
    match saga.payments.refund(repayment(saga, &row).await?).await? {
        RefundAnswer::Done => complete(saga, &row).await,
        RefundAnswer::Refused { reason } => {
            tracing::error!(refund = %row.id, booking = %row.booking_id, reason, "refund refused");
            let failed = advance(saga, &row, row.state.fail()?, Some(saga.store.now())).await?;
            hand_over(saga, &failed).await
        }
    }
}

/// Written down before the provider hears of it: after a crash it is told again, under the same id.
async fn submit(saga: &Saga, row: Model) -> Result<Model, BookingError> {
    let again = saga.store.now() + backoff(row.tries.saturating_add(1));
    advance(saga, &row, row.state.submit()?, Some(again)).await
}

async fn hand_over(saga: &Saga, row: &Model) -> Result<Model, BookingError> {
    advance(saga, row, row.state.hand_over()?, None).await
}

async fn advance(
    saga: &Saga,
    row: &Model,
    to: RefundState,
    due_at: Option<DateTime<Utc>>,
) -> Result<Model, BookingError> {
    let now = saga.store.now();
    saga.store.transaction(|tx| async move { refunds::advance(&*tx, row, to, due_at, now).await }).await
}

async fn repayment(saga: &Saga, row: &Model) -> Result<Repayment, BookingError> {
    let attempts = store::payments::of_booking(saga.store.read(), row.booking_id).await?;
    let paid = attempts.into_iter().find(|attempt| attempt.id == row.payment_id);
    let transaction_id = paid.and_then(|attempt| attempt.transaction_id).ok_or_else(|| {
        BookingError::Broken { booking: row.booking_id.to_string(), what: "a refund of what was never paid" }
    })?;
    let amount = Money::new(row.amount, row.currency)?;
    Ok(Repayment { id: row.id, payment_id: row.payment_id, transaction_id, amount })
}

/// The money is back: refund and payment say so in one transaction.
async fn complete(saga: &Saga, row: &Model) -> Result<Model, BookingError> {
    let now = saga.store.now();
    saga.store
        .transaction(|tx| async move {
            let done = refunds::advance(&*tx, row, row.state.complete()?, None, now).await?;
            let attempts = store::payments::of_booking(&*tx, row.booking_id).await?;
            let paid = attempts.iter().find(|attempt| attempt.id == row.payment_id);
            if let Some(attempt) = paid
                && attempt.state != PaymentState::Reversed
            {
                store::payments::advance(&*tx, attempt, attempt.state.reverse()?, None, now).await?;
            }
            Ok(done)
        })
        .await
}
