//! The graph over HTTP, with the stand-in for SpaceMaster running beside it.

use std::time::Duration;

use event::EventService;
use event::api::access::ACCESS;
use event::config::Config;
use reqwest::Url;
use serde_json::{Value, json};
use service::identity::{Role, ServiceName};
use spacemaster::SpaceMaster;
use spacemaster::faults::Mode;
use subgraph::access::gaps;
use subgraph::clock::Clock;
use subgraph::run::Subgraph;
use subgraph::testing::{Call, TestService, access, common, contract};
use uuid::Uuid;

use crate::scheduler::set_fault;
use crate::world::at;

const CONTRACT: &str = include_str!("../../../../schema/contract/event.graphql");
const PRINTED: &str = include_str!("../../../../schema/subgraphs/event.graphql");

struct Running {
    event: TestService,
    spacemaster: TestService,
    clock: Clock,
}

/// Both services, at noon UTC of 1 December 2026. The ticket and booking services are not there.
async fn running() -> Running {
    let spacemaster = TestService::start::<SpaceMaster>(spacemaster::Config { faults: true }).await;
    let vacant = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody: Url = format!("http://{vacant}").parse().unwrap();
    let config = Config {
        zones: "2=Asia/Makassar".parse().unwrap(),
        spacemaster: spacemaster.url.parse().unwrap(),
        ticket: nobody.clone(),
        booking: nobody,
        // Only what rings wakes the workers: their rounds would be counted among the statements of a request.
        worker_interval: Duration::from_secs(3600),
    };
    let clock = Clock::standing_at(at("2026-12-01T12:00:00Z"));
    let event =
        TestService::start_with::<EventService>(config, common(ServiceName::Event), clock.clone()).await;
    Running { event, spacemaster, clock }
}

impl Running {
    /// As an administrator.
    async fn ask(&self, document: &str) -> Value {
        self.event.call(document).as_admin().data().await
    }

    async fn refused(&self, document: &str) -> String {
        self.event.call(document).as_admin().refused().await
    }

    async fn create(&self, room: i32, start: &str, end: &str) -> String {
        let venue = room / 100;
        let document = format!(
            r#"mutation {{ createEvent(title: "Konser", venueId: {venue}, roomId: {room}, startTime: "{start}", endTime: "{end}")
                {{ event {{ id }} }} }}"#
        );
        self.ask(&document).await["createEvent"]["event"]["id"].as_str().unwrap().to_owned()
    }
}

#[test]
fn the_sdl_keeps_the_contract_and_is_the_one_that_is_committed() {
    let sdl = EventService::sdl();
    assert_eq!(contract::violations(CONTRACT, &sdl), Vec::<String>::new());
    assert_eq!(sdl, PRINTED, "run `eventhub-event sdl > schema/subgraphs/event.graphql`");
}

#[tokio::test]
async fn every_root_field_says_who_may_call_it_and_that_is_true() {
    assert_eq!(gaps(&EventService::sdl(), ACCESS), Vec::<String>::new());
    let running = running().await;
    assert_eq!(access::contradictions(&running.event, ACCESS).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_key_is_an_argument_of_what_creates() {
    let running = running().await;
    let administrator = Uuid::now_v7();
    let create = |title: &str, key: &str| {
        let document = format!(
            r#"mutation {{ createEvent(title: "{title}", venueId: 1, roomId: 101, startTime: "2026-12-31T19:00:00",
                endTime: "2026-12-31T23:59:00", idempotencyKey: "{key}") {{ event {{ id }} }} }}"#
        );
        running.event.call(document).as_user(administrator, Role::Admin)
    };
    let block = |end: &str, key: &str| {
        let document = format!(
            r#"mutation {{ blockSchedule(input: {{ roomId: 102, startTime: "2026-12-31T19:00:00", endTime: "{end}" }},
                idempotencyKey: "{key}") {{ success message }} }}"#
        );
        running.event.call(document).as_user(administrator, Role::Admin)
    };
    let (event, room) = (create("Konser", "mine").data().await, block("2027-01-01", "mine").data().await);
    assert_eq!(create("Konser", "mine").data().await, event);
    assert_eq!(block("2027-01-01", "mine").data().await, room);
    for (call, code) in [
        (create("Another", "mine"), "IDEMPOTENCY_CONFLICT"),
        (block("2027-01-02", "mine"), "IDEMPOTENCY_CONFLICT"),
        (create("Konser", "a b"), "BAD_USER_INPUT"),
        (block("2027-01-01", ""), "BAD_USER_INPUT"),
    ] {
        let answer = call.send().await;
        assert_eq!(answer.code(), Some(code), "{}", answer.body);
        assert_eq!(answer.body["errors"][0]["extensions"]["field"], "idempotencyKey");
    }
}

