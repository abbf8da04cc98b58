//! The variables that every process has in common.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;

use crate::env::{Problems, Reader};
use crate::guard::Limits;
use crate::health::Instance;
use crate::identity::ServiceName;
use crate::telemetry::{self, Format};
use crate::tokens::{KeySource, ServiceSigner, ServiceVerifier, SetupError, UserVerifier};

/// What every process is told, whole.
#[derive(Debug, Clone)]
pub struct Common {
    /// Which process this is.
    pub service: ServiceName,
    /// `EVENTHUB_LISTEN`: where it listens.
    pub listen: SocketAddr,
    /// `EVENTHUB_LOG` and `EVENTHUB_LOG_FORMAT`.
    pub log: telemetry::Config,
    /// `EVENTHUB_INSTANCE`: echoed by `/health`.
    pub instance: Instance,
    /// `EVENTHUB_DRAIN_TIMEOUT`: how long requests in flight may take when the process is told to stop.
    pub drain_timeout: Duration,
    /// `EVENTHUB_JWKS_URL`: where the public keys of user tokens are.
    pub jwks_url: Url,
    /// `EVENTHUB_TOKEN_ISSUER`.
    pub token_issuer: String,
    /// `EVENTHUB_TOKEN_AUDIENCE`.
    pub token_audience: String,
    /// `EVENTHUB_SERVICE_KEY_FILE`: this process's private key, with which it calls others.
    pub service_key_file: Option<PathBuf>,
    /// `EVENTHUB_SERVICE_TRUST_FILE`: the public keys of the services that may call this one.
    pub service_trust_file: Option<PathBuf>,
    /// `EVENTHUB_INTROSPECTION`: whether the schema may be asked for.
    pub introspection: bool,
    /// `EVENTHUB_GUARD_*`: the limits of the guard.
    pub guard: Limits,
}

impl Common {
    /// Reads the common variables of `service`, noting every problem in `env`.
    pub fn read(env: &mut Reader, service: ServiceName) -> Option<Self> {
        let listen = env.or("EVENTHUB_LISTEN", service.default_listen());
        let filter = env.or("EVENTHUB_LOG", "info".to_owned());
        let format = env.or("EVENTHUB_LOG_FORMAT", Format::Pretty);
        let instance = env.optional("EVENTHUB_INSTANCE");
        let drain_timeout = env.or("EVENTHUB_DRAIN_TIMEOUT", Duration::from_secs(10));
        let user_url = peer_url(env, ServiceName::User);
        let jwks_url = env.optional("EVENTHUB_JWKS_URL");
        let token_issuer = env.or("EVENTHUB_TOKEN_ISSUER", "eventhub-user".to_owned());
        let token_audience = env.or("EVENTHUB_TOKEN_AUDIENCE", "eventhub".to_owned());
        let service_key_file = env.optional("EVENTHUB_SERVICE_KEY_FILE");
        let service_trust_file = env.optional("EVENTHUB_SERVICE_TRUST_FILE");
        let introspection = env.or("EVENTHUB_INTROSPECTION", true);
        let guard = Limits::read(env);
        Some(Self {
            service,
            listen: listen?,
            log: telemetry::Config { filter: filter?, format: format? },
            instance: Instance(instance?),
            drain_timeout: drain_timeout?,
            jwks_url: match jwks_url? {
                Some(url) => url,
                None => user_url?.join("/.well-known/jwks.json").ok()?,
            },
            token_issuer: token_issuer?,
            token_audience: token_audience?,
            service_key_file: service_key_file?,
            service_trust_file: service_trust_file?,
            introspection: introspection?,
            guard: guard?,
        })
    }

    /// Reads the common variables and those that `rest` adds, and answers with all problems of both.
    ///
    /// # Errors
    /// Every variable that is missing or bad.
    pub fn read_with<C>(
        mut env: Reader,
        service: ServiceName,
        rest: impl FnOnce(&mut Reader) -> Option<C>,
    ) -> Result<(Self, C), Problems> {
        let common = Self::read(&mut env, service);
        let rest = rest(&mut env);
        env.finish(|| Some((common?, rest?)))
    }

    /// The verifier of user tokens, with keys from the configured JWKS URL.
    #[must_use]
    pub fn user_verifier(&self, http: &reqwest::Client) -> UserVerifier {
        let keys = KeySource::remote(http.clone(), self.jwks_url.clone());
        UserVerifier::new(keys, &self.token_issuer, &self.token_audience)
    }

    /// The verifier of service tokens; it knows no service when no trust file is configured.
    ///
    /// # Errors
    /// When the trust file cannot be read or holds something that is not a service's Ed25519 key.
    pub fn service_verifier(&self) -> Result<ServiceVerifier, SetupError> {
        match &self.service_trust_file {
            Some(path) => ServiceVerifier::from_file(path, self.service),
            None => Ok(ServiceVerifier::trusting_nobody(self.service)),
        }
    }

    /// What signs this process's calls to others; `None` without a key file.
    ///
    /// # Errors
    /// When the key file cannot be read or is not an Ed25519 private key.
    pub fn service_signer(&self) -> Result<Option<ServiceSigner>, SetupError> {
        self.service_key_file.as_deref().map(|path| ServiceSigner::from_file(path, self.service)).transpose()
    }
}

/// The base URL of another process: `EVENTHUB_<NAME>_URL`, or its default on this machine.
pub fn peer_url(env: &mut Reader, peer: ServiceName) -> Option<Url> {
    let name = format!("EVENTHUB_{}_URL", peer.as_str().to_ascii_uppercase());
    match env.optional(&name)? {
        Some(url) => Some(url),
        None => Url::parse(&format!("http://{}", peer.default_listen())).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_original() {
        let env = Reader::from_pairs([("UNRELATED", "1")]);
        let (common, ()) = Common::read_with(env, ServiceName::Ticket, |_| Some(())).unwrap();
        assert_eq!(common.listen.to_string(), "127.0.0.1:8003");
        assert_eq!(common.jwks_url.as_str(), "http://127.0.0.1:8004/.well-known/jwks.json");
        assert!(common.introspection);
        assert!(common.service_signer().unwrap().is_none());
    }

    #[test]
    fn the_jwks_url_follows_the_user_service() {
        let env = Reader::from_pairs([("EVENTHUB_USER_URL", "http://user:9")]);
        let (common, ()) = Common::read_with(env, ServiceName::Ticket, |_| Some(())).unwrap();
        assert_eq!(common.jwks_url.as_str(), "http://user:9/.well-known/jwks.json");
    }

    #[test]
    fn problems_of_both_halves_are_reported_together() {
        let env =
            Reader::from_pairs([("EVENTHUB_LISTEN", "x"), ("EVENTHUB_GUARD_TOKENS", "many"), ("MINE", "x")]);
        let problems =
            Common::read_with(env, ServiceName::User, |env| env.required::<u16>("MINE")).unwrap_err();
        assert_eq!(problems.0.len(), 3, "{problems}");
    }
}
