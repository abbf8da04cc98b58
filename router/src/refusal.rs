//! Why a request is not answered: one variant a cause, and the one place where a cause becomes a code, a status and words.
//!
//! A refusal is a *request error*: nothing was executed and the answer has no `data`. What goes wrong while subgraphs are asked is a field
//! error and belongs to the executor.

use apollo_compiler::response::GraphQLError;
use http::StatusCode;
use serde_json::{Value as Json, json};
use service::{guard, protocol::MediaType};

/// Why a request is not answered.
#[derive(Debug, Clone)]
pub enum Refusal {
    /// The guard, or the reading of the request, refuses it.
    Guarded(guard::Refusal),
    /// The path names nothing.
    NotFound,
    /// The request cannot be read.
    Unreadable {
        /// 400, or a status of the same kind that says more.
        status: StatusCode,
        /// Why, in words for the caller.
        why: String,
    },
    /// A hash without a document, of a document that is not known (any more): send both.
    PersistedNotFound,
    /// A hash, while persisted documents are turned off.
    PersistedOff,
    /// A hash that is not its document's.
    PersistedMismatch,
    /// The document is not GraphQL.
    Parse(Vec<GraphQLError>),
    /// The document is not valid for this schema, or asks for more than it may.
    Validation(Vec<GraphQLError>),
    /// The operation meant is not in the document.
    Operation(Box<GraphQLError>),
    /// `__schema` or `__type`, while introspection is off.
    IntrospectionOff,
    /// A subscription of a client that takes only one answer.
    Subscription,
    /// Values of variables that do not fit their types.
    Variables(Box<GraphQLError>),
    /// A token that does not prove who is calling.
    Unauthenticated,
    /// The caller may not do this.
    Forbidden {
        /// What the caller lacks, in words for the caller.
        lacks: String,
    },
    /// A service's credential, from outside.
    ServiceCredential,
    /// `_entities` or `_service`, from outside.
    FederationField,
    /// No plan answers the operation.
    Unplannable {
        /// Why, in words for the caller.
        why: String,
    },
    /// Too many requests at once.
    Overloaded,
    /// The deadline passed.
    TimedOut,
    /// The service behind a path cannot be reached.
    Unreachable {
        /// Its name.
        service: String,
    },
    /// The service behind a path did not answer in time.
    Slow {
        /// Its name.
        service: String,
    },
    /// Our fault; the cause is in the log under this id.
    Fault {
        /// The request's id.
        error_id: String,
    },
}

impl From<guard::Refusal> for Refusal {
    fn from(refusal: guard::Refusal) -> Self {
        Self::Guarded(refusal)
    }
}

impl Refusal {
    /// A request whose parameters cannot be read.
    pub fn not_a_request(why: &'static str) -> Self {
        Self::Guarded(guard::Refusal::NotARequest(why))
    }

