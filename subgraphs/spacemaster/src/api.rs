//! The schema of SpaceMaster, exactly as EventHUB has always called it.

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::{
    Context, EmptySubscription, Enum, ID, InputObject, Object, Request, Schema, SimpleObject,
};
use entities::spacemaster::schedules::ScheduleStatus as Status;
use entities::spacemaster::{rooms, schedules, venues};
use std::collections::HashMap;
use subgraph::Error;
use subgraph::batch::Batch;

use crate::faults::{Faults, Mode};
use crate::store::{BlockError, Store};
use crate::times;

pub(crate) type SpaceMasterSchema = Schema<Query, Mutation, EmptySubscription>;

pub(crate) fn schema(store: Store, faults: Faults) -> SpaceMasterSchema {
    builder().data(store).data(faults).finish()
}

/// The loader of one request.
pub(crate) fn loaders(request: Request, batch: &Batch, store: &Store) -> Request {
    request.data(batch.loader(RoomsOfVenue(store.clone())))
}

pub(crate) fn sdl() -> String {
    let mut sdl = builder().finish().sdl_with_options(
        async_graphql::SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items(),
    );
    sdl.truncate(sdl.trim_end().len());
    sdl.push('\n');
    sdl
}

fn builder() -> async_graphql::SchemaBuilder<Query, Mutation, EmptySubscription> {
    subgraph::sdl::bounded(Schema::build(Query, Mutation, EmptySubscription))
}

pub(crate) struct Query;

struct Venue(venues::Model);

#[derive(SimpleObject)]
struct Room {
    id: ID,
    name: String,
    capacity: i32,
    venue_id: i32,
}

#[derive(SimpleObject)]
struct Schedule {
    id: ID,
    room_id: i32,
    start_time: String,
    end_time: String,
    status: ScheduleStatus,
}

#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Status")]
enum ScheduleStatus {
    Available,
    Blocked,
    Maintenance,
}

#[derive(SimpleObject)]
struct AvailableSlot {
    start_time: String,
    end_time: String,
}

#[derive(InputObject)]
struct BlockScheduleInput {
    room_id: i32,
    start_time: String,
    end_time: String,
}

#[derive(SimpleObject)]
struct BlockScheduleResponse {
    success: bool,
    message: String,
}

type Answer<T> = Result<T, Error>;

#[Object]
impl Query {
    async fn venues(&self, ctx: &Context<'_>) -> Answer<Vec<Venue>> {
        Ok(store(ctx)?.venues().await?.into_iter().map(Venue).collect())
    }

    async fn venue(&self, ctx: &Context<'_>, id: ID) -> Answer<Option<Venue>> {
        let Some(id) = number(&id) else { return Ok(None) };
        Ok(store(ctx)?.venue(id).await?.map(Venue))
    }

    async fn rooms_by_venue(&self, ctx: &Context<'_>, venue_id: ID) -> Answer<Vec<Room>> {
        let Some(id) = number(&venue_id) else { return Ok(Vec::new()) };
        Ok(store(ctx)?.rooms(&[id]).await?.into_iter().map(Room::from).collect())
    }

    async fn room(&self, ctx: &Context<'_>, id: ID) -> Answer<Option<Room>> {
        let Some(id) = number(&id) else { return Ok(None) };
        Ok(store(ctx)?.room(id).await?.map(Room::from))
    }

    /// every row of every room; status AVAILABLE does not occupy the room
    async fn schedules(&self, ctx: &Context<'_>) -> Answer<Vec<Schedule>> {
        Ok(store(ctx)?.schedules().await?.into_iter().map(Schedule::from).collect())
    }

    async fn available_slots(
        &self,
        ctx: &Context<'_>,
        room_id: i32,
        start_date: String,
        end_date: String,
    ) -> Answer<Vec<AvailableSlot>> {
        let day = |text: &str, field| {
            times::read_date(text).ok_or_else(|| Error::bad_input(field, "must be YYYY-MM-DD"))
        };
        let (first, last) = (day(&start_date, "startDate")?, day(&end_date, "endDate")?);
        let Some(after) = last.succ_opt().filter(|after| *after > first) else { return Ok(Vec::new()) };
        let span = (first.and_time(chrono::NaiveTime::MIN), after.and_time(chrono::NaiveTime::MIN));
        let taken = store(ctx)?.taken(room_id).await?;
        let slot =
            |(start, end)| AvailableSlot { start_time: times::text(start), end_time: times::text(end) };
        Ok(times::free(span, taken).into_iter().map(slot).collect())
    }
}

pub(crate) struct Mutation;

#[Object]
impl Mutation {
    async fn block_schedule(
        &self,
        ctx: &Context<'_>,
        input: BlockScheduleInput,
    ) -> Answer<BlockScheduleResponse> {
        let said = |success, message: String| Ok(BlockScheduleResponse { success, message });
        if ctx.data_opt::<Faults>().is_some_and(|faults| faults.mode() == Mode::Refuse) {
            return said(false, "Refused".into());
        }
        let (Some(start), Some(end)) = (times::read(&input.start_time), times::read(&input.end_time)) else {
            return said(false, "Invalid time format, use YYYY-MM-DD HH:MM:SS".into());
        };
        if end <= start {
            return said(false, "End time must be after start time".into());
        }
        match store(ctx)?.block(input.room_id, start, end).await {
            Ok(()) => said(true, "Schedule blocked".into()),
            Err(BlockError::Db(error)) => Err(error.into()),
            Err(refusal @ (BlockError::UnknownRoom(_) | BlockError::Taken)) => {
                said(false, refusal.to_string())
            }
        }
    }
}

#[Object]
impl Venue {
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    async fn name(&self) -> &str {
        &self.0.name
    }

    async fn city(&self) -> &str {
        &self.0.city
    }

    async fn address(&self) -> &str {
        &self.0.address
    }

    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    async fn rooms(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Room>> {
        let rooms = ctx.data::<DataLoader<RoomsOfVenue>>()?.load_one(self.0.id).await?;
        Ok(rooms.unwrap_or_default().into_iter().map(Room::from).collect())
    }
}

impl From<rooms::Model> for Room {
    fn from(row: rooms::Model) -> Self {
        Self { id: row.id.into(), name: row.name, capacity: row.capacity, venue_id: row.venue_id }
    }
}

impl From<schedules::Model> for Schedule {
    fn from(row: schedules::Model) -> Self {
        Self {
            id: row.id.into(),
            room_id: row.room_id,
            start_time: times::text(row.starts_local),
            end_time: times::text(row.ends_local),
            status: row.status.into(),
        }
    }
}

struct RoomsOfVenue(Store);

impl Loader<i32> for RoomsOfVenue {
    type Value = Vec<rooms::Model>;
    type Error = Error;

    async fn load(&self, venues: &[i32]) -> Result<HashMap<i32, Vec<rooms::Model>>, Error> {
        let mut found: HashMap<i32, Vec<_>> = HashMap::new();
        for room in self.0.rooms(venues).await? {
            found.entry(room.venue_id).or_default().push(room);
        }
        Ok(found)
    }
}

fn store<'c>(ctx: &Context<'c>) -> Answer<&'c Store> {
    ctx.data::<Store>().map_err(|error| Error::internal(error.message))
}

/// SpaceMaster's ids are numbers in an ID's clothes; anything else is the id of nothing.
fn number(id: &ID) -> Option<i32> {
    id.parse().ok()
}
