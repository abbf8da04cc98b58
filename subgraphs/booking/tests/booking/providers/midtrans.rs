//! Midtrans, as its documentation has it: Snap pages, transactions by order, Basic authentication, signed notifications.

use std::collections::HashMap;
use std::sync::Mutex;

use ::entities::ids::PaymentId;
use booking::payment::config::Provider;
use booking::payment::midtrans::{Config, signature};
use poem::http::StatusCode;
use serde_json::{Value, json};
use service::env::Secret;

use super::{Call, Letter, Till};

const KEY: &str = "SB-Mid-server-test";
/// `KEY` and an empty password.
const AUTHORIZATION: &str = "Basic U0ItTWlkLXNlcnZlci10ZXN0Og==";

pub(super) fn config(url: &str) -> Provider {
    let url = || url.parse().expect("a URL");
    let return_url = "https://shop.example/paid".parse().expect("a URL");
    Provider::Midtrans(Config {
        server_key: Secret::new(KEY.to_owned()),
        snap_url: url(),
        api_url: url(),
        return_url,
    })
}

#[derive(Default)]
pub(crate) struct FakeMidtrans(Mutex<Books>);

#[derive(Default)]
struct Books {
    down: bool,
    orders: HashMap<String, Order>,
    letters: Vec<Letter>,
    refunds: Vec<String>,
}

#[derive(Clone)]
struct Order {
    amount: i64,
    /// Nothing until the buyer has chosen how to pay.
    status: Option<&'static str>,
    /// What somebody gave back by hand.
    given_back: i64,
}

fn refusal(code: u16) -> (StatusCode, Value) {
    let status = StatusCode::from_u16(code).expect("a status");
    (status, json!({ "status_code": code.to_string(), "status_message": "refused" }))
}

fn transaction(order: &str, row: &Order) -> Value {
    let status = row.status.expect("a transaction");
    let code = if status == "pending" { "201" } else { "200" };
    json!({ "status_code": code, "transaction_id": format!("tr-{order}"), "order_id": order,
        "gross_amount": format!("{}.00", row.amount), "currency": "IDR", "payment_type": "credit_card",
        "transaction_status": status, "fraud_status": "accept", "refund_amount": (row.given_back > 0).then(|| format!("{}.00", row.given_back)) })
}

impl Books {
    /// Moves an order, and writes the notification.
    fn move_to(&mut self, order: &str, status: &'static str) {
        let row = self.orders.get_mut(order).expect("an order");
        row.status = Some(status);
        let told = transaction(order, &row.clone());
        self.letters.push(letter(told));
    }

    fn make_page(&mut self, body: &[u8]) -> (StatusCode, Value) {
        let body: Value = serde_json::from_slice(body).expect("JSON");
        let order = body["transaction_details"]["order_id"].as_str().expect("an order id").to_owned();
        let amount = body["transaction_details"]["gross_amount"].as_i64().expect("an amount");
        assert!(body["page_expiry"]["duration"].as_i64().expect("minutes") >= 5);
        let row = self.orders.entry(order.clone()).or_insert(Order { amount, status: None, given_back: 0 });
        if row.status.is_some() {
            let taken = json!({ "error_messages": ["transaction_details.order_id has already been taken"] });
            return (StatusCode::BAD_REQUEST, taken);
        }
        let url = format!("https://app.sandbox.midtrans.com/snap/v4/redirection/{order}");
        (StatusCode::CREATED, json!({ "token": format!("token-{order}"), "redirect_url": url }))
    }

    fn act(&mut self, order: &str, verb: &str, body: &[u8]) -> (StatusCode, Value) {
        let Some(status) = self.orders.get(order).and_then(|row| row.status) else { return refusal(404) };
        match (verb, status) {
            ("status", _) => {}
            ("cancel", "pending" | "capture") => self.move_to(order, "cancel"),
            ("refund", "settlement") => {
                let body: Value = serde_json::from_slice(body).expect("JSON");
                assert_eq!(body["amount"].as_i64(), Some(self.orders[order].amount));
                self.refunds.push(body["refund_key"].as_str().expect("a key").to_owned());
                self.move_to(order, "refund");
            }
            _ => return refusal(412),
        }
        (StatusCode::OK, transaction(order, &self.orders[order]))
    }
}

fn letter(mut told: Value) -> Letter {
    let field = |name: &str| told[name].as_str().expect("text").to_owned();
    let signed = signature(&field("order_id"), &field("status_code"), &field("gross_amount"), KEY);
    told["signature_key"] = signed.into();
    Letter { signature: None, body: told.to_string() }
}

impl FakeMidtrans {
    fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.0.lock().expect("no panic before")
    }
}

impl Till for FakeMidtrans {
    fn answer(&self, call: &Call) -> (StatusCode, Value) {
        let mut books = self.books();
        if books.down {
            return refusal(503);
        }
        if call.authorization != AUTHORIZATION {
            return refusal(401);
        }
        if call.what == "POST /snap/v1/transactions" {
            return books.make_page(&call.body);
        }
        let parts: Vec<_> = call.what.split('/').collect();
        let ["GET " | "POST ", "v2", order, verb] = parts[..] else { return refusal(404) };
        books.act(order, verb, &call.body)
    }

    fn pay(&self, payment: PaymentId, amount: Option<i64>) {
        let (mut books, order) = (self.books(), payment.to_string());
        if let Some(amount) = amount {
            books.orders.get_mut(&order).expect("an order").amount = amount;
        }
        books.move_to(&order, "pending");
        books.move_to(&order, "settlement");
    }

    fn lapse(&self, payment: PaymentId) {
        let mut books = self.books();
        books.move_to(&payment.to_string(), "pending");
        books.move_to(&payment.to_string(), "expire");
    }

    fn charge_back(&self, payment: PaymentId) {
        self.books().move_to(&payment.to_string(), "chargeback");
    }

    fn give_back(&self, payment: PaymentId, part: i64) {
        let (mut books, order) = (self.books(), payment.to_string());
        books.orders.get_mut(&order).expect("an order").given_back = part;
        books.move_to(&order, "partial_refund");
    }

    fn refunds(&self) -> usize {
        self.books().refunds.len()
    }

    fn set_down(&self, down: bool) {
        self.books().down = down;
    }

    fn letters(&self) -> Vec<Letter> {
        self.books().letters.clone()
    }

    fn letter_of_a_stranger(&self) -> Letter {
        letter(transaction(
            "another-shops-order",
            &Order { amount: 1, status: Some("settlement"), given_back: 0 },
        ))
    }
}
