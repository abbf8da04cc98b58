//! Writes a request's document, and with it how the answer's keys map to the data tree.
//!
//! Where objects of different types would use one response key in ways that GraphQL does not let merge, the later one gets an alias here
//! and its own key back in the data tree. Source: GraphQL specification, "Field Selection Merging".

use crate::fetch_graph::{Entry, FetchGraph, NodeId};
use crate::plan::{
    ContextVariable, EntityContexts, EntityTarget, Fetch, FetchField, FetchSelection, OperationKind, Target,
};
use crate::schedule::Request;
use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use apollo_compiler::executable::Operation;
use federation::supergraph::{ContextArgument, ContextValueId, SubgraphId, Supergraph, TypeId};
use std::collections::BTreeSet;
use std::fmt::Write;

/// The requests of a plan, written out.
pub(crate) fn fetches(
    supergraph: &Supergraph,
    graph: &FetchGraph,
    operation: &Operation,
    requests: &[Request],
) -> Vec<Fetch> {
    requests.iter().map(|request| fetch(supergraph, graph, operation, request)).collect()
}

fn fetch(supergraph: &Supergraph, graph: &FetchGraph, operation: &Operation, request: &Request) -> Fetch {
    let mut writer = Writer {
        supergraph,
        graph,
        subgraph: request.subgraph,
        text: String::new(),
        variables: BTreeSet::new(),
        filled: Vec::new(),
        names: Vec::new(),
    };
    let root = request.groups.first().and_then(|&group| graph.groups[group].root);
    let (mut targets, own_variables) = match root {
        Some(_) => (writer.root(request), Vec::new()),
        None => writer.entities(operation, request),
    };
    let kind = root.unwrap_or(OperationKind::Query);
    let head = format!("{}{}", keyword(kind), definitions(operation, &writer.variables, &own_variables));
    for target in &mut targets {
        shift_contexts(target, head.len());
    }
    Fetch {
        subgraph: request.subgraph,
        subgraph_name: supergraph.subgraphs[request.subgraph].name.clone(),
        after: request.after.clone(),
        kind,
        document: head + &writer.text,
        variables: writer.variables.into_iter().collect(),
        targets,
    }
}

fn keyword(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Query => "query",
        OperationKind::Mutation => "mutation",
        OperationKind::Subscription => "subscription",
    }
}

/// The selection's place is known when all before it is written.
fn shift_contexts(target: &mut Target, by: usize) {
    if let Target::Entities(EntityTarget { contexts: Some(contexts), .. }) = target {
        contexts.selection = contexts.selection.start + by..contexts.selection.end + by;
        contexts.names.iter_mut().for_each(|name| *name += by);
    }
}

/// The variable definitions: the router's own, and the client's with their types and defaults.
fn definitions(operation: &Operation, used: &BTreeSet<Name>, own: &[String]) -> String {
    let mut definitions = own.to_vec();
    for variable in operation.variables.iter().filter(|variable| used.contains(&variable.name)) {
        let default =
            variable.default_value.as_ref().map(|value| format!("={}", value.serialize().no_indent()));
        definitions.push(format!("${}:{}{}", variable.name, variable.ty, default.unwrap_or_default()));
    }
    if definitions.is_empty() { String::new() } else { format!("({})", definitions.join(",")) }
}

struct Writer<'a> {
    supergraph: &'a Supergraph,
    graph: &'a FetchGraph,
    subgraph: SubgraphId,
    text: String,
    variables: BTreeSet<Name>,
    /// The variables of the group that is being written for what outer objects fill in.
    filled: Vec<(ContextValueId, Name)>,
    /// Where in the text a name ends that a copy of the group's selection must have for itself.
    names: Vec<usize>,
}

/// An entry in its surroundings: the type conditions around it, outermost first.
struct Row<'a> {
    outer: Option<TypeId>,
    entry: &'a Entry,
    /// Type of the object that has the field.
    parent: TypeId,
    response_key: Name,
}

impl<'a> Writer<'a> {
    fn root(&mut self, request: &Request) -> Vec<Target> {
        let group = &self.graph.groups[request.groups[0]];
        let nodes: Vec<(Option<TypeId>, NodeId)> =
            group.fragments.iter().map(|(_, node)| (None, *node)).collect();
        let selection = self.selection_set(&nodes);
        vec![Target::Root { path: group.path.clone(), selection }]
    }

