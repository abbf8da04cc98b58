//! Everything that can go wrong in a use-case, one variant per cause.
//!
//! What a client is told about each stands in [`crate::api::error`]; nothing here is shown as it is.

use std::time::Duration;

use sea_orm::DbErr;
use service::tokens::SetupError;
use subgraph::client::CallError;

use crate::domain::Invalid;
use crate::obligations::Open;

/// Why a use-case did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An input breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Another account has this address.
    #[error("the e-mail address belongs to another account")]
    EmailTaken,
    /// No account has this address, or the password is another: which, nobody is told.
    #[error("the e-mail address or the password is wrong")]
    InvalidCredentials,
    /// The account or the address has failed too often.
    #[error("too many failures; locked for {retry_after:?}")]
    TooManyAttempts {
        /// When the next try is heard.
        retry_after: Duration,
    },
    /// A refresh token came a second time; its session has been ended.
    #[error("a refresh token was used twice")]
    TokenReused,
    /// Nobody, or somebody whose token or session is no longer good.
    #[error("not logged in")]
    Unauthenticated,
    /// Somebody who may not.
    #[error("not allowed")]
    Forbidden,
    /// No such account, or none that the caller may know of.
    #[error("no such account")]
    NotFound,
    /// An administrator tried to give up their own role or account.
    #[error("administrators cannot demote or delete themselves")]
    OwnAdministrator,
    /// Something is not over yet with a person who is to be forgotten.
    #[error("{} bookings, {} refunds and {} tickets are not over yet", .0.bookings, .0.refunds, .0.tickets)]
    StillOpen(Open),
    /// A service that must be asked does not say.
    #[error(transparent)]
    Peer(#[from] Box<CallError>),
    /// More passwords wait to be hashed than may.
    #[error("too many passwords are waiting to be hashed")]
    Busy,
    /// The database failed. Not transparent: a lost deadlock is recognised by what is behind the error.
    #[error("{0}")]
    Database(#[from] DbErr),
    /// A key cannot be made, opened or used.
    #[error(transparent)]
    Keys(#[from] SetupError),
    /// The secret of the configuration does not open what is stored.
    #[error(
        "EVENTHUB_KEY_SECRET does not open the signing keys in the database; it must be the secret they were sealed with"
    )]
    WrongKeySecret,
    /// Something that the libraries promise did not hold.
    #[error("{0}")]
    Internal(&'static str),
}
