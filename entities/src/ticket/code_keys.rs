//! Rows of `code_keys`: the published halves of all keys that have ever signed ticket codes.

use sea_orm::entity::prelude::*;

/// A public key. The private half is in no database.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "code_keys")]
pub struct Model {
    /// The id by which a code names it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The Ed25519 public key in base64url.
    pub public_key: String,
    /// When it was first seen.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
