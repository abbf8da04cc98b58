//! The saga of a booking: from its row to its tickets, or back, step by step.
//!
//! Every step is written down before the next call to another service, and every call may be repeated: whoever finds a
//! booking between two steps, a request or a worker, after a crash or beside another, goes on from the row. Two who drive one
//! booking at once do each remote step twice, which is the same as once; the row lets only one of them move it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entities::booking::bookings::Model;
use entities::booking::payment_attempts;
use entities::booking::status::{BookingState, CancelReason, PaymentState, TransitionError};
use entities::ids::{BookingId, PaymentId};
use entities::money::Money;
use sea_orm::DatabaseTransaction;
use subgraph::error::Code;

use crate::domain::refusal::Refusal;
use crate::domain::schedule::poll;
use crate::error::BookingError;
use crate::notices::last_look;
use crate::payment::{Charge, ChargeAnswer, Page, PaymentProvider, Receipt, VoidAnswer};
use crate::store::bookings::{Move, Price};
use crate::store::{self, Store};
use crate::ticket::{Hold, HoldError, HoldRequest, HoldStatus, Release, TicketHolds};

/// More steps than any booking takes in one go; more would be a circle.
const MOST_STEPS: usize = 16;

/// What bookings are driven with.
#[derive(Clone)]
pub struct Saga {
    /// The booking database.
    pub store: Store,
    /// The ticket service.
    pub tickets: Arc<dyn TicketHolds>,
    /// The payment provider.
    pub payments: Arc<dyn PaymentProvider>,
}

/// What came of a step.
enum Step {
    /// The booking moved; there may be more to do.
    Moved(Model),
    /// There is nothing to do until somebody wants something, or time passes.
    Rests(Model),
}

/// What a provider's answer makes of a payment.
struct Settlement {
    attempt: payment_attempts::Model,
    state: PaymentState,
    receipt: Option<Receipt>,
    refund: Option<Money>,
}

impl Saga {
    /// Takes a booking as far as it goes now, on behalf of `by`.
    ///
    /// # Errors
    /// [`BookingError::Unavailable`] when a peer does not answer; the booking stays where it is and a worker goes on.
    pub async fn drive(&self, row: Model, by: &str) -> Result<Model, BookingError> {
        let first = self.step(&row, by).await;
        self.go_on(row.id, first, by).await
    }

    /// The same after a first step that was taken already.
    async fn go_on(
        &self,
        id: BookingId,
        first: Result<Step, BookingError>,
        by: &str,
    ) -> Result<Model, BookingError> {
        let mut taken = first;
        for steps in 1.. {
            let row = match taken {
                Ok(Step::Moved(moved)) => moved,
                Ok(Step::Rests(row)) => return Ok(row),
                Err(BookingError::Stale) => self.reload(id).await?,
                Err(error) => return Err(error),
            };
            if steps == MOST_STEPS {
                break;
            }
            taken = self.step(&row, by).await;
        }
        Err(BookingError::Broken { booking: id.to_string(), what: "it moves in a circle" })
    }

    async fn step(&self, row: &Model, by: &str) -> Result<Step, BookingError> {
        match state(row)? {
            BookingState::New => self.take_hold(row, by).await,
            BookingState::Paying => self.ask_for_payment(row, by).await,
            BookingState::Confirming => self.confirm_hold(row, by).await,
            BookingState::Cancelling(_) | BookingState::Voiding(_) => self.take_back(row, by).await,
            BookingState::Held | BookingState::Paid | BookingState::Cancelled(_) => {
                Ok(Step::Rests(row.clone()))
            }
        }
    }

    /// The booking as it is now.
    ///
    /// # Errors
    /// [`BookingError::NoSuchBooking`].
    pub async fn reload(&self, id: BookingId) -> Result<Model, BookingError> {
        store::bookings::find(self.store.read(), id).await?.ok_or(BookingError::NoSuchBooking)
    }

    // NEW

    async fn take_hold(&self, row: &Model, by: &str) -> Result<Step, BookingError> {
        let ttl = row.expires_at - self.store.now();
        if ttl <= chrono::TimeDelta::zero() {
            return self.moved(row, self.plain(state(row)?.cancel(CancelReason::Expired), by)?).await;
        }
        let request = HoldRequest {
            booking_id: row.id,
            event_id: row.event_id,
            ticket_type_id: row.ticket_type_id,
            quantity: row.quantity,
            user_id: row.user_id,
            voucher: row.voucher,
            ttl,
        };
        match self.tickets.hold(request).await {
            Ok(hold) => self.held(row, &hold, by).await,
            Err(HoldError::Refused { code, message, facts }) => {
                tracing::info!(booking = %row.id, %code, message, "hold refused");
                let to = self.plain(state(row)?.reject(), by)?;
                self.moved(row, Move { refusal: Some(Refusal { code, facts }), ..to }).await
            }
            Err(error @ HoldError::Unavailable { .. }) => Err(error.into()),
        }
    }

