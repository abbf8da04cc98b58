//! Input objects: the fields every subgraph accepts.

use apollo_compiler::ast::Directive;
use apollo_compiler::schema::{Component, ExtendedType};
use apollo_compiler::{Name, Node};
use federation::spec::FederationDirective as Fd;

use super::arguments::{InputRules, InputSource};
use super::types::Kind;
use super::{Merger, directive, text};
use crate::{ErrorCode, HintCode};

impl<'a> Merger<'a> {
    /// Fills the fields of every input object.
    pub(super) fn merge_input_types_of(&mut self, kinds: &[(Name, Kind)]) {
        for (name, kind) in kinds {
            if *kind == Kind::InputObject {
                self.merge_input_object(name);
            }
        }
    }

    fn merge_input_object(&mut self, parent: &Name) {
        let parents = self.sources(parent);
        let holders: Vec<usize> = parents.iter().map(|(index, _)| *index).collect();
        let mut names: Vec<&Name> = Vec::new();
        for (_, definition) in &parents {
            let Some(input) = definition.as_input_object() else { continue };
            for name in input.fields.keys() {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        let mut merged = Vec::new();
        let mut contradicted = false;
        for name in &names {
            let sources: Vec<InputSource<'a>> = parents
                .iter()
                .filter_map(|(index, definition)| {
                    Some((*index, &definition.as_input_object()?.fields.get(*name)?.node))
                })
                .collect();
            let coordinate = format!("{parent}.{name}");
            if sources.len() < holders.len() && !self.is_hidden(&sources) {
                self.drop_input_field(&coordinate, parent, &sources, &holders);
                continue;
            }
            let rules = InputRules {
                type_mismatch: ErrorCode::FieldTypeMismatch,
                default_mismatch: ErrorCode::InputFieldDefaultMismatch,
            };
            let Some(mut field) = self.merge_input_value(&coordinate, &sources, &rules) else {
                contradicted = true;
                continue;
            };
            let mut directives = self.join_input_field(&sources, &holders);
            directives.extend(field.directives.iter().map(|applied| Directive::clone(applied)));
            field.directives = directives.into_iter().collect();
            merged.push(field);
        }
        if merged.is_empty() && !contradicted {
            let spans: Vec<_> = holders.iter().map(|index| self.type_span(*index, parent)).collect();
            self.diagnostics.error(
                ErrorCode::EmptyMergedInputType,
                format!(
                    "no field of the input {parent} is in all of {}",
                    self.names_of(holders.iter().copied())
                ),
                spans,
            );
        }
        if let Some(ExtendedType::InputObject(input)) = self.schema.types.get_mut(parent) {
            let fields = &mut input.make_mut().fields;
            for field in merged {
                fields.insert(field.name.clone(), Component::from(Node::new(field)));
            }
        }
    }

    /// Marked `@inaccessible` by hand: then it may be missing elsewhere, no client can use it.
    fn is_hidden(&self, sources: &[InputSource<'a>]) -> bool {
        sources.iter().any(|(index, input)| {
            let local = self.subgraphs[*index].links.name(Fd::Inaccessible);
            local.is_some_and(|local| input.directives.has(local))
        })
    }

    fn drop_input_field(
        &mut self,
        coordinate: &str,
        parent: &Name,
        sources: &[InputSource<'a>],
        holders: &[usize],
    ) {
        let lacking: Vec<usize> = holders
            .iter()
            .copied()
            .filter(|holder| sources.iter().all(|(index, _)| index != holder))
            .collect();
        let subgraphs = self.names_of(lacking.iter().copied());
        let mut places: Vec<_> = sources.iter().map(|(_, input)| input.name.location()).collect();
        places.extend(lacking.iter().map(|index| self.type_span(*index, parent)));
        let required: Vec<usize> =
            sources.iter().filter(|(_, input)| input.is_required()).map(|(index, _)| *index).collect();
        if required.is_empty() {
            self.diagnostics.hint(
                HintCode::InconsistentInputObjectField,
                format!("{coordinate} is left out of the supergraph, because {subgraphs} lacks it"),
                places,
            );
        } else {
            let requiring = self.names_of(required);
            self.diagnostics.error(
                ErrorCode::RequiredInputFieldMissingInSomeSubgraph,
                format!("{coordinate} is required in {requiring}, but missing in {subgraphs}"),
                places,
            );
        }
    }

    fn join_input_field(&self, sources: &[InputSource<'a>], holders: &[usize]) -> Vec<Directive> {
        let equal = sources.windows(2).all(|pair| pair[0].1.ty == pair[1].1.ty);
        if equal && sources.len() == holders.len() {
            return Vec::new();
        }
        sources
            .iter()
            .map(|(index, input)| {
                let ty = if equal { None } else { text(&input.ty.to_string()) };
                directive("join__field", vec![("graph", Some(self.graph(*index))), ("type", ty)])
            })
            .collect()
    }
}
