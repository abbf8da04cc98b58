//! `refresh_tokens`: each may be exchanged once.

use sea_orm::entity::prelude::*;

use crate::ids::{RefreshTokenId, SessionId};

/// A refresh token, known only by its hash: who reads the database cannot use it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_tokens")]
pub struct Model {
    /// The row's key; not the token.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RefreshTokenId,
    /// The family it belongs to.
    pub session_id: SessionId,
    /// SHA-256 of the token, in hex.
    #[sea_orm(unique)]
    pub hash: String,
    /// When it was handed out.
    pub created_at: DateTimeUtc,
    /// When it was exchanged; a second exchange is theft or a lost answer, and ends the session.
    pub used_at: Option<DateTimeUtc>,
}

/// None: rows are asked for by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
