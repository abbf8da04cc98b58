//! Subgraphs over HTTP: one client a process, and what every request to a subgraph carries.
//!
//! A request is dropped, and its connection closed, when the future that waits for it is: so nothing goes on upstream after the client has
//! left or the deadline has passed.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use executor::{SubgraphClient, SubgraphError, SubgraphRequest, SubgraphResponse};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use planner::OperationKind;
use reqwest::Url;
use service::{
    client_address::HEADER as FORWARDED_FOR,
    identity::ServiceName,
    request_id,
    tokens::{SERVICE_TOKEN_HEADER, ServiceSigner},
};

use super::Endpoint;
use crate::{app::App, client_address::forwarded_for, request::RequestContext, sharing::InFlight, trace};

/// What a subgraph answered, or why it did not.
type Outcome = Result<SubgraphResponse, SubgraphError>;

/// The fetches under way.
pub type Fetches = InFlight<Question, Outcome>;

/// What makes two fetches the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Question {
    url: Url,
    body: Bytes,
    /// The caller, as far as a subgraph knows: requests differ in nothing else that an answer may depend on.
    authorization: Option<HeaderValue>,
}

/// Milliseconds that are left for the answer.
const DEADLINE_HEADER: HeaderName = HeaderName::from_static("x-eventhub-deadline-ms");

/// How long a stream is silent before the connection is tested.
const KEEPALIVE: Duration = Duration::from_secs(20);

/// What all requests to subgraphs share: the process's only HTTP client, its key, its limits.
#[derive(Debug)]
pub struct Outbound {
    /// The client for requests.
    pub http: reqwest::Client,
    /// The client for subscriptions: what becomes a WebSocket is HTTP/1.1, and a stream that says nothing for hours still shows that its
    /// other end is there.
    pub streams: reqwest::Client,
    /// Signs the router's service tokens, when it has a key.
    pub signer: Option<ServiceSigner>,
    /// Largest answer accepted, in bytes.
    pub response_limit: usize,
    /// Queries under way, to be joined; `None` when every request is sent.
    pub in_flight: Option<Fetches>,
}

impl Outbound {
    /// The client of this process. Timeouts are per request: they depend on the deadline.
    ///
    /// # Errors
    /// When the platform cannot provide what the client needs.
    pub fn new(
        signer: Option<ServiceSigner>,
        response_limit: usize,
        in_flight: Option<Fetches>,
    ) -> Result<Self, reqwest::Error> {
        let agent = concat!("eventhub-router/", env!("CARGO_PKG_VERSION"));
        let http = service::http_client::build_with(|builder| builder.user_agent(agent))?;
        let streams = service::http_client::build_with(|builder| {
            builder.user_agent(agent).http1_only().tcp_keepalive(KEEPALIVE)
        })?;
        Ok(Self { http, streams, signer, response_limit, in_flight })
    }

    /// The token by which the router proves itself to `callee`, if it has a key and the callee is a process of the house.
    pub fn service_token(&self, callee: Option<ServiceName>) -> Option<HeaderValue> {
        let token = self.signer.as_ref()?.token_for(callee?);
        let token =
            token.inspect_err(|error| tracing::error!(%error, "the service token cannot be signed")).ok()?;
        let mut value = HeaderValue::try_from(token).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// The subgraphs of one snapshot, asked on behalf of one request.
#[derive(Debug, Clone, Copy)]
pub struct HttpSubgraphs<'a> {
    /// The process.
    pub app: &'a App,
    /// The subgraphs, by index.
    pub endpoints: &'a [Endpoint],
    /// On whose behalf.
    pub context: &'a RequestContext,
    /// Whether it may be answered by what others have asked shortly before: not to tell of what has just happened.
    pub joins: bool,
}

impl SubgraphClient for HttpSubgraphs<'_> {
    async fn fetch(&self, request: SubgraphRequest<'_>) -> Result<SubgraphResponse, SubgraphError> {
        let Some(endpoint) = self.endpoints.get(request.subgraph) else {
            return Err(SubgraphError::Unavailable(
                "the plan names a subgraph that the supergraph does not have".to_owned(),
            ));
        };
        let patience = endpoint.timeout.min(self.context.deadline.remaining());
        let sent = self.exchange(endpoint, request.body.clone(), patience);
        match &self.app.outbound.in_flight {
            Some(in_flight) if self.joins && request.kind == OperationKind::Query => {
                let question = Question {
                    url: endpoint.url.clone(),
                    body: request.body,
                    authorization: self.context.authorization.clone(),
                };
                let (sent, joined) = in_flight.join(question, Instant::now() + patience, sent);
                if joined {
                    metrics::counter!("router_subgraph_requests_joined_total", "subgraph" => endpoint.name.clone())
                        .increment(1);
                }
                within(patience, sent).await
            }
            _ => {
                let outcome = within(patience, sent).await;
                if request.kind == OperationKind::Mutation {
                    self.app.changed();
                }
                outcome
            }
        }
    }
}

