//! Ticket types: their terms, the capacity of their event, and what may still change.

use chrono::TimeDelta;
use serde_json::json;
use service::identity::ServiceName;

use crate::shop::{Shop, id};

#[tokio::test]
async fn bad_terms_are_refused_and_nothing_is_written() {
    let shop = Shop::open().await;
    let event = shop.event(100).await;
    let cases = [
        (shop.create(&event, "VIP", -1, 10), "BAD_USER_INPUT"),
        (shop.create(&event, "VIP", 1, 0), "BAD_USER_INPUT"),
        (shop.create(&event, "VIP", 1, -5), "BAD_USER_INPUT"),
        (shop.create(&event, "VIP", 1, 101), "CAPACITY_EXCEEDED"),
        (shop.create("not-an-id", "VIP", 1, 1), "BAD_USER_INPUT"),
    ];
    for (call, code) in cases {
        assert_eq!(call.refused().await, code);
    }
    for (price, quota) in [(1_i64 << 31, 1), (1, 1_i64 << 31)] {
        assert!(shop.create(&event, "VIP", price, quota).send().await.code().is_some());
    }
    let facts = shop.facts().await;
    assert_eq!((&facts["ticketTypes"], &facts["events"][0]["allocated"]), (&json!([]), &json!(0)));
}

#[tokio::test]
async fn an_event_has_each_name_once() {
    let shop = Shop::open().await;
    let event = shop.event(100).await;
    shop.create(&event, "VIP", 1, 10).data().await;
    assert_eq!(shop.create(&event, "VIP", 1, 10).refused().await, "DUPLICATE_TICKET_TYPE");
    let regular = shop.create(&event, "REGULAR", 1, 10).data().await;
    let regular = regular["createTicketType"]["id"].as_str().unwrap();
    assert_eq!(shop.update(regular, "{ name: VIP }").refused().await, "DUPLICATE_TICKET_TYPE");
    let facts = shop.facts().await;
    assert_eq!(facts["events"][0]["allocated"], 20, "a refused type takes no room");
}

#[tokio::test]
async fn the_quotas_of_an_event_fit_its_room_however_many_organisers_hurry() {
    let shop = Shop::open().await;
    let event = shop.event(100).await;
    let calls = ["VIP", "REGULAR", "EARLY_BIRD"].map(|name| shop.create(&event, name, 1, 60).send());
    let answers = futures_util::future::join_all(calls).await;
    let codes: Vec<_> = answers.iter().filter_map(|answer| answer.code()).collect();
    assert_eq!(codes, ["CAPACITY_EXCEEDED", "CAPACITY_EXCEEDED"]);
}

#[tokio::test]
async fn a_quota_grows_and_shrinks_within_its_bounds() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    for booking in [id(), id(), id()] {
        shop.hold(&booking, &sale, 1).data().await;
        if shop.counters(&sale).await[1] == 7 {
            shop.confirm(&booking).data().await;
        }
    }
    let too_low = shop.update(&sale.ticket_type, "{ quota: 2 }").send().await;
    assert_eq!(too_low.code(), Some("QUOTA_TOO_LOW"));
    assert_eq!(too_low.body["errors"][0]["extensions"]["minimum"], 3);
    assert_eq!(shop.update(&sale.ticket_type, "{ quota: 11 }").refused().await, "CAPACITY_EXCEEDED");
    let data = shop.update(&sale.ticket_type, "{ quota: 3 }").data().await;
    assert_eq!(data["updateTicketType"]["status"], "SOLD_OUT");
    assert_eq!(shop.facts().await["events"][0]["allocated"], 3);
    let data = shop.update(&sale.ticket_type, "{ quota: 10 }").data().await;
    assert_eq!(data["updateTicketType"]["status"], "OPEN");
}

