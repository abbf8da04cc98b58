//! Rows of `idempotency_keys`: what was asked before, and what came of it.

use sea_orm::entity::prelude::*;

use crate::ids::{BookingId, UserId};

/// One request that may be repeated.
#[sea_orm::model]
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
    /// The booking that came of it.
    pub booking_id: BookingId,
    /// When.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
