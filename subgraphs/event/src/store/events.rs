//! Events: reading, and the two changes that need no room.

use chrono::{DateTime, Utc};
use entities::event::events::{ActiveModel, Column, Entity, Model};
use entities::event::status::{EventState, EventStatus, OutboxTask};
use entities::ids::{EventId, UserId};
use entities::moment::Moment;
use sea_orm::sea_query::{Expr, LikeExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
};

use subgraph::audit;
use subgraph::page::Page;

use super::audit::changed;
use super::reservations::free_rooms;
use super::{Store, StoreError, outbox};

/// Which events are asked for; every part that is absent lets all through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// In this venue.
    pub venue: Option<i32>,
    /// Of this status now.
    pub status: Option<EventStatus>,
    /// Not over before this moment.
    pub from: Option<DateTime<Utc>>,
    /// Begun before this moment.
    pub to: Option<DateTime<Utc>>,
    /// With these words in the title.
    pub search: Option<String>,
    /// This part of them.
    pub page: Page,
}

/// What changes of an event whose room and time stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wording {
    /// The new title.
    pub title: Option<String>,
    /// The new description; the inner `None` takes it away.
    pub description: Option<Option<String>>,
}

impl Store {
    /// The event, when it is to be seen.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn event(&self, id: EventId) -> Result<Option<Model>, StoreError> {
        Ok(visible(Entity::find_by_id(id)).one(self.reader()).await?)
    }

    /// The event, seen or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn event_in_any_state(&self, id: EventId) -> Result<Option<Model>, StoreError> {
        Ok(Entity::find_by_id(id).one(self.reader()).await?)
    }

    /// The events that are to be seen among these, in one statement and in no order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events_by_ids(&self, ids: &[EventId]) -> Result<Vec<Model>, StoreError> {
        let events = Entity::find().filter(Column::Id.is_in(ids.iter().copied()));
        Ok(visible(events).all(self.reader()).await?)
    }

    /// The events that the filter lets through, in the order in which they begin.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events(&self, filter: &EventFilter, now: DateTime<Utc>) -> Result<Vec<Model>, StoreError> {
        let events = visible(Entity::find())
            .filter(condition(filter, now))
            .order_by_asc(Column::StartsAt)
            .order_by_asc(Column::Id)
            .limit(filter.page.sql_limit())
            .offset(filter.page.offset);
        Ok(events.all(self.reader()).await?)
    }

    /// The events that a user created, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn created_by(&self, user: UserId) -> Result<Vec<EventId>, StoreError> {
        let events = visible(Entity::find()).filter(Column::CreatedBy.eq(user)).order_by_asc(Column::Id);
        let events = events.all(self.reader()).await?;
        Ok(events.into_iter().map(|event| event.id).collect())
    }

    /// Every event, seen or not, for the checker.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_events(&self) -> Result<Vec<Model>, StoreError> {
        Ok(Entity::find().order_by_asc(Column::Id).all(self.reader()).await?)
    }

    /// Changes the words of an event; its room and time stay.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when somebody else changed it since `event` was read.
    pub async fn reword(
        &self,
        event: &Model,
        wording: Wording,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let change = &reworded(<ActiveModel as Default>::default(), wording);
        self.db.transaction(|tx| async move { change_event(&*tx, event, change.clone(), now).await }).await
    }

    /// Calls an event off: stored for ever, its room free at once, and the others to be told.
    ///
    /// The room does not wait for the bookings: nothing that its next user does depends on them.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when somebody else changed it since `event` was read.
    pub async fn cancel(&self, event: &Model, now: DateTime<Utc>) -> Result<(), StoreError> {
        use sea_orm::ActiveValue::Set;
        let change = ActiveModel {
            state: Set(EventState::Cancelled),
            cancelled_at: Set(Some(now)),
            ..Default::default()
        };
        let change = &change;
        self.db
            .transaction(|tx| async move {
                change_event(&*tx, event, change.clone(), now).await?;
                free_rooms(&*tx, event.id, None, now).await?;
                outbox::raise(&*tx, event.id, OutboxTask::SyncTickets, now).await?;
                outbox::raise(&*tx, event.id, OutboxTask::CancelBookings, now).await
            })
            .await
    }
}

/// Adds new words to a change.
pub(super) fn reworded(mut change: ActiveModel, wording: Wording) -> ActiveModel {
    use sea_orm::ActiveValue::Set;
    if let Some(title) = wording.title {
        change.title = Set(title);
    }
    if let Some(description) = wording.description {
        change.description = Set(description);
    }
    change
}

/// Writes a change over the version that was read, and over no other, with the line that tells of it.
pub(super) async fn change_event(
    tx: &impl ConnectionTrait,
    event: &Model,
    change: ActiveModel,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    use sea_orm::ActiveValue::Set;
    let entry = changed(event, &change);
    let change = ActiveModel { version: Set(event.version + 1), updated_at: Set(now), ..change };
    let written = Entity::update_many()
        .set(change)
        .filter(Column::Id.eq(event.id))
        .filter(Column::Version.eq(event.version))
        .filter(Column::State.eq(EventState::Scheduled))
        .exec(tx)
        .await?;
    if written.rows_affected != 1 {
        return Err(StoreError::Changed);
    }
    Ok(audit::record(tx, now, [entry]).await?)
}

fn visible(events: sea_orm::Select<Entity>) -> sea_orm::Select<Entity> {
    events.filter(Column::State.ne(EventState::PendingRoom))
}

fn condition(filter: &EventFilter, now: DateTime<Utc>) -> Condition {
    Condition::all()
        .add_option(filter.venue.map(|venue| Column::VenueId.eq(venue)))
        .add_option(filter.status.map(|status| of_status(status, now)))
        .add_option(filter.from.map(|from| Column::EndsAt.gt(Moment::from(from))))
        .add_option(filter.to.map(|to| Column::StartsAt.lt(Moment::from(to))))
        .add_option(filter.search.as_deref().map(|words| Expr::col(Column::Title).like(containing(words))))
}

/// The status is the stored state and the clock together, so the clock goes into the condition.
fn of_status(status: EventStatus, now: DateTime<Utc>) -> Condition {
    let on = Condition::all().add(Column::State.eq(EventState::Scheduled));
    let now = Moment::from(now);
    match status {
        EventStatus::Scheduled => on.add(Column::StartsAt.gt(now)),
        EventStatus::Ongoing => on.add(Column::StartsAt.lte(now)).add(Column::EndsAt.gt(now)),
        EventStatus::Completed => on.add(Column::EndsAt.lte(now)),
        EventStatus::Cancelled => Condition::all().add(Column::State.eq(EventState::Cancelled)),
    }
}

/// A pattern for the words as they are: `%` and `_` stand for themselves.
fn containing(words: &str) -> LikeExpr {
    let mut pattern = String::from("%");
    for c in words.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape('!')
}
