//! Stripe, as its documentation has it: Checkout Sessions, PaymentIntents, refunds, idempotency keys, signed events.

use std::collections::HashMap;
use std::sync::Mutex;

use ::entities::ids::PaymentId;
use aws_lc_rs::hmac;
use booking::payment::config::Provider;
use booking::payment::stripe::Config;
use poem::http::StatusCode;
use reqwest::Url;
use serde_json::{Value, json};
use service::env::Secret;

use super::{Call, Letter, Till};
use crate::pair::noon;

const KEY: &str = "sk_test_key";
const WEBHOOK_SECRET: &str = "whsec_test";
/// Stripe counts rupiah in hundredths.
const SEN: i64 = 100;

pub(super) fn config(url: &str) -> Provider {
    Provider::Stripe(Config {
        secret_key: Secret::new(KEY.to_owned()),
        webhook_secret: Secret::new(WEBHOOK_SECRET.to_owned()),
        url: url.parse().expect("a URL"),
        return_url: "https://shop.example/paid".parse().expect("a URL"),
    })
}

/// Signs a body as of a moment.
pub(crate) fn sign(body: &str, at: i64) -> Letter {
    let key = hmac::Key::new(hmac::HMAC_SHA256, WEBHOOK_SECRET.as_bytes());
    let tag = hmac::sign(&key, format!("{at}.{body}").as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Letter { signature: Some(format!("t={at},v1={hex},v0=00")), body: body.to_owned() }
}

#[derive(Default)]
pub(crate) struct FakeStripe(Mutex<Books>);

#[derive(Default)]
struct Books {
    down: bool,
    /// By our payment.
    sessions: HashMap<String, Session>,
    /// What was answered under a key, and to what.
    keys: HashMap<String, (Vec<u8>, (StatusCode, Value))>,
    letters: Vec<Letter>,
    refunds: usize,
}

#[derive(Clone)]
struct Session {
    amount: i64,
    currency: String,
    status: &'static str,
    refunded: bool,
    /// What somebody gave back by hand, in sen.
    given_back: i64,
    disputed: bool,
}

fn refusal(code: u16) -> (StatusCode, Value) {
    let status = StatusCode::from_u16(code).expect("a status");
    (status, json!({ "error": { "type": "invalid_request_error", "message": "refused" } }))
}

fn charge(payment: &str, row: &Session) -> Value {
    json!({ "id": format!("ch_{payment}"), "object": "charge", "payment_intent": format!("pi_{payment}"),
        "refunded": row.refunded, "amount_refunded": if row.refunded { row.amount } else { row.given_back }, "disputed": row.disputed, "metadata": { "payment": payment } })
}

fn intent(payment: &str, row: &Session) -> Value {
    json!({ "id": format!("pi_{payment}"), "object": "payment_intent", "amount_received": row.amount,
        "currency": row.currency, "latest_charge": charge(payment, row) })
}

fn session(payment: &str, row: &Session) -> Value {
    let paid = row.status == "complete";
    json!({ "id": format!("cs_{payment}"), "object": "checkout.session", "status": row.status,
        "payment_status": if paid { "paid" } else { "unpaid" }, "client_reference_id": payment,
        "url": (row.status == "open").then(|| format!("https://checkout.stripe.com/c/pay/cs_{payment}")),
        "payment_intent": paid.then(|| intent(payment, row)), "metadata": { "payment": payment } })
}

impl Books {
    fn tell(&mut self, kind: &str, mut object: Value) {
        // An event carries the intent's name, not the intent.
        if let Some(id) = object["payment_intent"]["id"].as_str().map(str::to_owned) {
            object["payment_intent"] = id.into();
        }
        let id = format!("evt_{}", self.letters.len());
        let body = json!({ "id": id, "object": "event", "type": kind, "data": { "object": object } });
        self.letters.push(sign(&body.to_string(), noon().timestamp()));
    }

    fn change(&mut self, payment: &str, change: impl FnOnce(&mut Session)) -> Session {
        let row = self.sessions.get_mut(payment).expect("a session");
        change(row);
        row.clone()
    }

    fn make_session(&mut self, body: &[u8]) -> (StatusCode, Value) {
        let form = String::from_utf8(body.to_vec()).expect("text");
        let url = Url::parse(&format!("form:?{form}")).expect("a form");
        let fields: HashMap<_, _> = url.query_pairs().collect();
        let payment = fields["client_reference_id"].to_string();
        let ends: i64 = fields["expires_at"].parse().expect("a moment");
        let life = ends - noon().timestamp();
        assert!((30 * 60..=24 * 3600).contains(&life), "{life}");
        let row = Session {
            amount: fields["line_items[0][price_data][unit_amount]"].parse().expect("an amount"),
            currency: fields["line_items[0][price_data][currency]"].to_string(),
            status: "open",
            refunded: false,
            given_back: 0,
            disputed: false,
        };
        let answer = session(&payment, &row);
        assert!(self.sessions.insert(payment, row).is_none(), "made twice");
        (StatusCode::OK, answer)
    }

    fn expire(&mut self, payment: &str) -> (StatusCode, Value) {
        if self.sessions[payment].status != "open" {
            return refusal(400);
        }
        let row = self.change(payment, |row| row.status = "expired");
        self.tell("checkout.session.expired", session(payment, &row));
        (StatusCode::OK, session(payment, &row))
    }

    fn refund(&mut self, body: &[u8]) -> (StatusCode, Value) {
        let form = String::from_utf8(body.to_vec()).expect("text");
        let url = Url::parse(&format!("form:?{form}")).expect("a form");
        let fields: HashMap<_, _> = url.query_pairs().collect();
        let payment = fields["payment_intent"].strip_prefix("pi_").expect("an intent").to_owned();
        let known = self.sessions.get(&payment);
        if known.is_none_or(|row| row.refunded || row.disputed || row.status != "complete") {
            return refusal(400);
        }
        self.refunds += 1;
        let row = self.change(&payment, |row| row.refunded = true);
        assert_eq!(fields["amount"], row.amount.to_string());
        self.tell("charge.refunded", charge(&payment, &row));
        (StatusCode::OK, json!({ "id": "re_1", "object": "refund", "status": "succeeded" }))
    }

    fn get(&self, kind: &str, id: &str) -> (StatusCode, Value) {
        let payment = id.get(3..).unwrap_or_default();
        match (kind, self.sessions.get(payment)) {
            ("sessions", Some(row)) => (StatusCode::OK, session(payment, row)),
            ("payment_intents", Some(row)) => (StatusCode::OK, intent(payment, row)),
            _ => refusal(404),
        }
    }

    fn post(&mut self, path: &[&str], body: &[u8]) -> (StatusCode, Value) {
        match path {
            ["checkout", "sessions"] => self.make_session(body),
            ["checkout", "sessions", id, "expire"] => self.expire(id.get(3..).unwrap_or_default()),
            ["refunds"] => self.refund(body),
            _ => refusal(404),
        }
    }
}

impl FakeStripe {
    fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.0.lock().expect("no panic before")
    }
}

