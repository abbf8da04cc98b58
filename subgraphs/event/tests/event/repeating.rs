//! Events and blocks that are asked for again under their key: while the first request is at work, after it failed, after it succeeded.

use entities::event::events::Model as Event;
use entities::event::status::{EventState, ReservationState};
use entities::ids::{EventId, ReservationId, UserId};
use event::error::EventError;
use event::events::NewEvent;
use event::schedules::{Blocked, NewBlock};
use event::spacemaster::RoomScheduler;
use event::spacemaster::fake::Fault;
use event::store::StoreError;
use event::store::reservations::Purpose;
use futures_util::future::join_all;
use service::identity::{Caller, Role};
use subgraph::{Code, Error};
use uuid::Uuid;

use crate::world::{World, admin, new_block, new_event, slot};

const START: &str = "2026-12-31T19:00:00";
const END: &str = "2026-12-31T21:00:00";

fn keyed(key: &str) -> NewEvent {
    NewEvent { key: key.parse().ok(), ..new_event(101, START, END) }
}

fn keyed_block(key: &str) -> NewBlock {
    NewBlock { key: key.parse().ok(), ..new_block(101, START, END) }
}

/// The user whom [`admin`] is.
fn creator() -> UserId {
    UserId::from_uuid(admin().actor.user_id().unwrap())
}

fn conflicts(error: EventError) {
    let shown = Error::from(error);
    assert_eq!((shown.code(), shown.field()), (Code::IdempotencyConflict, Some("idempotencyKey")));
}

/// As a process leaves it that died right after claiming the room for [`keyed`].
async fn died_after_claiming(world: &World, key: &str) -> EventId {
    let venues = world.scheduler.venues().await.unwrap();
    world.app.store.keep_venues(&venues, world.clock.now()).await.unwrap();
    let like = world.event("2026-12-30T19:00:00", "2026-12-30T21:00:00").await;
    let slot = slot(START, END);
    let event = Event {
        id: EventId::new(),
        starts_at: slot.instants.start().into(),
        ends_at: slot.instants.end().into(),
        starts_local: slot.wall.start(),
        ends_local: slot.wall.end(),
        state: EventState::PendingRoom,
        ..like
    };
    let (lease, request) = (world.dead_lease(), keyed(key).request(creator()));
    let purpose = (Purpose::NewEvent(&event), request.as_ref());
    world.app.store.claim(purpose, 101, slot, (&lease, world.clock.now())).await.unwrap();
    event.id
}

#[tokio::test]
async fn the_same_request_creates_one_event_and_another_under_its_key_conflicts() {
    let world = World::new().await;
    let first = world.app.create_event(&admin(), keyed("mine")).await.unwrap();
    // Not even when the scheduler is gone and the event is over.
    world.scheduler.set_fault(Fault::Down);
    world.clock.advance(chrono::TimeDelta::days(60));
    assert_eq!(world.app.create_event(&admin(), keyed("mine")).await.unwrap(), first);
    let others = [
        NewEvent { title: "Another".into(), ..keyed("mine") },
        NewEvent { description: None, ..keyed("mine") },
        NewEvent { room: 102, ..keyed("mine") },
        NewEvent { end: "2026-12-31T22:00:00".into(), ..keyed("mine") },
        NewEvent { title: String::new(), ..keyed("mine") },
    ];
    for other in others {
        conflicts(world.app.create_event(&admin(), other).await.unwrap_err());
    }
    assert_eq!(world.app.store.all_events().await.unwrap(), [first]);
    assert_eq!((world.claims().await.len(), world.scheduler.blocks_asked()), (1, 1));
}

#[tokio::test]
async fn what_became_of_the_event_since_is_what_is_answered() {
    let world = World::new().await;
    let first = world.app.create_event(&admin(), keyed("mine")).await.unwrap();
    world.app.cancel_event(&admin(), first.id).await.unwrap();
    let again = world.app.create_event(&admin(), keyed("mine")).await.unwrap();
    assert_eq!((again.id, again.state), (first.id, EventState::Cancelled));
    let anew = world.app.create_event(&admin(), keyed("another")).await.unwrap();
    assert_ne!(anew.id, first.id);
}

