//! Public keys fetched from the JWKS URL of the configuration, and kept.
//!
//! A key that is not known yet makes the set be fetched again, but not more often than every few seconds: otherwise
//! anybody could make this process hammer the user service with invented key ids. Only then does a request wait: a known
//! key is used at once, and when the set is older than [`MAX_AGE`] that use begins a fetch behind it. A failed fetch
//! never forgets keys that are known; a key that has left the set is forgotten with the next fetch.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures_util::StreamExt;
use reqwest::Url;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::public_key::PublicKey;
use super::{PublicKeys, TokenError};
use crate::http_client::REQUEST_TIMEOUT;

/// Keys older than this are fetched again when they are used.
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
    tried: Arc<Mutex<Option<Instant>>>,
}

impl RemoteKeys {
    pub(super) fn new(http: reqwest::Client, url: Url) -> Self {
        Self { http, url, keys: PublicKeys::default(), fetched: RwLock::default(), tried: Arc::default() }
    }

    /// The key with this id, fetched when it is not known.
    pub(super) async fn find(self: &Arc<Self>, kid: &str) -> Result<PublicKey, TokenError> {
        if let Some(key) = self.keys.find(kid) {
            if self.is_stale() {
                self.refresh_behind();
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

    /// Begins a fetch that no request waits for, unless one is under way: a user service that hangs must not make every
    /// process hang with it while there are keys to verify with.
    fn refresh_behind(self: &Arc<Self>) {
        let Ok(mut tried) = Arc::clone(&self.tried).try_lock_owned() else { return };
        let keys = Arc::clone(self);
        tokio::spawn(async move { keys.refresh(&mut tried).await });
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
        // Not every caller's client has a timeout, and a fetch that never ends would be the last one.
        let request = self.http.get(self.url.clone()).timeout(REQUEST_TIMEOUT);
        let answer = request.send().await?.error_for_status()?;
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use poem::{Route, endpoint::make};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::tokens::{SigningKey, jwks};

    /// A user service that can be stopped and go on.
    struct Source {
        keys: Arc<RemoteKeys>,
        hangs: Arc<AtomicBool>,
        asked: Arc<AtomicUsize>,
        stop: CancellationToken,
    }

    impl Drop for Source {
        fn drop(&mut self) {
            self.stop.cancel();
        }
    }

    async fn source() -> Source {
        let (hangs, asked, stop): (Arc<AtomicBool>, Arc<AtomicUsize>, _) = Default::default();
        let set = jwks([&SigningKey::generate("k1").unwrap()]).to_string();
        let (hanging, asking) = (Arc::clone(&hangs), Arc::clone(&asked));
        let endpoint = make(move |_| {
            asking.fetch_add(1, Ordering::SeqCst);
            let (hangs, set) = (hanging.load(Ordering::SeqCst), set.clone());
            async move { if hangs { std::future::pending().await } else { set } }
        });
        let listener = crate::server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let options = crate::server::Options::default();
        tokio::spawn(crate::server::serve(
            listener,
            Route::new().at("/", endpoint),
            CancellationToken::clone(&stop),
            options,
        ));
        let http = crate::http_client::build_with(|builder| builder).unwrap();
        Source { keys: Arc::new(RemoteKeys::new(http, url)), hangs, asked, stop }
    }

    impl Source {
        /// As if the last fetch had been long ago.
        async fn grow_old(&self) {
            let long_ago = Instant::now() - MAX_AGE - REFRESH_INTERVAL;
            *self.keys.fetched.write().unwrap() = Some(long_ago);
            *self.keys.tried.lock().await = Some(long_ago);
        }

        /// Waits for a fetch that is under way.
        async fn settle(&self) {
            drop(self.keys.tried.lock().await);
        }
    }

    #[tokio::test]
    async fn old_keys_are_used_at_once_and_renewed_behind() {
        let source = source().await;
        source.keys.find("k1").await.unwrap();
        source.grow_old().await;
        source.keys.find("k1").await.unwrap();
        assert!(source.keys.is_stale(), "the answer did not wait");
        source.settle().await;
        assert!(!source.keys.is_stale());
        assert_eq!(source.asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_user_service_that_hangs_keeps_nobody_with_a_known_key_waiting() {
        let source = source().await;
        source.keys.find("k1").await.unwrap();
        source.grow_old().await;
        source.hangs.store(true, Ordering::SeqCst);
        let began = Instant::now();
        for _ in 0..20 {
            source.keys.find("k1").await.unwrap();
        }
        assert!(began.elapsed() < REQUEST_TIMEOUT / 2, "{:?}", began.elapsed());
        assert!(matches!(source.keys.find("invented").await, Err(TokenError::UnknownKey)));
        assert!(began.elapsed() < REQUEST_TIMEOUT * 2, "the fetch ended, and another is not tried so soon");
        assert_eq!(source.asked.load(Ordering::SeqCst), 2);
    }
}