#[tokio::test]
async fn every_operation_of_the_original_answers_its_shape() {
    let running = running().await;
    let created = running
        .ask(
            r#"mutation { createEvent(title: "Konser Akbar" description: "Festival Musik 2026" venueId: 1 roomId: 101
                startTime: "2026-12-31T19:00:00" endTime: "2026-12-31T23:59:00")
                { event { id title description venueId roomId startTime endTime status venueCapacity } } }"#,
        )
        .await;
    let event = &created["createEvent"]["event"];
    let id = event["id"].as_str().unwrap();
    let expected = json!({
        "id": id, "title": "Konser Akbar", "description": "Festival Musik 2026", "venueId": 1, "roomId": 101,
        "startTime": "2026-12-31 19:00:00", "endTime": "2026-12-31 23:59:00", "status": "SCHEDULED", "venueCapacity": 500,
    });
    assert_eq!(*event, expected);

    let fields = "id title description venueId roomId startTime endTime status venueCapacity";
    let read = running.event.call(format!("{{ events {{ {fields} }} }}")).data().await;
    assert_eq!(read, json!({ "events": [expected] }));
    let read = running.event.call(format!(r#"{{ event(id: "{id}") {{ {fields} }} }}"#)).data().await;
    assert_eq!(read, json!({ "event": expected }));
    let read = running.event.call(format!("{{ eventsByVenue(venueId: 1) {{ {fields} }} }}")).data().await;
    assert_eq!(read, json!({ "eventsByVenue": [expected] }));
    let read = running.event.call("{ eventsByVenue(venueId: 2) { id } }").data().await;
    assert_eq!(read, json!({ "eventsByVenue": [] }));

    let updated = running
        .ask(&format!(
            r#"mutation {{ updateEvent(id: "{id}", title: "Konser", startTime: "2026-12-31 18:00:00")
                {{ event {{ id title startTime endTime }} }} }}"#
        ))
        .await;
    let expected = json!({ "id": id, "title": "Konser", "startTime": "2026-12-31 18:00:00", "endTime": "2026-12-31 23:59:00" });
    assert_eq!(updated["updateEvent"]["event"], expected);

    let block = r#"mutation { blockSchedule(input: { roomId: 102, startTime: "2026-12-31T19:00:00", endTime: "2027-01-01" })
        { success message } }"#;
    let blocked = running.ask(block).await;
    assert_eq!(blocked["blockSchedule"]["success"], true, "{blocked}");
    assert!(blocked["blockSchedule"]["message"].is_string());
    let block = r#"mutation { blockSchedule(input: { roomId: 101, startTime: "2026-12-31T19:00:00", endTime: "2027-01-01" })
        { success message } }"#;
    let refused = running.ask(block).await;
    assert_eq!(refused["blockSchedule"]["success"], false);
    assert!(refused["blockSchedule"]["message"].as_str().unwrap().contains(id), "{refused}");
}

#[tokio::test]
async fn times_venue_and_room_are_shown() {
    let running = running().await;
    let id = running.create(201, "2026-12-31T19:00:00", "2026-12-31T14:00:00Z").await;
    let document = format!(
        r#"{{ event(id: "{id}") {{ startTime endTime startsAt endsAt timeZone
            venue {{ id name city address description asOf rooms {{ id }} }} room {{ id name capacity venueId asOf }} }} }}"#
    );
    let shown = running.event.call(document).data().await;
    let event = &shown["event"];
    assert_eq!(event["startTime"], "2026-12-31 19:00:00");
    assert_eq!(event["endTime"], "2026-12-31 22:00:00");
    assert_eq!(event["startsAt"], "2026-12-31T19:00:00+08:00");
    assert_eq!(event["endsAt"], "2026-12-31T22:00:00+08:00");
    assert_eq!(event["timeZone"], "Asia/Makassar");
    assert_eq!((&event["venue"]["id"], &event["venue"]["city"]), (&json!("2"), &json!("Makassar")));
    assert_eq!(event["venue"]["rooms"], json!([{ "id": "201" }, { "id": "202" }]));
    assert_eq!(event["room"]["capacity"], 1200);
    assert_eq!(event["room"]["venueId"], 2);
    assert_eq!(event["room"]["asOf"], "2026-12-01T12:00:00+00:00");
}

