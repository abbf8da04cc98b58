//! `signing_keys`: the key pairs that sign access tokens.

use std::fmt;

use sea_orm::entity::prelude::*;

use crate::ids::SigningKeyId;

/// A private key, sealed with a secret that is not in the database. It never shows itself in a log.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct SealedKey(pub String);

impl fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedKey(…)")
    }
}

/// An Ed25519 key pair.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_keys")]
pub struct Model {
    /// The `kid` of the tokens it signs.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SigningKeyId,
    /// 1, 2, 3, …; unique, so that two replicas cannot both make the successor of one key.
    #[sea_orm(unique)]
    pub generation: i32,
    /// The pair, PKCS#8, encrypted; base64url without padding.
    pub sealed_private_key: SealedKey,
    /// When it was made and published.
    pub created_at: DateTimeUtc,
    /// From when on it signs.
    pub activates_at: DateTimeUtc,
}

/// None: the table is read whole.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
