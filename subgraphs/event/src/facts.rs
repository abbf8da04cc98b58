//! The rows that a checker from outside holds the invariants against: events, claims on rooms, and what the scheduler was told.

use entities::event::status::{BlockState, EventState, ReservationState};
use entities::event::{events, room_reservations, scheduler_blocks};
use serde_json::{Value, json};
use subgraph::clock::Clock;
use subgraph::database::Database;

use crate::domain::interval::Interval;
use crate::domain::time::wall_text;
use crate::store::{Store, StoreError};

/// Reads them all.
///
/// # Errors
/// When the database fails.
pub async fn facts(database: &Database, clock: &Clock) -> Result<Value, StoreError> {
    let store = Store::new(database.clone());
    let (events, claims, blocks) =
        (store.all_events().await?, store.all_claims().await?, store.all_blocks().await?);
    let events: Vec<_> = events.iter().map(|event| event_fact(event, clock)).collect();
    let reservations: Vec<_> = claims.iter().map(|claim| claim_fact(claim, &blocks)).collect();
    let blocks: Vec<_> = blocks.iter().map(block_fact).collect();
    Ok(
        json!({ "service": "event", "events": events, "reservations": reservations, "schedulerBlocks": blocks }),
    )
}

fn event_fact(event: &events::Model, clock: &Clock) -> Value {
    let status = match event.state {
        EventState::PendingRoom => "PENDING_ROOM",
        EventState::Scheduled | EventState::Cancelled => event
            .state
            .status(event.starts_at.utc(), event.ends_at.utc(), clock.now())
            .map_or("PENDING_ROOM", |s| s.as_str()),
    };
    json!({
        "id": event.id,
        "roomId": event.room_id,
        "venueCapacity": event.capacity,
        "startsAt": event.starts_at.utc().to_rfc3339(),
        "endsAt": event.ends_at.utc().to_rfc3339(),
        "status": status,
    })
}

fn claim_fact(claim: &room_reservations::Model, blocks: &[scheduler_blocks::Model]) -> Value {
    json!({
        "id": claim.id,
        "roomId": claim.room_id,
        "startsAt": claim.starts_at.utc().to_rfc3339(),
        "endsAt": claim.ends_at.utc().to_rfc3339(),
        "startTime": wall_text(claim.starts_local),
        "endTime": wall_text(claim.ends_local),
        "eventId": claim.event_id,
        "active": claim.state == ReservationState::Active,
        "pending": claim.state == ReservationState::Pending,
        "pushed": is_pushed(claim, blocks),
    })
}

/// Whether the scheduler has every moment of the claim, be it in one block or in several that earlier claims left there.
fn is_pushed(claim: &room_reservations::Model, blocks: &[scheduler_blocks::Model]) -> bool {
    let Ok(wall) = Interval::new(claim.starts_local, claim.ends_local) else { return false };
    let there: Vec<_> = blocks
        .iter()
        .filter(|block| block.room_id == claim.room_id && block.state == BlockState::Pushed)
        .filter_map(|block| Interval::new(block.starts_local, block.ends_local).ok())
        .collect();
    wall.without(&there).is_empty()
}

fn block_fact(block: &scheduler_blocks::Model) -> Value {
    json!({
        "roomId": block.room_id,
        "startTime": wall_text(block.starts_local),
        "endTime": wall_text(block.ends_local),
        "pushed": block.state == BlockState::Pushed,
    })
}
