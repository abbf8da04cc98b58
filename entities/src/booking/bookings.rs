//! Rows of `bookings`.

use sea_orm::entity::prelude::*;

use super::status::{BookingState, BookingStatus, CancelReason, Phase};
use crate::ids::{BookingId, EventId, TicketTypeId, UserId};
use crate::money::{Currency, Money, Quantity};
use crate::voucher_code::VoucherCode;

/// A purchase of tickets of one type by one user.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bookings")]
pub struct Model {
    /// Its id, and the id of its hold in the ticket service.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BookingId,
    /// The buyer.
    pub user_id: UserId,
    /// The event.
    pub event_id: EventId,
    /// The type of ticket.
    pub ticket_type_id: TicketTypeId,
    /// How many.
    pub quantity: Quantity,
    /// The voucher it was asked for with.
    pub voucher: Option<VoucherCode>,
    /// What the world sees.
    pub status: BookingStatus,
    /// What is going on inside; `None` at rest.
    pub phase: Option<Phase>,
    /// Why it is, or is being, cancelled.
    pub cancel_reason: Option<CancelReason>,
    /// The code with which the hold was refused, for whoever asks again.
    pub refusal_code: Option<String>,
    /// What was left when it was refused as sold out.
    pub refusal_available: Option<i32>,
    /// The other facts of the refusal, as JSON.
    pub refusal_facts: Option<String>,
    /// The price of one, frozen in the hold.
    pub unit_price: Option<i64>,
    /// The currency of the price.
    pub currency: Option<Currency>,
    /// `unit_price * quantity`, for ever.
    pub total: Option<i64>,
    /// Whether it was asked for under an idempotency key, so that the buyer can find it again.
    pub keyed: bool,
    /// When it lapses unless it is paid.
    pub expires_at: DateTimeUtc,
    /// Raised by every change: a writer that read an older one loses.
    pub version: i32,
    /// When a worker must look at it; `None` at rest.
    pub due_at: Option<DateTimeUtc>,
    /// How often a worker has looked at it in this state without getting on.
    pub tries: i32,
    /// When it was created.
    pub created_at: DateTimeUtc,
    /// When it last moved.
    pub updated_at: DateTimeUtc,
}

impl Model {
    /// The state that the three columns spell; `None` for a combination that no step leads to.
    #[must_use]
    pub const fn state(&self) -> Option<BookingState> {
        BookingState::from_columns(self.status, self.phase, self.cancel_reason)
    }

    /// What it costs, once the hold has said so.
    #[must_use]
    pub fn total(&self) -> Option<Money> {
        Money::new(self.total?, self.currency?).ok()
    }
}

impl ActiveModelBehavior for ActiveModel {}
