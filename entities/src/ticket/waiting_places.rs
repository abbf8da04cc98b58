//! Rows of `waiting_places`: who waits for tickets of a type, and what is set aside for them.

use sea_orm::entity::prelude::*;

use super::status::PlaceStatus;
use crate::ids::{EventId, TicketTypeId, UserId, WaitingPlaceId};

/// A buyer's place on the waiting list of one type.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "waiting_places")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WaitingPlaceId,
    /// The event.
    pub event_id: EventId,
    /// The type.
    pub ticket_type_id: TicketTypeId,
    /// Who waits.
    pub user_id: UserId,
    /// How many they want.
    pub quantity: i32,
    /// Where it stands.
    pub status: PlaceStatus,
    /// `true` while it counts, then absent: a buyer has one such place of a type, and any number of old ones.
    pub active: Option<bool>,
    /// How many are set aside for them now; they count in the type's `held` and `offered`.
    pub offered: i32,
    /// Until when, by the clock of this database.
    pub offer_expires_at: Option<DateTimeUtc>,
    /// The key it was asked for under.
    pub idempotency_key: Option<String>,
    /// When it was taken: the order of the list.
    pub joined_at: DateTimeUtc,
    /// When it last moved.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
