//! GraphQL over HTTP as a client sees it: a request, and what came back.

use std::time::Duration;

use serde_json::{Value, json};

/// What an endpoint answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, or what could be read of it as text.
    pub body: Value,
}

impl Answer {
    /// The data of an answer without errors.
    #[track_caller]
    pub fn data(&self) -> &Value {
        assert!(self.body.get("errors").is_none(), "refused: {} {}", self.status, self.body);
        assert!(self.body["data"].is_object(), "no data: {} {}", self.status, self.body);
        &self.body["data"]
    }

    /// The code of the first error; empty when there is none.
    pub fn code(&self) -> &str {
        self.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
    }

    /// The first error's message.
    pub fn message(&self) -> &str {
        self.body["errors"][0]["message"].as_str().unwrap_or_default()
    }

    /// Whether something was answered, without any error.
    pub fn is_fine(&self) -> bool {
        self.body.get("errors").is_none() && self.body["data"].is_object()
    }
}

/// One who sends requests: nobody, or somebody with a token.
#[derive(Debug, Clone, Default)]
pub struct Sender {
    http: reqwest::Client,
    token: Option<String>,
}

impl Sender {
    /// Somebody with this token.
    pub fn with_token(token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..Self::default() }
    }

    /// Sends an operation.
    pub async fn ask(&self, endpoint: &str, query: &str, variables: Value) -> Answer {
        self.post(endpoint, "application/json", json!({ "query": query, "variables": variables }).to_string())
            .await
    }

    /// Sends any body.
    pub async fn post(&self, endpoint: &str, content_type: &str, body: String) -> Answer {
        self.send(self.http.post(endpoint).header("content-type", content_type).body(body)).await
    }

    /// Sends a GET.
    pub async fn get(&self, url: &str) -> Answer {
        self.send(self.http.get(url)).await
    }

    /// The client itself, for what is not GraphQL.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    async fn send(&self, mut request: reqwest::RequestBuilder) -> Answer {
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        match self.attempt(request).await {
            Ok(answer) => answer,
            Err(error) => Answer { status: 0, body: json!({ "lost": format!("{error:?}") }) },
        }
    }

    async fn attempt(&self, request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
        let answer = request.timeout(Duration::from_secs(60)).send().await?;
        let status = answer.status().as_u16();
        let text = answer.text().await?;
        let body = serde_json::from_str(&text).unwrap_or_else(|_| json!({ "text": text }));
        Ok(Answer { status, body })
    }
}