    /// The targets, and the definitions of their variables.
    fn entities(&mut self, operation: &Operation, request: &Request) -> (Vec<Target>, Vec<String>) {
        let is_copied = request.groups.iter().any(|&group| !self.graph.groups[group].contexts.is_empty());
        let several = request.groups.len() > 1 || is_copied;
        let names = Names { operation, are_copied: is_copied };
        let mut targets = Vec::new();
        let mut definitions = Vec::new();
        let mut fill = 0..;
        self.text.push('{');
        for (index, &id) in request.groups.iter().enumerate() {
            let group = &self.graph.groups[id];
            let variable = match several {
                true => names.free(format!("r{index}")),
                false => names.free("representations".to_owned()),
            };
            definitions.push(format!("${variable}:[_Any!]!"));
            let contexts: Vec<ContextVariable> = (group.contexts.iter().zip(&mut fill))
                .map(|(context, number)| ContextVariable {
                    variable: names.free(format!("c{number}")),
                    ty: self.supergraph.context_values[context.value].ty.clone(),
                    sources: context.sources.clone(),
                })
                .collect();
            definitions
                .extend(contexts.iter().map(|context| format!("${}:{}", context.variable, context.ty)));
            let variables = contexts.iter().map(|context| context.variable.clone());
            self.filled = group.contexts.iter().map(|context| context.value).zip(variables).collect();
            let alias = if several { format!("_e{index}") } else { "_entities".to_owned() };
            let label = if several { format!("{alias}:") } else { String::new() };
            self.text.push_str(if index == 0 { "" } else { " " });
            let start = self.text.len();
            // Writing to a string cannot fail.
            let _ = write!(self.text, "{label}_entities(representations:${variable})");
            self.names = vec![start + alias.len(), self.text.len() - 1];
            let nodes: Vec<(Option<TypeId>, NodeId)> =
                group.fragments.iter().map(|(ty, node)| (Some(*ty), *node)).collect();
            let selection = self.selection_set(&nodes);
            targets.push(Target::Entities(EntityTarget {
                alias: Name::new_unchecked(&alias),
                variable: variable.clone(),
                path: group.path.clone(),
                representations: group.representations.clone(),
                contexts: (!contexts.is_empty()).then(|| {
                    Box::new(EntityContexts {
                        variables: contexts,
                        selection: start..self.text.len(),
                        names: std::mem::take(&mut self.names),
                    })
                }),
                selection,
            }));
        }
        self.text.push('}');
        (targets, definitions)
    }

    /// Writes `{…}` over nodes of one object position.
    fn selection_set(&mut self, nodes: &[(Option<TypeId>, NodeId)]) -> FetchSelection {
        let rows = self.rows(nodes);
        let mut conditions: Vec<(Option<TypeId>, Option<TypeId>)> = Vec::new();
        for (outer, node) in nodes {
            let inner = self.graph.nodes[*node].entries.iter().map(|entry| (*outer, entry.on));
            for condition in std::iter::once((*outer, None)).chain(inner) {
                if !conditions.contains(&condition) {
                    conditions.push(condition);
                }
            }
        }
        let mut selection = FetchSelection::default();
        self.text.push('{');
        let start = self.text.len();
        for (outer, on) in conditions {
            let matching: Vec<&Row<'_>> =
                rows.iter().filter(|row| row.outer == outer && row.entry.on == on).collect();
            if matching.is_empty() {
                continue;
            }
            let closing = self.open_conditions(&[outer, on], start);
            for row in matching {
                self.field(row, &mut selection);
            }
            self.text.push_str(closing);
        }
        if self.text.len() == start {
            self.text.push_str("__typename");
        }
        self.text.push('}');
        selection
    }

