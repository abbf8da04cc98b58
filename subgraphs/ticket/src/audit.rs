//! What the audit log is told of ticket types and of scans.

use entities::audit::Action;
use entities::moment::Moment;
use entities::ticket::scans;
use entities::ticket::status::{Category, SaleState};
use entities::ticket::ticket_types::Model;
use sea_orm::ActiveEnum;
use subgraph::audit::Entry;

/// A new type.
pub(crate) fn created(row: &Model) -> Entry {
    let entry = Entry::new(Action::TicketTypeCreated, row.id).became("event", row.event_id);
    terms(entry, None, Some(row))
}

/// A type whose terms, or whose count of sold ones, somebody changed by hand.
pub(crate) fn changed(before: &Model, after: &Model) -> Entry {
    let entry = terms(Entry::new(Action::TicketTypeChanged, after.id), Some(before), Some(after));
    entry.change("sold", Some(before.sold), Some(after.sold))
}

/// A type that is gone.
pub(crate) fn deleted(row: &Model) -> Entry {
    terms(Entry::new(Action::TicketTypeDeleted, row.id), Some(row), None)
}

/// How a column is told, if it says anything.
type Show = fn(&Model) -> Option<String>;

fn terms(entry: Entry, before: Option<&Model>, after: Option<&Model>) -> Entry {
    let fields: [(&str, Show); 9] = [
        ("name", |row| Some(Category::to_value(&row.name))),
        ("price", |row| Some(format!("{} {}", row.price, row.currency))),
        ("quota", |row| Some(row.quota.to_string())),
        ("status", |row| Some(SaleState::to_value(&row.state))),
        ("salesOpenAt", |row| row.sales_open_at.map(shown)),
        ("salesCloseAt", |row| row.sales_close_at.map(shown)),
        ("minPerOrder", |row| row.min_per_order.map(|count| count.to_string())),
        ("maxPerOrder", |row| row.max_per_order.map(|count| count.to_string())),
        ("maxPerBuyer", |row| row.max_per_buyer.map(|count| count.to_string())),
    ];
    fields
        .into_iter()
        .fold(entry, |entry, (field, show)| entry.change(field, before.and_then(show), after.and_then(show)))
}

fn shown(moment: Moment) -> String {
    moment.utc().to_rfc3339()
}

/// A scan with which somebody was let in, at a gate that could ask or at one that tells of it later.
pub(crate) fn checked_in(scan: &scans::Model) -> Entry {
    let ticket = format!("{}.{}", scan.booking_id, scan.seq);
    let entry = Entry::new(Action::TicketCheckedIn, ticket).became("gate", &scan.gate);
    entry.became("scannedAt", scan.scanned_at.to_rfc3339())
}
