//! How a provider is called: one request, one bounded answer in time, and nothing of either in an error but what is ours.

use std::time::Duration;

use bytes::BytesMut;
use reqwest::{RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;

use super::ProviderError;

/// How long a provider may take for one answer. A step of the saga asks at most twice.
const TIMEOUT: Duration = Duration::from_secs(4);
/// The longest answer that is read.
const LONGEST: usize = 256 * 1024;

/// An answer that arrived whole.
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: StatusCode,
    body: BytesMut,
}

/// Sends `request` and reads the answer, whatever its status.
///
/// # Errors
/// [`ProviderError`] when there is no whole answer in time. A status that says "later", or that our key is not accepted,
/// decides nothing about the money and is one too.
pub(crate) async fn send(request: RequestBuilder) -> Result<Answer, ProviderError> {
    let mut response = request.timeout(TIMEOUT).send().await.map_err(unavailable)?;
    let status = response.status();
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(unavailable)? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST {
            return Err(ProviderError { cause: "its answer is too long".to_owned() });
        }
    }
    match status {
        StatusCode::UNAUTHORIZED
        | StatusCode::FORBIDDEN
        | StatusCode::REQUEST_TIMEOUT
        | StatusCode::CONFLICT
        | StatusCode::TOO_MANY_REQUESTS => Err(unexpected(status)),
        _ if status.is_server_error() || status.is_redirection() => Err(unexpected(status)),
        _ => Ok(Answer { status, body }),
    }
}

impl Answer {
    /// The body as `T`.
    ///
    /// # Errors
    /// [`ProviderError`] when it is something else.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, ProviderError> {
        serde_json::from_slice(&self.body)
            // Where it went wrong, and not what stood there.
            .map_err(|error| ProviderError {
                cause: format!(
                    "its answer with status {} cannot be read at column {}",
                    self.status,
                    error.column()
                ),
            })
    }
}

/// An answer that is not as agreed.
pub(crate) fn unexpected(status: StatusCode) -> ProviderError {
    ProviderError { cause: format!("it answered with status {status}") }
}

fn unavailable(error: reqwest::Error) -> ProviderError {
    // The address of a call names our payment and nothing else, but it says nothing to whoever reads the log either.
    ProviderError { cause: error.without_url().to_string() }
}
