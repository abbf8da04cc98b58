//! A process dies between two steps of a claim; a worker of another one finishes or undoes it.
//!
//! The rows of each in-between are made as the dead process would have left them, then the worker runs once.

use chrono::TimeDelta;
use entities::event::events::Model as Event;
use entities::event::room_reservations::Model as Claim;
use entities::event::status::{EventState, ReservationState};
use event::events::EventChange;
use event::spacemaster::RoomScheduler;
use event::spacemaster::fake::Fault;
use event::store::reservations::Purpose;

use crate::world::{World, admin, at, slot, wall};

const START: &str = "2026-12-31T19:00:00";
const END: &str = "2026-12-31T21:00:00";

/// As a process leaves it that died right after claiming the room for a new event.
async fn claimed(world: &World) -> (Event, Claim) {
    let venues = world.scheduler.venues().await.unwrap();
    world.app.store.keep_venues(&venues, world.clock.now()).await.unwrap();
    let like = world.event("2026-12-30T19:00:00", "2026-12-30T21:00:00").await;
    let event = Event {
        id: entities::ids::EventId::new(),
        starts_at: at("2026-12-31T12:00:00Z").into(),
        ends_at: at("2026-12-31T14:00:00Z").into(),
        starts_local: slot(START, END).wall.start(),
        ends_local: slot(START, END).wall.end(),
        state: EventState::PendingRoom,
        ..like
    };
    let lease = (&world.dead_lease(), world.clock.now());
    let claim =
        world.app.store.claim((Purpose::NewEvent(&event), None), 101, slot(START, END), lease).await.unwrap();
    (event, claim)
}

async fn state(world: &World, event: &Event) -> Option<EventState> {
    let events = world.app.store.all_events().await.unwrap();
    events.into_iter().find(|found| found.id == event.id).map(|event| event.state)
}

#[tokio::test]
async fn an_event_whose_room_is_pending_is_not_seen_and_keeps_others_out() {
    let world = World::new().await;
    let (event, _) = claimed(&world).await;
    assert_eq!(world.app.event(event.id).await.unwrap(), None);
    assert_eq!(world.app.events(&Default::default()).await.unwrap().len(), 1);
    assert!(world.app.cancel_event(&admin(), event.id).await.is_err());
    assert!(world.app.update_event(&admin(), event.id, EventChange::default()).await.is_err());
    let second = world.app.create_event(&admin(), crate::world::new_event(101, START, END)).await;
    assert!(second.is_err());
}

#[tokio::test]
async fn a_claim_is_left_alone_while_its_lease_lasts() {
    let world = World::new().await;
    let (event, _) = claimed(&world).await;
    world.app.recover_claims().await;
    assert_eq!(state(&world, &event).await, Some(EventState::PendingRoom));
}

#[tokio::test]
async fn a_claim_that_was_never_sent_is_finished() {
    let world = World::new().await;
    let (event, _) = claimed(&world).await;
    world.leases_run_out();
    world.app.recover_claims().await;
    assert_eq!(state(&world, &event).await, Some(EventState::Scheduled));
    assert_eq!(world.scheduler.blocks_of(101), 2);
    world.app.tell_others().await;
    assert!(world.tickets.terms(event.id).is_some(), "the ticket service hears of it");
}

#[tokio::test]
async fn a_claim_whose_block_arrived_is_finished_without_a_second_block() {
    let world = World::new().await;
    let (event, claim) = claimed(&world).await;
    let wall = slot(START, END).wall;
    world.app.store.note_block((101, wall), claim.id, world.clock.now()).await.unwrap();
    world.scheduler.block(101, wall).await.unwrap();
    let asked = world.scheduler.blocks_asked();
    world.leases_run_out();
    world.app.recover_claims().await;
    assert_eq!(state(&world, &event).await, Some(EventState::Scheduled));
    assert_eq!(world.scheduler.blocks_asked(), asked);
}

#[tokio::test]
async fn a_claim_whose_block_was_confirmed_is_finished() {
    let world = World::new().await;
    let (event, claim) = claimed(&world).await;
    world.app.push(&claim).await.unwrap();
    world.leases_run_out();
    world.app.recover_claims().await;
    assert_eq!(state(&world, &event).await, Some(EventState::Scheduled));
}

#[tokio::test]
async fn a_claim_for_a_room_that_others_took_meanwhile_is_undone() {
    let world = World::new().await;
    let (event, _) = claimed(&world).await;
    // The very interval, but never sent by us: it is somebody else's.
    world.scheduler.take(101, wall("2026-12-31 19:00:00", "2026-12-31 21:00:00"), false);
    world.leases_run_out();
    world.app.recover_claims().await;
    assert_eq!(state(&world, &event).await, None);
    assert_eq!(world.claims().await.len(), 1, "only the other event's claim is left");
}

