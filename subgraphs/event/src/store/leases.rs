//! Work that one replica at a time does for all.

use chrono::{DateTime, Utc};
use entities::event::worker_leases::{ActiveModel, Column, Entity};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter};
use subgraph::database::inserted;

use super::reservations::Lease;
use super::{Store, StoreError};

impl Store {
    /// Whether this process has the work of this name until `now + lease.length`. It keeps what it has by asking again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold_work(
        &self,
        name: &str,
        (lease, now): (&Lease, DateTime<Utc>),
    ) -> Result<bool, StoreError> {
        let taken = Entity::update_many()
            .col_expr(Column::Owner, Expr::value(lease.owner.clone()))
            .col_expr(Column::Until, Expr::value(now + lease.length))
            .filter(Column::Name.eq(name))
            .filter(Condition::any().add(Column::Owner.eq(lease.owner.as_str())).add(Column::Until.lte(now)))
            .exec(self.writer())
            .await?;
        if taken.rows_affected == 1 {
            return Ok(true);
        }
        if Entity::find_by_id(name).one(self.writer()).await?.is_some() {
            return Ok(false);
        }
        let first = ActiveModel {
            name: Set(name.to_owned()),
            owner: Set(Some(lease.owner.clone())),
            until: Set(now + lease.length),
        };
        Ok(inserted(Entity::insert(first).exec_without_returning(self.writer()).await)?)
    }
}
