//! `sessions`: one log-in, and the family of refresh tokens that came from it.

use sea_orm::entity::prelude::*;

use crate::ids::{SessionId, UserId};

/// A log-in. Revoking it makes every refresh token of the family worthless at once.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    /// The family's name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    /// Who logged in.
    pub user_id: UserId,
    /// When.
    pub created_at: DateTimeUtc,
    /// After this the person must log in again, however often the session was refreshed.
    pub expires_at: DateTimeUtc,
    /// When it was ended early: log-out, a new password, a deleted account, a token used twice.
    pub revoked_at: Option<DateTimeUtc>,
}

/// None: rows are asked for by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
