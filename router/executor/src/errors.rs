//! The closed list of error codes that execution itself gives.

/// Why a part of the response is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// A subgraph did not answer in time.
    SubgraphTimeout,
    /// A subgraph could not be reached.
    SubgraphUnreachable,
    /// A subgraph was not asked because it failed too often.
    SubgraphUnavailable,
    /// A subgraph answered with something that is not what was asked for.
    SubgraphBadResponse,
    /// A subgraph's answer is larger than allowed.
    SubgraphTooLarge,
    /// A subgraph reported an error without a code of its own.
    SubgraphError,
    /// A non-nullable field has no value.
    UnexpectedNull,
    /// A value does not fit its type.
    InvalidValue,
    /// More errors than a response lists.
    TooManyErrors,
}

impl ErrorCode {
    /// The code as `extensions.code` shows it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SubgraphTimeout => "SUBGRAPH_TIMEOUT",
            Self::SubgraphUnreachable => "SUBGRAPH_UNREACHABLE",
            Self::SubgraphUnavailable => "SUBGRAPH_UNAVAILABLE",
            Self::SubgraphBadResponse => "SUBGRAPH_BAD_RESPONSE",
            Self::SubgraphTooLarge => "SUBGRAPH_TOO_LARGE",
            Self::SubgraphError => "SUBGRAPH_ERROR",
            Self::UnexpectedNull => "UNEXPECTED_NULL",
            Self::InvalidValue => "INVALID_VALUE",
            Self::TooManyErrors => "TOO_MANY_ERRORS",
        }
    }
}
