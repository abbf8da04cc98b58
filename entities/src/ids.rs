//! Typed ids: a `BookingId` is never taken for an `EventId`.
//!
//! Every id is a UUID (version 7 when we make it, so that rows sort by age), shown and stored as its 36-character, lower-case, hyphenated
//! text. The column is `CHAR(36)` on SQLite and on MySQL alike: readable in both shells, the same bytes in both, never a driver's own idea of
//! a UUID. Anything that is not exactly that text is refused when it is parsed, so two spellings can never name one row.

use std::fmt;
use std::str::FromStr;

use sea_orm::prelude::DeriveValueType;
use sea_orm::{DbErr, TryFromU64};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// The text is not a lower-case, hyphenated UUID.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a {kind}")]
pub struct MalformedId {
    /// The name of the id type that was asked for.
    pub kind: &'static str,
}

/// The one spelling of a UUID that we accept.
fn parse_canonical(text: &str, kind: &'static str) -> Result<Uuid, MalformedId> {
    let canonical = text.len() == 36 && !text.bytes().any(|byte| byte.is_ascii_uppercase());
    match Uuid::try_parse(text) {
        Ok(uuid) if canonical => Ok(uuid),
        Ok(_) | Err(_) => Err(MalformedId { kind }),
    }
}

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
        #[sea_orm(value_type = "String", column_type = "Char(Some(36))")]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, later than every id made before it on this machine.
            #[must_use]
            #[expect(clippy::new_without_default, reason = "two defaults would not be equal")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// The id with this UUID; for constants and tests.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID behind the id.
            #[must_use]
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.as_hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = MalformedId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                parse_canonical(text, stringify!($name)).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        // A primary key must say what the database's counter means for it: nothing, we make our ids ourselves.
        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    };
}

typed_id!(
    /// A person with an account.
    UserId
);
typed_id!(
    /// One log-in and every refresh token that came from it.
    SessionId
);
typed_id!(
    /// One refresh token of a session.
    RefreshTokenId
);
typed_id!(
    /// A key pair that signs access tokens.
    SigningKeyId
);
typed_id!(
    /// Something that happens at a place and a time.
    EventId
);
typed_id!(
    /// A claim on a room for a stretch of time: an event's, or a block.
    ReservationId
);
typed_id!(
    /// A kind of ticket of one event.
    TicketTypeId
);
typed_id!(
    /// A code that makes tickets cheaper.
    VoucherId
);
typed_id!(
    /// A buyer's place on the waiting list of a ticket type.
    WaitingPlaceId
);
typed_id!(
    /// One admission.
    TicketId
);
typed_id!(
    /// A purchase of tickets of one type by one user.
    BookingId
);
typed_id!(
    /// One try at paying a booking.
    PaymentId
);
typed_id!(
    /// A message of a payment provider to us.
    NoticeId
);
typed_id!(
    /// Money on its way back to a buyer.
    RefundId
);
typed_id!(
    /// Somebody who is told what becomes of bookings.
    ListenerId
);
typed_id!(
    /// Something that other systems are told.
    AnnouncementId
);
typed_id!(
    /// A line of the audit log.
    AuditId
);
typed_id!(
    /// Work that must still happen, written with the effect that demands it.
    OutboxId
);

/// A hold is named by the booking it is for, so that repeating the request can only find the same hold.
pub type HoldId = BookingId;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text() {
        let id = EventId::new();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().len(), 36);
    }

    #[test]
    fn only_the_canonical_spelling_is_an_id() {
        let text = "0193a7c0-1f2e-7a5b-8c3d-0123456789ab";
        assert!(text.parse::<UserId>().is_ok());
        for bad in [
            "",
            "1",
            "0193A7C0-1F2E-7A5B-8C3D-0123456789AB",
            "0193a7c01f2e7a5b8c3d0123456789ab",
            "{0193a7c0-1f2e-7a5b-8c3d-0123456789ab}",
            "urn:uuid:0193a7c0-1f2e-7a5b-8c3d-0123456789ab",
            "0193a7c0-1f2e-7a5b-8c3d-0123456789ab ",
            "0193a7c0-1f2e-7a5b-8c3d-0123456789aß",
        ] {
            assert_eq!(bad.parse::<UserId>(), Err(MalformedId { kind: "UserId" }), "{bad:?}");
        }
    }

    #[test]
    fn ids_sort_by_age() {
        let ids: Vec<_> = (0..100).map(|_| BookingId::new()).collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn an_id_is_stored_as_its_text() {
        let id = UserId::new();
        let value: sea_orm::Value = id.into();
        assert_eq!(value, sea_orm::Value::from(id.to_string()));
    }
}
