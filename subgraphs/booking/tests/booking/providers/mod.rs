//! Payment providers that speak the real protocols over real HTTP, in the test's hand: what buyers and banks do there, and
//! which of its messages arrive, how often, and in which order.

mod midtrans;
mod stripe;

use std::sync::Arc;

use ::entities::ids::PaymentId;
use booking::payment::config::Provider;
use poem::endpoint::make;
use poem::http::StatusCode;
use poem::{IntoResponse, Request, Response};
use serde_json::Value;
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) use midtrans::FakeMidtrans;
pub(crate) use stripe::FakeStripe;

/// A request as a fake sees it.
pub(crate) struct Call {
    pub(crate) what: String,
    pub(crate) authorization: String,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// A message that a provider would send.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) signature: Option<String>,
    pub(crate) body: String,
}

/// The provider's side.
pub(crate) trait Till: Send + Sync {
    /// Answers a call.
    fn answer(&self, call: &Call) -> (StatusCode, Value);
    /// The buyer pays on the page, `amount` in our minor units instead of what was asked when there is one.
    fn pay(&self, payment: PaymentId, amount: Option<i64>);
    /// The page lapses.
    fn lapse(&self, payment: PaymentId);
    /// The buyer's bank takes the money back.
    fn charge_back(&self, payment: PaymentId);
    /// Somebody at the provider gives a part of it back, in our minor units.
    fn give_back(&self, payment: PaymentId, part: i64);
    /// How many refunds were made.
    fn refunds(&self) -> usize;
    /// Whether it answers at all.
    fn set_down(&self, down: bool);
    /// Everything that it wants to tell, in order; nothing is told unless a test delivers it.
    fn letters(&self) -> Vec<Letter>;
    /// A well signed letter about a payment that was never ours.
    fn letter_of_a_stranger(&self) -> Letter;
}

/// A till that is open.
pub(crate) struct Shop {
    pub(crate) till: Arc<dyn Till>,
    pub(crate) name: &'static str,
    pub(crate) config: Provider,
    _stop: DropGuard,
}

impl Shop {
    pub(crate) async fn midtrans() -> Self {
        let till = Arc::new(FakeMidtrans::default());
        let (url, stop) = serve(till.clone()).await;
        Self { till, name: "midtrans", config: midtrans::config(&url), _stop: stop }
    }

    pub(crate) async fn stripe() -> Self {
        let till = Arc::new(FakeStripe::default());
        let (url, stop) = serve(till.clone()).await;
        Self { till, name: "stripe", config: stripe::config(&url), _stop: stop }
    }

    pub(crate) async fn both() -> [Self; 2] {
        [Self::midtrans().await, Self::stripe().await]
    }
}

async fn serve(till: Arc<dyn Till>) -> (String, DropGuard) {
    let listener = service::server::bind(([127, 0, 0, 1], 0).into()).await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let stop = CancellationToken::new();
    let app = make(move |request| handle(till.clone(), request));
    let served = service::server::serve(listener, app, stop.clone(), service::server::Options::default());
    tokio::spawn(served);
    (url, stop.drop_guard())
}

async fn handle(till: Arc<dyn Till>, request: Request) -> Result<Response, poem::Error> {
    let (parts, body) = request.into_parts();
    let header = |name: &str| parts.headers.get(name).map(|value| value.to_str().expect("text").to_owned());
    let call = Call {
        what: format!("{} {}", parts.method, parts.uri.path()),
        authorization: header("authorization").unwrap_or_default(),
        idempotency_key: header("idempotency-key"),
        body: body.into_vec().await?,
    };
    let (status, answer) = till.answer(&call);
    Ok(answer.to_string().with_content_type("application/json").with_status(status).into_response())
}
