//! Holds and event facts, between services only.

use async_graphql::{Enum, ID, InputObject, SimpleObject};
use chrono::TimeDelta;
use entities::money::Quantity;
use entities::ticket::holds::Model;
use entities::ticket::status::HoldStatus as Status;
use entities::voucher_code::MalformedVoucherCode;
use subgraph::error::Error;
use subgraph::ids::given;
use subgraph::scalars::{Amount, DateTime};

use crate::domain::voucher::VoucherRefusal;
use crate::event::EventFacts;
use crate::holds::HoldRequest;

/// Where a hold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Status", inaccessible)]
pub(super) enum HoldStatus {
    Held,
    Confirmed,
    Released,
    Expired,
}

/// Tickets set aside for one booking.
#[derive(Debug, SimpleObject)]
#[graphql(inaccessible)]
pub(super) struct Hold {
    booking_id: ID,
    /// Absent when it was released before it was taken.
    ticket_type_id: Option<ID>,
    /// Absent when it was released before it was taken.
    event_id: Option<ID>,
    quantity: i32,
    /// The price of one, frozen when the hold was taken.
    unit_price: Amount,
    currency: &'static str,
    status: HoldStatus,
    /// By the clock of the ticket database.
    expires_at: DateTime,
}

impl From<Model> for Hold {
    fn from(row: Model) -> Self {
        Self {
            booking_id: row.id.to_string().into(),
            ticket_type_id: row.ticket_type_id.map(|id| id.to_string().into()),
            event_id: row.event_id.map(|id| id.to_string().into()),
            quantity: row.quantity,
            unit_price: row.unit_price.into(),
            currency: row.currency.code(),
            status: row.status.into(),
            expires_at: row.expires_at,
        }
    }
}

/// What a booking wants held.
#[derive(Debug, InputObject)]
#[graphql(inaccessible)]
pub(super) struct HoldInput {
    booking_id: ID,
    event_id: ID,
    ticket_type_id: ID,
    user_id: ID,
    quantity: i32,
    /// The code of the buyer's voucher.
    voucher: Option<String>,
    ttl_seconds: i32,
}

impl TryFrom<HoldInput> for HoldRequest {
    type Error = Error;

    fn try_from(input: HoldInput) -> Result<Self, Error> {
        let quantity = Quantity::new(input.quantity);
        let voucher = input.voucher.map(|code| code.parse()).transpose();
        Ok(Self {
            id: given(&input.booking_id, "bookingId")?,
            event_id: given(&input.event_id, "eventId")?,
            ticket_type_id: given(&input.ticket_type_id, "ticketTypeId")?,
            user_id: given(&input.user_id, "userId")?,
            quantity: quantity.map_err(|error| Error::bad_input("quantity", error.to_string()))?,
            // What no voucher can be called is answered as what none is called.
            voucher: voucher.map_err(|_: MalformedVoucherCode| VoucherRefusal::Invalid)?,
            ttl: TimeDelta::seconds(input.ttl_seconds.into()),
        })
    }
}

/// Whether tickets of an event may be sold at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(inaccessible)]
pub(super) enum EventSaleStatus {
    Open,
    Cancelled,
}

/// What the event service says of an event.
#[derive(Debug, InputObject)]
#[graphql(inaccessible)]
pub(super) struct SyncEventInput {
    event_id: ID,
    capacity: i32,
    starts_at: DateTime,
    ends_at: DateTime,
    status: EventSaleStatus,
}

impl TryFrom<SyncEventInput> for EventFacts {
    type Error = Error;

    fn try_from(input: SyncEventInput) -> Result<Self, Error> {
        Ok(Self {
            id: given(&input.event_id, "eventId")?,
            capacity: input.capacity,
            starts_at: input.starts_at,
            ends_at: input.ends_at,
            cancelled: input.status == EventSaleStatus::Cancelled,
        })
    }
}
