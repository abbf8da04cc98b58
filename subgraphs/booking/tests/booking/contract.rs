//! The contract of the original: its types in our SDL, and every operation once for real.

use booking::BookingService;
use serde_json::json;
use service::identity::Role;
use subgraph::run::Subgraph;
use subgraph::testing::contract::violations;
use uuid::Uuid;

use crate::pair::Pair;

const CONTRACT: &str = include_str!("../../../../schema/contract/booking.graphql");
const COMMITTED: &str = include_str!("../../../../schema/subgraphs/booking.graphql");

#[test]
fn the_contract_is_kept() {
    assert_eq!(violations(CONTRACT, &BookingService::sdl()), Vec::<String>::new());
}

#[test]
fn the_committed_sdl_is_the_one_that_is_printed() {
    assert!(COMMITTED == BookingService::sdl(), "print it anew with `eventhub-booking sdl`");
}

#[tokio::test]
async fn every_operation_of_the_original_answers_as_it_did() {
    let pair = Pair::open().await;
    let sale = pair.sale(100, 150_000).await;
    let buyer = Uuid::now_v7();
    let (event, ticket_type) = (&sale.event, &sale.ticket_type);
    let create = format!(
        r#"mutation {{ createBooking(input: {{ eventId: "{event}" ticketTypeId: "{ticket_type}" quantity: 2 }})
           {{ id totalPrice status }} }}"#
    );
    let created = pair.booking.call(create).as_user(buyer, Role::Customer).send().await;
    let id = created.at("/createBooking/id").as_str().expect("an id").to_owned();
    assert_eq!(
        created.at("/createBooking"),
        &json!({ "id": id, "totalPrice": 300_000, "status": "PENDING" })
    );
    assert!(created.body.to_string().contains(r#""totalPrice":300000,"#), "a whole number, as it was");

    let confirm = format!(r#"mutation {{ confirmPayment(id: "{id}") {{ id status ticketTypeId }} }}"#);
    let data = pair.booking.call(confirm).as_user(buyer, Role::Customer).data().await;
    let paid = json!({ "id": id, "status": "PAID", "ticketTypeId": ticket_type });
    assert_eq!(data["confirmPayment"], paid);

    const ALL: &str = "id eventId userId ticketTypeId quantity totalPrice status";
    let row = json!({ "id": id, "eventId": event, "userId": buyer.to_string(), "ticketTypeId": ticket_type,
        "quantity": 2, "totalPrice": 300_000, "status": "PAID" });
    let one = format!(r#"{{ booking(id: "{id}") {{ {ALL} }} }}"#);
    assert_eq!(pair.booking.call(one).as_user(buyer, Role::Customer).data().await["booking"], row);
    let all = format!(r#"{{ bookingsByUser(userId: "{buyer}") {{ {ALL} }} }}"#);
    let data = pair.booking.call(all).as_user(buyer, Role::Customer).data().await;
    assert_eq!(data["bookingsByUser"], json!([row]));

    let cancel =
        format!(r#"mutation {{ cancelBooking(id: "{id}") {{ success message booking {{ id status }} }} }}"#);
    let data = pair.booking.call(cancel).as_admin().data().await;
    let refused = json!({ "success": false, "message": "Cannot cancel a PAID booking",
        "booking": { "id": id, "status": "PAID" } });
    assert_eq!(data["cancelBooking"], refused);
    let pending = pair.booked(buyer, &sale, 1).await;
    let cancel =
        format!(r#"mutation {{ cancelBooking(id: "{pending}") {{ success booking {{ status }} }} }}"#);
    let data = pair.booking.call(cancel).as_admin().data().await;
    assert_eq!(data["cancelBooking"], json!({ "success": true, "booking": { "status": "CANCELLED" } }));
    assert_eq!(pair.counters(&sale).await, [2, 98]);
}

#[test]
fn what_is_internal_is_inaccessible() {
    let sdl = BookingService::sdl();
    let line = sdl.lines().find(|line| line.contains("cancelEventBookings(")).expect("it is there");
    assert!(line.contains("@inaccessible"), "{line}");
}
