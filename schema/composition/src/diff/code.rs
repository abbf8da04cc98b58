//! The kinds of change, as a closed list: the word, whom it concerns, and how bad it usually is.
//!
//! Sources: for clients graphql-js, `findBreakingChanges` and `findDangerousChanges`, whose judgements these are unless a doc comment says
//! otherwise; for subgraphs the federation documentation of each directive.

use std::fmt;

use serde::Serialize;

/// What a change does to those whom it concerns. The order is that of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Criticality {
    /// Something that worked stops working.
    Breaking,
    /// Nothing becomes invalid, but somebody may see what they did not expect.
    Dangerous,
    /// Nobody can tell, or it only adds.
    Safe,
}

/// Whom a change concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Whom {
    /// Those who send operations to the graph.
    Clients,
    /// The owners of the other subgraphs, which are deployed one by one.
    Subgraphs,
}

impl Criticality {
    /// The word that the report begins with.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Dangerous => "dangerous",
            Self::Safe => "safe",
        }
    }
}

macro_rules! change_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $whom:ident, $usually:ident;)*) => {
        /// One kind of change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ChangeCode { $($(#[$doc])* $variant,)* }

        impl ChangeCode {
            /// Every kind there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word, in capitals.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Whom it concerns.
            #[must_use]
            pub const fn whom(self) -> Whom {
                match self { $(Self::$variant => Whom::$whom,)* }
            }

            /// How bad it is where nothing speaks for or against it.
            #[must_use]
            pub const fn usually(self) -> Criticality {
                match self { $(Self::$variant => Criticality::$usually,)* }
            }
        }
    };
}

change_codes! {
    /// The query, mutation or subscription root is gone.
    RootTypeRemoved = "ROOT_TYPE_REMOVED", Clients, Breaking;
    /// A type is gone.
    TypeRemoved = "TYPE_REMOVED", Clients, Breaking;
    /// A type is there that was not.
    TypeAdded = "TYPE_ADDED", Clients, Safe;
    /// An object became an interface, for one.
    TypeKindChanged = "TYPE_KIND_CHANGED", Clients, Breaking;
    /// A field of an object or interface type is gone.
    FieldRemoved = "FIELD_REMOVED", Clients, Breaking;
    /// A field is there that was not.
    FieldAdded = "FIELD_ADDED", Clients, Safe;
    /// A field answers another type, or may be null where it was not.
    FieldTypeChanged = "FIELD_TYPE_CHANGED", Clients, Breaking;
    /// A field, or the elements of its list, is never null any more.
    FieldMadeNonNull = "FIELD_MADE_NON_NULL", Clients, Safe;
    /// An argument of a field or directive is gone.
    ArgumentRemoved = "ARGUMENT_REMOVED", Clients, Breaking;
    /// An argument that must be given was added.
    RequiredArgumentAdded = "REQUIRED_ARGUMENT_ADDED", Clients, Breaking;
    /// An argument that may be left out was added: those who leave it out may get another answer.
    OptionalArgumentAdded = "OPTIONAL_ARGUMENT_ADDED", Clients, Dangerous;
    /// An argument takes another type, or null no longer.
    ArgumentTypeChanged = "ARGUMENT_TYPE_CHANGED", Clients, Breaking;
    /// An argument takes null where it did not.
    ArgumentMadeNullable = "ARGUMENT_MADE_NULLABLE", Clients, Safe;
    /// An argument that is not null lost its default. graphql-js calls this a changed default; but who left it out is refused now.
    ArgumentMadeRequired = "ARGUMENT_MADE_REQUIRED", Clients, Breaking;
    /// An argument that is left out means something else.
    ArgumentDefaultChanged = "ARGUMENT_DEFAULT_CHANGED", Clients, Dangerous;
    /// A field of an input type is gone.
    InputFieldRemoved = "INPUT_FIELD_REMOVED", Clients, Breaking;
    /// A field that must be given was added to an input type.
    RequiredInputFieldAdded = "REQUIRED_INPUT_FIELD_ADDED", Clients, Breaking;
    /// A field that may be left out was added to an input type.
    OptionalInputFieldAdded = "OPTIONAL_INPUT_FIELD_ADDED", Clients, Dangerous;
    /// A field of an input type takes another type, or null no longer.
    InputFieldTypeChanged = "INPUT_FIELD_TYPE_CHANGED", Clients, Breaking;
    /// A field of an input type takes null where it did not.
    InputFieldMadeNullable = "INPUT_FIELD_MADE_NULLABLE", Clients, Safe;
    /// A field of an input type that is not null lost its default; see [`ChangeCode::ArgumentMadeRequired`].
    InputFieldMadeRequired = "INPUT_FIELD_MADE_REQUIRED", Clients, Breaking;
    /// A field of an input type means something else when it is left out.
    InputFieldDefaultChanged = "INPUT_FIELD_DEFAULT_CHANGED", Clients, Dangerous;
    /// An input type takes exactly one of its fields now. graphql-js does not look; what gave two is refused.
    OneOfAdded = "ONE_OF_ADDED", Clients, Breaking;
    /// An input type takes more than one of its fields now.
    OneOfRemoved = "ONE_OF_REMOVED", Clients, Safe;
    /// A value of an enum is gone.
    EnumValueRemoved = "ENUM_VALUE_REMOVED", Clients, Breaking;
    /// A value of an enum is there that clients do not know.
    EnumValueAdded = "ENUM_VALUE_ADDED", Clients, Dangerous;
    /// A member of a union is gone.
    UnionMemberRemoved = "UNION_MEMBER_REMOVED", Clients, Breaking;
    /// A union has a member that clients do not know.
    UnionMemberAdded = "UNION_MEMBER_ADDED", Clients, Dangerous;
    /// A type does not implement an interface any more.
    InterfaceRemoved = "INTERFACE_REMOVED", Clients, Breaking;
    /// A type implements one more interface, where clients do not know it.
    InterfaceAdded = "INTERFACE_ADDED", Clients, Dangerous;
    /// A directive that operations may use is gone.
    DirectiveRemoved = "DIRECTIVE_REMOVED", Clients, Breaking;
    /// A directive is there that was not.
    DirectiveAdded = "DIRECTIVE_ADDED", Clients, Safe;
    /// A directive may not stand somewhere any more.
    DirectiveLocationRemoved = "DIRECTIVE_LOCATION_REMOVED", Clients, Breaking;
    /// A directive may stand only once at a place.
    DirectiveNotRepeatable = "DIRECTIVE_NOT_REPEATABLE", Clients, Breaking;
    /// Something is marked `@deprecated`.
    DeprecationAdded = "DEPRECATION_ADDED", Clients, Safe;
    /// Something is not marked `@deprecated` any more.
    DeprecationRemoved = "DEPRECATION_REMOVED", Clients, Safe;
    /// A subgraph cannot be entered by a key any more.
    KeyRemoved = "KEY_REMOVED", Subgraphs, Safe;
    /// A subgraph has another key in place of one that it had.
    KeyChanged = "KEY_CHANGED", Subgraphs, Safe;
    /// A subgraph does not let others resolve a field any more.
    ShareableRemoved = "SHAREABLE_REMOVED", Subgraphs, Safe;
    /// A subgraph does not resolve an entity by any key any more.
    EntityUnresolvable = "ENTITY_UNRESOLVABLE", Subgraphs, Safe;
    /// A subgraph takes a field over by `@override`: the one that had it is not asked any more.
    FieldMoved = "FIELD_MOVED", Subgraphs, Dangerous;
    /// A subgraph defines a type that several share otherwise than the others.
    ValueTypeChanged = "VALUE_TYPE_CHANGED", Subgraphs, Breaking;
}

