//! Vouchers: what they take off, how often, and that nobody gets one use more by being quick, late or many.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};
use service::identity::ServiceName;
use subgraph::testing::{Answer, Call};
use ticket::expiry;

use crate::shop::{BUYER, Sale, Shop, VOID, id, noon};

const VOUCHER: &str = "id eventId ticketTypeId code discount { percent amount price currency } validFrom validUntil usageLimit used held remaining";

impl Shop {
    fn create_voucher(&self, sale: &Sale, code: &str, more: &str) -> Call<'_> {
        let event = &sale.event;
        let input = format!(r#"{{ eventId: "{event}", code: "{code}", {more} }}"#);
        let document = format!("mutation {{ voucher: createVoucher(input: {input}) {{ {VOUCHER} }} }}");
        self.service.call(document).as_admin()
    }

    /// A voucher for a fifth off, good for `limit` tickets of the event; answers its id.
    async fn fifth_off(&self, sale: &Sale, code: &str, limit: i32) -> String {
        let more = format!("discount: {{ percent: 20 }}, usageLimit: {limit}");
        let data = self.create_voucher(sale, code, &more).data().await;
        data["voucher"]["id"].as_str().unwrap().to_owned()
    }

    fn update_voucher(&self, voucher: &str, input: &str) -> Call<'_> {
        let document = format!(
            r#"mutation {{ voucher: updateVoucher(id: "{voucher}", input: {input}) {{ {VOUCHER} }} }}"#
        );
        self.service.call(document).as_admin()
    }

    async fn vouchers(&self, sale: &Sale) -> Value {
        let document = format!(r#"{{ vouchers(eventId: "{}") {{ {VOUCHER} }} }}"#, sale.event);
        self.service.call(document).as_admin().data().await["vouchers"].clone()
    }

    /// `[used, held]` of the event's first voucher.
    async fn uses(&self, sale: &Sale) -> [i64; 2] {
        let rows = self.vouchers(sale).await;
        ["used", "held"].map(|name| rows[0][name].as_i64().unwrap())
    }

    fn hold_with(&self, booking: &str, sale: &Sale, quantity: i64, voucher: &str) -> Call<'_> {
        let input = json!({
            "bookingId": booking,
            "eventId": sale.event,
            "ticketTypeId": sale.ticket_type,
            "quantity": quantity,
            "ttlSeconds": 60,
            "userId": BUYER,
            "voucher": voucher,
        });
        let document = "mutation($input: HoldInput!) { hold(input: $input) { unitPrice status } }";
        self.service.call(document).variable("input", input).through(ServiceName::Booking)
    }

    async fn price_with(&self, sale: &Sale, voucher: &str) -> Value {
        self.hold_with(&id(), sale, 1, voucher).data().await["hold"]["unitPrice"].clone()
    }
}

/// The code and the facts of a refusal.
fn refusal(answer: &Answer) -> Value {
    answer.body["errors"][0]["extensions"].clone()
}

fn minutes(minutes: i64) -> String {
    (noon() + TimeDelta::minutes(minutes)).to_rfc3339()
}

#[tokio::test]
async fn each_kind_of_discount_takes_off_what_it_says() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let table = [
        ("PERCENT", "percent: 20", 120_000),
        ("AMOUNT", "amount: 50000", 100_000),
        ("TOO-MUCH", "amount: 150001", 0),
        ("PRICE", "price: 99000", 99_000),
        ("DEARER", "price: 200000", 150_000),
        ("FREE", "percent: 100", 0),
    ];
    for (code, discount, price) in table {
        let more = format!("discount: {{ {discount} }}, usageLimit: 1");
        shop.create_voucher(&sale, code, &more).data().await;
        assert_eq!(shop.price_with(&sale, &code.to_lowercase()).await, json!(price), "{discount}");
    }
    let plain = shop.hold(&id(), &sale, 1).data().await;
    assert_eq!(plain["hold"]["unitPrice"], 150_000);
}

