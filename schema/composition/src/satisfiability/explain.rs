//! A dead end in words: a query that shows it, and for each subgraph why it cannot go on.

use apollo_compiler::parser::SourceSpan;
use federation::Supergraph;
use federation::supergraph::{SubgraphId, TypeId};
use std::fmt::Write as _;

use super::positions::Positions;
use super::reach::entries;
use super::walk::{DeadEnd, Reason, Step};
use crate::ErrorCode;
use crate::sources::Diagnostics;
use crate::subgraph::Subgraph;

/// Adds the error for `dead_end`.
pub(super) fn report(
    supergraph: &Supergraph,
    subgraphs: &[Subgraph],
    dead_end: &DeadEnd,
    diagnostics: &mut Diagnostics,
) {
    let Some(last) = dead_end.path.last() else { return };
    let coordinate = format!("{}.{}", supergraph.types[last.object].name, last.field);
    let mut message = match dead_end.reason {
        Reason::Unresolvable => format!("{coordinate} cannot be resolved on every path that leads to it:"),
        Reason::UnknownType => {
            format!("{coordinate} returns an @interfaceObject whose type cannot be found out:")
        }
        Reason::Budget => {
            format!("there are too many paths to check; the last one looked at was {coordinate}:")
        }
    };
    message.push('\n');
    message.push_str(&query(supergraph, &dead_end.path));
    for reason in reasons(supergraph, last, &dead_end.positions, dead_end.reason) {
        let _ = write!(message, "\n- {reason}");
    }
    diagnostics.error(ErrorCode::SatisfiabilityError, message, spans(supergraph, subgraphs, last));
}

/// The shortest operation that asks for the field.
fn query(supergraph: &Supergraph, path: &[Step]) -> String {
    let Some(first) = path.first() else { return String::new() };
    let root = &supergraph.types[first.object].name;
    let schema = &supergraph.schema.schema_definition;
    let operation = schema.iter_root_operations().find(|(_, name)| name.name == *root);
    let operation = operation.map_or("query", |(operation, _)| operation.name());
    let mut text = format!("{operation} {{\n");
    let mut depth = 1;
    let mut declared: Option<TypeId> = Some(first.object);
    for step in path {
        if declared != Some(step.object) {
            let _ = writeln!(text, "{}... on {} {{", "  ".repeat(depth), supergraph.types[step.object].name);
            depth += 1;
        }
        let _ = write!(text, "{}{}", "  ".repeat(depth), step.field);
        let field = supergraph.types[step.object].fields.get(&step.field);
        text.push_str(&arguments(supergraph, step));
        declared = field.and_then(|field| field.target);
        let is_last = std::ptr::eq(step, &raw const path[path.len() - 1]);
        match (is_last, declared.is_some()) {
            (true, true) => text.push_str(" { ... }\n"),
            (true, false) => text.push('\n'),
            (false, _) => text.push_str(" {\n"),
        }
        depth += usize::from(!is_last);
    }
    while depth > 0 {
        depth -= 1;
        let _ = writeln!(text, "{}}}", "  ".repeat(depth));
    }
    text.truncate(text.trim_end().len());
    text
}

/// Required arguments, with their types in place of values.
fn arguments(supergraph: &Supergraph, step: &Step) -> String {
    let name = &supergraph.types[step.object].name;
    let Ok(field) = supergraph.api_schema.type_field(name, &step.field) else { return String::new() };
    let required: Vec<String> = field
        .arguments
        .iter()
        .filter(|argument| argument.is_required())
        .map(|argument| format!("{}: <{}>", argument.name, argument.ty))
        .collect();
    if required.is_empty() { String::new() } else { format!("({})", required.join(", ")) }
}

