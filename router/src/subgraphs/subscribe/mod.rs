//! A subscription at a subgraph: opened once, then event after event, by the protocol that the subgraph speaks.
//!
//! What goes along is what goes along with a fetch. A stream ends after `complete`, or after an error that says how it broke; dropping it
//! closes the connection, which is how the subgraph learns that nobody listens any more.

mod events;
mod socket;

use std::time::Duration;

use bytes::Bytes;
use executor::{SubgraphError, SubgraphResponse};
use futures_util::{
    FutureExt, StreamExt,
    stream::{self, BoxStream},
};
use http::HeaderMap;
use reqwest::Url;

use super::{Endpoint, HttpSubgraphs};

/// What a subgraph sends for a subscription; each item is one event's GraphQL response. Nothing follows an error.
pub type Events = BoxStream<'static, Result<SubgraphResponse, SubgraphError>>;

/// How a subgraph is told of subscriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// `graphql-transport-ws`.
    #[default]
    Socket,
    /// Server-sent events.
    Events,
}

impl Protocol {
    /// The words of the configuration.
    pub const WORDS: &'static [&'static str] = &["graphql-transport-ws", "sse"];

    /// The protocol that a word of the configuration names.
    pub fn named(word: &str) -> Self {
        if word == "sse" { Self::Events } else { Self::Socket }
    }
}

/// A subscription about to be opened.
struct Call {
    http: reqwest::Client,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
    /// Time until the subgraph has taken the subscription.
    patience: Duration,
    /// Largest event, in bytes.
    limit: usize,
    /// How often a silent subgraph is asked whether it is there.
    ping_interval: Duration,
}

/// Opens the subscription in `body` at `endpoint` when the stream is first asked for an event.
pub fn subscribe(subgraphs: HttpSubgraphs<'_>, endpoint: &Endpoint, body: Bytes, ping: Duration) -> Events {
    let call = Call {
        http: subgraphs.app.outbound.streams.clone(),
        url: endpoint.url.clone(),
        headers: subgraphs.identity(endpoint),
        body,
        patience: endpoint.timeout,
        limit: subgraphs.app.outbound.response_limit,
        ping_interval: ping,
    };
    match endpoint.subscriptions {
        Protocol::Socket => opened(socket::open(call)),
        Protocol::Events => opened(events::open(call)),
    }
}

fn opened(opening: impl Future<Output = Result<Events, SubgraphError>> + Send + 'static) -> Events {
    let failed = |error| stream::once(std::future::ready(Err(error))).boxed();
    opening.map(move |opened| opened.unwrap_or_else(failed)).flatten_stream().boxed()
}

fn interrupted(why: impl std::fmt::Display) -> SubgraphError {
    SubgraphError::Interrupted(why.to_string())
}

/// An event, in the form of a fetch's answer.
fn event(body: impl Into<Bytes>) -> SubgraphResponse {
    SubgraphResponse { status: 200, body: body.into() }
}
