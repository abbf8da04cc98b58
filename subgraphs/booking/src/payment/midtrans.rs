//! Midtrans: the buyer pays on a Snap page; what became of it stands in the transaction of the same `order_id`.
//!
//! `order_id` is the payment's id and `refund_key` the refund's. A page can be made again and again until the buyer chooses how
//! to pay; from then on there is a transaction, and before that its status is 404. A card that is denied may be tried again on
//! the same page, so `deny` decides nothing. The signature of a notification does not cover what happened, which is one more
//! reason to believe the status endpoint only.
//! Sources: docs.midtrans.com: Snap backend integration, transaction status cycle, HTTP notification, cancel, refund.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use entities::ids::PaymentId;
use entities::money::{Currency, Money};
use futures_util::future::{BoxFuture, FutureExt};
use reqwest::{RequestBuilder, Url};
use serde::Deserialize;
use serde_json::{Value, json};
use service::env::Secret;
use sha2::{Digest, Sha256, Sha512};
use subgraph::clock::Clock;

use super::http::{self, Answer};
use super::{
    Charge, ChargeAnswer, Message, MessageError, Notice, Page, PaymentProvider, ProviderError, Receipt,
    RefundAnswer, Repayment, Returned, VoidAnswer,
};

/// The shortest life of a page that Midtrans takes, in minutes.
const SHORTEST_PAGE: i64 = 5;

/// What Midtrans is called with.
#[derive(Clone, Debug)]
pub struct Config {
    /// `EVENTHUB_MIDTRANS_SERVER_KEY`: authenticates us, and signs what we are told.
    pub server_key: Secret<String>,
    /// `EVENTHUB_MIDTRANS_SNAP_URL`: where pages are made.
    pub snap_url: Url,
    /// `EVENTHUB_MIDTRANS_API_URL`: where transactions are.
    pub api_url: Url,
    /// `EVENTHUB_PAYMENT_RETURN_URL`: where the page sends the buyer in the end.
    pub return_url: Url,
}

/// Midtrans.
#[derive(Clone, Debug)]
pub struct Midtrans {
    config: Config,
    http: reqwest::Client,
    clock: Clock,
}

/// A transaction as the status endpoint tells it.
#[derive(Debug, Deserialize)]
struct Transaction {
    transaction_id: String,
    transaction_status: String,
    #[serde(default)]
    fraud_status: Option<String>,
    gross_amount: String,
    #[serde(default)]
    currency: Option<String>,
    /// What went back of it.
    #[serde(default)]
    refund_amount: Option<String>,
}

/// What every answer has, though not always with the same status in HTTP.
#[derive(Debug, Deserialize)]
struct Head {
    status_code: String,
}

#[derive(Debug, Deserialize)]
struct SnapPage {
    token: String,
    redirect_url: String,
}

#[derive(Debug, Deserialize)]
struct SnapRefusal {
    #[serde(default)]
    error_messages: Vec<String>,
}

/// What a notification says that we need; fields that come with the method of payment are passed over. What only tells one
/// notification from another may be of any kind, or missing: it must not keep the message out.
#[derive(Debug, Deserialize)]
struct Notification {
    order_id: String,
    status_code: String,
    gross_amount: String,
    signature_key: String,
    transaction_status: String,
    #[serde(default)]
    transaction_id: Value,
    #[serde(default)]
    fraud_status: Value,
    #[serde(default)]
    refund_amount: Value,
}

impl Midtrans {
    /// Calls Midtrans as `config` says.
    #[must_use]
    pub const fn new(config: Config, http: reqwest::Client, clock: Clock) -> Self {
        Self { config, http, clock }
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        let none: Option<&str> = Some("");
        request.basic_auth(self.config.server_key.expose(), none)
    }

    fn transaction_url(&self, order: PaymentId, rest: &str) -> Result<Url, ProviderError> {
        let url = self.config.api_url.join(&format!("v2/{order}/{rest}"));
        url.map_err(|error| ProviderError { cause: format!("its address is wrong: {error}") })
    }

    /// The transaction of `order`; `None` when no way of paying was chosen yet.
    async fn status(&self, order: PaymentId) -> Result<Option<Transaction>, ProviderError> {
        let url = self.transaction_url(order, "status")?;
        let answer = http::send(self.signed(self.http.get(url))).await?;
        match code(&answer)? {
            404 => Ok(None),
            _ => answer.json().map(Some),
        }
    }

    /// Asks for `rest` to be done with the transaction of `order`; answers its code.
    async fn act(&self, order: PaymentId, rest: &str, body: Option<Value>) -> Result<u16, ProviderError> {
        let mut request = self.signed(self.http.post(self.transaction_url(order, rest)?));
        if let Some(body) = body {
            request = request.json(&body);
        }
        code(&http::send(request).await?)
    }

