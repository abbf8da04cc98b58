//! Calls to other services: GraphQL over HTTP, in this service's own name, within a bounded time.
//!
//! Adapters of a port (`subgraphs/x/src/<service>/http.rs`) wrap this; it neither retries nor guesses.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use service::http_client::REQUEST_TIMEOUT;
use service::identity::ServiceName;
use service::tokens::{SERVICE_TOKEN_HEADER, ServiceSigner};

use crate::error::{Code, Error};

/// Calls one service.
#[derive(Clone)]
pub struct ServiceClient {
    http: reqwest::Client,
    url: Url,
    callee: ServiceName,
    signer: Option<Arc<ServiceSigner>>,
    timeout: Duration,
}

/// Why a call did not bring what was asked for.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CallError {
    /// The service did not answer in time, or could not be reached: nobody knows whether it did what was asked.
    #[error("{service} does not answer: {cause}")]
    Unreachable {
        /// The service.
        service: ServiceName,
        /// What happened, for the log.
        cause: String,
    },
    /// The service answered something that is no answer to the question.
    #[error("{service} answers nonsense: {cause}")]
    Nonsense {
        /// The service.
        service: ServiceName,
        /// What, for the log.
        cause: String,
    },
    /// The service refused.
    #[error("{service} refuses with {code}: {message}")]
    Refused {
        /// The service.
        service: ServiceName,
        /// Its code, as it is.
        code: String,
        /// Its message.
        message: String,
        /// Its extensions, the code among them.
        extensions: Map<String, Value>,
    },
}

impl CallError {
    /// The code with which the service refused, when it did and the code is ours.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused { code, .. } => code.parse().ok(),
            Self::Unreachable { .. } | Self::Nonsense { .. } => None,
        }
    }

    /// A fact that the service gave with its refusal.
    #[must_use]
    pub fn detail(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Refused { extensions, .. } => extensions.get(name),
            Self::Unreachable { .. } | Self::Nonsense { .. } => None,
        }
    }
}

/// For a caller that has nothing better to say: what the other service refused for a reason of the domain is refused for
/// the same reason; everything else means that it is unavailable to us.
impl From<CallError> for Error {
    fn from(error: CallError) -> Self {
        let code = error.code().filter(|code| !is_our_fault(*code));
        match (code, &error) {
            (Some(code), CallError::Refused { message, .. }) => Self::new(code, message.clone()),
            (
                _,
                CallError::Refused { service, .. }
                | CallError::Unreachable { service, .. }
                | CallError::Nonsense { service, .. },
            ) => Self::unavailable(&format!("the {service} service"), &error),
        }
    }
}

/// Codes that speak of how *we* asked, not of what the client wanted.
const fn is_our_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Unauthenticated
            | Code::Forbidden
            | Code::Unavailable
            | Code::Internal
            | Code::GraphqlParseFailed
            | Code::GraphqlValidationFailed
    )
}

#[derive(Deserialize)]
struct Answer<T> {
    data: Option<T>,
    #[serde(default)]
    errors: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    message: String,
    #[serde(default)]
    extensions: Map<String, Value>,
}

impl ServiceClient {
    /// Calls `callee` at `{base}/graphql`. Without a signer (SpaceMaster knows no tokens) calls are anonymous.
    ///
    /// # Errors
    /// When `base` cannot be the base of a URL.
    pub fn new(
        http: reqwest::Client,
        base: &Url,
        callee: ServiceName,
        signer: Option<Arc<ServiceSigner>>,
    ) -> Result<Self, Error> {
        let url = Url::parse(&format!("{}/graphql", base.as_str().trim_end_matches('/')))
            .map_err(Error::internal)?;
        Ok(Self { http, url, callee, signer, timeout: REQUEST_TIMEOUT })
    }

    /// Allows a call this long instead of two seconds.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sends one operation and reads its `data` as `T`. The first error refuses the whole, even beside partial data: an
    /// internal call asks for what it needs and nothing else.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn call<T: DeserializeOwned>(
        &self,
        document: &str,
        variables: impl Serialize,
    ) -> Result<T, CallError> {
        let body = json!({ "query": document, "variables": variables });
        let mut request = self.http.post(self.url.clone()).timeout(self.timeout).json(&body);
        if let Some(signer) = &self.signer {
            let token = signer.token_for(self.callee).map_err(|error| self.unreachable(error))?;
            request = request.header(SERVICE_TOKEN_HEADER, token);
        }
        let response = request.send().await.map_err(|error| self.unreachable(chain(&error)))?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|error| self.unreachable(chain(&error)))?;
        match serde_json::from_slice(&bytes) {
            Ok(answer) => self.decide(answer),
            Err(_) if status.is_server_error() => Err(self.unreachable(status)),
            Err(error) => Err(self.nonsense(format!("{status}, {error}"))),
        }
    }

    fn decide<T>(&self, answer: Answer<T>) -> Result<T, CallError> {
        if let Some(first) = answer.errors.into_iter().next() {
            let code = first.extensions.get("code").and_then(Value::as_str).unwrap_or_default().to_owned();
            let (service, message, extensions) = (self.callee, first.message, first.extensions);
            return Err(CallError::Refused { service, code, message, extensions });
        }
        answer.data.ok_or_else(|| self.nonsense("neither data nor errors"))
    }

    fn unreachable(&self, cause: impl fmt::Display) -> CallError {
        CallError::Unreachable { service: self.callee, cause: cause.to_string() }
    }

    fn nonsense(&self, cause: impl fmt::Display) -> CallError {
        CallError::Nonsense { service: self.callee, cause: cause.to_string() }
    }
}

impl fmt::Debug for ServiceClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceClient({} at {})", self.callee, self.url)
    }
}

/// An error with everything behind it: reqwest's own words say "error sending request" and no more.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

#[cfg(test)]
mod tests;
