//! The way of a request: HTTP in, the guard, who is calling, the schema, HTTP out.
//!
//! `POST /graphql` takes `application/json`, `GET /graphql` queries only; a subscription is answered to who takes
//! `text/event-stream`, or over a WebSocket. A token that is there but does not hold refuses
//! the whole request; `_entities` and `_service` need a service's token; every error has a code. What is generic over the
//! schema is one small trait, so that the rest is compiled once.
//! Source: GraphQL over HTTP, working draft.

mod answer;
mod budget;
mod rewrite;
mod schema;
mod shape;
mod stream;
mod types;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::Request as SchemaRequest;
use http::StatusCode;
use poem::{Endpoint, Request, Response, Result};
use serde_json::{Map, Value};
use service::client_address::ClientAddress;
use service::guard::{Limits, OperationKind, Refusal};
use service::identity::{Actor, Caller, ServiceName};
use service::protocol::{self, Accepted, Incoming, MediaType};
use service::request_id::RequestId;
use service::subscription;
use service::tokens::{ServiceVerifier, TokenError, UserClaims, UserVerifier};
use tokio::sync::Semaphore;

use crate::batch::Batch;
use crate::doer::Doer;
use crate::error::{Code, Error};
use budget::Budget;
use shape::Asked;
use types::Types;

pub(crate) use budget::Budgeted;
pub use schema::Executable;

/// Adds a request's loaders to its data.
pub(crate) type AddLoaders = Arc<dyn Fn(SchemaRequest, &Batch) -> SchemaRequest + Send + Sync>;

/// Who is believed and what is let through.
#[derive(Debug, Clone)]
pub struct Options {
    /// Verifies `Authorization: Bearer …`.
    pub users: UserVerifier,
    /// Verifies `x-eventhub-service-token`.
    pub services: ServiceVerifier,
    /// The guard's limits.
    pub limits: Limits,
    /// Whether the schema may be asked for.
    pub introspection: bool,
}

/// How much longer than its user's token a subscription lasts that the router opened.
const ROUTER_GRACE: Duration = Duration::from_secs(2);

/// Where a request comes from: who, from where, and which.
#[derive(Clone)]
struct Origin {
    caller: Caller,
    /// When the user's token expires: what lasts longer than a request ends then.
    expires: Option<tokio::time::Instant>,
    address: ClientAddress,
    id: RequestId,
}

impl Origin {
    /// The same on behalf of a user, or of nobody.
    fn of_user(self, claims: Option<&UserClaims>) -> Self {
        let actor = claims.map_or(Actor::Anonymous, |claims| Actor::User(claims.user()));
        let caller = Caller { actor, ..self.caller };
        // The router watches the same token and tells its client why it ends; it must not hear of it from us first.
        let grace = if caller.service == Some(ServiceName::Router) { ROUTER_GRACE } else { Duration::ZERO };
        Self { caller, expires: claims.map(|claims| claims.ends() + grace), ..self }
    }
}

/// An operation, ready for the engine.
struct Ready {
    request: SchemaRequest,
    asked: Asked,
    budget: Budget,
    batch: Batch,
    doer: Doer,
}

/// The GraphQL endpoint of a subgraph.
#[derive(Clone)]
pub struct Graphql {
    schema: Arc<dyn Executable>,
    types: Arc<Types>,
    loaders: AddLoaders,
    options: Arc<Options>,
    /// Room for subscriptions.
    places: Arc<Semaphore>,
}

impl Graphql {
    /// Answers with `schema`. Its request data hold the [`Caller`], the [`ClientAddress`] and the [`RequestId`].
    pub fn new(schema: impl Executable, options: Options) -> Self {
        Self::with_loaders(Arc::new(schema), Arc::new(|request, _| request), options)
    }

    pub(crate) fn with_loaders(schema: Arc<dyn Executable>, loaders: AddLoaders, options: Options) -> Self {
        let types = Arc::new(Types::of(&schema.sdl()));
        Self {
            schema,
            types,
            loaders,
            options: Arc::new(options),
            places: Arc::new(Semaphore::new(stream::MOST)),
        }
    }

    /// `media` is the form of a single answer; without one the client takes a stream of events only.
    async fn answer(&self, request: &mut Request, media: Option<MediaType>) -> Response {
        let streams = subscription::wants_events(request.headers());
        let is_stream_only = media.is_none();
        let media = media.unwrap_or_default();
        let incoming = match protocol::receive(request, &self.options.limits).await {
            Ok(incoming) => incoming,
            Err(refusal) => return refused(media, &refusal),
        };
        let origin = match self.origin(request).await {
            Ok(origin) => origin,
            Err(error) => return unidentified(media, &error),
        };
        match incoming {
            Incoming::Single(accepted) if is_stream_only || (streams && is_subscription(&accepted)) => {
                self.stream_events(*accepted, origin, request)
            }
            Incoming::Batch(_) if is_stream_only => refused(media, &Refusal::NotAcceptable),
            Incoming::Single(accepted) => self.run(*accepted, &origin).await.into_response(media),
            Incoming::Batch(batch) => {
                let runs = batch.into_iter().map(|accepted| self.run(accepted, &origin));
                answer::batch(futures_util::future::join_all(runs).await, media)
            }
        }
    }

    async fn origin(&self, request: &Request) -> std::result::Result<Origin, TokenError> {
        let service = self.options.services.authenticate(request.headers())?;
        let user = self.options.users.authenticate(request.headers()).await?;
        let origin = Origin {
            caller: Caller { actor: Actor::Anonymous, service },
            expires: None,
            address: ClientAddress::of(request, service),
            id: RequestId::of(request),
        };
        Ok(origin.of_user(user.as_ref()))
    }

