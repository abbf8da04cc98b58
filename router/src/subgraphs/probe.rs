//! Whether the subgraphs answer: asked of each at the same time, with the smallest query there is.

use std::time::Duration;

use futures_util::future::join_all;

use super::{Endpoint, Outbound};

/// A subgraph that has not answered by then does not answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// One subgraph and whether it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubgraphState {
    /// Its name.
    pub name: String,
    /// Its GraphQL URL.
    pub url: String,
    /// Whether it answered just now.
    pub up: bool,
    /// Why not, for operators.
    pub problem: Option<String>,
}

/// Asks all of them.
pub async fn probe_all(outbound: &Outbound, endpoints: &[Endpoint]) -> Vec<SubgraphState> {
    join_all(endpoints.iter().map(|endpoint| probe(outbound, endpoint))).await
}

async fn probe(outbound: &Outbound, endpoint: &Endpoint) -> SubgraphState {
    let request = outbound
        .http
        .post(endpoint.url.clone())
        .header(http::header::CONTENT_TYPE, "application/json")
        .timeout(PATIENCE)
        .body(r#"{"query":"{__typename}"}"#);
    let problem = match request.send().await {
        Ok(response) if response.status().is_success() => None,
        Ok(response) => Some(format!("answers with status {}", response.status().as_u16())),
        Err(error) if error.is_timeout() => Some("does not answer in time".to_owned()),
        Err(_) => Some("cannot be reached".to_owned()),
    };
    SubgraphState {
        name: endpoint.name.clone(),
        url: endpoint.url.to_string(),
        up: problem.is_none(),
        problem,
    }
}
