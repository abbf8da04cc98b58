//! Every setting of the router: its key in the file, its environment variable, its flag, its kind, its default and what it does.
//!
//! This table is the one place that knows a setting exists; the file check, `config explain`, `config schema` and the flags read it.
//! A `*` in a key stands for a name that the operator chooses (of a subgraph, of a path).

use super::value::Kind;
use crate::subgraphs::Protocol;

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Key in the file, parts separated by `.`.
    pub key: &'static str,
    /// Environment variable.
    pub env: Option<&'static str>,
    /// Flag of `serve`, without `--`.
    pub flag: Option<&'static str>,
    /// How it is read.
    pub kind: Kind,
    /// Value when nobody gives one; `None` where a default would be a decision.
    pub default: Option<&'static str>,
    /// Whether it is hidden wherever configuration is shown.
    pub secret: bool,
    /// What it does.
    pub about: &'static str,
}

const fn setting(
    key: &'static str,
    kind: Kind,
    default: Option<&'static str>,
    about: &'static str,
) -> Setting {
    Setting { key, env: None, flag: None, kind, default, secret: false, about }
}

impl Setting {
    const fn env(mut self, name: &'static str) -> Self {
        self.env = Some(name);
        self
    }

    const fn flag(mut self, name: &'static str) -> Self {
        self.flag = Some(name);
        self
    }

    const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Whether the concrete key `path` is this setting.
    pub fn matches(&self, path: &[String]) -> bool {
        let mut parts = self.key.split('.');
        let equal =
            path.iter().all(|part| parts.next().is_some_and(|wanted| wanted == "*" || wanted == part));
        equal && parts.next().is_none()
    }
}

/// The setting that the concrete key `path` names.
pub(super) fn find(path: &[String]) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.matches(path))
}

