//! The contract of the original: its types in our SDL, and every operation once for real.

use serde_json::json;
use service::identity::ServiceName;
use subgraph::run::Subgraph;
use subgraph::testing::contract::violations;
use ticket::TicketService;

use crate::shop::Shop;

const CONTRACT: &str = include_str!("../../../../schema/contract/ticket.graphql");
const COMMITTED: &str = include_str!("../../../../schema/subgraphs/ticket.graphql");

#[test]
fn the_contract_is_kept() {
    assert_eq!(violations(CONTRACT, &TicketService::sdl()), Vec::<String>::new());
}

#[test]
fn the_committed_sdl_is_the_one_that_is_printed() {
    assert!(
        COMMITTED == TicketService::sdl(),
        "run `cargo xtask compose` or print it anew with `eventhub-ticket sdl`"
    );
}

#[test]
fn what_is_internal_is_inaccessible() {
    let sdl = TicketService::sdl();
    for internal in
        ["updateTicketSold(", "hold(", "confirmHold(", "releaseHold(", "syncEvent(", "heldBooking("]
    {
        let line = sdl.lines().find(|line| line.trim_start().starts_with(internal)).expect(internal);
        assert!(line.contains("@inaccessible"), "{line}");
    }
}

#[tokio::test]
async fn every_operation_of_the_original_answers_as_it_did() {
    let shop = Shop::open().await;
    let event = shop.event(100).await;
    let create = format!(
        r#"mutation {{ createTicketType(input: {{ eventId: "{event}" name: REGULAR price: 150000 quota: 100 }})
           {{ id name price quota }} }}"#
    );
    let data = shop.service.call(create).as_admin().data().await;
    let made = &data["createTicketType"];
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!(made, &json!({ "id": id, "name": "REGULAR", "price": 150_000, "quota": 100 }));

    const ALL: &str = "id eventId name price quota sold status";
    let row = json!({ "id": id, "eventId": event, "name": "REGULAR", "price": 150_000, "quota": 100, "sold": 0,
        "status": "OPEN" });
    let data = shop.service.call(format!(r#"{{ ticketType(id: "{id}") {{ {ALL} }} }}"#)).data().await;
    assert_eq!(data["ticketType"], row);
    let list = format!(r#"{{ ticketTypesByEvent(eventId: "{event}") {{ {ALL} }} }}"#);
    assert_eq!(shop.service.call(list.clone()).data().await["ticketTypesByEvent"], json!([row]));

    let update = format!(
        r#"mutation {{ updateTicketType(id: "{id}", input: {{ name: VIP, price: 200000, quota: 90, status: CLOSED }})
           {{ name price quota status }} }}"#
    );
    let data = shop.service.call(update).as_admin().data().await;
    let updated = json!({ "name": "VIP", "price": 200_000, "quota": 90, "status": "CLOSED" });
    assert_eq!(data["updateTicketType"], updated);

    let sold = format!(r#"mutation {{ updateTicketSold(id: "{id}", quantity: 2) {{ sold }} }}"#);
    let data = shop.service.call(sold.clone()).through(ServiceName::Booking).data().await;
    assert_eq!(data["updateTicketSold"]["sold"], 2);
    assert_eq!(shop.service.call(sold).as_admin().refused().await, "FORBIDDEN");

    let delete = format!(r#"mutation {{ deleteTicketType(id: "{id}") {{ ok }} }}"#);
    assert_eq!(shop.service.call(delete.clone()).as_admin().refused().await, "HAS_SALES");
    let back = format!(r#"mutation {{ updateTicketSold(id: "{id}", quantity: -2) {{ sold }} }}"#);
    shop.service.call(back).through(ServiceName::Booking).data().await;
    let data = shop.service.call(delete.clone()).as_admin().data().await;
    assert_eq!(data["deleteTicketType"], json!({ "ok": true }));
    assert_eq!(shop.service.call(delete).as_admin().refused().await, "NOT_FOUND");
    assert_eq!(shop.service.call(list).data().await["ticketTypesByEvent"], json!([]));
}
