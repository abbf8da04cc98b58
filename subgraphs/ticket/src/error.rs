//! Everything that a sale can answer instead of a result: a variant per cause, facts as fields.
//!
//! Which code and which words a client gets for each is one table in `api/errors.rs`.

use entities::ticket::status::TransitionError;
use sea_orm::DbErr;
use subgraph::idempotency::KeyError;

use crate::domain::rules::RuleError;
use crate::domain::terms::TermsError;
use crate::domain::voucher::{VoucherRefusal, VoucherTermsError};
use crate::event::DirectoryError;

/// Why a sale, or a change to what is on sale, did not happen.
#[derive(Debug, thiserror::Error)]
pub enum SaleError {
    /// There is no such ticket type.
    #[error("No such ticket type")]
    NoSuchTicketType,
    /// There is no such event.
    #[error("No such event")]
    NoSuchEvent,
    /// There is no such hold.
    #[error("No such hold")]
    NoSuchHold,
    /// A value that no sale can have.
    #[error("{message}")]
    BadInput {
        /// The input field.
        field: &'static str,
        /// What is wrong with it.
        message: &'static str,
    },
    /// The terms break a rule.
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// Not enough is left.
    #[error("Sold out: {available} left")]
    SoldOut {
        /// How many are left.
        available: i32,
    },
    /// Some can be had: nobody need wait for them.
    #[error("There are {available} to be had")]
    NotSoldOut {
        /// How many are left.
        available: i32,
    },
    /// Whoever wants to wait waits already, for another quantity.
    #[error("You wait for these tickets already; leave the list to wait for another quantity")]
    AlreadyWaiting,
    /// The key was used for something else.
    #[error("This idempotency key was used for another request")]
    KeyReused,
    /// The type is not on sale.
    #[error("This ticket type is not on sale")]
    SalesClosed,
    /// A rule of the sale is against it.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// A voucher is not good for it.
    #[error(transparent)]
    Voucher(#[from] VoucherRefusal),
    /// The terms of a voucher break a rule.
    #[error(transparent)]
    VoucherTerms(#[from] VoucherTermsError),
    /// There is no such voucher.
    #[error("No such voucher")]
    NoSuchVoucher,
    /// The event has a voucher of this code.
    #[error("The event already has a voucher of this code")]
    DuplicateVoucher,
    /// The event was called off or has begun.
    #[error("The event is not open for sales")]
    EventNotOpen,
    /// The types of the event would be more than its room takes.
    #[error("The event has room for {available} more")]
    CapacityExceeded {
        /// How many the quotas may still grow by.
        available: i64,
    },
    /// The event has a type of this name.
    #[error("The event already has a ticket type of this name")]
    DuplicateTicketType,
    /// Somebody paid for it, or may yet.
    #[error("Cannot delete a ticket type with sales or holds")]
    HasSales,
    /// The step is not allowed from where the hold or ticket stands.
    #[error(transparent)]
    Transition(#[from] TransitionError),
    /// The hold lapsed, and its tickets went to somebody else.
    #[error("The hold has lapsed and its tickets are gone")]
    HoldExpired,
    /// The same booking asked for something else before.
    #[error("This booking already holds something else")]
    HoldMismatch,
    /// The event service could not be asked.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// No ticket code without randomness.
    #[error("no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
    /// The counters say what no sequence of steps can have led to.
    #[error("the counters of {of} do not cover {step}")]
    CountersBroken {
        /// The type or the voucher.
        of: String,
        /// What was to happen.
        step: &'static str,
    },
    /// Another writer was in the way every time.
    #[error("the rows are contended")]
    Contended,
    /// The database failed. Not transparent: a lost deadlock is recognised by what is behind the error.
    #[error("{0}")]
    Database(#[from] DbErr),
}

impl From<KeyError> for SaleError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Reused => Self::KeyReused,
            KeyError::Database(error) => Self::Database(error),
        }
    }
}
