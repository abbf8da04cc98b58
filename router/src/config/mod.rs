//! The router's configuration: one file, environment and flags, read once, whole, and passed on as an argument.
//!
//! Unknown keys are refused; all mistakes are reported at once, each with its place; `settings.rs` is the list of what exists.

mod error;
mod layers;
mod settings;
mod show;
mod value;
mod yaml;

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use service::{env::Secret, telemetry};

pub use error::{ConfigError, Given, Origin, Position};
pub use layers::{Sources, Values, how_to_give};
pub use settings::{SETTINGS, Setting};
pub use show::{explain, masked, schema};

use crate::{client_address::TrustedProxies, subgraphs::Protocol};

/// Everything the router can be told, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// `host:port`.
    pub listen: String,
    /// Where the supergraph comes from; `None` is refused by `serve` only.
    pub source: Option<Source>,
    /// Whether a changed supergraph file is taken over.
    pub watch: bool,
    /// Whether `__schema` and `__type` are answered.
    pub introspection: bool,
    /// Whether the explorer page is served.
    pub explorer: bool,
    /// Whether equal queries that are under way at the same time are answered once.
    pub join: bool,
    /// Echoed on `/health`.
    pub instance: Option<String>,
    /// Logging.
    pub log: telemetry::Config,
    /// How long draining may take.
    pub drain_timeout: Duration,
    /// Bounds of one request.
    pub limits: Limits,
    /// Bounds of answers in many parts.
    pub subscriptions: Subscriptions,
    /// Bounds of what may be looked at.
    pub guard: service::guard::Limits,
    /// Sizes of caches.
    pub cache: Cache,
    /// Overrides by subgraph name.
    pub subgraphs: Subgraphs,
    /// The old paths.
    pub pass_through: PassThrough,
    /// Tokens.
    pub auth: Auth,
    /// Bearer token of the admin paths; `None`: this machine only.
    pub admin_token: Option<Secret<String>>,
    /// Proxies that say for whom they call.
    pub trusted_proxies: TrustedProxies,
    /// Origins of browser pages that may call the router.
    pub cors_origins: Vec<String>,
}

/// Where the supergraph comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A supergraph SDL.
    Supergraph(PathBuf),
    /// A list of subgraphs, composed at start.
    Subgraphs(PathBuf),
}

/// Bounds of one request.
#[derive(Debug, Clone)]
pub struct Limits {
    /// From head to last byte.
    pub deadline: Duration,
    /// Requests at the same time.
    pub in_flight: usize,
    /// Bytes of a subgraph's answer.
    pub response: usize,
}

/// Bounds of answers in many parts.
#[derive(Debug, Clone)]
pub struct Subscriptions {
    /// Subscriptions at the same time.
    pub in_flight: usize,
    /// WebSockets of clients at the same time.
    pub sockets: usize,
    /// Operations at the same time on one of them.
    pub per_socket: usize,
    /// Until a WebSocket's `connection_init`.
    pub init_timeout: Duration,
    /// Between two signs of life, both to clients and to subgraphs.
    pub ping_interval: Duration,
    /// How long a WebSocket without operations stays open.
    pub idle_timeout: Duration,
    /// How long a client may leave its full buffer unread.
    pub patience: Duration,
    /// Answers that wait for a client.
    pub buffer: usize,
}

/// Sizes of caches.
#[derive(Debug, Clone)]
pub struct Cache {
    /// Prepared operations.
    pub operations: u64,
    /// Query plans.
    pub plans: u64,
    /// Bytes of persisted documents; 0 turns them off.
    pub persisted: usize,
}

/// How subgraphs are reached.
#[derive(Debug, Clone)]
pub struct Subgraphs {
    /// Time for one request.
    pub timeout: Duration,
    /// The same, for single subgraphs.
    pub timeouts: BTreeMap<String, Duration>,
    /// How single subgraphs are told of subscriptions.
    pub subscriptions: BTreeMap<String, Protocol>,
    /// Base URLs that override the supergraph's.
    pub urls: BTreeMap<String, String>,
    /// Whether equal queries that are under way at the same time become one request.
    pub join: bool,
}

