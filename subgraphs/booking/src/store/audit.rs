//! The audit log of bookings: the steps that the public sees are lines of `booking_history`, payments and refunds have entries of their own.
//!
//! The history is written with every step anyway and is never changed, so that a sale writes nothing twice.

use entities::audit::{self as entries, Action};
use entities::booking::booking_history::{Column, Entity, Model};
use entities::booking::payment_attempts;
use entities::booking::refunds;
use entities::booking::status::{BookingStatus, CancelReason, PaymentState, RefundState};
use entities::ids::{AuditId, BookingId};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use subgraph::audit::{self, AuditEntry, Entry, FieldChange, Filter};
use subgraph::page::Page;

/// The entries that `filter` lets through, newest first.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    filter: &Filter,
    page: Page,
) -> Result<Vec<AuditEntry>, DbErr> {
    let from_the_start = Page { limit: page.limit.map(|limit| limit.saturating_add(page.offset)), offset: 0 };
    let steps = steps(db, filter, from_the_start).await?;
    let others = audit::find(db, filter, from_the_start).await?;
    Ok(audit::newest_of_both(steps, others, page))
}

async fn steps(db: &impl ConnectionTrait, filter: &Filter, page: Page) -> Result<Vec<AuditEntry>, DbErr> {
    let Some(condition) = condition(filter) else { return Ok(Vec::new()) };
    let lines = Entity::find()
        .filter(condition)
        .order_by_desc(Column::At)
        .order_by_desc(Column::Version)
        .limit(page.sql_limit())
        .all(db)
        .await?;
    Ok(lines.into_iter().map(told).collect())
}

/// The steps that changed the status, as `filter` asks for them; `None` when it asks for something else.
fn condition(filter: &Filter) -> Option<Condition> {
    if filter.action.is_some_and(|action| action != Action::BookingChanged) {
        return None;
    }
    let booking = match filter.subject.as_deref().map(str::parse::<BookingId>) {
        None => None,
        Some(Ok(id)) => Some(id),
        Some(Err(_)) => return None,
    };
    let first = Column::FromStatus.is_null();
    let changed = first.or(Column::FromStatus.into_expr().ne(Column::ToStatus.into_expr()));
    Some(
        Condition::all()
            .add(changed)
            .add_option(booking.map(|id| Column::BookingId.eq(id)))
            .add_option(filter.actor.as_deref().map(|actor| Column::Actor.eq(actor)))
            .add_option(filter.request_id.as_deref().map(|id| Column::RequestId.eq(id)))
            .add_option(filter.since.map(|since| Column::At.gte(since)))
            .add_option(filter.until.map(|until| Column::At.lt(until))),
    )
}

fn told(line: Model) -> AuditEntry {
    let change = |field: &str, before: Option<&str>, after: Option<&str>| FieldChange {
        field: field.to_owned(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    };
    let status = change("status", line.from_status.map(BookingStatus::as_str), Some(line.to_status.as_str()));
    let reason = line.cancel_reason.map(CancelReason::as_str);
    let reason = reason.map(|reason| change("cancelReason", None, Some(reason)));
    let row = entries::Model {
        id: AuditId::from_uuid(*line.booking_id.as_uuid()),
        at: line.at,
        actor: line.actor,
        actor_role: line.actor_role,
        request_id: line.request_id,
        action: Action::BookingChanged,
        subject: line.booking_id.to_string(),
        changes: String::new(),
    };
    let id = format!("{}.{}", line.booking_id, line.version);
    AuditEntry::told(id, std::iter::once(status).chain(reason).collect(), row)
}

/// Something came of a payment.
pub(crate) fn payment(
    row: &payment_attempts::Model,
    to: PaymentState,
    paid: Option<entities::money::Money>,
) -> Entry {
    let entry = Entry::new(Action::PaymentChanged, row.id).became("booking", row.booking_id);
    let entry = entry.change("status", Some(row.state.as_str()), Some(to.as_str()));
    entry.change("paid", None::<String>, paid)
}

/// So much of a payment went back without us.
pub(crate) fn partly_returned(row: &payment_attempts::Model, returned: impl ToString) -> Entry {
    let entry = Entry::new(Action::PaymentChanged, row.id).became("booking", row.booking_id);
    entry.became("returned", returned)
}

/// A refund is owed, or got on.
pub(crate) fn refund(row: &refunds::Model, from: Option<RefundState>) -> Entry {
    let entry = Entry::new(Action::RefundChanged, row.id).became("booking", row.booking_id);
    let entry = entry.change("status", from.map(RefundState::as_str), Some(row.state.as_str()));
    entry.became("amount", format!("{} {}", row.amount, row.currency))
}
