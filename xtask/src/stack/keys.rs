//! The keys by which the services of a stack know each other: one Ed25519 key a service, one JWKS file with the public halves.

use std::fs;
use std::path::PathBuf;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::home::Home;
use crate::failure::{Context, Failure, Result};
use crate::services::Service;

/// Where the private key of a service is: PKCS#8, PEM.
#[must_use]
pub fn private_path(home: &Home, service: Service) -> PathBuf {
    home.path(&format!("keys/{service}.pem"))
}

/// Where the public keys of all services are: a JWKS whose `kid` is the service's name.
#[must_use]
pub fn trust_path(home: &Home) -> PathBuf {
    home.path("keys/trust.json")
}

/// Makes the keys that are missing, and the trust file from all of them.
///
/// # Errors
/// When a file cannot be read or written, or holds no Ed25519 key.
pub fn prepare(home: &Home) -> Result<()> {
    let public: Vec<Value> =
        Service::KEYED.into_iter().map(|service| public_key(home, service)).collect::<Result<_>>()?;
    home.write_json("keys/trust.json", &json!({ "keys": public }))
}

/// Random bytes as text that needs no quoting anywhere.
///
/// # Errors
/// When the operating system gives none.
pub fn random_text(bytes: usize) -> Result<String> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).context("random bytes")?;
    Ok(URL_SAFE_NO_PAD.encode(random))
}

fn public_key(home: &Home, service: Service) -> Result<Value> {
    let path = private_path(home, service);
    if !path.exists() {
        home.write(&format!("keys/{service}.pem"), &KeyPair::generate()?.pem()?)?;
    }
    let pem = fs::read_to_string(&path).context(path.display())?;
    Ok(KeyPair::parse(&pem).context(path.display())?.public_jwk(service))
}

/// An Ed25519 key with which a service signs.
#[derive(Debug)]
pub struct KeyPair(Ed25519KeyPair);

impl KeyPair {
    /// A new key.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate() -> Result<Self> {
        Ed25519KeyPair::generate().map(Self).context("a new Ed25519 key")
    }

    /// The private key in PKCS#8, PEM.
    ///
    /// # Errors
    /// When the key cannot be written down.
    pub fn pem(&self) -> Result<String> {
        let der = self.0.to_pkcs8v1().context("an Ed25519 key")?;
        let text = STANDARD.encode(der.as_ref());
        Ok(format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"))
    }

    /// The public half, as an element of a JWKS.
    #[must_use]
    pub fn public_jwk(&self, service: Service) -> Value {
        json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "alg": "EdDSA",
            "use": "sig",
            "kid": service.name(),
            "x": URL_SAFE_NO_PAD.encode(self.0.public_key().as_ref()),
        })
    }

    fn parse(pem: &str) -> Result<Self> {
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = STANDARD.decode(body).context("not PEM")?;
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der)
            .map(Self)
            .map_err(|reason| Failure::new(format!("not an Ed25519 key in PKCS#8: {reason}")))
    }
}