async fn within(patience: Duration, sent: impl Future<Output = Outcome>) -> Outcome {
    tokio::time::timeout(patience, sent).await.unwrap_or(Err(SubgraphError::Timeout))
}

impl HttpSubgraphs<'_> {
    /// The request and its answer, apart from whoever waits for it: several may.
    fn exchange(
        &self,
        endpoint: &Endpoint,
        body: Bytes,
        patience: Duration,
    ) -> impl Future<Output = Outcome> + Send + 'static {
        let request = self.app.outbound.http.post(endpoint.url.clone());
        let request = request.headers(self.headers(endpoint, patience)).body(body);
        let (subgraph, limit) = (endpoint.name.clone(), self.app.outbound.response_limit);
        async move {
            let started = Instant::now();
            let outcome = within(patience, answer(request, limit)).await;
            record(&subgraph, started.elapsed(), outcome.as_ref());
            outcome
        }
    }

    fn headers(&self, endpoint: &Endpoint, patience: Duration) -> HeaderMap {
        let mut headers = self.identity(endpoint);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        let left = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        headers.insert(DEADLINE_HEADER, HeaderValue::from(left));
        headers
    }

    /// On whose behalf a request or a subscription comes, and under which ids.
    pub(super) fn identity(&self, endpoint: &Endpoint) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(request_id::HEADER, self.context.id.header_value());
        if let Some(trace) = self.context.trace.child() {
            headers.insert(trace::HEADER, trace);
        }
        if let Some(client) = forwarded_for(self.context.client) {
            headers.insert(FORWARDED_FOR, client);
        }
        if let Some(authorization) = &self.context.authorization {
            headers.insert(header::AUTHORIZATION, authorization.clone());
        }
        if let Some(token) = self.app.outbound.service_token(endpoint.service) {
            headers.insert(SERVICE_TOKEN_HEADER, token);
        }
        headers
    }
}

async fn answer(request: reqwest::RequestBuilder, limit: usize) -> Outcome {
    let response = request.send().await.map_err(|error| unsent(&error))?;
    let status = response.status().as_u16();
    let body = read_body(response, limit).await?;
    Ok(SubgraphResponse { status, body })
}

/// Reads a body piece by piece, so that one that is too large is given up and not held.
pub(super) async fn read_body(mut response: reqwest::Response, limit: usize) -> Result<Bytes, SubgraphError> {
    let too_large = SubgraphError::TooLarge { limit_bytes: limit };
    let announced = response.content_length().unwrap_or(0);
    if announced > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Err(too_large);
    }
    let mut next = async || response.chunk().await.map_err(|error| SubgraphError::Interrupted(words(&error)));
    let Some(first) = next().await? else { return Ok(Bytes::new()) };
    let Some(second) = next().await? else {
        return if first.len() > limit { Err(too_large) } else { Ok(first) };
    };
    let mut body =
        BytesMut::with_capacity(usize::try_from(announced).unwrap_or(0).max(first.len() + second.len()));
    body.extend_from_slice(&first);
    body.extend_from_slice(&second);
    while let Some(chunk) = next().await? {
        if body.len() + chunk.len() > limit {
            return Err(too_large);
        }
        body.extend_from_slice(&chunk);
    }
    if body.len() > limit { Err(too_large) } else { Ok(body.freeze()) }
}

pub(super) fn unsent(error: &reqwest::Error) -> SubgraphError {
    if error.is_timeout() {
        SubgraphError::Timeout
    } else if error.is_connect() {
        SubgraphError::Connect(words(error))
    } else {
        SubgraphError::Interrupted(words(error))
    }
}

/// An error with its causes: reqwest's own words alone say "error sending request".
fn words(error: &reqwest::Error) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}

fn record(subgraph: &str, took: Duration, outcome: Result<&SubgraphResponse, &SubgraphError>) {
    let word = match outcome {
        Ok(response) if response.status < 400 => "ok",
        Ok(_) | Err(SubgraphError::Status(_)) => "status",
        Err(SubgraphError::Timeout) => "timeout",
        Err(SubgraphError::Connect(_)) => "unreachable",
        Err(SubgraphError::Interrupted(_)) => "interrupted",
        Err(SubgraphError::Unavailable(_)) => "unavailable",
        Err(SubgraphError::TooLarge { .. }) => "too_large",
    };
    if let Err(error) = outcome {
        tracing::debug!(subgraph, %error, duration_ms = took.as_secs_f64() * 1e3, "a subgraph did not answer");
    }
    metrics::counter!("router_subgraph_requests_total", "subgraph" => subgraph.to_owned(), "outcome" => word)
        .increment(1);
    metrics::histogram!("router_subgraph_request_seconds", "subgraph" => subgraph.to_owned())
        .record(took.as_secs_f64());
}
