//! Why a token is not accepted, and why a verifier cannot be built.

use std::path::PathBuf;

/// Why a token is not accepted. The cause is for the log; a caller learns only that the token is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Longer than [`super::LONGEST_TOKEN`].
    #[error("the token is too long")]
    TooLong,
    /// Not three parts of base64url with JSON objects in the first two, or a claim is missing or of another type.
    #[error("the token is malformed")]
    Malformed,
    /// The header names another algorithm than the key's.
    #[error("the token's algorithm is not its key's")]
    Algorithm,
    /// The header brings or points to a key, or asks for an extension.
    #[error("the token's header carries `{0}`")]
    ForeignHeader(&'static str),
    /// The header's `typ` is not that of this kind of token.
    #[error("the token is of another kind")]
    Kind,
    /// No configured key has this id.
    #[error("the token's key is unknown")]
    UnknownKey,
    /// The signature does not belong to the content.
    #[error("the token's signature is wrong")]
    Signature,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYet,
    /// It was made by another issuer.
    #[error("the token comes from another issuer")]
    Issuer,
    /// It was made for somebody else.
    #[error("the token is meant for another audience")]
    Audience,
    /// It lives longer than its kind may.
    #[error("the token lives too long")]
    Lifetime,
    /// The header carries more than one credential, or one that is not of the expected scheme.
    #[error("the authorization header cannot be used")]
    Header,
    /// The keys cannot be fetched now: nobody can say whether the token is valid.
    #[error("the keys cannot be fetched")]
    KeysUnavailable,
}

/// Why a signer or verifier cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A key file cannot be read.
    #[error("{path} cannot be read: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// Not an Ed25519 private key in PKCS#8.
    #[error("not an Ed25519 private key in PKCS#8")]
    NotAPrivateKey,
    /// Not a JWKS of Ed25519 public keys, each with its `kid`.
    #[error("not a JWKS of Ed25519 keys: {0}")]
    NotAKeySet(String),
    /// The random source of the platform failed.
    #[error("no randomness available")]
    NoRandomness,
}
