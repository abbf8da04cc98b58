//! The federation specification's directives: names, the version each came with, definitions.
//!
//! Source: the federation subgraph specification, v2.0 to v2.12.

use crate::link::Version;

/// The newest federation version understood.
pub const LATEST: Version = Version::new(2, 12);

/// A directive of the federation specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum FederationDirective {
    Key,
    Requires,
    Provides,
    External,
    Extends,
    Shareable,
    Override,
    Tag,
    Inaccessible,
    ComposeDirective,
    InterfaceObject,
    Authenticated,
    RequiresScopes,
    Policy,
    Context,
    FromContext,
    Cost,
    ListSize,
    CacheTag,
}

/// Local names of the types that federation definitions mention.
#[derive(Debug, Clone)]
pub struct TypeNames {
    /// `FieldSet`
    pub field_set: String,
    /// `Scope`
    pub scope: String,
    /// `Policy`
    pub policy: String,
    /// `ContextFieldValue`
    pub context_value: String,
}

use FederationDirective as D;

impl FederationDirective {
    /// All of them, in the order of their introduction.
    pub const ALL: [Self; 19] = [
        D::Key,
        D::Requires,
        D::Provides,
        D::External,
        D::Extends,
        D::Shareable,
        D::Override,
        D::Tag,
        D::Inaccessible,
        D::ComposeDirective,
        D::InterfaceObject,
        D::Authenticated,
        D::RequiresScopes,
        D::Policy,
        D::Context,
        D::FromContext,
        D::Cost,
        D::ListSize,
        D::CacheTag,
    ];

    /// The directives a schema without any federation `@link` may use.
    pub const FEDERATION_1: [Self; 6] = [D::Key, D::Requires, D::Provides, D::External, D::Extends, D::Tag];

    /// The name in the specification, without `@`.
    pub const fn name(self) -> &'static str {
        match self {
            D::Key => "key",
            D::Requires => "requires",
            D::Provides => "provides",
            D::External => "external",
            D::Extends => "extends",
            D::Shareable => "shareable",
            D::Override => "override",
            D::Tag => "tag",
            D::Inaccessible => "inaccessible",
            D::ComposeDirective => "composeDirective",
            D::InterfaceObject => "interfaceObject",
            D::Authenticated => "authenticated",
            D::RequiresScopes => "requiresScopes",
            D::Policy => "policy",
            D::Context => "context",
            D::FromContext => "fromContext",
            D::Cost => "cost",
            D::ListSize => "listSize",
            D::CacheTag => "cacheTag",
        }
    }

    /// The directive called `name` (without `@`) in the specification.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|directive| directive.name() == name)
    }

    /// The first federation version that has it.
    pub const fn since(self) -> Version {
        match self {
            D::Key | D::Requires | D::Provides | D::External | D::Extends => Version::new(2, 0),
            D::Shareable | D::Override | D::Tag | D::Inaccessible => Version::new(2, 0),
            D::ComposeDirective => Version::new(2, 1),
            D::InterfaceObject => Version::new(2, 3),
            D::Authenticated | D::RequiresScopes => Version::new(2, 5),
            D::Policy => Version::new(2, 6),
            D::Context | D::FromContext => Version::new(2, 8),
            D::Cost | D::ListSize => Version::new(2, 9),
            D::CacheTag => Version::new(2, 12),
        }
    }

    /// The definition a subgraph of `version` has of it, under the name `local`.
    pub fn definition(self, local: &str, types: &TypeNames, version: Version) -> String {
        let field_set = &types.field_set;
        let at_least = |minor| version >= Version::new(2, minor);
        let rest = match self {
            D::Key => {
                format!("(fields: {field_set}!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE")
            }
            D::Requires | D::Provides => format!("(fields: {field_set}!) on FIELD_DEFINITION"),
            D::External => "(reason: String) on OBJECT | FIELD_DEFINITION".to_owned(),
            D::Extends => " on OBJECT | INTERFACE".to_owned(),
            D::Shareable if at_least(2) => " repeatable on OBJECT | FIELD_DEFINITION".to_owned(),
            D::Shareable => " on OBJECT | FIELD_DEFINITION".to_owned(),
            D::Override if at_least(7) => "(from: String!, label: String) on FIELD_DEFINITION".to_owned(),
            D::Override => "(from: String!) on FIELD_DEFINITION".to_owned(),
            D::Tag if at_least(3) => format!("(name: String!) repeatable on {EVERYWHERE} | SCHEMA"),
            D::Tag => format!("(name: String!) repeatable on {EVERYWHERE}"),
            D::Inaccessible => format!(" on {EVERYWHERE}"),
            D::ComposeDirective => "(name: String) repeatable on SCHEMA".to_owned(),
            D::InterfaceObject => " on OBJECT".to_owned(),
            D::Authenticated => format!(" on {OUTPUT_ELEMENTS}"),
            D::RequiresScopes => format!("(scopes: [[{}!]!]!) on {OUTPUT_ELEMENTS}", types.scope),
            D::Policy => format!("(policies: [[{}!]!]!) on {OUTPUT_ELEMENTS}", types.policy),
            D::Context => "(name: String!) repeatable on INTERFACE | OBJECT | UNION".to_owned(),
            D::FromContext => format!("(field: {}) on ARGUMENT_DEFINITION", types.context_value),
            D::Cost => format!("(weight: Int!) on {COSTED}"),
            D::ListSize => LIST_SIZE.to_owned(),
            D::CacheTag => "(format: String!) repeatable on OBJECT | FIELD_DEFINITION".to_owned(),
        };
        format!("directive @{local}{rest}\n")
    }
}

const EVERYWHERE: &str = "FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM \
                          | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION";
const OUTPUT_ELEMENTS: &str = "FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM";
const COSTED: &str =
    "ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR";
const LIST_SIZE: &str = "(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], \
                         requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION";