    async fn held(&self, row: &Model, hold: &Hold, by: &str) -> Result<Step, BookingError> {
        if hold.status != HoldStatus::Held {
            return self.moved(row, self.plain(state(row)?.cancel(CancelReason::Expired), by)?).await;
        }
        match hold.unit_price.checked_mul(row.quantity) {
            Ok(total) => {
                let price = Some(Price { unit: hold.unit_price, total });
                let to = self.plain(state(row)?.hold(), by)?;
                self.moved(row, Move { price, ..to }).await
            }
            Err(error) => {
                tracing::warn!(booking = %row.id, %error, "the total cannot be expressed");
                let to = self.plain(state(row)?.cancel(CancelReason::HoldRejected), by)?;
                let refusal = Some(Refusal::without_facts(Code::BadUserInput));
                self.moved(row, Move { refusal, ..to }).await
            }
        }
    }

    // HELD

    /// The buyer wants to pay what is held: takes the booking as far as it goes from there. Nothing to pay is paid.
    ///
    /// # Errors
    /// [`BookingError::Stale`], [`BookingError::Transition`]; as [`Saga::drive`].
    pub async fn pay(&self, row: &Model, by: &str) -> Result<Model, BookingError> {
        let total = row.total().ok_or_else(|| broken(row, "it is held without a price"))?;
        if total.is_zero() {
            let to = self.plain(state(row)?.accept_payment(true), by)?;
            return self.drive(self.advance(row, to).await?, by).await;
        }
        let (row, attempt) = self.start_payment(row, total, by).await?;
        let first = self.collect(&row, attempt, by).await;
        self.go_on(row.id, first, by).await
    }

    /// Writes down the payment before anybody hears of it.
    async fn start_payment(
        &self,
        row: &Model,
        total: Money,
        by: &str,
    ) -> Result<(Model, payment_attempts::Model), BookingError> {
        let to = &self.plain(state(row)?.start_payment(), by)?;
        self.store
            .transaction(|tx| async move {
                let moved = store::bookings::advance(&*tx, row, to).await?;
                let mut attempt = self.new_attempt(row.id, total, to.at);
                if store::payments::insert(&*tx, attempt.clone()).await? {
                    return Ok((moved, attempt));
                }
                // It was tried before.
                let earlier = store::payments::of_booking(&*tx, row.id).await?;
                attempt.seq += earlier.last().map_or(0, |last| last.seq);
                let written = store::payments::insert(&*tx, attempt.clone()).await?;
                if written { Ok((moved, attempt)) } else { Err(BookingError::Stale) }
            })
            .await
    }

    fn new_attempt(
        &self,
        booking_id: BookingId,
        total: Money,
        now: DateTime<Utc>,
    ) -> payment_attempts::Model {
        payment_attempts::Model {
            id: PaymentId::new(),
            booking_id,
            seq: 1,
            provider: self.payments.name().to_owned(),
            amount: total.amount(),
            currency: total.currency(),
            state: PaymentState::Created,
            page_reference: None,
            page_url: None,
            transaction_id: None,
            paid_amount: None,
            paid_currency: None,
            created_at: now,
            updated_at: now,
        }
    }

    // PAYING

    async fn ask_for_payment(&self, row: &Model, by: &str) -> Result<Step, BookingError> {
        let attempts = store::payments::of_booking(self.store.read(), row.id).await?;
        let Some(attempt) = attempts.into_iter().find(|attempt| attempt.state.is_open()) else {
            return self.moved(row, self.plain(state(row)?.decline(), by)?).await;
        };
        self.collect(row, attempt, by).await
    }

