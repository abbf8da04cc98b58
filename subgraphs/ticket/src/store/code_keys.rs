//! SQL over the published keys.

use chrono::{DateTime, Utc};
use entities::ticket::code_keys::{Column, Entity, Model};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryOrder};

use subgraph::database::inserted;

/// Publishes a key; `false` when it is there already.
pub(crate) async fn insert(
    db: &impl ConnectionTrait,
    id: &str,
    public_key: String,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let row = Model { id: id.to_owned(), public_key, created_at: now };
    inserted(Entity::insert(row.into_active_model()).exec_without_returning(db).await)
}

/// The key of that id.
pub(crate) async fn find(db: &impl ConnectionTrait, id: &str) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id.to_owned()).one(db).await
}

/// All keys, oldest first.
pub(crate) async fn all(db: &impl ConnectionTrait) -> Result<Vec<Model>, DbErr> {
    Entity::find().order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).all(db).await
}
