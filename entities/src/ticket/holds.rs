//! Rows of `holds`: tickets set aside for one booking.

use sea_orm::entity::prelude::*;

use super::status::HoldStatus;
use crate::ids::{EventId, HoldId, TicketTypeId, UserId, VoucherId};
use crate::money::Currency;

/// A hold, named by its booking; or the tombstone of one that was released before it was taken.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "holds")]
pub struct Model {
    /// The booking it is for.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: HoldId,
    /// The event; `None` for a tombstone.
    pub event_id: Option<EventId>,
    /// The type; `None` for a tombstone.
    pub ticket_type_id: Option<TicketTypeId>,
    /// The buyer; `None` for a tombstone.
    pub user_id: Option<UserId>,
    /// How many; 0 for a tombstone.
    pub quantity: i32,
    /// The price of one when the hold was taken, less what a voucher took off; it stays.
    pub unit_price: i64,
    /// The voucher that made it cheaper, if one did.
    pub voucher_id: Option<VoucherId>,
    /// The currency of that price.
    pub currency: Currency,
    /// Where it stands.
    pub status: HoldStatus,
    /// When it lapses, by the clock of this database.
    pub expires_at: DateTimeUtc,
    /// When it was taken.
    pub created_at: DateTimeUtc,
    /// When it last moved.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
