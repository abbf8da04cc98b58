//! Ed25519 keys: the private one that signs, the public ones that verify, and where those come from.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::EncodingKey;
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};

use super::public_key::PublicKey;
use super::remote::RemoteKeys;
use super::{SetupError, TokenError};
use crate::env::Secret;

/// An Ed25519 private key with its id.
#[derive(Clone)]
pub struct SigningKey {
    kid: String,
    encoding: EncodingKey,
    pkcs8: Secret<Vec<u8>>,
    public: Vec<u8>,
}

impl SigningKey {
    /// Makes a new key.
    ///
    /// # Errors
    /// When the platform has no randomness.
    pub fn generate(kid: impl Into<String>) -> Result<Self, SetupError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| SetupError::NoRandomness)?;
        Self::from_pair(kid.into(), &pair)
    }

    /// Reads a private key from PKCS#8 DER, with or without the public half in it.
    ///
    /// # Errors
    /// When it is something else.
    pub fn from_pkcs8(kid: impl Into<String>, der: &[u8]) -> Result<Self, SetupError> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(|_| SetupError::NotAPrivateKey)?;
        Self::from_pair(kid.into(), &pair)
    }

    /// Reads a private key from PKCS#8 PEM.
    ///
    /// # Errors
    /// When it is something else.
    pub fn from_pem(kid: impl Into<String>, pem: &str) -> Result<Self, SetupError> {
        let body: Option<String> = pem
            .split_once("-----BEGIN PRIVATE KEY-----")
            .and_then(|(_, rest)| rest.split_once("-----END PRIVATE KEY-----"))
            .map(|(body, _)| body.split_ascii_whitespace().collect());
        let der = body.and_then(|body| STANDARD.decode(body).ok()).ok_or(SetupError::NotAPrivateKey)?;
        Self::from_pkcs8(kid, &der)
    }

    fn from_pair(kid: String, pair: &Ed25519KeyPair) -> Result<Self, SetupError> {
        let der = pair.to_pkcs8().map_err(|_| SetupError::NotAPrivateKey)?;
        let public = pair.public_key().as_ref().to_vec();
        let pkcs8 = der.as_ref().to_vec();
        Ok(Self { kid, encoding: EncodingKey::from_ed_der(&pkcs8), pkcs8: Secret::new(pkcs8), public })
    }

    /// The key's id, as it goes into `kid`.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The private key as PKCS#8 DER, for storing it encrypted.
    #[must_use]
    pub const fn pkcs8(&self) -> &Secret<Vec<u8>> {
        &self.pkcs8
    }

    /// The private key as PKCS#8 PEM.
    #[must_use]
    pub fn pem(&self) -> Secret<String> {
        let body = STANDARD.encode(self.pkcs8.expose());
        let lines: Vec<&str> =
            body.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap_or_default()).collect();
        Secret::new(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n")))
    }

    /// The public half as a JWK.
    #[must_use]
    pub fn public_jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(&self.public);
        json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.kid, "x": x })
    }

    pub(super) const fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}

/// Public keys by their id. Cloning shares them, and [`PublicKeys::replace`] changes them for all clones: the user
/// service verifies with the keys it has just rotated.
#[derive(Clone, Default)]
pub struct PublicKeys(Arc<RwLock<HashMap<String, PublicKey>>>);

impl PublicKeys {
    /// Reads a JWKS document: `{"keys": […]}`. Keys of other kinds than Ed25519 signature keys are refused, so that the
    /// algorithm can never be chosen by a token.
    ///
    /// # Errors
    /// When it is not such a document, or two keys have one id.
    pub fn from_jwks(text: &str) -> Result<Self, SetupError> {
        Ok(Self(Arc::new(RwLock::new(parse_jwks(text)?))))
    }

