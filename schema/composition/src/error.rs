//! What can be wrong with a set of subgraphs: the documented codes, as a closed list, and where it is wrong.
//!
//! Source: the federation documentation's list of composition error codes.

use std::fmt;

use serde::Serialize;

macro_rules! error_codes {
    ($($variant:ident = $code:literal,)*) => {
        /// The documented code of a composition error.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)]
        pub enum ErrorCode { $($variant,)* }

        impl ErrorCode {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as documented, in capitals.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }
        }
    };
}

error_codes! {
    InvalidGraphql = "INVALID_GRAPHQL",
    DirectiveDefinitionInvalid = "DIRECTIVE_DEFINITION_INVALID",
    TypeDefinitionInvalid = "TYPE_DEFINITION_INVALID",
    UnsupportedLinkedFeature = "UNSUPPORTED_LINKED_FEATURE",
    UnknownFederationLinkVersion = "UNKNOWN_FEDERATION_LINK_VERSION",
    UnknownLinkVersion = "UNKNOWN_LINK_VERSION",
    InvalidLinkDirectiveUsage = "INVALID_LINK_DIRECTIVE_USAGE",
    InvalidLinkIdentifier = "INVALID_LINK_IDENTIFIER",
    LinkImportNameMismatch = "LINK_IMPORT_NAME_MISMATCH",
    InvalidSubgraphName = "INVALID_SUBGRAPH_NAME",
    NoQueries = "NO_QUERIES",
    TypeKindMismatch = "TYPE_KIND_MISMATCH",
    RootQueryUsed = "ROOT_QUERY_USED",
    RootMutationUsed = "ROOT_MUTATION_USED",
    RootSubscriptionUsed = "ROOT_SUBSCRIPTION_USED",
    KeyFieldsHasArgs = "KEY_FIELDS_HAS_ARGS",
    ProvidesFieldsHasArgs = "PROVIDES_FIELDS_HAS_ARGS",
    ProvidesFieldsMissingExternal = "PROVIDES_FIELDS_MISSING_EXTERNAL",
    RequiresFieldsMissingExternal = "REQUIRES_FIELDS_MISSING_EXTERNAL",
    KeyUnsupportedOnInterface = "KEY_UNSUPPORTED_ON_INTERFACE",
    ProvidesUnsupportedOnInterface = "PROVIDES_UNSUPPORTED_ON_INTERFACE",
    RequiresUnsupportedOnInterface = "REQUIRES_UNSUPPORTED_ON_INTERFACE",
    KeyDirectiveInFieldsArg = "KEY_DIRECTIVE_IN_FIELDS_ARG",
    ProvidesDirectiveInFieldsArg = "PROVIDES_DIRECTIVE_IN_FIELDS_ARG",
    RequiresDirectiveInFieldsArg = "REQUIRES_DIRECTIVE_IN_FIELDS_ARG",
    KeyInvalidFieldsType = "KEY_INVALID_FIELDS_TYPE",
    ProvidesInvalidFieldsType = "PROVIDES_INVALID_FIELDS_TYPE",
    RequiresInvalidFieldsType = "REQUIRES_INVALID_FIELDS_TYPE",
    KeyInvalidFields = "KEY_INVALID_FIELDS",
    ProvidesInvalidFields = "PROVIDES_INVALID_FIELDS",
    RequiresInvalidFields = "REQUIRES_INVALID_FIELDS",
    KeyFieldsSelectInvalidType = "KEY_FIELDS_SELECT_INVALID_TYPE",
    ProvidesOnNonObjectField = "PROVIDES_ON_NON_OBJECT_FIELD",
    ExternalUnused = "EXTERNAL_UNUSED",
    TypeWithOnlyUnusedExternal = "TYPE_WITH_ONLY_UNUSED_EXTERNAL",
    ExternalTypeMismatch = "EXTERNAL_TYPE_MISMATCH",
    ExternalCollisionWithAnotherDirective = "EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE",
    ExternalArgumentMissing = "EXTERNAL_ARGUMENT_MISSING",
    ExternalArgumentTypeMismatch = "EXTERNAL_ARGUMENT_TYPE_MISMATCH",
    ExternalArgumentDefaultMismatch = "EXTERNAL_ARGUMENT_DEFAULT_MISMATCH",
    ExternalOnInterface = "EXTERNAL_ON_INTERFACE",
    ExternalMissingOnBase = "EXTERNAL_MISSING_ON_BASE",
    MergedDirectiveApplicationOnExternal = "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL",
    FieldTypeMismatch = "FIELD_TYPE_MISMATCH",
    FieldArgumentTypeMismatch = "FIELD_ARGUMENT_TYPE_MISMATCH",
    FieldArgumentDefaultMismatch = "FIELD_ARGUMENT_DEFAULT_MISMATCH",
    InputFieldDefaultMismatch = "INPUT_FIELD_DEFAULT_MISMATCH",
    ExtensionWithNoBase = "EXTENSION_WITH_NO_BASE",
    InvalidFieldSharing = "INVALID_FIELD_SHARING",
    InvalidShareableUsage = "INVALID_SHAREABLE_USAGE",
    ReferencedInaccessible = "REFERENCED_INACCESSIBLE",
    DefaultValueUsesInaccessible = "DEFAULT_VALUE_USES_INACCESSIBLE",
    QueryRootTypeInaccessible = "QUERY_ROOT_TYPE_INACCESSIBLE",
    RequiredInaccessible = "REQUIRED_INACCESSIBLE",
    ImplementedByInaccessible = "IMPLEMENTED_BY_INACCESSIBLE",
    DisallowedInaccessible = "DISALLOWED_INACCESSIBLE",
    OnlyInaccessibleChildren = "ONLY_INACCESSIBLE_CHILDREN",
    RequiredInputFieldMissingInSomeSubgraph = "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH",
    RequiredArgumentMissingInSomeSubgraph = "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH",
    EmptyMergedInputType = "EMPTY_MERGED_INPUT_TYPE",
    EnumValueMismatch = "ENUM_VALUE_MISMATCH",
    EmptyMergedEnumType = "EMPTY_MERGED_ENUM_TYPE",
    InterfaceFieldNoImplem = "INTERFACE_FIELD_NO_IMPLEM",
    ShareableHasMismatchedRuntimeTypes = "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES",
    SatisfiabilityError = "SATISFIABILITY_ERROR",
    OverrideFromSelfError = "OVERRIDE_FROM_SELF_ERROR",
    OverrideSourceHasOverride = "OVERRIDE_SOURCE_HAS_OVERRIDE",
    OverrideCollisionWithAnotherDirective = "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE",
    OverrideOnInterface = "OVERRIDE_ON_INTERFACE",
    OverrideLabelInvalid = "OVERRIDE_LABEL_INVALID",
    DirectiveCompositionError = "DIRECTIVE_COMPOSITION_ERROR",
    InterfaceObjectUsageError = "INTERFACE_OBJECT_USAGE_ERROR",
    InterfaceKeyNotOnImplementation = "INTERFACE_KEY_NOT_ON_IMPLEMENTATION",
    InterfaceKeyMissingImplementationType = "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE",
    ContextNotSet = "CONTEXT_NOT_SET",
    ContextInvalidSelection = "CONTEXT_INVALID_SELECTION",
    NoContextInSelection = "NO_CONTEXT_IN_SELECTION",
    ContextNoResolvableKey = "CONTEXT_NO_RESOLVABLE_KEY",
    ContextNameInvalid = "CONTEXT_NAME_INVALID",
    ContextualArgumentNotContextualInAllSubgraphs = "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS",
    CostAppliedToInterfaceField = "COST_APPLIED_TO_INTERFACE_FIELD",
    ListSizeAppliedToNonList = "LIST_SIZE_APPLIED_TO_NON_LIST",
    ListSizeInvalidAssumedSize = "LIST_SIZE_INVALID_ASSUMED_SIZE",
    ListSizeInvalidSlicingArgument = "LIST_SIZE_INVALID_SLICING_ARGUMENT",
    ListSizeInvalidSizedField = "LIST_SIZE_INVALID_SIZED_FIELD",
    AuthRequirementsAppliedOnInterface = "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE",
    MissingTransitiveAuthRequirements = "MISSING_TRANSITIVE_AUTH_REQUIREMENTS",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A place in a subgraph's SDL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct SourceLocation {
    /// The subgraph's name.
    pub subgraph: String,
    /// The file its SDL was read from, or `<name>.graphql`.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
}

/// One thing that keeps the subgraphs from composing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct CompositionError {
    /// The documented code.
    pub code: ErrorCode,
    /// What is wrong, with the coordinates it is wrong at.
    pub message: String,
    /// Where; the first is the most telling one.
    pub locations: Vec<SourceLocation>,
}

/// Every error found, never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CompositionErrors(pub Vec<CompositionError>);

impl fmt::Display for CompositionErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "composition failed with {} error(s)", self.0.len())?;
        self.0.iter().try_for_each(|error| write!(f, "\n{error}"))
    }
}

impl std::error::Error for CompositionErrors {}

#[cfg(test)]
mod tests {
    use super::ErrorCode;

    #[test]
    fn no_code_is_listed_twice() {
        let mut codes: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ErrorCode::ALL.len());
    }
}
