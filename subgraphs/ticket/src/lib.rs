//! The ticket subgraph: ticket types, holds, stock, and tickets at the door.
//!
//! Scarcity is decided here, once. Reading order: [`domain`] (the rules), [`ticket_types`], [`vouchers`], [`events`],
//! [`holds`], [`waiting_places`] and [`tickets`] (what is done), [`store`] (how it is kept), [`keys`] (who signs codes), [`qr`] (how they are drawn), [`event`]
//! (the one service that is asked), [`api`] (how it looks from outside), [`expiry`] (what time does), [`changes`] (who is
//! told), [`facts`] (what an inspector is told).

pub mod api;
mod audit;
pub mod changes;
pub mod domain;
pub mod error;
pub mod event;
pub mod events;
pub mod expiry;
pub mod facts;
pub mod holds;
pub mod keys;
pub mod qr;
pub mod store;
pub mod ticket_types;
pub mod tickets;
pub mod vouchers;
pub mod waiting_places;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use poem::endpoint::make;
use poem::{IntoResponse, Response, get};
use reqwest::Url;
use service::config::peer_url;
use service::env::Reader;
use service::identity::ServiceName;
use subgraph::client::ServiceClient;
use subgraph::clock::Clock;
use subgraph::database::Database;
use subgraph::error::Error;
use subgraph::run::{App, Context, StartError, Subgraph};

use crate::event::http::HttpEventDirectory;
use crate::keys::CodeKeys;
use crate::store::Store;

/// The ticket service.
#[derive(Debug)]
pub struct TicketService;

/// What the ticket service is told beside what every process is.
#[derive(Clone, Debug)]
pub struct Config {
    /// `EVENTHUB_EVENT_URL`: where the event service is.
    pub event_url: Url,
    /// `EVENTHUB_WORKER_INTERVAL`: how often lapsed holds, and what other replicas changed, are looked for.
    pub worker_interval: Duration,
    /// Whether the workers run that nobody waits for. No variable says no; tests do, and run them themselves.
    pub runs_workers: bool,
    /// `EVENTHUB_OFFER_TTL`: how long tickets are offered to who waited for them.
    pub offer_ttl: Duration,
    /// The clock by which holds lapse, instead of the database's. No variable sets it; tests do.
    pub clock: Option<Clock>,
}

impl Subgraph for TicketService {
    const NAME: ServiceName = ServiceName::Ticket;
    type Config = Config;
    type Migrator = migration::ticket::Migrator;

    fn config(env: &mut Reader) -> Option<Config> {
        let event_url = peer_url(env, ServiceName::Event);
        let worker_interval = env.or("EVENTHUB_WORKER_INTERVAL", Duration::from_secs(1));
        let offer_ttl = env.or("EVENTHUB_OFFER_TTL", Duration::from_mins(15));
        Some(Config {
            event_url: event_url?,
            worker_interval: worker_interval?,
            runs_workers: true,
            offer_ttl: offer_ttl?,
            clock: None,
        })
    }

    fn sdl() -> String {
        api::sdl()
    }

    async fn build(context: Context<Config>) -> Result<App, StartError> {
        let Context { common, config, database, http, signer, stop, .. } = context;
        let store = Store::new(database);
        let store = match config.clock {
            Some(clock) => store.with_clock(clock),
            None => store,
        };
        let client = ServiceClient::new(http, &config.event_url, ServiceName::Event, signer)?;
        let directory = Arc::new(HttpEventDirectory::new(client));
        let keys = CodeKeys::open(store.clone(), common.service_key_file.as_deref()).await?;
        let schema = api::schema(store.clone(), directory, Arc::clone(&keys));
        let of_requests = store.clone();
        let app = App::new(schema).loaders(move |request, batch| api::loaders(request, batch, &of_requests));
        let app =
            app.route("/.well-known/ticket-keys.json", get(make(move |_| published(Arc::clone(&keys)))));
        let changes = changes::run(store.clone(), config.worker_interval, stop.clone());
        let app = app.worker("changes", changes);
        if !config.runs_workers {
            return Ok(app);
        }
        let offer_ttl = TimeDelta::from_std(config.offer_ttl)?;
        Ok(app.worker("expiry", expiry::run(store, config.worker_interval, offer_ttl, stop)))
    }

    async fn facts(database: &Database) -> Result<serde_json::Value, sea_orm::DbErr> {
        facts::read(database).await
    }
}

/// The keys by which a door that can ask nobody verifies ticket codes.
async fn published(keys: Arc<CodeKeys>) -> Response {
    match keys.jwks().await {
        Ok(jwks) => jwks
            .to_string()
            .with_content_type("application/json")
            .with_header("cache-control", "public, max-age=60")
            .into_response(),
        Err(cause) => {
            let error = Error::from(cause);
            tracing::error!(error_id = ?error.id(), cause = error.cause(), "the keys for ticket codes cannot be told");
            poem::http::StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
