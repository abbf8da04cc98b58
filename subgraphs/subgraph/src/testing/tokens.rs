//! Keys that live as long as the test process, and tokens made with them.

use std::sync::{Arc, OnceLock};

use chrono::Utc;
use service::config::Common;
use service::env::Reader;
use service::identity::{Role, ServiceName};
use service::tokens::{PublicKeys, ServiceSigner, ServiceVerifier, SigningKey, UserClaims, UserVerifier};
use uuid::Uuid;

/// The issuer of test tokens: the default of a process.
const ISSUER: &str = "eventhub-user";
/// Their audience.
const AUDIENCE: &str = "eventhub";

struct Keys {
    user: SigningKey,
    services: Vec<(ServiceName, Arc<ServiceSigner>)>,
    trusted: PublicKeys,
    files: tempfile::TempDir,
}

fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let files = tempfile::tempdir().expect("a temporary directory");
        let key = |name: &str| SigningKey::generate(name).expect("a key");
        let made: Vec<_> = ServiceName::ALL.into_iter().map(|name| (name, key(name.as_str()))).collect();
        for (name, key) in &made {
            let path = files.path().join(format!("{name}.pem"));
            std::fs::write(path, key.pem().expose()).expect("a key file");
        }
        let jwks = service::tokens::jwks(made.iter().map(|(_, key)| key)).to_string();
        std::fs::write(files.path().join("trust.json"), &jwks).expect("a trust file");
        let trusted = PublicKeys::from_jwks(&jwks).expect("a key set");
        let services =
            made.into_iter().map(|(name, key)| (name, Arc::new(ServiceSigner::new(key)))).collect();
        Keys { user: key("test-key"), services, trusted, files }
    })
}

/// The key that signs test user tokens.
#[must_use]
pub fn user_keys() -> &'static SigningKey {
    &keys().user
}

/// A verifier that accepts the tokens of [`user_token`].
#[must_use]
pub fn user_verifier() -> UserVerifier {
    UserVerifier::new(PublicKeys::of([user_keys()]).expect("a key set"), ISSUER, AUDIENCE)
}

/// A valid user token.
#[must_use]
pub fn user_token(id: Uuid, role: Role) -> String {
    let now = Utc::now().timestamp();
    let claims = UserClaims {
        iss: ISSUER.into(),
        aud: AUDIENCE.into(),
        sub: id,
        role,
        ver: 0,
        iat: now,
        nbf: now,
        exp: now + 900,
        jti: Uuid::now_v7().to_string(),
    };
    claims.sign(user_keys()).expect("a token")
}

/// Signs calls in the name of `from`.
#[must_use]
pub fn service_signer(from: ServiceName) -> Arc<ServiceSigner> {
    let (_, signer) =
        keys().services.iter().find(|(name, _)| *name == from).expect("a signer for every service");
    Arc::clone(signer)
}

/// A valid service token from one service to another.
#[must_use]
pub fn service_token(from: ServiceName, to: ServiceName) -> String {
    service_signer(from).token_for(to).expect("a token")
}

/// A verifier that accepts the tokens of [`service_token`] made for `me`.
#[must_use]
pub fn service_verifier(me: ServiceName) -> ServiceVerifier {
    ServiceVerifier::new(keys().trusted.clone(), me)
}

/// The common configuration of a service under test: a free port, test keys in files, everything else the default.
#[must_use]
pub fn common(service: ServiceName) -> Common {
    let files = keys().files.path();
    let file = |name: String| files.join(name).to_string_lossy().into_owned();
    let env = Reader::from_pairs([
        ("EVENTHUB_LISTEN", "127.0.0.1:0".to_owned()),
        ("EVENTHUB_DRAIN_TIMEOUT", "2s".to_owned()),
        ("EVENTHUB_SERVICE_KEY_FILE", file(format!("{service}.pem"))),
        ("EVENTHUB_SERVICE_TRUST_FILE", file("trust.json".into())),
    ]);
    Common::read_with(env, service, |_| Some(())).expect("a configuration").0
}
