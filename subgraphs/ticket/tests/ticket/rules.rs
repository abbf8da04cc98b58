//! The rules of a sale beside price and quota: when, how many in one order, how many for one buyer.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::shop::{BUYER, Sale, Shop, id, noon};

const RULES: &str = "salesOpenAt salesCloseAt minPerOrder maxPerOrder maxPerBuyer";

/// A type of which there are `quota`, with these rules.
async fn sale(shop: &Shop, quota: i32, rules: &str) -> Sale {
    let sale = shop.sale(quota).await;
    shop.update(&sale.ticket_type, rules).data().await;
    sale
}

async fn rules(shop: &Shop, sale: &Sale) -> Value {
    let document = format!(r#"{{ ticketType(id: "{}") {{ {RULES} }} }}"#, sale.ticket_type);
    shop.service.call(document).data().await["ticketType"].clone()
}

/// The code and the facts of a refusal.
async fn refusal(shop: &Shop, sale: &Sale, quantity: i64) -> Value {
    let answer = shop.hold(&id(), sale, quantity).send().await;
    answer.body["errors"][0]["extensions"].clone()
}

fn minutes(minutes: i64) -> String {
    (noon() + TimeDelta::minutes(minutes)).to_rfc3339()
}

#[tokio::test]
async fn rules_are_set_shown_changed_and_lifted() {
    let shop = Shop::open().await;
    let event = shop.event(10).await;
    let (open, close) = (minutes(1), minutes(2));
    let create = format!(
        r#"mutation {{ createTicketType(input: {{ eventId: "{event}", name: VIP, price: 1, quota: 10, maxPerBuyer: 6,
            salesOpenAt: "{open}", salesCloseAt: "{close}", minPerOrder: 2, maxPerOrder: 4 }}) {{ id {RULES} }} }}"#
    );
    let mut made = shop.service.call(create).as_admin().data().await["createTicketType"].clone();
    let ticket_type = made.as_object_mut().unwrap().remove("id").unwrap().as_str().unwrap().to_owned();
    let all = json!({
        "salesOpenAt": open, "salesCloseAt": close, "minPerOrder": 2, "maxPerOrder": 4, "maxPerBuyer": 6
    });
    assert_eq!(made, all);
    let sale = Sale { event, ticket_type };
    shop.update(&sale.ticket_type, "{ quota: 9 }").data().await;
    assert_eq!(rules(&shop, &sale).await, all, "what is absent stays");
    let lifted = "{ salesOpenAt: null, salesCloseAt: null, minPerOrder: null, maxPerOrder: 5 }";
    shop.update(&sale.ticket_type, lifted).data().await;
    let left = json!({
        "salesOpenAt": null, "salesCloseAt": null, "minPerOrder": null, "maxPerOrder": 5, "maxPerBuyer": 6
    });
    assert_eq!(rules(&shop, &sale).await, left);
}

#[tokio::test]
async fn rules_by_which_nothing_is_ever_sold_are_refused_with_their_field() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let (open, close) = (minutes(2), minutes(1));
    let window = format!(r#"{{ salesOpenAt: "{open}", salesCloseAt: "{close}" }}"#);
    let cases = [
        (window.as_str(), "salesCloseAt"),
        ("{ minPerOrder: 0 }", "minPerOrder"),
        ("{ minPerOrder: 3, maxPerOrder: 2 }", "maxPerOrder"),
        ("{ maxPerBuyer: 0 }", "maxPerBuyer"),
    ];
    for (input, field) in cases {
        let answer = shop.update(&sale.ticket_type, input).send().await;
        assert_eq!(answer.code(), Some("BAD_USER_INPUT"), "{input}");
        assert_eq!(answer.body["errors"][0]["extensions"]["field"], field);
    }
}

