//! Why a text is not a supergraph.

use apollo_compiler::Name;

/// Why a supergraph SDL could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SupergraphError {
    /// Not GraphQL, or an invalid schema.
    #[error("the supergraph is not a valid GraphQL schema:\n{0}")]
    InvalidSchema(String),
    /// No `join__Graph` enum: a plain schema, or something else.
    #[error("the schema is not a supergraph: it has no enum join__Graph")]
    NotASupergraph,
    /// A feature is required for execution that this router does not know.
    #[error("the supergraph needs the feature {url} for {purpose}, which is not supported")]
    UnsupportedFeature {
        /// The specification's URL.
        url: String,
        /// `EXECUTION` or `SECURITY`.
        purpose: String,
    },
    /// A directive names a subgraph that is not in `join__Graph`.
    #[error("{coordinate}: unknown subgraph {graph}")]
    UnknownSubgraph {
        /// Schema coordinate.
        coordinate: String,
        /// The enum value.
        graph: Name,
    },
    /// A key, `@requires` or `@provides` cannot be read over the schema.
    #[error("{coordinate}: the field set \"{fields}\" is invalid:\n{message}")]
    InvalidFieldSet {
        /// Schema coordinate.
        coordinate: String,
        /// The field set.
        fields: String,
        /// What is wrong.
        message: String,
    },
    /// What an argument takes from a context cannot be read.
    #[error("{coordinate}: the argument {argument} cannot be taken from the context {context}:\n{message}")]
    InvalidContext {
        /// Schema coordinate of the field.
        coordinate: String,
        /// The argument.
        argument: String,
        /// The context.
        context: String,
        /// What is wrong.
        message: String,
    },
    /// Nothing is left for clients.
    #[error("the API schema is invalid:\n{0}")]
    InvalidApiSchema(String),
}
