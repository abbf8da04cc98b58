//! Entities: bookings seen from events, users and other subgraphs, with the viewer's rights, in one statement each.

use serde_json::{Value, json};
use service::identity::{Role, ServiceName};
use uuid::Uuid;

use crate::pair::Pair;

const ENTITIES: &str = "query($r: [_Any!]!) { _entities(representations: $r) { __typename
    ... on Booking { id } ... on Event { bookings { id } } ... on User { bookings { id } } } }";

async fn resolve(pair: &Pair, user: Uuid, role: Role, wanted: Vec<Value>) -> Value {
    let call = pair.booking.call(ENTITIES).variable("r", wanted);
    call.as_user(user, role).through(ServiceName::Router).send().await.body
}

#[tokio::test]
async fn many_of_each_cost_one_statement_each() {
    let pair = Pair::open().await;
    let sale = pair.sale(100, 1).await;
    let buyer = Uuid::now_v7();
    let mut booked = Vec::new();
    for _ in 0..3 {
        booked.push(pair.booked(buyer, &sale, 1).await);
    }
    let named = |name: &str, id: &str| json!({ "__typename": name, "id": id });
    // The engine resolves a list in bites of 32; more, on a busy machine, may cost a statement for each bite.
    let many = 30;
    for (name, first) in
        [("Booking", booked[0].clone()), ("Event", sale.event.clone()), ("User", buyer.to_string())]
    {
        let mut wanted = vec![named(name, &first)];
        wanted.extend((1..many).map(|_| named(name, &Uuid::now_v7().to_string())));
        let before = pair.booking.database.statements();
        let body = resolve(&pair, Uuid::now_v7(), Role::Admin, wanted).await;
        assert_eq!(pair.booking.database.statements() - before, 1, "{name}");
        let found = &body["data"]["_entities"];
        assert_eq!(found.as_array().unwrap().len(), many);
        match name {
            "Booking" => assert_eq!((&found[0]["id"], &found[1]), (&json!(booked[0]), &Value::Null)),
            _ => assert_eq!(found[0]["bookings"].as_array().unwrap().len(), 3),
        }
    }
}

#[tokio::test]
async fn a_viewer_sees_their_own() {
    let pair = Pair::open().await;
    let sale = pair.sale(100, 1).await;
    let (buyer, stranger) = (Uuid::now_v7(), Uuid::now_v7());
    let id = pair.booked(buyer, &sale, 1).await;
    let booking = json!({ "__typename": "Booking", "id": id });
    let event = json!({ "__typename": "Event", "id": sale.event });
    let user = json!({ "__typename": "User", "id": buyer.to_string() });
    let wanted = vec![booking, event, user];

    let mine = resolve(&pair, buyer, Role::Customer, wanted.clone()).await;
    let found = &mine["data"]["_entities"];
    assert_eq!((&found[0]["id"], &found[1]["bookings"]), (&json!(id), &Value::Null));
    assert_eq!(found[2]["bookings"], json!([{ "id": id }]));
    assert_eq!(mine["errors"][0]["extensions"]["code"], "FORBIDDEN");

    for (viewer, role) in [(stranger, Role::Customer), (stranger, Role::Staff)] {
        let theirs = resolve(&pair, viewer, role, wanted.clone()).await;
        let found = &theirs["data"]["_entities"];
        assert_eq!((&found[0], &found[1]["bookings"]), (&Value::Null, &Value::Null));
        assert_eq!(found[2]["bookings"], Value::Null);
    }
    let nobody = pair.booking.call(ENTITIES).variable("r", wanted).through(ServiceName::Router).send().await;
    assert_eq!(nobody.body["data"]["_entities"][0], Value::Null);
}

#[tokio::test]
async fn a_booking_points_at_event_type_and_buyer() {
    let pair = Pair::open().await;
    let sale = pair.sale(100, 1).await;
    let buyer = Uuid::now_v7();
    let id = pair.booked(buyer, &sale, 1).await;
    let document = format!(
        r#"{{ booking(id: "{id}") {{ event {{ __typename id }} ticketType {{ __typename id }} user {{ __typename id }} }} }}"#
    );
    let data = pair.booking.call(document).as_user(buyer, Role::Customer).data().await;
    let expected = json!({
        "event": { "__typename": "Event", "id": sale.event },
        "ticketType": { "__typename": "TicketType", "id": sale.ticket_type },
        "user": { "__typename": "User", "id": buyer.to_string() },
    });
    assert_eq!(data["booking"], expected);
}
