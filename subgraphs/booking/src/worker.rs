//! The workers: whatever is due is looked at, by any number of replicas, each row by one at a time.
//!
//! A worker that dies keeps nothing: what it took is due again when its lease ends.

use std::time::Duration;

use entities::booking::bookings::Model;
use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::domain::schedule::{self, LEASE, backoff};
use crate::error::BookingError;
use crate::saga::{Saga, state};
use crate::store;
use crate::{notices, refunds};

/// How many rows are taken at once.
const BATCH: u64 = 50;
/// Who the history names.
const WORKER: &str = "worker";

/// Looks every `interval`, until `stop`.
pub async fn run(saga: Saga, interval: Duration, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Err(error) = run_once(&saga).await {
            tracing::warn!(%error, "the worker could not look at what is due");
        }
    }
}

/// Looks once at everything that is due; answers how many rows got on.
///
/// # Errors
/// [`BookingError::Database`]. A row that does not get on is no error: it is due again later.
pub async fn run_once(saga: &Saga) -> Result<usize, BookingError> {
    let mut got_on = 0;
    loop {
        let rows = claim_bookings(saga).await?;
        let all = rows.len() as u64;
        got_on += each(saga, rows, |row| look_at(saga, row)).await;
        if all < BATCH {
            break;
        }
    }
    let rows = claim_notices(saga).await?;
    got_on += each(saga, rows, |row| notices::look_at(saga, row)).await;
    let rows = claim_refunds(saga).await?;
    got_on += each(saga, rows, |row| pay_back(saga, row)).await;
    Ok(got_on)
}

async fn each<T, F>(saga: &Saga, rows: Vec<T>, work: impl Fn(T) -> F) -> usize
where
    F: Future<Output = bool>,
{
    let work = futures_util::stream::iter(rows.into_iter().map(work));
    work.buffer_unordered(saga.store.batch_width())
        .filter(|done| futures_util::future::ready(*done))
        .count()
        .await
}

async fn claim_bookings(saga: &Saga) -> Result<Vec<Model>, BookingError> {
    let now = saga.store.now();
    let claim = saga.store.transaction(|tx| async move {
        Ok(store::bookings::claim_due(&*tx, now, now + LEASE, BATCH).await?)
    });
    claim.await
}

async fn claim_notices(saga: &Saga) -> Result<Vec<entities::booking::payment_notices::Model>, BookingError> {
    let now = saga.store.now();
    let claim = saga
        .store
        .transaction(|tx| async move { Ok(store::notices::claim_due(&*tx, now, now + LEASE, BATCH).await?) });
    claim.await
}

async fn claim_refunds(saga: &Saga) -> Result<Vec<entities::booking::refunds::Model>, BookingError> {
    let now = saga.store.now();
    let claim = saga
        .store
        .transaction(|tx| async move { Ok(store::refunds::claim_due(&*tx, now, now + LEASE, BATCH).await?) });
    claim.await
}

async fn look_at(saga: &Saga, row: Model) -> bool {
    match go_on(saga, row.clone()).await {
        Ok(()) => true,
        Err(error) => {
            tracing::info!(booking = %row.id, tries = row.tries + 1, %error, "not finished yet");
            let until = saga.store.now() + backoff(row.tries + 1);
            if let Err(error) = store::bookings::postpone(saga.store.database().write(), &row, until).await {
                tracing::warn!(booking = %row.id, %error, "left to the end of its lease");
            }
            false
        }
    }
}

async fn go_on(saga: &Saga, row: Model) -> Result<(), BookingError> {
    let now = saga.store.now();
    let row = match schedule::give_up(&row, state(&row)?, now) {
        Some(reason) => match saga.start_cancel(&row, reason, WORKER).await {
            // Its buyer did something at this moment; what that leaves behind is due in its own time.
            Err(BookingError::Stale) => return Ok(()),
            started => started?,
        },
        None => row,
    };
    saga.drive(row, WORKER).await.map(drop)
}

async fn pay_back(saga: &Saga, row: entities::booking::refunds::Model) -> bool {
    let (id, booking) = (row.id, row.booking_id);
    let outcome = refunds::drive(saga, row).await;
    outcome.inspect_err(|error| tracing::info!(refund = %id, %booking, %error, "not refunded yet")).is_ok()
}
