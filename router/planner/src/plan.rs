//! The query plan: what is asked of which subgraph, in what order, and how the answers become the response.
//!
//! A plan is made for one operation *and* one assignment of the variables that `@skip` and `@include` read: conditions are decided before
//! planning, so a plan holds no condition and no fetch that this request does not need.
//!
//! Two trees meet here. The *data tree* is where subgraph answers are merged; its keys are internal (a key that the planner added must not
//! clash with a client's alias). The *response* is what the client sees, described by [`Shape`]s over the data tree.

use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use std::ops::Range;

/// Index of a fetch in [`QueryPlan::fetches`].
pub type FetchId = usize;
/// Index of a shape in [`QueryPlan::shapes`].
pub type ShapeId = usize;
/// Index of a subgraph in the supergraph that the plan was made for.
pub type SubgraphId = usize;

/// The kind of the client's operation, or of the operation sent to a subgraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperationKind {
    /// `query`
    Query,
    /// `mutation`
    Mutation,
    /// `subscription`
    Subscription,
}

/// Everything the executor needs to answer one operation.
#[derive(Debug, Clone)]
pub struct QueryPlan {
    /// Kind of the client's operation.
    pub operation: OperationKind,
    /// The requests, each after all those it depends on. Empty when introspection and `__typename` answer everything.
    pub fetches: Vec<Fetch>,
    /// All object positions of the response.
    pub shapes: Vec<Shape>,
    /// The shape of `data` itself.
    pub root: ShapeId,
}

/// One request to one subgraph.
#[derive(Debug, Clone)]
pub struct Fetch {
    /// The subgraph that is asked.
    pub subgraph: SubgraphId,
    /// Its name, for errors, logs and people.
    pub subgraph_name: String,
    /// Fetches whose answers must be merged before this one can be sent. All smaller than this fetch's own index.
    pub after: Vec<FetchId>,
    /// Kind of the operation sent.
    pub kind: OperationKind,
    /// The document sent, complete and minified.
    pub document: String,
    /// Client variables that the document uses; one that the client did not provide is left out of the request.
    pub variables: Vec<Name>,
    /// What the answer's `data` holds, and where it goes. At least one.
    pub targets: Vec<Target>,
}

/// A part of a subgraph's answer and its place in the data tree.
#[derive(Debug, Clone)]
pub enum Target {
    /// Fields of a root type. The answer's `data`, as selected, is merged into every object at `path` (the tree's root when empty; a deeper
    /// path is a field that returns a root type again).
    Root {
        /// Where the root object stands in the data tree.
        path: Vec<PathElement>,
        /// Which part of the answer is taken.
        selection: FetchSelection,
    },
    /// Entities: element *i* of the answer's field `alias` belongs to the *i*-th representation sent.
    Entities(EntityTarget),
}

/// Entities at one path, looked up by representations.
#[derive(Debug, Clone)]
pub struct EntityTarget {
    /// Response key of this `_entities` field in the answer.
    pub alias: Name,
    /// Name of the variable that carries the representations.
    pub variable: Name,
    /// Where the entities stand in the data tree.
    pub path: Vec<PathElement>,
    /// How an entity is represented; the first whose `runtime_types` fits is used, an entity that none fits is not sent.
    pub representations: Vec<Representation>,
    /// What the selection takes from objects further out; `None` where it takes nothing.
    pub contexts: Option<Box<EntityContexts>>,
    /// What comes back and is merged into each entity.
    pub selection: FetchSelection,
}

/// Arguments of an entity selection that are filled in from outer objects. Entities for which they differ are asked for apart: the selection is
/// written once more, under another alias and with other variables, for each further set of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityContexts {
    /// Each value, and the variable that carries it.
    pub variables: Vec<ContextVariable>,
    /// Where the selection stands in [`Fetch::document`], alias included.
    pub selection: Range<usize>,
    /// Where in it a name ends that each copy must have for itself: the alias and the variables. Ascending.
    pub names: Vec<usize>,
}

/// A value that is taken from the nearest outer object that sets a context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextVariable {
    /// Name of the variable.
    pub variable: Name,
    /// Its type in the subgraph. An entity whose value is null where it may not be is not sent.
    pub ty: Type,
    /// The objects that may set the context, the nearest first. One that does decides, even for null; an entity below none that does is
    /// not sent.
    pub sources: Vec<ContextSource>,
}

