//! Answers in many parts: over a WebSocket and as server-sent events, behind the same checks as a POST.
//!
//! Source: `service::subscription`, which speaks the protocols.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::Response as SchemaResponse;
use futures_util::stream::{self, BoxStream, StreamExt};
use futures_util::{FutureExt, TryFutureExt};
use http::StatusCode;
use http::header::ORIGIN;
use poem::{Request, Response};
use serde_json::Value;
use service::guard::{OperationKind, Refusal};
use service::protocol::{self, Accepted, MediaType};
use service::server::Lifetime;
use service::subscription::socket::{self, Begun, Denied, Operations, credential};
use service::subscription::{Item, Items, events, once};
use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument;

use super::answer::Answer;
use super::budget::Budget;
use super::{Graphql, Origin, Ready, schema, unidentified};
use crate::batch::Batch;
use crate::error::{Code, Error};

/// The most subscriptions at the same time in one process.
pub(super) const MOST: usize = 4_096;

impl Graphql {
    /// Opens a WebSocket, or says why not.
    pub(super) async fn open_socket(&self, request: &Request) -> Response {
        // Pages ask the router, which knows which of them may; browsers let any page open a socket anywhere.
        if request.headers().contains_key(ORIGIN) {
            let error = Error::new(Code::Forbidden, "no page may open a WebSocket here");
            return Answer::refused(StatusCode::FORBIDDEN, &error).into_response(MediaType::Json);
        }
        let origin = match self.origin(request).await {
            Ok(origin) => origin,
            Err(error) => return unidentified(MediaType::Json, &error),
        };
        let options = socket::Options { limits: self.options.limits.clone(), ..socket::Options::default() };
        socket::upgrade(request, Behind { graphql: self.clone(), origin }, options).await
    }

    /// Streams the answers to one operation.
    pub(super) fn stream_events(&self, accepted: Accepted, origin: Origin, request: &Request) -> Response {
        let defaults = socket::Options::default();
        let options = events::Options {
            heartbeat: defaults.ping_interval,
            patience: defaults.patience,
            buffer: defaults.buffer,
            expires: origin.expires,
            lifetime: Lifetime::of(request),
        };
        events::respond(self.clone().items(accepted, origin), options)
    }

    /// Everything that one operation answers.
    fn items(self, accepted: Accepted, origin: Origin) -> Items {
        let begin = async move {
            let kind = accepted.facts.kind_of(accepted.request.operation_name.as_deref());
            if kind != Some(OperationKind::Subscription) {
                return once(self.run(accepted, &origin).await.into_item());
            }
            let followed = self.follow(accepted, &origin);
            followed.unwrap_or_else(|answer| once(answer.into_item()))
        };
        begin.in_current_span().flatten_stream().boxed()
    }

    fn follow(&self, accepted: Accepted, origin: &Origin) -> Result<Items, Box<Answer>> {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            let error =
                Error::new(Code::Unavailable, "too many subscriptions at the moment; try again later");
            return Err(Box::new(Answer::refused(StatusCode::SERVICE_UNAVAILABLE, &error)));
        };
        let Ready { request, asked, budget, batch, .. } = self.prepare(accepted, origin)?;
        metrics::gauge!("graphql_subscriptions").increment(1);
        let responses = self.schema.execute_stream(request);
        let following = Following {
            graphql: self.clone(),
            responses,
            asked,
            budget,
            batch,
            is_over: false,
            _place: place,
        };
        Ok(stream::unfold(following, Following::next).boxed())
    }
}

/// A subscription that runs.
struct Following {
    graphql: Graphql,
    responses: BoxStream<'static, SchemaResponse>,
    asked: super::shape::Asked,
    budget: Budget,
    batch: Batch,
    is_over: bool,
    _place: OwnedSemaphorePermit,
}

impl Following {
    async fn next(mut self) -> Option<(Item, Self)> {
        if self.is_over {
            return None;
        }
        // Each event is an answer of its own, and may cost as much as one.
        self.budget.refill();
        let next = self.batch.clone().run(self.responses.next());
        let response = match AssertUnwindSafe(next).catch_unwind().await {
            Ok(response) => response?,
            Err(panic) => {
                self.is_over = true;
                schema::panicked(panic.as_ref())
            }
        };
        let item = self.shown(response).into_item();
        self.is_over |= matches!(item, Item::Refused(_));
        Some((item, self))
    }

    fn shown(&mut self, mut response: SchemaResponse) -> Answer {
        if let Some(error) = self.budget.overdrawn() {
            self.is_over = true;
            return Answer::given_up(&error);
        }
        let data = std::mem::take(&mut response.data);
        response.data = self.asked.shape(&self.graphql.types, data, &response.errors);
        Answer::executed(response)
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        metrics::gauge!("graphql_subscriptions").decrement(1);
    }
}

/// What is behind a socket.
struct Behind {
    graphql: Graphql,
    origin: Origin,
}

impl Operations for Behind {
    type Session = Origin;

    /// The payload may bring the user's token, for clients that can set no header.
    async fn begin(&self, payload: Option<Value>) -> Result<Begun<Origin>, Denied> {
        let origin = match credential(payload.as_ref())? {
            None => self.origin.clone(),
            Some(headers) => {
                let users = &self.graphql.options.users;
                let claims =
                    users.authenticate(&headers).map_err(|_| Denied("the token is not valid")).await?;
                self.origin.clone().of_user(claims.as_ref())
            }
        };
        Ok(Begun { expires: origin.expires, session: origin })
    }

    fn run(&self, session: &Arc<Origin>, operation: Vec<u8>) -> Items {
        match protocol::accept(&operation, &self.graphql.options.limits) {
            Ok(accepted) => self.graphql.clone().items(accepted, Origin::clone(session)),
            Err(refusal) => refused(&refusal),
        }
    }
}

fn refused(refusal: &Refusal) -> Items {
    metrics::counter!("graphql_refused_total", "code" => refusal.code()).increment(1);
    once(Item::Refused(vec![protocol::refusal_entry(refusal)]))
}