impl Subgraphs {
    /// Time for one request to the subgraph `name`.
    pub fn timeout_of(&self, name: &str) -> Duration {
        self.timeouts.get(name).copied().unwrap_or(self.timeout)
    }
}

/// The old paths.
#[derive(Debug, Clone)]
pub struct PassThrough {
    /// Whether `/user`, `/event`, `/ticket` and `/booking` follow the supergraph.
    pub auto: bool,
    /// Base URL by first part of the path.
    pub routes: BTreeMap<String, String>,
}

/// Tokens of users and of services.
#[derive(Debug, Clone)]
pub struct Auth {
    /// Keys of user tokens; `None`: tokens are forwarded unread.
    pub jwks_url: Option<String>,
    /// Issuer of user tokens.
    pub issuer: String,
    /// Audience of user tokens.
    pub audience: String,
    /// The router's own key.
    pub service_key_file: Option<PathBuf>,
}

impl Config {
    /// Reads the configuration out of its sources.
    ///
    /// # Errors
    /// Every mistake in every source.
    pub fn load(sources: &Sources) -> Result<(Self, Values), Vec<ConfigError>> {
        let values = Values::resolve(sources)?;
        let config = Self::build(&values).map_err(|error| vec![error])?;
        Ok((config, values))
    }

    fn build(values: &Values) -> Result<Self, ConfigError> {
        Ok(Self {
            listen: values.required("listen")?,
            source: source(values)?,
            watch: values.required("watch")?,
            introspection: values.required("introspection")?,
            explorer: values.required("explorer")?,
            join: values.required("request_join")?,
            instance: values.optional("instance"),
            log: log(values)?,
            drain_timeout: values.required("drain_timeout")?,
            limits: limits(values)?,
            subscriptions: subscriptions(values)?,
            guard: guard(values)?,
            cache: Cache {
                operations: values.required("cache.operations")?,
                plans: values.required("cache.plans")?,
                persisted: values.required("cache.persisted")?,
            },
            subgraphs: Subgraphs {
                timeout: values.required("subgraph_timeout")?,
                timeouts: values.named("subgraphs.*.timeout").into_iter().collect(),
                subscriptions: protocols(values),
                join: values.required("subgraph_join")?,
                urls: values.named("subgraphs.*.url").into_iter().collect(),
            },
            pass_through: PassThrough {
                auto: values.required::<String>("pass_through.mode")? == "auto",
                routes: values.named("pass_through.routes.*").into_iter().collect(),
            },
            auth: auth(values)?,
            admin_token: values.optional("admin.token").map(Secret::new),
            trusted_proxies: values.optional("trusted_proxies").map(TrustedProxies::new).unwrap_or_default(),
            cors_origins: values.optional("cors.origins").unwrap_or_default(),
        })
    }
}

fn source(values: &Values) -> Result<Option<Source>, ConfigError> {
    let supergraph = values.optional("supergraph").map(Source::Supergraph);
    let subgraphs = values.optional("compose").map(Source::Subgraphs);
    match (supergraph, subgraphs) {
        (Some(_), Some(_)) => Err(conflict(values, "supergraph", "compose")),
        (one, other) => Ok(one.or(other)),
    }
}

fn conflict(values: &Values, one: &str, other: &str) -> ConfigError {
    let given = |key: &str| Given {
        key: key.to_owned(),
        origin: values.origin(key).cloned().unwrap_or(Origin::Default),
    };
    ConfigError::Conflict(Box::new([given(one), given(other)]))
}

fn log(values: &Values) -> Result<telemetry::Config, ConfigError> {
    let json = values.required::<String>("log.format")? == "json";
    let format = if json { telemetry::Format::Json } else { telemetry::Format::Pretty };
    Ok(telemetry::Config { filter: values.required("log.filter")?, format })
}

