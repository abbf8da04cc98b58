//! The table of codes: what a client is told for each thing that booking can answer instead of a result.

use async_graphql::Value;
use chrono::{DateTime, Utc};
use subgraph::error::{Code, Error};

use crate::domain::order::OrderError;
use crate::domain::refusal::{Facts, Refusal};
use crate::error::BookingError;

impl From<BookingError> for Error {
    fn from(error: BookingError) -> Self {
        let words = error.to_string();
        match error {
            BookingError::NoSuchBooking => Self::new(Code::NotFound, words),
            BookingError::Order(OrderError::Quantity) => Self::bad_input("quantity", words),
            BookingError::Order(OrderError::Voucher) => {
                Self::new(Code::VoucherInvalid, words).with_field("voucher")
            }
            BookingError::KeyReused => {
                Self::new(Code::IdempotencyConflict, words).with_field("idempotencyKey")
            }
            BookingError::HoldRefused(refusal) => hold_refused(&refusal),
            BookingError::Crowded { retry_after } => {
                Self::new(Code::Overloaded, words).with_detail("retryAfter", retry_after.as_secs())
            }
            BookingError::GuessesVouchers { retry_after } => Self::new(Code::TooManyAttempts, words)
                .with_field("voucher")
                .with_detail("retryAfter", retry_after.as_secs() + 1),
            BookingError::Lapsed | BookingError::PaidTooLate => Self::new(Code::HoldExpired, words),
            BookingError::Cancelled | BookingError::Transition(_) => {
                Self::new(Code::InvalidTransition, words)
            }
            BookingError::PaymentFailed { .. } => Self::new(Code::PaymentFailed, words),
            BookingError::Unavailable { what, cause } => Self::unavailable(what, cause),
            BookingError::Stale => Self::unavailable("the booking", words),
            BookingError::WebhooksOff | BookingError::TooManyWebhooks => Self::new(Code::Conflict, words),
            BookingError::SecretShown { webhook } => {
                Self::new(Code::Conflict, words).with_detail("webhookId", webhook.to_string())
            }
            BookingError::WebhookAddress(_) => Self::bad_input("url", words),
            BookingError::NoWebhookKinds => Self::bad_input("kinds", words),
            BookingError::NoSuchWebhook => Self::new(Code::NotFound, words),
            BookingError::NoRandomness | BookingError::Money(_) | BookingError::Broken { .. } => {
                Self::internal(words)
            }
            BookingError::Database(error) => error.into(),
        }
    }
}

/// The ticket service's refusal in words of our own and with its facts, so that a replay reads as the first answer did.
fn hold_refused(refusal: &Refusal) -> Error {
    let Refusal { code, facts } = refusal;
    let mut error = Error::new(*code, refusal_words(refusal));
    if let Some(field) = refusal.field() {
        error = error.with_field(field);
    }
    for (name, value) in named(facts) {
        if let Some(value) = value {
            error = error.with_detail(name, value);
        }
    }
    error
}

fn refusal_words(Refusal { code, facts }: &Refusal) -> String {
    if let Some(words) = rule_words(facts) {
        return words;
    }
    match code {
        Code::SoldOut => format!("Sold out: {} left", facts.available.unwrap_or(0)),
        Code::SalesClosed => "This ticket type is not on sale".to_owned(),
        Code::EventNotOpen => "The event is not open for sales".to_owned(),
        Code::NotFound => "The event has no such ticket type".to_owned(),
        Code::VoucherInvalid => OrderError::Voucher.to_string(),
        Code::VoucherExpired => "The voucher is not valid any more".to_owned(),
        Code::VoucherUsedUp => {
            format!("The voucher is good for {} more tickets", facts.remaining.unwrap_or(0))
        }
        _ => "The tickets cannot be held".to_owned(),
    }
}

/// The rule of the sale that was broken, if one was.
fn rule_words(facts: &Facts) -> Option<String> {
    let Facts {
        available: _,
        sales_open_at,
        sales_close_at,
        min_per_order,
        max_per_order,
        max_per_buyer,
        ..
    } = facts;
    let remaining = facts.remaining.unwrap_or(0);
    None.or_else(|| sales_open_at.map(|at| format!("Sales open at {}", at.to_rfc3339())))
        .or_else(|| sales_close_at.map(|at| format!("Sales closed at {}", at.to_rfc3339())))
        .or_else(|| min_per_order.map(|fewest| format!("An order of these tickets is for at least {fewest}")))
        .or_else(|| max_per_order.map(|most| format!("An order of these tickets is for at most {most}")))
        .or_else(|| {
            let most = (*max_per_buyer)?;
            Some(format!("One buyer can have at most {most} of these tickets; {remaining} more are possible"))
        })
}

/// The facts under the names by which clients know them.
fn named(facts: &Facts) -> [(&'static str, Option<Value>); 7] {
    let time = |at: Option<DateTime<Utc>>| at.map(|at| at.to_rfc3339().into());
    [
        ("available", facts.available.map(Into::into)),
        ("salesOpenAt", time(facts.sales_open_at)),
        ("salesCloseAt", time(facts.sales_close_at)),
        ("minPerOrder", facts.min_per_order.map(Into::into)),
        ("maxPerOrder", facts.max_per_order.map(Into::into)),
        ("maxPerBuyer", facts.max_per_buyer.map(Into::into)),
        ("remaining", facts.remaining.map(Into::into)),
    ]
}
