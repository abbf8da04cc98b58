//! Rows of `payment_attempts`: every try at paying a booking, never taken away.

use sea_orm::entity::prelude::*;

use super::status::PaymentState;
use crate::ids::{BookingId, PaymentId};
use crate::money::{Currency, Money};

/// One try.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment_attempts")]
pub struct Model {
    /// Its id, and the key under which the provider knows it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PaymentId,
    /// The booking to be paid.
    pub booking_id: BookingId,
    /// Which try of this booking, from 1.
    pub seq: i32,
    /// The provider's name.
    pub provider: String,
    /// What is asked for, in minor units of `currency`.
    pub amount: i64,
    /// The currency asked for.
    pub currency: Currency,
    /// Where it stands.
    pub state: PaymentState,
    /// The provider's own name for the page on which the buyer pays, once there is one.
    pub page_reference: Option<String>,
    /// Where that page is.
    pub page_url: Option<String>,
    /// The provider's own name for the money that moved.
    pub transaction_id: Option<String>,
    /// What the provider says was paid.
    pub paid_amount: Option<i64>,
    /// In which currency.
    pub paid_currency: Option<Currency>,
    /// When it was created.
    pub created_at: DateTimeUtc,
    /// When it last moved.
    pub updated_at: DateTimeUtc,
}

impl Model {
    /// What is asked for; `None` for a row that the table's `CHECK` does not allow.
    #[must_use]
    pub fn asked(&self) -> Option<Money> {
        Money::new(self.amount, self.currency).ok()
    }

    /// What was paid, if anything was.
    #[must_use]
    pub fn paid(&self) -> Option<Money> {
        Money::new(self.paid_amount?, self.paid_currency?).ok()
    }
}

impl ActiveModelBehavior for ActiveModel {}