impl ChangeCode {
    /// The kind that this word names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == word)
    }

    /// Whether something is gone that clients may have asked for: then knowing what they ask for decides.
    #[must_use]
    pub const fn is_removal(self) -> bool {
        matches!(
            self,
            Self::RootTypeRemoved
                | Self::TypeRemoved
                | Self::FieldRemoved
                | Self::ArgumentRemoved
                | Self::InputFieldRemoved
                | Self::EnumValueRemoved
                | Self::DirectiveRemoved
        )
    }

    /// A way out that is right for most changes of the kind, where there is one.
    #[must_use]
    pub const fn help(self) -> Option<&'static str> {
        Some(match self {
            Self::FieldRemoved | Self::EnumValueRemoved | Self::ArgumentRemoved | Self::InputFieldRemoved => {
                "keep it, marked @deprecated, until no client uses it"
            }
            Self::TypeRemoved | Self::RootTypeRemoved | Self::TypeKindChanged => {
                "keep it beside what replaces it until no client uses it"
            }
            Self::FieldTypeChanged | Self::ArgumentTypeChanged | Self::InputFieldTypeChanged => {
                "keep the type, and add a field or argument of the new one beside it"
            }
            Self::RequiredArgumentAdded | Self::ArgumentMadeRequired => {
                "make it nullable, or give it a default"
            }
            Self::RequiredInputFieldAdded | Self::InputFieldMadeRequired => {
                "make it nullable, or give it a default"
            }
            Self::KeyRemoved | Self::KeyChanged | Self::EntityUnresolvable => {
                "keep the old key beside the new one until no other subgraph and no router uses it"
            }
            Self::ShareableRemoved => {
                "keep @shareable until no other subgraph resolves the field, or take it over with @override"
            }
            Self::ValueTypeChanged => {
                "change the type in every subgraph that defines it, or mark it @inaccessible first"
            }
            Self::UnionMemberRemoved
            | Self::InterfaceRemoved
            | Self::DirectiveRemoved
            | Self::DirectiveLocationRemoved
            | Self::DirectiveNotRepeatable
            | Self::OneOfAdded => "keep it until no client uses it",
            Self::TypeAdded
            | Self::FieldAdded
            | Self::FieldMadeNonNull
            | Self::OptionalArgumentAdded
            | Self::ArgumentMadeNullable
            | Self::ArgumentDefaultChanged
            | Self::OptionalInputFieldAdded
            | Self::InputFieldMadeNullable
            | Self::InputFieldDefaultChanged
            | Self::OneOfRemoved
            | Self::EnumValueAdded
            | Self::UnionMemberAdded
            | Self::InterfaceAdded
            | Self::DirectiveAdded
            | Self::DeprecationAdded
            | Self::DeprecationRemoved
            | Self::FieldMoved => return None,
        })
    }
}

impl fmt::Display for ChangeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ChangeCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
