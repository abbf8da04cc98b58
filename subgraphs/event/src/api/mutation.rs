//! The mutations; all of them are for administrators.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use subgraph::Error;
use subgraph::access::{caller, require_admin};
use subgraph::idempotency;

use super::event::Event;
use super::query::app;
use crate::events::{EventChange, NewEvent};
use crate::schedules::{Blocked, NewBlock};

/// The mutations. Their results stay nullable as the original's were: what is refused leaves what its neighbours in the document did.
#[derive(Debug)]
pub struct Mutation;

/// What came of creating an event.
#[derive(SimpleObject)]
struct CreateEvent {
    /// The event.
    event: Event,
}

/// What came of changing an event.
#[derive(SimpleObject)]
struct UpdateEvent {
    /// The event as it is now.
    event: Event,
}

/// What came of calling an event off.
#[derive(SimpleObject)]
struct CancelEvent {
    /// The event as it is now.
    event: Event,
}

/// A room and the time for which it is to be kept from being booked.
#[derive(InputObject)]
struct BlockScheduleInput {
    /// SpaceMaster's number of the room.
    room_id: i32,
    /// When the block begins; without an offset, by the clock on the venue's wall.
    start_time: String,
    /// When it ends.
    end_time: String,
}

/// What came of blocking a room.
#[derive(SimpleObject)]
struct BlockSchedule {
    /// Whether the room is blocked now.
    success: bool,
    /// What was done, or what is in the way.
    message: String,
}

#[Object]
impl Mutation {
    /// Creates an event and reserves its room with SpaceMaster. Times without an offset are those of the clock on the venue's wall.
    /// Repeated with the same key it answers the same event.
    #[expect(clippy::too_many_arguments, reason = "the arguments are the contract of the original")]
    async fn create_event(
        &self,
        ctx: &Context<'_>,
        title: String,
        description: Option<String>,
        venue_id: i32,
        room_id: i32,
        start_time: String,
        end_time: String,
        #[graphql(desc = "A name of your choice for this request, so that it can be repeated safely.")]
        idempotency_key: Option<ID>,
    ) -> Result<Option<CreateEvent>, Error> {
        require_admin(ctx)?;
        let input = NewEvent {
            title,
            description,
            venue: venue_id,
            room: room_id,
            start: start_time,
            end: end_time,
            key: idempotency::given(idempotency_key.as_ref())?,
        };
        let event = app(ctx)?.create_event(&caller(ctx), input).await?;
        Ok(Some(CreateEvent { event: Event(event) }))
    }

    /// Changes what is given of an event. A new time or room is reserved with SpaceMaster before the old one is let go.
    #[expect(clippy::too_many_arguments, reason = "the arguments are the contract of the original")]
    async fn update_event(
        &self,
        ctx: &Context<'_>,
        id: ID,
        title: Option<String>,
        #[graphql(desc = "An empty one takes it away.")] description: Option<String>,
        venue_id: Option<i32>,
        room_id: Option<i32>,
        start_time: Option<String>,
        end_time: Option<String>,
    ) -> Result<Option<UpdateEvent>, Error> {
        require_admin(ctx)?;
        let id = subgraph::ids::given(&id, "id")?;
        let change = EventChange {
            title,
            description,
            venue: venue_id,
            room: room_id,
            start: start_time,
            end: end_time,
        };
        let event = app(ctx)?.update_event(&caller(ctx), id, change).await?;
        Ok(Some(UpdateEvent { event: Event(event) }))
    }

    /// Calls an event off, for ever: its sale is closed, its bookings are cancelled, its room is free. A second time changes nothing.
    async fn cancel_event(&self, ctx: &Context<'_>, id: ID) -> Result<Option<CancelEvent>, Error> {
        require_admin(ctx)?;
        let id = subgraph::ids::given(&id, "id")?;
        let event = app(ctx)?.cancel_event(&caller(ctx), id).await?;
        Ok(Some(CancelEvent { event: Event(event) }))
    }

    /// Keeps a room from being booked, here and in SpaceMaster. What is in the way is told as `success: false`. Repeated with the same
    /// key it answers for the same block.
    async fn block_schedule(
        &self,
        ctx: &Context<'_>,
        input: BlockScheduleInput,
        #[graphql(desc = "A name of your choice for this request, so that it can be repeated safely.")]
        idempotency_key: Option<ID>,
    ) -> Result<Option<BlockSchedule>, Error> {
        let BlockScheduleInput { room_id, start_time, end_time } = input;
        require_admin(ctx)?;
        let key = idempotency::given(idempotency_key.as_ref())?;
        let block = NewBlock { room: room_id, start: start_time, end: end_time, key };
        Ok(Some(match app(ctx)?.block_schedule(&caller(ctx), block).await? {
            Blocked::Done(slot) => told(true, format!("Room {room_id} is blocked: {slot}")),
            Blocked::Already(slot) => told(true, format!("Room {room_id} was already blocked: {slot}")),
            Blocked::Refused(why) => told(false, why),
        }))
    }
}

const fn told(success: bool, message: String) -> BlockSchedule {
    BlockSchedule { success, message }
}