#[tokio::test]
async fn what_was_sold_keeps_its_price_and_name() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let booking = id();
    shop.hold(&booking, &sale, 1).data().await;
    shop.update(&sale.ticket_type, "{ price: 1000 }").data().await;
    let held = shop.hold(&booking, &sale, 1).data().await;
    assert_eq!(held["hold"]["unitPrice"], 150_000, "a hold keeps its price");
    shop.confirm(&booking).data().await;
    let refused = shop.update(&sale.ticket_type, "{ price: 2000 }").send().await;
    assert_eq!(refused.code(), Some("HAS_SALES"));
    assert_eq!(refused.body["errors"][0]["message"], "Cannot update price of ticket that has been sold");
    assert_eq!(shop.update(&sale.ticket_type, "{ name: VIP }").refused().await, "HAS_SALES");
    assert_eq!(shop.update(&sale.ticket_type, "{ status: SOLD_OUT }").refused().await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn a_type_with_holds_or_sales_is_not_deleted() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let delete = format!(r#"mutation {{ deleteTicketType(id: "{}") {{ ok }} }}"#, sale.ticket_type);
    shop.hold(&id(), &sale, 1).data().await;
    assert_eq!(shop.service.call(delete.clone()).as_admin().refused().await, "HAS_SALES");
    shop.clock.advance(TimeDelta::seconds(61));
    shop.service.call(delete).as_admin().data().await;
    assert_eq!(shop.facts().await["events"][0]["allocated"], 0, "the room is free for other types");
}

#[tokio::test]
async fn a_cancelled_event_is_closed_for_ever() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    assert_eq!(
        shop.sync(&sale.event, 5, "CANCELLED").await.at("/syncEvent"),
        &json!(true),
        "want of room is no hindrance"
    );
    assert_eq!(shop.row(&sale.ticket_type).await["status"], "CLOSED");
    assert_eq!(shop.hold(&id(), &sale, 1).refused().await, "EVENT_NOT_OPEN");
    shop.sync(&sale.event, 10, "OPEN").await;
    assert_eq!(shop.update(&sale.ticket_type, "{ status: OPEN }").refused().await, "EVENT_NOT_OPEN");
    assert_eq!(shop.create(&sale.event, "VIP", 1, 1).refused().await, "EVENT_NOT_OPEN");
}

#[tokio::test]
async fn a_room_too_small_for_what_is_on_sale_is_refused() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    assert_eq!(shop.sync(&sale.event, 9, "OPEN").await.code(), Some("CAPACITY_EXCEEDED"));
    assert_eq!(shop.sync(&sale.event, -1, "OPEN").await.code(), Some("BAD_USER_INPUT"));
    assert_eq!(shop.sync(&sale.event, 10, "OPEN").await.at("/syncEvent"), &json!(true));
}

#[tokio::test]
async fn nobody_sells_for_an_event_that_has_begun() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    shop.clock.advance(TimeDelta::days(1));
    assert_eq!(shop.hold(&id(), &sale, 1).refused().await, "EVENT_NOT_OPEN");
    assert_eq!(shop.create(&sale.event, "VIP", 1, 1).refused().await, "EVENT_NOT_OPEN");
}

#[tokio::test]
async fn the_original_way_of_selling_stays_within_bounds() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let cases = [
        (0, "BAD_USER_INPUT"),
        (11, "SOLD_OUT"),
        (-1, "BAD_USER_INPUT"),
        (i32::MAX, "SOLD_OUT"),
        (i32::MIN, "BAD_USER_INPUT"),
    ];
    for (quantity, code) in cases {
        let document = format!(
            r#"mutation {{ updateTicketSold(id: "{}", quantity: {quantity}) {{ sold }} }}"#,
            sale.ticket_type
        );
        let call = shop.service.call(document).through(ServiceName::Booking);
        assert_eq!(call.refused().await, code, "{quantity}");
    }
    assert_eq!(shop.counters(&sale).await, [0, 10]);
}

#[tokio::test]
async fn an_event_may_lie_beyond_2038() {
    let shop = Shop::open().await;
    let event = id();
    let input = json!({ "eventId": event, "capacity": 10, "startsAt": "2099-01-01T12:00:00+07:00",
        "endsAt": "2099-01-01T14:00:00Z", "status": "OPEN" });
    let sync = "mutation($i: SyncEventInput!) { syncEvent(input: $i) }";
    for _ in 0..2 {
        shop.service.call(sync).variable("i", input.clone()).through(ServiceName::Event).data().await;
    }
    assert_eq!(shop.facts().await["events"][0]["startsAt"], "2099-01-01T05:00:00Z");
    shop.create(&event, "VIP", 1, 10).data().await;
}
