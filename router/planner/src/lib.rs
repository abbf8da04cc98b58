//! Operation to query plan. Pure, synchronous, deterministic: no IO, no clock, no environment, no `async fn`.
//!
//! normalise → search → fetch graph → schedule → documents and shapes → plan

mod plan;

mod conditions;
mod selection;

mod search;

mod fetch_graph;
mod positions;

mod document;
mod schedule;
mod shapes;
mod text;

mod budget;

use apollo_compiler::executable::{ExecutableDocument, Operation};
use apollo_compiler::validation::Valid;
use budget::{Budget, Exhausted};
use federation::supergraph::{Supergraph, TypeId};
use search::Search;
use selection::{Normaliser, SelectionId};
use std::sync::Arc;

pub use conditions::{Conditions, condition_variables};
pub use plan::*;

/// Plans operations over one supergraph.
#[derive(Debug, Clone)]
pub struct Planner {
    supergraph: Arc<Supergraph>,
    has_partial_unions: bool,
}

/// Why an operation has no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The document has no operation of that name, or several and none was named.
    #[error("{0}")]
    UnknownOperation(String),
    /// No subgraph, alone or together with others, can answer these fields. The supergraph is not satisfiable there.
    #[error("no subgraph can resolve {}", .0.join(", "))]
    Unresolvable(Vec<String>),
    /// The operation needs more planning than any operation may.
    #[error("the operation is too complex to plan")]
    TooComplex,
}

impl From<Exhausted> for PlanError {
    fn from(_: Exhausted) -> Self {
        Self::TooComplex
    }
}

impl Planner {
    /// A planner for `supergraph`.
    #[must_use]
    pub fn new(supergraph: Arc<Supergraph>) -> Self {
        let has_partial_unions = search::has_partial_unions(&supergraph);
        Self { supergraph, has_partial_unions }
    }

    /// The supergraph that is planned over.
    #[must_use]
    pub fn supergraph(&self) -> &Arc<Supergraph> {
        &self.supergraph
    }

    /// The plan of one operation of `document`, which must be valid against the API schema, for one set of conditions.
    ///
    /// # Errors
    /// [`PlanError`]
    pub fn plan(
        &self,
        document: &Valid<ExecutableDocument>,
        operation_name: Option<&str>,
        conditions: &Conditions,
    ) -> Result<QueryPlan, PlanError> {
        let operation = document.operations.get(operation_name).map_err(|_| {
            PlanError::UnknownOperation("there is no such operation in the document".to_owned())
        })?;
        let supergraph = &*self.supergraph;
        let root = self.root_type(operation)?;
        let sets = Normaliser::new(supergraph, Some(document), conditions);
        let mut search = Search::new(supergraph, sets, Budget::new(budget::STEPS), self.has_partial_unions);
        let selection = search.read_operation(root, &operation.selection_set);
        self.check(&mut search, root, selection)?;
        let kind = kind(operation);
        let graph = fetch_graph::build(&mut search, kind, root, selection)?;
        let requests = schedule::requests(&graph);
        Ok(QueryPlan {
            operation: kind,
            fetches: document::fetches(supergraph, &graph, operation, &requests),
            shapes: shapes::shapes(supergraph, &search.selections, selection),
            root: 0,
        })
    }

    fn root_type(&self, operation: &Operation) -> Result<TypeId, PlanError> {
        let name = operation.object_type();
        self.supergraph.type_id(name).ok_or_else(|| PlanError::Unresolvable(vec![name.to_string()]))
    }

    fn check(&self, search: &mut Search<'_>, root: TypeId, selection: SelectionId) -> Result<(), PlanError> {
        let view = search.start(root);
        match search.solve(selection, view, true)?.missing {
            None => Ok(()),
            Some(missing) => {
                let mut coordinates = Vec::new();
                self.name_missing(search, missing, &mut coordinates);
                coordinates.sort();
                coordinates.dedup();
                Err(PlanError::Unresolvable(coordinates))
            }
        }
    }

    /// Schema coordinates of the leaves of a selection.
    fn name_missing(&self, search: &Search<'_>, missing: SelectionId, coordinates: &mut Vec<String>) {
        let selection = search.selections.get(missing);
        for group in &selection.groups {
            for field in &group.fields {
                match field.sub {
                    Some(sub) => self.name_missing(search, sub, coordinates),
                    None => {
                        let types = group.types.iter().map(|ty| &self.supergraph.types[*ty].name);
                        coordinates.extend(types.map(|ty| format!("{ty}.{}", field.field)));
                    }
                }
            }
        }
    }
}

fn kind(operation: &Operation) -> OperationKind {
    if operation.is_mutation() {
        OperationKind::Mutation
    } else if operation.is_subscription() {
        OperationKind::Subscription
    } else {
        OperationKind::Query
    }
}
