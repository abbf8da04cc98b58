//! The audit log of a service: written in the transaction of the change, read by administrators, changed by nobody.
//!
//! Each service keeps the entries of its own changes (`entities::audit`) and shows them by a root field of its own; what an entry looks like is
//! one type that all of them share. Of what a person may take away again an entry names the field and not the value, so that it can stay when the
//! person is forgotten.

mod graph;
mod read;

pub use graph::{AuditAction, AuditChange, AuditEntry, AuditFilter};
pub use read::{Filter, about, find, newest_of_both};

use chrono::{DateTime, Utc};
use entities::audit::{Action, ActiveModel, Entity, Model};
use entities::ids::AuditId;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, Insert, IntoActiveModel};
use serde::{Deserialize, Serialize};

use crate::doer::Doer;

/// What one field was and became. `None` is no value, or one that is not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Its name in the graph.
    pub field: String,
    /// What it was.
    pub before: Option<String>,
    /// What it is.
    pub after: Option<String>,
}

/// A line about to be written.
#[derive(Debug, Clone)]
#[must_use]
pub struct Entry {
    action: Action,
    subject: String,
    changes: Vec<FieldChange>,
}

impl Entry {
    /// `action` was done with `subject`, which is told by its id.
    pub fn new(action: Action, subject: impl ToString) -> Self {
        Self { action, subject: subject.to_string(), changes: Vec::new() }
    }

    /// A field that was `before` and is `after`; nothing when that is the same.
    pub fn change(
        mut self,
        field: &str,
        before: Option<impl ToString>,
        after: Option<impl ToString>,
    ) -> Self {
        let (before, after) = (before.map(|value| value.to_string()), after.map(|value| value.to_string()));
        if before != after {
            self.changes.push(FieldChange { field: field.to_owned(), before, after });
        }
        self
    }

    /// A field of something new.
    pub fn became(self, field: &str, after: impl ToString) -> Self {
        self.change(field, None::<String>, Some(after))
    }

    /// A field that was changed, and whose values are nobody's business.
    pub fn touched(mut self, field: &str) -> Self {
        self.changes.push(FieldChange { field: field.to_owned(), before: None, after: None });
        self
    }

    /// Whether no field is different.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    fn into_row(self, doer: &Doer, at: DateTime<Utc>) -> Result<Model, DbErr> {
        let changes =
            serde_json::to_string(&self.changes).map_err(|error| DbErr::Custom(error.to_string()))?;
        Ok(Model {
            id: AuditId::new(),
            at,
            actor: doer.name().into_owned(),
            actor_role: doer.role().map(|role| role.as_str().to_owned()),
            request_id: doer.request_id(),
            action: self.action,
            subject: self.subject,
            changes,
        })
    }
}

/// Writes `entries` as the doing of whoever is at work here, by one statement. `db` is the transaction of what they tell.
///
/// # Errors
/// When the database fails.
pub async fn record(
    db: &impl ConnectionTrait,
    at: DateTime<Utc>,
    entries: impl IntoIterator<Item = Entry>,
) -> Result<(), DbErr> {
    let doer = Doer::current();
    let rows = entries.into_iter().map(|entry| Ok(entry.into_row(&doer, at)?.into_active_model()));
    let rows: Vec<_> = rows.collect::<Result<_, DbErr>>()?;
    if !rows.is_empty() {
        Entity::insert_many(rows).exec_without_returning(db).await?;
    }
    Ok(())
}

/// One entry, to be written together with what it tells.
///
/// # Errors
/// When its changes cannot be put into words.
pub fn line(at: DateTime<Utc>, entry: Entry) -> Result<Insert<ActiveModel>, DbErr> {
    let row = entry.into_row(&Doer::current(), at)?;
    Ok(Entity::insert(row.into_active_model()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_as_it_was_is_no_change() {
        let entry = Entry::new(Action::EventChanged, 7).change("title", Some("a"), Some("a"));
        assert!(entry.is_empty());
        let entry = entry.change("room", Some(1), Some(2)).became("capacity", 10).touched("address");
        let row = entry.into_row(&Doer::current(), DateTime::UNIX_EPOCH).unwrap();
        assert_eq!(
            row.changes,
            r#"[{"field":"room","before":"1","after":"2"},{"field":"capacity","before":null,"after":"10"},{"field":"address","before":null,"after":null}]"#
        );
        assert_eq!((row.subject.as_str(), row.actor.as_str()), ("7", "worker"));
    }
}
