//! Stripe: the buyer pays on the page of a Checkout Session; the money is a PaymentIntent, and what came back stands in its charge.
//!
//! A session is made under `Idempotency-Key`, so that making it again finds it, and our payment's id is written on the session
//! and on the intent. Only cards are taken, so that nothing is under way once a session is over. Amounts are in Stripe's own
//! minor units, which for rupiah are not ours.
//! Sources: docs.stripe.com: API reference of Checkout Sessions, PaymentIntents, Refunds and Events; webhooks, signatures;
//! currencies, zero-decimal.

use aws_lc_rs::hmac;
use chrono::TimeDelta;
use entities::money::{Currency, Money};
use futures_util::future::{BoxFuture, FutureExt};
use reqwest::header::CONTENT_TYPE;
use reqwest::{RequestBuilder, Url};
use serde::Deserialize;
use service::env::Secret;

use super::http::{self, unexpected};
use super::{
    Charge, ChargeAnswer, Message, MessageError, Notice, Page, PaymentProvider, ProviderError, Receipt,
    RefundAnswer, Repayment, Returned, VoidAnswer,
};

/// The version of the API that this is written for; without it Stripe answers by the account's.
const VERSION: &str = "2024-06-20";
/// How old a signature may be, and how far ahead of our clock.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);
/// Stripe takes no session that ends sooner than half an hour from now; the minute is for the way there.
const SESSION_MARGIN: TimeDelta = TimeDelta::minutes(31);
/// Nor one that ends later than a day from now.
const LONGEST_SESSION: TimeDelta = TimeDelta::minutes(24 * 60 - 1);
/// The longest name of an event that is kept.
const LONGEST_NAME: usize = 128;

/// What Stripe is called with.
#[derive(Clone, Debug)]
pub struct Config {
    /// `EVENTHUB_STRIPE_SECRET_KEY`.
    pub secret_key: Secret<String>,
    /// `EVENTHUB_STRIPE_WEBHOOK_SECRET`: signs what we are told.
    pub webhook_secret: Secret<String>,
    /// `EVENTHUB_STRIPE_URL`.
    pub url: Url,
    /// `EVENTHUB_PAYMENT_RETURN_URL`: where the page sends the buyer in the end.
    pub return_url: Url,
}

/// Stripe.
#[derive(Clone, Debug)]
pub struct Stripe {
    config: Config,
    http: reqwest::Client,
}

#[derive(Debug, Deserialize)]
struct Session {
    id: String,
    status: SessionStatus,
    payment_status: String,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    payment_intent: Option<Intent>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SessionStatus {
    Open,
    Complete,
    Expired,
}

/// A PaymentIntent: its name, or all of it where we ask for that.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Intent {
    Whole(Box<WholeIntent>),
    Name(serde::de::IgnoredAny),
}

#[derive(Debug, Deserialize)]
struct WholeIntent {
    id: String,
    amount_received: i64,
    currency: String,
    latest_charge: Option<StripeCharge>,
}

/// `amount_refunded` is a part, `refunded` all of the money; a dispute takes all of it while it is open.
#[derive(Debug, Deserialize)]
struct StripeCharge {
    refunded: bool,
    #[serde(default)]
    amount_refunded: i64,
    disputed: bool,
}

#[derive(Debug, Deserialize)]
struct Refund {
    status: String,
}

/// An event, as far as it matters: which, about what.
#[derive(Debug, Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: EventData,
}

#[derive(Debug, Deserialize)]
struct EventData {
    object: EventObject,
}

#[derive(Debug, Deserialize)]
struct EventObject {
    #[serde(default)]
    client_reference_id: Option<String>,
    #[serde(default)]
    payment_intent: Option<String>,
    #[serde(default)]
    metadata: Option<Metadata>,
}

/// What we write on a session and on its intent, from which it comes to the charge.
#[derive(Debug, Deserialize)]
struct Metadata {
    #[serde(default)]
    payment: Option<String>,
}

/// The events that say that a payment should be asked about.
const EVENTS: [&str; 6] = [
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "charge.refunded",
    "charge.dispute.created",
];

