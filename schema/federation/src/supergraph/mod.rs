//! The supergraph model: a supergraph SDL read into interned types that say, for each subgraph, what it can resolve and how it is entered.
//!
//! This is not a GraphQL schema (that is [`Supergraph::schema`]) and it knows no operation. The planner and the satisfiability check walk it.
//! Source: the `join` specification v0.1–v0.5 and the `context` specification v0.1, as printed by composition.

mod api_schema;
mod contexts;
mod error;
mod read;

use apollo_compiler::executable::SelectionSet;
use apollo_compiler::schema::Schema;
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, ast};
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::sync::Arc;

pub use error::SupergraphError;

/// Index of a subgraph in [`Supergraph::subgraphs`].
pub type SubgraphId = usize;
/// Index of a type in [`Supergraph::types`].
pub type TypeId = usize;
/// Index of a value in [`Supergraph::context_values`].
pub type ContextValueId = usize;

/// A supergraph, ready to be planned over.
#[derive(Debug)]
pub struct Supergraph {
    /// The subgraphs, in the order of the `join__Graph` enum.
    pub subgraphs: Vec<Subgraph>,
    /// The whole supergraph schema, federation machinery included.
    pub schema: Valid<Schema>,
    /// What clients see: no machinery, nothing `@inaccessible`.
    pub api_schema: Valid<Schema>,
    /// Every composite type (object, interface, union).
    pub types: Vec<CompositeType>,
    /// What arguments take from outer objects (`@fromContext`), each once.
    pub context_values: Vec<ContextValue>,
    ids: FxHashMap<Name, TypeId>,
}

/// A subgraph as the supergraph names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subgraph {
    /// The name given to composition.
    pub name: String,
    /// Where it is reached; may be empty.
    pub url: String,
}

/// What kind of composite type it is in the supergraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompositeKind {
    /// An object type.
    Object,
    /// An interface.
    Interface,
    /// A union.
    Union,
}

/// A composite type and its place in each subgraph.
#[derive(Debug)]
pub struct CompositeType {
    /// Its name.
    pub name: Name,
    /// Its kind in the supergraph; see [`TypeJoin::interface_object`] for the exception.
    pub kind: CompositeKind,
    /// The subgraphs that define it, ascending.
    pub joins: Vec<TypeJoin>,
    /// Its keys, all subgraphs together.
    pub keys: Vec<Key>,
    /// Its fields, by name; empty for unions.
    pub fields: IndexMap<Name, Field, FxBuildHasher>,
    /// The object types it may be at runtime, ascending; an object type is its own.
    pub possible: Vec<TypeId>,
    /// Of those, the ones that the API shows.
    pub api_possible: Vec<TypeId>,
    /// The interfaces that an object type implements in any subgraph.
    pub interfaces: Vec<TypeId>,
}

/// A subgraph's view of a type.
#[derive(Debug)]
pub struct TypeJoin {
    /// The subgraph.
    pub subgraph: SubgraphId,
    /// The type is an interface elsewhere, but an `@interfaceObject` here: it stands for all implementations, whose names are unknown here.
    pub interface_object: bool,
    /// The object types that it may be at runtime in this subgraph.
    pub possible: Vec<TypeId>,
}

/// A way to enter a subgraph at a type.
#[derive(Debug)]
pub struct Key {
    /// The subgraph entered.
    pub subgraph: SubgraphId,
    /// What it must be told.
    pub fields: Arc<SelectionSet>,
    /// Whether the subgraph resolves entities by it.
    pub resolvable: bool,
    /// Whether the subgraph declares it on an extension of the type.
    pub extension: bool,
}

/// A field of a composite type.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// Its type in the supergraph.
    pub ty: ast::Type,
    /// The composite type that it returns; `None` for leaves.
    pub target: Option<TypeId>,
    /// The subgraphs that define it, ascending.
    pub joins: Vec<FieldJoin>,
}

