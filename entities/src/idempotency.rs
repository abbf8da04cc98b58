//! Rows of `idempotency_keys`: what was asked under a key of its client's choosing, and what came of it; and the key itself.
//!
//! The event and ticket services have the table. Booking's own (`booking::idempotency_keys`) is older, and names a booking where this one names
//! whatever was made.

use std::fmt;
use std::str::FromStr;

use sea_orm::entity::prelude::*;

use crate::ids::UserId;

/// The text is no key of any request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("An idempotency key is 1 to {LONGEST} visible ASCII characters")]
pub struct MalformedIdempotencyKey;

/// The most characters of a key.
const LONGEST: usize = 128;

/// A name that a client gives a request, so that repeating it does nothing twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for IdempotencyKey {
    type Err = MalformedIdempotencyKey;

    fn from_str(text: &str) -> Result<Self, MalformedIdempotencyKey> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if visible && (1..=LONGEST).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(MalformedIdempotencyKey)
        }
    }
}

/// One request that may be repeated.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_keys")]
pub struct Model {
    /// Who asked.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// For what.
    #[sea_orm(primary_key, auto_increment = false)]
    pub operation: String,
    /// Under which key of their choosing.
    #[sea_orm(primary_key, auto_increment = false)]
    pub idempotency_key: String,
    /// SHA-256 of what the request said, in hexadecimal.
    pub body_hash: String,
    /// What came of it: its id.
    pub subject: String,
    /// When.
    pub created_at: DateTimeUtc,
}

/// None: what a key stands for may be gone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_short_visible_ascii() {
        for good in ["order-1", "~", &"x".repeat(LONGEST)] {
            assert_eq!(good.parse::<IdempotencyKey>().unwrap().as_str(), good);
        }
        for bad in ["", "a b", "é", "\n", &"x".repeat(LONGEST + 1)] {
            assert_eq!(bad.parse::<IdempotencyKey>(), Err(MalformedIdempotencyKey), "{bad:?}");
        }
    }
}
