//! What a client is told about each thing that can go wrong: one exhaustive table.

use subgraph::error::Code;

use crate::error::Error;
use crate::obligations::Open;

impl From<Error> for subgraph::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(invalid) => Self::bad_input(invalid.field, invalid.to_string()),
            Error::EmailTaken => {
                Self::new(Code::EmailTaken, "this e-mail address has an account already").with_field("email")
            }
            Error::InvalidCredentials => {
                Self::new(Code::InvalidCredentials, "wrong e-mail address or password")
            }
            Error::TooManyAttempts { retry_after } => {
                let seconds = retry_after.as_secs() + 1;
                Self::new(
                    Code::TooManyAttempts,
                    format!("too many failed attempts, try again in {seconds} s"),
                )
                .with_detail("retryAfter", seconds)
            }
            Error::TokenReused => Self::new(
                Code::TokenReused,
                "this refresh token was used before; the session is closed, log in again",
            ),
            Error::Unauthenticated => Self::unauthenticated(),
            Error::Forbidden => Self::forbidden(),
            Error::NotFound => Self::not_found("user"),
            Error::OwnAdministrator => Self::new(
                Code::Conflict,
                "administrators cannot demote or delete themselves; ask another one",
            ),
            Error::StillOpen(open) => still_open(open),
            Error::Peer(error) => (*error).into(),
            Error::Busy => Self::unavailable("log-in", error),
            Error::Database(error) => error.into(),
            Error::Keys(_) | Error::WrongKeySecret | Error::Internal(_) => Self::internal(error),
        }
    }
}

/// What must be over first, so that a client can say it.
fn still_open(open: Open) -> subgraph::Error {
    let words = "the account is still needed: cancel open bookings, and wait for refunds and for the events";
    subgraph::Error::new(Code::Conflict, words)
        .with_detail("bookings", open.bookings)
        .with_detail("refunds", open.refunds)
        .with_detail("tickets", open.tickets)
}
