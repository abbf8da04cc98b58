//! SQL over idempotency keys.

use chrono::{DateTime, Utc};
use entities::booking::idempotency_keys::{Entity, Model};
use entities::idempotency::IdempotencyKey;
use entities::ids::{BookingId, UserId};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, IntoActiveModel};

use subgraph::database::inserted;

/// The operation that makes what its key stands for.
pub(crate) const CREATE_BOOKING: &str = "createBooking";

/// What was asked under this key before.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    user: UserId,
    operation: &'static str,
    key: &IdempotencyKey,
) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id((user, operation.to_owned(), key.as_str().to_owned())).one(db).await
}

/// Writes down what is asked under this key; `false` when something was.
pub(crate) async fn insert(
    db: &impl ConnectionTrait,
    (user_id, operation): (UserId, &'static str),
    key: &IdempotencyKey,
    (body_hash, booking_id): (String, BookingId),
    created_at: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let row = Model {
        user_id,
        operation: operation.to_owned(),
        idempotency_key: key.as_str().to_owned(),
        body_hash,
        booking_id,
        created_at,
    };
    inserted(Entity::insert(row.into_active_model()).exec_without_returning(db).await)
}
