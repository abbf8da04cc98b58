//! What every stage of one request knows about it: who asks, until when, and under which ids.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderValue, header};
use service::{identity::Actor, request_id::RequestId};

use crate::trace::TraceContext;

/// One request's own facts.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// Its id, the same in every log line and in every process.
    pub id: RequestId,
    /// Its place in a distributed trace.
    pub trace: TraceContext,
    /// When the client gets an answer at the latest.
    pub deadline: Deadline,
    /// Who asks, proved by a token.
    pub actor: Actor,
    /// When the token that proved it expires: what lasts longer than a request ends then.
    pub expires: Option<tokio::time::Instant>,
    /// Where the client is.
    pub client: Option<IpAddr>,
    /// The client's `Authorization`, forwarded to subgraphs.
    pub authorization: Option<HeaderValue>,
    /// Whether the request came by GET, and may not change anything.
    pub read_only: bool,
    /// Whether the client takes more than one answer.
    pub streams: bool,
}

/// The moment by which everything below must be done.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline of a request that begins now and may take `span`.
    pub fn after(span: Duration) -> Self {
        let now = Instant::now();
        Self(now.checked_add(span).unwrap_or(now))
    }

    /// What is left of it.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// The moment itself, on tokio's clock.
    pub fn instant(self) -> tokio::time::Instant {
        tokio::time::Instant::from_std(self.0)
    }
}

/// The one `Authorization` header of a request. Two of them are none: a proxy and a subgraph might each believe another.
pub fn authorization(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let first = values.next()?;
    values.next().is_none().then(|| first.clone())
}
