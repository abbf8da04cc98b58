//! What the audit log is told of events and rooms, and reading it.

use entities::audit::Action;
use entities::event::events::{ActiveModel, Model};
use entities::event::room_reservations as claims;
use entities::event::status::EventState;
use entities::ids::{EventId, UserId};
use entities::moment::Moment;
use sea_orm::{ActiveValue, Value};
use subgraph::audit::{self, AuditEntry, Entry, Filter};
use subgraph::page::Page;

use super::{Store, StoreError};

impl Store {
    /// The entries that `filter` lets through, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit(&self, filter: &Filter, page: Page) -> Result<Vec<AuditEntry>, StoreError> {
        Ok(audit::find(self.reader(), filter, page).await?)
    }

    /// The entries about what a user did, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_about(&self, user: UserId) -> Result<Vec<AuditEntry>, StoreError> {
        Ok(audit::about(self.reader(), user, Page::default()).await?)
    }
}

/// An event has its room and is seen.
pub(super) fn created(id: EventId, claim: &claims::Model) -> Entry {
    placed(Entry::new(Action::EventCreated, id), claim)
}

/// A room is blocked by hand.
pub(super) fn blocked(claim: &claims::Model) -> Entry {
    placed(Entry::new(Action::RoomBlocked, claim.id), claim)
}

fn placed(entry: Entry, claim: &claims::Model) -> Entry {
    let entry = entry.became("room", claim.room_id);
    entry.became("startsAt", shown(claim.starts_at)).became("endsAt", shown(claim.ends_at))
}

/// `event` gets what `change` holds. What it is about may be long, and is not told.
pub(super) fn changed(event: &Model, change: &ActiveModel) -> Entry {
    let cancelled = matches!(change.state, ActiveValue::Set(EventState::Cancelled));
    let action = if cancelled { Action::EventCancelled } else { Action::EventChanged };
    let mut entry = Entry::new(action, event.id);
    if cancelled {
        entry = entry.change("status", Some("SCHEDULED"), Some("CANCELLED"));
    }
    if change.description.try_as_ref().is_some_and(|description| *description != event.description) {
        entry = entry.touched("description");
    }
    let entry = told(entry, "title", &event.title, &change.title, String::clone);
    let entry = told(entry, "venue", &event.venue_id, &change.venue_id, i32::to_string);
    let entry = told(entry, "room", &event.room_id, &change.room_id, i32::to_string);
    let entry = told(entry, "startsAt", &event.starts_at, &change.starts_at, |at| shown(*at));
    told(entry, "endsAt", &event.ends_at, &change.ends_at, |at| shown(*at))
}

fn told<T: Into<Value>>(
    entry: Entry,
    field: &str,
    before: &T,
    after: &ActiveValue<T>,
    show: impl Fn(&T) -> String,
) -> Entry {
    match after.try_as_ref() {
        Some(after) => entry.change(field, Some(show(before)), Some(show(after))),
        None => entry,
    }
}

fn shown(moment: Moment) -> String {
    moment.utc().to_rfc3339()
}