    async fn make_page(&self, charge: &Charge) -> Result<ChargeAnswer, ProviderError> {
        let url = self.config.snap_url.join("snap/v1/transactions");
        let url = url.map_err(|error| ProviderError { cause: format!("its address is wrong: {error}") })?;
        let seconds = (charge.expires_at - self.clock.now()).num_seconds().max(0);
        let minutes = (seconds + 59) / 60;
        let body = json!({
            "transaction_details": { "order_id": charge.id, "gross_amount": charge.amount.amount() },
            "credit_card": { "secure": true },
            "callbacks": { "finish": self.config.return_url.as_str() },
            "expiry": { "duration": minutes.max(1), "unit": "minutes" },
            "page_expiry": { "duration": minutes.max(SHORTEST_PAGE), "unit": "minutes" },
        });
        let answer = http::send(self.signed(self.http.post(url)).json(&body)).await?;
        if answer.status.is_success() {
            let SnapPage { token, redirect_url } = answer.json()?;
            return Ok(ChargeAnswer::Waiting(Some(Page { reference: token, url: redirect_url })));
        }
        // The order may have a transaction already, of a page whose making we never heard of; otherwise this is a refusal.
        if let Some(transaction) = self.status(charge.id).await? {
            return transaction.answer(None);
        }
        let refusal: SnapRefusal = answer.json()?;
        tracing::warn!(payment = %charge.id, messages = ?refusal.error_messages, "Midtrans makes no page");
        Ok(ChargeAnswer::Declined { reason: "the payment provider does not take this payment".to_owned() })
    }

    async fn collected(&self, charge: Charge) -> Result<ChargeAnswer, ProviderError> {
        if charge.amount.currency() != Currency::Idr {
            let reason = "the payment provider takes rupiah only".to_owned();
            return Ok(ChargeAnswer::Declined { reason });
        }
        match charge.page {
            None => self.make_page(&charge).await,
            Some(page) => match self.status(charge.id).await? {
                Some(transaction) => transaction.answer(Some(page)),
                None => Ok(ChargeAnswer::Waiting(Some(page))),
            },
        }
    }

    async fn looked_up(&self, charge: Charge) -> Result<Option<ChargeAnswer>, ProviderError> {
        match (self.status(charge.id).await?, charge.page) {
            (Some(transaction), page) => transaction.answer(page).map(Some),
            (None, Some(page)) => Ok(Some(ChargeAnswer::Waiting(Some(page)))),
            (None, None) => Ok(None),
        }
    }

    /// A page cannot be taken back before a way of paying was chosen; it ends by itself soon after the booking, and what is
    /// paid on it nevertheless comes as late money.
    async fn voided(&self, charge: Charge) -> Result<VoidAnswer, ProviderError> {
        let Some(transaction) = self.status(charge.id).await? else { return Ok(VoidAnswer::Voided) };
        match transaction.answer(None)? {
            ChargeAnswer::Paid(receipt) => return Ok(VoidAnswer::Paid(receipt)),
            ChargeAnswer::Declined { .. } | ChargeAnswer::Reversed(_) => return Ok(VoidAnswer::Voided),
            ChargeAnswer::Waiting(_) => {}
        }
        if self.act(charge.id, "cancel", None).await? != 200 {
            self.act(charge.id, "expire", None).await?;
        }
        let Some(transaction) = self.status(charge.id).await? else { return Ok(VoidAnswer::Voided) };
        match transaction.answer(None)? {
            ChargeAnswer::Paid(receipt) => Ok(VoidAnswer::Paid(receipt)),
            ChargeAnswer::Declined { .. } | ChargeAnswer::Reversed(_) => Ok(VoidAnswer::Voided),
            // There is nothing to cancel in what was denied; the page is still there, as above.
            ChargeAnswer::Waiting(_) if transaction.transaction_status == "deny" => Ok(VoidAnswer::Voided),
            ChargeAnswer::Waiting(_) => {
                Err(ProviderError { cause: "it does not cancel what waits".to_owned() })
            }
        }
    }

    async fn refunded(&self, repayment: Repayment) -> Result<RefundAnswer, ProviderError> {
        let order = repayment.payment_id;
        let Some(before) = self.status(order).await? else {
            return Ok(RefundAnswer::Refused { reason: "it knows no such transaction".to_owned() });
        };
        let code = match before.transaction_status.as_str() {
            status if is_back(status) => return Ok(RefundAnswer::Done),
            // What is captured is not settled: it is cancelled instead.
            "capture" => self.act(order, "cancel", None).await?,
            _ => {
                let body = json!({ "refund_key": repayment.id, "amount": repayment.amount.amount(),
                    "reason": "cancelled booking" });
                self.act(order, "refund", Some(body)).await?
            }
        };
        if code == 200 {
            return Ok(RefundAnswer::Done);
        }
        // A refusal of what was done before is none.
        match self.status(order).await? {
            Some(after) if is_back(&after.transaction_status) => Ok(RefundAnswer::Done),
            _ => Ok(RefundAnswer::Refused { reason: format!("status code {code}") }),
        }
    }
}

fn code(answer: &Answer) -> Result<u16, ProviderError> {
    let head: Head = answer.json()?;
    match head.status_code.parse() {
        Ok(code @ (100..=499)) => Ok(code),
        _ => Err(ProviderError { cause: "its answer has no status code that decides".to_owned() }),
    }
}

