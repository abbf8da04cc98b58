//! Creating, changing and blocking: what is accepted, what is refused, and that a refusal leaves nothing.

use entities::event::status::{EventState, EventStatus};
use event::error::EventError;
use event::events::{EventChange, NewEvent};
use event::schedules::Blocked;
use event::store::events::EventFilter;
use service::identity::{Caller, Role};
use subgraph::page::Page;
use subgraph::{Code, Error};
use uuid::Uuid;

use crate::world::{World, admin, at, new_block, new_event, wall};

fn code(error: EventError) -> Code {
    Error::from(error).code()
}

#[tokio::test]
async fn a_created_event_holds_its_room_here_and_with_the_scheduler() {
    let world = World::new().await;
    let event = world.event("2026-12-31T19:00:00", "2026-12-31T23:59:00").await;
    assert_eq!(
        (event.state, event.capacity, event.zone.as_str()),
        (EventState::Scheduled, 500, "Asia/Jakarta")
    );
    assert_eq!(event.starts_at.utc(), at("2026-12-31T12:00:00Z"));
    assert_eq!(world.app.status(&event), Some(EventStatus::Scheduled));
    assert_eq!(world.claims().await.len(), 1);
    assert_eq!(world.scheduler.blocks_of(101), 1);
    assert_eq!(world.app.event(event.id).await.unwrap(), Some(event));
}

#[tokio::test]
async fn what_is_wrong_with_a_new_event_is_said_and_nothing_remains() {
    let world = World::new().await;
    let good = || new_event(101, "2026-12-31T19:00:00", "2026-12-31T23:00:00");
    let cases = [
        (NewEvent { title: "  ".into(), ..good() }, Code::BadUserInput),
        (NewEvent { description: Some("\0".into()), ..good() }, Code::BadUserInput),
        (NewEvent { start: "tomorrow".into(), ..good() }, Code::BadUserInput),
        (NewEvent { end: "2026-12-31T19:00:00".into(), ..good() }, Code::BadUserInput),
        (NewEvent { end: "2026-12-31T18:00:00".into(), ..good() }, Code::BadUserInput),
        (NewEvent { start: "2026-12-01T18:59:59".into(), ..good() }, Code::EventInPast),
        (NewEvent { venue: 9, ..good() }, Code::VenueNotFound),
        (NewEvent { venue: -1, ..good() }, Code::VenueNotFound),
        (NewEvent { room: 999, ..good() }, Code::RoomNotFound),
        (NewEvent { room: 201, ..good() }, Code::RoomNotFound),
    ];
    for (input, expected) in cases {
        let error = world.app.create_event(&admin(), input.clone()).await.unwrap_err();
        assert_eq!(code(error), expected, "{input:?}");
    }
    world.assert_untouched().await;
    assert_eq!(world.scheduler.blocks_asked(), 0);
}

#[tokio::test]
async fn only_administrators_change_anything() {
    let world = World::new().await;
    let event = world.event("2026-12-31T19:00:00", "2026-12-31T23:00:00").await;
    let staff = Caller::user(Uuid::from_u128(2), Role::Staff);
    for (caller, expected) in [(Caller::ANONYMOUS, Code::Unauthenticated), (staff, Code::Forbidden)] {
        let app = &world.app;
        let new = new_event(102, "2026-12-31T19:00:00", "2026-12-31T23:00:00");
        assert_eq!(code(app.create_event(&caller, new).await.unwrap_err()), expected);
        assert_eq!(
            code(app.update_event(&caller, event.id, EventChange::default()).await.unwrap_err()),
            expected
        );
        assert_eq!(code(app.cancel_event(&caller, event.id).await.unwrap_err()), expected);
        let block = new_block(102, "2026-12-31", "2027-01-01");
        assert_eq!(code(app.block_schedule(&caller, block).await.unwrap_err()), expected);
    }
}

