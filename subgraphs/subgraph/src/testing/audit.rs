//! The audit log under test: what it says, and that nobody can make it say something else.

use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder};
use serde_json::{Value, json};

use crate::database::Database;

/// Every entry as `[actor kind, role, action, subject, changes]`, in the order in which they were written.
///
/// # Panics
/// When the database fails.
pub async fn audit_log(database: &Database) -> Vec<Value> {
    let rows = entities::audit::Entity::find().order_by_asc(entities::audit::Column::Id);
    let rows = rows.all(database.read()).await.expect("the audit log");
    let shown = rows.into_iter().map(|row| {
        let kind = row.actor.split(':').next().unwrap_or_default().to_owned();
        let action = sea_orm::ActiveEnum::to_value(&row.action);
        let changes: Value = serde_json::from_str(&row.changes).expect("JSON");
        json!([kind, row.actor_role, action, row.subject, changes])
    });
    shown.collect()
}

/// Tries to change and to delete the entries, of which there must be some.
///
/// # Panics
/// When the database lets that happen.
pub async fn assert_append_only(database: &Database) {
    let before = audit_log(database).await;
    assert!(!before.is_empty(), "nothing to try it on");
    for sql in ["UPDATE audit_entries SET actor = 'nobody'", "DELETE FROM audit_entries"] {
        assert!(database.write().execute_unprepared(sql).await.is_err(), "{sql}");
    }
    assert_eq!(audit_log(database).await, before);
}