    /// A booking that has lapsed is not paid any more, but what the provider was told before is asked about first.
    async fn collect(
        &self,
        row: &Model,
        attempt: payment_attempts::Model,
        by: &str,
    ) -> Result<Step, BookingError> {
        let charge = charge(row, &attempt)?;
        let lapsed = row.expires_at <= self.store.now();
        let answer = match lapsed {
            true => self.payments.look_up(charge).await?,
            false => Some(self.payments.collect(charge).await?),
        };
        match answer {
            Some(ChargeAnswer::Paid(receipt)) => self.paid(row, attempt, receipt, by).await,
            Some(ChargeAnswer::Reversed(receipt)) => {
                let to = self.plain(state(row)?.decline(), by)?;
                let gone = attempt.state.succeed()?.reverse()?;
                let settled = Settlement { attempt, state: gone, receipt: Some(receipt), refund: None };
                self.settle(row, to, settled).await
            }
            _ if lapsed => self.moved(row, self.plain(state(row)?.cancel(CancelReason::Expired), by)?).await,
            Some(ChargeAnswer::Declined { reason }) => {
                tracing::info!(booking = %row.id, payment = %attempt.id, reason, "payment declined");
                let to = self.plain(state(row)?.decline(), by)?;
                let settled =
                    Settlement { state: attempt.state.fail()?, attempt, receipt: None, refund: None };
                self.settle(row, to, settled).await
            }
            Some(ChargeAnswer::Waiting(page)) => self.wait_for_buyer(row, &attempt, page).await,
            None => self.wait_for_buyer(row, &attempt, None).await,
        }
    }

    /// A page is written down before anybody sees it: what is not written down cannot be paid on.
    async fn wait_for_buyer(
        &self,
        row: &Model,
        attempt: &payment_attempts::Model,
        page: Option<Page>,
    ) -> Result<Step, BookingError> {
        let (now, page) = (self.store.now(), page.as_ref());
        let new_page = attempt.page_reference.is_none() && page.is_some();
        let is_news = attempt.state == PaymentState::Created || new_page;
        let next = poll(attempt.created_at, row.expires_at, now);
        self.store
            .transaction(|tx| async move {
                if is_news {
                    store::payments::wait(&*tx, attempt, page, now).await?;
                }
                store::bookings::postpone(&*tx, row, next).await?;
                Ok(Step::Rests(row.clone()))
            })
            .await
    }

    /// Money came in. Only the right amount in the right currency pays a booking; any other goes back.
    async fn paid(
        &self,
        row: &Model,
        attempt: payment_attempts::Model,
        receipt: Receipt,
        by: &str,
    ) -> Result<Step, BookingError> {
        let succeeded = attempt.state.succeed()?;
        let right = Some(receipt.amount) == row.total();
        let to = match right {
            true => state(row)?.accept_payment(false),
            false => state(row)?.decline(),
        };
        if !right {
            tracing::warn!(booking = %row.id, payment = %attempt.id, paid = %receipt.amount, "not the amount due");
        }
        let refund = (!right).then_some(receipt.amount);
        let to = self.plain(to, by)?;
        let settled = Settlement { attempt, state: succeeded, receipt: Some(receipt), refund };
        self.settle(row, to, settled).await
    }

    /// Moves the booking and the payment in one transaction, and owes back what is to be refunded.
    async fn settle(&self, row: &Model, to: Move, settled: Settlement) -> Result<Step, BookingError> {
        let (to, settled) = (&to, &settled);
        self.store
            .transaction(|tx| async move {
                let Settlement { attempt, state, receipt, refund } = settled;
                let payment = store::payments::advancing(&*tx, attempt, *state, receipt.as_ref(), to.at)?;
                let moved = store::bookings::advance_with(&*tx, row, to, payment).await?;
                if *state == PaymentState::Failed
                    && let Some(look) = last_look(row, attempt, to.at)
                {
                    store::notices::insert(&*tx, &look).await?;
                }
                if let Some(amount) = refund {
                    store::refunds::request(&*tx, attempt, *amount, to.at).await?;
                }
                Ok(Step::Moved(moved))
            })
            .await
    }

    // CONFIRMING

    async fn confirm_hold(&self, row: &Model, by: &str) -> Result<Step, BookingError> {
        let to = match self.tickets.confirm(row.id).await {
            Ok(_) => state(row)?.issue(),
            Err(HoldError::Refused { code, message, .. }) => {
                tracing::warn!(booking = %row.id, %code, message, "paid, but the tickets are gone");
                state(row)?.lose_hold()
            }
            Err(error @ HoldError::Unavailable { .. }) => return Err(error.into()),
        };
        self.moved(row, self.plain(to, by)?).await
    }

    // CANCELLING

