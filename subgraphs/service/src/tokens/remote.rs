//! Public keys fetched from the JWKS URL of the configuration, and kept.
//!
//! A key that is not known yet makes the set be fetched again, but not more often than every few seconds: otherwise
//! anybody could make this process hammer the user service with invented key ids. A failed fetch never forgets keys
//! that are known; a key that has left the set is forgotten with the next fetch, at the latest after [`MAX_AGE`].

use std::fmt;
use std::sync::{PoisonError, RwLock};
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
    fetched: RwLock<Option<Instant>>,
    /// When the last fetch was tried; whoever holds it is the one who fetches.
    tried: Mutex<Option<Instant>>,
}

impl RemoteKeys {
    pub(super) fn new(http: reqwest::Client, url: Url) -> Self {
        Self { http, url, keys: PublicKeys::default(), fetched: RwLock::default(), tried: Mutex::default() }
    }

    /// The key with this id, fetched when it is not known or too old.
    pub(super) async fn find(&self, kid: &str) -> Result<DecodingKey, TokenError> {
        if let Some(key) = self.keys.find(kid) {
            // An old key still verifies; one request takes the trouble of renewing it, the others do not wait.
            if self.is_stale()
                && let Ok(mut tried) = self.tried.try_lock()
            {
                self.refresh(&mut tried).await;
                return self.keys.find(kid).ok_or(TokenError::UnknownKey);
            }
            return Ok(key);
        }
        let mut tried = self.tried.lock().await;
        if self.keys.find(kid).is_none() {
            self.refresh(&mut tried).await;
        }
        match (self.keys.find(kid), self.fetched_at()) {
            (Some(key), _) => Ok(key),
            (None, Some(_)) => Err(TokenError::UnknownKey),
            (None, None) => Err(TokenError::KeysUnavailable),
        }
    }

    fn fetched_at(&self) -> Option<Instant> {
        *self.fetched.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_stale(&self) -> bool {
        self.fetched_at().is_none_or(|at| at.elapsed() > MAX_AGE)
    }

    /// Fetches the keys, unless that was tried a moment ago.
    async fn refresh(&self, tried: &mut Option<Instant>) {
        let pause = if self.fetched_at().is_some() { REFRESH_INTERVAL } else { RETRY_INTERVAL };
        if tried.is_some_and(|at| at.elapsed() < pause) {
            return;
        }
        *tried = Some(Instant::now());
        match self.fetch().await {
            Ok(keys) => {
                self.keys.replace(&keys);
                *self.fetched.write().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
            }
            Err(error) => {
                tracing::warn!(url = %self.url, %error, "the keys of user tokens cannot be fetched")
            }
        }
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
