//! The port to the room scheduler: one suite of what it promises, held by the fake and by the adapter with the stand-in behind it; and what the
//! adapter makes of a server that does not keep its promises.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use event::spacemaster::breaker::Policy;
use event::spacemaster::fake::FakeScheduler;
use event::spacemaster::http::{Budget, HttpScheduler};
use event::spacemaster::{BlockError, RoomScheduler, Unavailable};
use poem::http::StatusCode;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::{Response, Route, Server, handler, post};
use spacemaster::faults::Mode;
use spacemaster::{Config, SpaceMaster};
use subgraph::testing::TestService;

use crate::world::wall;

/// What every scheduler that knows venue 1 with rooms 101 and 102 promises.
async fn keeps_the_contract(scheduler: &dyn RoomScheduler) {
    let venues = scheduler.venues().await.unwrap();
    let first = venues.iter().find(|venue| venue.id == 1).unwrap();
    assert_eq!(scheduler.venue(1).await.unwrap().as_ref(), Some(first), "one venue is as it is among all");
    let room = first.rooms.iter().find(|room| room.id == 101).unwrap();
    assert!(room.capacity > 0 && room.venue_id == 1);
    assert_eq!(scheduler.room(101).await.unwrap().as_ref(), Some(room), "one room is as it is in its venue");
    for unknown in [0, -1, 999_999] {
        assert_eq!(scheduler.venue(unknown).await.unwrap(), None);
        assert_eq!(scheduler.room(unknown).await.unwrap(), None);
        assert_eq!(scheduler.taken(unknown).await.unwrap(), []);
    }

    let evening = wall("2026-12-31 19:00:00", "2026-12-31 21:00:00");
    assert_eq!(scheduler.taken(101).await.unwrap(), []);
    scheduler.block(101, evening).await.unwrap();
    let taken = scheduler.taken(101).await.unwrap();
    assert!(matches!(taken.as_slice(), [one] if one.wall == evening && !one.maintenance));
    assert_eq!(scheduler.taken(102).await.unwrap(), [], "another room is not taken");

    let refused = [
        evening,
        wall("2026-12-31 20:00:00", "2026-12-31 22:00:00"),
        wall("2026-12-31 18:00:00", "2026-12-31 22:00:00"),
        wall("2026-12-31 19:30:00", "2026-12-31 20:00:00"),
    ];
    for again in refused {
        assert!(matches!(scheduler.block(101, again).await, Err(BlockError::Refused(_))), "{again}");
    }
    assert!(matches!(scheduler.block(999_999, evening).await, Err(BlockError::Refused(_))));
    scheduler.block(101, wall("2026-12-31 21:00:00", "2026-12-31 22:00:00")).await.unwrap();
    scheduler.block(101, wall("2026-12-31 18:00:00", "2026-12-31 19:00:00")).await.unwrap();
    scheduler.block(102, evening).await.unwrap();
    let starts: Vec<_> = scheduler.taken(101).await.unwrap().iter().map(|taken| taken.wall.start()).collect();
    assert!(starts.len() == 3 && starts.is_sorted(), "in order of time: {starts:?}");
}

fn adapter(url: &str) -> HttpScheduler {
    let endpoint = format!("{url}/graphql").parse().unwrap();
    let budget =
        Budget { request: Duration::from_millis(400), whole: Duration::from_secs(2), ..Budget::default() };
    HttpScheduler::new(service::http_client::build().unwrap(), endpoint, budget)
}

pub(crate) async fn set_fault(url: &str, mode: Mode) -> StatusCode {
    let body = serde_json::json!({ "mode": mode });
    let client = service::http_client::build().unwrap();
    client.post(format!("{url}/admin/faults")).json(&body).send().await.unwrap().status()
}

#[tokio::test]
async fn the_fake_keeps_the_contract() {
    keeps_the_contract(&FakeScheduler::with_examples()).await;
}

#[tokio::test]
async fn the_adapter_and_the_stand_in_keep_the_contract() {
    let stand_in = TestService::start::<SpaceMaster>(Config::default()).await;
    keeps_the_contract(&adapter(&stand_in.url)).await;
}

#[tokio::test]
async fn the_stand_in_fails_hangs_and_refuses_when_told() {
    let stand_in = TestService::start::<SpaceMaster>(Config { faults: true }).await;
    let scheduler = adapter(&stand_in.url);
    let slot = wall("2026-12-31 19:00:00", "2026-12-31 21:00:00");
    assert_eq!(set_fault(&stand_in.url, Mode::Refuse).await, StatusCode::OK);
    assert!(matches!(scheduler.block(101, slot).await, Err(BlockError::Refused(_))));
    assert!(scheduler.room(101).await.unwrap().is_some(), "refusing, it still answers");
    for mode in [Mode::Fail, Mode::Hang] {
        set_fault(&stand_in.url, mode).await;
        let scheduler = adapter(&stand_in.url);
        assert!(matches!(scheduler.block(101, slot).await, Err(BlockError::Unknown(_))), "{mode:?}");
        assert!(scheduler.room(101).await.is_err(), "{mode:?}");
    }
    set_fault(&stand_in.url, Mode::None).await;
    assert!(adapter(&stand_in.url).block(101, slot).await.is_ok(), "a hung block did not happen");
}

