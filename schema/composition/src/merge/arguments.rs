//! Arguments: what every subgraph accepts. One that some subgraph requires must be in all of them.

use apollo_compiler::Node;
use apollo_compiler::ast::{InputValueDefinition, Type, Value};

use super::Merger;
use super::fields::{Source, spans};
use crate::subgraph::contexts::is_contextual;
use crate::{ErrorCode, HintCode};

/// An argument or input field in one subgraph.
pub(super) type InputSource<'a> = (usize, &'a Node<InputValueDefinition>);

/// What differs between merging an argument and an input field.
pub(super) struct InputRules {
    pub(super) type_mismatch: ErrorCode,
    pub(super) default_mismatch: ErrorCode,
}

impl<'a> Merger<'a> {
    /// The arguments of a field whose `sources` are the subgraphs that resolve it.
    pub(super) fn merge_arguments(
        &mut self,
        coordinate: &str,
        sources: &[Source<'a>],
    ) -> Vec<Node<InputValueDefinition>> {
        let mut names = Vec::new();
        for (_, field) in sources {
            for argument in &field.arguments {
                if !names.contains(&&argument.name) {
                    names.push(&argument.name);
                }
            }
        }
        let mut merged = Vec::new();
        for name in names {
            let given: Vec<InputSource<'a>> = sources
                .iter()
                .filter_map(|(index, field)| Some((*index, field.argument_by_name(name)?)))
                .collect();
            let coordinate = format!("{coordinate}({name}:)");
            if given.iter().any(|(index, argument)| is_contextual(&self.subgraphs[*index], argument)) {
                self.check_contextual(&coordinate, &given);
                continue;
            }
            if given.len() < sources.len() {
                self.drop_argument(&coordinate, &given, sources);
                continue;
            }
            let rules = InputRules {
                type_mismatch: ErrorCode::FieldArgumentTypeMismatch,
                default_mismatch: ErrorCode::FieldArgumentDefaultMismatch,
            };
            merged.extend(self.merge_input_value(&coordinate, &given, &rules).map(Node::new));
        }
        merged
    }

    /// The router fills the argument in where it is contextual; elsewhere it sends nothing, so that must be allowed.
    fn check_contextual(&mut self, coordinate: &str, given: &[InputSource<'a>]) {
        let plain: Vec<InputSource<'a>> = given
            .iter()
            .copied()
            .filter(|(index, argument)| !is_contextual(&self.subgraphs[*index], argument))
            .collect();
        if plain.is_empty() {
            return;
        }
        let subgraphs = self.names_of(plain.iter().map(|(index, _)| *index));
        let places: Vec<_> = given.iter().map(|(_, argument)| argument.name.location()).collect();
        if plain.iter().any(|(_, argument)| argument.is_required()) {
            self.diagnostics.error(
                ErrorCode::ContextualArgumentNotContextualInAllSubgraphs,
                format!(
                    "{coordinate} is taken from a context, so clients cannot give it: in {subgraphs} it should be \
                     nullable, have a default, or be taken from a context too"
                ),
                places,
            );
        } else {
            self.diagnostics.hint(
                HintCode::ContextualArgumentNotContextualInAllSubgraphs,
                format!("{coordinate} is taken from a context, so {subgraphs} never gets it"),
                places,
            );
        }
    }

    fn drop_argument(&mut self, coordinate: &str, given: &[InputSource<'a>], sources: &[Source<'a>]) {
        let lacking = sources.iter().filter(|(index, _)| given.iter().all(|(other, _)| other != index));
        let lacking: Vec<Source<'a>> = lacking.copied().collect();
        let subgraphs = self.names_of(lacking.iter().map(|(index, _)| *index));
        let mut places: Vec<_> = given.iter().map(|(_, argument)| argument.name.location()).collect();
        places.extend(spans(&lacking));
        let required: Vec<usize> =
            given.iter().filter(|(_, argument)| argument.is_required()).map(|(index, _)| *index).collect();
        if required.is_empty() {
            self.diagnostics.hint(
                HintCode::InconsistentArgumentPresence,
                format!("{coordinate} is left out of the supergraph, because {subgraphs} lacks it"),
                places,
            );
        } else {
            let requiring = self.names_of(required);
            self.diagnostics.error(
                ErrorCode::RequiredArgumentMissingInSomeSubgraph,
                format!("{coordinate} is required in {requiring}, but missing in {subgraphs}"),
                places,
            );
        }
    }

    /// Merges an argument or input field that is in every subgraph concerned.
    pub(super) fn merge_input_value(
        &mut self,
        coordinate: &str,
        sources: &[InputSource<'a>],
        rules: &InputRules,
    ) -> Option<InputValueDefinition> {
        let (_, first) = sources.first()?;
        let places: Vec<_> = sources.iter().map(|(_, input)| input.name.location()).collect();
        let types: Vec<&Type> = sources.iter().map(|(_, input)| &*input.ty).collect();
        let Some(ty) = self.merge_input_types(&types) else {
            let types: Vec<String> = sources
                .iter()
                .map(|(index, input)| format!("{} in \"{}\"", input.ty, self.subgraphs[*index].name))
                .collect();
            let message = format!("{coordinate} has different types: {}", super::and_list(&types));
            self.diagnostics.error(rules.type_mismatch, message, places);
            return None;
        };
        if !ty.equal {
            self.diagnostics.hint(
                HintCode::InconsistentButCompatibleArgumentType,
                format!("{coordinate} has compatible but different types; the supergraph says {}", ty.ty),
                places.clone(),
            );
        }
        let description = {
            let descriptions: Vec<_> = sources.iter().map(|(_, input)| input.description.as_ref()).collect();
            self.merge_description(coordinate, &descriptions)
        };
        let applied: Vec<_> = sources
            .iter()
            .map(|(index, input)| (*index, input.directives.iter().collect::<Vec<_>>()))
            .collect();
        let directives = self.merge_applied(coordinate, &applied);
        Some(InputValueDefinition {
            description,
            name: first.name.clone(),
            ty: Node::new(ty.ty),
            default_value: self.merge_default(coordinate, sources, rules),
            directives: directives.into_iter().collect(),
        })
    }

    /// A default survives when all have it; two different ones contradict each other.
    fn merge_default(
        &mut self,
        coordinate: &str,
        sources: &[InputSource<'a>],
        rules: &InputRules,
    ) -> Option<Node<Value>> {
        let given: Vec<&Node<Value>> =
            sources.iter().filter_map(|(_, input)| input.default_value.as_ref()).collect();
        let first = *given.first()?;
        if given.iter().any(|value| !same_value(value, first)) {
            let values: Vec<String> = sources
                .iter()
                .filter_map(|(index, input)| {
                    let value = input.default_value.as_ref()?;
                    let value = value.serialize().no_indent();
                    Some(format!("{value} in \"{}\"", self.subgraphs[*index].name))
                })
                .collect();
            self.diagnostics.error(
                rules.default_mismatch,
                format!("{coordinate} has different defaults: {}", super::and_list(&values)),
                sources.iter().map(|(_, input)| input.name.location()),
            );
        }
        (given.len() == sources.len()).then(|| first.clone())
    }
}

/// Whether two literals mean the same: the order of an object's entries does not matter.
fn same_value(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(name, value)| {
                    b.iter().any(|(other, theirs)| name == other && same_value(value, theirs))
                })
        }
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_value(a, b))
        }
        _ => a == b,
    }
}
