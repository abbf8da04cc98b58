//! Fields of objects and interfaces: the union over the subgraphs, each described by `join__field`.

use apollo_compiler::ast::{Directive, FieldDefinition, Type, Value};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::{Component, ExtendedType};
use apollo_compiler::{Name, Node, name};

use super::applied::Applied;
use super::overrides::Overrides;
use super::types::Kind;
use super::{Merger, directive, flag, text};
use crate::subgraph::contexts::{self, ContextualArgument};
use crate::subgraph::fields_of;
use crate::{ErrorCode, HintCode};

/// A field in one subgraph.
pub(super) type Source<'a> = (usize, &'a Component<FieldDefinition>);

impl<'a> Merger<'a> {
    /// Fills the fields of every object and interface type.
    pub(super) fn merge_composite_types(&mut self, kinds: &[(Name, Kind)]) {
        for (name, kind) in kinds {
            match kind {
                Kind::Object | Kind::Interface => self.merge_fields(name, *kind),
                Kind::Scalar | Kind::Union | Kind::Enum | Kind::InputObject => {}
            }
        }
    }

    fn merge_fields(&mut self, parent: &Name, kind: Kind) {
        let parents = self.sources(parent);
        let mut names: Vec<&Name> = Vec::new();
        let mut seen = rustc_hash::FxHashSet::default();
        for (_, definition) in &parents {
            let fields = fields_of(definition).into_iter().flatten();
            names.extend(fields.map(|(name, _)| name).filter(|name| seen.insert((*name).clone())));
        }
        let holders: Vec<usize> = parents.iter().map(|(index, _)| *index).collect();
        for name in names {
            let sources: Vec<Source<'a>> = parents
                .iter()
                .filter_map(|(index, definition)| Some((*index, fields_of(definition)?.get(name)?)))
                .collect();
            if let Some(field) = self.merge_field(parent, kind, &sources, &holders) {
                self.insert_field(parent, field);
            }
        }
    }

    pub(super) fn insert_field(&mut self, parent: &Name, field: FieldDefinition) {
        let field: Component<FieldDefinition> = Node::new(field).into();
        match self.schema.types.get_mut(parent) {
            Some(ExtendedType::Object(object)) => {
                object.make_mut().fields.insert(field.name.clone(), field);
            }
            Some(ExtendedType::Interface(interface)) => {
                interface.make_mut().fields.insert(field.name.clone(), field);
            }
            _ => {}
        }
    }