#[tokio::test]
async fn nothing_is_held_outside_the_window_and_the_buyer_is_told_when() {
    let shop = Shop::open().await;
    let (open, close) = (minutes(5), minutes(10));
    let window = format!(r#"{{ salesOpenAt: "{open}", salesCloseAt: "{close}" }}"#);
    let sale = sale(&shop, 10, &window).await;
    let early = json!({ "code": "SALES_CLOSED", "salesOpenAt": open });
    assert_eq!(refusal(&shop, &sale, 1).await, early);
    shop.clock.advance(TimeDelta::minutes(5));
    shop.hold(&id(), &sale, 1).data().await;
    shop.clock.advance(TimeDelta::minutes(5));
    let late = json!({ "code": "SALES_CLOSED", "salesCloseAt": close });
    assert_eq!(refusal(&shop, &sale, 1).await, late);
    assert_eq!(shop.counters(&sale).await, [0, 9]);
}

#[tokio::test]
async fn an_order_is_within_its_bounds_and_the_buyer_is_told_them() {
    let shop = Shop::open().await;
    let sale = sale(&shop, 10, "{ minPerOrder: 2, maxPerOrder: 4 }").await;
    let few = json!({ "code": "BAD_USER_INPUT", "field": "quantity", "minPerOrder": 2 });
    let many = json!({ "code": "BAD_USER_INPUT", "field": "quantity", "maxPerOrder": 4 });
    assert_eq!([refusal(&shop, &sale, 1).await, refusal(&shop, &sale, 5).await], [few, many]);
    for quantity in [2, 4] {
        shop.hold(&id(), &sale, quantity).data().await;
    }
    assert_eq!(shop.counters(&sale).await, [0, 4]);
}

#[tokio::test]
async fn one_buyer_has_no_more_than_their_share() {
    let shop = Shop::open().await;
    let sale = sale(&shop, 10, "{ maxPerBuyer: 3 }").await;
    let (paid, dropped) = (id(), id());
    shop.hold(&paid, &sale, 1).data().await;
    shop.confirm(&paid).data().await;
    shop.hold(&dropped, &sale, 1).data().await;
    let limit = |remaining: i32| json!({ "code": "BAD_USER_INPUT", "field": "quantity", "maxPerBuyer": 3, "remaining": remaining });
    assert_eq!(refusal(&shop, &sale, 2).await, limit(1));
    assert_eq!(shop.counters(&sale).await, [1, 8], "a refusal moves nothing");
    shop.hold_as(&id(), &sale, 3, &id()).data().await;
    shop.release(&dropped, "").data().await;
    assert_eq!(refusal(&shop, &sale, 3).await, limit(2));
    shop.hold(&id(), &sale, 2).data().await;
    assert_eq!(refusal(&shop, &sale, 1).await, limit(0));
    shop.clock.advance(TimeDelta::seconds(61));
    shop.hold(&id(), &sale, 2).data().await;
    assert_eq!(refusal(&shop, &sale, 1).await, limit(0), "what lapsed counts no more, what was paid does");
}

#[tokio::test]
async fn a_buyer_in_many_places_at_once_gets_the_share_and_no_more() {
    let shop = Shop::open().await;
    let sale = sale(&shop, 100, "{ maxPerBuyer: 5 }").await;
    let others: Vec<_> = (0..12).map(|_| id()).collect();
    let buyers = (0..24).map(|_| BUYER).chain(others.iter().map(String::as_str));
    let answers = join_all(buyers.map(|buyer| {
        let (shop, sale) = (&shop, &sale);
        async move { shop.hold_as(&id(), sale, 1, buyer).send().await }
    }))
    .await;
    let codes: Vec<_> = answers.iter().filter_map(|answer| answer.code()).collect();
    assert_eq!(codes, ["BAD_USER_INPUT"; 19]);
    assert_eq!(shop.counters(&sale).await, [0, 100 - 5 - 12]);
}

#[tokio::test]
async fn a_late_payment_wins_nothing_beyond_the_share() {
    let shop = Shop::open().await;
    let sale = sale(&shop, 10, "{ maxPerBuyer: 2 }").await;
    let (late, paid) = (id(), id());
    shop.hold(&late, &sale, 2).data().await;
    shop.clock.advance(TimeDelta::seconds(61));
    shop.hold(&paid, &sale, 1).data().await;
    shop.confirm(&paid).data().await;
    assert_eq!(shop.confirm(&late).refused().await, "HOLD_EXPIRED");
    assert_eq!(shop.counters(&sale).await, [1, 9]);
    shop.update(&sale.ticket_type, "{ maxPerBuyer: 3 }").data().await;
    shop.confirm(&late).data().await;
    assert_eq!(shop.counters(&sale).await, [3, 7]);
}
