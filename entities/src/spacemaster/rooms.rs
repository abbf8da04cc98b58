//! Rows of `rooms`.

use sea_orm::entity::prelude::*;

/// One room.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rooms")]
pub struct Model {
    /// Its number.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The venue it is in.
    pub venue_id: i32,
    /// What it is called.
    pub name: String,
    /// How many people it takes.
    pub capacity: i32,
}

impl ActiveModelBehavior for ActiveModel {}
