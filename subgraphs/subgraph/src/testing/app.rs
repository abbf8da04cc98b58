//! A service under test: on a free port, on a fresh database, asked over real HTTP.

use std::fmt;

use http::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};
use service::config::Common;
use service::identity::{Role, ServiceName};
use service::server;
use service::tokens::SERVICE_TOKEN_HEADER;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{TestDatabase, common, service_token, user_token, user_verifier};
use crate::clock::Clock;
use crate::run::{self, App, Context, StartError, Subgraph};

/// A running service. It stops when it is dropped.
pub struct TestService {
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub url: String,
    /// Its database.
    pub database: TestDatabase,
    name: ServiceName,
    http: reqwest::Client,
    streams: reqwest::Client,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

/// `S`, believing the tokens of this kit.
struct UnderTest<S>(std::marker::PhantomData<S>);

impl<S: Subgraph> Subgraph for UnderTest<S> {
    const NAME: ServiceName = S::NAME;
    type Config = S::Config;
    type Migrator = S::Migrator;

    fn config(env: &mut service::env::Reader) -> Option<S::Config> {
        S::config(env)
    }

    fn sdl() -> String {
        S::sdl()
    }

    async fn build(context: Context<S::Config>) -> Result<App, StartError> {
        Ok(S::build(context).await?.or_verifying_with(user_verifier()))
    }

    async fn facts(database: &crate::database::Database) -> Result<Value, sea_orm::DbErr> {
        S::facts(database).await
    }
}

impl TestService {
    /// Starts `S` with `config` on a fresh database. It accepts the kit's user and service tokens; a service that makes
    /// user tokens itself accepts its own instead.
    pub async fn start<S: Subgraph>(config: S::Config) -> Self {
        Self::start_with::<S>(config, common(S::NAME), Clock::system()).await
    }

    /// The same with a common configuration and a clock of one's own.
    pub async fn start_with<S: Subgraph>(config: S::Config, common: Common, clock: Clock) -> Self {
        let database = super::database::<S::Migrator>().await;
        Self::start_on::<S>(config, common, clock, database).await
    }

    /// The same on a database that a test has prepared.
    pub async fn start_on<S: Subgraph>(
        config: S::Config,
        common: Common,
        clock: Clock,
        database: TestDatabase,
    ) -> Self {
        let stop = CancellationToken::new();
        let listener = server::bind(common.listen).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let handle = database.database.clone();
        let prepared =
            run::prepare::<UnderTest<S>>(common, config, handle, &database.config, clock, stop.clone())
                .await
                .expect("the service starts");
        let task = tokio::spawn(async move { prepared.serve(listener).await.expect("the service serves") });
        let http = service::http_client::build().expect("an HTTP client");
        let streams = service::http_client::build_with(|builder| builder).expect("an HTTP client");
        Self { url, database, name: S::NAME, http, streams, stop, task: Some(task) }
    }

    /// Asks `document`, as nobody until told otherwise.
    pub fn call(&self, document: impl Into<String>) -> Call<'_> {
        Call { service: self, document: document.into(), variables: Map::new(), headers: HeaderMap::new() }
    }

    /// Tells the service to stop and waits until it has drained.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            task.await.expect("the service stops without a panic");
        }
    }
}

impl Drop for TestService {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl fmt::Debug for TestService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TestService({} at {})", self.name, self.url)
    }
}

/// An operation about to be sent.
#[derive(Debug)]
#[must_use]
pub struct Call<'s> {
    service: &'s TestService,
    document: String,
    variables: Map<String, Value>,
    headers: HeaderMap,
}

impl Call<'_> {
    /// Sets one variable.
    pub fn variable(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// Sends it as a logged-in user.
    pub fn as_user(self, id: Uuid, role: Role) -> Self {
        self.with_token(&user_token(id, role))
    }

    /// Sends it as some administrator.
    pub fn as_admin(self) -> Self {
        self.as_user(Uuid::now_v7(), Role::Admin)
    }

    /// Sends it with a user token.
    pub fn with_token(mut self, token: &str) -> Self {
        self.headers.insert("authorization", format!("Bearer {token}").parse().expect("a header value"));
        self
    }

    /// Sends it through a service, beside whatever user there is.
    pub fn through(mut self, service: ServiceName) -> Self {
        let token = service_token(service, self.service.name);
        self.headers.insert(SERVICE_TOKEN_HEADER, token.parse().expect("a header value"));
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().expect("a header value"));
        self
    }

    /// Sends it.
    pub async fn send(self) -> Answer {
        let body = json!({ "query": self.document, "variables": self.variables });
        let url = format!("{}/graphql", self.service.url);
        let request = self.service.http.post(url).headers(self.headers).json(&body);
        let response = request.timeout(std::time::Duration::from_secs(60)).send().await.expect("an answer");
        let status = response.status();
        let text = response.text().await.expect("a whole answer");
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer { status, body }
    }

    /// Opens it as a stream of events; the answer's own end, or dropping it, ends it.
    ///
    /// # Panics
    /// When it is answered otherwise.
    pub async fn watch(self) -> Watching {
        let body = json!({ "query": self.document, "variables": self.variables });
        let url = format!("{}/graphql", self.service.url);
        let request = self.service.streams.post(url).headers(self.headers).json(&body);
        let response = request.header("accept", "text/event-stream").send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK);
        Watching { response, text: String::new() }
    }

    /// Sends it and hands out `data`; any error fails the test.
    pub async fn data(self) -> Value {
        let answer = self.send().await;
        assert!(answer.body.get("errors").is_none(), "{}", answer.body);
        answer.body["data"].clone()
    }

    /// Sends it and hands out the code of the first error; no error fails the test.
    pub async fn refused(self) -> String {
        let answer = self.send().await;
        answer.code().unwrap_or_else(|| panic!("not refused: {}", answer.body)).to_owned()
    }
}

/// A subscription that is open.
#[derive(Debug)]
pub struct Watching {
    response: reqwest::Response,
    text: String,
}

impl Watching {
    /// The next answer; `None` after the last.
    ///
    /// # Panics
    /// When nothing comes for a quarter of a minute, or the stream breaks off.
    pub async fn next(&mut self) -> Option<Answer> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                if event.starts_with("event: complete") {
                    return None;
                }
                if let Some(data) = event.strip_prefix("event: next\ndata: ") {
                    let body = serde_json::from_str(data).expect("JSON");
                    return Some(Answer { status: StatusCode::OK, body });
                }
                continue;
            }
            let chunk =
                tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("an event in time");
            let chunk = chunk.expect("a stream that holds").expect("`complete` before the end");
            self.text.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }
}

/// How long a test waits for an event.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body, as JSON.
    pub body: Value,
}

impl Answer {
    /// The code of the first error.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.body.pointer("/errors/0/extensions/code").and_then(Value::as_str)
    }

    /// A part of `data`, by JSON pointer: `/booking/id`.
    #[must_use]
    pub fn at(&self, pointer: &str) -> &Value {
        self.body.get("data").and_then(|data| data.pointer(pointer)).unwrap_or(&Value::Null)
    }
}
