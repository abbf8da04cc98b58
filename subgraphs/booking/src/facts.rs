//! What an inspector of the sale is told: every booking, step, payment, refund, message and key, as rows.

use entities::booking::{
    booking_history, bookings, idempotency_keys, payment_attempts, payment_notices, refunds,
};
use sea_orm::{DbErr, EntityTrait, QueryOrder, TransactionTrait};
use serde_json::{Value, json};
use subgraph::database::Database;

/// Reads everything, in one consistent look where the database offers one.
///
/// # Errors
/// When the database does not answer.
pub async fn read(database: &Database) -> Result<Value, DbErr> {
    let snapshot = database.read().begin().await?;
    let now = database.now(&snapshot).await?;
    let bookings = bookings::Entity::find().all(&snapshot).await?;
    let history = booking_history::Entity::find()
        .order_by_asc(booking_history::Column::BookingId)
        .order_by_asc(booking_history::Column::Version)
        .all(&snapshot)
        .await?;
    let payments = payment_attempts::Entity::find().all(&snapshot).await?;
    let refunds = refunds::Entity::find().all(&snapshot).await?;
    let notices = payment_notices::Entity::find().all(&snapshot).await?;
    let keys = idempotency_keys::Entity::find().all(&snapshot).await?;
    snapshot.commit().await?;
    let changes = history.iter().filter(|line| line.from_status != Some(line.to_status));
    Ok(json!({
        "service": "booking",
        "now": now,
        "bookings": bookings.iter().map(booking).collect::<Vec<_>>(),
        "history": changes.map(change).collect::<Vec<_>>(),
        "payments": payments.iter().map(payment).collect::<Vec<_>>(),
        "refunds": refunds.iter().map(refund).collect::<Vec<_>>(),
        "notices": notices.iter().map(notice).collect::<Vec<_>>(),
        "idempotency": keys.iter().map(key).collect::<Vec<_>>(),
    }))
}

fn booking(row: &bookings::Model) -> Value {
    json!({
        "id": row.id,
        "userId": row.user_id,
        "eventId": row.event_id,
        "ticketTypeId": row.ticket_type_id,
        "quantity": row.quantity.get(),
        "unitPrice": row.unit_price,
        "total": row.total,
        "currency": row.currency.map(|currency| currency.code()),
        "status": row.status.as_str(),
        "phase": row.phase.map(|phase| phase.as_str()),
        "cancelReason": row.cancel_reason.map(|reason| reason.as_str()),
        "expiresAt": row.expires_at,
    })
}

/// A change of the public status.
fn change(line: &booking_history::Model) -> Value {
    json!({
        "bookingId": line.booking_id,
        "from": line.from_status.map(|status| status.as_str()),
        "to": line.to_status.as_str(),
        "actor": line.actor,
        "at": line.at,
    })
}

fn payment(row: &payment_attempts::Model) -> Value {
    json!({
        "id": row.id,
        "bookingId": row.booking_id,
        "transactionId": row.transaction_id,
        "status": row.state.as_str(),
        "amount": row.amount,
        "currency": row.currency.code(),
        "paidAmount": row.paid_amount,
        "paidCurrency": row.paid_currency.map(|currency| currency.code()),
    })
}

fn refund(row: &refunds::Model) -> Value {
    json!({
        "id": row.id,
        "paymentId": row.payment_id,
        "bookingId": row.booking_id,
        "amount": row.amount,
        "currency": row.currency.code(),
        "status": row.state.as_str(),
    })
}

fn notice(row: &payment_notices::Model) -> Value {
    json!({
        "id": row.id,
        "provider": row.provider,
        "eventKey": row.event_key,
        "kind": row.kind,
        "outcome": row.outcome.map(|outcome| outcome.as_str()),
        "receivedAt": row.received_at,
    })
}

fn key(row: &idempotency_keys::Model) -> Value {
    json!({
        "userId": row.user_id,
        "operation": row.operation,
        "key": row.idempotency_key,
        "bodyHash": row.body_hash,
        "bookingId": row.booking_id,
    })
}
