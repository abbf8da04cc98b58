//! Public keys fetched from the JWKS URL of the configuration, and kept.
//!
//! A key that is not known yet makes the set be fetched again, but not more often than every few seconds: otherwise
//! anybody could make this process hammer the user service with invented key ids. A failed fetch never forgets keys
//! that are known; a key that has left the set is forgotten with the next fetch, at the latest after [`MAX_AGE`].

use std::fmt;
use std::time::Duration;

use futures_util::StreamExt;
use jsonwebtoken::DecodingKey;
use reqwest::Url;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{PublicKeys, TokenError};

/// Keys older than this are fetched again before they are used.
const MAX_AGE: Duration = Duration::from_secs(300);
/// The least time between two fetches.
const REFRESH_INTERVAL: Duration = Duration::from_secs(5);
/// The least time between two fetches while there is no key at all.
const RETRY_INTERVAL: Duration = Duration::from_millis(500);
/// A key set is never longer than this.
const LONGEST_SET: usize = 64 * 1024;

/// The keys of one JWKS URL.
pub struct RemoteKeys {
    http: reqwest::Client,
    url: Url,
    keys: PublicKeys,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    fetched: Option<Instant>,
    tried: Option<Instant>,
}

impl RemoteKeys {
    pub(super) fn new(http: reqwest::Client, url: Url) -> Self {
        Self { http, url, keys: PublicKeys::default(), state: Mutex::default() }
    }

    /// The key with this id, fetched when it is not known or too old.
    pub(super) async fn find(&self, kid: &str) -> Result<DecodingKey, TokenError> {
        // One fetch at a time: whoever waits here finds the keys of the one before.
        let mut state = self.state.lock().await;
        let stale = state.fetched.is_none_or(|at| at.elapsed() > MAX_AGE);
        let known = self.keys.find(kid);
        if let (Some(key), false) = (&known, stale) {
            return Ok(key.clone());
        }
        if self.may_fetch(&state) {
            state.tried = Some(Instant::now());
            match self.fetch().await {
                Ok(keys) => {
                    self.keys.replace(&keys);
                    state.fetched = Some(Instant::now());
                }
                Err(error) => {
                    tracing::warn!(url = %self.url, %error, "the keys of user tokens cannot be fetched")
                }
            }
        }
        match (self.keys.find(kid), state.fetched) {
            (Some(key), _) => Ok(key),
            (None, Some(_)) => Err(TokenError::UnknownKey),
            (None, None) => Err(TokenError::KeysUnavailable),
        }
    }

    fn may_fetch(&self, state: &State) -> bool {
        let pause = if state.fetched.is_some() { REFRESH_INTERVAL } else { RETRY_INTERVAL };
        state.tried.is_none_or(|at| at.elapsed() >= pause)
    }

    async fn fetch(&self) -> Result<PublicKeys, FetchError> {
        let answer = self.http.get(self.url.clone()).send().await?.error_for_status()?;
        let mut chunks = answer.bytes_stream();
        let mut body = Vec::new();
        while let Some(chunk) = chunks.next().await {
            body.extend_from_slice(&chunk?);
            if body.len() > LONGEST_SET {
                return Err(FetchError::TooLong);
            }
        }
        let text = str::from_utf8(&body).map_err(|_| FetchError::NotText)?;
        Ok(PublicKeys::from_jwks(text)?)
    }
}

impl fmt::Debug for RemoteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteKeys")
            .field("url", &self.url.as_str())
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error("the key set is longer than {LONGEST_SET} bytes")]
    TooLong,
    #[error("the key set is not text")]
    NotText,
    #[error(transparent)]
    NotAKeySet(#[from] super::SetupError),
}
