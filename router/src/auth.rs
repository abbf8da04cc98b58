//! Who is calling: the user token, verified once here and forwarded; subgraphs verify it again for themselves.

use std::time::Duration;

use http::HeaderMap;
use service::{identity::Actor, tokens::TokenError};
use tokio::time::Instant;

use crate::{app::App, refusal::Refusal};

/// Who is calling, and for how long that is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Identity {
    /// Who.
    pub actor: Actor,
    /// When the token expires.
    pub expires: Option<Instant>,
}

/// Keys that have not come by then are not there. Most requests do not wait at all: keys are kept.
const PATIENCE: Duration = Duration::from_secs(2);

/// The caller that the request's token proves.
///
/// Without a token, and where no keys are configured, it is nobody: the graph's own rules and the subgraphs decide what nobody may do.
///
/// # Errors
/// [`Refusal::Unauthenticated`] for a token that does not hold. It never says why: the reason is in the log.
pub async fn identify(app: &App, headers: &HeaderMap) -> Result<Identity, Refusal> {
    let Some(verifier) = &app.verifier else { return Ok(Identity::default()) };
    let verified = tokio::time::timeout(PATIENCE, verifier.authenticate(headers)).await;
    match verified.unwrap_or(Err(TokenError::KeysUnavailable)) {
        Ok(None) => Ok(Identity::default()),
        Ok(Some(claims)) => Ok(Identity { actor: Actor::User(claims.user()), expires: Some(claims.ends()) }),
        Err(TokenError::KeysUnavailable) => {
            // The subgraphs, which hold keys of their own, have the last word anyway.
            tracing::warn!("user tokens cannot be verified now; they are forwarded unread");
            Ok(Identity::default())
        }
        Err(error) => {
            tracing::info!(%error, "a token was refused");
            Err(Refusal::Unauthenticated)
        }
    }
}