    fn open_conditions(&mut self, conditions: &[Option<TypeId>; 2], start: usize) -> &'static str {
        let mut opened = 0;
        for ty in conditions.iter().flatten() {
            if self.text.len() > start && !self.text.ends_with(['{', '}']) {
                self.text.push(' ');
            }
            let _ = write!(self.text, "...on {}{{", self.supergraph.types[*ty].name);
            opened += 1;
        }
        ["", "}", "}}"][opened]
    }

    fn field(&mut self, row: &Row<'_>, selection: &mut FetchSelection) {
        let entry = row.entry;
        if !self.text.ends_with(['{', '}']) {
            self.text.push(' ');
        }
        if row.response_key != entry.field {
            let _ = write!(self.text, "{}:", row.response_key);
        }
        self.text.push_str(&entry.field);
        self.arguments(&entry.arguments.text, &entry.contexts);
        self.variables.extend(entry.arguments.variables.iter().cloned());
        let below = entry.child.map(|child| self.selection_set(&[(None, child)]));
        take(
            selection,
            FetchField { response_key: row.response_key.clone(), key: entry.key.clone(), selection: below },
        );
    }

    /// The arguments that the client gives, in parentheses unless there are none, and those that are filled in.
    fn arguments(&mut self, given: &str, contexts: &[ContextArgument]) {
        if contexts.is_empty() {
            return self.text.push_str(given);
        }
        let mut lead = if given.is_empty() { "(" } else { "," };
        self.text.push_str(given.strip_suffix(')').unwrap_or_default());
        for argument in contexts {
            let Some((_, variable)) = self.filled.iter().find(|(value, _)| *value == argument.value) else {
                continue;
            };
            let _ = write!(self.text, "{lead}{}:${variable}", argument.name);
            self.names.push(self.text.len());
            lead = ",";
        }
        self.text.push(')');
    }

    /// The entries of the nodes with their response keys.
    fn rows(&self, nodes: &[(Option<TypeId>, NodeId)]) -> Vec<Row<'a>> {
        let graph = self.graph;
        let mut rows: Vec<Row<'a>> = Vec::new();
        for (outer, node) in nodes {
            let node = &graph.nodes[*node];
            for entry in &node.entries {
                let parent = entry.on.unwrap_or(node.ty);
                let response_key = self.response_key(&rows, entry, parent);
                rows.push(Row { outer: *outer, entry, parent, response_key });
            }
        }
        rows
    }

    fn response_key(&self, rows: &[Row<'_>], entry: &Entry, parent: TypeId) -> Name {
        let fits = |key: &Name| {
            rows.iter().filter(|row| row.response_key == *key).all(|row| {
                row.entry.key == entry.key && self.merges((row.entry, row.parent), (entry, parent))
            })
        };
        let numbered = (1..).filter_map(|number| Name::new(&format!("{}_{number}", entry.key)).ok());
        std::iter::once(entry.key.clone()).chain(numbered).find(fits).unwrap_or_else(|| entry.key.clone())
    }

    /// Whether two entries may share a response key: the same field where objects may be the same, the same shape in any case.
    fn merges(&self, (a, a_parent): (&Entry, TypeId), (b, b_parent): (&Entry, TypeId)) -> bool {
        let disjoint = {
            let types = &self.supergraph.types;
            !types[a_parent].possible.iter().any(|ty| types[b_parent].possible.contains(ty))
        };
        let same_field = a.field == b.field && a.arguments == b.arguments && a.contexts == b.contexts;
        if !(same_field || disjoint) {
            return false;
        }
        let (Some(a_type), Some(b_type)) = (self.type_of(a, a_parent), self.type_of(b, b_parent)) else {
            return a.field == b.field;
        };
        match (a.child, b.child) {
            (None, None) => a_type == b_type,
            (Some(a_child), Some(b_child)) => {
                wrappers(a_type) == wrappers(b_type) && self.nodes_merge(a_child, b_child)
            }
            (None, Some(_)) | (Some(_), None) => false,
        }
    }

    fn nodes_merge(&self, a: NodeId, b: NodeId) -> bool {
        let (a, b) = (&self.graph.nodes[a], &self.graph.nodes[b]);
        a.entries.iter().all(|left| {
            let left_parent = left.on.unwrap_or(a.ty);
            b.entries
                .iter()
                .filter(|right| right.key == left.key)
                .all(|right| self.merges((left, left_parent), (right, right.on.unwrap_or(b.ty))))
        })
    }

    fn type_of(&self, entry: &Entry, parent: TypeId) -> Option<&Type> {
        Some(self.supergraph.types[parent].fields.get(&entry.field)?.type_in(self.subgraph))
    }
}

/// The list and non-null marks of a type, outermost first.
fn wrappers(ty: &Type) -> String {
    match ty {
        Type::Named(_) => String::new(),
        Type::NonNullNamed(_) => "!".to_owned(),
        Type::List(item) => format!("[{}", wrappers(item)),
        Type::NonNullList(item) => format!("![{}", wrappers(item)),
    }
}

/// Adds a field; one that is there already (under another type condition) takes over what is below.
fn take(selection: &mut FetchSelection, field: FetchField) {
    let same = |known: &&mut FetchField| known.response_key == field.response_key;
    match selection.fields.iter_mut().find(same) {
        None => selection.fields.push(field),
        Some(known) => {
            if let (Some(known), Some(more)) = (&mut known.selection, field.selection) {
                more.fields.into_iter().for_each(|field| take(known, field));
            }
        }
    }
}

/// Names that the client's variables leave free.
struct Names<'a> {
    operation: &'a Operation,
    /// Copies of a selection add something to the names.
    are_copied: bool,
}

impl Names<'_> {
    fn free(&self, base: String) -> Name {
        let mut name = base;
        let taken = |name: &str| {
            let mut variables = self.operation.variables.iter().map(|variable| variable.name.as_str());
            variables.any(|other| other == name || self.are_copied && other.starts_with(name))
        };
        while taken(&name) {
            name.push('_');
        }
        Name::new_unchecked(&name)
    }
}
