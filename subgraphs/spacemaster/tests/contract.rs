//! The stand-in speaks SpaceMaster's schema, all of it and nothing more, over HTTP and to anybody.

use serde_json::{Value, json};
use spacemaster::{Config, SpaceMaster};
use subgraph::run::Subgraph;
use subgraph::testing::{TestService, contract};

const CONTRACT: &str = include_str!("../../../schema/contract/spacemaster.graphql");

#[test]
fn its_schema_is_the_contract_no_less_and_no_more() {
    let sdl = SpaceMaster::sdl();
    assert_eq!(contract::violations(CONTRACT, &sdl), Vec::<String>::new());
    assert_eq!(contract::violations(&sdl, CONTRACT), Vec::<String>::new());
}

#[tokio::test]
async fn every_query_answers() {
    let service = TestService::start::<SpaceMaster>(Config::default()).await;
    let data = service
        .call("{ venues { id name city address description rooms { id name capacity venueId } } }")
        .data()
        .await;
    assert!(data["venues"].as_array().unwrap().len() > 1);
    assert_eq!(data["venues"][0]["id"], "1");
    assert_eq!(
        data["venues"][0]["rooms"][0],
        json!({ "id": "101", "name": "Aula Utama", "capacity": 500, "venueId": 1 })
    );
    let data = service.call(r#"{ venue(id: "1") { name } other: venue(id: "x") { name } }"#).data().await;
    assert!(data["venue"]["name"].is_string() && data["other"].is_null());
    let data =
        service.call(r#"{ roomsByVenue(venueId: "2") { id } room(id: "202") { capacity } }"#).data().await;
    assert_eq!(
        data,
        json!({ "roomsByVenue": [{ "id": "201" }, { "id": "202" }], "room": { "capacity": 180 } })
    );
    let data = service.call("{ schedules { id } }").data().await;
    assert_eq!(data["schedules"], json!([]));
}

async fn block(service: &TestService, room: i32, start: &str, end: &str) -> Value {
    let document = format!(
        r#"mutation {{ blockSchedule(input: {{ roomId: {room}, startTime: "{start}", endTime: "{end}" }}) {{ success message }} }}"#
    );
    service.call(document).data().await["blockSchedule"].clone()
}

#[tokio::test]
async fn a_block_is_set_once_and_shows() {
    let service = TestService::start::<SpaceMaster>(Config::default()).await;
    let (start, end) = ("2026-12-31 19:00:00", "2026-12-31 21:00:00");
    assert_eq!(block(&service, 101, start, end).await["success"], true);
    let refused = [
        (101, start, end),
        (101, "2026-12-31 20:00:00", "2026-12-31 22:00:00"),
        (101, end, start),
        (101, "soon", end),
        (999, start, end),
    ];
    for (room, start, end) in refused {
        let said = block(&service, room, start, end).await;
        assert!(said["success"] == false && said["message"].is_string(), "{room} {start} {end}: {said}");
    }
    assert_eq!(block(&service, 101, end, "2026-12-31 22:00:00").await["success"], true);
    let data = service.call("{ schedules { roomId startTime endTime status } }").data().await;
    let first = json!({ "roomId": 101, "startTime": start, "endTime": end, "status": "BLOCKED" });
    assert_eq!(data["schedules"][0], first);
    assert_eq!(data["schedules"].as_array().unwrap().len(), 2);
    let slots = r#"{ availableSlots(roomId: 101, startDate: "2026-12-31", endDate: "2026-12-31") { startTime endTime } }"#;
    let data = service.call(slots).data().await;
    let free = json!([
        { "startTime": "2026-12-31 00:00:00", "endTime": "2026-12-31 19:00:00" },
        { "startTime": "2026-12-31 22:00:00", "endTime": "2027-01-01 00:00:00" },
    ]);
    assert_eq!(data["availableSlots"], free);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_blocks_for_one_slot_exactly_one_is_set() {
    let service = TestService::start::<SpaceMaster>(Config::default()).await;
    let tries = (0..16).map(|_| block(&service, 101, "2026-12-31 19:00:00", "2026-12-31 21:00:00"));
    let said = futures_util::future::join_all(tries).await;
    assert_eq!(said.iter().filter(|said| said["success"] == true).count(), 1);
}