#[tokio::test]
async fn entities_are_read_in_one_statement_however_many_they_are() {
    let running = running().await;
    let mut ids = Vec::new();
    for day in 1..=20 {
        let (start, end) = (format!("2027-01-{day:02}T19:00:00"), format!("2027-01-{day:02}T21:00:00"));
        ids.push(running.create(101, &start, &end).await);
    }
    let mut representations: Vec<_> =
        ids.iter().map(|id| json!({ "__typename": "Event", "id": id })).collect();
    representations.push(json!({ "__typename": "Event", "id": "00000000-0000-7000-8000-000000000000" }));
    representations.push(json!({ "__typename": "Event", "id": "no id at all" }));
    let ask = |fields: &str| {
        let document = format!(
            "query ($representations: [_Any!]!) {{ _entities(representations: $representations) {{ ... on Event {{ {fields} }} }} }}"
        );
        running
            .event
            .call(document)
            .variable("representations", representations.clone())
            .through(ServiceName::Router)
    };
    let answer = ask("id").data().await;
    let found: Vec<_> =
        answer["_entities"].as_array().unwrap().iter().map(|event| event["id"].as_str()).collect();
    let expected: Vec<_> = ids.iter().map(|id| Some(id.as_str())).chain([None, None]).collect();
    assert_eq!(found, expected, "in the order of the representations, null for what is not there");
    assert_eq!(statements(&running, || ask("id title status")).await, 1);
    assert_eq!(statements(&running, || ask("id venue { name } room { name }")).await, 3);
    let listed = || running.event.call("{ events { id venue { name rooms { id } } room { name } } }");
    assert_eq!(statements(&running, listed).await, 4);
}

/// How many statements a call takes: the fewest of several tries, because a worker may still be finishing what an earlier call rang for.
async fn statements<'r>(running: &'r Running, call: impl Fn() -> Call<'r>) -> u64 {
    let mut fewest = u64::MAX;
    for _ in 0..5 {
        let before = running.event.database.statements();
        call().data().await;
        fewest = fewest.min(running.event.database.statements() - before);
    }
    fewest
}

#[tokio::test]
async fn federation_fields_are_for_services() {
    let running = running().await;
    let document = r#"{ _entities(representations: [{ __typename: "Event", id: "x" }]) { __typename } }"#;
    assert_eq!(running.event.call(document).as_admin().refused().await, "FORBIDDEN");
    assert_eq!(running.event.call("{ _service { sdl } }").refused().await, "FORBIDDEN");
}

