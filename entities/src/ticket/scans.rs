//! Rows of `scans`: every time that somebody was let in with a ticket.

use sea_orm::entity::prelude::*;

use crate::ids::{BookingId, UserId};

/// One time that a door opened. A ticket has more than one where gates could not ask each other.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "scans")]
pub struct Model {
    /// The booking of the ticket.
    #[sea_orm(primary_key, auto_increment = false)]
    pub booking_id: BookingId,
    /// Which of the booking's tickets.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i32,
    /// When the gate saw it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub scanned_at: DateTimeUtc,
    /// The gate.
    #[sea_orm(primary_key, auto_increment = false)]
    pub gate: String,
    /// Who told us.
    pub told_by: UserId,
    /// When we were told.
    pub told_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
