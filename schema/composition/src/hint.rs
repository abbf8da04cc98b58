//! Hints: what composed, but perhaps not the way its authors meant.
//!
//! Source: the federation documentation's list of composition hints.

use serde::Serialize;

use crate::SourceLocation;

/// The documented code of a hint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum HintCode {
    InconsistentDescription,
    InconsistentButCompatibleFieldType,
    InconsistentButCompatibleArgumentType,
    InconsistentArgumentPresence,
    InconsistentInputObjectField,
    InconsistentEnumValueForInputEnum,
    InconsistentEnumValueForOutputEnum,
    InconsistentUnionMember,
    InconsistentNonRepeatableDirectiveArguments,
    InconsistentInterfaceValueTypeField,
    InconsistentObjectValueTypeField,
    InconsistentRuntimeTypesForShareableReturn,
    UnusedEnumType,
    OverriddenFieldCanBeRemoved,
    OverrideDirectiveCanBeRemoved,
    FromSubgraphDoesNotExist,
    OverrideMigrationInProgress,
    ImplicitlyUpgradedFederationVersion,
    ContextualArgumentNotContextualInAllSubgraphs,
}

impl HintCode {
    /// The code as documented, in capitals.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InconsistentDescription => "INCONSISTENT_DESCRIPTION",
            Self::InconsistentButCompatibleFieldType => "INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE",
            Self::InconsistentButCompatibleArgumentType => "INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE",
            Self::InconsistentArgumentPresence => "INCONSISTENT_ARGUMENT_PRESENCE",
            Self::InconsistentInputObjectField => "INCONSISTENT_INPUT_OBJECT_FIELD",
            Self::InconsistentEnumValueForInputEnum => "INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM",
            Self::InconsistentEnumValueForOutputEnum => "INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM",
            Self::InconsistentUnionMember => "INCONSISTENT_UNION_MEMBER",
            Self::InconsistentNonRepeatableDirectiveArguments => {
                "INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS"
            }
            Self::InconsistentInterfaceValueTypeField => "INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD",
            Self::InconsistentObjectValueTypeField => "INCONSISTENT_OBJECT_VALUE_TYPE_FIELD",
            Self::InconsistentRuntimeTypesForShareableReturn => {
                "INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN"
            }
            Self::UnusedEnumType => "UNUSED_ENUM_TYPE",
            Self::OverriddenFieldCanBeRemoved => "OVERRIDDEN_FIELD_CAN_BE_REMOVED",
            Self::OverrideDirectiveCanBeRemoved => "OVERRIDE_DIRECTIVE_CAN_BE_REMOVED",
            Self::FromSubgraphDoesNotExist => "FROM_SUBGRAPH_DOES_NOT_EXIST",
            Self::OverrideMigrationInProgress => "OVERRIDE_MIGRATION_IN_PROGRESS",
            Self::ImplicitlyUpgradedFederationVersion => "IMPLICITLY_UPGRADED_FEDERATION_VERSION",
            Self::ContextualArgumentNotContextualInAllSubgraphs => {
                "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS"
            }
        }
    }
}

/// One remark; composition succeeded all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hint {
    /// The documented code.
    pub code: HintCode,
    /// What was noticed, with coordinates.
    pub message: String,
    /// Where.
    pub locations: Vec<SourceLocation>,
}
