//! The booking subgraph: bookings, payments, the saga.
//!
//! Reading order: [`domain`] (the rules), [`bookings`] (what people do), [`repeats`] (what they do again) and [`admission`] (how many at a time),
//! [`saga`] (how a booking gets from its row to its tickets, or back), [`refunds`], [`notices`] and [`worker`] (what happens without anybody asking),
//! [`changes`] and [`announcements`] (who is told), [`ticket`] and [`payment`] (who else takes part), [`store`] (how it is kept), [`api`] and
//! [`webhooks`] (how it looks from outside), [`facts`] (what an inspector is told).

pub mod admission;
pub mod announcements;
pub mod api;
pub mod bookings;
pub mod changes;
pub mod domain;
pub mod error;
pub mod facts;
pub mod notices;
pub mod payment;
pub mod refunds;
pub mod repeats;
pub mod saga;
pub mod store;
pub mod ticket;
pub mod webhooks;
pub mod worker;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use reqwest::Url;
use service::config::peer_url;
use service::env::{Reader, Secret};
use service::identity::ServiceName;
use subgraph::client::ServiceClient;
use subgraph::database::Database;
use subgraph::run::{App, Context, StartError, Subgraph};
use subgraph::seal::Sealer;

use crate::admission::{Admission, Limits};
use crate::announcements::address::Reach;
use crate::announcements::delivery::Courier;
use crate::announcements::listeners::Listeners;
use crate::payment::config::Provider;
use crate::saga::Saga;
use crate::store::Store;
use crate::ticket::http::HttpTicketHolds;

/// The booking service.
#[derive(Debug)]
pub struct BookingService;

/// What the booking service is told beside what every process is.
#[derive(Clone, Debug)]
pub struct Config {
    /// `EVENTHUB_TICKET_URL`: where the ticket service is.
    pub ticket_url: Url,
    /// `EVENTHUB_PAYMENT_PROVIDER`, and what belongs to it.
    pub provider: Provider,
    /// `EVENTHUB_HOLD_TTL`: how long a booking waits for its payment.
    pub hold_ttl: Duration,
    /// `EVENTHUB_BOOKINGS_AT_ONCE`, `EVENTHUB_BOOKINGS_WAITING` and `EVENTHUB_BOOKING_PATIENCE`: how many may book at the same time, how many
    /// may wait for it, and how long.
    pub admission: Limits,
    /// `EVENTHUB_WORKER_INTERVAL`: how often the worker looks at what is due, and at what other replicas changed.
    pub worker_interval: Duration,
    /// Whether the workers run that nobody waits for. No variable says no; tests do, and run them themselves.
    pub runs_workers: bool,
    /// `EVENTHUB_WEBHOOK_KEY_SECRET`: seals the secrets of those who are told what becomes of bookings; without it nobody can be registered.
    pub webhook_key_secret: Option<Secret<String>>,
    /// `EVENTHUB_WEBHOOK_REACH`: how far what they are told may go.
    pub webhook_reach: Reach,
    /// `EVENTHUB_WEBHOOK_KEEP`: how long it is kept after it arrived.
    pub webhook_keep: Duration,
}

/// A key secret must be at least so long, in bytes: as long as the key that is made from it.
const SHORTEST_SECRET: usize = 32;
/// What the key is for that seals the secrets of listeners.
const SEALING: &[u8] = b"eventhub webhook secrets, version 1";

/// The longest a booking may wait; the ticket service holds nothing for longer.
const LONGEST_HOLD: Duration = Duration::from_hours(24);

fn hold_ttl(env: &mut Reader) -> Option<Duration> {
    const NAME: &str = "EVENTHUB_HOLD_TTL";
    let ttl = env.or(NAME, Duration::from_mins(15))?;
    if ttl > LONGEST_HOLD {
        env.problem(NAME, Some(format!("{}s", ttl.as_secs())), "is too long", "up to 24h");
        return None;
    }
    Some(ttl)
}

fn bookings_at_once(env: &mut Reader, default: usize) -> Option<usize> {
    const NAME: &str = "EVENTHUB_BOOKINGS_AT_ONCE";
    let at_once = env.or(NAME, default)?;
    if at_once == 0 {
        env.problem(NAME, Some(at_once.to_string()), "lets nobody in", "at least 1");
        return None;
    }
    Some(at_once)
}

fn admission(env: &mut Reader) -> Option<Limits> {
    let Limits { at_once, waiting, patience } = Limits::default();
    let at_once = bookings_at_once(env, at_once);
    let waiting = env.or("EVENTHUB_BOOKINGS_WAITING", waiting);
    let patience = env.or("EVENTHUB_BOOKING_PATIENCE", patience);
    Some(Limits { at_once: at_once?, waiting: waiting?, patience: patience? })
}

/// The outer option says that a problem was noted, the inner one that nothing was given.
fn webhook_key_secret(env: &mut Reader) -> Option<Option<Secret<String>>> {
    const NAME: &str = "EVENTHUB_WEBHOOK_KEY_SECRET";
    let secret: Option<Secret<String>> = env.optional(NAME)?;
    if secret.as_ref().is_some_and(|secret| secret.expose().len() < SHORTEST_SECRET) {
        env.problem(NAME, None, "is too short", "at least 32 bytes, as `openssl rand -base64 32` prints");
        return None;
    }
    Some(secret)
}

