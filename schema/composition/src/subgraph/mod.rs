//! A subgraph as composition sees it: its schema, its names for federation's elements, and facts per type.
//!
//! Read in this order: `parse` (SDL to schema), `links` (names and definitions), `facts` (what the directives
//! say), `upgrade` (Federation 1 schemas made to say the same as Federation 2 ones).

pub(crate) mod applications;
pub(crate) mod contexts;
pub(crate) mod extensions;
pub(crate) mod facts;
pub(crate) mod links;
pub(crate) mod parse;
pub(crate) mod roots;
pub(crate) mod upgrade;

use apollo_compiler::Name;
use apollo_compiler::collections::IndexMap;
use apollo_compiler::schema::{Component, ExtendedType, FieldDefinition, Schema};
use rustc_hash::{FxHashMap, FxHashSet};

use facts::TypeFacts;
use links::Links;

/// One subgraph, parsed and linked.
pub(crate) struct Subgraph {
    /// Its name.
    pub(crate) name: String,
    /// Where the router reaches it.
    pub(crate) url: String,
    /// Its value of the `join__Graph` enum.
    pub(crate) graph: Name,
    /// Its schema, root types under their default names.
    pub(crate) schema: Schema,
    /// Its links, and its names for federation's directives.
    pub(crate) links: Links,
    /// The types with a definition, not only extensions.
    pub(crate) defined: FxHashSet<Name>,
    /// What the federation directives say, for each object and interface type.
    pub(crate) facts: FxHashMap<Name, TypeFacts>,
    /// The object types each abstract type may be at runtime.
    pub(crate) runtime_types: FxHashMap<Name, Vec<Name>>,
}

/// The fields of object and interface types.
pub(crate) type Fields = IndexMap<Name, Component<FieldDefinition>>;

/// The fields of an object or interface type.
pub(crate) fn fields_of(definition: &ExtendedType) -> Option<&Fields> {
    match definition {
        ExtendedType::Object(object) => Some(&object.fields),
        ExtendedType::Interface(interface) => Some(&interface.fields),
        _ => None,
    }
}

impl Subgraph {
    /// The types of this subgraph's own making: not introspection, not the federation machinery.
    pub(crate) fn own_types(&self) -> impl Iterator<Item = (&Name, &ExtendedType)> {
        self.schema
            .types
            .iter()
            .filter(|(name, definition)| !definition.is_built_in() && !self.links.is_machinery_type(name))
    }

    /// A field definition of an object or interface type.
    pub(crate) fn field(&self, parent: &str, field: &str) -> Option<&Component<FieldDefinition>> {
        fields_of(self.schema.types.get(parent)?)?.get(field)
    }

    /// Whether values of the type have no fields.
    pub(crate) fn is_leaf(&self, name: &str) -> bool {
        self.schema.types.get(name).is_none_or(ExtendedType::is_leaf)
    }

    /// The facts of a composite type.
    pub(crate) fn type_facts(&self, name: &str) -> Option<&TypeFacts> {
        self.facts.get(name)
    }

    /// Whether the type is an `@interfaceObject` here.
    pub(crate) fn is_interface_object(&self, name: &str) -> bool {
        self.type_facts(name).is_some_and(|facts| facts.interface_object)
    }

    /// Whether the field is `@external` here, and not only because it is the key of an extension.
    pub(crate) fn is_external(&self, parent: &str, field: &str) -> bool {
        self.field_facts(parent, field).is_some_and(|facts| facts.external)
    }

    /// The facts of a field.
    pub(crate) fn field_facts(&self, parent: &str, field: &str) -> Option<&facts::FieldFacts> {
        self.facts.get(parent)?.fields.get(field)
    }

    /// The object types that values of type `name` may have; an object type's own name for an object type.
    pub(crate) fn runtime_types_of(&self, name: &Name) -> &[Name] {
        self.runtime_types.get(name).map_or(&[], Vec::as_slice)
    }
}
