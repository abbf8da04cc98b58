//! A sale with a provider that has a page of its own: the buyer is sent there, and messages come back, or do not.

use ::entities::ids::PaymentId;
use booking::worker;
use chrono::TimeDelta;
use poem::http::StatusCode;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use service::identity::Role;
use uuid::Uuid;

use crate::pair::{Pair, Sale};
use crate::providers::{Letter, Shop};

/// A shop, and a booking of two tickets at 150000 whose buyer is on the page.
struct Scene {
    shop: Shop,
    pair: Pair,
    sale: Sale,
    buyer: Uuid,
    id: String,
    payment: PaymentId,
}

const PAY: &str = "{ status payment { id status provider redirectUrl } }";

impl Scene {
    async fn of(shop: Shop) -> Self {
        let pair = Pair::paying_by(shop.config.clone()).await;
        let sale = pair.sale(10, 150_000).await;
        let buyer = Uuid::now_v7();
        let id = pair.booked(buyer, &sale, 2).await;
        let mut scene = Self { shop, pair, sale, buyer, id, payment: PaymentId::new() };
        let answer = scene.pay().await;
        scene.payment = answer["payment"]["id"].as_str().unwrap().parse().unwrap();
        scene
    }

    async fn both() -> Vec<Self> {
        let mut scenes = Vec::new();
        for shop in Shop::both().await {
            scenes.push(Self::of(shop).await);
        }
        scenes
    }