impl Stripe {
    /// Calls Stripe as `config` says.
    #[must_use]
    pub const fn new(config: Config, http: reqwest::Client) -> Self {
        Self { config, http }
    }

    fn url(&self, path: &str) -> Result<Url, ProviderError> {
        let url = self.config.url.join(path);
        url.map_err(|error| ProviderError { cause: format!("its address is wrong: {error}") })
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(self.config.secret_key.expose()).header("stripe-version", VERSION)
    }

    /// A POST that can be repeated: under one key Stripe does it once.
    fn post(&self, url: Url, key: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let request = self.signed(self.http.post(url)).header("idempotency-key", key);
        request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form(fields))
    }

    async fn session(&self, reference: &str) -> Result<Session, ProviderError> {
        let mut url = self.url(&format!("v1/checkout/sessions/{reference}"))?;
        url.query_pairs_mut().append_pair("expand[]", "payment_intent.latest_charge");
        let answer = http::send(self.signed(self.http.get(url))).await?;
        if answer.status.is_success() { answer.json() } else { Err(unexpected(answer.status)) }
    }

    async fn intent(&self, id: &str) -> Result<WholeIntent, ProviderError> {
        let mut url = self.url(&format!("v1/payment_intents/{id}"))?;
        url.query_pairs_mut().append_pair("expand[]", "latest_charge");
        let answer = http::send(self.signed(self.http.get(url))).await?;
        if answer.status.is_success() { answer.json() } else { Err(unexpected(answer.status)) }
    }

    /// Everything in the request follows from our rows: under one key Stripe takes no other request.
    async fn make_session(&self, charge: &Charge) -> Result<ChargeAnswer, ProviderError> {
        let ends = (charge.expires_at + SESSION_MARGIN).min(charge.created_at + LONGEST_SESSION);
        let (id, ends) = (charge.id.to_string(), ends.timestamp().to_string());
        let currency = charge.amount.currency().code().to_ascii_lowercase();
        let amount = to_stripe(charge.amount)
            .ok_or_else(|| ProviderError { cause: "the amount is too large for it".to_owned() })?;
        let (amount, booking) = (amount.to_string(), format!("Booking {}", charge.booking_id));
        let request = self.post(
            self.url("v1/checkout/sessions")?,
            &format!("payment-{id}"),
            &[
                ("mode", "payment"),
                ("payment_method_types[0]", "card"),
                ("client_reference_id", &id),
                ("metadata[payment]", &id),
                ("payment_intent_data[metadata][payment]", &id),
                ("line_items[0][quantity]", "1"),
                ("line_items[0][price_data][currency]", &currency),
                ("line_items[0][price_data][unit_amount]", &amount),
                ("line_items[0][price_data][product_data][name]", &booking),
                ("success_url", self.config.return_url.as_str()),
                ("cancel_url", self.config.return_url.as_str()),
                ("expires_at", &ends),
            ],
        );
        let answer = http::send(request).await?;
        if !answer.status.is_success() {
            tracing::warn!(payment = %charge.id, status = %answer.status, "Stripe makes no session");
            let reason = "the payment provider does not take this payment".to_owned();
            return Ok(ChargeAnswer::Declined { reason });
        }
        // Under a repeated key the answer is the first one again, however old it is.
        let session: Session = answer.json()?;
        session.answer()
    }

    async fn collected(&self, charge: Charge) -> Result<ChargeAnswer, ProviderError> {
        match &charge.page {
            None => self.make_session(&charge).await,
            Some(page) => self.session(&page.reference).await?.answer(),
        }
    }

    async fn looked_up(&self, charge: Charge) -> Result<Option<ChargeAnswer>, ProviderError> {
        match &charge.page {
            None => Ok(None),
            Some(page) => self.session(&page.reference).await?.answer().map(Some),
        }
    }

    async fn voided(&self, charge: Charge) -> Result<VoidAnswer, ProviderError> {
        let Some(page) = &charge.page else { return Ok(VoidAnswer::Voided) };
        let url = self.url(&format!("v1/checkout/sessions/{}/expire", page.reference))?;
        let answer = http::send(self.post(url, &format!("void-{}", charge.id), &[])).await?;
        if answer.status.is_success() {
            return Ok(VoidAnswer::Voided);
        }
        // It is not open any more: paid, or over.
        match self.session(&page.reference).await?.answer()? {
            ChargeAnswer::Paid(receipt) => Ok(VoidAnswer::Paid(receipt)),
            ChargeAnswer::Declined { .. } | ChargeAnswer::Reversed(_) => Ok(VoidAnswer::Voided),
            ChargeAnswer::Waiting(_) => Err(unexpected(answer.status)),
        }
    }

    async fn refunded(&self, repayment: Repayment) -> Result<RefundAnswer, ProviderError> {
        let id = repayment.id.to_string();
        let amount = to_stripe(repayment.amount)
            .ok_or_else(|| ProviderError { cause: "the amount is too large for it".to_owned() })?;
        let request = self.post(
            self.url("v1/refunds")?,
            &format!("refund-{id}"),
            &[
                ("payment_intent", &repayment.transaction_id),
                ("amount", &amount.to_string()),
                ("metadata[refund]", &id),
            ],
        );
        let answer = http::send(request).await?;
        if answer.status.is_success() {
            let refund: Refund = answer.json()?;
            return Ok(match refund.status.as_str() {
                "succeeded" | "pending" => RefundAnswer::Done,
                status => RefundAnswer::Refused { reason: format!("the refund is {status}") },
            });
        }
        // A refusal of what was done before, or of what a dispute has taken already, is none.
        match self.intent(&repayment.transaction_id).await?.latest_charge {
            Some(charge) if charge.is_back() => Ok(RefundAnswer::Done),
            _ => Ok(RefundAnswer::Refused { reason: format!("status {}", answer.status) }),
        }
    }
}