/// Against an event from 19:00 to 21:00 in the same room.
#[tokio::test]
async fn events_may_touch_and_not_overlap() {
    let cases = [
        ("17:00", "19:00", true),
        ("21:00", "23:00", true),
        ("17:00", "19:01", false),
        ("20:59", "23:00", false),
        ("19:30", "20:30", false),
        ("18:00", "22:00", false),
        ("19:00", "21:00", false),
    ];
    for (start, end, free) in cases {
        let world = World::new().await;
        world.event("2026-12-31T19:00:00", "2026-12-31T21:00:00").await;
        let (start, end) = (format!("2026-12-31T{start}:00"), format!("2026-12-31T{end}:00"));
        let second = world.app.create_event(&admin(), new_event(101, &start, &end)).await;
        assert_eq!(second.is_ok(), free, "{start} to {end}");
        assert_eq!(world.claims().await.len(), if free { 2 } else { 1 });
        if let Err(error) = second {
            assert!(error.to_string().contains("2026-12-31 19:00:00"), "{error}");
            assert_eq!(code(error), Code::RoomUnavailable);
        }
        let other_room = world.app.create_event(&admin(), new_event(102, &start, &end)).await;
        assert!(other_room.is_ok(), "another room is free");
    }
}

#[tokio::test]
async fn a_room_that_others_took_with_the_scheduler_is_not_free() {
    for maintenance in [false, true] {
        let world = World::new().await;
        world.scheduler.take(101, wall("2026-12-31 20:00:00", "2026-12-31 22:00:00"), maintenance);
        let new = new_event(101, "2026-12-31T19:00:00", "2026-12-31T21:00:00");
        let error = world.app.create_event(&admin(), new).await.unwrap_err();
        assert_eq!(code(error), Code::RoomUnavailable);
        world.assert_untouched().await;
        world.event("2026-12-31T18:00:00", "2026-12-31T20:00:00").await;
    }
}

#[tokio::test]
async fn the_zone_of_the_venue_decides_what_a_time_without_offset_means() {
    let world = World::new().await;
    let new = new_event(201, "2026-12-31T19:00:00", "2026-12-31T21:00:00+08:00");
    let event = world.app.create_event(&admin(), new).await.unwrap();
    assert_eq!(
        (event.starts_at.utc(), event.ends_at.utc()),
        (at("2026-12-31T11:00:00Z"), at("2026-12-31T13:00:00Z"))
    );
    assert_eq!(event.zone, "Asia/Makassar");
}

#[tokio::test]
async fn words_change_without_the_scheduler() {
    let world = World::new().await;
    let event = world.event("2026-12-31T19:00:00", "2026-12-31T21:00:00").await;
    world.scheduler.set_fault(event::spacemaster::fake::Fault::Down);
    let change = EventChange {
        title: Some(" Konser ".into()),
        description: Some(String::new()),
        ..Default::default()
    };
    let changed = world.app.update_event(&admin(), event.id, change).await.unwrap();
    assert_eq!((changed.title.as_str(), changed.description), ("Konser", None));
    let same =
        EventChange { start: Some("2026-12-31T12:00:00Z".into()), room: Some(101), ..Default::default() };
    let kept = world.app.update_event(&admin(), event.id, same).await.unwrap();
    assert_eq!(kept.version, changed.version, "what is as it was is not written");
}

#[tokio::test]
async fn an_event_moves_within_its_own_time_and_lets_the_old_time_go() {
    let world = World::new().await;
    let event = world.event("2026-12-31T19:00:00", "2026-12-31T21:00:00").await;
    let change = EventChange {
        start: Some("2026-12-31T20:00:00".into()),
        end: Some("2026-12-31T22:00:00".into()),
        ..Default::default()
    };
    let moved = world.app.update_event(&admin(), event.id, change).await.unwrap();
    assert_eq!(moved.starts_at.utc(), at("2026-12-31T13:00:00Z"));
    assert_eq!(world.claims().await.len(), 1, "the old claim is let go");
    assert_eq!(world.scheduler.blocks_of(101), 2, "only what the scheduler lacked was blocked");
    // The hour that was let go is still blocked with the scheduler, by us: it is free for another event of ours.
    world.event("2026-12-31T18:00:00", "2026-12-31T20:00:00").await;
    assert_eq!(world.scheduler.blocks_of(101), 3);
}

