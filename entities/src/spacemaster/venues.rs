//! Rows of `venues`.

use sea_orm::entity::prelude::*;

/// One venue.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "venues")]
pub struct Model {
    /// Its number.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// What it is called.
    pub name: String,
    /// The city it is in.
    pub city: String,
    /// Where in the city.
    pub address: String,
    /// More about it.
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
