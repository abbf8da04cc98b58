//! How a subgraph becomes a process: configuration → database → build → serve → drain.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::Request as SchemaRequest;
use futures_util::future::BoxFuture;
use poem::endpoint::BoxEndpoint;
use poem::{Endpoint, EndpointExt, IntoEndpoint, Response, Route, get};
use sea_orm::DbErr;
use sea_orm_migration::MigratorTrait;
use service::config::Common;
use service::env::Reader;
use service::health::Health;
use service::identity::ServiceName;
use service::tokens::{ServiceSigner, UserVerifier};
use service::{http_client, metrics, server};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::batch::Batch;
use crate::clock::Clock;
use crate::database::{self, Database};
use crate::endpoint::{AddLoaders, Executable, Graphql, Options};

/// Any error that keeps a process from starting.
pub type StartError = Box<dyn std::error::Error + Send + Sync>;

/// A subgraph: what is its own beside what all subgraphs share.
pub trait Subgraph: Sized + Send + Sync + 'static {
    /// Which service it is.
    const NAME: ServiceName;
    /// Its own configuration.
    type Config: Clone + fmt::Debug + Send + Sync + 'static;
    /// Its schema migrations.
    type Migrator: MigratorTrait;

    /// Reads its own variables, noting every problem in `env`.
    fn config(env: &mut Reader) -> Option<Self::Config>;

    /// Its federation SDL; see [`crate::sdl::print`]. Needs no database.
    fn sdl() -> String;

    /// Puts schema, routes and workers together. The database is migrated.
    fn build(context: Context<Self::Config>) -> impl Future<Output = Result<App, StartError>> + Send;

    /// The rows that the invariants are checked on, as one JSON document. Reads only.
    fn facts(database: &Database) -> impl Future<Output = Result<serde_json::Value, DbErr>> + Send;
}

/// What a subgraph is built from.
#[derive(Debug, Clone)]
pub struct Context<C> {
    /// The variables that all processes have.
    pub common: Common,
    /// Its own.
    pub config: C,
    /// Its database, migrated.
    pub database: Database,
    /// The HTTP client of the process.
    pub http: reqwest::Client,
    /// Signs calls to other services; `None` without a key file.
    pub signer: Option<Arc<ServiceSigner>>,
    /// The clock.
    pub clock: Clock,
    /// Cancelled when the process is told to stop; workers watch it.
    pub stop: CancellationToken,
}

type Checks = Box<dyn FnOnce(Health) -> Health + Send>;

/// A subgraph, put together.
pub struct App {
    schema: Arc<dyn Executable>,
    loaders: AddLoaders,
    users: Option<UserVerifier>,
    routes: Vec<(String, BoxEndpoint<'static, Response>)>,
    checks: Vec<Checks>,
    workers: Vec<(&'static str, BoxFuture<'static, ()>)>,
}

impl App {
    /// Serves `schema`.
    #[must_use]
    pub fn new(schema: impl Executable) -> Self {
        Self {
            schema: Arc::new(schema),
            loaders: Arc::new(|request, _| request),
            users: None,
            routes: Vec::new(),
            checks: Vec::new(),
            workers: Vec::new(),
        }
    }

    /// Puts the loaders that resolvers find among the data of each request there, each made by [`Batch::loader`].
    #[must_use]
    pub fn loaders<F>(mut self, add: F) -> Self
    where
        F: Fn(SchemaRequest, &Batch) -> SchemaRequest + Send + Sync + 'static,
    {
        self.loaders = Arc::new(add);
        self
    }

    /// Verifies user tokens with `verifier` instead of the keys at the configured URL: for the service that makes them.
    #[must_use]
    pub fn verifying_with(mut self, verifier: UserVerifier) -> Self {
        self.users = Some(verifier);
        self
    }

    /// The same, unless [`App::verifying_with`] was called.
    pub(crate) fn or_verifying_with(mut self, verifier: UserVerifier) -> Self {
        self.users.get_or_insert(verifier);
        self
    }

    /// Serves one more path.
    #[must_use]
    pub fn route<E>(mut self, path: &str, endpoint: E) -> Self
    where
        E: IntoEndpoint,
        E::Endpoint: 'static,
    {
        self.routes.push((path.to_owned(), endpoint.into_endpoint().map_to_response().boxed()));
        self
    }

    /// Adds a named check to `/ready`.
    #[must_use]
    pub fn check<F, Fut>(mut self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.checks.push(Box::new(move |health| health.check(name, check)));
        self
    }

