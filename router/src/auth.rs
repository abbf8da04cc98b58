//! Who is calling: the user token, verified once here and forwarded; subgraphs verify it again for themselves.

use http::HeaderMap;
use service::{identity::Actor, tokens::TokenError};

use crate::{app::App, refusal::Refusal};

/// The caller that the request's token proves.
///
/// Without a token, and where no keys are configured, it is nobody: the graph's own rules and the subgraphs decide what nobody may do.
///
/// # Errors
/// [`Refusal::Unauthenticated`] for a token that does not hold. It never says why: the reason is in the log.
pub async fn actor(app: &App, headers: &HeaderMap) -> Result<Actor, Refusal> {
    let Some(verifier) = &app.verifier else { return Ok(Actor::Anonymous) };
    match verifier.authenticate(headers).await {
        Ok(claims) => Ok(claims.map_or(Actor::Anonymous, |claims| Actor::User(claims.user()))),
        Err(TokenError::KeysUnavailable) => {
            // The subgraphs, which hold keys of their own, have the last word anyway.
            tracing::warn!("user tokens cannot be verified now; they are forwarded unread");
            Ok(Actor::Anonymous)
        }
        Err(error) => {
            tracing::info!(%error, "a token was refused");
            Err(Refusal::Unauthenticated)
        }
    }
}