#[tokio::test]
async fn a_voucher_is_shown_and_listed_as_it_was_made() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let (from, until) = (minutes(-1), minutes(5));
    let more = format!(
        r#"ticketTypeId: "{}", discount: {{ amount: 1000 }}, validFrom: "{from}", validUntil: "{until}", usageLimit: 3"#,
        sale.ticket_type
    );
    let made = shop.create_voucher(&sale, "early-10", &more).data().await["voucher"].clone();
    let expected = json!({
        "id": made["id"], "eventId": sale.event, "ticketTypeId": sale.ticket_type, "code": "EARLY-10",
        "discount": { "percent": null, "amount": 1000, "price": null, "currency": "IDR" },
        "validFrom": from, "validUntil": until, "usageLimit": 3, "used": 0, "held": 0, "remaining": 3,
    });
    assert_eq!(made, expected);
    shop.hold_with(&id(), &sale, 2, "Early-10").data().await;
    let listed = json!([{ "held": 2, "remaining": 1 }]);
    let now = shop.vouchers(&sale).await;
    assert_eq!(json!([{ "held": now[0]["held"], "remaining": now[0]["remaining"] }]), listed);
    let elsewhere = shop.sale(1).await;
    assert_eq!(shop.vouchers(&elsewhere).await, json!([]));
}

