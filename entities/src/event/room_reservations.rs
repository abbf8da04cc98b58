//! Rows of `room_reservations`: the room truth of our own. No two that hold a room ever overlap in it.

use sea_orm::entity::prelude::*;

use super::status::ReservationState;
use crate::ids::{EventId, ReservationId};
use crate::moment::Moment;

/// One claim on a room for `[starts_at, ends_at)`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "room_reservations")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReservationId,
    /// The room, by the room scheduler's number.
    pub room_id: i32,
    /// The event it is for; `None` for a block set by hand.
    pub event_id: Option<EventId>,
    /// The first moment of the claim.
    pub starts_at: Moment,
    /// The first moment after the claim.
    pub ends_at: Moment,
    /// Its beginning by the clock on the venue's wall.
    pub starts_local: DateTime,
    /// Its end by the clock on the venue's wall.
    pub ends_local: DateTime,
    /// Where it stands.
    pub state: ReservationState,
    /// How often a worker tried to finish it.
    pub attempts: i32,
    /// Who is finishing it.
    pub lease_owner: Option<String>,
    /// Until when nobody else may.
    pub lease_until: DateTimeUtc,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it last changed state.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
