//! What organisers create under a key: the same request again creates nothing more, and a key never stands for two.

use futures_util::future::join_all;
use serde_json::{Value, json};
use service::identity::Role;
use subgraph::testing::{Answer, Call};
use uuid::Uuid;

use crate::shop::{Shop, id};

/// An operation that creates, as a test says it: its name, and two inputs beside the event.
struct Creation {
    operation: &'static str,
    one: &'static str,
    other: &'static str,
}

const TICKET_TYPE: Creation = Creation {
    operation: "createTicketType",
    one: "name: VIP, price: 1000, quota: 10",
    other: "name: VIP, price: 1000, quota: 11",
};
const VOUCHER: Creation = Creation {
    operation: "createVoucher",
    one: r#"code: "EARLY", discount: { percent: 20 }, usageLimit: 5"#,
    other: r#"code: "EARLY", discount: { amount: 20 }, usageLimit: 5"#,
};
const BOTH: [Creation; 2] = [TICKET_TYPE, VOUCHER];

impl Creation {
    fn ask<'s>(&self, shop: &'s Shop, event: &str, input: &str, (user, key): (Uuid, &str)) -> Call<'s> {
        let operation = self.operation;
        let document = format!(
            r#"mutation {{ made: {operation}(input: {{ eventId: "{event}", {input} }}, idempotencyKey: "{key}") {{ id eventId }} }}"#
        );
        shop.service.call(document).as_user(user, Role::Admin)
    }

    /// How many there are of what it makes.
    async fn made(&self, shop: &Shop, event: &str) -> usize {
        let document = match self.operation {
            "createVoucher" => format!(r#"{{ made: vouchers(eventId: "{event}") {{ id }} }}"#),
            _ => format!(r#"{{ made: ticketTypesByEvent(eventId: "{event}") {{ id }} }}"#),
        };
        shop.service.call(document).as_admin().data().await["made"].as_array().unwrap().len()
    }
}

fn conflicts(answer: &Answer) {
    let extensions = &answer.body["errors"][0]["extensions"];
    assert_eq!(answer.code(), Some("IDEMPOTENCY_CONFLICT"), "{}", answer.body);
    assert_eq!(extensions["field"], "idempotencyKey");
}

#[tokio::test]
async fn the_same_request_creates_once_and_another_under_its_key_conflicts() {
    let shop = Shop::open().await;
    for creation in BOTH {
        let (event, organiser) = (shop.event(100).await, (Uuid::now_v7(), "mine"));
        let first = creation.ask(&shop, &event, creation.one, organiser).data().await;
        for _ in 0..2 {
            assert_eq!(creation.ask(&shop, &event, creation.one, organiser).data().await, first);
        }
        conflicts(&creation.ask(&shop, &event, creation.other, organiser).send().await);
        let elsewhere = shop.event(100).await;
        conflicts(&creation.ask(&shop, &elsewhere, creation.one, organiser).send().await);
        assert_eq!(creation.made(&shop, &event).await, 1);
        assert_eq!(creation.made(&shop, &elsewhere).await, 0);
    }
}

#[tokio::test]
async fn a_key_is_its_user_s_and_its_operation_s_and_its_spelling_s() {
    let shop = Shop::open().await;
    let (one, two) = (Uuid::now_v7(), Uuid::now_v7());
    for creation in BOTH {
        let mut seen: Vec<Value> = Vec::new();
        for asker in [(one, "mine"), (two, "mine"), (one, "MINE")] {
            let event = shop.event(100).await;
            let made = creation.ask(&shop, &event, creation.one, asker).data().await;
            assert_eq!(made["made"]["eventId"], json!(event), "{asker:?}");
            assert!(!seen.contains(&made));
            seen.push(made);
        }
    }
}

#[tokio::test]
async fn of_twins_one_creates_and_all_are_told_of_it() {
    let shop = Shop::open().await;
    for creation in BOTH {
        // Room for one: a twin that did not find the first one's would be refused.
        let (event, organiser) = (shop.event(10).await, (Uuid::now_v7(), "mine"));
        let twins = (0..8).map(|_| creation.ask(&shop, &event, creation.one, organiser).data());
        let answers = join_all(twins).await;
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert_eq!(creation.made(&shop, &event).await, 1);
    }
}

#[tokio::test]
async fn what_was_refused_leaves_its_key_free() {
    let shop = Shop::open().await;
    for creation in BOTH {
        let (event, organiser) = (id(), (Uuid::now_v7(), "mine"));
        // Nobody knows the event, and the event service does not exist.
        let refused = creation.ask(&shop, &event, creation.one, organiser).refused().await;
        assert_eq!(refused, "UNAVAILABLE");
        shop.sync(&event, 5, "OPEN").await;
        if creation.operation == "createTicketType" {
            let refused = creation.ask(&shop, &event, creation.one, organiser).refused().await;
            assert_eq!(refused, "CAPACITY_EXCEEDED");
            shop.sync(&event, 11, "OPEN").await;
        }
        creation.ask(&shop, &event, creation.other, organiser).data().await;
        assert_eq!(creation.made(&shop, &event).await, 1);
    }
}

#[tokio::test]
async fn what_was_created_and_deleted_is_not_created_again() {
    let shop = Shop::open().await;
    let (event, organiser) = (shop.event(100).await, (Uuid::now_v7(), "mine"));
    let made = TICKET_TYPE.ask(&shop, &event, TICKET_TYPE.one, organiser).data().await;
    let ticket_type = made["made"]["id"].as_str().unwrap();
    let of_type = format!(r#"{}, ticketTypeId: "{ticket_type}""#, VOUCHER.one);
    VOUCHER.ask(&shop, &event, &of_type, organiser).data().await;
    let delete = format!(r#"mutation {{ deleteTicketType(id: "{ticket_type}") {{ ok }} }}"#);
    shop.service.call(delete).as_admin().data().await;
    for again in [
        TICKET_TYPE.ask(&shop, &event, TICKET_TYPE.one, organiser),
        VOUCHER.ask(&shop, &event, &of_type, organiser),
    ] {
        assert_eq!(again.refused().await, "NOT_FOUND");
    }
    assert_eq!([TICKET_TYPE.made(&shop, &event).await, VOUCHER.made(&shop, &event).await], [0, 0]);
}

#[tokio::test]
async fn a_bad_key_is_refused_and_nothing_is_created() {
    let shop = Shop::open().await;
    let event = shop.event(100).await;
    for creation in BOTH {
        for key in ["", "a b", &"x".repeat(129)] {
            let answer = creation.ask(&shop, &event, creation.one, (Uuid::now_v7(), key)).send().await;
            assert_eq!(answer.code(), Some("BAD_USER_INPUT"));
            assert_eq!(answer.body["errors"][0]["extensions"]["field"], "idempotencyKey");
        }
        assert_eq!(creation.made(&shop, &event).await, 0);
    }
}
