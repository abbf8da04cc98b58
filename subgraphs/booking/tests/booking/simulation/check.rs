//! What must hold, by the numbers of the invariants: at any time, and at rest.

use std::collections::{BTreeMap, BTreeSet};

use ::entities::booking::bookings::Model;
use ::entities::booking::status::{BookingStatus, CancelReason, PaymentState, RefundState};
use ::entities::booking::{booking_history, bookings, idempotency_keys, payment_attempts, refunds};
use ::entities::ids::PaymentId;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use subgraph::database::Database;

use super::bank;
use super::network::{State, World};

/// Empties the database for the next sale.
pub(super) async fn clear(database: &Database) {
    let db = database.write();
    refunds::Entity::delete_many().exec(db).await.expect("rows go");
    payment_attempts::Entity::delete_many().exec(db).await.expect("rows go");
    idempotency_keys::Entity::delete_many().exec(db).await.expect("rows go");
    booking_history::Entity::delete_many().exec(db).await.expect("rows go");
    bookings::Entity::delete_many().exec(db).await.expect("rows go");
}

/// Whether the workers have nothing to do.
pub(super) async fn nothing_is_due(database: &Database) -> bool {
    let booking = bookings::Entity::find().filter(bookings::Column::DueAt.is_not_null());
    let refund = refunds::Entity::find().filter(refunds::Column::DueAt.is_not_null());
    booking.one(database.read()).await.expect("rows").is_none()
        && refund.one(database.read()).await.expect("rows").is_none()
}

/// PAID means that the tickets exist, at every moment; and a total is a product.
pub(super) async fn at_any_time(database: &Database, world: &World) -> Result<(), String> {
    let rows = bookings::Entity::find().all(database.read()).await.expect("rows");
    let state = &mut *world.lock();
    for row in &rows {
        let name = state.booking(row.id);
        if row.status == BookingStatus::Paid && !state.stock.ever_had(row.id) {
            return Err(format!("invariant 4: {name} is PAID before it has tickets"));
        }
        total_is_a_product(row, &name)?;
    }
    Ok(())
}

fn total_is_a_product(row: &Model, name: &str) -> Result<(), String> {
    let product = row.unit_price.map(|price| price * i64::from(row.quantity.get()));
    if row.total == product { Ok(()) } else { Err(format!("invariant 5: {name} costs {:?}", row.total)) }
}

/// Everything that holds at rest.
pub(super) async fn at_rest(database: &Database, world: &World, called_off: bool) -> Result<(), String> {
    let db = database.read();
    let rows = bookings::Entity::find().order_by_asc(bookings::Column::Id).all(db).await.expect("rows");
    let history = booking_history::Entity::find()
        .order_by_asc(booking_history::Column::BookingId)
        .order_by_asc(booking_history::Column::Version)
        .all(db)
        .await
        .expect("rows");
    let attempts = payment_attempts::Entity::find().all(db).await.expect("rows");
    let owed = refunds::Entity::find().all(db).await.expect("rows");
    let state = &mut *world.lock();
    stock_is_what_was_paid(&rows, state)?;
    for row in &rows {
        booking_is_whole(row, state, called_off)?;
        let lines: Vec<_> = history.iter().filter(|line| line.booking_id == row.id).collect();
        history_is_legal(row, &lines, &state.booking(row.id))?;
    }
    money_is_where_it_belongs(&rows, &attempts, &owed, state)
}

fn stock_is_what_was_paid(rows: &[Model], state: &State) -> Result<(), String> {
    let paid = rows.iter().filter(|row| row.status == BookingStatus::Paid);
    let paid: i32 = paid.map(|row| row.quantity.get()).sum();
    let tickets: usize = state.stock.holds.keys().map(|id| state.stock.tickets(*id)).sum();
    let (sold, held) = (state.stock.sold, state.stock.held);
    if held != 0 {
        return Err(format!("invariant 3: held {held} at rest"));
    }
    if sold != paid || usize::try_from(sold) != Ok(tickets) {
        return Err(format!("invariant 2: sold {sold}, PAID {paid}, valid tickets {tickets}"));
    }
    let with_it = rows.iter().filter(|row| row.status == BookingStatus::Paid && row.voucher.is_some());
    let with_it: i32 = with_it.map(|row| row.quantity.get()).sum();
    let voucher = state.stock.voucher;
    if voucher.held != 0 || voucher.used != with_it {
        return Err(format!("invariant 16: {voucher:?}, PAID with it {with_it}"));
    }
    Ok(())
}