fn reasons(supergraph: &Supergraph, last: &Step, positions: &Positions, reason: Reason) -> Vec<String> {
    let reached: Vec<SubgraphId> = {
        let mut reached: Vec<_> = positions.iter().map(|position| position.subgraph).collect();
        reached.dedup();
        reached
    };
    if reason == Reason::UnknownType {
        return vec![
            "no subgraph that knows the implementations can be entered by a @key of the interface".to_owned(),
        ];
    }
    let reached_names = names(supergraph, &reached);
    (0..supergraph.subgraphs.len())
        .filter_map(|subgraph| {
            let name = &supergraph.subgraphs[subgraph].name;
            if reached.contains(&subgraph) {
                let why = why_not_here(supergraph, last, positions, subgraph);
                Some(format!("subgraph \"{name}\" is reached, but {why}"))
            } else {
                let why = why_not_entered(supergraph, last, subgraph)?;
                Some(format!("subgraph \"{name}\" cannot be entered from {reached_names}: {why}"))
            }
        })
        .collect()
}

fn names(supergraph: &Supergraph, subgraphs: &[SubgraphId]) -> String {
    let names: Vec<String> =
        subgraphs.iter().map(|subgraph| format!("\"{}\"", supergraph.subgraphs[*subgraph].name)).collect();
    crate::merge::and_list(&names)
}

/// What keeps a subgraph that knows the object from resolving its field.
fn why_not_here(supergraph: &Supergraph, last: &Step, positions: &Positions, subgraph: SubgraphId) -> String {
    let here = positions.iter().filter(|position| position.subgraph == subgraph);
    let joins =
        here.filter_map(|position| supergraph.types[position.ty].fields.get(&last.field)?.join(subgraph));
    let object = &supergraph.types[last.object].name;
    let mut why = format!("it has no field {object}.{}", last.field);
    for join in joins {
        if !join.context_arguments.is_empty() {
            let contexts: Vec<&str> =
                join.context_arguments.iter().map(|argument| argument.context.as_str()).collect();
            why = format!("no object on this path sets the context of its argument: {}", contexts.join(", "));
        } else if let Some(required) = join.requires.as_ref().filter(|_| !join.external) {
            let fields = required.serialize().no_indent().to_string();
            why = format!("the field's @requires(fields: \"{}\") cannot be gathered", inner(&fields));
        } else {
            why = format!("{object}.{} is @external there", last.field);
        }
    }
    why
}

/// What keeps the router from entering a subgraph that has the field. Subgraphs without it need no excuse.
fn why_not_entered(supergraph: &Supergraph, last: &Step, subgraph: SubgraphId) -> Option<String> {
    let object = &supergraph.types[last.object];
    let by_interface = object.interfaces.iter().copied().filter(|interface| {
        supergraph.types[*interface].join(subgraph).is_some_and(|join| join.interface_object)
    });
    let holder = std::iter::once(last.object).chain(by_interface).find(|ty| {
        supergraph.types[*ty].fields.get(&last.field).is_some_and(|field| field.join(subgraph).is_some())
    })?;
    let join = supergraph.types[holder].fields.get(&last.field)?.join(subgraph)?;
    if join.external {
        return None;
    }
    let keys: Vec<String> = entries(supergraph, last.object)
        .into_iter()
        .filter(|(position, _)| position.subgraph == subgraph)
        .map(|(_, fields)| format!("\"{}\"", inner(&fields.serialize().no_indent().to_string())))
        .collect();
    Some(if keys.is_empty() {
        format!("it has no resolvable @key on {}", supergraph.types[holder].name)
    } else {
        format!("its key {} cannot be gathered", keys.join(" or "))
    })
}

fn inner(fields: &str) -> &str {
    fields.trim().trim_start_matches('{').trim_end_matches('}').trim()
}

/// Where the subgraphs define the field that fails.
fn spans(supergraph: &Supergraph, subgraphs: &[Subgraph], last: &Step) -> Vec<Option<SourceSpan>> {
    let object = &supergraph.types[last.object];
    let interfaces = object.interfaces.iter().map(|interface| &supergraph.types[*interface].name);
    let holders: Vec<_> = std::iter::once(&object.name).chain(interfaces).collect();
    subgraphs
        .iter()
        .filter_map(|subgraph| {
            let field = holders.iter().find_map(|holder| subgraph.field(holder, &last.field))?;
            Some(field.name.location())
        })
        .collect()
}