/// Whether all of the money went back. A part of it decides nothing here: it is [`Transaction::returned`].
fn is_back(status: &str) -> bool {
    matches!(status, "refund" | "chargeback" | "cancel")
}

impl Transaction {
    /// What the transaction says of the payment; `page` is where the buyer may still be.
    fn answer(&self, page: Option<Page>) -> Result<ChargeAnswer, ProviderError> {
        let fraud = self.fraud_status.as_deref().unwrap_or("accept");
        match self.transaction_status.as_str() {
            "settlement" | "partial_refund" | "partial_chargeback" => self.receipt().map(ChargeAnswer::Paid),
            "capture" if fraud == "accept" => self.receipt().map(ChargeAnswer::Paid),
            "refund" | "chargeback" => self.receipt().map(ChargeAnswer::Reversed),
            "pending" | "authorize" | "deny" | "capture" => Ok(ChargeAnswer::Waiting(page)),
            "cancel" | "expire" | "failure" => {
                Ok(ChargeAnswer::Declined { reason: "the payment was not made".to_owned() })
            }
            _ => Err(ProviderError { cause: "it tells of a status that we do not know".to_owned() }),
        }
    }

    fn receipt(&self) -> Result<Receipt, ProviderError> {
        let currency = self.currency.as_deref().unwrap_or("IDR").parse();
        let amount = whole(&self.gross_amount).and_then(|amount| Money::new(amount, currency.ok()?).ok());
        let amount =
            amount.ok_or_else(|| ProviderError { cause: "it tells of no amount of ours".to_owned() })?;
        Ok(Receipt { transaction_id: self.transaction_id.clone(), amount, returned: self.returned(amount) })
    }

    fn returned(&self, paid: Money) -> Returned {
        if !self.transaction_status.starts_with("partial_") {
            return Returned::Nothing;
        }
        let part = self.refund_amount.as_deref().and_then(whole);
        let part = part.and_then(|part| Money::new(part, paid.currency()).ok());
        part.map_or(Returned::UnknownPart, Returned::Part)
    }
}

/// `300000.00` and `300000`: rupiah have no minor unit in use, so whatever stands behind the point must be nothing.
fn whole(amount: &str) -> Option<i64> {
    let (whole, rest) = amount.split_once('.').unwrap_or((amount, ""));
    rest.bytes().all(|digit| digit == b'0').then(|| whole.parse().ok())?
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The signature of a notification: SHA-512 of what it names and the key that only both sides know.
#[must_use]
pub fn signature(order_id: &str, status_code: &str, gross_amount: &str, server_key: &str) -> String {
    hex(&Sha512::digest(format!("{order_id}{status_code}{gross_amount}{server_key}")))
}

impl Notification {
    /// A notification has no name of its own: one that says the same is the same.
    fn event_key(&self) -> String {
        let Self { order_id, transaction_id, transaction_status, fraud_status, .. } = self;
        let Self { status_code, gross_amount, refund_amount, .. } = self;
        hex(&Sha256::digest(format!(
            "{order_id}|{transaction_id}|{transaction_status}|{fraud_status}|{status_code}|{gross_amount}|{refund_amount}"
        )))
    }
}

impl PaymentProvider for Midtrans {
    fn name(&self) -> &'static str {
        "midtrans"
    }

    fn collect(&self, charge: Charge) -> BoxFuture<'_, Result<ChargeAnswer, ProviderError>> {
        self.collected(charge).boxed()
    }

    fn look_up(&self, charge: Charge) -> BoxFuture<'_, Result<Option<ChargeAnswer>, ProviderError>> {
        self.looked_up(charge).boxed()
    }

    fn void(&self, charge: Charge) -> BoxFuture<'_, Result<VoidAnswer, ProviderError>> {
        self.voided(charge).boxed()
    }

    fn refund(&self, repayment: Repayment) -> BoxFuture<'_, Result<RefundAnswer, ProviderError>> {
        self.refunded(repayment).boxed()
    }

    fn read(&self, message: Message<'_>) -> Result<Option<Notice>, MessageError> {
        let told: Notification = serde_json::from_slice(message.body).map_err(|_| MessageError::Malformed)?;
        let key = self.config.server_key.expose();
        let expected = signature(&told.order_id, &told.status_code, &told.gross_amount, key);
        let given = told.signature_key.as_bytes();
        verify_slices_are_equal(expected.as_bytes(), given).map_err(|_| MessageError::Signature)?;
        Ok(Some(Notice {
            event_key: told.event_key(),
            kind: told.transaction_status,
            payment_reference: Some(told.order_id),
            transaction_id: None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_whole_rupiah_or_none() {
        assert_eq!(["300000.00", "300000", "1."].map(whole), [Some(300_000), Some(300_000), Some(1)]);
        assert_eq!(["300000.50", "", ".00", "1e3", "1.0.0", "300,000"].map(whole), [None; 6]);
    }
}
