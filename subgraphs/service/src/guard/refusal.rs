//! Why a request is refused: a variant per cause, and one table from cause to status and code.

use http::StatusCode;

/// A place in a document; line and column count from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Position {
    /// The place of byte `offset` in `text`.
    #[must_use]
    pub fn of(text: &str, offset: usize) -> Self {
        let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
        let line_start = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        // Bytes that do not continue a character start one.
        let column = before[line_start..].iter().filter(|b| **b & 0xC0 != 0x80).count() + 1;
        Self { line, column }
    }
}

/// Why a request is refused before GraphQL sees it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The body is longer than the limit.
    #[error("the request body is longer than {limit} bytes")]
    BodyTooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The body did not arrive in time.
    #[error("the request body did not arrive in time")]
    BodyTooSlow,
    /// The body stopped before its announced end.
    #[error("the request body is incomplete")]
    BodyIncomplete,
    /// Arrays and objects nest deeper than the limit.
    #[error("the request body nests deeper than {limit} levels")]
    JsonTooDeep {
        /// The limit.
        limit: usize,
    },
    /// The body is not JSON.
    #[error("the request body is not valid JSON")]
    JsonMalformed,
    /// The body is JSON, but not a GraphQL request.
    #[error("{0}")]
    NotARequest(&'static str),
    /// A list of operations where one was expected, or a longer one than allowed.
    #[error("a request carries one operation; batching is off")]
    BatchingDisabled,
    /// More operations in a batch than allowed.
    #[error("a batch carries at most {limit} operations")]
    BatchTooLarge {
        /// The limit.
        limit: usize,
    },
    /// The content type is not that of a GraphQL request.
    #[error("a GraphQL request is POSTed as application/json in UTF-8")]
    UnsupportedMediaType,
    /// The body is compressed; it would have to be blown up before it could be measured.
    #[error("the request body must not be encoded")]
    UnsupportedContentEncoding,
    /// None of the accepted media types can be answered.
    #[error("the answer can be application/graphql-response+json or application/json")]
    NotAcceptable,
    /// Another method than GET and POST, or something else than a query over GET.
    #[error("{0}")]
    MethodNotAllowed(&'static str),
    /// The document cannot be read.
    #[error("the document cannot be parsed: {what}")]
    Syntax {
        /// What is wrong.
        what: &'static str,
        /// Where.
        at: Position,
    },
    /// The document is longer than the limit.
    #[error("the document is longer than {limit} bytes")]
    DocumentTooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Too many tokens.
    #[error("the document has more than {limit} tokens")]
    TooManyTokens {
        /// The limit.
        limit: usize,
    },
    /// Selections, values or types nest deeper than the limit.
    #[error("the document nests deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// More of something than allowed, with every fragment written out.
    #[error("the document has more than {limit} {what}")]
    TooComplex {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// A fragment spreads itself, directly or through others.
    #[error("fragment \"{0}\" spreads itself")]
    FragmentCycle(String),
    /// Two fragments have one name.
    #[error("there are two fragments named \"{0}\"")]
    DuplicateFragment(String),
    /// More than one credential is tried in one document.
    #[error("one request may try one credential")]
    ManyCredentials,
}

impl Refusal {
    /// The word in `extensions.code`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BodyTooLarge { .. } => "BODY_TOO_LARGE",
            Self::BodyTooSlow => "BODY_TIMEOUT",
            Self::BodyIncomplete | Self::JsonMalformed | Self::NotARequest(_) => "BAD_REQUEST",
            Self::JsonTooDeep { .. } => "JSON_TOO_DEEP",
            Self::BatchingDisabled => "BATCHING_DISABLED",
            Self::BatchTooLarge { .. } => "BATCH_TOO_LARGE",
            Self::UnsupportedMediaType | Self::UnsupportedContentEncoding => "UNSUPPORTED_MEDIA_TYPE",
            Self::NotAcceptable => "NOT_ACCEPTABLE",
            Self::MethodNotAllowed(_) => "METHOD_NOT_ALLOWED",
            Self::Syntax { .. } => "GRAPHQL_PARSE_FAILED",
            Self::DocumentTooLong { .. } | Self::TooManyTokens { .. } => "DOCUMENT_TOO_LARGE",
            Self::TooDeep { .. } => "DOCUMENT_TOO_DEEP",
            Self::TooComplex { .. } | Self::ManyCredentials => "DOCUMENT_TOO_COMPLEX",
            Self::FragmentCycle(_) | Self::DuplicateFragment(_) => "GRAPHQL_VALIDATION_FAILED",
        }
    }

    /// The HTTP status of a request refused for this.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::UnsupportedMediaType | Self::UnsupportedContentEncoding => {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            }
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyIncomplete
            | Self::JsonMalformed
            | Self::NotARequest(_)
            | Self::JsonTooDeep { .. }
            | Self::BatchingDisabled
            | Self::BatchTooLarge { .. }
            | Self::Syntax { .. }
            | Self::DocumentTooLong { .. }
            | Self::TooManyTokens { .. }
            | Self::TooDeep { .. }
            | Self::TooComplex { .. }
            | Self::FragmentCycle(_)
            | Self::DuplicateFragment(_)
            | Self::ManyCredentials => StatusCode::BAD_REQUEST,
        }
    }

    /// Whether this concerns the document of a well-formed request: then a client that asked for `application/json` is
    /// answered 200 by older custom, and one that asked for `application/graphql-response+json` 400.
    #[must_use]
    pub const fn concerns_document(&self) -> bool {
        matches!(
            self,
            Self::Syntax { .. }
                | Self::DocumentTooLong { .. }
                | Self::TooManyTokens { .. }
                | Self::TooDeep { .. }
                | Self::TooComplex { .. }
                | Self::FragmentCycle(_)
                | Self::DuplicateFragment(_)
                | Self::ManyCredentials
        )
    }

    /// Where in the document, when it is about one place.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        match self {
            Self::Syntax { at, .. } => Some(*at),
            _ => None,
        }
    }
}