#[tokio::test]
async fn bad_input_is_told_by_code_and_field() {
    let running = running().await;
    let create = |venue: i32, room: i32, start: &str, end: &str| {
        format!(
            r#"mutation {{ createEvent(title: "x", venueId: {venue}, roomId: {room}, startTime: "{start}", endTime: "{end}")
                {{ event {{ id }} }} }}"#
        )
    };
    let (start, end) = ("2026-12-31T19:00:00", "2026-12-31T21:00:00");
    let unknown = r#"mutation { updateEvent(id: "00000000-0000-7000-8000-000000000000", title: "x") { event { id } } }"#;
    let cases = [
        (create(9, 901, start, end), "VENUE_NOT_FOUND", Some("venueId")),
        (create(1, 201, start, end), "ROOM_NOT_FOUND", Some("roomId")),
        (create(1, 101, "yesterday", end), "BAD_USER_INPUT", Some("startTime")),
        (create(1, 101, start, "2026-12-31"), "BAD_USER_INPUT", Some("endTime")),
        (create(1, 101, "2026-11-30T19:00:00", end), "EVENT_IN_PAST", Some("startTime")),
        (unknown.to_owned(), "NOT_FOUND", None),
        (
            r#"mutation { updateEvent(id: "7", title: "x") { event { id } } }"#.to_owned(),
            "BAD_USER_INPUT",
            Some("id"),
        ),
        (r#"mutation { cancelEvent(id: "7") { event { id } } }"#.to_owned(), "BAD_USER_INPUT", Some("id")),
        ("{ events(limit: 0) { id } }".to_owned(), "BAD_USER_INPUT", Some("limit")),
        ("{ events(offset: -1) { id } }".to_owned(), "BAD_USER_INPUT", Some("offset")),
        (r#"{ events(from: "soon") { id } }"#.to_owned(), "BAD_USER_INPUT", Some("from")),
        ("{ events(venueId: 2147483648) { id } }".to_owned(), "BAD_USER_INPUT", None),
    ];
    for (document, code, field) in cases {
        let answer = running.event.call(document.as_str()).as_admin().send().await;
        let told = answer.body.pointer("/errors/0/extensions/field").and_then(Value::as_str);
        assert_eq!((answer.code(), told), (Some(code), field), "{document}: {}", answer.body);
    }
    assert_eq!(running.ask("{ events { id } }").await, json!({ "events": [] }));
    assert_eq!(running.ask(r#"{ event(id: "7") { id } }"#).await, json!({ "event": null }));
}

#[tokio::test]
async fn a_scheduler_that_fails_hangs_or_refuses_is_told_and_leaves_nothing() {
    for (mode, code) in
        [(Mode::Fail, "UNAVAILABLE"), (Mode::Hang, "UNAVAILABLE"), (Mode::Refuse, "ROOM_UNAVAILABLE")]
    {
        let running = running().await;
        set_fault(&running.spacemaster.url, mode).await;
        let create = r#"mutation { createEvent(title: "x", venueId: 1, roomId: 101, startTime: "2026-12-31T19:00:00",
            endTime: "2026-12-31T21:00:00") { event { id } } }"#;
        assert_eq!(running.refused(create).await, code, "{mode:?}");
        let facts = EventService::facts(&running.event.database).await.unwrap();
        assert_eq!((&facts["events"], &facts["reservations"]), (&json!([]), &json!([])), "{mode:?}");
    }
}

#[tokio::test]
async fn reading_goes_on_while_the_scheduler_is_gone() {
    let running = running().await;
    let id = running.create(101, "2026-12-31T19:00:00", "2026-12-31T21:00:00").await;
    let Running { event, spacemaster, .. } = running;
    spacemaster.stop().await;
    let document =
        format!(r#"{{ event(id: "{id}") {{ title venue {{ name }} room {{ capacity asOf }} }} }}"#);
    let shown = event.call(document).data().await;
    assert_eq!(shown["event"]["room"]["capacity"], 500);
    assert_eq!(shown["event"]["room"]["asOf"], "2026-12-01T12:00:00+00:00");
    assert!(shown["event"]["venue"]["name"].is_string());
    let cancel = event.call(format!(r#"mutation {{ cancelEvent(id: "{id}") {{ event {{ status }} }} }}"#));
    assert_eq!(cancel.as_admin().data().await["cancelEvent"]["event"]["status"], "CANCELLED");
}

#[tokio::test]
async fn how_far_a_cancellation_is_is_for_administrators() {
    let running = running().await;
    let id = running.create(101, "2026-12-31T19:00:00", "2026-12-31T21:00:00").await;
    let document = format!(
        r#"{{ event(id: "{id}") {{ status cancellation {{ salesClosed openBookings finished }} }} }}"#
    );
    assert_eq!(running.ask(&document).await["event"]["cancellation"], Value::Null, "it takes place");
    running.ask(&format!(r#"mutation {{ cancelEvent(id: "{id}") {{ event {{ id }} }} }}"#)).await;
    let progress = json!({ "salesClosed": false, "openBookings": null, "finished": false });
    assert_eq!(running.ask(&document).await["event"]["cancellation"], progress);
    let buyer = running.event.call(document).as_user(Uuid::now_v7(), Role::Customer).data().await;
    assert_eq!(buyer["event"], json!({ "status": "CANCELLED", "cancellation": null }));
}

#[tokio::test]
async fn the_status_follows_the_clock() {
    let running = running().await;
    let id = running.create(101, "2026-12-31T19:00:00", "2026-12-31T21:00:00").await;
    let document = format!(r#"{{ event(id: "{id}") {{ status }} }}"#);
    for (now, status) in [
        ("2026-12-31T11:59:59Z", "SCHEDULED"),
        ("2026-12-31T12:00:00Z", "ONGOING"),
        ("2026-12-31T14:00:00Z", "COMPLETED"),
    ] {
        running.clock.advance(at(now) - running.clock.now());
        assert_eq!(running.event.call(document.as_str()).data().await["event"]["status"], status, "at {now}");
    }
}

#[tokio::test]
async fn an_event_may_lie_beyond_2038() {
    let running = running().await;
    let id = running.create(101, "2099-12-31T19:00:00", "2099-12-31T21:00:00").await;
    for filter in [r#"from: "2099-12-31T13:59:59Z""#, r#"to: "2099-12-31T12:00:01Z""#, "status: SCHEDULED"] {
        let found = running.ask(&format!("{{ events({filter}) {{ id startsAt }} }}")).await;
        assert_eq!(
            found["events"],
            json!([{ "id": id, "startsAt": "2099-12-31T19:00:00+07:00" }]),
            "{filter}"
        );
    }
    for filter in [r#"from: "2099-12-31T14:00:00Z""#, r#"to: "2099-12-31T12:00:00Z""#] {
        let found = running.ask(&format!("{{ events({filter}) {{ id }} }}")).await;
        assert_eq!(found["events"], json!([]), "{filter}");
    }
    let overlapping = r#"mutation { createEvent(title: "Konser", venueId: 1, roomId: 101,
        startTime: "2099-12-31T20:00:00", endTime: "2099-12-31T22:00:00") { event { id } } }"#;
    assert_eq!(running.refused(overlapping).await, "ROOM_UNAVAILABLE");
}

#[tokio::test]
async fn the_facts_say_what_a_checker_needs() {
    let running = running().await;
    let id = running.create(101, "2026-12-31T19:00:00", "2026-12-31T21:00:00").await;
    running.ask(r#"mutation { blockSchedule(input: { roomId: 101, startTime: "2027-01-01", endTime: "2027-01-02" }) { success } }"#).await;
    let facts = EventService::facts(&running.event.database).await.unwrap();
    assert_eq!(facts["service"], "event");
    assert_eq!(facts["events"][0]["id"], json!(id));
    assert_eq!(facts["events"][0]["venueCapacity"], 500);
    let reservations = facts["reservations"].as_array().unwrap();
    assert_eq!(reservations.len(), 2);
    assert!(reservations.iter().all(|row| row["active"] == true && row["pushed"] == true), "{facts}");
    assert_eq!(reservations.iter().filter(|row| row["eventId"].is_null()).count(), 1);
    let schedules = SpaceMaster::facts(&running.spacemaster.database).await.unwrap();
    let blocks: Vec<_> = schedules["schedules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (&row["roomId"], &row["startTime"]))
        .collect();
    let told: Vec<_> = reservations.iter().map(|row| (&row["roomId"], &row["startTime"])).collect();
    assert_eq!(blocks, told);
}

#[tokio::test]
async fn administrators_read_who_changed_an_event() {
    let running = running().await;
    let id = running.create(101, "2026-12-31T19:00:00", "2026-12-31T22:00:00").await;
    let query = format!(
        r#"{{ eventAudit(filter: {{ subject: "{id}", action: EVENT_CREATED }}) {{ actorRole subject at }} }}"#
    );
    let entry = json!({ "actorRole": "ADMIN", "subject": id, "at": "2026-12-01T12:00:00+00:00" });
    assert_eq!(running.ask(&query).await["eventAudit"], json!([entry]));
}

#[tokio::test]
async fn who_created_an_event_is_told_so_when_they_ask_what_is_kept_of_them() {
    let running = running().await;
    let (organiser, stranger) = (Uuid::now_v7(), Uuid::now_v7());
    let create = r#"mutation { createEvent(title: "Konser", venueId: 1, roomId: 101,
        startTime: "2026-12-31T19:00:00", endTime: "2026-12-31T22:00:00") { event { id } } }"#;
    let created = running.event.call(create).as_user(organiser, Role::Admin).data().await;
    let personal = || {
        let document = "query($r: [_Any!]!) { _entities(representations: $r) { ... on PersonalData {
            createdEvents eventLog { action } } } }";
        let representation = json!([{ "__typename": "PersonalData", "id": organiser.to_string() }]);
        running.event.call(document).variable("r", representation).through(ServiceName::Router)
    };
    let data = personal().as_user(organiser, Role::Customer).data().await;
    let expected = json!({ "createdEvents": [created["createEvent"]["event"]["id"]], "eventLog": [{ "action": "EVENT_CREATED" }] });
    assert_eq!(data["_entities"], json!([expected]));
    assert_eq!(personal().as_user(stranger, Role::Customer).refused().await, "FORBIDDEN");
}