    /// The code in `extensions.code`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Guarded(refusal) => refusal.code(),
            Self::NotFound => "NOT_FOUND",
            Self::Unreadable { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, .. } => "UNSUPPORTED_MEDIA_TYPE",
            Self::Unreadable { .. } => "BAD_REQUEST",
            Self::PersistedNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::PersistedOff => "PERSISTED_QUERY_NOT_SUPPORTED",
            Self::PersistedMismatch => "PERSISTED_QUERY_HASH_MISMATCH",
            Self::Parse(_) => "GRAPHQL_PARSE_FAILED",
            Self::Validation(_) => "GRAPHQL_VALIDATION_FAILED",
            Self::Operation(_) => "OPERATION_RESOLUTION_FAILURE",
            Self::IntrospectionOff => "INTROSPECTION_DISABLED",
            Self::Subscription => "SUBSCRIPTION_NOT_SUPPORTED",
            Self::Variables(_) => "BAD_USER_INPUT",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden { .. } | Self::FederationField => "FORBIDDEN",
            Self::ServiceCredential => "SERVICE_CREDENTIAL_REFUSED",
            Self::Unplannable { .. } => "QUERY_PLANNING_FAILED",
            Self::Overloaded => "OVERLOADED",
            Self::TimedOut => "TIMEOUT",
            Self::Unreachable { .. } => "SERVICE_UNREACHABLE",
            Self::Slow { .. } => "SERVICE_TIMEOUT",
            Self::Fault { .. } => "INTERNAL",
        }
    }

    /// The status of the answer. For `application/json`, a request that reached GraphQL is answered 200.
    pub fn status(&self, media: MediaType) -> StatusCode {
        match self {
            Self::Guarded(refusal) if refusal.concerns_document() => media.request_error_status(),
            Self::Guarded(refusal) => refusal.status(),
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Unreadable { status, .. } => *status,
            Self::PersistedMismatch => StatusCode::BAD_REQUEST,
            Self::Parse(_)
            | Self::Validation(_)
            | Self::Operation(_)
            | Self::IntrospectionOff
            | Self::Subscription
            | Self::Variables(_)
            | Self::PersistedNotFound
            | Self::PersistedOff => media.request_error_status(),
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden { .. } | Self::ServiceCredential | Self::FederationField => StatusCode::FORBIDDEN,
            Self::Unplannable { .. } | Self::Fault { .. } => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Self::TimedOut | Self::Slow { .. } => StatusCode::GATEWAY_TIMEOUT,
            Self::Unreachable { .. } => StatusCode::BAD_GATEWAY,
        }
    }

    /// The entries of `errors`.
    pub fn errors(&self) -> Vec<Json> {
        match self {
            Self::Parse(errors) | Self::Validation(errors) => {
                errors.iter().map(|error| self.located(error)).collect()
            }
            Self::Operation(error) | Self::Variables(error) => vec![self.located(error)],
            other => vec![other.entry(&other.message(), other.locations())],
        }
    }

    fn located(&self, error: &GraphQLError) -> Json {
        let locations = (!error.locations.is_empty()).then(|| json!(error.locations));
        self.entry(&error.message, locations)
    }

    fn entry(&self, message: &str, locations: Option<Json>) -> Json {
        let mut entry = json!({ "message": message });
        if let Some(locations) = locations {
            entry["locations"] = locations;
        }
        entry["extensions"] = json!({ "code": self.code() });
        if let Self::Fault { error_id } = self {
            entry["extensions"]["errorId"] = json!(error_id);
        }
        if let Self::Unreachable { service } | Self::Slow { service } = self {
            entry["extensions"]["service"] = json!(service);
        }
        entry
    }

    fn locations(&self) -> Option<Json> {
        let Self::Guarded(refusal) = self else { return None };
        refusal.position().map(|at| json!([{ "line": at.line, "column": at.column }]))
    }

    /// Words for the client.
    pub fn message(&self) -> String {
        match self {
            Self::Guarded(refusal) => refusal.to_string(),
            Self::NotFound => "there is nothing at this path".to_owned(),
            Self::Unreadable { why, .. } => why.clone(),
            // The words that clients of automatically persisted queries wait for.
            Self::PersistedNotFound => "PersistedQueryNotFound".to_owned(),
            Self::PersistedOff => "PersistedQueryNotSupported".to_owned(),
            Self::PersistedMismatch => "the hash is not that of the document".to_owned(),
            Self::Parse(errors) | Self::Validation(errors) => {
                errors.first().map(|error| error.message.clone()).unwrap_or_default()
            }
            Self::Operation(error) | Self::Variables(error) => error.message.clone(),
            Self::IntrospectionOff => "introspection is turned off here".to_owned(),
            Self::Subscription => {
                "a subscription has many answers: send `Accept: text/event-stream`, or open a \
                                   WebSocket at this path with the protocol graphql-transport-ws"
                    .to_owned()
            }
            Self::Unauthenticated => "log in first: no token proves who you are".to_owned(),
            Self::Forbidden { lacks } => format!("you may not do this: {lacks}"),
            Self::ServiceCredential => "a service's credential is not taken from outside".to_owned(),
            Self::FederationField => "`_entities` and `_service` are not served to the outside".to_owned(),
            Self::Unplannable { why } => format!("this graph cannot answer the operation: {why}"),
            Self::Overloaded => "too many requests at the moment; try again soon".to_owned(),
            Self::TimedOut => "the request took too long".to_owned(),
            Self::Unreachable { service } => format!("the service `{service}` cannot be reached"),
            Self::Slow { service } => format!("the service `{service}` did not answer in time"),
            Self::Fault { .. } => "something went wrong on our side".to_owned(),
        }
    }
}
