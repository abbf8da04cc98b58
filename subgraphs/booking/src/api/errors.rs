//! The table of codes: what a client is told for each thing that booking can answer instead of a result.

use subgraph::error::{Code, Error};

use crate::domain::order::OrderError;
use crate::error::BookingError;

impl From<BookingError> for Error {
    fn from(error: BookingError) -> Self {
        let words = error.to_string();
        match error {
            BookingError::NoSuchBooking => Self::new(Code::NotFound, words),
            BookingError::Order(OrderError::Quantity) => Self::bad_input("quantity", words),
            BookingError::Order(OrderError::Key) => Self::bad_input("idempotencyKey", words),
            BookingError::KeyReused => {
                Self::new(Code::IdempotencyConflict, words).with_field("idempotencyKey")
            }
            BookingError::HoldRefused { code, available } => hold_refused(code, available),
            BookingError::Lapsed | BookingError::PaidTooLate => Self::new(Code::HoldExpired, words),
            BookingError::Cancelled | BookingError::Transition(_) => {
                Self::new(Code::InvalidTransition, words)
            }
            BookingError::PaymentFailed { .. } => Self::new(Code::PaymentFailed, words),
            BookingError::Unavailable { what, cause } => Self::unavailable(what, cause),
            BookingError::Stale => Self::unavailable("the booking", words),
            BookingError::Money(_) | BookingError::Broken { .. } => Self::internal(words),
            BookingError::Database(error) => error.into(),
        }
    }
}

/// The ticket service's refusal in words of our own, so that a replay reads as the first answer did.
fn hold_refused(code: Code, available: Option<i32>) -> Error {
    let words = match code {
        Code::SoldOut => format!("Sold out: {} left", available.unwrap_or(0)),
        Code::SalesClosed => "This ticket type is not on sale".to_owned(),
        Code::EventNotOpen => "The event is not open for sales".to_owned(),
        Code::NotFound => "The event has no such ticket type".to_owned(),
        _ => "The tickets cannot be held".to_owned(),
    };
    let error = Error::new(code, words);
    match available {
        Some(available) => error.with_detail("available", available),
        None => error,
    }
}
