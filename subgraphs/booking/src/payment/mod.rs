//! Payment providers: a trait, the built-in one for development, and two that take real money on a page of their own.
//!
//! A payment's id is the provider's idempotency key: every call may be repeated and finds what the first one did. A provider
//! also tells us things unasked; such a [`Notice`] only names the payment to ask about, because messages come late, twice and
//! in any order, and what is true stands at the provider. Reading order: this trait, [`config`] (which one), [`http`] (how one
//! is called), [`midtrans`], [`stripe`], [`test`] and [`fake`].

use chrono::{DateTime, Utc};
use entities::ids::{BookingId, PaymentId, RefundId};
use entities::money::Money;
use futures_util::future::BoxFuture;

pub mod config;
pub mod fake;
pub(crate) mod http;
pub mod midtrans;
pub mod stripe;
pub mod test;

/// What is to be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The payment, which names the charge.
    pub id: PaymentId,
    /// The booking it is for.
    pub booking_id: BookingId,
    /// How much.
    pub amount: Money,
    /// The page that the provider made for it, if we wrote one down. Nobody but us gives a page to a buyer, and only what is
    /// written down is given: without one, nobody can have paid.
    pub page: Option<Page>,
    /// When we first wanted it.
    pub created_at: DateTime<Utc>,
    /// Until when the booking waits for it.
    pub expires_at: DateTime<Utc>,
}

/// Where a buyer pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The provider's own name for it.
    pub reference: String,
    /// Its address.
    pub url: String,
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
    /// What went back of it since. All of it is no receipt any more, but [`ChargeAnswer::Reversed`].
    pub returned: Returned,
}

/// How much of a payment that is still in went back, by the hand of somebody at the provider or by the buyer's bank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Returned {
    /// Nothing.
    #[default]
    Nothing,
    /// So much.
    Part(Money),
    /// Some of it; the provider does not say how much.
    UnknownPart,
}

/// What a provider says of a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChargeAnswer {
    /// The money is in.
    Paid(Receipt),
    /// The buyer has still to do something, on the provider's page if it has one.
    Waiting(Option<Page>),
    /// There will be no money.
    Declined {
        /// Why, in words that are safe to show.
        reason: String,
    },
    /// The money was in, and all of it went back: a refund, or the buyer's bank took it.
    Reversed(Receipt),
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

/// A message to us as it came, of whose sender nothing is known yet.
#[derive(Clone, Copy, Debug)]
pub struct Message<'m> {
    /// The header in which the provider signs, if it signs in one and it is there.
    pub signature: Option<&'m str>,
    /// The body, byte by byte.
    pub body: &'m [u8],
    /// When it came.
    pub at: DateTime<Utc>,
}

/// What a provider tells us unasked, once it is known that it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The same for the same message, however often it comes.
    pub event_key: String,
    /// The provider's word for what happened.
    pub kind: String,
    /// The payment, as the provider names it.
    pub payment_reference: Option<String>,
    /// The money, where that is named instead.
    pub transaction_id: Option<String>,
}

/// Why a message is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Not what the provider sends.
    #[error("the message cannot be read")]
    Malformed,
    /// Not signed with the key that we share with the provider, or too long ago.
    #[error("the signature does not hold")]
    Signature,
    /// This provider tells nothing.
    #[error("this provider sends no messages")]
    Unexpected,
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

    /// Reads a message that claims to be the provider's; `None` when it is, but about nothing that concerns payments.
    ///
    /// # Errors
    /// [`MessageError`].
    fn read(&self, message: Message<'_>) -> Result<Option<Notice>, MessageError> {
        let _ = message;
        Err(MessageError::Unexpected)
    }
}
