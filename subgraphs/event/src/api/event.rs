//! An event as the graph shows it.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, FixedOffset, Utc};
use entities::event::events::Model;
use entities::event::outbox;
use entities::event::status::{EventState, OutboxTask};
use subgraph::access::actor;

use super::loaders::{Rooms, Tasks, Venues};
use super::venue::{Room, Venue};
use crate::context::Context as App;
use crate::domain::time::wall_text;
use crate::zones;

/// Something that happens at a place and a time.
pub(super) struct Event(pub(super) Model);

impl Event {
    fn at(&self, instant: DateTime<Utc>) -> DateTime<FixedOffset> {
        instant.with_timezone(&zones::stored(&self.0.zone)).fixed_offset()
    }
}

/// Something that happens at a place and a time.
#[Object]
impl Event {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// What it is called.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What it is about.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// SpaceMaster's number of the venue.
    async fn venue_id(&self) -> i32 {
        self.0.venue_id
    }

    /// SpaceMaster's number of the room.
    async fn room_id(&self) -> i32 {
        self.0.room_id
    }

    /// When it begins, by the clock on the venue's wall: `YYYY-MM-DD HH:MM:SS`.
    async fn start_time(&self) -> String {
        wall_text(self.0.starts_local)
    }

    /// When it ends, by the clock on the venue's wall: `YYYY-MM-DD HH:MM:SS`.
    async fn end_time(&self) -> String {
        wall_text(self.0.ends_local)
    }

    /// When it begins, with the venue's offset.
    async fn starts_at(&self) -> DateTime<FixedOffset> {
        self.at(self.0.starts_at.utc())
    }

    /// When it ends, with the venue's offset.
    async fn ends_at(&self) -> DateTime<FixedOffset> {
        self.at(self.0.ends_at.utc())
    }

    /// The IANA zone of the venue's clock.
    async fn time_zone(&self) -> &str {
        &self.0.zone
    }

    /// SCHEDULED, ONGOING, COMPLETED or CANCELLED.
    async fn status(&self, ctx: &Context<'_>) -> Result<&'static str> {
        let status = ctx.data::<App>()?.status(&self.0).ok_or("an event that is not to be seen was shown")?;
        Ok(status.as_str())
    }

    /// How many people its room takes; never more tickets are on offer.
    async fn venue_capacity(&self) -> i32 {
        self.0.capacity
    }

    /// Its venue, as SpaceMaster last described it.
    async fn venue(&self, ctx: &Context<'_>) -> Result<Option<Venue>> {
        Ok(ctx.data::<DataLoader<Venues>>()?.load_one(self.0.venue_id).await?.map(Venue))
    }

    /// Its room, as SpaceMaster last described it.
    async fn room(&self, ctx: &Context<'_>) -> Result<Option<Room>> {
        Ok(ctx.data::<DataLoader<Rooms>>()?.load_one(self.0.room_id).await?.map(Room))
    }

    /// How far its cancellation is; for administrators, and null while it takes place.
    async fn cancellation(&self, ctx: &Context<'_>) -> Result<Option<Cancellation>> {
        if self.0.state != EventState::Cancelled || !actor(ctx).is_admin() {
            return Ok(None);
        }
        let tasks = ctx.data::<DataLoader<Tasks>>()?.load_one(self.0.id).await?.unwrap_or_default();
        Ok(Some(Cancellation::of(&tasks)))
    }
}

/// How far the cancellation of an event is.
#[derive(SimpleObject)]
pub(super) struct Cancellation {
    /// Whether the ticket service has closed its sale.
    sales_closed: bool,
    /// How many of its bookings were still open when the booking service was last asked.
    open_bookings: Option<i32>,
    /// Whether nothing is left to do.
    finished: bool,
}

impl Cancellation {
    fn of(tasks: &[outbox::Model]) -> Self {
        let through = |task: OutboxTask| tasks.iter().any(|row| row.task == task && row.done == row.wanted);
        let sweep = tasks.iter().find(|row| row.task == OutboxTask::CancelBookings);
        Self {
            sales_closed: through(OutboxTask::SyncTickets),
            open_bookings: sweep.and_then(|row| row.remaining),
            finished: through(OutboxTask::SyncTickets) && through(OutboxTask::CancelBookings),
        }
    }
}
