//! Everything that booking can answer instead of a result: a variant per cause, facts as fields.
//!
//! Which code and which words a client gets for each is one table in `api/errors.rs`.

use std::time::Duration;

use entities::booking::status::TransitionError;
use entities::ids::ListenerId;
use entities::money::MoneyError;
use sea_orm::DbErr;

use crate::announcements::address::AddressError;
use crate::domain::order::OrderError;
use crate::domain::refusal::Refusal;
use crate::payment::ProviderError;
use crate::ticket::HoldError;

/// Why a booking did not go on.
#[derive(Debug, thiserror::Error)]
pub enum BookingError {
    /// There is no such booking, or it is a stranger's.
    #[error("No such booking")]
    NoSuchBooking,
    /// The order breaks a rule.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// The key was used for something else.
    #[error("This idempotency key was used for another request")]
    KeyReused,
    /// The ticket service said no, now or when this was asked before.
    #[error("the hold was refused: {}", .0.code)]
    HoldRefused(Refusal),
    /// Too many want to book at this moment; nothing was done.
    #[error("Too many people are booking at this moment, try again")]
    Crowded {
        /// After how long.
        retry_after: Duration,
    },
    /// This buyer has been wrong about vouchers too often; nothing was done.
    #[error("Too many vouchers were tried, try again later")]
    GuessesVouchers {
        /// After how long.
        retry_after: Duration,
    },
    /// The booking was not paid in time.
    #[error("The booking has lapsed")]
    Lapsed,
    /// The booking was paid, but too late.
    #[error("The payment came after the tickets had gone to somebody else; it is refunded")]
    PaidTooLate,
    /// The booking is, or is being, cancelled.
    #[error("Cannot pay a cancelled booking")]
    Cancelled,
    /// The provider said no.
    #[error("The payment was refused: {reason}")]
    PaymentFailed {
        /// Why.
        reason: String,
    },
    /// The ticket service or the provider did not answer; what was begun will be finished.
    #[error("{what} is unavailable: {cause}")]
    Unavailable {
        /// Who.
        what: &'static str,
        /// What happened; for the log.
        cause: String,
    },
    /// The step is not allowed from where the booking stands.
    #[error(transparent)]
    Transition(#[from] TransitionError),
    /// A total that no money can express.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Somebody else moved the row; whoever sees this reads it again.
    #[error("the booking moved meanwhile")]
    Stale,
    /// The row says what no sequence of steps can have led to.
    #[error("booking {booking} is broken: {what}")]
    Broken {
        /// The booking.
        booking: String,
        /// In what way.
        what: &'static str,
    },
    /// Nobody can be registered for announcements, because nothing seals their secrets.
    #[error("Webhooks are not configured: EVENTHUB_WEBHOOK_KEY_SECRET is missing")]
    WebhooksOff,
    /// Nothing is sent to such an address.
    #[error("The url {0}")]
    WebhookAddress(#[from] AddressError),
    /// Registered for nothing.
    #[error("A webhook is registered for at least one kind")]
    NoWebhookKinds,
    /// As many listen as may.
    #[error("There are as many webhooks as there may be; remove one first")]
    TooManyWebhooks,
    /// The request registered a webhook before, and its secret is not shown twice.
    #[error(
        "This request registered webhook {webhook} before, and its secret is not shown again; remove it to register anew"
    )]
    SecretShown {
        /// The webhook.
        webhook: ListenerId,
    },
    /// There is no such webhook, or no delivery to it that was given up.
    #[error("No such webhook or dead delivery")]
    NoSuchWebhook,
    /// The platform has no randomness.
    #[error("the platform has no randomness")]
    NoRandomness,
    /// The database failed. Not transparent: a lost deadlock is recognised by what is behind the error.
    #[error("{0}")]
    Database(#[from] DbErr),
}

impl From<HoldError> for BookingError {
    fn from(error: HoldError) -> Self {
        match error {
            HoldError::Refused { code, facts, .. } => Self::HoldRefused(Refusal { code, facts }),
            HoldError::Unavailable { cause } => Self::Unavailable { what: "the ticket service", cause },
        }
    }
}

impl From<ProviderError> for BookingError {
    fn from(error: ProviderError) -> Self {
        Self::Unavailable { what: "the payment provider", cause: error.cause }
    }
}
