//! Rows of `tickets`: one admission each.

use sea_orm::entity::prelude::*;

use super::status::AdmissionStatus;
use crate::ids::{BookingId, EventId, TicketTypeId, UserId};

/// One admission, created in the transaction that confirms its hold.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tickets")]
pub struct Model {
    /// The booking that paid for it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub booking_id: BookingId,
    /// Which of the booking's tickets, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i32,
    /// The event it admits to.
    pub event_id: EventId,
    /// Its type.
    pub ticket_type_id: TicketTypeId,
    /// Who bought it.
    pub user_id: UserId,
    /// 128 random bits that nobody guesses: what opened the door before codes were signed, and still does.
    pub code: String,
    /// Where it stands.
    pub status: AdmissionStatus,
    /// When it was created.
    pub created_at: DateTimeUtc,
    /// When it was used: the earliest scan that is known.
    pub used_at: Option<DateTimeUtc>,
    /// The gate of that scan.
    pub used_gate: Option<String>,
    /// When it was voided.
    pub voided_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
