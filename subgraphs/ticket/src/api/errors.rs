//! The table of codes: what a client is told for each thing that a sale can answer instead of a result.

use subgraph::error::{Code, Error};

use crate::domain::rules::RuleError;
use crate::domain::terms::TermsError;
use crate::domain::voucher::{VoucherRefusal, VoucherTermsError};
use crate::error::SaleError;

impl From<SaleError> for Error {
    fn from(error: SaleError) -> Self {
        let words = error.to_string();
        match error {
            SaleError::NoSuchTicketType
            | SaleError::NoSuchEvent
            | SaleError::NoSuchHold
            | SaleError::NoSuchVoucher => Self::new(Code::NotFound, words),
            SaleError::BadInput { field, .. } => Self::bad_input(field, words),
            SaleError::Terms(error) => error.into(),
            SaleError::Rule(error) => error.into(),
            SaleError::Voucher(refusal) => refusal.into(),
            SaleError::VoucherTerms(error) => error.into(),
            SaleError::DuplicateVoucher => Self::new(Code::DuplicateVoucher, words).with_field("code"),
            SaleError::SoldOut { available } => {
                Self::new(Code::SoldOut, words).with_detail("available", available)
            }
            SaleError::NotSoldOut { available } => {
                Self::new(Code::NotSoldOut, words).with_detail("available", available)
            }
            SaleError::AlreadyWaiting => Self::new(Code::Conflict, words).with_field("quantity"),
            SaleError::KeyReused => Self::new(Code::IdempotencyConflict, words).with_field("idempotencyKey"),
            SaleError::SalesClosed => Self::new(Code::SalesClosed, words),
            SaleError::EventNotOpen => Self::new(Code::EventNotOpen, words),
            SaleError::CapacityExceeded { available } => Self::new(Code::CapacityExceeded, words)
                .with_field("quota")
                .with_detail("available", available),
            SaleError::DuplicateTicketType => Self::new(Code::DuplicateTicketType, words).with_field("name"),
            SaleError::HasSales => Self::new(Code::HasSales, words),
            SaleError::Transition(_) => Self::new(Code::InvalidTransition, words),
            SaleError::HoldExpired => Self::new(Code::HoldExpired, words),
            SaleError::HoldMismatch => Self::new(Code::IdempotencyConflict, words),
            SaleError::Directory(error) => Self::unavailable("the event service", error),
            SaleError::Contended => Self::unavailable("the ticket stock", words),
            SaleError::Randomness(_) | SaleError::CountersBroken { .. } => Self::internal(words),
            SaleError::Database(error) => error.into(),
        }
    }
}

impl From<TermsError> for Error {
    fn from(error: TermsError) -> Self {
        let words = error.to_string();
        match error {
            TermsError::NegativePrice => Self::bad_input("price", words),
            TermsError::NoQuota => Self::bad_input("quota", words),
            TermsError::Rule { field, .. } => Self::bad_input(field, words),
            TermsError::SoldOutByHand => Self::bad_input("status", words),
            TermsError::PriceAfterSales => Self::new(Code::HasSales, words).with_field("price"),
            TermsError::NameAfterSales => Self::new(Code::HasSales, words).with_field("name"),
            TermsError::QuotaTooLow { minimum } => {
                Self::new(Code::QuotaTooLow, words).with_field("quota").with_detail("minimum", minimum)
            }
        }
    }
}

impl From<RuleError> for Error {
    fn from(error: RuleError) -> Self {
        let words = error.to_string();
        match error {
            RuleError::NotOpenYet { open_at } => {
                Self::new(Code::SalesClosed, words).with_detail("salesOpenAt", open_at.to_rfc3339())
            }
            RuleError::Over { close_at } => {
                Self::new(Code::SalesClosed, words).with_detail("salesCloseAt", close_at.to_rfc3339())
            }
            RuleError::TooFew { minimum } => {
                Self::bad_input("quantity", words).with_detail("minPerOrder", minimum)
            }
            RuleError::TooMany { maximum } => {
                Self::bad_input("quantity", words).with_detail("maxPerOrder", maximum)
            }
            RuleError::BuyerLimit { maximum, remaining } => Self::bad_input("quantity", words)
                .with_detail("maxPerBuyer", maximum)
                .with_detail("remaining", remaining),
        }
    }
}

impl From<VoucherRefusal> for Error {
    fn from(refusal: VoucherRefusal) -> Self {
        let words = refusal.to_string();
        let error = match refusal {
            VoucherRefusal::Invalid => Self::new(Code::VoucherInvalid, words),
            VoucherRefusal::Expired => Self::new(Code::VoucherExpired, words),
            VoucherRefusal::UsedUp { remaining } => {
                Self::new(Code::VoucherUsedUp, words).with_detail("remaining", remaining)
            }
        };
        error.with_field("voucher")
    }
}

impl From<VoucherTermsError> for Error {
    fn from(error: VoucherTermsError) -> Self {
        let words = error.to_string();
        match error {
            VoucherTermsError::Input { field, .. } => Self::bad_input(field, words),
            VoucherTermsError::LimitTooLow { minimum } => Self::new(Code::UsageLimitTooLow, words)
                .with_field("usageLimit")
                .with_detail("minimum", minimum),
        }
    }
}
