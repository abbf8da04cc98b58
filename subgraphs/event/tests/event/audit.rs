//! The audit log of events and rooms.

use event::context::Context;
use event::events::EventChange;
use event::schedules::Blocked;
use serde_json::{Value, json};
use subgraph::audit::Filter;
use subgraph::page::Page;
use subgraph::testing::{assert_append_only, audit_log};

use crate::world::{World, admin, new_block, wall};

fn field(name: &str, before: Option<&str>, after: Option<&str>) -> Value {
    json!({ "field": name, "before": before, "after": after })
}

async fn change(app: &Context, world: &World, change: EventChange) {
    let id = app.store.all_events().await.unwrap()[0].id;
    world.app.update_event(&admin(), id, change).await.unwrap();
}

#[tokio::test]
async fn what_becomes_of_events_and_rooms_is_told_field_by_field() {
    let world = World::new().await;
    let event = world.event("2026-12-31T19:00:00", "2026-12-31T22:00:00").await;
    let id = event.id.to_string();
    let new = EventChange {
        title: Some("Konser".into()),
        description: Some("Lain".into()),
        ..EventChange::default()
    };
    change(&world.app, &world, new).await;
    let later = EventChange { end: Some("2026-12-31T23:00:00".into()), ..EventChange::default() };
    change(&world.app, &world, later).await;
    world.app.cancel_event(&admin(), event.id).await.unwrap();
    world.app.cancel_event(&admin(), event.id).await.unwrap();
    let block = new_block(102, "2026-12-24T10:00:00", "2026-12-24T12:00:00");
    assert!(matches!(world.app.block_schedule(&admin(), block).await.unwrap(), Blocked::Done(_)));

    let log = audit_log(world.database()).await;
    let told: Vec<_> = log.iter().map(|entry| json!([entry[2], entry[4]])).collect();
    let (start, end, late) =
        ("2026-12-31T12:00:00+00:00", "2026-12-31T15:00:00+00:00", "2026-12-31T16:00:00+00:00");
    let expected = [
        json!([
            "EVENT_CREATED",
            [
                field("room", None, Some("101")),
                field("startsAt", None, Some(start)),
                field("endsAt", None, Some(end))
            ]
        ]),
        json!([
            "EVENT_CHANGED",
            [field("description", None, None), field("title", Some("Konser Akbar"), Some("Konser"))]
        ]),
        json!(["EVENT_CHANGED", [field("endsAt", Some(end), Some(late))]]),
        json!(["EVENT_CANCELLED", [field("status", Some("SCHEDULED"), Some("CANCELLED"))]]),
    ];
    assert_eq!(told[..4], expected, "{log:?}");
    assert_eq!((&told[4][0], told.len()), (&json!("ROOM_BLOCKED"), 5));
    let of_event = Filter { subject: Some(id), ..Filter::default() };
    assert_eq!(world.app.store.audit(&of_event, Page::default()).await.unwrap().len(), 4);
    assert_append_only(world.database()).await;
}

#[tokio::test]
async fn what_comes_to_nothing_leaves_no_entry() {
    let world = World::new().await;
    world.scheduler.take(101, wall("2026-12-31T19:00:00", "2026-12-31T22:00:00"), true);
    let new = crate::world::new_event(101, "2026-12-31T19:00:00", "2026-12-31T22:00:00");
    world.app.create_event(&admin(), new).await.unwrap_err();
    assert_eq!(audit_log(world.database()).await, Vec::<Value>::new());
}
