//! Calling another service of the house: what can go wrong.

use subgraph::client::CallError;

/// Why a peer did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// It said no, with a code of the house.
    #[error("refused with {code}: {message}")]
    Refused {
        /// The code.
        code: String,
        /// Why.
        message: String,
    },
    /// No answer, or none that makes sense. For the log.
    #[error("unavailable: {0}")]
    Unavailable(String),
}

impl PeerError {
    pub(crate) fn unavailable(cause: impl Into<String>) -> Self {
        Self::Unavailable(cause.into())
    }

    pub(crate) fn refused(code: &str, message: &str) -> Self {
        Self::Refused { code: code.into(), message: message.into() }
    }
}

impl From<CallError> for PeerError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused { code, message, .. } => Self::Refused { code, message },
            CallError::Unreachable { cause, .. } | CallError::Nonsense { cause, .. } => {
                Self::Unavailable(cause)
            }
        }
    }
}
