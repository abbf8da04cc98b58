//! The ticket service over HTTP.

use entities::ids::BookingId;
use entities::money::{Currency, Money};
use futures_util::future::{BoxFuture, FutureExt};
use serde::Deserialize;
use serde_json::{Value, json};
use subgraph::client::{CallError, ServiceClient};
use subgraph::error::Code;

use super::{Hold, HoldError, HoldRequest, HoldStatus, Release, TicketHolds};

const HOLD: &str = "mutation Hold($input: HoldInput!) { hold(input: $input) { status unitPrice currency } }";
const CONFIRM: &str =
    "mutation Confirm($id: ID!) { hold: confirmHold(bookingId: $id) { status unitPrice currency } }";
const RELEASE: &str = "mutation Release($id: ID!, $all: Boolean!) { \
    hold: releaseHold(bookingId: $id, voidTickets: true, overrideUsed: $all) { status unitPrice currency } }";

/// Calls the ticket service.
#[derive(Clone, Debug)]
pub struct HttpTicketHolds {
    client: ServiceClient,
}

impl HttpTicketHolds {
    /// Calls through `client`.
    #[must_use]
    pub const fn new(client: ServiceClient) -> Self {
        Self { client }
    }

    async fn call(&self, document: &str, variables: Value) -> Result<Hold, HoldError> {
        let answer: Answer = self.client.call(document, variables).await?;
        Hold::try_from(answer.hold)
    }
}

#[derive(Deserialize)]
struct Answer {
    hold: HoldRow,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HoldRow {
    status: Status,
    unit_price: i64,
    currency: Currency,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    Held,
    Confirmed,
    Released,
    Expired,
}

impl TryFrom<HoldRow> for Hold {
    type Error = HoldError;

    fn try_from(row: HoldRow) -> Result<Self, HoldError> {
        let unit_price = Money::new(row.unit_price, row.currency);
        let unit_price = unit_price.map_err(|error| HoldError::Unavailable { cause: error.to_string() })?;
        let status = match row.status {
            Status::Held => HoldStatus::Held,
            Status::Confirmed => HoldStatus::Confirmed,
            Status::Released => HoldStatus::Released,
            Status::Expired => HoldStatus::Expired,
        };
        Ok(Self { status, unit_price })
    }
}

/// Only what the ticket service decided about the sale is a refusal. A refusal of *how* we asked, or a fault of its own,
/// decides nothing: the booking stays where it is.
impl From<CallError> for HoldError {
    fn from(error: CallError) -> Self {
        match (error.code().filter(|code| is_decision(*code)), &error) {
            (Some(code), CallError::Refused { message, extensions, .. }) => {
                // Facts that cannot be read are none: the code decides.
                let facts = serde_json::from_value(Value::Object(extensions.clone())).unwrap_or_default();
                Self::Refused { code, message: message.clone(), facts }
            }
            _ => Self::Unavailable { cause: error.to_string() },
        }
    }
}

const fn is_decision(code: Code) -> bool {
    matches!(
        code,
        Code::SoldOut
            | Code::SalesClosed
            | Code::VoucherInvalid
            | Code::VoucherExpired
            | Code::VoucherUsedUp
            | Code::EventNotOpen
            | Code::NotFound
            | Code::BadUserInput
            | Code::IdempotencyConflict
            | Code::InvalidTransition
            | Code::HoldExpired
    )
}

impl TicketHolds for HttpTicketHolds {
    fn hold(&self, request: HoldRequest) -> BoxFuture<'_, Result<Hold, HoldError>> {
        let mut input = json!({
            "bookingId": request.booking_id,
            "eventId": request.event_id,
            "ticketTypeId": request.ticket_type_id,
            "userId": request.user_id,
            "quantity": request.quantity.get(),
            // Rounded up: the hold must never lapse before the booking does.
            "ttlSeconds": (request.ttl.num_milliseconds() + 999) / 1000,
        });
        // Left out where there is none: a ticket service that does not know vouchers yet refuses even an empty one.
        if let Some(voucher) = request.voucher {
            input["voucher"] = voucher.to_string().into();
        }
        async move { self.call(HOLD, json!({ "input": input })).await }.boxed()
    }

    fn confirm(&self, booking: BookingId) -> BoxFuture<'_, Result<Hold, HoldError>> {
        async move { self.call(CONFIRM, json!({ "id": booking })).await }.boxed()
    }

    fn release(&self, booking: BookingId, how: Release) -> BoxFuture<'_, Result<(), HoldError>> {
        let variables = json!({ "id": booking, "all": how == Release::All });
        async move { self.call(RELEASE, variables).await.map(drop) }.boxed()
    }
}