fn booking_is_whole(row: &Model, state: &mut State, called_off: bool) -> Result<(), String> {
    let name = state.booking(row.id);
    let end = row.cancel_reason.map_or(row.status.as_str(), CancelReason::as_str);
    state.history.push(format!("{name} ends {end}"));
    let tickets = state.stock.tickets(row.id);
    let due = if row.status == BookingStatus::Paid { row.quantity.get() } else { 0 };
    if usize::try_from(due) != Ok(tickets) {
        return Err(format!("invariant 4: {name} is {:?} with {tickets} tickets", row.status));
    }
    total_is_a_product(row, &name)?;
    if row.status == BookingStatus::Pending || row.phase.is_some() {
        return Err(format!("{name} rests as {:?} {:?}", row.status, row.phase));
    }
    if called_off && row.status == BookingStatus::Paid {
        return Err(format!("invariant 12: {name} is PAID and its event is called off"));
    }
    if row.cancel_reason == Some(CancelReason::LatePayment) && !state.stock.refused.contains(&row.id) {
        return Err(format!("{name} was paid for and given up, and nobody refused its tickets"));
    }
    let legal = match row.cancel_reason {
        None => true,
        Some(CancelReason::Admin) => state.ledger.taken_back.contains(&row.id),
        Some(CancelReason::EventCancelled) => called_off,
        Some(_) => false,
    };
    if state.ledger.paid.contains(&row.id) && !legal {
        return Err(format!("{name} was told PAID and lost it to {:?}", row.cancel_reason));
    }
    Ok(())
}

fn history_is_legal(row: &Model, lines: &[&booking_history::Model], name: &str) -> Result<(), String> {
    use BookingStatus::{Cancelled, Paid, Pending};
    let mut before = None;
    for (line, version) in lines.iter().zip(1..) {
        let legal = matches!(
            (line.from_status, line.to_status),
            (None | Some(Pending), Pending) | (Some(Pending | Paid), Paid | Cancelled)
        );
        if line.from_status != before || line.version != version || !legal {
            return Err(format!("invariant 8: {name}: {:?} -> {:?}", line.from_status, line.to_status));
        }
        before = Some(line.to_status);
    }
    if before == Some(row.status) && lines.len() == usize::try_from(row.version).unwrap_or(0) {
        Ok(())
    } else {
        Err(format!("invariant 8: {name} is {:?} and its history ends with {before:?}", row.status))
    }
}

/// Money that came in has a booking; it belongs to one that is PAID, once, or it went back, once.
fn money_is_where_it_belongs(
    rows: &[Model],
    attempts: &[payment_attempts::Model],
    owed: &[refunds::Model],
    state: &mut State,
) -> Result<(), String> {
    let by_id: BTreeMap<PaymentId, &payment_attempts::Model> =
        attempts.iter().map(|attempt| (attempt.id, attempt)).collect();
    let names: BTreeSet<&String> =
        attempts.iter().filter_map(|attempt| attempt.transaction_id.as_ref()).collect();
    if names.len() != attempts.iter().filter(|attempt| attempt.transaction_id.is_some()).count() {
        return Err("invariant 6: one transaction pays twice".to_owned());
    }
    let mut kept = BTreeMap::new();
    let charges: Vec<PaymentId> = state.bank.charges.keys().copied().collect();
    for id in charges {
        let name = state.payment(id);
        let account = &state.bank.charges[&id];
        let bank::State::Paid(receipt) = &account.state else { continue };
        let attempt = by_id.get(&id).ok_or_else(|| format!("invariant 6: {name} belongs to no booking"))?;
        let row = rows.iter().find(|row| row.id == attempt.booking_id);
        let row = row.ok_or_else(|| format!("invariant 6: {name} belongs to no booking"))?;
        let by_hand =
            owed.iter().any(|refund| refund.payment_id == id && refund.state == RefundState::Manual);
        match account.repaid.as_slice() {
            [] if by_hand && account.stubborn => {}
            [] if row.status == BookingStatus::Paid
                && attempt.state == PaymentState::Succeeded
                && Some(receipt.amount) == row.total() =>
            {
                *kept.entry(row.id).or_insert(0) += 1;
            }
            [amount] if *amount == receipt.amount && attempt.state == PaymentState::Reversed => {}
            repaid => {
                return Err(format!(
                    "{name}: paid {}, {:?}, its booking {:?}, paid back {repaid:?}",
                    receipt.amount, attempt.state, row.status
                ));
            }
        }
    }
    for row in rows.iter().filter(|row| row.status == BookingStatus::Paid && row.total != Some(0)) {
        if kept.get(&row.id) != Some(&1) {
            return Err(format!("{} is PAID by {:?} payments", state.booking(row.id), kept.get(&row.id)));
        }
    }
    Ok(())
}
