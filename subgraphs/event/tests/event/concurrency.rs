//! Many at once: of all who want one room at one time, exactly one gets it.

use entities::event::status::ReservationState;
use event::domain::interval::Interval;
use event::events::EventChange;
use futures_util::future::join_all;

use crate::world::{World, admin, new_block, new_event};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_events_for_one_slot_exactly_one_is_created() {
    let world = World::new().await;
    let tries = (0..12).map(|_| {
        let app = world.app.clone();
        tokio::spawn(async move {
            let new = new_event(101, "2026-12-31T19:00:00", "2026-12-31T21:00:00");
            app.create_event(&admin(), new).await.is_ok()
        })
    });
    let created = join_all(tries).await.into_iter().filter(|created| *created.as_ref().unwrap()).count();
    assert_eq!((created, world.claims().await.len(), world.scheduler.blocks_of(101)), (1, 1, 1));
    assert_eq!(world.app.store.all_events().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_is_tried_at_once_no_two_claims_overlap() {
    let world = World::new().await;
    let moving = world.event("2026-12-30T10:00:00", "2026-12-30T11:00:00").await;
    let tries = (0..24_u32).map(|n| {
        let app = world.app.clone();
        let (from, to) = (8 + n * 5 % 11, 10 + n * 5 % 11);
        let (start, end) = (format!("2026-12-31T{from:02}:00:00"), format!("2026-12-31T{to:02}:00:00"));
        tokio::spawn(async move {
            match n % 3 {
                0 => drop(app.create_event(&admin(), new_event(101, &start, &end)).await),
                1 => drop(app.block_schedule(&admin(), new_block(101, &start, &end)).await),
                _ => {
                    let change = EventChange { start: Some(start), end: Some(end), ..Default::default() };
                    drop(app.update_event(&admin(), moving.id, change).await);
                }
            }
        })
    });
    join_all(tries).await.into_iter().for_each(|tried| tried.unwrap());
    let claims = world.claims().await;
    assert!(claims.iter().all(|claim| claim.state == ReservationState::Active), "nothing is left pending");
    let spans: Vec<_> = claims.iter().map(|c| Interval::new(c.starts_at, c.ends_at).unwrap()).collect();
    for (at, span) in spans.iter().enumerate() {
        assert!(!spans[at + 1..].iter().any(|other| other.overlaps(span)), "{claims:?}");
    }
    let moving = world.app.event(moving.id).await.unwrap().unwrap();
    let its = claims.iter().filter(|claim| claim.event_id == Some(moving.id));
    assert_eq!(its.map(|claim| claim.starts_at).collect::<Vec<_>>(), [moving.starts_at]);
}
