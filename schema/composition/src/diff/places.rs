//! Where each schema coordinate stands, in every file that mentions it.

use apollo_compiler::Name;
use apollo_compiler::ast::InputValueDefinition;
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::{ExtendedType, Schema};
use federation::Supergraph;
use rustc_hash::FxHashMap;

use crate::SourceLocation;
use crate::sources::Diagnostics;
use crate::subgraph::{Subgraph, fields_of};

/// The places of all coordinates of a graph.
#[derive(Debug, Default)]
pub(super) struct Places(FxHashMap<String, Vec<SourceLocation>>);

impl Places {
    /// The places in the SDLs of the subgraphs.
    pub(super) fn of_subgraphs(subgraphs: &[Subgraph], sources: &Diagnostics) -> Self {
        let mut places = Self::default();
        for subgraph in subgraphs {
            places.collect(&subgraph.schema, &|span| sources.locate(span));
        }
        places
    }

    /// The places in the SDL of a supergraph, which was read from `file`.
    pub(super) fn of_supergraph(supergraph: &Supergraph, file: &str) -> Self {
        let schema = &supergraph.schema;
        let locate = |span: Option<SourceSpan>| {
            let place = span?.line_column_range(&schema.sources)?.start;
            Some(SourceLocation {
                subgraph: "supergraph".to_owned(),
                file: file.to_owned(),
                line: place.line,
                column: place.column,
            })
        };
        let mut places = Self::default();
        places.collect(schema, &locate);
        places
    }

    /// The places of `coordinate`; where there are none, those of what it would be part of.
    pub(super) fn near(&self, coordinate: &str) -> &[SourceLocation] {
        let mut coordinate = coordinate;
        loop {
            if let Some(places) = self.0.get(coordinate) {
                return places;
            }
            match coordinate.rfind(['(', '.']) {
                Some(end) => coordinate = &coordinate[..end],
                None => return &[],
            }
        }
    }

    fn collect(&mut self, schema: &Schema, locate: &impl Fn(Option<SourceSpan>) -> Option<SourceLocation>) {
        let mut add = |coordinate: String, span: Option<SourceSpan>| {
            if let Some(place) = locate(span) {
                self.0.entry(coordinate).or_default().push(place);
            }
        };
        for (name, definition) in schema.types.iter().filter(|(_, definition)| !definition.is_built_in()) {
            add(name.to_string(), crate::sources::type_span(schema, name));
            parts(name, definition, &mut add);
        }
        for (name, directive) in &schema.directive_definitions {
            let coordinate = format!("@{name}");
            arguments(&coordinate, directive.arguments.iter().map(|argument| &**argument), &mut add);
            add(coordinate, directive.name.location());
        }
    }
}

fn parts(name: &Name, definition: &ExtendedType, add: &mut impl FnMut(String, Option<SourceSpan>)) {
    for field in fields_of(definition).into_iter().flat_map(|fields| fields.values()) {
        let coordinate = format!("{name}.{}", field.name);
        arguments(&coordinate, field.arguments.iter().map(|argument| &**argument), add);
        add(coordinate, field.name.location());
    }
    match definition {
        ExtendedType::Enum(enumeration) => {
            for value in enumeration.values.values() {
                add(format!("{name}.{}", value.value), value.value.location());
            }
        }
        ExtendedType::InputObject(input) => {
            for field in input.fields.values() {
                add(format!("{name}.{}", field.name), field.name.location());
            }
        }
        ExtendedType::Union(union) => {
            for member in &union.members {
                add(format!("{name}.{member}"), member.name.location());
            }
        }
        ExtendedType::Object(_) | ExtendedType::Interface(_) | ExtendedType::Scalar(_) => {}
    }
}

fn arguments<'a>(
    parent: &str,
    arguments: impl Iterator<Item = &'a InputValueDefinition>,
    add: &mut impl FnMut(String, Option<SourceSpan>),
) {
    for argument in arguments {
        add(format!("{parent}({}:)", argument.name), argument.name.location());
    }
}