impl Till for FakeStripe {
    fn answer(&self, call: &Call) -> (StatusCode, Value) {
        let mut books = self.books();
        if books.down {
            return refusal(500);
        }
        if call.authorization != format!("Bearer {KEY}") {
            return refusal(401);
        }
        let parts: Vec<_> = call.what.split('/').collect();
        match parts[..] {
            ["GET ", "v1", "checkout", kind, id] | ["GET ", "v1", kind, id] => books.get(kind, id),
            ["POST ", "v1", ..] => {
                let key = call.idempotency_key.clone().expect("every POST has a key");
                if let Some((body, answer)) = books.keys.get(&key) {
                    return if *body == call.body { answer.clone() } else { refusal(400) };
                }
                let answer = books.post(&parts[2..], &call.body);
                books.keys.insert(key, (call.body.clone(), answer.clone()));
                answer
            }
            _ => refusal(404),
        }
    }

    fn pay(&self, payment: PaymentId, amount: Option<i64>) {
        let (mut books, payment) = (self.books(), payment.to_string());
        let row = books.change(&payment, |row| {
            assert_eq!(row.status, "open", "nobody pays on a page that is closed");
            row.status = "complete";
            row.amount = amount.map_or(row.amount, |amount| amount * SEN);
        });
        books.tell("payment_intent.created", intent(&payment, &row));
        books.tell("checkout.session.completed", session(&payment, &row));
    }

    fn lapse(&self, payment: PaymentId) {
        self.books().expire(&payment.to_string());
    }

    fn charge_back(&self, payment: PaymentId) {
        let (mut books, payment) = (self.books(), payment.to_string());
        books.change(&payment, |row| row.disputed = true);
        // Of all that Stripe tells of, a dispute alone names nothing but the money.
        let dispute = json!({ "id": "dp_1", "object": "dispute", "payment_intent": format!("pi_{payment}"),
            "charge": format!("ch_{payment}"), "metadata": {} });
        books.tell("charge.dispute.created", dispute);
    }

    fn give_back(&self, payment: PaymentId, part: i64) {
        let (mut books, payment) = (self.books(), payment.to_string());
        let row = books.change(&payment, |row| row.given_back = part * SEN);
        books.tell("charge.refunded", charge(&payment, &row));
    }

    fn refunds(&self) -> usize {
        self.books().refunds
    }

    fn set_down(&self, down: bool) {
        self.books().down = down;
    }

    fn letters(&self) -> Vec<Letter> {
        self.books().letters.clone()
    }

    fn letter_of_a_stranger(&self) -> Letter {
        let object =
            json!({ "id": "cs_x", "object": "checkout.session", "client_reference_id": "another-shop" });
        let body =
            json!({ "id": "evt_x", "type": "checkout.session.completed", "data": { "object": object } });
        sign(&body.to_string(), noon().timestamp())
    }
}