    async fn pay(&self) -> Value {
        let document = format!(r#"mutation {{ confirmPayment(id: "{}") {PAY} }}"#, self.id);
        let call = self.pair.booking.call(document).as_user(self.buyer, Role::Customer);
        call.data().await["confirmPayment"].clone()
    }

    async fn seen(&self) -> Value {
        let document = format!(r#"{{ booking(id: "{}") {PAY} }}"#, self.id);
        let call = self.pair.booking.call(document).as_user(self.buyer, Role::Customer);
        call.data().await["booking"].clone()
    }

    async fn post(&self, to: &str, letter: &Letter) -> StatusCode {
        let url = format!("{}/payments/{to}/notifications", self.pair.booking.url);
        let mut request = service::http_client::build().unwrap().post(url);
        if let Some(signature) = &letter.signature {
            request = request.header("stripe-signature", signature);
        }
        let request = request.header("content-type", "application/json").body(letter.body.clone());
        request.timeout(std::time::Duration::from_secs(30)).send().await.unwrap().status()
    }

    async fn deliver(&self, letter: &Letter) {
        assert_eq!(self.post(self.shop.name, letter).await, StatusCode::OK, "{letter:?}");
    }

    async fn deliver_all(&self) {
        for letter in self.shop.till.letters() {
            self.deliver(&letter).await;
        }
    }

    async fn reason(&self) -> Value {
        self.pair.seen_by_admin(&self.id).await["cancelReason"].clone()
    }

    /// Everything that is due, until nothing is.
    async fn work(&self) {
        while worker::run_once(&self.pair.saga).await.unwrap() > 0 {}
    }
}

#[tokio::test]
async fn a_buyer_is_sent_to_the_page_and_the_providers_message_makes_the_booking_paid() {
    for scene in Scene::both().await {
        let waiting = scene.seen().await;
        assert_eq!(waiting["status"], "PENDING");
        assert_eq!(waiting["payment"]["status"], "PENDING");
        assert_eq!(waiting["payment"]["provider"], scene.shop.name);
        assert!(waiting["payment"]["redirectUrl"].as_str().unwrap().starts_with("https://"));
        assert_eq!(scene.pay().await, waiting, "the same page again");
        scene.shop.till.pay(scene.payment, None);
        scene.deliver_all().await;
        let paid = scene.seen().await;
        assert_eq!((&paid["status"], &paid["payment"]["status"]), (&json!("PAID"), &json!("SUCCEEDED")));
        assert_eq!(paid["payment"]["redirectUrl"], Value::Null);
        assert_eq!(scene.pair.tickets(&scene.id, "VALID").await, 2);
        assert_eq!(scene.pair.counters(&scene.sale).await, [2, 8]);
    }
}

#[tokio::test]
async fn messages_that_come_late_twice_and_backwards_end_the_same() {
    for scene in Scene::both().await {
        scene.shop.till.pay(scene.payment, None);
        let mut letters = scene.shop.till.letters();
        letters.reverse();
        for letter in letters.iter().chain(&letters) {
            scene.deliver(letter).await;
            scene.deliver(letter).await;
        }
        let facts = scene.pair.facts().await;
        assert_eq!(facts["bookings"][0]["status"], "PAID");
        assert_eq!(facts["payments"].as_array().unwrap().len(), 1);
        assert_eq!(facts["refunds"], json!([]));
        let kept = facts["notices"].as_array().unwrap();
        assert!(kept.len() <= letters.len(), "each once: {kept:?}");
        assert!(kept.iter().all(|notice| notice["outcome"] == "APPLIED"), "{kept:?}");
        assert_eq!(scene.pair.tickets(&scene.id, "VALID").await, 2);
    }
}

#[tokio::test]
async fn the_same_message_eight_times_at_once_is_one() {
    for scene in Scene::both().await {
        scene.shop.till.pay(scene.payment, None);
        let letters = scene.shop.till.letters();
        let last = letters.last().unwrap();
        futures_util::future::join_all((0..8).map(|_| scene.deliver(last))).await;
        let facts = scene.pair.facts().await;
        assert_eq!(facts["bookings"][0]["status"], "PAID");
        assert_eq!(facts["notices"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_message_that_is_lost_is_made_up_by_the_worker_or_by_asking_again() {
    for scene in Scene::both().await {
        scene.shop.till.pay(scene.payment, None);
        assert_eq!(scene.pay().await["status"], "PAID", "asked again");
    }
    for scene in Scene::both().await {
        scene.shop.till.pay(scene.payment, None);
        scene.pair.clock.advance(TimeDelta::seconds(16));
        scene.work().await;
        assert_eq!(scene.seen().await["status"], "PAID", "polled");
    }
}

#[tokio::test]
async fn what_is_not_signed_as_agreed_is_refused_and_leaves_nothing() {
    for scene in Scene::both().await {
        scene.shop.till.pay(scene.payment, None);
        let real = scene.shop.till.letters().last().unwrap().clone();
        let digit = |text: &str| text.replacen(['a', '1'], "2", 3);
        let forged = match &real.signature {
            Some(signature) => vec![
                Letter { signature: None, ..real.clone() },
                Letter { signature: Some(format!("t=1,{signature}")), ..real.clone() },
                Letter { signature: Some(signature.replace("v1=", "v1=00")), ..real.clone() },
                Letter { body: format!("{} ", real.body), ..real.clone() },
            ],
            None => {
                let name = r#""signature_key":""#;
                let (start, end) = real.body.split_at(real.body.find(name).unwrap() + name.len());
                vec![
                    Letter { body: real.body.replace("300000.00", "300001.00"), ..real.clone() },
                    Letter { body: format!("{start}{}", digit(end)), ..real.clone() },
                ]
            }
        };
        for letter in &forged {
            assert_eq!(scene.post(scene.shop.name, letter).await, StatusCode::FORBIDDEN, "{letter:?}");
        }
        let long = Letter { body: " ".repeat(70_000), ..real.clone() };
        assert_eq!(scene.post(scene.shop.name, &long).await, StatusCode::PAYLOAD_TOO_LARGE);
        for other in ["test", "fake", if scene.shop.name == "stripe" { "midtrans" } else { "stripe" }] {
            assert_eq!(scene.post(other, &real).await, StatusCode::NOT_FOUND, "{other}");
        }
        let facts = scene.pair.facts().await;
        assert_eq!((&facts["notices"], &facts["bookings"][0]["status"]), (&json!([]), &json!("PENDING")));
        if real.signature.is_some() {
            scene.pair.clock.advance(TimeDelta::minutes(6));
            assert_eq!(scene.post("stripe", &real).await, StatusCode::FORBIDDEN, "too old");
        } else {
            let garbage = Letter { body: "{}".to_owned(), ..real };
            assert_eq!(scene.post("midtrans", &garbage).await, StatusCode::BAD_REQUEST);
        }
    }
}

#[tokio::test]
async fn a_message_about_no_payment_of_ours_is_acknowledged_and_flagged() {
    for scene in Scene::both().await {
        scene.deliver(&scene.shop.till.letter_of_a_stranger()).await;
        let facts = scene.pair.facts().await;
        assert_eq!(facts["notices"][0]["outcome"], "UNKNOWN");
        assert_eq!(facts["bookings"][0]["status"], "PENDING");
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_kept_is_to_be_sent_again() {
    for scene in Scene::both().await {
        scene.shop.till.pay(scene.payment, None);
        let letter = scene.shop.till.letters().last().unwrap().clone();
        let db = scene.pair.booking.database.write();
        db.execute_unprepared("ALTER TABLE payment_notices RENAME TO away").await.unwrap();
        assert_eq!(scene.post(scene.shop.name, &letter).await, StatusCode::SERVICE_UNAVAILABLE);
        db.execute_unprepared("ALTER TABLE away RENAME TO payment_notices").await.unwrap();
        scene.deliver(&letter).await;
        assert_eq!(scene.seen().await["status"], "PAID");
    }
}

#[tokio::test]
async fn a_message_is_applied_when_the_provider_answers_again() {
    for scene in Scene::both().await {
        scene.shop.till.pay(scene.payment, None);
        scene.shop.till.set_down(true);
        scene.deliver_all().await;
        assert_eq!(scene.seen().await["status"], "PENDING", "nobody has heard it from the provider itself");
        scene.shop.till.set_down(false);
        scene.pair.clock.advance(TimeDelta::seconds(3));
        scene.work().await;
        assert_eq!(scene.seen().await["status"], "PAID");
    }
}

#[tokio::test]
async fn another_amount_never_pays_and_goes_back() {
    for scene in Scene::both().await {
        scene.shop.till.pay(scene.payment, Some(299_999));
        scene.deliver_all().await;
        assert_eq!(scene.seen().await["status"], "PENDING");
        scene.work().await;
        scene.deliver_all().await;
        let facts = scene.pair.facts().await;
        assert_eq!((&facts["refunds"][0]["status"], scene.shop.till.refunds()), (&json!("DONE"), 1));
        assert_eq!(facts["refunds"][0]["amount"], 299_999);
        assert_eq!(facts["payments"][0]["status"], "REVERSED");
        assert_eq!(facts["bookings"][0]["status"], "PENDING", "the buyer may still pay what is due");
    }
}

#[tokio::test]
async fn money_that_a_bank_takes_back_takes_the_booking_with_it() {
    for scene in Scene::both().await {
        scene.shop.till.pay(scene.payment, None);
        scene.deliver_all().await;
        scene.shop.till.charge_back(scene.payment);
        scene.deliver_all().await;
        scene.deliver_all().await;
        assert_eq!(scene.seen().await["payment"]["status"], "REVERSED");
        assert_eq!(scene.reason().await, "PAYMENT_REVERSED");
        assert_eq!(scene.pair.tickets(&scene.id, "VOID").await, 2);
        assert_eq!(scene.pair.counters(&scene.sale).await, [0, 10]);
        scene.work().await;
        assert_eq!((&scene.pair.facts().await["refunds"], scene.shop.till.refunds()), (&json!([]), 0));
    }
}

#[tokio::test]
async fn money_that_a_bank_takes_back_after_the_concert_leaves_what_was_used() {
    for scene in Scene::both().await {
        scene.shop.till.pay(scene.payment, None);
        scene.deliver_all().await;
        scene.pair.use_ticket(scene.buyer).await;
        scene.shop.till.charge_back(scene.payment);
        scene.deliver_all().await;
        scene.work().await;
        let seen = scene.seen().await;
        assert_eq!((&seen["status"], &seen["payment"]["status"]), (&json!("PAID"), &json!("REVERSED")));
        let (used, valid) =
            (scene.pair.tickets(&scene.id, "USED").await, scene.pair.tickets(&scene.id, "VALID").await);
        assert_eq!((used, valid, scene.pair.counters(&scene.sale).await), (1, 1, [2, 8]));
        let facts = scene.pair.facts().await;
        let history = facts["history"].as_array().unwrap();
        assert!(history.iter().all(|line| line["to"] != "CANCELLED"), "{history:?}");
    }
}

#[tokio::test]
async fn a_part_that_somebody_gave_back_at_the_provider_is_flagged() {
    for scene in Scene::both().await {
        scene.shop.till.pay(scene.payment, None);
        scene.deliver_all().await;
        scene.shop.till.give_back(scene.payment, 100_000);
        scene.deliver_all().await;
        scene.deliver_all().await;
        scene.work().await;
        assert_eq!(scene.seen().await["status"], "PAID");
        let document =
            "{ bookingAudit(filter: { action: PAYMENT_CHANGED }) { subject changes { field after } } }";
        let entries = scene.pair.booking.call(document).as_admin().data().await["bookingAudit"].clone();
        let returned = |entry: &&Value| entry["changes"].to_string().contains("returned");
        let flagged: Vec<_> = entries.as_array().unwrap().iter().filter(returned).collect();
        assert_eq!(flagged.len(), 1, "{entries}");
        assert_eq!(flagged[0]["subject"], scene.payment.to_string());
        assert_eq!(flagged[0]["changes"][1], json!({ "field": "returned", "after": "IDR 100000" }));
    }
}

#[tokio::test]
async fn money_that_was_taken_back_before_we_heard_of_it_pays_nothing() {
    for scene in Scene::both().await {
        scene.shop.till.pay(scene.payment, None);
        scene.shop.till.charge_back(scene.payment);
        for letter in scene.shop.till.letters().iter().rev() {
            scene.deliver(letter).await;
        }
        scene.pair.clock.advance(TimeDelta::seconds(3));
        scene.work().await;
        let facts = scene.pair.facts().await;
        assert_eq!(facts["bookings"][0]["status"], "PENDING");
        assert_eq!((&facts["payments"][0]["status"], &facts["refunds"]), (&json!("REVERSED"), &json!([])));
        let kept = facts["notices"].as_array().unwrap();
        assert!(kept.iter().all(|notice| notice["outcome"] == "APPLIED"), "{kept:?}");
        assert_eq!(scene.pair.tickets(&scene.id, "VALID").await, 0);
    }
}

#[tokio::test]
async fn our_own_refund_told_back_to_us_changes_nothing() {
    for scene in Scene::both().await {
        scene.shop.till.pay(scene.payment, None);
        scene.deliver_all().await;
        scene.pair.cancel(&scene.id, ", refund: true").data().await;
        scene.work().await;
        scene.deliver_all().await;
        assert_eq!((scene.reason().await, scene.shop.till.refunds()), (json!("ADMIN"), 1));
        let facts = scene.pair.facts().await;
        assert_eq!(facts["refunds"][0]["status"], "DONE");
        assert_eq!(facts["payments"][0]["status"], "REVERSED");
    }
}

#[tokio::test]
async fn who_does_not_pay_loses_the_tickets_and_the_page() {
    for scene in Scene::both().await {
        scene.pair.clock.advance(TimeDelta::seconds(60));
        scene.work().await;
        let seen = scene.seen().await;
        assert_eq!((&seen["status"], &seen["payment"]["status"]), (&json!("CANCELLED"), &json!("VOIDED")));
        assert_eq!((&seen["payment"]["redirectUrl"], scene.reason().await), (&Value::Null, json!("EXPIRED")));
        assert_eq!(scene.pair.counters(&scene.sale).await, [0, 10]);
        scene.deliver_all().await;
        scene.pair.clock.advance(TimeDelta::minutes(11));
        scene.work().await;
        assert_eq!(scene.pair.facts().await["refunds"], json!([]));
    }
}

#[tokio::test]
async fn money_that_comes_after_the_booking_lapsed_goes_back_told_of_or_not() {
    // Stripe's page is closed with the booking; Midtrans's ends by itself a little later.
    for told in [true, false] {
        let scene = Scene::of(Shop::midtrans().await).await;
        scene.pair.clock.advance(TimeDelta::seconds(60));
        scene.work().await;
        assert_eq!(scene.reason().await, "EXPIRED");
        scene.shop.till.pay(scene.payment, None);
        if told {
            scene.deliver_all().await;
        } else {
            scene.pair.clock.advance(TimeDelta::minutes(11));
        }
        scene.work().await;
        scene.work().await;
        let facts = scene.pair.facts().await;
        assert_eq!(
            (&facts["refunds"][0]["status"], scene.shop.till.refunds()),
            (&json!("DONE"), 1),
            "{told}"
        );
        assert_eq!(facts["payments"][0]["status"], "REVERSED");
        assert_eq!(scene.pair.counters(&scene.sale).await, [0, 10]);
    }
}

#[tokio::test]
async fn eight_who_ask_at_once_get_the_same_page() {
    for scene in Scene::both().await {
        let answers = futures_util::future::join_all((0..8).map(|_| scene.pay())).await;
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert_eq!(scene.pair.facts().await["payments"].as_array().unwrap().len(), 1);
    }
}
