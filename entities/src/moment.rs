//! Moments of the domain: when an event begins, until when a room is taken.

use chrono::{DateTime, NaiveDateTime, Utc};
use sea_orm::prelude::DeriveValueType;

/// A moment in UTC, of any year that the calendar has.
///
/// Its column and its parameters carry no offset, unlike `DateTimeUtc`: MariaDB reads a parameter with an offset as a
/// `TIMESTAMP`, which ends in 2038 and is `NULL` from then on. `DateTimeUtc` is for what happens now or soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, DeriveValueType)]
pub struct Moment(NaiveDateTime);

impl Moment {
    /// The moment as the rest of the program has it.
    #[must_use]
    pub const fn utc(self) -> DateTime<Utc> {
        self.0.and_utc()
    }
}

impl From<DateTime<Utc>> for Moment {
    fn from(moment: DateTime<Utc>) -> Self {
        Self(moment.naive_utc())
    }
}
