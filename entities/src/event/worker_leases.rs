//! Rows of `worker_leases`: work that one replica at a time does for all.

use sea_orm::entity::prelude::*;

/// Who does the work of this name, and until when.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "worker_leases")]
pub struct Model {
    /// The work.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// Who has it.
    pub owner: Option<String>,
    /// Until when nobody else may take it.
    pub until: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
