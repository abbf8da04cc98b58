//! The event service put together: adapters, schema, workers.

use std::sync::Arc;

use entities::ids::OutboxId;
use migration::event::Migrator;
use sea_orm::DbErr;
use service::env::Reader;
use service::identity::ServiceName;
use subgraph::client::ServiceClient;
use subgraph::clock::Clock;
use subgraph::database::Database;
use subgraph::run::{App, Context as Given, StartError, Subgraph};
use tokio::sync::Notify;

use crate::bookings::http::HttpBookings;
use crate::config::Config;
use crate::context::{Context, Timing};
use crate::spacemaster::http::{Budget, HttpScheduler};
use crate::store::{Store, StoreError};
use crate::tickets::http::HttpTicketSales;
use crate::{api, facts, workers};

/// The event service.
#[derive(Debug)]
pub struct EventService;

impl Subgraph for EventService {
    const NAME: ServiceName = ServiceName::Event;
    type Config = Config;
    type Migrator = Migrator;

    fn config(env: &mut Reader) -> Option<Config> {
        Config::read(env)
    }

    fn sdl() -> String {
        api::sdl()
    }

    async fn build(given: Given<Config>) -> Result<App, StartError> {
        let context = context(&given)?;
        let (schema, store) = (api::schema(context.clone()), context.store.clone());
        let app = App::new(schema).loaders(move |request, batch| api::loaders::add(request, batch, &store));
        Ok(app.worker("event workers", workers::run(context, given.stop)))
    }

    async fn facts(database: &Database) -> Result<serde_json::Value, DbErr> {
        facts::facts(database, &Clock::system()).await.map_err(|error| match error {
            StoreError::Db(error) => error,
            error => DbErr::Custom(error.to_string()),
        })
    }
}

fn context(given: &Given<Config>) -> Result<Context, StartError> {
    let config = &given.config;
    let peer = |url, name| ServiceClient::new(given.http.clone(), url, name, given.signer.clone());
    let scheduler = config.spacemaster.join("/graphql")?;
    Ok(Context {
        store: Store::new(given.database.clone()),
        scheduler: Arc::new(HttpScheduler::new(given.http.clone(), scheduler, Budget::default())),
        tickets: Arc::new(HttpTicketSales::new(peer(&config.ticket, ServiceName::Ticket)?)),
        bookings: Arc::new(HttpBookings::new(peer(&config.booking, ServiceName::Booking)?)),
        zones: Arc::new(config.zones.clone()),
        clock: given.clock.clone(),
        timing: Timing { round: config.worker_interval, ..Timing::default() },
        // A name of this start, not of this machine: a process that comes back is not the one whose lease it finds.
        owner: format!("event-{}", OutboxId::new()),
        work: Arc::new(Notify::new()),
    })
}
