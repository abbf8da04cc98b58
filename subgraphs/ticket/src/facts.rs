//! What an inspector of the sale is told: every counter, hold and ticket, as rows. Ticket codes are shown by their hash,
//! codes of vouchers not at all.

use entities::ticket::{events, holds, ticket_types, tickets, vouchers, waiting_places};
use sea_orm::{DbErr, EntityTrait};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use subgraph::database::Database;

use entities::ticket::status::SaleState;

/// Reads everything, in one consistent look where the database offers one.
///
/// # Errors
/// When the database does not answer.
pub async fn read(database: &Database) -> Result<Value, DbErr> {
    let snapshot = sea_orm::TransactionTrait::begin(database.read()).await?;
    let now = database.now(&snapshot).await?;
    let events = events::Entity::find().all(&snapshot).await?;
    let types = ticket_types::Entity::find().all(&snapshot).await?;
    let holds = holds::Entity::find().all(&snapshot).await?;
    let vouchers = vouchers::Entity::find().all(&snapshot).await?;
    let places = waiting_places::Entity::find().all(&snapshot).await?;
    let tickets = tickets::Entity::find().all(&snapshot).await?;
    snapshot.commit().await?;
    Ok(json!({
        "service": "ticket",
        "now": now,
        "events": events.iter().map(event).collect::<Vec<_>>(),
        "ticketTypes": types.iter().map(ticket_type).collect::<Vec<_>>(),
        "vouchers": vouchers.iter().map(voucher).collect::<Vec<_>>(),
        "holds": holds.iter().map(hold).collect::<Vec<_>>(),
        "waitingPlaces": places.iter().map(place).collect::<Vec<_>>(),
        "tickets": tickets.iter().map(ticket).collect::<Vec<_>>(),
    }))
}

fn event(row: &events::Model) -> Value {
    json!({
        "id": row.id,
        "capacity": row.capacity,
        "allocated": row.allocated,
        "cancelled": row.cancelled,
        "startsAt": row.starts_at.utc(),
        "endsAt": row.ends_at.utc(),
    })
}

fn ticket_type(row: &ticket_types::Model) -> Value {
    let status = match row.state {
        SaleState::Open => "OPEN",
        SaleState::Closed => "CLOSED",
    };
    json!({
        "id": row.id,
        "eventId": row.event_id,
        "price": row.price,
        "currency": row.currency.code(),
        "quota": row.quota,
        "sold": row.sold,
        "held": row.held,
        "waiting": row.waiting,
        "offered": row.offered,
        "status": status,
    })
}

fn voucher(row: &vouchers::Model) -> Value {
    json!({
        "id": row.id,
        "eventId": row.event_id,
        "ticketTypeId": row.ticket_type_id,
        "usageLimit": row.usage_limit,
        "used": row.used,
        "held": row.held,
    })
}

fn hold(row: &holds::Model) -> Value {
    json!({
        "bookingId": row.id,
        "ticketTypeId": row.ticket_type_id,
        "eventId": row.event_id,
        "quantity": row.quantity,
        "unitPrice": row.unit_price,
        "voucherId": row.voucher_id,
        "currency": row.currency.code(),
        "status": row.status.as_str(),
        "expiresAt": row.expires_at,
    })
}

fn place(row: &waiting_places::Model) -> Value {
    json!({
        "id": row.id,
        "ticketTypeId": row.ticket_type_id,
        "quantity": row.quantity,
        "status": row.status.as_str(),
        "offered": row.offered,
        "offerExpiresAt": row.offer_expires_at,
    })
}

fn ticket(row: &tickets::Model) -> Value {
    let hash: String = Sha256::digest(&row.code).iter().map(|byte| format!("{byte:02x}")).collect();
    json!({ "bookingId": row.booking_id, "seq": row.seq, "code": hash, "status": row.status.as_str() })
}