#[tokio::test]
async fn a_move_that_is_refused_leaves_the_event_where_it_was() {
    let world = World::new().await;
    let event = world.event("2026-12-31T19:00:00", "2026-12-31T21:00:00").await;
    let other =
        world.app.create_event(&admin(), new_event(102, "2026-12-31T19:00:00", "2026-12-31T21:00:00")).await;
    other.unwrap();
    let cases = [
        (EventChange { room: Some(102), ..Default::default() }, Code::RoomUnavailable),
        (EventChange { room: Some(201), ..Default::default() }, Code::RoomNotFound),
        (EventChange { venue: Some(2), ..Default::default() }, Code::RoomNotFound),
        (EventChange { start: Some("2026-12-31T21:00:00".into()), ..Default::default() }, Code::BadUserInput),
        (EventChange { start: Some("2026-11-01T21:00:00".into()), ..Default::default() }, Code::EventInPast),
        (EventChange { title: Some(String::new()), ..Default::default() }, Code::BadUserInput),
    ];
    for (change, expected) in cases {
        let error = world.app.update_event(&admin(), event.id, change.clone()).await.unwrap_err();
        assert_eq!(code(error), expected, "{change:?}");
        assert_eq!(world.app.event(event.id).await.unwrap().unwrap(), event);
    }
    assert_eq!(world.claims().await.len(), 2);
}

#[tokio::test]
async fn in_a_venue_of_another_zone_the_clock_on_the_wall_stays() {
    let world = World::new().await;
    let event = world.event("2026-12-31T19:00:00", "2026-12-31T21:00:00").await;
    let change = EventChange { venue: Some(2), room: Some(201), ..Default::default() };
    let moved = world.app.update_event(&admin(), event.id, change).await.unwrap();
    assert_eq!((moved.starts_local, moved.zone.as_str()), (event.starts_local, "Asia/Makassar"));
    assert_eq!((moved.starts_at.utc(), moved.capacity), (at("2026-12-31T11:00:00Z"), 1200));
}

#[tokio::test]
async fn an_event_does_not_move_into_a_room_too_small_for_its_tickets() {
    let world = World::new().await;
    let event = world.event("2026-12-31T19:00:00", "2026-12-31T21:00:00").await;
    let change = || EventChange { room: Some(102), ..Default::default() };
    world.tickets.offer(event.id, 81);
    let error = world.app.update_event(&admin(), event.id, change()).await.unwrap_err();
    assert_eq!(code(error), Code::CapacityExceeded);
    world.tickets.set_down(true);
    assert_eq!(
        code(world.app.update_event(&admin(), event.id, change()).await.unwrap_err()),
        Code::Unavailable
    );
    assert_eq!(world.app.event(event.id).await.unwrap().unwrap(), event);
    assert_eq!(world.scheduler.blocks_of(102), 0, "the scheduler was not asked");
    world.tickets.set_down(false);
    world.tickets.offer(event.id, 80);
    assert_eq!(world.app.update_event(&admin(), event.id, change()).await.unwrap().capacity, 80);
}

#[tokio::test]
async fn what_has_begun_may_be_prolonged_and_what_is_over_is_not_modified() {
    let world = World::new().await;
    let event = world.event("2026-12-31T19:00:00", "2026-12-31T21:00:00").await;
    world.clock.advance(event.starts_at.utc() - world.clock.now() + chrono::TimeDelta::minutes(30));
    assert_eq!(world.app.status(&event), Some(EventStatus::Ongoing));
    let end = |text: &str| EventChange { end: Some(text.into()), ..Default::default() };
    let error = world.app.update_event(&admin(), event.id, end("2026-12-31T19:10:00")).await.unwrap_err();
    assert_eq!(code(error), Code::EventInPast);
    let longer = world.app.update_event(&admin(), event.id, end("2026-12-31T22:00:00")).await.unwrap();
    world.clock.advance(longer.ends_at.utc() - world.clock.now());
    assert_eq!(world.app.status(&longer), Some(EventStatus::Completed));
    let title = EventChange { title: Some("Later".into()), ..Default::default() };
    assert_eq!(
        code(world.app.update_event(&admin(), event.id, title).await.unwrap_err()),
        Code::InvalidTransition
    );
    assert_eq!(code(world.app.cancel_event(&admin(), event.id).await.unwrap_err()), Code::InvalidTransition);
}

