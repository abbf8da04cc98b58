//! What goes wrong in a subgraph, as a client may see it.
//!
//! Domain errors are enums of their own; each subgraph turns its enums into [`Error`] in one exhaustive table. An
//! [`Error`] that leaves a resolver becomes an entry of `errors` with `extensions.code`; internal causes stay in the log,
//! found by the `errorId` that the client got.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use async_graphql::Value;
use sea_orm::DbErr;
use uuid::Uuid;

use crate::database;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $word:literal,)*) => {
        /// Every word that `extensions.code` may be. The list is closed: a client may rely on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

codes! {
    /// An argument has a value that cannot be used; `extensions.field` names it.
    BadUserInput = "BAD_USER_INPUT",
    /// Nobody is logged in, or the token does not hold.
    Unauthenticated = "UNAUTHENTICATED",
    /// Whoever is logged in may not do this.
    Forbidden = "FORBIDDEN",
    /// There is no such object, or it is a stranger's.
    NotFound = "NOT_FOUND",
    /// The state of the object does not allow this now.
    Conflict = "CONFLICT",
    /// Another account has this e-mail address.
    EmailTaken = "EMAIL_TAKEN",
    /// E-mail address or password are wrong.
    InvalidCredentials = "INVALID_CREDENTIALS",
    /// Too many attempts; later again.
    TooManyAttempts = "TOO_MANY_ATTEMPTS",
    /// A refresh token was used twice; all of its family are revoked.
    TokenReused = "TOKEN_REUSED",
    /// The room is taken at that time.
    RoomUnavailable = "ROOM_UNAVAILABLE",
    /// There is no such venue.
    VenueNotFound = "VENUE_NOT_FOUND",
    /// There is no such room in the venue.
    RoomNotFound = "ROOM_NOT_FOUND",
    /// The event would begin in the past.
    EventInPast = "EVENT_IN_PAST",
    /// The event is cancelled or over.
    EventNotOpen = "EVENT_NOT_OPEN",
    /// The block or event overlaps others.
    ScheduleConflict = "SCHEDULE_CONFLICT",
    /// The quotas of an event would exceed its venue's capacity.
    CapacityExceeded = "CAPACITY_EXCEEDED",
    /// Not enough tickets are left.
    SoldOut = "SOLD_OUT",
    /// There are tickets to be had: nobody need wait for them.
    NotSoldOut = "NOT_SOLD_OUT",
    /// Sales are closed, or not open yet.
    SalesClosed = "SALES_CLOSED",
    /// The quota would fall below what is sold and held.
    QuotaTooLow = "QUOTA_TOO_LOW",
    /// There are sales or holds.
    HasSales = "HAS_SALES",
    /// The event has a ticket type of this name already.
    DuplicateTicketType = "DUPLICATE_TICKET_TYPE",
    /// There is no such voucher, or not for these tickets, or not yet.
    VoucherInvalid = "VOUCHER_INVALID",
    /// The voucher was valid once.
    VoucherExpired = "VOUCHER_EXPIRED",
    /// The voucher is not good for so many any more.
    VoucherUsedUp = "VOUCHER_USED_UP",
    /// The event has a voucher of this code already.
    DuplicateVoucher = "DUPLICATE_VOUCHER",
    /// The usage limit of a voucher would fall below what is used and held.
    UsageLimitTooLow = "USAGE_LIMIT_TOO_LOW",
    /// The object cannot go from its state to that one.
    InvalidTransition = "INVALID_TRANSITION",
    /// The hold is over and its tickets are gone.
    HoldExpired = "HOLD_EXPIRED",
    /// The payment was refused.
    PaymentFailed = "PAYMENT_FAILED",
    /// The idempotency key was used for another request.
    IdempotencyConflict = "IDEMPOTENCY_CONFLICT",
    /// Too many ask for this at the moment; nothing was changed. `extensions.retryAfter` is in seconds.
    Overloaded = "OVERLOADED",
    /// Something that is needed does not answer; nothing was changed.
    Unavailable = "UNAVAILABLE",
    /// A fault of ours; `extensions.errorId` finds it in the log.
    Internal = "INTERNAL",
    /// The document cannot be parsed.
    GraphqlParseFailed = "GRAPHQL_PARSE_FAILED",
    /// The document does not fit the schema.
    GraphqlValidationFailed = "GRAPHQL_VALIDATION_FAILED",
    /// The answer to the document would be too large.
    DocumentTooComplex = "DOCUMENT_TOO_COMPLEX",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no code of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown error code")]
pub struct UnknownCode;

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(word: &str) -> Result<Self, UnknownCode> {
        Self::ALL.iter().copied().find(|code| code.as_str() == word).ok_or(UnknownCode)
    }
}

/// An error as a client may see it, with an internal cause that it may not.
///
/// It implements [`std::error::Error`], so `?` takes it through a resolver as it is; [`crate::endpoint`] finds it again
/// behind async-graphql's own error and writes its code, field, details and error id into `extensions`.
#[derive(Debug, Clone)]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    code: Code,
    message: Cow<'static, str>,
    field: Option<Cow<'static, str>>,
    details: Vec<(&'static str, Value)>,
    cause: Option<String>,
    source: Option<Arc<DbErr>>,
    id: Option<Uuid>,
}

impl Error {
    /// An error with its code and a message that is safe to show.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        let inner =
            Inner { code, message, field: None, details: Vec::new(), cause: None, source: None, id: None };
        Self(Box::new(inner))
    }

    /// An argument that cannot be used.
    pub fn bad_input(field: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::BadUserInput, message).with_field(field)
    }

    /// An object that is not there, or is a stranger's.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("{what} not found"))
    }

    /// Nobody is logged in.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(Code::Unauthenticated, "log in first")
    }

    /// Whoever is logged in may not do this.
    #[must_use]
    pub fn forbidden() -> Self {
        Self::new(Code::Forbidden, "you are not allowed to do this")
    }

    /// A fault of ours; the cause goes to the log under a new error id.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(Code::Internal, "internal error").with_cause(cause)
    }

    /// Something that is needed does not answer; the cause goes to the log under a new error id.
    #[must_use]
    pub fn unavailable(what: &str, cause: impl fmt::Display) -> Self {
        Self::new(Code::Unavailable, format!("{what} is unavailable, try again later")).with_cause(cause)
    }

    /// Names the argument that is to blame.
    #[must_use]
    pub fn with_field(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    /// Adds a fact to `extensions`, such as how many tickets are left.
    #[must_use]
    pub fn with_detail(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.details.push((name, value.into()));
        self
    }

    /// Keeps an internal cause for the log and gives the error its id.
    #[must_use]
    pub fn with_cause(mut self, cause: impl fmt::Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self.0.id.get_or_insert_with(Uuid::now_v7);
        self
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The message for the client.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The argument to blame.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// A fact added with [`Error::with_detail`].
    #[must_use]
    pub fn detail(&self, name: &str) -> Option<&Value> {
        self.0.details.iter().find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    /// The internal cause; for logs only.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The id under which the cause is logged.
    #[must_use]
    pub fn id(&self) -> Option<Uuid> {
        self.0.id
    }

    /// All of `extensions`.
    pub(crate) fn extensions(&self) -> async_graphql::ErrorExtensionValues {
        let mut extensions = async_graphql::ErrorExtensionValues::default();
        for (name, value) in &self.0.details {
            extensions.set(name, value.clone());
        }
        if let Some(field) = &self.0.field {
            extensions.set("field", field.as_ref());
        }
        if let Some(id) = self.0.id {
            extensions.set("errorId", id.to_string());
        }
        extensions.set("code", self.0.code.as_str());
        extensions
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|error| error as &(dyn std::error::Error + 'static))
    }
}

/// A database that cannot be reached, or has no room to write, is unavailable; everything else a database says is a fault of ours. Constraints
/// that can be broken by a client are translated in the store, before they come here.
impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        let mut known = match database::is_out_of_order(&error) {
            true => Self::unavailable("the database", &error),
            false => Self::internal(&error),
        };
        known.0.source = Some(Arc::new(error));
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_one_word_and_survives_the_round_trip() {
        for code in Code::ALL {
            assert_eq!(code.as_str().parse(), Ok(*code));
            assert!(code.as_str().chars().all(|c| c.is_ascii_uppercase() || c == '_'), "{code}");
        }
        assert_eq!("NOPE".parse::<Code>(), Err(UnknownCode));
    }

    #[test]
    fn a_database_error_shows_nothing_of_itself() {
        let error = Error::from(DbErr::Custom("SELECT secret FROM users".into()));
        assert_eq!((error.code(), error.message()), (Code::Internal, "internal error"));
        assert!(error.id().is_some() && error.cause().unwrap().contains("SELECT"));
    }
}
