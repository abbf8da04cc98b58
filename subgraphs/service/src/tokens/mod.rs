//! Who proves to be whom: user tokens and service tokens.
//!
//! Both are JWTs signed with Ed25519. The rules are the same for every verifier of the house:
//! - the algorithm is fixed by the *key*, which is always Ed25519, never by the token;
//! - keys come only from the configured JWKS URL or file; a token that brings or points to a key (`jwk`, `jku`, `x5u`,
//!   `x5c`, …) or asks for an extension (`crit`) is refused;
//! - `kid`, `typ`, `iss`, `aud`, `sub`, `role`, `ver`, `iat`, `nbf`, `exp` and `jti` are required and typed;
//! - the signature of one token is checked once for each key, everything else each time;
//! - a token longer than 4 KiB is refused unread, and no part of a token is ever logged.
//!
//! Source: RFC 7515, RFC 7519, RFC 8037, RFC 8725.

mod error;
mod jwt;
mod keys;
mod public_key;
mod remote;
mod service;
mod user;

pub use error::{SetupError, TokenError};
pub use keys::{KeySource, PublicKeys, SigningKey, jwks};
pub use remote::RemoteKeys;
pub use service::{SERVICE_TOKEN_HEADER, ServiceSigner, ServiceVerifier};
pub use user::{UserClaims, UserVerifier, bearer};

/// The longest token that is looked at, in bytes.
pub const LONGEST_TOKEN: usize = 4_096;

/// How far two clocks of the house may be apart, in seconds.
const LEEWAY: i64 = 5;

#[cfg(test)]
mod tests;