    async fn run(&self, accepted: Accepted, origin: &Origin) -> answer::Answer {
        let started = Instant::now();
        let kind = accepted.facts.kind_of(accepted.request.operation_name.as_deref());
        let operation = accepted.request.operation_name.clone().unwrap_or_default();
        let answer = match self.prepare(accepted, origin) {
            Ok(ready) => self.execute(ready, kind).await,
            Err(answer) => *answer,
        };
        report(&answer, kind, &operation, origin.caller, started);
        answer
    }

    /// Checks what can be checked before the engine is asked, and gives it what it needs.
    fn prepare(
        &self,
        accepted: Accepted,
        origin: &Origin,
    ) -> std::result::Result<Ready, Box<answer::Answer>> {
        if accepted.facts.federation && origin.caller.service.is_none() {
            let error = Error::new(Code::Forbidden, "federation fields are for services only");
            return Err(Box::new(answer::Answer::refused(StatusCode::FORBIDDEN, &error)));
        }
        let budget = Budget::new(&self.options.limits, accepted.facts.federation);
        let mut request = schema::request(accepted.request)
            .data(budget.clone())
            .data(origin.caller)
            .data(origin.address)
            .data(origin.id.clone());
        if !self.options.introspection {
            request = request.disable_introspection();
        }
        let asked = match request.parsed_query() {
            Ok(document) => document.clone(),
            Err(error) => return Err(Box::new(answer::Answer::parse_failed(error))),
        };
        let rewritten = rewrite::rewritten(&asked);
        let asked = Asked::new(asked, request.operation_name.clone(), request.variables.clone());
        if let Some(name) = asked.missing_variable() {
            let error = Error::new(Code::BadUserInput, format!("the variable ${name} has to be given"));
            return Err(Box::new(answer::Answer::not_executed(&error)));
        }
        if let Some(document) = rewritten {
            request.set_parsed_query(document);
            request.variables.extend(asked.defaults());
        }
        let batch = Batch::default();
        let request = (self.loaders)(request, &batch);
        let doer = Doer::caller(origin.caller, origin.id.clone());
        Ok(Ready { request, asked, budget, batch, doer })
    }

    async fn execute(&self, ready: Ready, kind: Option<OperationKind>) -> answer::Answer {
        let Ready { request, asked, budget, batch, doer } = ready;
        let run = Box::pin(doer.does(schema::run(Arc::clone(&self.schema), request, batch)));
        // A write is finished even when its client leaves: half a saga would have to be cleaned up by a worker.
        let mut response =
            if kind == Some(OperationKind::Mutation) { schema::detached(run).await } else { run.await };
        if let Some(error) = budget.overdrawn() {
            return answer::Answer::given_up(&error);
        }
        response.data = asked.shape(&self.types, std::mem::take(&mut response.data), &response.errors);
        answer::Answer::executed(response)
    }
}

impl std::fmt::Debug for Graphql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Graphql").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Endpoint for Graphql {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        if subscription::wants_socket(request.headers()) {
            return Ok(self.open_socket(&request).await);
        }
        Ok(match protocol::negotiate(request.headers()) {
            Ok(media) => self.answer(&mut request, Some(media)).await,
            Err(_) if subscription::wants_events(request.headers()) => self.answer(&mut request, None).await,
            Err(refusal) => refused(MediaType::Json, &refusal),
        })
    }
}

fn is_subscription(accepted: &Accepted) -> bool {
    let kind = accepted.facts.kind_of(accepted.request.operation_name.as_deref());
    kind == Some(OperationKind::Subscription)
}

fn refused(media: MediaType, refusal: &Refusal) -> Response {
    metrics::counter!("graphql_refused_total", "code" => refusal.code()).increment(1);
    tracing::debug!(code = refusal.code(), reason = %refusal, "request refused");
    protocol::refusal_response(media, refusal)
}

/// A token that is there but does not hold: nobody learns why, except the log.
fn unidentified(media: MediaType, error: &TokenError) -> Response {
    let (status, code, message) = match error {
        TokenError::KeysUnavailable => (
            StatusCode::SERVICE_UNAVAILABLE,
            Code::Unavailable,
            "tokens cannot be verified now, try again later",
        ),
        _ => (StatusCode::UNAUTHORIZED, Code::Unauthenticated, "the token is not valid"),
    };
    metrics::counter!("graphql_refused_total", "code" => code.as_str()).increment(1);
    tracing::info!(reason = %error, "token refused");
    let entry: Value = protocol::error_entry(code.as_str(), message, Map::new());
    protocol::error_response(media, status, vec![entry])
}

fn report(
    answer: &answer::Answer,
    kind: Option<OperationKind>,
    operation: &str,
    caller: Caller,
    started: Instant,
) {
    let kind = match kind {
        Some(OperationKind::Query) => "query",
        Some(OperationKind::Mutation) => "mutation",
        Some(OperationKind::Subscription) => "subscription",
        None => "none",
    };
    let outcome = answer.code().unwrap_or("OK").to_owned();
    let elapsed = started.elapsed();
    metrics::histogram!("graphql_request_seconds", "kind" => kind).record(elapsed.as_secs_f64());
    metrics::counter!("graphql_requests_total", "kind" => kind, "outcome" => outcome.clone()).increment(1);
    let service = caller.service.map_or("", service::identity::ServiceName::as_str);
    let user = caller.actor.user_id().map(|id| id.to_string()).unwrap_or_default();
    let duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(kind, operation, outcome, service, user, duration_ms, "graphql request");
}

#[cfg(test)]
mod tests;
