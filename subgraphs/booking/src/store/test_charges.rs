//! SQL over the test provider's books.

use entities::booking::status::ChargeState;
use entities::booking::test_charges::{Column, Entity, Model};
use entities::ids::PaymentId;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter};

use subgraph::database::inserted;

/// What is known of a charge.
pub(crate) async fn find(db: &impl ConnectionTrait, id: PaymentId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// Writes a charge that nobody wrote before; `false` when somebody did.
pub(crate) async fn insert(db: &impl ConnectionTrait, row: &Model) -> Result<bool, DbErr> {
    inserted(Entity::insert(row.clone().into_active_model()).exec_without_returning(db).await)
}

/// Gives a paid charge back; giving it back again changes nothing.
pub(crate) async fn refund(db: &impl ConnectionTrait, id: PaymentId) -> Result<bool, DbErr> {
    let done = Entity::update_many()
        .col_expr(Column::State, Expr::value(ChargeState::Refunded))
        .filter(Column::Id.eq(id))
        .filter(Column::State.is_in([ChargeState::Paid, ChargeState::Refunded]))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}
