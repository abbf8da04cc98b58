//! Calling off: stored for ever, the room free, the sale closed before the bookings are cancelled, and all of it resumable.

use chrono::TimeDelta;
use entities::event::status::{EventState, OutboxTask};
use event::events::EventChange;

use crate::world::{World, admin, far};

const START: &str = "2026-12-31T19:00:00";
const END: &str = "2026-12-31T21:00:00";

/// Lets the workers go round until nothing is due any more.
async fn settle(world: &World) {
    for _ in 0..50 {
        world.app.tell_others().await;
        world.clock.advance(TimeDelta::milliseconds(250));
    }
}

#[tokio::test]
async fn a_cancelled_event_is_told_and_swept_until_no_booking_is_open() {
    let world = World::new().await;
    let event = world.event(START, END).await;
    world.bookings.open(event.id, 35);
    let cancelled = world.app.cancel_event(&admin(), event.id).await.unwrap();
    assert_eq!(cancelled.state, EventState::Cancelled);
    assert!(world.claims().await.is_empty(), "its room is free at once");
    settle(&world).await;
    assert!(world.tickets.terms(event.id).unwrap().cancelled);
    assert_eq!((world.bookings.still_open(event.id), world.bookings.calls()), (0, 4));
    assert_eq!(world.app.store.open_tasks().await.unwrap(), 0);
}

#[tokio::test]
async fn a_second_cancellation_changes_nothing() {
    let world = World::new().await;
    let event = world.event(START, END).await;
    let first = world.app.cancel_event(&admin(), event.id).await.unwrap();
    let second = world.app.cancel_event(&admin(), event.id).await.unwrap();
    assert_eq!(first, second);
    let title = EventChange { title: Some("Back".into()), ..Default::default() };
    assert!(world.app.update_event(&admin(), event.id, title).await.is_err(), "CANCELLED is for ever");
}

#[tokio::test]
async fn bookings_are_not_touched_before_the_sale_is_closed() {
    let world = World::new().await;
    let event = world.event(START, END).await;
    world.bookings.open(event.id, 5);
    world.tickets.set_down(true);
    world.app.cancel_event(&admin(), event.id).await.unwrap();
    settle(&world).await;
    assert_eq!(world.bookings.calls(), 0);
    world.tickets.set_down(false);
    world.clock.advance(TimeDelta::minutes(2));
    settle(&world).await;
    assert_eq!(world.bookings.still_open(event.id), 0);
}

#[tokio::test]
async fn a_sweep_goes_on_after_the_booking_service_comes_back() {
    let world = World::new().await;
    let event = world.event(START, END).await;
    world.bookings.open(event.id, 25);
    world.bookings.set_down(true);
    world.app.cancel_event(&admin(), event.id).await.unwrap();
    settle(&world).await;
    assert_eq!(world.bookings.still_open(event.id), 25);
    world.bookings.set_down(false);
    world.clock.advance(TimeDelta::minutes(2));
    settle(&world).await;
    assert_eq!(world.bookings.still_open(event.id), 0);
}

#[tokio::test]
async fn a_task_is_taken_by_one_worker_and_by_another_when_the_first_died() {
    let world = World::new().await;
    let event = world.event(START, END).await;
    let now = world.clock.now();
    let task = world.app.store.due_tasks(now).await.unwrap().remove(0);
    assert_eq!((task.event_id, task.task), (event.id, OutboxTask::SyncTickets));
    let (a, b) = (world.replica("a"), world.replica("b"));
    let taken = a.store.take_task(&task, (&a.lease(), now)).await.unwrap().unwrap();
    assert_eq!(b.store.take_task(&task, (&b.lease(), now)).await.unwrap(), None);
    world.leases_run_out();
    b.tell_others().await;
    assert_eq!(world.tickets.told().len(), 1);
    a.store.postpone_task(&taken, far()).await.unwrap();
    assert_eq!(world.app.store.open_tasks().await.unwrap(), 0, "who lost the lease writes nothing");
}

#[tokio::test]
async fn what_changes_while_it_is_told_is_told_again() {
    let world = World::new().await;
    let event = world.event(START, END).await;
    let now = world.clock.now();
    let task = world.app.store.due_tasks(now).await.unwrap().remove(0);
    let taken = world.app.store.take_task(&task, (&world.app.lease(), now)).await.unwrap().unwrap();
    world.app.cancel_event(&admin(), event.id).await.unwrap();
    world.app.store.finish_task(&taken).await.unwrap();
    settle(&world).await;
    assert!(world.tickets.terms(event.id).unwrap().cancelled);
}