#[tokio::test]
async fn a_claim_waits_while_the_scheduler_is_down_and_not_for_ever() {
    let world = World::new().await;
    let (event, _) = claimed(&world).await;
    world.scheduler.set_fault(Fault::Down);
    world.leases_run_out();
    for _ in 0..3 {
        world.app.recover_claims().await;
        assert_eq!(state(&world, &event).await, Some(EventState::PendingRoom));
        world.clock.advance(TimeDelta::seconds(61));
    }
    world.clock.advance(TimeDelta::minutes(15));
    world.app.recover_claims().await;
    assert_eq!(state(&world, &event).await, None, "it was undone without asking");
}

#[tokio::test]
async fn a_claim_for_what_has_begun_meanwhile_is_undone() {
    let world = World::new().await;
    let (event, _) = claimed(&world).await;
    world.clock.advance(event.starts_at.utc() - world.clock.now());
    world.app.recover_claims().await;
    assert_eq!(state(&world, &event).await, None);
}

#[tokio::test]
async fn a_move_that_was_cut_off_is_undone_and_the_sale_told_anew() {
    let world = World::new().await;
    let event = world.event(START, END).await;
    world.app.tell_others().await;
    let told = world.tickets.told().len();
    let lease = (&world.dead_lease(), world.clock.now());
    let later = slot("2026-12-31T20:00:00", "2026-12-31T22:00:00");
    let claim = world.app.store.claim((Purpose::Move(&event), None), 101, later, lease).await.unwrap();
    let again = EventChange { end: Some("2026-12-31T22:30:00".into()), ..Default::default() };
    let meanwhile = world.app.update_event(&admin(), event.id, again.clone()).await;
    assert!(meanwhile.is_err(), "one move at a time");
    world.leases_run_out();
    world.app.recover_claims().await;
    assert_eq!(world.app.event(event.id).await.unwrap().unwrap(), event);
    assert!(world.claims().await.iter().all(|left| left.id != claim.id));
    world.app.tell_others().await;
    assert_eq!(world.tickets.told().len(), told + 1);
    assert!(world.app.update_event(&admin(), event.id, again).await.is_ok());
}

#[tokio::test]
async fn while_an_event_moves_its_old_terms_are_not_told() {
    let world = World::new().await;
    let event = world.event(START, END).await;
    let lease = (&world.dead_lease(), world.clock.now());
    let later = slot("2026-12-31T20:00:00", "2026-12-31T22:00:00");
    world.app.store.claim((Purpose::Move(&event), None), 101, later, lease).await.unwrap();
    world.app.tell_others().await;
    assert_eq!(world.tickets.told(), []);
    world.app.cancel_event(&admin(), event.id).await.unwrap();
    world.clock.advance(TimeDelta::seconds(1));
    world.app.tell_others().await;
    assert!(world.tickets.terms(event.id).unwrap().cancelled, "closing the sale waits for nothing");
}

#[tokio::test]
async fn a_block_that_was_cut_off_is_finished() {
    let world = World::new().await;
    claimed(&world).await;
    let later = slot("2027-01-02T19:00:00", "2027-01-02T21:00:00");
    let lease = (&world.dead_lease(), world.clock.now());
    let claim = world.app.store.claim((Purpose::Block, None), 101, later, lease).await.unwrap();
    world.leases_run_out();
    world.app.recover_claims().await;
    let found = world.claims().await.into_iter().find(|found| found.id == claim.id).unwrap();
    assert_eq!(found.state, ReservationState::Active);
}

#[tokio::test]
async fn of_two_workers_one_takes_an_abandoned_claim() {
    let world = World::new().await;
    let (_, claim) = claimed(&world).await;
    world.leases_run_out();
    let now = world.clock.now();
    let (a, b) = (world.replica("a"), world.replica("b"));
    let first = a.store.take_over(&claim, (&a.lease(), now)).await.unwrap();
    let second = b.store.take_over(&claim, (&b.lease(), now)).await.unwrap();
    assert!(first.is_some() && second.is_none());
}

#[tokio::test]
async fn an_owner_that_lost_its_lease_settles_and_undoes_nothing() {
    let world = World::new().await;
    let (event, claim) = claimed(&world).await;
    world.leases_run_out();
    world.app.recover_claims().await;
    assert!(world.app.store.settle_new_event(&claim, world.clock.now()).await.is_err());
    world.app.store.undo(&claim, world.clock.now()).await.unwrap();
    assert_eq!(state(&world, &event).await, Some(EventState::Scheduled));
}