#[tokio::test]
async fn a_key_is_its_user_s_and_its_operation_s() {
    let world = World::new().await;
    let mine = world.app.create_event(&admin(), keyed("mine")).await.unwrap();
    let somebody_else = Caller::user(Uuid::from_u128(2), Role::Admin);
    let theirs = NewEvent { room: 102, ..keyed("mine") };
    let theirs = world.app.create_event(&somebody_else, theirs).await.unwrap();
    assert_ne!(theirs.id, mine.id);
    let refused = world.app.create_event(&somebody_else, keyed("other")).await.unwrap_err();
    assert!(matches!(refused, EventError::RoomUnavailable(_)), "{refused}");
    let block = NewBlock { room: 201, ..keyed_block("mine") };
    assert!(matches!(world.app.block_schedule(&admin(), block).await.unwrap(), Blocked::Done(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twins_one_creates_the_event_and_all_are_told_of_it() {
    let world = World::new().await;
    let twins = (0..8).map(|n| {
        let app = world.replica(&format!("replica {n}"));
        tokio::spawn(async move { app.create_event(&admin(), keyed("mine")).await.unwrap() })
    });
    let told: Vec<_> = join_all(twins).await.into_iter().map(Result::unwrap).collect();
    let events = world.app.store.all_events().await.unwrap();
    assert_eq!((events.len(), world.claims().await.len(), world.scheduler.blocks_asked()), (1, 1, 1));
    assert!(told.iter().all(|event| *event == events[0]), "{told:?}");
}

#[tokio::test]
async fn what_failed_leaves_nothing_and_is_tried_again_under_its_key() {
    for fault in [Fault::Down, Fault::Hang, Fault::Refuse] {
        let world = World::new().await;
        world.scheduler.set_fault(fault);
        world.app.create_event(&admin(), keyed("mine")).await.unwrap_err();
        world.assert_untouched().await;
        let request = keyed("mine").request(creator());
        assert_eq!(world.app.store.made_by::<EventId>(request.as_ref()).await.unwrap(), None, "{fault:?}");
        world.scheduler.set_fault(Fault::None);
        let event = world.app.create_event(&admin(), keyed("mine")).await.unwrap();
        assert_eq!(world.app.create_event(&admin(), keyed("mine")).await.unwrap(), event, "{fault:?}");
    }
}

#[tokio::test]
async fn what_is_still_pending_is_waited_for_and_not_for_ever() {
    let world = World::new().await;
    let id = died_after_claiming(&world, "mine").await;
    let error = world.app.create_event(&admin(), keyed("mine")).await.unwrap_err();
    assert!(matches!(error, EventError::Unavailable { .. }), "{error}");
    let other = NewEvent { room: 102, ..keyed("mine") };
    conflicts(world.app.create_event(&admin(), other).await.unwrap_err());
    world.leases_run_out();
    let caller = admin();
    let again = world.app.create_event(&caller, keyed("mine"));
    let (event, ()) = tokio::join!(again, world.app.recover_claims());
    assert_eq!(event.unwrap().id, id, "a worker finished what was begun");
}

#[tokio::test]
async fn what_a_worker_takes_back_is_begun_anew_by_who_asks_again() {
    let world = World::new().await;
    let id = died_after_claiming(&world, "mine").await;
    world.scheduler.set_fault(Fault::Refuse);
    world.leases_run_out();
    world.app.recover_claims().await;
    world.scheduler.set_fault(Fault::None);
    // Nothing remains, so the key is as good as new: for another request too.
    let event = world.app.create_event(&admin(), NewEvent { title: "Anew".into(), ..keyed("mine") }).await;
    let event = event.unwrap();
    assert_ne!(event.id, id);
    conflicts(world.app.create_event(&admin(), keyed("mine")).await.unwrap_err());
}

#[tokio::test]
async fn a_key_is_claimed_by_one_and_its_claim_taken_back_with_it() {
    let world = World::new().await;
    died_after_claiming(&world, "mine").await;
    let (lease, request) = (world.app.lease(), keyed("mine").request(creator()));
    let at = (&lease, world.clock.now());
    let later = slot("2027-01-02T19:00:00", "2027-01-02T21:00:00");
    let twin = world.app.store.claim((Purpose::Block, request.as_ref()), 101, later, at).await;
    assert!(matches!(twin, Err(StoreError::Twin)), "{twin:?}");
    let block = keyed_block("mine").request(creator());
    let claim = world.app.store.claim((Purpose::Block, block.as_ref()), 101, later, at).await.unwrap();
    let known = || world.app.store.made_by::<ReservationId>(block.as_ref());
    assert_eq!(known().await.unwrap(), Some(claim.id));
    world.app.store.undo(&claim, world.clock.now()).await.unwrap();
    assert_eq!(known().await.unwrap(), None);
}

#[tokio::test]
async fn the_same_block_is_set_once_and_answered_the_same() {
    let world = World::new().await;
    let first = world.app.block_schedule(&admin(), keyed_block("mine")).await.unwrap();
    assert!(matches!(first, Blocked::Done(_)));
    world.scheduler.set_fault(Fault::Down);
    world.clock.advance(chrono::TimeDelta::days(60));
    assert_eq!(world.app.block_schedule(&admin(), keyed_block("mine")).await.unwrap(), first);
    let other = NewBlock { end: "2026-12-31T22:00:00".into(), ..keyed_block("mine") };
    conflicts(world.app.block_schedule(&admin(), other).await.unwrap_err());
    assert_eq!((world.claims().await.len(), world.scheduler.blocks_asked()), (1, 1));
}

#[tokio::test]
async fn a_block_that_was_refused_leaves_its_key_free() {
    let world = World::new().await;
    for fault in [Fault::Refuse, Fault::Down] {
        world.scheduler.set_fault(fault);
        let outcome = world.app.block_schedule(&admin(), keyed_block("mine")).await;
        assert!(matches!(outcome, Ok(Blocked::Refused(_)) | Err(EventError::Unavailable { .. })));
        world.assert_untouched().await;
    }
    world.scheduler.set_fault(Fault::None);
    let block = world.app.block_schedule(&admin(), keyed_block("mine")).await.unwrap();
    assert!(matches!(block, Blocked::Done(_)));
    let somebody_else = Caller::user(Uuid::from_u128(2), Role::Admin);
    let theirs = world.app.block_schedule(&somebody_else, keyed_block("mine")).await.unwrap();
    assert!(matches!(theirs, Blocked::Already(_)), "another user's key is another key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twins_one_sets_the_block_and_all_are_told_the_same() {
    let world = World::new().await;
    let twins = (0..8).map(|n| {
        let app = world.replica(&format!("replica {n}"));
        tokio::spawn(async move { app.block_schedule(&admin(), keyed_block("mine")).await.unwrap() })
    });
    let told: Vec<_> = join_all(twins).await.into_iter().map(Result::unwrap).collect();
    assert!(told.iter().all(|block| *block == Blocked::Done(slot(START, END))), "{told:?}");
    let claims = world.claims().await;
    assert_eq!((claims.len(), claims[0].state), (1, ReservationState::Active));
    assert_eq!(world.scheduler.blocks_asked(), 1);
}
