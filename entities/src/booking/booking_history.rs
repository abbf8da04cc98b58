//! Rows of `booking_history`: every step a booking took, append-only.

use sea_orm::entity::prelude::*;

use super::status::{BookingStatus, CancelReason, Phase};
use crate::ids::BookingId;

/// One step.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "booking_history")]
pub struct Model {
    /// The booking.
    #[sea_orm(primary_key, auto_increment = false)]
    pub booking_id: BookingId,
    /// The version it reached with this step.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    /// The status before; `None` for the first.
    pub from_status: Option<BookingStatus>,
    /// The status after.
    pub to_status: BookingStatus,
    /// The phase after.
    pub phase: Option<Phase>,
    /// The reason after.
    pub cancel_reason: Option<CancelReason>,
    /// Who did it: `user:<id>`, `service:<name>` or `worker`.
    pub actor: String,
    /// The role of the user, as their token had it.
    pub actor_role: Option<String>,
    /// The request, when there was one.
    pub request_id: Option<String>,
    /// When.
    pub at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