/// What seals the secrets of listeners, if it is configured.
///
/// # Errors
/// When no key can be derived, which the library promises not to happen.
pub fn sealer(config: &Config) -> Result<Option<Arc<Sealer>>, StartError> {
    let Some(secret) = &config.webhook_key_secret else { return Ok(None) };
    let sealer = Sealer::new(secret, SEALING).ok_or("the key for webhook secrets cannot be derived")?;
    Ok(Some(Arc::new(sealer)))
}

impl Subgraph for BookingService {
    const NAME: ServiceName = ServiceName::Booking;
    type Config = Config;
    type Migrator = migration::booking::Migrator;

    fn config(env: &mut Reader) -> Option<Config> {
        let ticket_url = peer_url(env, ServiceName::Ticket);
        let provider = Provider::read(env);
        let hold_ttl = hold_ttl(env);
        let admission = admission(env);
        let worker_interval = env.or("EVENTHUB_WORKER_INTERVAL", Duration::from_secs(1));
        let webhook_key_secret = webhook_key_secret(env);
        let webhook_reach = env.or("EVENTHUB_WEBHOOK_REACH", Reach::default());
        let webhook_keep = env.or("EVENTHUB_WEBHOOK_KEEP", Duration::from_hours(30 * 24));
        Some(Config {
            ticket_url: ticket_url?,
            provider: provider?,
            hold_ttl: hold_ttl?,
            admission: admission?,
            worker_interval: worker_interval?,
            runs_workers: true,
            webhook_key_secret: webhook_key_secret?,
            webhook_reach: webhook_reach?,
            webhook_keep: webhook_keep?,
        })
    }

    fn sdl() -> String {
        api::sdl()
    }

    async fn build(context: Context<Config>) -> Result<App, StartError> {
        let Context { config, database, http, signer, clock, stop, .. } = context;
        let store = Store::new(database, clock.clone());
        let payments = config.provider.build(&store, &http, &clock);
        let client = ServiceClient::new(http, &config.ticket_url, ServiceName::Ticket, signer)?;
        let saga = Saga { store, tickets: Arc::new(HttpTicketHolds::new(client)), payments };
        let (sealer, reach) = (sealer(&config)?, config.webhook_reach);
        let courier = Courier::new(saga.store.clone(), sealer.clone(), reach)?;
        let listeners = Listeners::new(saga.store.clone(), sealer, reach);
        let (ttl, admission) = (TimeDelta::from_std(config.hold_ttl)?, Admission::new(config.admission));
        let schema = api::schema(saga.clone(), ttl, admission, listeners);
        let store = saga.store.clone();
        let app = App::new(schema).loaders(move |request, batch| api::loaders(request, batch, &store));
        let changes = changes::run(saga.store.clone(), config.worker_interval, stop.clone());
        let app = app.worker("changes", changes);
        let app = app.route(webhooks::PATH, webhooks::endpoint(saga.clone()));
        if !config.runs_workers {
            return Ok(app);
        }
        let keep = TimeDelta::from_std(config.webhook_keep)?;
        let app = app.worker("announcements kept", courier.clone().run_forgetting(keep, stop.clone()));
        let app = app.worker("announcements", courier.run(config.worker_interval, stop.clone()));
        Ok(app.worker("saga", worker::run(saga, config.worker_interval, stop)))
    }

    async fn facts(database: &Database) -> Result<serde_json::Value, sea_orm::DbErr> {
        facts::read(database).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, String> {
        let mut env = Reader::from_pairs(pairs.iter().copied());
        let config = BookingService::config(&mut env);
        env.finish(|| config).map_err(|problems| problems.to_string())
    }

    #[test]
    fn unconfigured_it_pays_by_the_test_provider_and_waits_a_quarter_of_an_hour() {
        let config = read(&[("UNRELATED", "1")]).unwrap();
        assert!(matches!(config.provider, Provider::Test));
        assert_eq!(config.hold_ttl, Duration::from_mins(15));
        assert_eq!(config.ticket_url.as_str(), "http://127.0.0.1:8003/");
    }

    #[test]
    fn unconfigured_nobody_is_told_anything_and_nothing_goes_inside() {
        let config = read(&[("UNRELATED", "1")]).unwrap();
        assert!(config.webhook_key_secret.is_none() && sealer(&config).unwrap().is_none());
        assert_eq!(config.webhook_reach, Reach::Public);
    }

    #[test]
    fn every_bad_value_is_named() {
        let bad = [
            ("EVENTHUB_PAYMENT_PROVIDER", "cash"),
            ("EVENTHUB_HOLD_TTL", "25h"),
            ("EVENTHUB_BOOKINGS_AT_ONCE", "0"),
            ("EVENTHUB_WEBHOOK_KEY_SECRET", "short"),
            ("EVENTHUB_WEBHOOK_REACH", "everywhere"),
        ];
        let problems = read(&bad).unwrap_err();
        assert!(bad.iter().all(|(name, _)| problems.contains(name)), "{problems}");
        assert!(!problems.contains("short,"), "{problems}");
    }
}
