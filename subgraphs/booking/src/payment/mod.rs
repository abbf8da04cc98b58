//! Payment providers: a trait, and the built-in one for development.
//!
//! A payment's id is the provider's idempotency key: every call may be repeated and finds what the first one did.

use entities::ids::{BookingId, PaymentId, RefundId};
use entities::money::Money;
use futures_util::future::BoxFuture;

pub mod fake;
pub mod test;

/// What is to be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The payment, which names the charge.
    pub id: PaymentId,
    /// The booking it is for.
    pub booking_id: BookingId,
    /// How much.
    pub amount: Money,
}

/// What is to be paid back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repayment {
    /// The refund, which names it.
    pub id: RefundId,
    /// The payment that is returned.
    pub payment_id: PaymentId,
    /// The provider's own name for the money.
    pub transaction_id: String,
    /// How much.
    pub amount: Money,
}

/// Money that moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The provider's own name for it; no two payments share one.
    pub transaction_id: String,
    /// How much was paid: what the provider says, not what was asked.
    pub amount: Money,
}

/// What a provider says of a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChargeAnswer {
    /// The money is in.
    Paid(Receipt),
    /// The buyer has still to do something.
    Waiting,
    /// There will be no money.
    Declined {
        /// Why, in words that are safe to show.
        reason: String,
    },
}

/// What a provider says when a charge is called off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VoidAnswer {
    /// No money moved, and none will.
    Voided,
    /// Too late.
    Paid(Receipt),
}

/// What a provider says of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundAnswer {
    /// The money is back.
    Done,
    /// It will not do it; a person must.
    Refused {
        /// Why; for the log.
        reason: String,
    },
}

/// The provider did not answer, or not as agreed: whether it did it is unknown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the payment provider is unavailable: {cause}")]
pub struct ProviderError {
    /// What happened; for the log, not for clients.
    pub cause: String,
}

/// Somebody who moves money.
pub trait PaymentProvider: Send + Sync {
    /// Its name in our rows.
    fn name(&self) -> &'static str;

    /// Asks for money. The same charge is never collected twice.
    ///
    /// # Errors
    /// [`ProviderError`], within a bounded time.
    fn collect(&self, charge: Charge) -> BoxFuture<'_, Result<ChargeAnswer, ProviderError>>;

    /// What became of a charge; `None` when the provider never heard of it.
    ///
    /// # Errors
    /// [`ProviderError`], within a bounded time.
    fn look_up(&self, charge: Charge) -> BoxFuture<'_, Result<Option<ChargeAnswer>, ProviderError>>;

    /// Calls a charge off, also one that the provider never heard of: it can no longer be collected.
    ///
    /// # Errors
    /// [`ProviderError`], within a bounded time.
    fn void(&self, charge: Charge) -> BoxFuture<'_, Result<VoidAnswer, ProviderError>>;

    /// Pays back. The same refund is never paid twice.
    ///
    /// # Errors
    /// [`ProviderError`], within a bounded time.
    fn refund(&self, repayment: Repayment) -> BoxFuture<'_, Result<RefundAnswer, ProviderError>>;
}
