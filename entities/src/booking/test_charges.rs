//! Rows of `test_charges`: what the built-in test provider was told.

use sea_orm::entity::prelude::*;

use super::status::ChargeState;
use crate::ids::PaymentId;
use crate::money::Currency;

/// One charge at the test provider, under the payment's id.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "test_charges")]
pub struct Model {
    /// The payment.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PaymentId,
    /// How much.
    pub amount: i64,
    /// In which currency.
    pub currency: Currency,
    /// Where it stands.
    pub state: ChargeState,
    /// When it was first heard of.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