/// An outer object that may set a context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextSource {
    /// How many steps of the target's path lead to it.
    pub steps: usize,
    /// Values of `__typename` in the data tree that set the context; empty: any.
    pub runtime_types: Vec<Name>,
    /// The value is that of the first field that is meant for the object's type, and further down in the same way; null when none is.
    pub fields: Vec<RepresentationField>,
}

/// A step into the data tree.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PathElement {
    /// The value of this internal key of an object.
    Key(Name),
    /// Every element of a list (one step for each level of nesting).
    Each,
    /// Only objects whose `__typename` in the data tree is one of these.
    OnTypes(Vec<Name>),
}

/// How one kind of entity is represented to a subgraph. Source: federation subgraph specification, `Query._entities`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Representation {
    /// Values of `__typename` in the data tree for which it is meant; empty: any, and the tree need not hold a `__typename`.
    pub runtime_types: Vec<Name>,
    /// The `__typename` sent; `None` sends the one in the data tree.
    pub typename: Option<Name>,
    /// The fields sent beside it.
    pub fields: Vec<RepresentationField>,
}

/// A field of a representation, read from the data tree.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RepresentationField {
    /// For abstract positions: values of `__typename` for which the field is sent; empty: any.
    pub on_types: Vec<Name>,
    /// Name in the representation.
    pub name: Name,
    /// Internal key in the data tree.
    pub key: Name,
    /// Whether `null` may be sent. A `null` or absent value where it may not means that the entity has no representation.
    pub nullable: bool,
    /// Sub-fields of a composite field; lists are mapped element by element.
    pub selection: Vec<RepresentationField>,
}

/// Which keys of an answer's object are taken, and their names in the data tree. Keys not listed are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchSelection {
    /// One entry for each response key in the subgraph's answer.
    pub fields: Vec<FetchField>,
}

/// One key of an answer's object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchField {
    /// Response key in the subgraph's answer.
    pub response_key: Name,
    /// Key in the data tree.
    pub key: Name,
    /// The sub-selection of a composite field; `None` for a leaf, whose value is taken as it is.
    pub selection: Option<FetchSelection>,
}

/// What the client sees at one object position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// The position's static type in the API schema.
    pub type_name: Name,
    /// Whether the runtime type must be read from the data tree's `__typename`. When false there is exactly one variant with one type.
    pub is_abstract: bool,
    /// The fields, by runtime type. A runtime type in no variant is unknown to the API (or `@inaccessible`): the object is `null`.
    pub variants: Vec<Variant>,
}

/// The fields that objects of some runtime types show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Object types of the API schema, sorted.
    pub runtime_types: Vec<Name>,
    /// In response order.
    pub fields: Vec<ShapeField>,
}

/// One field of the response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShapeField {
    /// The key that the client sees.
    pub response_key: Name,
    /// The name of the field in the schema, for messages.
    pub field_name: Name,
    /// Where the value comes from.
    pub source: FieldSource,
    /// How it is completed.
    pub ty: OutputType,
}

/// Where a response field's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldSource {
    /// The runtime type's name.
    Typename,
    /// This internal key of the data tree's object; an absent value is `null`.
    Data(Name),
    /// `__schema` or `__type`: answered from the API schema under the same response key, already completed.
    Introspection,
}

/// The type by which a value is completed. Source: GraphQL specification, "Value Completion".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputType {
    /// `T!`
    NonNull(Box<OutputType>),
    /// `[T]`
    List(Box<OutputType>),
    /// A scalar.
    Scalar(ScalarKind),
    /// An enum, with the values that the API knows, sorted.
    Enum {
        /// Name of the enum, for messages.
        name: Name,
        /// Values in the API schema.
        values: std::sync::Arc<[Name]>,
    },
    /// An object, interface or union.
    Composite(ShapeId),
}

/// How a leaf value is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScalarKind {
    /// 32-bit signed integer.
    Int,
    /// Finite number.
    Float,
    /// String.
    String,
    /// Boolean.
    Boolean,
    /// String, or an integer that is shown as a string.
    Id,
    /// Any JSON value: a custom scalar, by name.
    Custom(Name),
}
