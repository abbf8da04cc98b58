//! Waiting lists: what is given back goes to those who wait, in their order, and to nobody else in between.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};
use service::identity::{Role, ServiceName};
use subgraph::testing::Call;
use ticket::expiry;

use crate::shop::{Sale, Shop, VOID, id, noon, text};

const PLACE: &str = "status quantity position offered offerExpiresAt";

impl Shop {
    fn join(&self, user: &str, sale: &Sale, quantity: i32, more: &str) -> Call<'_> {
        let ticket_type = &sale.ticket_type;
        let arguments = format!(r#"ticketTypeId: "{ticket_type}", quantity: {quantity}{more}"#);
        let document = format!("mutation {{ place: joinWaitingList({arguments}) {{ id {PLACE} }} }}");
        self.service.call(document).as_user(user.parse().unwrap(), Role::Customer)
    }

    async fn leave(&self, user: &str, sale: &Sale) {
        let document = format!(r#"mutation {{ leaveWaitingList(ticketTypeId: "{}") }}"#, sale.ticket_type);
        let call = self.service.call(document).as_user(user.parse().unwrap(), Role::Customer);
        assert_eq!(call.data().await["leaveWaitingList"], true);
    }

    /// The places of a user, as they see them.
    async fn places(&self, user: &str) -> Value {
        let call = self.service.call(format!("{{ myWaitingList {{ {PLACE} }} }}"));
        call.as_user(user.parse().unwrap(), Role::Customer).data().await["myWaitingList"].clone()
    }

    /// The position of a user who waits on one list.
    async fn position(&self, user: &str) -> Value {
        self.places(user).await[0]["position"].clone()
    }

    /// How many are offered to a user who has one place.
    async fn offered(&self, user: &str) -> Value {
        self.places(user).await[0]["offered"].clone()
    }

    /// One look of the worker, whose offers live for a minute.
    async fn serve(&self) {
        expiry::run_once(&self.store()).await.unwrap();
        expiry::serve_lists(&self.store(), TimeDelta::seconds(60)).await.unwrap();
    }

    /// A sale of which all `quota` are held; answers the holds, of one ticket each.
    async fn sold_out(&self, quota: i32) -> (Sale, Vec<String>) {
        let sale = self.sale(quota).await;
        let holds: Vec<_> = (0..quota).map(|_| id()).collect();
        for hold in &holds {
            self.hold(hold, &sale, 1).data().await;
            self.confirm(hold).data().await;
        }
        (sale, holds)
    }

    /// That what the counters say is what the rows say.
    async fn check(&self, sale: &Sale) {
        let facts = self.facts().await;
        let of_type = |list: &str| {
            let rows = facts[list].as_array().unwrap().iter();
            rows.filter(|row| row["ticketTypeId"] == *sale.ticket_type).cloned().collect::<Vec<_>>()
        };
        let sum = |rows: &[Value], status: &str, count: &str| -> i64 {
            let rows = rows.iter().filter(|row| row["status"] == status);
            rows.map(|row| row[count].as_i64().unwrap()).sum()
        };
        let (holds, places) = (of_type("holds"), of_type("waitingPlaces"));
        let types = facts["ticketTypes"].as_array().unwrap();
        let row = types.iter().find(|row| row["id"] == *sale.ticket_type).unwrap();
        let offered = sum(&places, "OFFERED", "offered");
        let waiting = places.iter().filter(|place| place["status"] == "WAITING").count();
        assert_eq!((&row["offered"], &row["waiting"]), (&json!(offered), &json!(waiting)));
        assert_eq!(row["held"], json!(sum(&holds, "HELD", "quantity") + offered));
        assert_eq!(row["sold"], json!(sum(&holds, "CONFIRMED", "quantity")));
    }
}

#[tokio::test]
async fn nobody_waits_for_what_can_be_had() {
    let shop = Shop::open().await;
    let (sale, user) = (shop.sale(2).await, id());
    let answer = shop.join(&user, &sale, 2, "").send().await;
    assert_eq!(answer.body["errors"][0]["extensions"], json!({ "code": "NOT_SOLD_OUT", "available": 2 }));
    shop.hold(&id(), &sale, 1).data().await;
    assert_eq!(shop.join(&user, &sale, 2, "").refused().await, "NOT_SOLD_OUT", "the last one is anybody's");
    shop.hold(&id(), &sale, 1).data().await;
    let place = shop.join(&user, &sale, 2, "").data().await["place"].clone();
    assert_eq!((&place["status"], &place["position"]), (&json!("WAITING"), &json!(1)));
    for quantity in [0, -1, 101, i32::MAX] {
        assert_eq!(shop.join(&id(), &sale, quantity, "").refused().await, "BAD_USER_INPUT", "{quantity}");
    }
    let nowhere = Sale { ticket_type: id(), ..sale };
    assert_eq!(shop.join(&user, &nowhere, 1, "").refused().await, "NOT_FOUND");
    assert_eq!(shop.service.call("{ myWaitingList { id } }").refused().await, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_buyer_has_one_place_however_often_they_ask() {
    let shop = Shop::open().await;
    let (sale, _) = shop.sold_out(1).await;
    let (other, _) = shop.sold_out(1).await;
    let user = id();
    let key = r#", idempotencyKey: "k""#;
    let joins = (0..4).map(|_| shop.join(&user, &sale, 1, key).data());
    let answers = join_all(joins).await;
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    assert_eq!(shop.join(&user, &sale, 1, "").data().await, answers[0], "with or without the key");
    assert_eq!(shop.join(&user, &sale, 2, "").refused().await, "CONFLICT");
    assert_eq!(shop.join(&user, &sale, 2, key).refused().await, "IDEMPOTENCY_CONFLICT");
    assert_eq!(shop.join(&user, &other, 1, key).refused().await, "IDEMPOTENCY_CONFLICT");
    assert_eq!(shop.join(&user, &other, 1, r#", idempotencyKey: "a b""#).refused().await, "BAD_USER_INPUT");
    shop.leave(&user, &sale).await;
    let again = shop.join(&user, &sale, 1, key).data().await["place"].clone();
    assert_eq!(
        (&again["id"], &again["status"]),
        (&answers[0]["place"]["id"], &json!("LEFT")),
        "a replay is no new request"
    );
    shop.join(&user, &sale, 1, "").data().await;
    shop.check(&sale).await;
}

#[tokio::test]
async fn the_original_way_of_selling_takes_nothing_from_who_waits() {
    let shop = Shop::open().await;
    let (sale, sold) = shop.sold_out(2).await;
    shop.join(&id(), &sale, 1, "").data().await;
    shop.release(&sold[0], VOID).data().await;
    let adjust = |quantity: i32| {
        let ticket_type = &sale.ticket_type;
        let document = format!(
            r#"mutation {{ updateTicketSold(id: "{ticket_type}", quantity: {quantity}) {{ sold }} }}"#
        );
        shop.service.call(document).through(ServiceName::Booking)
    };
    assert_eq!(adjust(1).refused().await, "SOLD_OUT");
    assert_eq!(adjust(-1).data().await["updateTicketSold"]["sold"], 0);
}

#[tokio::test]
async fn the_list_moves_up_when_somebody_leaves_it() {
    let shop = Shop::open().await;
    let (sale, _) = shop.sold_out(1).await;
    let (other, _) = shop.sold_out(1).await;
    let users = [id(), id(), id()];
    for user in &users {
        shop.join(user, &sale, 1, "").data().await;
        shop.clock.advance(TimeDelta::milliseconds(1));
    }
    shop.join(&id(), &other, 1, "").data().await;
    assert_eq!([shop.position(&users[0]).await, shop.position(&users[2]).await], [json!(1), json!(3)]);
    for _ in 0..2 {
        shop.leave(&users[0], &sale).await;
    }
    assert_eq!(shop.places(&users[0]).await, json!([]));
    assert_eq!([shop.position(&users[1]).await, shop.position(&users[2]).await], [json!(1), json!(2)]);
    shop.check(&sale).await;
}

#[tokio::test]
async fn what_is_given_back_is_the_first_ones_and_no_strangers() {
    let shop = Shop::open().await;
    let (sale, sold) = shop.sold_out(2).await;
    let (first, second) = (id(), id());
    shop.join(&first, &sale, 1, "").data().await;
    shop.clock.advance(TimeDelta::milliseconds(1));
    shop.join(&second, &sale, 1, "").data().await;
    shop.release(&sold[0], VOID).data().await;
    assert_eq!(shop.counters(&sale).await, [1, 0], "free, but not for everybody");
    assert_eq!(shop.row(&sale.ticket_type).await["status"], "SOLD_OUT");
    assert_eq!(shop.hold(&id(), &sale, 1).refused().await, "SOLD_OUT", "before the worker looked");
    shop.serve().await;
    let until = text(shop.clock.now() + TimeDelta::seconds(60));
    let offer = &shop.places(&first).await[0];
    assert_eq!(
        (&offer["status"], &offer["offered"], &offer["position"]),
        (&json!("OFFERED"), &json!(1), &Value::Null)
    );
    assert_eq!(offer["offerExpiresAt"].as_str().unwrap()[..19], until[..19]);
    assert_eq!(shop.position(&second).await, json!(1));
    assert_eq!(shop.hold(&id(), &sale, 1).refused().await, "SOLD_OUT", "nor after it");
    assert_eq!(
        shop.hold_as(&id(), &sale, 1, &second).refused().await,
        "SOLD_OUT",
        "not the next one's either"
    );
    let booking = id();
    let held = shop.hold_as(&booking, &sale, 1, &first).data().await;
    assert_eq!(
        shop.hold_as(&booking, &sale, 1, &first).data().await,
        held,
        "the same request, the same hold"
    );
    assert_eq!(shop.places(&first).await, json!([]));
    assert_eq!(shop.hold_as(&id(), &sale, 1, &first).refused().await, "SOLD_OUT", "an offer is taken once");
    shop.check(&sale).await;
    shop.confirm(&booking).data().await;
    shop.release(&sold[1], VOID).data().await;
    shop.serve().await;
    assert_eq!(shop.offered(&second).await, json!(1));
    shop.check(&sale).await;
}

#[tokio::test]
async fn an_offer_that_lapses_goes_to_the_next_and_then_to_everybody() {
    let shop = Shop::open().await;
    let (sale, sold) = shop.sold_out(1).await;
    let (first, second) = (id(), id());
    shop.join(&first, &sale, 1, "").data().await;
    shop.clock.advance(TimeDelta::milliseconds(1));
    shop.join(&second, &sale, 1, "").data().await;
    shop.release(&sold[0], VOID).data().await;
    shop.serve().await;
    shop.clock.advance(TimeDelta::seconds(60));
    assert_eq!(
        shop.hold_as(&id(), &sale, 1, &first).refused().await,
        "SOLD_OUT",
        "too late, also before the worker"
    );
    shop.serve().await;
    assert_eq!((shop.places(&first).await, shop.offered(&second).await), (json!([]), json!(1)));
    shop.check(&sale).await;
    shop.clock.advance(TimeDelta::seconds(60));
    shop.serve().await;
    assert_eq!(shop.places(&second).await, json!([]));
    assert_eq!(shop.counters(&sale).await, [0, 1]);
    shop.hold(&id(), &sale, 1).data().await;
    shop.check(&sale).await;
}

#[tokio::test]
async fn when_nobody_waits_any_more_what_is_free_is_anybodys_at_once() {
    let shop = Shop::open().await;
    let (sale, sold) = shop.sold_out(2).await;
    let user = id();
    shop.join(&user, &sale, 2, "").data().await;
    shop.release(&sold[0], VOID).data().await;
    assert_eq!(shop.hold(&id(), &sale, 1).refused().await, "SOLD_OUT");
    shop.leave(&user, &sale).await;
    shop.hold(&id(), &sale, 1).data().await;
    shop.join(&user, &sale, 1, "").data().await;
    shop.release(&sold[1], VOID).data().await;
    shop.serve().await;
    assert_eq!(shop.offered(&user).await, json!(1));
    shop.leave(&user, &sale).await;
    shop.hold(&id(), &sale, 1).data().await;
    shop.check(&sale).await;
}

#[tokio::test]
async fn less_than_is_wanted_is_offered_rather_than_left_unsold() {
    let shop = Shop::open().await;
    let (sale, sold) = shop.sold_out(4).await;
    let (first, second) = (id(), id());
    shop.join(&first, &sale, 3, "").data().await;
    shop.clock.advance(TimeDelta::milliseconds(1));
    shop.join(&second, &sale, 2, "").data().await;
    for hold in &sold[..2] {
        shop.release(hold, VOID).data().await;
    }
    shop.serve().await;
    assert_eq!(shop.offered(&first).await, json!(2));
    let answer = shop.hold_as(&id(), &sale, 3, &first).send().await;
    assert_eq!(answer.body["errors"][0]["extensions"], json!({ "code": "SOLD_OUT", "available": 2 }));
    shop.hold_as(&id(), &sale, 1, &first).data().await;
    shop.check(&sale).await;
    shop.serve().await;
    assert_eq!(shop.offered(&second).await, json!(1), "what was not taken goes on");
    shop.check(&sale).await;
}

#[tokio::test]
async fn what_no_order_may_be_for_is_neither_left_nor_offered() {
    let shop = Shop::open().await;
    let (sale, user, dropped) = (shop.sale(3).await, id(), id());
    shop.update(&sale.ticket_type, "{ minPerOrder: 2 }").data().await;
    shop.hold(&dropped, &sale, 2).data().await;
    shop.join(&user, &sale, 2, "").data().await;
    shop.serve().await;
    assert_eq!(shop.offered(&user).await, json!(0), "one is free, and no order is for one");
    shop.release(&dropped, "").data().await;
    shop.serve().await;
    assert_eq!(shop.offered(&user).await, json!(2));
    shop.check(&sale).await;
}

#[tokio::test]
async fn a_raised_quota_and_lapsed_holds_are_for_those_who_wait_too() {
    let shop = Shop::open().await;
    let event = shop.event(10).await;
    let made = shop.create(&event, "REGULAR", 1, 1).data().await;
    let ticket_type = made["createTicketType"]["id"].as_str().unwrap().to_owned();
    let sale = Sale { event, ticket_type };
    shop.hold(&id(), &sale, 1).data().await;
    let users = [id(), id()];
    for user in &users {
        shop.join(user, &sale, 1, "").data().await;
        shop.clock.advance(TimeDelta::milliseconds(1));
    }
    shop.update(&sale.ticket_type, "{ quota: 2 }").data().await;
    assert_eq!(shop.hold(&id(), &sale, 1).refused().await, "SOLD_OUT");
    shop.serve().await;
    assert_eq!((shop.offered(&users[0]).await, shop.offered(&users[1]).await), (json!(1), json!(0)));
    shop.hold_as(&id(), &sale, 1, &users[0]).data().await;
    shop.clock.advance(TimeDelta::seconds(59));
    shop.clock.advance(TimeDelta::seconds(1));
    assert_eq!(shop.hold(&id(), &sale, 1).refused().await, "SOLD_OUT", "what lapsed is theirs as well");
    shop.serve().await;
    assert_eq!(shop.offered(&users[1]).await, json!(1));
    shop.check(&sale).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_who_rush_get_nothing_of_what_others_wait_for() {
    let shop = Shop::open().await;
    let (sale, sold) = shop.sold_out(4).await;
    let waiting: Vec<_> = (0..4).map(|_| id()).collect();
    for user in &waiting {
        shop.join(user, &sale, 1, "").data().await;
    }
    let strangers = async {
        let rush = (0..24).map(|_| async { shop.hold_as(&id(), &sale, 1, &id()).send().await });
        join_all(rush).await.iter().filter(|answer| answer.code().is_none()).count()
    };
    let back = async {
        for hold in &sold {
            shop.release(hold, VOID).data().await;
        }
    };
    // Two replicas, each with its worker, in the middle of it.
    let workers = async { futures_util::future::join(shop.serve_patiently(), shop.serve_patiently()).await };
    let (taken, (), _) = futures_util::future::join3(strangers, back, workers).await;
    assert_eq!(taken, 0);
    shop.serve().await;
    let takes = waiting.iter().map(|user| {
        let (shop, sale) = (&shop, &sale);
        async move {
            loop {
                let taken = shop.hold_as(&id(), sale, 1, user).send().await;
                if taken.code() != Some("UNAVAILABLE") {
                    break taken.code().map(str::to_owned);
                }
            }
        }
    });
    assert_eq!(join_all(takes).await, vec![None; 4]);
    assert_eq!(shop.counters(&sale).await, [0, 0]);
    shop.check(&sale).await;
}

impl Shop {
    /// Some looks of a worker that another may be in the way of.
    async fn serve_patiently(&self) {
        for _ in 0..5 {
            // What is contended is looked at again, as the worker does.
            drop(expiry::serve_lists(&self.store(), TimeDelta::seconds(60)).await);
        }
    }
}

#[tokio::test]
async fn a_list_ends_when_its_type_is_closed_or_its_event_is_called_off() {
    let shop = Shop::open().await;
    for call_off in [false, true] {
        let (sale, sold) = shop.sold_out(2).await;
        let (offered, waiting) = (id(), id());
        shop.join(&offered, &sale, 1, "").data().await;
        shop.clock.advance(TimeDelta::milliseconds(1));
        shop.join(&waiting, &sale, 1, "").data().await;
        shop.release(&sold[0], VOID).data().await;
        shop.serve().await;
        if call_off {
            assert_eq!(shop.sync(&sale.event, 2, "CANCELLED").await.at("/syncEvent"), &json!(true));
        } else {
            shop.update(&sale.ticket_type, "{ status: CLOSED }").data().await;
        }
        assert!(
            shop.hold_as(&id(), &sale, 1, &offered).send().await.code().is_some(),
            "an offer is no way in"
        );
        shop.serve().await;
        assert_eq!((shop.places(&offered).await, shop.places(&waiting).await), (json!([]), json!([])));
        assert_eq!(shop.counters(&sale).await, [1, 1]);
        assert!(shop.join(&id(), &sale, 1, "").send().await.code().is_some(), "nor is there a list");
        shop.check(&sale).await;
    }
}

#[tokio::test]
async fn a_list_ends_with_the_sales_and_goes_with_its_type() {
    let shop = Shop::open().await;
    let (sale, sold) = shop.sold_out(1).await;
    let user = id();
    shop.join(&user, &sale, 1, "").data().await;
    let close = text(noon() + TimeDelta::minutes(1));
    shop.update(&sale.ticket_type, &format!(r#"{{ salesCloseAt: "{close}" }}"#)).data().await;
    shop.clock.advance(TimeDelta::minutes(1));
    shop.serve().await;
    assert_eq!(shop.places(&user).await, json!([]));
    shop.update(&sale.ticket_type, "{ salesCloseAt: null }").data().await;
    shop.join(&user, &sale, 1, "").data().await;
    shop.release(&sold[0], VOID).data().await;
    shop.serve().await;
    assert_eq!(shop.offered(&user).await, json!(1));
    let delete = format!(r#"mutation {{ deleteTicketType(id: "{}") {{ ok }} }}"#, sale.ticket_type);
    shop.service.call(delete).as_admin().data().await;
    assert_eq!(shop.places(&user).await, json!([]));
}

#[tokio::test]
async fn nobody_waits_for_more_than_they_may_have() {
    let shop = Shop::open().await;
    let (sale, _) = shop.sold_out(2).await;
    shop.update(&sale.ticket_type, "{ maxPerOrder: 3, maxPerBuyer: 2 }").data().await;
    let user = id();
    assert_eq!(shop.join(&user, &sale, 4, "").refused().await, "BAD_USER_INPUT");
    let answer = shop.join(&user, &sale, 3, "").send().await;
    assert_eq!(answer.body["errors"][0]["extensions"]["maxPerBuyer"], 2);
    shop.join(&user, &sale, 2, "").data().await;
}

#[tokio::test]
async fn a_hold_of_a_type_without_a_list_costs_what_it_did() {
    let shop = Shop::open().await;
    let (busy, _) = shop.sold_out(1).await;
    let sale = shop.sale(10).await;
    let mut costs = Vec::new();
    for _ in 0..2 {
        let before = shop.service.database.statements();
        shop.hold(&id(), &sale, 1).data().await;
        costs.push(shop.service.database.statements() - before);
        shop.join(&id(), &busy, 1, "").data().await;
    }
    assert_eq!(costs[0], costs[1]);
}

#[tokio::test]
async fn an_offer_is_taken_with_a_voucher_as_any_other_tickets_are() {
    let shop = Shop::open().await;
    let (sale, sold) = shop.sold_out(1).await;
    let user = id();
    shop.join(&user, &sale, 1, "").data().await;
    shop.release(&sold[0], VOID).data().await;
    shop.serve().await;
    let event = format!(
        r#"mutation {{ createVoucher(input: {{ eventId: "{}", code: "LATE", discount: {{ percent: 50 }}, usageLimit: 1 }}) {{ id }} }}"#,
        sale.event
    );
    shop.service.call(event).as_admin().data().await;
    let input = json!({ "bookingId": id(), "eventId": sale.event, "ticketTypeId": sale.ticket_type, "quantity": 1,
        "ttlSeconds": 60, "userId": user, "voucher": "LATE" });
    let hold = shop.service.call("mutation($input: HoldInput!) { hold(input: $input) { unitPrice } }");
    let held = hold.variable("input", input).through(ServiceName::Booking).data().await;
    assert_eq!(held["hold"]["unitPrice"], 75_000, "with a voucher too");
    shop.check(&sale).await;
}