#[tokio::test]
async fn terms_that_nobody_could_use_are_refused_with_their_field() {
    let shop = Shop::open().await;
    let (sale, other) = (shop.sale(10).await, shop.sale(10).await);
    let window = format!(
        r#"discount: {{ percent: 1 }}, usageLimit: 1, validFrom: "{}", validUntil: "{}""#,
        minutes(2),
        minutes(1)
    );
    let elsewhere =
        format!(r#"ticketTypeId: "{}", discount: {{ percent: 1 }}, usageLimit: 1"#, other.ticket_type);
    let currency = format!(
        r#"ticketTypeId: "{}", discount: {{ price: 1, currency: "USD" }}, usageLimit: 1"#,
        sale.ticket_type
    );
    let cases = [
        ("AB", "discount: { percent: 1 }, usageLimit: 1", "BAD_USER_INPUT", json!("code")),
        ("ABC", "discount: { percent: 0 }, usageLimit: 1", "BAD_USER_INPUT", json!("discount")),
        ("ABC", "discount: { percent: 101 }, usageLimit: 1", "BAD_USER_INPUT", json!("discount")),
        ("ABC", "discount: { amount: 0 }, usageLimit: 1", "BAD_USER_INPUT", json!("discount")),
        ("ABC", "discount: { price: -1 }, usageLimit: 1", "BAD_USER_INPUT", json!("discount")),
        ("ABC", "discount: { percent: 1, price: 1 }, usageLimit: 1", "BAD_USER_INPUT", json!("discount")),
        ("ABC", "discount: {}, usageLimit: 1", "BAD_USER_INPUT", json!("discount")),
        ("ABC", "discount: { percent: 1 }, usageLimit: 0", "BAD_USER_INPUT", json!("usageLimit")),
        ("ABC", &window, "BAD_USER_INPUT", json!("validUntil")),
        ("ABC", &currency, "BAD_USER_INPUT", json!("currency")),
        ("ABC", &elsewhere, "NOT_FOUND", Value::Null),
    ];
    for (code, more, refused, field) in cases {
        let answer = shop.create_voucher(&sale, code, more).send().await;
        assert_eq!((answer.code(), refusal(&answer)["field"].clone()), (Some(refused), field), "{more}");
    }
    assert_eq!(shop.vouchers(&sale).await, json!([]));
}

#[tokio::test]
async fn a_code_is_one_of_its_event_in_whatever_case() {
    let shop = Shop::open().await;
    let (sale, other) = (shop.sale(10).await, shop.sale(10).await);
    shop.fifth_off(&sale, "Early", 1).await;
    let again = shop.create_voucher(&sale, "EARLY", "discount: { percent: 1 }, usageLimit: 1").send().await;
    assert_eq!(refusal(&again), json!({ "code": "DUPLICATE_VOUCHER", "field": "code" }));
    shop.fifth_off(&other, "EARLY", 1).await;
    assert_eq!(shop.price_with(&sale, "eARLY").await, json!(120_000));
}

#[tokio::test]
async fn who_guesses_is_not_told_what_there_is() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let type_only = shop.create(&shop.event(5).await, "VIP", 1, 5).data().await;
    let elsewhere = Sale {
        event: type_only["createTicketType"]["eventId"].as_str().unwrap().to_owned(),
        ticket_type: type_only["createTicketType"]["id"].as_str().unwrap().to_owned(),
    };
    shop.fifth_off(&elsewhere, "ELSEWHERE", 5).await;
    let later = format!(r#"discount: {{ percent: 20 }}, usageLimit: 5, validFrom: "{}""#, minutes(5));
    shop.create_voucher(&sale, "LATER", &later).data().await;
    shop.create_voucher(&sale, "DOLLARS", r#"discount: { price: 1, currency: "USD" }, usageLimit: 5"#)
        .data()
        .await;
    let mut answers = Vec::new();
    for code in ["NOTHING", "ELSEWHERE", "LATER", "DOLLARS", "no such code!", ""] {
        answers.push(shop.hold_with(&id(), &sale, 1, code).send().await.body);
    }
    assert_eq!(
        answers[0]["errors"][0]["extensions"],
        json!({ "code": "VOUCHER_INVALID", "field": "voucher" })
    );
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    assert_eq!(shop.counters(&sale).await, [0, 10], "a refusal moves nothing");
    shop.clock.advance(TimeDelta::minutes(5));
    assert_eq!(shop.price_with(&sale, "LATER").await, json!(120_000));
}

#[tokio::test]
async fn a_voucher_for_one_type_is_for_no_other() {
    let shop = Shop::open().await;
    let event = shop.event(20).await;
    let mut sales = Vec::new();
    for name in ["REGULAR", "VIP"] {
        let made = shop.create(&event, name, 100, 10).data().await;
        let ticket_type = made["createTicketType"]["id"].as_str().unwrap().to_owned();
        sales.push(Sale { event: event.clone(), ticket_type });
    }
    let only =
        format!(r#"ticketTypeId: "{}", discount: {{ percent: 50 }}, usageLimit: 5"#, sales[1].ticket_type);
    shop.create_voucher(&sales[1], "VIPS", &only).data().await;
    shop.fifth_off(&sales[0], "ALL", 5).await;
    assert_eq!(shop.hold_with(&id(), &sales[0], 1, "VIPS").refused().await, "VOUCHER_INVALID");
    assert_eq!(shop.price_with(&sales[1], "VIPS").await, json!(50));
    assert_eq!(shop.price_with(&sales[0], "ALL").await, json!(80));
    assert_eq!(shop.price_with(&sales[1], "ALL").await, json!(80));
}

#[tokio::test]
async fn a_voucher_ends() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let voucher = shop.fifth_off(&sale, "EARLY", 5).await;
    let held = id();
    shop.hold_with(&held, &sale, 1, "EARLY").data().await;
    let until = minutes(0);
    let ended = shop.update_voucher(&voucher, &format!(r#"{{ validUntil: "{until}" }}"#)).data().await;
    assert_eq!(ended["voucher"]["validUntil"], json!(until));
    let answer = shop.hold_with(&id(), &sale, 1, "EARLY").send().await;
    assert_eq!(refusal(&answer), json!({ "code": "VOUCHER_EXPIRED", "field": "voucher" }));
    shop.confirm(&held).data().await;
    assert_eq!(shop.uses(&sale).await, [1, 0], "what was held keeps its price");
    shop.update_voucher(&voucher, "{ validUntil: null }").data().await;
    shop.hold_with(&id(), &sale, 1, "EARLY").data().await;
}

#[tokio::test]
async fn a_use_is_held_used_and_given_back_as_the_stock_is() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    shop.fifth_off(&sale, "EARLY", 4).await;
    let (paid, dropped, lapsed) = (id(), id(), id());
    shop.hold_with(&paid, &sale, 2, "EARLY").data().await;
    for _ in 0..2 {
        shop.confirm(&paid).data().await;
        assert_eq!(shop.uses(&sale).await, [2, 0]);
    }
    shop.hold_with(&dropped, &sale, 2, "EARLY").data().await;
    assert_eq!(shop.uses(&sale).await, [2, 2]);
    let answer = shop.hold_with(&id(), &sale, 1, "EARLY").send().await;
    let used_up = json!({ "code": "VOUCHER_USED_UP", "field": "voucher", "remaining": 0 });
    assert_eq!(refusal(&answer), used_up);
    assert_eq!(shop.counters(&sale).await, [2, 6], "a refusal moves nothing");
    for _ in 0..2 {
        shop.release(&dropped, "").data().await;
        assert_eq!(shop.uses(&sale).await, [2, 0]);
    }
    let answer = shop.hold_with(&id(), &sale, 3, "EARLY").send().await;
    assert_eq!(refusal(&answer)["remaining"], 2);
    shop.hold_with(&lapsed, &sale, 1, "EARLY").data().await;
    shop.clock.advance(TimeDelta::seconds(61));
    assert_eq!(expiry::run_once(&shop.store()).await.unwrap(), 1);
    assert_eq!(shop.uses(&sale).await, [2, 0]);
    for _ in 0..2 {
        shop.release(&paid, VOID).data().await;
        assert_eq!(shop.uses(&sale).await, [0, 0]);
    }
    assert_eq!(shop.counters(&sale).await, [0, 10]);
}

#[tokio::test]
async fn a_lapsed_use_is_not_missed_by_who_comes_before_the_worker() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    shop.fifth_off(&sale, "EARLY", 1).await;
    shop.hold_with(&id(), &sale, 1, "EARLY").data().await;
    shop.clock.advance(TimeDelta::seconds(61));
    shop.hold_with(&id(), &sale, 1, "EARLY").data().await;
    assert_eq!((shop.uses(&sale).await, shop.counters(&sale).await), ([0, 1], [0, 9]));
}

#[tokio::test]
async fn a_late_payment_wins_its_use_back_or_loses_the_tickets_too() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let voucher = shop.fifth_off(&sale, "EARLY", 2).await;
    let (late, later) = (id(), id());
    for booking in [&late, &later] {
        shop.hold_with(booking, &sale, 1, "EARLY").data().await;
    }
    shop.clock.advance(TimeDelta::seconds(61));
    let quick = id();
    shop.hold_with(&quick, &sale, 1, "EARLY").data().await;
    expiry::run_once(&shop.store()).await.unwrap();
    let ended = format!(r#"{{ validUntil: "{}" }}"#, minutes(0));
    shop.update_voucher(&voucher, &ended).data().await;
    shop.confirm(&late).data().await;
    assert_eq!(shop.uses(&sale).await, [1, 1], "it was good when it was used");
    assert_eq!(shop.confirm(&later).refused().await, "HOLD_EXPIRED");
    assert_eq!((shop.uses(&sale).await, shop.counters(&sale).await), ([1, 1], [1, 8]));
}

#[tokio::test]
async fn one_booking_holds_with_one_voucher() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    shop.fifth_off(&sale, "EARLY", 5).await;
    shop.fifth_off(&sale, "OTHER", 5).await;
    let (with, without) = (id(), id());
    let held = shop.hold_with(&with, &sale, 1, "EARLY").data().await;
    assert_eq!(
        shop.hold_with(&with, &sale, 1, "early").data().await,
        held,
        "the same request, the same hold"
    );
    shop.hold(&without, &sale, 1).data().await;
    assert_eq!(shop.hold_with(&with, &sale, 1, "OTHER").refused().await, "IDEMPOTENCY_CONFLICT");
    assert_eq!(shop.hold(&with, &sale, 1).refused().await, "IDEMPOTENCY_CONFLICT");
    assert_eq!(shop.hold_with(&without, &sale, 1, "EARLY").refused().await, "IDEMPOTENCY_CONFLICT");
    assert_eq!(shop.uses(&sale).await, [0, 1]);
}

#[tokio::test]
async fn the_limit_is_not_lowered_below_what_is_used_and_held() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let voucher = shop.fifth_off(&sale, "EARLY", 5).await;
    let paid = id();
    shop.hold_with(&paid, &sale, 1, "EARLY").data().await;
    shop.confirm(&paid).data().await;
    shop.hold_with(&id(), &sale, 2, "EARLY").data().await;
    let answer = shop.update_voucher(&voucher, "{ usageLimit: 2 }").send().await;
    let too_low = json!({ "code": "USAGE_LIMIT_TOO_LOW", "field": "usageLimit", "minimum": 3 });
    assert_eq!(refusal(&answer), too_low);
    assert_eq!(shop.update_voucher(&voucher, "{ usageLimit: 0 }").refused().await, "BAD_USER_INPUT");
    let data = shop.update_voucher(&voucher, "{ usageLimit: 3 }").data().await;
    assert_eq!((&data["voucher"]["usageLimit"], &data["voucher"]["remaining"]), (&json!(3), &json!(0)));
    assert_eq!(shop.update_voucher(&id(), "{ usageLimit: 3 }").refused().await, "NOT_FOUND");
}