impl StripeCharge {
    const fn is_back(&self) -> bool {
        self.refunded || self.disputed
    }
}

impl Session {
    fn answer(self) -> Result<ChargeAnswer, ProviderError> {
        match (self.status, self.payment_status.as_str(), self.payment_intent) {
            (SessionStatus::Complete, "paid", Some(Intent::Whole(intent))) => {
                let back = intent.latest_charge.as_ref().is_some_and(StripeCharge::is_back);
                let receipt = intent.receipt()?;
                Ok(if back { ChargeAnswer::Reversed(receipt) } else { ChargeAnswer::Paid(receipt) })
            }
            (SessionStatus::Complete, "paid", _) => {
                Err(ProviderError { cause: "it tells of money without a name".to_owned() })
            }
            (SessionStatus::Expired, ..) => {
                Ok(ChargeAnswer::Declined { reason: "the payment was not made".to_owned() })
            }
            (SessionStatus::Open | SessionStatus::Complete, ..) => {
                let page = self.url.map(|url| Page { reference: self.id, url });
                Ok(ChargeAnswer::Waiting(page))
            }
        }
    }
}

impl WholeIntent {
    fn receipt(&self) -> Result<Receipt, ProviderError> {
        let currency = self.currency.to_ascii_uppercase().parse().ok();
        let amount = currency.and_then(|currency| from_stripe(self.amount_received, currency));
        let amount =
            amount.ok_or_else(|| ProviderError { cause: "it tells of no amount of ours".to_owned() })?;
        Ok(Receipt { transaction_id: self.id.clone(), amount, returned: self.returned(amount.currency()) })
    }

    fn returned(&self, currency: Currency) -> Returned {
        let partly = self.latest_charge.as_ref().filter(|charge| !charge.is_back());
        match partly.map(|charge| charge.amount_refunded) {
            None | Some(0) => Returned::Nothing,
            Some(part) => from_stripe(part, currency).map_or(Returned::UnknownPart, Returned::Part),
        }
    }
}

/// How many of Stripe's minor units one of ours is: it counts rupiah in hundredths, and yen whole as we do.
const fn ratio(currency: Currency) -> i64 {
    match currency {
        Currency::Idr => 100,
        Currency::Jpy | Currency::Sgd | Currency::Myr | Currency::Usd | Currency::Eur => 1,
    }
}