/// A subgraph's view of a field.
#[derive(Debug)]
pub struct FieldJoin {
    /// The subgraph.
    pub subgraph: SubgraphId,
    /// Only named here, resolved elsewhere (unless a `@provides` or the field's own key says otherwise).
    pub external: bool,
    /// Another subgraph has taken it over for good; it is still known here as a key or for a requirement.
    pub overridden: bool,
    /// Its type in this subgraph, where it differs.
    pub ty: Option<ast::Type>,
    /// What the subgraph must be told about the parent object first.
    pub requires: Option<Arc<SelectionSet>>,
    /// What is resolvable below this field although it is external.
    pub provides: Option<Arc<SelectionSet>>,
    /// The label under which this subgraph takes the field over, and the subgraph it takes it from.
    pub override_label: Option<(String, SubgraphId)>,
    /// Arguments that are filled from an outer object by `@fromContext`, and never by the client.
    pub context_arguments: Vec<ContextArgument>,
}

/// An argument that the router fills in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextArgument {
    /// The argument's name in the subgraph.
    pub name: Name,
    /// The context, as `@context(name:)` in the supergraph calls it.
    pub context: String,
    /// What it is filled with.
    pub value: ContextValueId,
}

/// What arguments of one subgraph take from the nearest outer object that sets a context.
#[derive(Debug)]
pub struct ContextValue {
    /// What is selected of the object that sets the context, as written: fields, or fragments for the types that may set it.
    pub selection: String,
    /// The argument's type.
    pub ty: ast::Type,
    /// The object types that set the context, ascending, and what is selected of each: one value. Of those that no type condition
    /// names nothing is; the argument is null.
    pub givers: Vec<(TypeId, Option<Arc<SelectionSet>>)>,
}

impl Supergraph {
    /// Reads a supergraph SDL to plan over it.
    ///
    /// # Errors
    /// Those of [`Supergraph::read`].
    pub fn parse(sdl: &str) -> Result<Self, SupergraphError> {
        Self::read(sdl)
    }

    /// Reads a supergraph SDL to look at it.
    ///
    /// # Errors
    /// [`SupergraphError`] when the text is not GraphQL, not a supergraph, or contradicts itself.
    pub fn read(sdl: &str) -> Result<Self, SupergraphError> {
        Self::read_when(sdl, |label| label == "percent(100)")
    }

    /// The same, with the labels of progressive overrides decided by `moves`: whether the field is taken over.
    ///
    /// # Errors
    /// Those of [`Supergraph::read`].
    pub fn read_when(sdl: &str, moves: impl Fn(&str) -> bool) -> Result<Self, SupergraphError> {
        read::supergraph(sdl, &moves)
    }

    /// The id of a composite type.
    #[must_use]
    pub fn type_id(&self, name: &str) -> Option<TypeId> {
        self.ids.get(name).copied()
    }

    /// The subgraph of this name.
    #[must_use]
    pub fn subgraph_id(&self, name: &str) -> Option<SubgraphId> {
        self.subgraphs.iter().position(|subgraph| subgraph.name == name)
    }
}

impl ContextValue {
    /// What is selected of objects of type `ty`; `None` when they do not set the context.
    #[must_use]
    pub fn given_by(&self, ty: TypeId) -> Option<Option<&Arc<SelectionSet>>> {
        let found = self.givers.binary_search_by_key(&ty, |(giver, _)| *giver).ok()?;
        Some(self.givers[found].1.as_ref())
    }
}

impl CompositeType {
    /// How `subgraph` sees this type, if it does.
    #[must_use]
    pub fn join(&self, subgraph: SubgraphId) -> Option<&TypeJoin> {
        self.joins.iter().find(|join| join.subgraph == subgraph)
    }

    /// Whether objects of the type may be of several runtime types.
    #[must_use]
    pub fn is_abstract(&self) -> bool {
        self.kind != CompositeKind::Object
    }
}

impl Field {
    /// How `subgraph` sees this field, if it does.
    #[must_use]
    pub fn join(&self, subgraph: SubgraphId) -> Option<&FieldJoin> {
        self.joins.iter().find(|join| join.subgraph == subgraph)
    }

    pub(crate) fn join_mut(&mut self, subgraph: SubgraphId) -> Option<&mut FieldJoin> {
        self.joins.iter_mut().find(|join| join.subgraph == subgraph)
    }

    /// The field's type in `subgraph`.
    #[must_use]
    pub fn type_in(&self, subgraph: SubgraphId) -> &ast::Type {
        self.join(subgraph).and_then(|join| join.ty.as_ref()).unwrap_or(&self.ty)
    }
}
