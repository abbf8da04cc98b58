//! Enums: union when only answered, intersection when only asked, equal when both.

use apollo_compiler::ast::EnumValueDefinition;
use apollo_compiler::schema::{Component, ExtendedType};
use apollo_compiler::{Name, Node};
use federation::spec::FederationDirective as Fd;
use rustc_hash::FxHashSet;

use super::types::Kind;
use super::{Merger, directive};
use crate::subgraph::fields_of;
use crate::{ErrorCode, HintCode};

/// Where the supergraph uses its enums.
#[derive(Default)]
struct Usage {
    inputs: FxHashSet<Name>,
    outputs: FxHashSet<Name>,
}

type ValueSource<'a> = (usize, &'a Component<EnumValueDefinition>);

impl<'a> Merger<'a> {
    /// Fills the values of every enum. All fields are merged by now, so it is known how each enum is used.
    pub(super) fn merge_enum_types(&mut self, kinds: &[(Name, Kind)]) {
        let usage = self.usage();
        for (name, _) in kinds.iter().filter(|(_, kind)| *kind == Kind::Enum) {
            self.merge_enum(name, &usage);
        }
    }

    fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        for definition in self.schema.types.values().filter(|definition| !definition.is_built_in()) {
            for field in fields_of(definition).into_iter().flat_map(|fields| fields.values()) {
                usage.outputs.insert(field.ty.inner_named_type().clone());
                usage
                    .inputs
                    .extend(field.arguments.iter().map(|argument| argument.ty.inner_named_type().clone()));
            }
            if let ExtendedType::InputObject(input) = definition {
                usage.inputs.extend(input.fields.values().map(|field| field.ty.inner_named_type().clone()));
            }
        }
        usage
    }

    fn merge_enum(&mut self, parent: &Name, usage: &Usage) {
        let parents = self.sources(parent);
        let asked = usage.inputs.contains(parent);
        let answered = usage.outputs.contains(parent);
        if !asked && !answered {
            let spans: Vec<_> = parents.iter().map(|(index, _)| self.type_span(*index, parent)).collect();
            self.diagnostics.hint(HintCode::UnusedEnumType, format!("the enum {parent} is not used"), spans);
        }
        let mut names: Vec<&Name> = Vec::new();
        for (_, definition) in &parents {
            let Some(definition) = definition.as_enum() else { continue };
            for name in definition.values.keys() {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        let mut merged = Vec::new();
        for name in &names {
            let sources: Vec<ValueSource<'a>> = parents
                .iter()
                .filter_map(|(index, definition)| Some((*index, definition.as_enum()?.values.get(*name)?)))
                .collect();
            let partial = sources.len() < parents.len();
            if partial && asked && !self.is_hidden_value(&sources) {
                self.drop_value(parent, name, &sources, answered);
            } else {
                if partial && !asked {
                    self.hint_partial_value(parent, name, &sources);
                }
                merged.push(self.merge_value(parent, &sources, name));
            }
        }
        if merged.is_empty() && !answered {
            let spans: Vec<_> = parents.iter().map(|(index, _)| self.type_span(*index, parent)).collect();
            self.diagnostics.error(
                ErrorCode::EmptyMergedEnumType,
                format!("no value of the enum {parent} is in every subgraph that has it"),
                spans,
            );
        }
        if let Some(ExtendedType::Enum(definition)) = self.schema.types.get_mut(parent) {
            let values = &mut definition.make_mut().values;
            for value in merged {
                values.insert(value.value.clone(), Component::from(Node::new(value)));
            }
        }
    }

    /// Marked `@inaccessible` by hand: then it may be missing elsewhere.
    fn is_hidden_value(&self, sources: &[ValueSource<'a>]) -> bool {
        sources.iter().any(|(index, value)| {
            let local = self.subgraphs[*index].links.name(Fd::Inaccessible);
            local.is_some_and(|local| value.directives.has(local))
        })
    }

    fn drop_value(&mut self, parent: &Name, name: &Name, sources: &[ValueSource<'a>], answered: bool) {
        let having = self.names_of(sources.iter().map(|(index, _)| *index));
        let spans: Vec<_> = self
            .sources(parent)
            .into_iter()
            .map(|(index, _)| match sources.iter().find(|(other, _)| *other == index) {
                Some((_, value)) => value.value.location(),
                None => self.type_span(index, parent),
            })
            .collect();
        if answered {
            self.diagnostics.error(
                ErrorCode::EnumValueMismatch,
                format!("{parent} is used in inputs and outputs, but its value {name} is in {having} only"),
                spans,
            );
        } else {
            self.diagnostics.hint(
                HintCode::InconsistentEnumValueForInputEnum,
                format!("{parent}.{name} is left out of the supergraph: it is in {having} only"),
                spans,
            );
        }
    }

    fn hint_partial_value(&mut self, parent: &Name, name: &Name, sources: &[ValueSource<'a>]) {
        let having = self.names_of(sources.iter().map(|(index, _)| *index));
        self.diagnostics.hint(
            HintCode::InconsistentEnumValueForOutputEnum,
            format!("{parent}.{name} is in {having} only"),
            sources.iter().map(|(_, value)| value.value.location()),
        );
    }

    fn merge_value(
        &mut self,
        parent: &Name,
        sources: &[ValueSource<'a>],
        name: &Name,
    ) -> EnumValueDefinition {
        let coordinate = format!("{parent}.{name}");
        let description = {
            let descriptions: Vec<_> = sources.iter().map(|(_, value)| value.description.as_ref()).collect();
            self.merge_description(&coordinate, &descriptions)
        };
        let joins = sources
            .iter()
            .map(|(index, _)| directive("join__enumValue", vec![("graph", Some(self.graph(*index)))]));
        let mut directives: Vec<_> = joins.collect();
        let applied: Vec<_> = sources
            .iter()
            .map(|(index, value)| (*index, value.directives.iter().collect::<Vec<_>>()))
            .collect();
        directives.extend(self.merge_applied(&coordinate, &applied));
        EnumValueDefinition { description, value: name.clone(), directives: directives.into_iter().collect() }
    }
}
