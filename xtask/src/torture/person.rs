//! Somebody who asks over HTTP, does not wait for ever, and asks again.

use std::time::Duration;

use serde_json::{Value, json};

use super::history::History;
use crate::random::Random;

/// How long somebody waits for an answer before they ask again: some hardly at all.
const PATIENCE: [Duration; 3] = [Duration::from_millis(150), Duration::from_secs(1), Duration::from_secs(8)];
/// How often something is asked again.
const TRIES: usize = 40;
const PAUSE: Duration = Duration::from_millis(100);

/// Refusals that stay one.
const FINAL: [&str; 14] = [
    "BAD_USER_INPUT",
    "NOT_FOUND",
    "CONFLICT",
    "EVENT_NOT_OPEN",
    "SOLD_OUT",
    "NOT_SOLD_OUT",
    "VOUCHER_USED_UP",
    "SALES_CLOSED",
    "QUOTA_TOO_LOW",
    "CAPACITY_EXCEEDED",
    "INVALID_TRANSITION",
    "HOLD_EXPIRED",
    "PAYMENT_FAILED",
    "IDEMPOTENCY_CONFLICT",
];
/// Codes that say "not now", of the services and of the router. Any other code is a fault of ours.
const LATER: [&str; 10] = [
    "UNAVAILABLE",
    "OVERLOADED",
    "TIMEOUT",
    "SERVICE_UNREACHABLE",
    "SERVICE_TIMEOUT",
    "SUBGRAPH_UNREACHABLE",
    "SUBGRAPH_UNAVAILABLE",
    "SUBGRAPH_TIMEOUT",
    "SUBGRAPH_BAD_RESPONSE",
    "SUBGRAPH_ERROR",
];
/// Words that no client should read: they are of databases, files and code.
const INTERNAL: [&str; 8] =
    ["sqlite", "sqlx", "mysql", "panicked", "os error", "deadlock", ".rs:", "connection refused"];

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// What was asked for.
    Fine(Value),
    /// A refusal that stays one, with its code.
    Refused(String),
    /// Nothing, or nothing that says whether it was done.
    Unknown,
}

impl Answer {
    /// The field, when it was answered.
    pub(super) fn field(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Fine(data) => Some(&data[name]).filter(|value| !value.is_null()),
            Self::Refused(_) | Self::Unknown => None,
        }
    }
}

/// Who asks.
pub(super) struct Person {
    /// What the history calls them.
    pub(super) name: String,
    pub(super) random: Random,
    http: reqwest::Client,
    router: String,
    token: Option<String>,
    history: History,
    /// What was answered that never should be.
    pub(super) faults: Vec<String>,
}

impl Person {
    pub(super) fn new(name: String, random: Random, router: String, history: History) -> Self {
        let http = reqwest::Client::new();
        Self { name, random, http, router, token: None, history, faults: Vec::new() }
    }

    /// Asks as this user from now on.
    pub(super) fn log_in(&mut self, token: String) {
        self.token = Some(token);
    }

    /// Asks once, as long as it suits them, of the whole graph or by the old path of `service`.
    pub(super) async fn ask(&mut self, service: &str, query: &str, variables: &Value) -> Answer {
        let path = if self.random.chance(25) { format!("/{service}/graphql") } else { "/graphql".to_owned() };
        let patience = self.random.pick(&PATIENCE).copied().unwrap_or(PAUSE);
        let sent = self.send(&path, query, variables, patience).await;
        let answer = match &sent {
            Ok(body) => self.read(body),
            Err(_) => Answer::Unknown,
        };
        let told = sent.unwrap_or_else(|error| json!(error));
        let what = query.split(['(', '{']).next().unwrap_or_default().trim();
        self.history.tell(&self.name, what, &json!({ "path": path, "variables": variables, "answer": told }));
        answer
    }

    /// Asks until there is an answer; gives up after many tries.
    pub(super) async fn insist(&mut self, service: &str, query: &str, variables: &Value) -> Answer {
        for _ in 0..TRIES {
            match self.ask(service, query, variables).await {
                Answer::Unknown => tokio::time::sleep(PAUSE).await,
                answer => return answer,
            }
        }
        Answer::Unknown
    }

    async fn send(
        &self,
        path: &str,
        query: &str,
        variables: &Value,
        patience: Duration,
    ) -> Result<Value, String> {
        let mut request = self.http.post(format!("{}{path}", self.router)).timeout(patience);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let request = request.json(&json!({ "query": query, "variables": variables }));
        let answer = request.send().await.map_err(|error| format!("{error:?}"))?;
        answer.json().await.map_err(|error| format!("{error:?}"))
    }

    fn read(&mut self, body: &Value) -> Answer {
        let Some(error) = body["errors"].get(0) else {
            return if body["data"].is_object() {
                Answer::Fine(body["data"].clone())
            } else {
                Answer::Unknown
            };
        };
        let code = error["extensions"]["code"].as_str().unwrap_or("(none)");
        let text = body["errors"].to_string().to_lowercase();
        let is_known = FINAL.contains(&code) || LATER.contains(&code);
        if !is_known || INTERNAL.iter().any(|word| text.contains(word)) {
            self.faults.push(format!("{}: {}", self.name, body["errors"]));
        }
        if LATER.contains(&code) { Answer::Unknown } else { Answer::Refused(code.to_owned()) }
    }
}