    fn merge_field(
        &mut self,
        parent: &Name,
        kind: Kind,
        sources: &[Source<'a>],
        holders: &[usize],
    ) -> Option<FieldDefinition> {
        let name = &sources.first()?.1.name;
        let coordinate = format!("{parent}.{name}");
        let overrides = self.overrides(parent, name, sources, kind);
        let live: Vec<Source<'a>> = sources
            .iter()
            .copied()
            .filter(|(index, _)| !self.subgraphs[*index].is_external(parent, name))
            .collect();
        if live.is_empty() {
            if self.abstracted_by_interface_object(parent, name).is_empty() {
                self.report_missing_base(&coordinate, sources);
            }
            return None;
        }
        if kind == Kind::Object {
            self.check_sharing(parent, name, sources, &overrides);
            self.check_subscription(parent, name, sources);
        }
        let description = {
            let descriptions: Vec<_> = live.iter().map(|(_, field)| field.description.as_ref()).collect();
            self.merge_description(&coordinate, &descriptions)
        };
        let arguments = self.merge_arguments(&coordinate, &live);
        let external: Vec<Source<'a>> = sources
            .iter()
            .copied()
            .filter(|(index, _)| self.subgraphs[*index].is_external(parent, name))
            .collect();
        let types: Vec<&Type> = live.iter().map(|(_, field)| &field.ty).collect();
        let Some(merged) = self.merge_output_types(&types) else {
            self.report_type_mismatch(&coordinate, &live);
            self.check_externals(&coordinate, types[0], &arguments, &external);
            return None;
        };
        if !merged.equal {
            self.hint_types_differ(&coordinate, &merged.ty, &live);
        }
        self.check_externals(&coordinate, &merged.ty, &arguments, &external);
        let mut directives = self.join_fields(parent, name, sources, holders, merged.equal, &overrides);
        let applied = |sources: &[Source<'a>]| -> Vec<Applied<'a>> {
            sources.iter().map(|(index, field)| (*index, field.directives.iter().collect())).collect()
        };
        directives.extend(self.merge_surviving(&coordinate, &applied(&live)));
        directives.extend(self.cache_tags(&applied(sources)));
        Some(FieldDefinition {
            description,
            name: name.clone(),
            arguments,
            ty: merged.ty,
            directives: directives.into_iter().collect(),
        })
    }

    fn report_missing_base(&mut self, coordinate: &str, sources: &[Source<'a>]) {
        let subgraphs = self.names_of(sources.iter().map(|(index, _)| *index));
        self.diagnostics.error(
            ErrorCode::ExternalMissingOnBase,
            format!("{coordinate} is @external in {subgraphs}, and no other subgraph defines it"),
            spans(sources),
        );
    }

    fn report_type_mismatch(&mut self, coordinate: &str, sources: &[Source<'a>]) {
        let types: Vec<String> = sources
            .iter()
            .map(|(index, field)| format!("{} in \"{}\"", field.ty, self.subgraphs[*index].name))
            .collect();
        self.diagnostics.error(
            ErrorCode::FieldTypeMismatch,
            format!("{coordinate} has different types: {}", super::and_list(&types)),
            spans(sources),
        );
    }

    fn hint_types_differ(&mut self, coordinate: &str, chosen: &Type, sources: &[Source<'a>]) {
        self.diagnostics.hint(
            HintCode::InconsistentButCompatibleFieldType,
            format!("{coordinate} has compatible but different types; the supergraph says {chosen}"),
            spans(sources),
        );
    }

    /// An external field repeats what its owner says.
    fn check_externals(
        &mut self,
        coordinate: &str,
        ty: &Type,
        arguments: &[Node<apollo_compiler::ast::InputValueDefinition>],
        externals: &[Source<'a>],
    ) {
        for (index, field) in externals {
            let subgraph = &self.subgraphs[*index].name;
            if field.ty != *ty {
                self.diagnostics.error(
                    ErrorCode::ExternalTypeMismatch,
                    format!(
                        "{coordinate} is of type {ty}, but @external in \"{subgraph}\" with type {}",
                        field.ty
                    ),
                    [field.name.location()],
                );
            }
            self.check_external_directives(coordinate, *index, field);
            for argument in arguments {
                let Some(repeated) = field.argument_by_name(&argument.name) else {
                    self.diagnostics.error(
                        ErrorCode::ExternalArgumentMissing,
                        format!(
                            "{coordinate} is @external in \"{subgraph}\", but lacks the argument {}",
                            argument.name
                        ),
                        [field.name.location()],
                    );
                    continue;
                };
                if !self.is_subtype(&argument.ty, &repeated.ty) {
                    self.diagnostics.error(
                        ErrorCode::ExternalArgumentTypeMismatch,
                        format!(
                            "{coordinate}({}:) is of type {}, but @external in \"{subgraph}\" with type {}",
                            argument.name, argument.ty, repeated.ty
                        ),
                        [repeated.name.location()],
                    );
                }
                if argument.default_value != repeated.default_value {
                    self.diagnostics.error(
                        ErrorCode::ExternalArgumentDefaultMismatch,
                        format!(
                            "{coordinate}({}:) has another default in \"{subgraph}\", where the field is @external",
                            argument.name
                        ),
                        [repeated.name.location()],
                    );
                }
            }
        }
    }

    /// A directive that survives composition, put on a field that the subgraph does not own.
    fn check_external_directives(
        &mut self,
        coordinate: &str,
        index: usize,
        field: &Component<FieldDefinition>,
    ) {
        let subgraph = &self.subgraphs[index];
        for applied in field.directives.iter() {
            if self.survives(index, applied) {
                self.diagnostics.error(
                    ErrorCode::MergedDirectiveApplicationOnExternal,
                    format!(
                        "[{}] @{} cannot be used on {coordinate}, which is @external here",
                        subgraph.name, applied.name
                    ),
                    [applied.location()],
                );
            }
        }
    }

    /// The `join__field`s of a field; none when every subgraph with the type has the field just so.
    fn join_fields(
        &self,
        parent: &Name,
        name: &Name,
        sources: &[Source<'a>],
        holders: &[usize],
        types_equal: bool,
        overrides: &Overrides,
    ) -> Vec<Directive> {
        let facts = |index: usize| self.subgraphs[index].field_facts(parent, name);
        let plain = |index: usize| {
            facts(index)
                .is_some_and(|facts| !facts.external && facts.requires.is_none() && facts.provides.is_none())
                && contexts::arguments(&self.subgraphs[index], parent, name).is_empty()
        };
        let everywhere = holders.iter().all(|holder| {
            sources.iter().any(|(index, _)| index == holder) && plain(*holder) && !overrides.is_gone(*holder)
        });
        if everywhere && types_equal && !overrides.needs_joins() {
            return Vec::new();
        }
        let kept = sources.iter().filter(|(index, _)| !overrides.is_gone(*index));
        kept.filter_map(|(index, field)| {
            let facts = facts(*index)?;
            if facts.external && !facts.used {
                return None;
            }
            let fields = |argument: &Option<crate::subgraph::facts::FieldsArgument>| {
                argument.as_ref()?.fields.as_ref().and_then(|fields| text(&fields.text))
            };
            let takes_over = facts.overrides.as_ref().filter(|taken| overrides.knows(&taken.from));
            Some(directive(
                "join__field",
                vec![
                    ("graph", Some(self.graph(*index))),
                    ("requires", fields(&facts.requires)),
                    ("provides", fields(&facts.provides)),
                    ("type", if types_equal { None } else { text(&field.ty.to_string()) }),
                    ("external", flag(facts.external)),
                    ("override", takes_over.and_then(|taken| text(&taken.from))),
                    ("usedOverridden", flag(overrides.is_used(*index))),
                    ("overrideLabel", overrides.label(*index).map(|label| Value::String(label.to_owned()))),
                    ("contextArguments", self.context_arguments(*index, parent, name)),
                ],
            ))
        })
        .collect()
    }

    /// The arguments that the router fills in from contexts of that subgraph.
    fn context_arguments(&self, index: usize, parent: &Name, name: &Name) -> Option<Value> {
        let subgraph = &self.subgraphs[index];
        let entry = |argument: &ContextualArgument| {
            let context = contexts::supergraph_name(&subgraph.name, &argument.value.context);
            let entries = [
                (name!("context"), context),
                (name!("name"), argument.name.to_string()),
                (name!("type"), argument.ty.clone()),
                (name!("selection"), argument.value.selection.clone()),
            ];
            let entries = entries.into_iter().map(|(name, text)| (name, Node::new(Value::String(text))));
            Node::new(Value::Object(entries.collect()))
        };
        let arguments = contexts::arguments(subgraph, parent, name);
        (!arguments.is_empty()).then(|| Value::List(arguments.iter().map(entry).collect()))
    }
}

/// Where the subgraphs define the field.
pub(super) fn spans(sources: &[Source<'_>]) -> Vec<Option<SourceSpan>> {
    sources.iter().map(|(_, field)| field.name.location()).collect()
}
