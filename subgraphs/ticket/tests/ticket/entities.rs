//! Entities: what other subgraphs' objects get from this one, and that a hundred of them cost one statement.

use serde_json::{Value, json};
use service::identity::ServiceName;

use crate::shop::{Shop, id};

const ENTITIES: &str = "query($r: [_Any!]!) { _entities(representations: $r) {
    ... on TicketType { id name event { id } } ... on Event { id ticketTypes { name } } } }";

async fn resolve(shop: &Shop, representations: Vec<Value>) -> Value {
    let call = shop.service.call(ENTITIES).variable("r", representations).through(ServiceName::Router);
    call.data().await["_entities"].clone()
}

/// The engine resolves a list in bites of 32: beyond that, loads must wait for the whole of it.
const COUNTS: [usize; 2] = [30, 100];

#[tokio::test]
async fn many_ticket_types_cost_one_statement() {
    let shop = Shop::open().await;
    for many in COUNTS {
        let mut ids = Vec::new();
        for _ in 0..5 {
            ids.push(shop.sale(1).await.ticket_type);
        }
        ids.extend((5..many).map(|_| id()));
        let wanted = ids.iter().map(|id| json!({ "__typename": "TicketType", "id": id })).collect();
        let before = shop.service.database.statements();
        let found = resolve(&shop, wanted).await;
        let statements = shop.service.database.statements() - before;
        assert_eq!(statements, 1, "for {many}");
        let found = found.as_array().unwrap();
        assert_eq!(found.iter().filter(|entity| !entity.is_null()).count(), 5);
        assert_eq!(found[4]["id"], json!(ids[4]));
        assert_eq!((found.len(), &found[many - 1]), (many, &Value::Null));
    }
}

#[tokio::test]
async fn the_ticket_types_of_many_events_cost_one_statement() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    for events in COUNTS {
        let mut wanted = vec![json!({ "__typename": "Event", "id": sale.event })];
        wanted.extend((1..events).map(|_| json!({ "__typename": "Event", "id": id() })));
        let before = shop.service.database.statements();
        let found = resolve(&shop, wanted).await;
        let statements = shop.service.database.statements() - before;
        assert_eq!(statements, 1, "for {events}");
        assert_eq!(found[0]["ticketTypes"], json!([{ "name": "REGULAR" }]));
        assert_eq!(found[events - 1]["ticketTypes"], json!([]));
    }
}

#[tokio::test]
async fn a_ticket_type_points_at_its_event() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let document = format!(
        r#"{{ ticketType(id: "{}") {{ event {{ id ticketTypes {{ price }} }} }} }}"#,
        sale.ticket_type
    );
    let data = shop.service.call(document).data().await;
    let event = json!({ "id": sale.event, "ticketTypes": [{ "price": 150_000 }] });
    assert_eq!(data["ticketType"]["event"], event);
}

#[tokio::test]
async fn what_nobody_knows_is_null_and_no_error() {
    let shop = Shop::open().await;
    for wanted in [id(), "nonsense".to_owned(), String::new()] {
        let data = shop.service.call(format!(r#"{{ ticketType(id: "{wanted}") {{ id }} }}"#)).data().await;
        assert_eq!(data["ticketType"], Value::Null);
        let list = shop.service.call(format!(r#"{{ ticketTypesByEvent(eventId: "{wanted}") {{ id }} }}"#));
        assert_eq!(list.data().await["ticketTypesByEvent"], json!([]));
    }
}

#[tokio::test]
async fn an_event_within_its_ticket_types_within_itself_is_not_followed_for_ever() {
    let shop = Shop::open().await;
    let event = shop.event(100).await;
    for name in ["REGULAR", "VIP", "EARLY_BIRD"] {
        shop.create(&event, name, 1, 10).data().await;
    }
    let nested = |times: usize| {
        let open = "event { ticketTypes { ".repeat(times);
        let document = format!(
            r#"{{ ticketTypesByEvent(eventId: "{event}") {{ id {open} id {} }} }}"#,
            "} }".repeat(times)
        );
        shop.service.call(document)
    };
    assert_eq!(nested(2).data().await["ticketTypesByEvent"].as_array().map(Vec::len), Some(3));
    assert_eq!(nested(20).refused().await, "DOCUMENT_TOO_COMPLEX");
}