#[tokio::test]
async fn a_block_keeps_events_out_and_is_never_one_itself() {
    let world = World::new().await;
    let block = || new_block(101, "2026-12-31T19:00:00", "2026-12-31T21:00:00");
    assert!(matches!(world.app.block_schedule(&admin(), block()).await.unwrap(), Blocked::Done(_)));
    assert!(matches!(world.app.block_schedule(&admin(), block()).await.unwrap(), Blocked::Already(_)));
    assert_eq!(world.scheduler.blocks_of(101), 1);
    let new = new_event(101, "2026-12-31T20:00:00", "2026-12-31T22:00:00");
    assert_eq!(code(world.app.create_event(&admin(), new).await.unwrap_err()), Code::RoomUnavailable);
    assert!(world.app.events(&EventFilter::default()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_block_over_an_event_is_refused_and_lists_it() {
    let world = World::new().await;
    let event = world.event("2026-12-31T19:00:00", "2026-12-31T21:00:00").await;
    let block = new_block(101, "2026-12-31T20:00:00", "2026-12-31T23:00:00");
    let Blocked::Refused(why) = world.app.block_schedule(&admin(), block).await.unwrap() else {
        panic!("a block went over an event");
    };
    assert!(why.contains(&event.id.to_string()), "{why}");
    assert_eq!(world.claims().await.len(), 1);
}

#[tokio::test]
async fn what_is_wrong_with_a_block_is_an_error() {
    let world = World::new().await;
    let cases = [
        (new_block(999, "2026-12-31", "2027-01-01"), Code::RoomNotFound),
        (new_block(101, "soon", "2027-01-01"), Code::BadUserInput),
        (new_block(101, "2027-01-01", "2026-12-31"), Code::BadUserInput),
        (new_block(101, "2026-11-01", "2026-11-02"), Code::EventInPast),
    ];
    for (block, expected) in cases {
        let error = world.app.block_schedule(&admin(), block.clone()).await.unwrap_err();
        assert_eq!(code(error), expected, "{block:?}");
    }
    assert!(world.claims().await.is_empty());
}

#[tokio::test]
async fn events_are_filtered_searched_and_paged() {
    let world = World::new().await;
    let mut made = Vec::new();
    for (room, day, title) in
        [(101, 10, "Jazz 100%"), (102, 11, "jazz_night"), (201, 12, "Rock!"), (101, 13, "Pop")]
    {
        let (start, end) = (format!("2026-12-{day}T19:00:00Z"), format!("2026-12-{day}T21:00:00Z"));
        let new = NewEvent { title: title.into(), ..new_event(room, &start, &end) };
        made.push(world.app.create_event(&admin(), new).await.unwrap());
    }
    world.app.cancel_event(&admin(), made[3].id).await.unwrap();
    world.clock.advance(at("2026-12-11T20:00:00Z") - world.clock.now());
    let page = |limit, offset| Page { limit, offset };
    let filter = EventFilter::default;
    let cases = [
        (filter(), vec![0, 1, 2, 3]),
        (EventFilter { venue: Some(1), ..filter() }, vec![0, 1, 3]),
        (EventFilter { venue: Some(7), ..filter() }, vec![]),
        (EventFilter { status: Some(EventStatus::Completed), ..filter() }, vec![0]),
        (EventFilter { status: Some(EventStatus::Ongoing), ..filter() }, vec![1]),
        (EventFilter { status: Some(EventStatus::Scheduled), ..filter() }, vec![2]),
        (EventFilter { status: Some(EventStatus::Cancelled), ..filter() }, vec![3]),
        (EventFilter { from: Some(at("2026-12-10T21:00:00Z")), ..filter() }, vec![1, 2, 3]),
        (EventFilter { to: Some(at("2026-12-11T19:00:00Z")), ..filter() }, vec![0]),
        (EventFilter { search: Some("JAZZ".into()), ..filter() }, vec![0, 1]),
        (EventFilter { search: Some("%".into()), ..filter() }, vec![0]),
        (EventFilter { search: Some("_".into()), ..filter() }, vec![1]),
        (EventFilter { search: Some("!".into()), ..filter() }, vec![2]),
        (EventFilter { search: Some("'; DROP TABLE events; --".into()), ..filter() }, vec![]),
        (EventFilter { page: page(Some(2), 1), ..filter() }, vec![1, 2]),
        (EventFilter { page: page(None, 3), ..filter() }, vec![3]),
    ];
    for (filter, expected) in cases {
        let found = world.app.events(&filter).await.unwrap();
        let expected: Vec<_> = expected.into_iter().map(|at: usize| made[at].id).collect();
        assert_eq!(found.iter().map(|event| event.id).collect::<Vec<_>>(), expected, "{filter:?}");
    }
}