    /// First no more money can come in, then the tickets go back, then it is CANCELLED and what was paid is owed back.
    async fn take_back(&self, row: &Model, by: &str) -> Result<Step, BookingError> {
        self.void_payments(row).await?;
        let was = state(row)?;
        let how = match was.cancel_reason() {
            Some(CancelReason::EventCancelled) => Release::All,
            _ => Release::Unused,
        };
        match self.tickets.release(row.id, how).await {
            Ok(()) => {}
            Err(HoldError::Refused { code: Code::InvalidTransition, message, .. })
                if was.status() == entities::booking::status::BookingStatus::Paid =>
            {
                tracing::warn!(booking = %row.id, message, "its tickets cannot be voided");
                return self.moved(row, self.plain(was.keep(), by)?).await;
            }
            Err(HoldError::Refused { code, message, .. }) => {
                let cause = format!("{code}: {message}");
                return Err(BookingError::Unavailable { what: "the ticket service", cause });
            }
            Err(error @ HoldError::Unavailable { .. }) => return Err(error.into()),
        }
        let to = &self.plain(was.finish_cancel(), by)?;
        self.store
            .transaction(|tx| async move {
                let moved = store::bookings::advance(&*tx, row, to).await?;
                owe_back(&tx, row.id, to.at).await?;
                Ok(Step::Moved(moved))
            })
            .await
    }

    /// Calls off every payment that may still move money; one that did is written down, and owed back later.
    async fn void_payments(&self, row: &Model) -> Result<(), BookingError> {
        for attempt in store::payments::of_booking(self.store.read(), row.id).await? {
            if !attempt.state.is_open() {
                continue;
            }
            let (to, receipt) = match self.payments.void(charge(row, &attempt)?).await? {
                VoidAnswer::Voided => (attempt.state.void()?, None),
                VoidAnswer::Paid(receipt) => (attempt.state.succeed()?, Some(receipt)),
            };
            let look = if receipt.is_none() { last_look(row, &attempt, self.store.now()) } else { None };
            let (attempt, receipt, look) = (&attempt, receipt.as_ref(), look.as_ref());
            let now = self.store.now();
            let written = self.store.transaction(|tx| async move {
                store::payments::advance(&*tx, attempt, to, receipt, now).await?;
                if let Some(look) = look {
                    store::notices::insert(&*tx, look).await?;
                }
                Ok::<_, BookingError>(())
            });
            written.await?;
        }
        Ok(())
    }

    /// Cancels a booking, if it can be: writes that down, so that it will happen whatever becomes of the caller.
    ///
    /// # Errors
    /// [`BookingError::Stale`], [`BookingError::Transition`].
    pub async fn start_cancel(
        &self,
        row: &Model,
        reason: CancelReason,
        by: &str,
    ) -> Result<Model, BookingError> {
        let was = state(row)?;
        let to = was.cancel(reason)?;
        if to == was {
            return Ok(row.clone());
        }
        self.advance(row, self.plain(Ok(to), by)?).await
    }

    async fn moved(&self, row: &Model, to: Move) -> Result<Step, BookingError> {
        self.advance(row, to).await.map(Step::Moved)
    }

    async fn advance(&self, row: &Model, to: Move) -> Result<Model, BookingError> {
        let to = &to;
        self.store.transaction(|tx| async move { store::bookings::advance(&*tx, row, to).await }).await
    }

    pub(crate) fn plain(
        &self,
        to: Result<BookingState, TransitionError>,
        by: &str,
    ) -> Result<Move, BookingError> {
        Ok(Move { to: to?, by: by.to_owned(), at: self.store.now(), price: None, refusal: None })
    }
}

/// Owes back everything that came in for a booking.
async fn owe_back(
    tx: &DatabaseTransaction,
    booking: BookingId,
    now: DateTime<Utc>,
) -> Result<(), BookingError> {
    for attempt in store::payments::of_booking(tx, booking).await? {
        if let (PaymentState::Succeeded, Some(paid)) = (attempt.state, attempt.paid()) {
            store::refunds::request(tx, &attempt, paid, now).await?;
        }
    }
    Ok(())
}

/// The state of a row.
///
/// # Errors
/// [`BookingError::Broken`] when its columns spell none.
pub(crate) fn state(row: &Model) -> Result<BookingState, BookingError> {
    row.state().ok_or_else(|| broken(row, "its status and phase do not fit"))
}

/// What a payment asks of the provider.
///
/// # Errors
/// [`BookingError::Broken`] when its columns ask for nothing.
pub(crate) fn charge(row: &Model, attempt: &payment_attempts::Model) -> Result<Charge, BookingError> {
    let amount = attempt.asked().ok_or_else(|| broken(row, "a payment asks for nothing"))?;
    let page = attempt.page_reference.clone().zip(attempt.page_url.clone());
    let page = page.map(|(reference, url)| Page { reference, url });
    let (created_at, expires_at) = (attempt.created_at, row.expires_at);
    Ok(Charge { id: attempt.id, booking_id: row.id, amount, page, created_at, expires_at })
}

fn broken(row: &Model, what: &'static str) -> BookingError {
    BookingError::Broken { booking: row.id.to_string(), what }
}