#[tokio::test]
async fn a_type_takes_its_own_vouchers_with_it() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let only = format!(r#"ticketTypeId: "{}", discount: {{ percent: 50 }}, usageLimit: 5"#, sale.ticket_type);
    shop.create_voucher(&sale, "ONLY", &only).data().await;
    shop.fifth_off(&sale, "ALL", 5).await;
    let delete = format!(r#"mutation {{ deleteTicketType(id: "{}") {{ ok }} }}"#, sale.ticket_type);
    shop.service.call(delete).as_admin().data().await;
    let left = shop.vouchers(&sale).await;
    assert_eq!((left.as_array().unwrap().len(), &left[0]["code"]), (1, &json!("ALL")));
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_buyers_with_one_voucher_use_it_as_often_as_it_is_good() {
    let shop = Shop::open().await;
    let event = shop.event(200).await;
    let mut sales = Vec::new();
    for name in ["REGULAR", "VIP"] {
        let made = shop.create(&event, name, 100, 100).data().await;
        let ticket_type = made["createTicketType"]["id"].as_str().unwrap().to_owned();
        sales.push(Sale { event: event.clone(), ticket_type });
    }
    shop.fifth_off(&sales[0], "EARLY", 10).await;
    let buy = async |nth: usize| {
        let (booking, sale) = (id(), &sales[nth % 2]);
        let held = loop {
            let held = shop.hold_with(&booking, sale, 1, "EARLY").send().await;
            // What a person would be told to do, and does.
            if held.code() != Some("UNAVAILABLE") {
                break held;
            }
        };
        if held.code().is_none() {
            shop.confirm(&booking).data().await;
        }
        held.code().map(str::to_owned)
    };
    let codes = join_all((0..30).map(buy)).await;
    let refused: Vec<_> = codes.into_iter().flatten().collect();
    assert_eq!(refused, ["VOUCHER_USED_UP"; 20]);
    assert_eq!(shop.uses(&sales[0]).await, [10, 0]);
    let sold = shop.counters(&sales[0]).await[0] + shop.counters(&sales[1]).await[0];
    assert_eq!(sold, 10);
}

#[tokio::test]
async fn a_hold_without_a_voucher_asks_nothing_about_vouchers() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let mut costs = Vec::new();
    for round in 0..2 {
        let before = shop.service.database.statements();
        shop.hold(&id(), &sale, 1).data().await;
        costs.push(shop.service.database.statements() - before);
        if round == 0 {
            shop.fifth_off(&sale, "EARLY", 5).await;
        }
    }
    assert_eq!(costs[0], costs[1]);
}
