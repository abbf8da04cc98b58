//! `Booking`: what was bought, for how much, and where it stands.

use std::borrow::Cow;

use async_graphql::dataloader::DataLoader;
use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{
    Context, ContextSelectionSet, Enum, ID, InputObject, Object, OutputType, Positioned, ServerResult,
    SimpleObject, Value,
};
use entities::booking::bookings::Model;
use entities::booking::status::{BookingStatus, CancelReason as Reason};
use entities::ids::UserId;
use entities::voucher_code::MalformedVoucherCode;
use subgraph::error::Error;
use subgraph::ids::given;
use subgraph::scalars::{Amount, DateTime};
use uuid::Uuid;

use super::loaders::LatestPayments;
use super::payment::Payment;
use super::stubs::{Event, TicketType, User};
use crate::bookings::Cancellation;
use crate::domain::order::{self, Order, OrderError};
use crate::error::BookingError;

/// Where a booking stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "BookingStatus")]
pub(super) enum PaymentStatus {
    /// Not paid, or not yet confirmed.
    Pending,
    /// Paid, and its tickets exist.
    Paid,
    /// Over, for ever.
    Cancelled,
}

/// Why a booking was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Reason")]
pub(super) enum CancelReason {
    /// Not paid in time.
    Expired,
    /// The buyer changed their mind.
    Buyer,
    /// An administrator cancelled it.
    Admin,
    /// Its event was called off.
    EventCancelled,
    /// The tickets could not be held.
    HoldRejected,
    /// The payment was taken back.
    PaymentReversed,
    /// Paid after the tickets had gone to somebody else.
    LatePayment,
}

/// An amount of money.
#[derive(Debug, SimpleObject)]
#[graphql(shareable)]
pub(super) struct Money {
    /// In minor units of the currency.
    pub(super) amount: Amount,
    /// ISO 4217.
    pub(super) currency: &'static str,
}

/// The original's `Float`, printed as the whole number that it always is: 300000, not 300000.0.
pub(super) struct WholeFloat(i64);

impl OutputType for WholeFloat {
    fn type_name() -> Cow<'static, str> {
        <f64 as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <f64 as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::from(self.0))
    }
}

/// A purchase of tickets of one type by one user.
pub(super) struct Booking(pub(super) Model);

#[Object]
impl Booking {
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    async fn event_id(&self) -> String {
        self.0.event_id.to_string()
    }

    async fn user_id(&self) -> String {
        self.0.user_id.to_string()
    }

    async fn ticket_type_id(&self) -> String {
        self.0.ticket_type_id.to_string()
    }

    /// The event it admits to.
    async fn event(&self) -> Option<Event> {
        Some(Event { id: self.0.event_id })
    }

    /// The type of its tickets.
    async fn ticket_type(&self) -> Option<TicketType> {
        Some(TicketType { id: self.0.ticket_type_id.to_string().into() })
    }

    /// The buyer.
    async fn user(&self) -> Option<User> {
        Some(User { id: self.0.user_id })
    }

    /// How many tickets.
    async fn quantity(&self) -> i32 {
        self.0.quantity.get()
    }

    /// The voucher that it was booked with.
    async fn voucher(&self) -> Option<String> {
        self.0.voucher.map(|code| code.to_string())
    }

    /// What it costs, in minor units of the currency.
    async fn total_price(&self) -> WholeFloat {
        WholeFloat(self.0.total.unwrap_or_default())
    }

    /// What it costs: the price of one when it was booked, times the quantity.
    async fn total(&self) -> Money {
        let currency = self.0.currency.unwrap_or_default();
        Money { amount: self.0.total.unwrap_or_default().into(), currency: currency.code() }
    }

    async fn status(&self) -> PaymentStatus {
        self.0.status.into()
    }

    /// Why it was cancelled, when it was.
    async fn cancel_reason(&self) -> Option<CancelReason> {
        let cancelled = self.0.status == BookingStatus::Cancelled;
        self.0.cancel_reason.filter(|_| cancelled).map(Into::into)
    }

    /// When it lapses unless it is paid.
    async fn expires_at(&self) -> Option<DateTime> {
        (self.0.status == BookingStatus::Pending).then_some(self.0.expires_at)
    }

    /// The latest try at paying it, once there was one.
    async fn payment(&self, ctx: &Context<'_>) -> Result<Option<Payment>, Error> {
        let loader = ctx.data_unchecked::<DataLoader<LatestPayments>>();
        Ok(loader.load_one(self.0.id).await?.map(Payment))
    }

    async fn created_at(&self) -> DateTime {
        self.0.created_at
    }
}

/// What is to be booked.
#[derive(Debug, InputObject)]
pub(super) struct CreateBookingInput {
    event_id: ID,
    ticket_type_id: ID,
    /// At least 1.
    quantity: i32,
}

/// The order of a user, with the code of their voucher.
impl TryFrom<(Uuid, CreateBookingInput, Option<String>)> for Order {
    type Error = Error;

    fn try_from((user, input, voucher): (Uuid, CreateBookingInput, Option<String>)) -> Result<Self, Error> {
        let voucher = voucher.map(|code| code.parse()).transpose();
        Ok(Self {
            user_id: UserId::from_uuid(user),
            event_id: given(&input.event_id, "eventId")?,
            ticket_type_id: given(&input.ticket_type_id, "ticketTypeId")?,
            quantity: order::quantity(input.quantity).map_err(BookingError::from)?,
            voucher: voucher.map_err(|_: MalformedVoucherCode| BookingError::from(OrderError::Voucher))?,
        })
    }
}

/// What came of a cancellation, in the original's shape.
#[derive(SimpleObject)]
pub(super) struct CancelBooking {
    success: bool,
    message: &'static str,
    booking: Booking,
}

impl From<Cancellation> for CancelBooking {
    fn from(cancellation: Cancellation) -> Self {
        match cancellation {
            Cancellation::Done(row) => {
                Self { success: true, message: "Booking cancelled", booking: Booking(row) }
            }
            Cancellation::Refused { why, booking } => {
                Self { success: false, message: why, booking: Booking(booking) }
            }
        }
    }
}