fn guard(values: &Values) -> Result<service::guard::Limits, ConfigError> {
    let number = |name: &str| values.required::<u64>(&format!("guard.{name}"));
    let count = |name: &str| number(name).map(|number| usize::try_from(number).unwrap_or(usize::MAX));
    Ok(service::guard::Limits {
        body_bytes: count("body_bytes")?,
        json_depth: count("json_depth")?,
        batch: 1,
        tokens: count("tokens")?,
        depth: count("depth")?,
        aliases: number("aliases")?,
        root_fields: number("root_fields")?,
        directives: number("directives")?,
        definitions: count("definitions")?,
        selections: number("selections")?,
        credential_mutations: values.required("guard.credential_mutations")?,
        ..service::guard::Limits::default()
    })
}

fn limits(values: &Values) -> Result<Limits, ConfigError> {
    let in_flight = values.required::<u64>("limits.in_flight")?;
    Ok(Limits {
        deadline: values.required("limits.deadline")?,
        in_flight: usize::try_from(in_flight).unwrap_or(usize::MAX),
        response: values.required("limits.response")?,
    })
}

fn subscriptions(values: &Values) -> Result<Subscriptions, ConfigError> {
    let count = |name: &str| {
        let number = values.required::<u64>(&format!("subscriptions.{name}"));
        number.map(|number| usize::try_from(number).unwrap_or(usize::MAX))
    };
    let span = |name: &str| values.required::<Duration>(&format!("subscriptions.{name}"));
    Ok(Subscriptions {
        in_flight: count("in_flight")?,
        sockets: count("sockets")?,
        per_socket: count("per_socket")?,
        init_timeout: span("init_timeout")?,
        // A clock that ticks every 0 ms is none.
        ping_interval: span("ping_interval")?.max(Duration::from_millis(1)),
        idle_timeout: span("idle_timeout")?,
        patience: span("patience")?,
        // A channel needs room for one, and has room for so many.
        buffer: count("buffer")?.clamp(1, 65_536),
    })
}

fn protocols(values: &Values) -> BTreeMap<String, Protocol> {
    let words = values.named::<String>("subgraphs.*.subscriptions").into_iter();
    words.map(|(name, word)| (name, Protocol::named(&word))).collect()
}

/// The key set is where the user service says it is, unless configuration names another place.
fn auth(values: &Values) -> Result<Auth, ConfigError> {
    let derived = || {
        // Only the variable says "this is EventHUB's user service"; a subgraph of any supergraph may be called `user`.
        let Some(Origin::Environment(_)) = values.origin("subgraphs.user.url") else { return None };
        let user: String = values.optional("subgraphs.user.url")?;
        Some(format!("{user}/.well-known/jwks.json"))
    };
    Ok(Auth {
        jwks_url: values.optional("auth.jwks_url").or_else(derived),
        issuer: values.required("auth.issuer")?,
        audience: values.required("auth.audience")?,
        service_key_file: values.optional("auth.service_key_file"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(environment: &[(&str, &str)]) -> Result<Config, Vec<ConfigError>> {
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Config::load(&Sources { environment, ..Sources::default() }).map(|(config, _)| config)
    }

    #[test]
    fn nothing_needs_to_be_configured_but_a_supergraph() {
        let config = load(&[]).unwrap();
        assert_eq!(config.guard, service::guard::Limits::default());
        assert_eq!(config.listen, "127.0.0.1:8090");
        assert_eq!(config.source, None);
        assert_eq!(config.auth.jwks_url, None);
        assert!(config.introspection);
    }

    #[test]
    fn the_key_set_follows_the_user_service() {
        let config = load(&[("EVENTHUB_USER_URL", "http://user:8004/")]).unwrap();
        assert_eq!(config.auth.jwks_url.as_deref(), Some("http://user:8004/.well-known/jwks.json"));
        assert_eq!(config.subgraphs.urls["user"], "http://user:8004");
    }

    #[test]
    fn two_sources_of_the_supergraph_exclude_each_other() {
        let errors = load(&[("EVENTHUB_SUPERGRAPH", "a"), ("EVENTHUB_SUBGRAPHS", "b")]).unwrap_err();
        assert_eq!(
            errors[0].to_string(),
            "`supergraph` (EVENTHUB_SUPERGRAPH) and `compose` (EVENTHUB_SUBGRAPHS) exclude each other"
        );
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let config = load(&[("EVENTHUB_ADMIN_TOKEN", "hunter2hunter2")]).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
