//! `accounts`: one row a person.

use std::fmt;

use sea_orm::entity::prelude::*;

use super::Role;
use crate::ids::UserId;

/// A PHC string of argon2id. It never shows itself in a log.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// A person with an account.
///
/// A deleted account keeps its row and its id, so that old bookings still point at something, and loses everything that says who it was.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "accounts")]
pub struct Model {
    /// What the rest of the system knows the person by.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// How the person wants to be called.
    pub name: String,
    /// The address as it was given, for showing and for sending.
    pub email: String,
    /// The address in the one spelling that is unique.
    #[sea_orm(unique)]
    pub email_key: String,
    /// `None` once deleted: nothing matches it.
    pub password_hash: Option<PasswordHash>,
    /// As given.
    pub phone_number: Option<String>,
    /// As given.
    pub address: Option<String>,
    /// What the person may do.
    pub role: Role,
    /// Goes up whenever every token made before must stop working.
    pub token_version: i64,
    /// UTC, to the microsecond.
    pub created_at: DateTimeUtc,
    /// UTC, to the microsecond.
    pub updated_at: DateTimeUtc,
    /// When the account was anonymised.
    pub deleted_at: Option<DateTimeUtc>,
}

/// None: sessions are asked for by the account's id.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
