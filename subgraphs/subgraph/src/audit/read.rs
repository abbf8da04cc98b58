//! Reading the audit log.

use chrono::{DateTime, Utc};
use entities::audit::{Action, Column, Entity, Model};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::AuditEntry;
use crate::doer::user_name;
use crate::page::Page;

/// Which entries are asked for; every part that is absent lets all through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// About this subject.
    pub subject: Option<String>,
    /// By this doer.
    pub actor: Option<String>,
    /// Of this kind.
    pub action: Option<Action>,
    /// Of this request.
    pub request_id: Option<String>,
    /// Not before this moment.
    pub since: Option<DateTime<Utc>>,
    /// Before this moment.
    pub until: Option<DateTime<Utc>>,
}

/// The entries that `filter` lets through, newest first.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &impl ConnectionTrait, filter: &Filter, page: Page) -> Result<Vec<AuditEntry>, DbErr> {
    let condition = Condition::all()
        .add_option(filter.subject.as_deref().map(|subject| Column::Subject.eq(subject)))
        .add_option(filter.actor.as_deref().map(|actor| Column::Actor.eq(actor)))
        .add_option(filter.action.map(|action| Column::Action.eq(action)))
        .add_option(filter.request_id.as_deref().map(|id| Column::RequestId.eq(id)))
        .add_option(filter.since.map(|since| Column::At.gte(since)))
        .add_option(filter.until.map(|until| Column::At.lt(until)));
    matching(db, condition, page).await
}

/// The entries about a user's account and about what the user did, newest first.
///
/// # Errors
/// When the database fails.
pub async fn about(
    db: &impl ConnectionTrait,
    user: impl std::fmt::Display,
    page: Page,
) -> Result<Vec<AuditEntry>, DbErr> {
    let condition =
        Condition::any().add(Column::Subject.eq(user.to_string())).add(Column::Actor.eq(user_name(user)));
    matching(db, condition, page).await
}

async fn matching(
    db: &impl ConnectionTrait,
    condition: Condition,
    page: Page,
) -> Result<Vec<AuditEntry>, DbErr> {
    let rows: Vec<Model> = Entity::find()
        .filter(condition)
        .order_by_desc(Column::At)
        .order_by_desc(Column::Id)
        .limit(page.sql_limit())
        .offset(page.offset)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(AuditEntry::from).collect())
}

/// The part of two lists, each newest first, that `page` is of both together. Both begin at their beginning and go as far as `page` may.
#[must_use]
pub fn newest_of_both(mut one: Vec<AuditEntry>, other: Vec<AuditEntry>, page: Page) -> Vec<AuditEntry> {
    one.extend(other);
    one.sort_by_key(|entry| std::cmp::Reverse(entry.moment()));
    let (skipped, taken) = (in_memory(page.offset), in_memory(page.sql_limit()));
    one.into_iter().skip(skipped).take(taken).collect()
}

fn in_memory(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
