//! A router on a port of its own, and a client to talk to it.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use http::{HeaderMap, StatusCode};
use router::{
    app::{self, App},
    config::{Config, Sources},
};
use serde_json::{Value, json};
use service::server;
use tokio_util::sync::CancellationToken;

/// The router; it ends with this value.
pub(crate) struct Router {
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    pub(crate) app: Arc<App>,
    client: reqwest::Client,
    stop: CancellationToken,
}

/// An answer, received whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// Code of the first error.
    pub(crate) fn code(&self) -> String {
        self.json()["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Router {
    pub(crate) async fn start(sdl: &str, settings: &[(&str, &str)]) -> Self {
        let flags = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let sources = Sources { flags, environment: BTreeMap::new(), file: None };
        let (config, values) = Config::load(&sources).unwrap();
        let app = App::build(sdl, config, values).unwrap();
        let listener = server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let endpoint = app::endpoint(&app, service::metrics::recorder());
        let options = server::Options { drain_timeout: Duration::from_secs(5), ..server::Options::default() };
        tokio::spawn(server::serve(listener, endpoint, stop.clone(), options));
        let client = service::http_client::build_with(|builder| builder).unwrap();
        Self { url, app, client, stop }
    }

    pub(crate) fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.get(format!("{}{path}", self.url))
    }

    pub(crate) fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.post(format!("{}{path}", self.url))
    }

    /// POST of a JSON body.
    pub(crate) fn post_json(&self, path: &str, body: &Value) -> reqwest::RequestBuilder {
        self.post(path).header("content-type", "application/json").body(body.to_string())
    }

    /// Sends `query` to `/graphql`.
    pub(crate) async fn query(&self, query: &str) -> Answer {
        Answer::of(self.post_json("/graphql", &json!({ "query": query }))).await
    }

    /// The same with values of variables.
    pub(crate) async fn query_with(&self, query: &str, variables: Value) -> Answer {
        Answer::of(self.post_json("/graphql", &json!({ "query": query, "variables": variables }))).await
    }

    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
