//! One log line and two figures for every request.

use std::{net::IpAddr, time::Instant};

use executor::FetchReport;
use poem::{Endpoint, EndpointExt, Request, Response};

use crate::client_address;

/// What a handler knows about its answer and the log wants to; put into the response's extensions.
#[derive(Debug, Clone, Default)]
pub struct Details {
    /// The operation's name.
    pub operation: Option<String>,
    /// Whether its plan was known before.
    pub plan_was_cached: Option<bool>,
    /// Errors in the answer.
    pub errors: usize,
    /// The code of a request that was refused.
    pub refusal: Option<&'static str>,
    /// Requests to subgraphs, and how long each took.
    pub fetches: Vec<FetchReport>,
}

/// Logs and counts.
pub fn access_log<E>(endpoint: E) -> impl Endpoint<Output = Response> + 'static
where
    E: Endpoint<Output = Response> + 'static,
{
    endpoint.around(|endpoint, request: Request| async move {
        let started = Instant::now();
        let asked = Asked::of(&request);
        let mut response = endpoint.call(request).await.unwrap_or_else(|error| error.into_response());
        let seconds = started.elapsed().as_secs_f64();
        let details = response.extensions_mut().remove::<Details>().unwrap_or_default();
        let status = response.status().as_u16();
        write_line(&asked, status, seconds, &details);
        let route = route_label(&asked.path);
        metrics::counter!("router_requests_total", "route" => route, "status" => status_label(status))
            .increment(1);
        metrics::histogram!("router_request_seconds", "route" => route).record(seconds);
        Ok(response)
    })
}

/// What is kept of a request while it is answered.
struct Asked {
    method: http::Method,
    path: String,
    client: Option<IpAddr>,
}

impl Asked {
    fn of(request: &Request) -> Self {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        Self { method, path, client: client_address::of(request).0 }
    }
}

fn write_line(asked: &Asked, status: u16, seconds: f64, details: &Details) {
    let slowest_ms =
        details.fetches.iter().map(|fetch| fetch.duration.as_secs_f64() * 1e3).fold(0.0, f64::max);
    tracing::info!(
        method = %asked.method,
        path = asked.path,
        client = asked.client.map(tracing::field::display),
        status,
        duration_ms = seconds * 1e3,
        operation = details.operation.as_deref(),
        plan_cached = details.plan_was_cached,
        errors = details.errors,
        refusal = details.refusal,
        fetches = details.fetches.len(),
        slowest_fetch_ms = slowest_ms,
        "answered"
    );
}

/// Few words: a label with a client's text in it would let anybody fill the memory with counters.
fn route_label(path: &str) -> &'static str {
    match path.split('/').nth(1).unwrap_or_default() {
        "" => "explorer",
        "graphql" => "graphql",
        "health" | "ready" => "health",
        "metrics" => "metrics",
        "api" => "api",
        "user" => "user",
        "event" => "event",
        "ticket" => "ticket",
        "booking" => "booking",
        _ => "other",
    }
}

fn status_label(status: u16) -> &'static str {
    match status {
        ..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
    }
}
