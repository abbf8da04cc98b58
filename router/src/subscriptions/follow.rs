//! One operation of a client that takes many answers: a query or mutation answers once, a subscription for every event.
//!
//! A subscription itself has no deadline; the joins of each event have the one that a request has. A subgraph that breaks off is one last
//! answer, with the error at the client's path, and the end.

use std::{sync::Arc, time::Instant};

use futures_util::{FutureExt, StreamExt, stream};
use service::subscription::{Item, Items, once};
use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument;

use crate::{
    http::GraphqlRequest,
    pipeline::{self, Asked, Planned},
    refusal::Refusal,
    request::Deadline,
    subgraphs::{self, Events, HttpSubgraphs},
};

/// Begins the time of one answer.
fn wind_up(asked: &mut Asked) {
    asked.context.deadline = Deadline::after(asked.app.config.limits.deadline);
}

/// Answers any operation. What keeps it from being executed is part of the stream.
pub fn answers(asked: Asked, parameters: GraphqlRequest) -> Items {
    let begin = async move {
        match pipeline::ready(asked.stage(), parameters) {
            Ok(planned) if planned.is_subscription() => follow(asked, planned),
            Ok(planned) => answer_once(asked, planned).await.unwrap_or_else(|refusal| refused(&refusal)),
            Err(refusal) => refused(&refusal),
        }
    };
    begin.in_current_span().flatten_stream().boxed()
}

/// A refused operation.
fn refused(refusal: &Refusal) -> Items {
    metrics::counter!("router_operations_refused_total", "code" => refusal.code()).increment(1);
    once(Item::Refused(refusal.errors()))
}

async fn answer_once(mut asked: Asked, planned: Planned) -> Result<Items, Refusal> {
    let _place = Arc::clone(&asked.app.room).try_acquire_owned().map_err(|_| Refusal::Overloaded)?;
    wind_up(&mut asked);
    let deadline = asked.context.deadline;
    let answer = tokio::time::timeout_at(deadline.instant(), pipeline::execute(asked, planned)).await;
    Ok(once(Item::Next(answer.map_err(|_| Refusal::TimedOut)?.body)))
}

/// Answers a subscription, event by event.
pub fn follow(asked: Asked, planned: Planned) -> Items {
    match Following::begin(asked, planned) {
        Ok(following) => following.into_stream(),
        Err(refusal) => refused(&refusal),
    }
}

/// A subscription that runs.
struct Following {
    asked: Asked,
    planned: Planned,
    events: Events,
    is_over: bool,
    log: Log,
    _place: OwnedSemaphorePermit,
}

impl Following {
    fn begin(asked: Asked, planned: Planned) -> Result<Self, Refusal> {
        let _place = asked.app.subscriptions.subscription()?;
        let events = open(&asked, &planned)?;
        let log = Log::begin(planned.prepared().name());
        Ok(Self { asked, planned, events, is_over: false, log, _place })
    }

    fn into_stream(self) -> Items {
        let span = tracing::Span::current();
        stream::unfold(self, move |following| following.next().instrument(span.clone())).boxed()
    }

    async fn next(mut self) -> Option<(Item, Self)> {
        if self.is_over {
            return None;
        }
        let event = self.events.next().await?;
        self.is_over = event.is_err();
        wind_up(&mut self.asked);
        let answer = pipeline::execute_event(self.asked.stage(), &self.planned, event).await;
        self.log.answered(answer.errors);
        Some((Item::Next(answer.body), self))
    }
}

fn open(asked: &Asked, planned: &Planned) -> Result<Events, Refusal> {
    let nobody = || Refusal::Unplannable { why: "no subgraph has events for it".to_owned() };
    let opening = pipeline::opening(planned).ok_or_else(nobody)?;
    let endpoint = asked.snapshot.endpoints.get(opening.subgraph).ok_or_else(nobody)?;
    let on_behalf = HttpSubgraphs {
        app: &asked.app,
        endpoints: &asked.snapshot.endpoints,
        context: &asked.context,
        joins: false,
    };
    let ping = asked.app.config.subscriptions.ping_interval;
    Ok(subgraphs::subscribe(on_behalf, endpoint, opening.body, ping))
}

/// One log line and two figures for every subscription, written when it ends, however it ends.
struct Log {
    operation: Option<String>,
    began: Instant,
    events: u64,
    errors: usize,
}

impl Log {
    fn begin(operation: Option<&str>) -> Self {
        metrics::gauge!("router_subscriptions").increment(1);
        Self { operation: operation.map(str::to_owned), began: Instant::now(), events: 0, errors: 0 }
    }

    fn answered(&mut self, errors: usize) {
        metrics::counter!("router_subscription_events_total").increment(1);
        self.events += 1;
        self.errors += errors;
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        metrics::gauge!("router_subscriptions").decrement(1);
        tracing::info!(
            operation = self.operation.as_deref(),
            events = self.events,
            errors = self.errors,
            duration_ms = self.began.elapsed().as_secs_f64() * 1e3,
            "a subscription ended"
        );
    }
}
