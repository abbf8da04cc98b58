//! Where payment providers tell us things: one REST operation, for the provider that is configured and no other.
//!
//! The status is chosen for the retries of the two: both send again what is answered neither 2xx nor in time, and Midtrans
//! most patiently after a 503. So 200 means "kept", 503 "send it again", and everything else "not like this".
//! Nothing of a message is logged.

use std::sync::Arc;
use std::time::Duration;

use poem::endpoint::BoxEndpoint;
use poem::http::HeaderMap;
use poem::{Body, Endpoint, EndpointExt, IntoEndpoint, Request, Response};
use poem_openapi::param::Path;
use poem_openapi::payload::{Binary, PlainText};
use poem_openapi::{ApiResponse, OpenApi, OpenApiService};
use service::request_id::RequestId;
use subgraph::doer::Doer;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::notices::{self, PROVIDER};
use crate::payment::{Message, MessageError};
use crate::saga::Saga;

/// Where this is mounted.
pub const PATH: &str = "/payments/*path";
/// The longest message that is read.
const LONGEST: usize = 64 * 1024;
/// How long a message may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(5);
/// How long its sender waits while it is applied; then a worker goes on. Midtrans wishes for an answer within five seconds.
const PATIENCE: Duration = Duration::from_secs(4);
/// How many are applied while their senders wait; more of them are kept for a worker.
const AT_ONCE: usize = 16;

/// The endpoint.
#[must_use]
pub fn endpoint(saga: Saga) -> BoxEndpoint<'static, Response> {
    let api = Webhooks { saga, room: Semaphore::new(AT_ONCE) };
    let service = OpenApiService::new(api, "EventHUB payments", env!("CARGO_PKG_VERSION"));
    service.into_endpoint().map_to_response().around(as_provider).boxed()
}

/// Whatever a message leads to is its provider's doing: who is not, is not listened to.
async fn as_provider(
    endpoint: Arc<impl Endpoint<Output = Response>>,
    request: Request,
) -> poem::Result<Response> {
    let doer = Doer::named(PROVIDER, RequestId::of(&request));
    doer.does(endpoint.call(request)).await
}

struct Webhooks {
    saga: Saga,
    room: Semaphore,
}

/// What a provider is answered.
#[derive(ApiResponse)]
enum Told {
    /// Kept; sending it again changes nothing.
    #[oai(status = 200)]
    Kept,
    /// Not a message of this provider.
    #[oai(status = 400)]
    Malformed(PlainText<&'static str>),
    /// Not signed as agreed.
    #[oai(status = 403)]
    NotBelieved(PlainText<&'static str>),
    /// Nobody listens here.
    #[oai(status = 404)]
    NotServed,
    /// It did not arrive whole in time.
    #[oai(status = 408)]
    TooSlow,
    /// Longer than any message.
    #[oai(status = 413)]
    TooLong,
    /// It could not be kept; send it again.
    #[oai(status = 503)]
    NotKept,
}

#[OpenApi]
impl Webhooks {
    /// Takes a message of a payment provider.
    #[oai(path = "/payments/:provider/notifications", method = "post")]
    async fn notify(&self, provider: Path<String>, headers: &HeaderMap, body: Binary<Body>) -> Told {
        if provider.0 != self.saga.payments.name() {
            return Told::NotServed;
        }
        let body = match timeout(ARRIVAL, body.0.into_bytes_limit(LONGEST)).await {
            Ok(Ok(body)) => body,
            Ok(Err(_)) => return Told::TooLong,
            Err(_) => return Told::TooSlow,
        };
        let signature = headers.get("stripe-signature").and_then(|value| value.to_str().ok());
        let at = self.saga.store.now();
        match self.saga.payments.read(Message { signature, body: &body, at }) {
            Ok(Some(notice)) => self.keep(notice).await,
            Ok(None) => Told::Kept,
            Err(MessageError::Unexpected) => Told::NotServed,
            Err(error @ MessageError::Malformed) => {
                tracing::info!(%error, "a message to the payment endpoint is refused");
                Told::Malformed(PlainText("the message cannot be read"))
            }
            Err(error @ MessageError::Signature) => {
                tracing::warn!(%error, "a message to the payment endpoint is refused");
                Told::NotBelieved(PlainText("the signature does not hold"))
            }
        }
    }
}

impl Webhooks {
    async fn keep(&self, notice: crate::payment::Notice) -> Told {
        let room = self.room.try_acquire().ok();
        match notices::keep(&self.saga, notice, room.is_some()).await {
            Ok(Some(row)) if room.is_some() => {
                // Cut off halfway it is as after a crash: the row is due again when its lease ends.
                drop(timeout(PATIENCE, notices::look_at(&self.saga, row)).await);
                Told::Kept
            }
            Ok(_) => Told::Kept,
            Err(error) => {
                tracing::warn!(%error, "a message of the payment provider could not be kept");
                Told::NotKept
            }
        }
    }
}
