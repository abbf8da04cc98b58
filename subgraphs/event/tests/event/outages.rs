//! The room scheduler is down, hangs, refuses, or loses its answers: nothing is half-done, and the caller is told why.

use event::error::EventError;
use event::events::EventChange;
use event::schedules::Blocked;
use event::spacemaster::fake::Fault;

use crate::world::{World, admin, new_block, new_event};

const START: &str = "2026-12-31T19:00:00";
const END: &str = "2026-12-31T21:00:00";

#[tokio::test]
async fn while_it_is_down_creating_moving_and_blocking_are_unavailable() {
    for fault in [Fault::Down, Fault::Hang] {
        let world = World::new().await;
        let event = world.event("2026-12-30T19:00:00", "2026-12-30T21:00:00").await;
        world.scheduler.set_fault(fault);
        let created = world.app.create_event(&admin(), new_event(101, START, END)).await;
        let change = EventChange { start: Some("2026-12-30T18:00:00".into()), ..Default::default() };
        let moved = world.app.update_event(&admin(), event.id, change).await;
        let blocked = world.app.block_schedule(&admin(), new_block(101, START, END)).await;
        for error in [created.unwrap_err(), moved.unwrap_err(), blocked.unwrap_err()] {
            assert!(matches!(error, EventError::Unavailable { .. }), "{fault:?}: {error}");
        }
        assert_eq!(world.app.store.all_events().await.unwrap(), std::slice::from_ref(&event), "{fault:?}");
        assert_eq!(world.claims().await.len(), 1, "{fault:?}");
        let cancelled = world.app.cancel_event(&admin(), event.id).await;
        assert!(cancelled.is_ok(), "cancelling needs no scheduler");
    }
}

#[tokio::test]
async fn a_refusal_leaves_nothing_and_is_told() {
    let world = World::new().await;
    world.scheduler.set_fault(Fault::Refuse);
    let error = world.app.create_event(&admin(), new_event(101, START, END)).await.unwrap_err();
    assert!(matches!(&error, EventError::RoomUnavailable(why) if why.contains("Refused")), "{error}");
    let blocked = world.app.block_schedule(&admin(), new_block(101, START, END)).await.unwrap();
    assert!(matches!(blocked, Blocked::Refused(_)));
    world.assert_untouched().await;
    world.scheduler.set_fault(Fault::None);
    world.event(START, END).await;
}

#[tokio::test]
async fn a_block_whose_answer_is_lost_is_found_again() {
    let world = World::new().await;
    world.scheduler.set_fault(Fault::LoseAnswer);
    world.event(START, END).await;
    assert_eq!((world.scheduler.blocks_of(101), world.scheduler.blocks_asked()), (1, 1));
}

#[tokio::test]
async fn a_cancelled_event_s_block_does_not_keep_its_room() {
    let world = World::new().await;
    let event = world.event(START, END).await;
    world.app.cancel_event(&admin(), event.id).await.unwrap();
    world.event(START, END).await;
    assert_eq!(
        (world.scheduler.blocks_of(101), world.scheduler.blocks_asked()),
        (1, 1),
        "the old block serves"
    );
}

#[tokio::test]
async fn an_event_across_old_blocks_blocks_only_what_lies_between() {
    let world = World::new().await;
    for hours in [("10", "12"), ("14", "16")] {
        let (start, end) = (format!("2026-12-31T{}:00:00", hours.0), format!("2026-12-31T{}:00:00", hours.1));
        let event = world.event(&start, &end).await;
        world.app.cancel_event(&admin(), event.id).await.unwrap();
    }
    world.event("2026-12-31T09:00:00", "2026-12-31T15:00:00").await;
    // 9–10 and 12–14 are new beside the two old ones.
    assert_eq!((world.scheduler.blocks_of(101), world.scheduler.blocks_asked()), (4, 4));
}

#[tokio::test]
async fn reading_works_from_the_local_copy() {
    let world = World::new().await;
    let event = world.event(START, END).await;
    world.scheduler.set_fault(Fault::Down);
    world.app.refresh_venues().await;
    assert!(world.app.event(event.id).await.unwrap().is_some());
    assert_eq!(world.app.store.venues_by_ids(&[1]).await.unwrap()[0].city, "Jakarta");
    assert_eq!(world.app.store.rooms_by_ids(&[101]).await.unwrap()[0].capacity, 500);
}

#[tokio::test]
async fn the_copy_is_renewed_by_one_process_at_a_time() {
    let world = World::new().await;
    let (first, second) = (world.replica("a"), world.replica("b"));
    first.refresh_venues().await;
    let renewed = world.clock.now();
    world.clock.advance(chrono::TimeDelta::seconds(60));
    second.refresh_venues().await;
    assert_eq!(
        world.app.store.venues_by_ids(&[2]).await.unwrap()[0].as_of,
        renewed,
        "the first has the work"
    );
    world.clock.advance(chrono::TimeDelta::seconds(60));
    second.refresh_venues().await;
    assert_eq!(
        world.app.store.venues_by_ids(&[2]).await.unwrap()[0].as_of,
        world.clock.now(),
        "the first is gone"
    );
}