/// All settings, in the order in which they are shown.
pub const SETTINGS: &[Setting] = &[
    setting("listen", Kind::Address, Some("127.0.0.1:8090"), "Where the router listens.")
        .env("EVENTHUB_LISTEN")
        .flag("listen"),
    setting("supergraph", Kind::Path, None, "Supergraph SDL to serve; watched, and reloaded when it changes.")
        .env("EVENTHUB_SUPERGRAPH")
        .flag("supergraph"),
    setting("compose", Kind::Path, None, "List of subgraphs (supergraph.yaml or JSON) to compose at start, instead of a supergraph SDL.")
        .env("EVENTHUB_SUBGRAPHS")
        .flag("subgraphs"),
    setting("watch", Kind::Boolean, Some("true"), "Reload when the supergraph file changes.").env("EVENTHUB_WATCH"),
    setting("introspection", Kind::Boolean, Some("true"), "Answer __schema and __type.").env("EVENTHUB_INTROSPECTION"),
    setting("explorer", Kind::Boolean, Some("true"), "Serve the explorer page on / and to browsers on /graphql.")
        .env("EVENTHUB_EXPLORER"),
    setting("instance", Kind::Text, None, "Echoed as x-eventhub-instance on /health, so that a tool knows whom it talks to.")
        .env("EVENTHUB_INSTANCE"),
    setting("log.filter", Kind::Text, Some("info"), "What is logged, as a tracing filter.").env("EVENTHUB_LOG"),
    setting("log.format", Kind::OneOf(&["pretty", "json"]), Some("pretty"), "How log lines look.").env("EVENTHUB_LOG_FORMAT"),
    setting("drain_timeout", Kind::Duration, Some("10s"), "How long requests in flight may take to finish after SIGTERM.")
        .env("EVENTHUB_DRAIN_TIMEOUT"),
    setting("limits.deadline", Kind::Duration, Some("30s"), "Time for one request, from its head to the last byte of its answer.")
        .env("EVENTHUB_DEADLINE"),
    setting("limits.in_flight", Kind::Integer, Some("1024"), "Requests answered at the same time; more are refused with 503.")
        .env("EVENTHUB_IN_FLIGHT"),
    setting("limits.response", Kind::Size, Some("32MiB"), "Largest answer accepted from a subgraph.")
        .env("EVENTHUB_SUBGRAPH_RESPONSE_LIMIT"),
    setting("subscriptions.in_flight", Kind::Integer, Some("2048"), "Subscriptions open at the same time; more are refused.")
        .env("EVENTHUB_SUBSCRIPTIONS"),
    setting("subscriptions.sockets", Kind::Integer, Some("1024"), "WebSockets of clients at the same time; more are refused with 503.")
        .env("EVENTHUB_SOCKETS"),
    setting("subscriptions.per_socket", Kind::Integer, Some("64"), "Operations at the same time on one WebSocket; more are refused."),
    setting("subscriptions.init_timeout", Kind::Duration, Some("5s"), "Time until a WebSocket's connection_init; then it is closed with 4408."),
    setting("subscriptions.ping_interval", Kind::Duration, Some("20s"), "Between two pings on a WebSocket, two comments on an event stream; who does not answer two pings is gone."),
    setting("subscriptions.idle_timeout", Kind::Duration, Some("5m"), "How long a WebSocket without operations stays open."),
    setting("subscriptions.patience", Kind::Duration, Some("10s"), "How long a client may leave its full buffer unread; then a WebSocket is closed with 1008, an event stream cut."),
    setting("subscriptions.buffer", Kind::Integer, Some("16"), "Answers that wait for a client to read them."),
    setting("guard.body_bytes", Kind::Integer, Some("1048576"), "Largest request body, in bytes.").env("EVENTHUB_GUARD_BODY_BYTES"),
    setting("guard.json_depth", Kind::Integer, Some("64"), "How deep a request's JSON may nest.").env("EVENTHUB_GUARD_JSON_DEPTH"),
    setting("guard.tokens", Kind::Integer, Some("8000"), "Tokens of a document.").env("EVENTHUB_GUARD_TOKENS"),
    setting("guard.depth", Kind::Integer, Some("50"), "How deep selections may nest, fragments written out.").env("EVENTHUB_GUARD_DEPTH"),
    setting("guard.aliases", Kind::Integer, Some("500"), "Aliases, fragments written out.").env("EVENTHUB_GUARD_ALIASES"),
    setting("guard.root_fields", Kind::Integer, Some("64"), "Root fields, fragments written out.").env("EVENTHUB_GUARD_ROOT_FIELDS"),
    setting("guard.directives", Kind::Integer, Some("200"), "Directives, fragments written out.").env("EVENTHUB_GUARD_DIRECTIVES"),
    setting("guard.definitions", Kind::Integer, Some("256"), "Operations and fragments of a document.")
        .env("EVENTHUB_GUARD_DEFINITIONS"),
    setting("guard.selections", Kind::Integer, Some("4000"), "Fields and fragments of a document, fragments written out.")
        .env("EVENTHUB_GUARD_SELECTIONS"),
    setting(
        "guard.credential_mutations",
        Kind::List,
        Some("login,createUser,changePassword"),
        "Root mutation fields that try a credential: a document may hold one of them.",
    ),
    setting("cache.operations", Kind::Integer, Some("2048"), "Prepared operations kept.").env("EVENTHUB_CACHE_OPERATIONS"),
    setting("cache.plans", Kind::Integer, Some("4096"), "Query plans kept.").env("EVENTHUB_CACHE_PLANS"),
    setting("cache.persisted", Kind::Size, Some("16MiB"), "Memory for automatically persisted documents; 0B turns them off.")
        .env("EVENTHUB_CACHE_PERSISTED"),
    setting("request_join", Kind::Boolean, Some("true"), "Answer a query once for all callers with the same credentials who ask it with the same variables at the same time.")
        .env("EVENTHUB_REQUEST_JOIN"),
    setting("subgraph_timeout", Kind::Duration, Some("15s"), "Time for one request to a subgraph.").env("EVENTHUB_SUBGRAPH_TIMEOUT"),
    setting("subgraph_join", Kind::Boolean, Some("true"), "Send one query for all callers with the same credentials who ask the same of a subgraph at the same time.")
        .env("EVENTHUB_SUBGRAPH_JOIN"),
    setting("subgraphs.user.url", Kind::Url, None, "Where the subgraph `user` is, without /graphql.").env("EVENTHUB_USER_URL"),
    setting("subgraphs.event.url", Kind::Url, None, "Where the subgraph `event` is, without /graphql.").env("EVENTHUB_EVENT_URL"),
    setting("subgraphs.ticket.url", Kind::Url, None, "Where the subgraph `ticket` is, without /graphql.").env("EVENTHUB_TICKET_URL"),
    setting("subgraphs.booking.url", Kind::Url, None, "Where the subgraph `booking` is, without /graphql.").env("EVENTHUB_BOOKING_URL"),
    setting("subgraphs.*.url", Kind::Url, None, "Base URL of a subgraph, without /graphql; overrides the URL in the supergraph."),
    setting("subgraphs.*.timeout", Kind::Duration, None, "Time for one request to this subgraph."),
    setting("subgraphs.*.subscriptions", Kind::OneOf(Protocol::WORDS), None, "How subscriptions are opened at this subgraph, at its URL. Unset: graphql-transport-ws."),
    setting(
        "pass_through.mode",
        Kind::OneOf(&["auto", "off"]),
        Some("auto"),
        "auto: /user, /event, /ticket and /booking go to the subgraphs of these names, if the supergraph has them.",
    )
    .env("EVENTHUB_PASS_THROUGH"),
    setting("pass_through.routes.*", Kind::Url, None, "Base URL behind a further path: `routes: { venue: http://127.0.0.1:9000 }`."),
    setting("auth.jwks_url", Kind::Url, None, "Keys of user tokens. Unset: derived from EVENTHUB_USER_URL; if that is unset too, tokens are forwarded unread.")
        .env("EVENTHUB_JWKS_URL"),
    setting("auth.issuer", Kind::Text, Some("eventhub-user"), "Issuer that a user token must name.").env("EVENTHUB_TOKEN_ISSUER"),
    setting("auth.audience", Kind::Text, Some("eventhub"), "Audience that a user token must name.").env("EVENTHUB_TOKEN_AUDIENCE"),
    setting("auth.service_key_file", Kind::Path, None, "Ed25519 private key (PKCS#8 PEM) that signs the router's service tokens.")
        .env("EVENTHUB_SERVICE_KEY_FILE"),
    setting("admin.token", Kind::Text, None, "Bearer token for /api, /metrics, and the services' /metrics and /ready. Unset: this machine only.")
        .env("EVENTHUB_ADMIN_TOKEN")
        .secret(),
    setting(
        "trusted_proxies",
        Kind::Networks,
        None,
        "Proxies before the router, as IP addresses or networks: from them, and nobody else, X-Forwarded-For is believed.",
    )
    .env("EVENTHUB_TRUSTED_PROXIES"),
    setting("cors.origins", Kind::List, None, "Origins of browser pages that may call the router; `*` for any.").env("EVENTHUB_CORS_ORIGINS"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::value::Raw;

    fn path(key: &str) -> Vec<String> {
        key.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn every_default_is_of_its_own_kind() {
        for setting in SETTINGS {
            if let Some(default) = setting.default {
                assert!(setting.kind.read(&Raw::Scalar(default.to_owned())).is_some(), "{}", setting.key);
            }
        }
    }

    #[test]
    fn a_star_stands_for_exactly_one_part() {
        assert!(find(&path("subgraphs.reviews.url")).is_some());
        assert!(find(&path("subgraphs.reviews")).is_none());
        assert!(find(&path("subgraphs.reviews.url.more")).is_none());
        assert_eq!(
            find(&path("subgraphs.user.url")).and_then(|setting| setting.env),
            Some("EVENTHUB_USER_URL")
        );
    }
}
