//! Telling other systems what became of bookings: they register an address, and get a signed message for each change that they asked for.
//!
//! An announcement is written down in the transaction of its change, one row for each who listens (`store::announcements`), so that nothing is
//! told that did not happen and nothing happens untold. A worker delivers: at least once, in no order. Reading order: [`Announcement`] (what is
//! told), [`listeners`] (to whom), [`delivery`] (how), [`signature`], [`address`].
//! Source: Standard Webhooks 1.0.

pub mod address;
pub mod delivery;
pub mod listeners;
pub mod signature;

use chrono::{DateTime, SecondsFormat, Utc};
use entities::booking::bookings;
use entities::booking::refunds;
use entities::booking::status::{AnnouncementKind, BookingStatus, RefundState};
use entities::ids::AnnouncementId;
use serde_json::{Value, json};

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Announcement {
    /// Its id, by which whoever listens knows what they had before.
    pub(crate) id: AnnouncementId,
    /// What happened.
    pub(crate) kind: AnnouncementKind,
    /// The message.
    pub(crate) body: String,
    /// When it happened.
    pub(crate) at: DateTime<Utc>,
}

impl Announcement {
    /// What the world is told of a booking that has just become `row`; nothing of a request that never held anything.
    pub(crate) fn of_booking(before: BookingStatus, row: &bookings::Model) -> Option<Self> {
        let kind = match row.status {
            status if status == before => return None,
            BookingStatus::Pending => return None,
            BookingStatus::Paid => AnnouncementKind::BookingPaid,
            BookingStatus::Cancelled => AnnouncementKind::BookingCancelled,
        };
        let (total, currency) = (row.total?, row.currency?);
        let data = json!({
            "bookingId": row.id,
            "eventId": row.event_id,
            "ticketTypeId": row.ticket_type_id,
            "userId": row.user_id,
            "quantity": row.quantity.get(),
            "total": { "amount": total, "currency": currency.code() },
            "status": row.status.as_str(),
            "cancelReason": row.cancel_reason.map(|reason| reason.as_str()),
        });
        Some(Self::new(kind, row.updated_at, &data))
    }

    /// What the world is told of a refund that has just become `row`.
    pub(crate) fn of_refund(row: &refunds::Model) -> Option<Self> {
        let kind = match row.state {
            RefundState::Requested => AnnouncementKind::RefundRequested,
            RefundState::Done => AnnouncementKind::RefundDone,
            RefundState::Manual => AnnouncementKind::RefundManual,
            RefundState::Submitted | RefundState::Failed => return None,
        };
        let data = json!({
            "refundId": row.id,
            "bookingId": row.booking_id,
            "amount": { "amount": row.amount, "currency": row.currency.code() },
            "status": row.state.as_str(),
        });
        Some(Self::new(kind, row.updated_at, &data))
    }

    fn new(kind: AnnouncementKind, at: DateTime<Utc>, data: &Value) -> Self {
        let timestamp = at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let body = json!({ "type": kind.as_str(), "timestamp": timestamp, "data": data }).to_string();
        Self { id: AnnouncementId::new(), kind, body, at }
    }
}