fn to_stripe(money: Money) -> Option<i64> {
    money.amount().checked_mul(ratio(money.currency()))
}

fn from_stripe(amount: i64, currency: Currency) -> Option<Money> {
    let ratio = ratio(currency);
    if amount % ratio != 0 {
        return None;
    }
    Money::new(amount / ratio, currency).ok()
}

/// Fields as a form is encoded.
fn form(fields: &[(&str, &str)]) -> String {
    let mut url = Url::parse("form:").ok();
    let encoded = url.as_mut().map(|url| {
        url.query_pairs_mut().extend_pairs(fields);
        url.query().unwrap_or_default().to_owned()
    });
    encoded.unwrap_or_default()
}

/// `t=…` of a signature header and every `v1=…` in it: while a secret is replaced, there are two.
fn parts(header: &str) -> Option<(i64, Vec<Vec<u8>>)> {
    let pairs = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let time = pairs().find(|(name, _)| *name == "t")?.1.parse().ok()?;
    let signatures = pairs().filter(|(name, _)| *name == "v1").filter_map(|(_, hex)| unhex(hex));
    Some((time, signatures.collect()))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

impl Stripe {
    /// The signature is over the time and the body as they came, byte by byte.
    fn verify(&self, message: &Message<'_>) -> Result<(), MessageError> {
        let (time, signatures) = message.signature.and_then(parts).ok_or(MessageError::Signature)?;
        let age = message.at.timestamp().saturating_sub(time);
        if age.saturating_abs() > TOLERANCE.num_seconds() {
            return Err(MessageError::Signature);
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.config.webhook_secret.expose().as_bytes());
        let signed = [time.to_string().as_bytes(), b".", message.body].concat();
        let holds = signatures.iter().any(|signature| hmac::verify(&key, &signed, signature).is_ok());
        if holds { Ok(()) } else { Err(MessageError::Signature) }
    }
}

impl PaymentProvider for Stripe {
    fn name(&self) -> &'static str {
        "stripe"
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
        self.verify(&message)?;
        let event: Event = serde_json::from_slice(message.body).map_err(|_| MessageError::Malformed)?;
        if !EVENTS.contains(&event.kind.as_str()) {
            return Ok(None);
        }
        let plain = event.id.bytes().all(|byte| byte.is_ascii_graphic());
        if !plain || event.id.len() > LONGEST_NAME {
            return Err(MessageError::Malformed);
        }
        let EventObject { client_reference_id, payment_intent, metadata } = event.data.object;
        let ours = metadata.and_then(|metadata| metadata.payment);
        Ok(Some(Notice {
            event_key: event.id,
            kind: event.kind,
            payment_reference: client_reference_id.or(ours),
            transaction_id: payment_intent,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_counted_as_stripe_counts_them() {
        for (currency, ours, theirs) in
            [(Currency::Idr, 300_000, 30_000_000), (Currency::Jpy, 500, 500), (Currency::Usd, 1_050, 1_050)]
        {
            let money = Money::new(ours, currency).unwrap();
            assert_eq!((to_stripe(money), from_stripe(theirs, currency)), (Some(theirs), Some(money)));
        }
        assert_eq!(from_stripe(30_000_050, Currency::Idr), None, "half a rupiah is no amount of ours");
        assert_eq!(to_stripe(Money::new(i64::MAX, Currency::Idr).unwrap()), None);
    }

    #[test]
    fn a_signature_header_is_read_whole_or_not_at_all() {
        assert_eq!(parts("t=1,v1=00ff,v0=aa,v1=01"), Some((1, vec![vec![0, 255], vec![1]])));
        assert_eq!(parts("t=1, v1=0"), Some((1, vec![])), "half a byte");
        assert_eq!(["", "v1=00", "t=x,v1=00", "t"].map(parts), [const { None }; 4]);
    }

    #[test]
    fn a_form_is_encoded() {
        assert_eq!(form(&[("a[b]", "c d"), ("e", "&=")]), "a%5Bb%5D=c+d&e=%26%3D");
        assert_eq!(form(&[]), "");
    }
}
