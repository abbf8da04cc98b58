//! `attempts`: failures that are counted against an account or an address.

use sea_orm::entity::prelude::*;

/// How often one subject failed of late.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attempts")]
pub struct Model {
    /// What is counted: a kind and a hash, so that the table names nobody.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    /// Failures since the count began.
    pub failures: i32,
    /// The latest failure; a count that has rested for the window begins again.
    pub last_failed_at: DateTimeUtc,
    /// Until when nothing is even tried.
    pub locked_until: Option<DateTimeUtc>,
}

/// None: rows are asked for by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
