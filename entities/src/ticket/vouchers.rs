//! Rows of `vouchers`: what a code takes off, and the counters that decide how often.

use sea_orm::entity::prelude::*;

use super::status::DiscountKind;
use crate::ids::{EventId, TicketTypeId, VoucherId};
use crate::moment::Moment;
use crate::money::Currency;
use crate::voucher_code::VoucherCode;

/// A code that makes tickets of one event cheaper, so many times.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "vouchers")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: VoucherId,
    /// The event it is for.
    pub event_id: EventId,
    /// The only type it is for; every type of the event when absent.
    pub ticket_type_id: Option<TicketTypeId>,
    /// Its code: one of each per event.
    pub code: VoucherCode,
    /// What it does to a price.
    pub discount_kind: DiscountKind,
    /// How much: a percentage, or minor units of `currency`.
    pub discount_value: i64,
    /// The currency of an amount; absent for a percentage.
    pub currency: Option<Currency>,
    /// The first moment at which it is good; at once when absent.
    pub valid_from: Option<Moment>,
    /// The first moment at which it is not good any more.
    pub valid_until: Option<Moment>,
    /// How many tickets it is good for.
    pub usage_limit: i32,
    /// How many were paid for with it.
    pub used: i32,
    /// How many are held with it for buyers who may yet pay.
    pub held: i32,
    /// When it was created.
    pub created_at: DateTimeUtc,
    /// When its terms were last changed; uses do not count.
    pub updated_at: DateTimeUtc,
}

impl Model {
    /// How many tickets it is good for now.
    #[must_use]
    pub const fn remaining(&self) -> i32 {
        self.usage_limit - self.used - self.held
    }
}

impl ActiveModelBehavior for ActiveModel {}