#[tokio::test]
async fn faults_are_for_those_who_configured_them() {
    let stand_in = TestService::start::<SpaceMaster>(Config::default()).await;
    assert_eq!(set_fault(&stand_in.url, Mode::Fail).await, StatusCode::NOT_FOUND);
    assert!(adapter(&stand_in.url).room(101).await.is_ok());
}

/// A server that always says the same; answers with its URL and counts the calls.
async fn saying(status: StatusCode, body: &'static str) -> (String, Arc<AtomicUsize>) {
    #[handler]
    fn say(data: poem::web::Data<&(StatusCode, &'static str, Arc<AtomicUsize>)>) -> Response {
        let (status, body, calls) = data.0;
        calls.fetch_add(1, Ordering::SeqCst);
        Response::builder().status(*status).content_type("application/json").body(*body)
    }
    use poem::EndpointExt;
    let calls = Arc::new(AtomicUsize::new(0));
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
    let url = format!("http://{}", acceptor.local_addr()[0].as_socket_addr().unwrap());
    let app = Route::new().at("/graphql", post(say)).data((status, body, Arc::clone(&calls)));
    tokio::spawn(Server::new_with_acceptor(acceptor).run(app));
    (url, calls)
}

#[tokio::test]
async fn nonsense_is_no_answer() {
    let cases = [
        (StatusCode::OK, "<html>maintenance</html>"),
        (StatusCode::OK, ""),
        (StatusCode::OK, "{}"),
        (StatusCode::OK, r#"{"data":null}"#),
        (StatusCode::OK, r#"{"data":{"room":null},"errors":[{"message":"boom"}]}"#),
        (StatusCode::OK, r#"{"data":{"room":{"id":"101","name":"A","capacity":-5,"venueId":1}}}"#),
        (StatusCode::OK, r#"{"data":{"room":{"id":"102","name":"A","capacity":5,"venueId":1}}}"#),
        (StatusCode::OK, r#"{"data":{"room":{"id":"x","name":"A","capacity":5,"venueId":1}}}"#),
        (StatusCode::OK, r#"{"data":{"room":{"id":"101","name":"A","capacity":99999999999,"venueId":1}}}"#),
        (StatusCode::INTERNAL_SERVER_ERROR, r#"{"data":{"room":null}}"#),
        (StatusCode::MOVED_PERMANENTLY, r#"{"data":{"room":null}}"#),
    ];
    for (status, body) in cases {
        let (url, _) = saying(status, body).await;
        assert!(adapter(&url).room(101).await.is_err(), "{status} {body}");
    }
    let (url, _) = saying(
        StatusCode::OK,
        r#"{"data":{"schedules":[{"roomId":101,"startTime":"soon","endTime":"later","status":"BLOCKED"}]}}"#,
    )
    .await;
    assert!(adapter(&url).taken(101).await.is_err());
    assert_eq!(adapter(&url).taken(102).await.unwrap(), [], "another room's nonsense is not ours");
}

#[tokio::test]
async fn a_status_nobody_knows_takes_the_room() {
    let body = r#"{"data":{"schedules":[
        {"roomId":101,"startTime":"2026-12-31 19:00:00","endTime":"2026-12-31 20:00:00","status":"HAUNTED"},
        {"roomId":101,"startTime":"2026-12-31 10:00:00","endTime":"2026-12-31 11:00:00","status":"AVAILABLE"}]}}"#;
    let (url, _) = saying(StatusCode::OK, body).await;
    let taken = adapter(&url).taken(101).await.unwrap();
    assert!(matches!(taken.as_slice(), [one] if one.maintenance));
}

#[tokio::test]
async fn reading_is_tried_three_times_and_blocking_once() {
    let (url, calls) = saying(StatusCode::SERVICE_UNAVAILABLE, "{}").await;
    assert!(adapter(&url).room(101).await.is_err());
    assert_eq!(calls.load(Ordering::SeqCst), 3);
    let blocked = adapter(&url).block(101, wall("2026-12-31 19:00:00", "2026-12-31 21:00:00")).await;
    assert!(matches!(blocked, Err(BlockError::Unknown(_))));
    assert_eq!(calls.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn after_a_row_of_failures_it_is_left_alone() {
    let (url, calls) = saying(StatusCode::SERVICE_UNAVAILABLE, "{}").await;
    let scheduler = adapter(&url);
    for _ in 0..4 {
        assert!(scheduler.room(101).await.is_err());
    }
    assert_eq!(calls.load(Ordering::SeqCst), Policy::default().failures as usize);
    let blocked = scheduler.block(101, wall("2026-12-31 19:00:00", "2026-12-31 21:00:00")).await;
    assert!(matches!(blocked, Err(BlockError::NotSent(_))), "what was not sent is certainly not set");
}

#[tokio::test]
async fn nobody_at_the_address_is_told_soon() {
    let vacant = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let scheduler = adapter(&format!("http://{vacant}"));
    let began = Instant::now();
    assert!(matches!(scheduler.room(101).await, Err(Unavailable(_))));
    let blocked = scheduler.block(101, wall("2026-12-31 19:00:00", "2026-12-31 21:00:00")).await;
    assert!(matches!(blocked, Err(BlockError::NotSent(_))));
    assert!(began.elapsed() < Duration::from_secs(6));
}
