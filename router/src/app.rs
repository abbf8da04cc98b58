//! The running router: what all requests share, and which path goes where, behind which middleware.

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Response, Route};
use service::{
    identity::ServiceName,
    metrics::Recorder,
    tokens::{KeySource, ServiceSigner, SetupError, UserVerifier},
};
use tokio::sync::{Semaphore, watch};

use crate::{
    admin,
    config::{Config, Values},
    explorer, health, http, middleware, pass_through,
    pipeline::PersistedDocuments,
    sharing::InFlight,
    snapshot::{Snapshot, SnapshotError},
    subgraphs::{Fetches, Outbound},
    subscriptions::Rooms,
};

/// What all requests share.
#[derive(Debug)]
pub struct App {
    /// The configuration in force.
    pub config: Config,
    /// The same, as it was given: for showing.
    pub values: Values,
    /// The way to subgraphs.
    pub outbound: Outbound,
    /// Verifies user tokens; `None`: they are forwarded unread.
    pub verifier: Option<UserVerifier>,
    /// Documents that may be named by their hash.
    pub persisted: PersistedDocuments,
    /// Room for requests at the same time.
    pub room: Arc<Semaphore>,
    /// Room for subscriptions and sockets at the same time.
    pub subscriptions: Rooms,
    snapshots: watch::Sender<Arc<Snapshot>>,
}

/// Why the router cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The supergraph cannot be served.
    #[error("the supergraph cannot be served: {0}")]
    Snapshot(#[from] SnapshotError),
    /// The router's own key cannot be used.
    #[error("the service key cannot be used: {0}")]
    Key(#[from] SetupError),
    /// No HTTP client.
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    /// The URL of the key set is none.
    #[error("`{0}` is not a URL")]
    Url(String),
}

impl App {
    /// Builds everything that `sdl` and the configuration ask for. Nothing is listening yet.
    ///
    /// # Errors
    /// The first part that cannot be built.
    pub fn build(sdl: &str, config: Config, values: Values) -> Result<Arc<Self>, BuildError> {
        let snapshot = Snapshot::build(sdl, &config)?;
        let key = config.auth.service_key_file.as_deref();
        let signer = key.map(|file| ServiceSigner::from_file(file, ServiceName::Router)).transpose()?;
        let in_flight = config.subgraphs.join.then(Fetches::default);
        let outbound = Outbound::new(signer, config.limits.response, in_flight)?;
        Ok(Arc::new(Self {
            verifier: verifier(&config, &outbound)?,
            outbound,
            persisted: PersistedDocuments::new(config.cache.persisted),
            room: Arc::new(Semaphore::new(config.limits.in_flight.min(Semaphore::MAX_PERMITS))),
            subscriptions: Rooms::new(&config.subscriptions),
            snapshots: watch::Sender::new(Arc::new(snapshot)),
            config,
            values,
        }))
    }

    /// The supergraph that a request beginning now is answered by. Take it once, keep it to the last byte.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshots.borrow())
    }

    /// Takes over another supergraph. Requests in flight keep the one they began with.
    ///
    /// # Errors
    /// When it cannot be served; the old one then stays.
    pub fn replace(&self, sdl: &str) -> Result<Arc<Snapshot>, SnapshotError> {
        let snapshot = Arc::new(Snapshot::build(sdl, &self.config)?);
        self.snapshots.send_replace(Arc::clone(&snapshot));
        Ok(snapshot)
    }

    /// Says that something may have been changed: what was asked before is no answer to what is asked from now on.
    pub fn changed(&self) {
        self.snapshots.borrow().answers.iter().for_each(InFlight::forget);
        self.outbound.in_flight.iter().for_each(InFlight::forget);
    }
}

fn verifier(config: &Config, outbound: &Outbound) -> Result<Option<UserVerifier>, BuildError> {
    let Some(text) = &config.auth.jwks_url else { return Ok(None) };
    let url = reqwest::Url::parse(text).map_err(|_| BuildError::Url(text.clone()))?;
    let keys = KeySource::remote(outbound.http.clone(), url);
    Ok(Some(UserVerifier::new(keys, &config.auth.issuer, &config.auth.audience)))
}

/// The route table, and the middleware from the innermost to the outermost.
pub fn endpoint(app: &Arc<App>, recorder: Recorder) -> impl Endpoint<Output = Response> + 'static {
    let table = Route::new()
        .at("/graphql", http::graphql(app))
        .at("/", explorer::endpoint(app))
        .nest("/health", health::routes(app))
        .at("/ready", health::ready(app))
        .at("/metrics", admin::guarded(app, service::metrics::endpoint(recorder)))
        .nest("/api", admin::routes(app))
        .at("/:service/*rest", pass_through::endpoint(app));
    let table = middleware::deadline(app, table);
    let table = middleware::load_shed(app, table);
    let table = middleware::refuse_service_credentials(table);
    let table = middleware::cors(app, table);
    let table = middleware::contain_panics(table);
    let table = middleware::access_log(table);
    middleware::client_address(app.config.trusted_proxies.clone(), table).map_to_response()
}