    /// The public halves of `keys`.
    ///
    /// # Errors
    /// When two of them have one id.
    pub fn of<'a>(keys: impl IntoIterator<Item = &'a SigningKey>) -> Result<Self, SetupError> {
        Self::from_jwks(&jwks(keys).to_string())
    }

    /// Reads a JWKS file.
    ///
    /// # Errors
    /// When it cannot be read or is not a JWKS of Ed25519 keys.
    pub fn from_file(path: &Path) -> Result<Self, SetupError> {
        Self::from_jwks(&read(path)?)
    }

    /// Changes the keys, for every clone.
    pub fn replace(&self, with: &Self) {
        let new = with.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = new;
    }

    /// The ids of all keys, sorted.
    #[must_use]
    pub fn kids(&self) -> Vec<String> {
        let mut kids: Vec<_> =
            self.0.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect();
        kids.sort_unstable();
        kids
    }

    pub(super) fn find(&self, kid: &str) -> Option<PublicKey> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(kid).cloned()
    }
}

impl fmt::Debug for PublicKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKeys({:?})", self.kids())
    }
}

/// The JWKS document with the public halves of `keys`.
pub fn jwks<'a>(keys: impl IntoIterator<Item = &'a SigningKey>) -> Value {
    json!({ "keys": keys.into_iter().map(SigningKey::public_jwk).collect::<Vec<_>>() })
}

/// Where a verifier takes its keys from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// Keys that are at hand.
    Local(PublicKeys),
    /// Keys that are fetched from the configured JWKS URL and kept.
    Remote(Arc<RemoteKeys>),
}

impl KeySource {
    /// Keys fetched from `url` when they are first needed.
    #[must_use]
    pub fn remote(http: reqwest::Client, url: Url) -> Self {
        Self::Remote(Arc::new(RemoteKeys::new(http, url)))
    }

    pub(super) async fn find(&self, kid: &str) -> Result<PublicKey, TokenError> {
        match self {
            Self::Local(keys) => keys.find(kid).ok_or(TokenError::UnknownKey),
            Self::Remote(keys) => keys.find(kid).await,
        }
    }
}

impl From<PublicKeys> for KeySource {
    fn from(keys: PublicKeys) -> Self {
        Self::Local(keys)
    }
}

pub(super) fn read(path: &Path) -> Result<String, SetupError> {
    std::fs::read_to_string(path).map_err(|cause| SetupError::Unreadable { path: path.into(), cause })
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    kid: Option<String>,
    x: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    d: Option<Value>,
}

fn parse_jwks(text: &str) -> Result<HashMap<String, PublicKey>, SetupError> {
    let wrong = |why: &str| SetupError::NotAKeySet(why.to_owned());
    let document: Jwks = serde_json::from_str(text).map_err(|_| wrong("it is not a JWKS document"))?;
    let mut keys = HashMap::new();
    for jwk in document.keys {
        let kid =
            jwk.kid.as_deref().filter(|kid| !kid.is_empty()).ok_or_else(|| wrong("a key has no kid"))?;
        let key = public_key(&jwk).map_err(|why| SetupError::NotAKeySet(format!("key {kid:?} {why}")))?;
        if keys.insert(kid.to_owned(), key).is_some() {
            return Err(SetupError::NotAKeySet(format!("two keys have the kid {kid:?}")));
        }
    }
    Ok(keys)
}

fn public_key(jwk: &Jwk) -> Result<PublicKey, &'static str> {
    if jwk.kty != "OKP" || jwk.crv.as_deref() != Some("Ed25519") {
        return Err("is not an Ed25519 key");
    }
    if jwk.alg.as_deref().is_some_and(|alg| alg != "EdDSA" && alg != "Ed25519") {
        return Err("is meant for another algorithm");
    }
    if jwk.usage.as_deref().is_some_and(|usage| usage != "sig") {
        return Err("is not meant for signatures");
    }
    if jwk.d.is_some() {
        return Err("shows its private half");
    }
    let x = jwk.x.as_deref().ok_or("has no x")?;
    match URL_SAFE_NO_PAD.decode(x) {
        Ok(bytes) if bytes.len() == 32 => Ok(PublicKey::from_bytes(&bytes)),
        _ => Err("has an x that is not 32 bytes of base64url"),
    }
}