    /// Runs `worker` beside the server. It ends by itself when [`Context::stop`] is cancelled.
    #[must_use]
    pub fn worker(mut self, name: &'static str, worker: impl Future<Output = ()> + Send + 'static) -> Self {
        self.workers.push((name, Box::pin(worker)));
        self
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let workers: Vec<_> = self.workers.iter().map(|(name, _)| name).collect();
        f.debug_struct("App").field("workers", &workers).finish_non_exhaustive()
    }
}

/// A subgraph that is ready to serve.
pub struct Prepared<C> {
    /// What it was built from.
    pub context: Context<C>,
    route: Route,
    workers: Vec<(&'static str, BoxFuture<'static, ()>)>,
}

/// Migrates the database and builds `S` on it.
///
/// # Errors
/// Whatever keeps it from starting.
pub async fn prepare<S: Subgraph>(
    common: Common,
    config: S::Config,
    database: Database,
    database_config: &database::Config,
    clock: Clock,
    stop: CancellationToken,
) -> Result<Prepared<S::Config>, StartError> {
    database::migrate::<S::Migrator>(&database, database_config).await?;
    let http = http_client::build()?;
    let signer = common.service_signer()?.map(Arc::new);
    let context = Context { common, config, database, http, signer, clock, stop };
    let app = S::build(context.clone()).await?;
    let (route, workers) = assemble(app, &context.common, &context.database, &context.http)?;
    Ok(Prepared { context, route, workers })
}

type Assembled = (Route, Vec<(&'static str, BoxFuture<'static, ()>)>);

fn assemble(
    app: App,
    common: &Common,
    database: &Database,
    http: &reqwest::Client,
) -> Result<Assembled, StartError> {
    let options = Options {
        users: app.users.unwrap_or_else(|| common.user_verifier(http)),
        services: common.service_verifier()?,
        limits: common.guard.clone(),
        introspection: common.introspection,
    };
    let database = database.clone();
    let health = Health::new(common.service, common.instance.clone()).check("database", move || {
        let database = database.clone();
        async move { database.ping().await.map_err(|error| error.to_string()) }
    });
    let health = app.checks.into_iter().fold(health, |health, add| add(health));
    let graphql = Graphql::with_loaders(app.schema, app.loaders, options);
    let route = health
        .mount(Route::new())
        .at("/graphql", graphql)
        .at("/metrics", get(metrics::endpoint(metrics::recorder())));
    let route = app.routes.into_iter().fold(route, |route, (path, endpoint)| route.at(path, endpoint));
    Ok((route, app.workers))
}

impl<C> Prepared<C> {
    /// Serves on `listener` and runs the workers until told to stop; then drains, ends the workers, closes the database.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(self, listener: TcpListener) -> io::Result<()> {
        let Self { context, route, workers } = self;
        let options =
            server::Options { drain_timeout: context.common.drain_timeout, ..server::Options::default() };
        let tracker = TaskTracker::new();
        for (name, worker) in workers {
            tracker.spawn(supervise(name, worker, context.stop.clone()));
        }
        tracker.close();
        let outcome = server::serve(listener, route, context.stop.clone(), options).await;
        context.stop.cancel();
        if tokio::time::timeout(context.common.drain_timeout, tracker.wait()).await.is_err() {
            tracing::warn!("a worker does not end; leaving it");
        }
        if let Err(error) = context.database.close().await {
            tracing::warn!(%error, "the database did not close in order");
        }
        outcome
    }

    /// The routes alone, without the workers: for tests that need no socket.
    pub fn into_route(self) -> impl Endpoint<Output = Response> {
        self.route.map_to_response()
    }
}

impl<C: fmt::Debug> fmt::Debug for Prepared<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").field("context", &self.context).finish_non_exhaustive()
    }
}

/// A worker that ends before it was told to has failed; the process stops, and whoever runs it starts it again.
async fn supervise(name: &'static str, worker: BoxFuture<'static, ()>, stop: CancellationToken) {
    let outcome = tokio::spawn(worker).await;
    if !stop.is_cancelled() {
        tracing::error!(worker = name, ?outcome, "a worker ended by itself; stopping the process");
        stop.cancel();
    }
}

/// Connects, waiting for a database that is still starting.
///
/// # Errors
/// What the last try said, after half a minute.
pub async fn connect(config: &database::Config) -> Result<Database, DbErr> {
    const TRIES: u32 = 30;
    let mut tries = 1;
    loop {
        match Database::connect(config).await {
            Err(error) if tries < TRIES && !is_config_error(&error) => {
                tracing::warn!(%error, tries, "the database cannot be reached yet");
                tries += 1;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            outcome => return outcome,
        }
    }
}

/// Waiting does not help a SQLite file that cannot be opened.
const fn is_config_error(error: &DbErr) -> bool {
    !matches!(error, DbErr::Conn(_) | DbErr::ConnectionAcquire(_))
}
