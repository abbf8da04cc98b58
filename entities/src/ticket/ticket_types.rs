//! Rows of `ticket_types`: the counters that decide who gets a ticket.

use sea_orm::entity::prelude::*;

use super::status::{Category, SaleState};
use crate::ids::{EventId, TicketTypeId};
use crate::moment::Moment;
use crate::money::Currency;

/// A kind of ticket of one event.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ticket_types")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TicketTypeId,
    /// The event it admits to.
    pub event_id: EventId,
    /// Its name: one of each per event.
    pub name: Category,
    /// The price of one, in minor units of `currency`.
    pub price: i64,
    /// The currency of the price.
    pub currency: Currency,
    /// How many there are.
    pub quota: i32,
    /// How many are paid for.
    pub sold: i32,
    /// How many are held for buyers who may yet pay, or who waited and may yet book.
    pub held: i32,
    /// How many places on its waiting list still wait. While there is one, what is free is not for others.
    pub waiting: i32,
    /// How many of those held are offered to buyers who waited.
    pub offered: i32,
    /// Whether an organiser lets it be sold.
    pub state: SaleState,
    /// When sales begin; at once when absent.
    pub sales_open_at: Option<Moment>,
    /// When sales end; when the event begins, if absent or later than that.
    pub sales_close_at: Option<Moment>,
    /// The fewest of one order.
    pub min_per_order: Option<i32>,
    /// The most of one order.
    pub max_per_order: Option<i32>,
    /// The most that one buyer may hold and have bought.
    pub max_per_buyer: Option<i32>,
    /// When it was created.
    pub created_at: DateTimeUtc,
    /// When its terms were last changed; sales do not count.
    pub updated_at: DateTimeUtc,
}

impl Model {
    /// How many anybody can have now: none while somebody waits for them.
    #[must_use]
    pub const fn available(&self) -> i32 {
        if self.waiting > 0 { 0 } else { self.free() }
    }

    /// How many are neither paid for nor held.
    #[must_use]
    pub const fn free(&self) -> i32 {
        self.quota - self.sold - self.held
    }
}

impl ActiveModelBehavior for ActiveModel {}
