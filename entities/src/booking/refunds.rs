//! Rows of `refunds`: money on its way back.

use sea_orm::entity::prelude::*;

use super::status::RefundState;
use crate::ids::{BookingId, PaymentId, RefundId};
use crate::money::Currency;

/// One refund, its id derived from the payment, so that none is paid twice.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refunds")]
pub struct Model {
    /// Its id, and the key under which the provider knows it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RefundId,
    /// The payment that is returned.
    pub payment_id: PaymentId,
    /// The booking it was for.
    pub booking_id: BookingId,
    /// How much, in minor units of `currency`.
    pub amount: i64,
    /// The currency.
    pub currency: Currency,
    /// Where it stands.
    pub state: RefundState,
    /// When a worker must look at it; `None` at rest.
    pub due_at: Option<DateTimeUtc>,
    /// How often a worker has tried.
    pub tries: i32,
    /// When it was asked for.
    pub created_at: DateTimeUtc,
    /// When it last moved.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
