//! Contracts: a graph for some of its clients, cut out of the whole by `@tag`.
//!
//! A contract is the same supergraph with more of it `@inaccessible`, so routers need to know nothing of it.
//! Source: the documentation on contracts (included and excluded tags, tags that types pass on to their fields).

use apollo_compiler::ast::{
    Argument, Directive, DirectiveList as AstDirectives, InputValueDefinition, Value,
};
use apollo_compiler::schema::{Component, DirectiveList, ExtendedType, Schema};
use apollo_compiler::{Name, Node, name};
use federation::link::Link;
use federation::spec::FederationDirective as Fd;

use crate::merge::{INACCESSIBLE_DEFINITION, INACCESSIBLE_URL};
use crate::sources::Diagnostics;
use crate::subgraph::Fields;
use crate::{Composition, CompositionErrors, ErrorCode, print, read_back, rules, stage};

/// Which tags a contract keeps and drops.
struct Filter<'a> {
    include: &'a [String],
    exclude: &'a [String],
    /// The supergraph's name of `@tag`; absent when nothing is tagged.
    tag: Option<String>,
    /// The supergraph's name of `@inaccessible`.
    inaccessible: Name,
}

/// The part of `composition` that the tags ask for.
///
/// With `include` empty, everything but what is tagged with one of `exclude`. Otherwise only fields of objects and
/// interfaces, and unions, that are tagged with one of `include` and none of `exclude`; scalars, enums and inputs stay
/// unless they are excluded. A tag on an object or interface is a tag on all its fields. A type left without fields
/// goes as a whole.
///
/// # Errors
/// What the tags leave is no schema: a kept field returns a type that is gone, nothing can be queried, and the like,
/// with the codes of `@inaccessible`. The errors carry no locations, for nothing is wrong with any one subgraph.
pub fn contract(
    composition: &Composition,
    include: &[String],
    exclude: &[String],
) -> Result<Composition, CompositionErrors> {
    let mut diagnostics = Diagnostics::default();
    let mut schema = stage(&mut diagnostics, |diagnostics| parse(&composition.supergraph_sdl, diagnostics))?;
    let filter =
        Filter { include, exclude, tag: local_name(&schema, Fd::Tag), inaccessible: hide_by(&mut schema) };
    filter.apply(&mut schema);
    stage(&mut diagnostics, |diagnostics| {
        rules::check_visible_schema(&schema, &filter.inaccessible, diagnostics);
    })?;
    let supergraph_sdl = print::schema(&schema);
    let supergraph = stage(&mut diagnostics, |diagnostics| read_back(&supergraph_sdl, diagnostics))?;
    let api_sdl = supergraph.map(|supergraph| print::api(&supergraph.api_schema)).unwrap_or_default();
    Ok(Composition { supergraph_sdl, api_sdl, hints: composition.hints.clone() })
}

fn parse(sdl: &str, diagnostics: &mut Diagnostics) -> Schema {
    Schema::parse(sdl, "supergraph.graphql").unwrap_or_else(|failure| {
        let message = format!("the supergraph is not GraphQL: {}", failure.errors);
        diagnostics.error(ErrorCode::InvalidGraphql, message, []);
        failure.partial
    })
}

/// What the supergraph calls a directive that has a specification of its own.
fn local_name(schema: &Schema, directive: Fd) -> Option<String> {
    let identity = format!("https://specs.apollo.dev/{}", directive.name());
    let links = schema.schema_definition.directives.get_all("link");
    let mut links = links.filter_map(|applied| Link::from_directive(applied).ok());
    let link = links.find(|link| link.url.identity == identity)?;
    Some(link.directive_name(directive.name()))
}

/// The supergraph's name of `@inaccessible`, which it links from now on.
fn hide_by(schema: &mut Schema) -> Name {
    if let Some(known) = local_name(schema, Fd::Inaccessible) {
        return Name::new_unchecked(&known);
    }
    let argument = |name, value| Node::new(Argument { name, value: Node::new(value) });
    let link = Directive {
        name: name!("link"),
        arguments: vec![
            argument(name!("url"), Value::String(INACCESSIBLE_URL.to_owned())),
            argument(name!("for"), Value::Enum(name!("SECURITY"))),
        ],
    };
    schema.schema_definition.make_mut().directives.push(Component::new(link));
    let definition = Schema::parse(INACCESSIBLE_DEFINITION, "inaccessible.graphql").ok();
    let definition =
        definition.and_then(|mut parsed| parsed.directive_definitions.shift_remove("inaccessible"));
    schema.directive_definitions.extend(definition.map(|definition| (name!("inaccessible"), definition)));
    name!("inaccessible")
}

impl Filter<'_> {
    fn apply(&self, schema: &mut Schema) {
        // What has no `join__type` is machinery.
        let types = schema.types.values_mut().filter(|known| known.directives().has("join__type"));
        for definition in types {
            self.apply_to_type(definition);
        }
    }

    fn apply_to_type(&self, definition: &mut ExtendedType) {
        let tags = self.tags(definition.directives().iter().map(|applied| &applied.node));
        let mut hidden = any(&tags, self.exclude);
        match definition {
            ExtendedType::Object(object) => {
                hidden |= self.apply_to_fields(&mut object.make_mut().fields, &tags);
            }
            ExtendedType::Interface(interface) => {
                hidden |= self.apply_to_fields(&mut interface.make_mut().fields, &tags);
            }
            ExtendedType::Union(_) => hidden |= !self.includes(&tags),
            ExtendedType::Enum(definition) => {
                for value in definition.make_mut().values.values_mut() {
                    if any(&self.tags(value.directives.iter()), self.exclude) {
                        self.hide(&mut value.make_mut().directives);
                    }
                }
            }
            ExtendedType::InputObject(input) => {
                for field in input.make_mut().fields.values_mut() {
                    if any(&self.tags(field.directives.iter()), self.exclude) {
                        self.hide(&mut field.make_mut().directives);
                    }
                }
            }
            ExtendedType::Scalar(_) => {}
        }
        if hidden {
            self.hide_type(definition);
        }
    }

    /// Whether that leaves none of them.
    fn apply_to_fields(&self, fields: &mut Fields, inherited: &[String]) -> bool {
        for field in fields.values_mut() {
            let mut tags = self.tags(field.directives.iter());
            tags.extend_from_slice(inherited);
            let field = field.make_mut();
            field.arguments.iter_mut().for_each(|argument| self.apply_to_argument(argument));
            if any(&tags, self.exclude) || !self.includes(&tags) {
                self.hide(&mut field.directives);
            }
        }
        fields.values().all(|field| field.directives.has(&self.inaccessible))
    }

    fn apply_to_argument(&self, argument: &mut Node<InputValueDefinition>) {
        if any(&self.tags(argument.directives.iter()), self.exclude) {
            self.hide(&mut argument.make_mut().directives);
        }
    }

    fn includes(&self, tags: &[String]) -> bool {
        self.include.is_empty() || any(tags, self.include)
    }

    fn tags<'d>(&self, directives: impl Iterator<Item = &'d Node<Directive>>) -> Vec<String> {
        let tags = directives.filter(|applied| Some(applied.name.as_str()) == self.tag.as_deref());
        tags.filter_map(|tag| Some(tag.specified_argument_by_name("name")?.as_str()?.to_owned())).collect()
    }

    fn hide(&self, directives: &mut AstDirectives) {
        if !directives.has(&self.inaccessible) {
            directives.push(Node::new(Directive::new(self.inaccessible.clone())));
        }
    }

    fn hide_type(&self, definition: &mut ExtendedType) {
        let directives: &mut DirectiveList = match definition {
            ExtendedType::Object(object) => &mut object.make_mut().directives,
            ExtendedType::Interface(interface) => &mut interface.make_mut().directives,
            ExtendedType::Union(union) => &mut union.make_mut().directives,
            ExtendedType::Enum(definition) => &mut definition.make_mut().directives,
            ExtendedType::InputObject(input) => &mut input.make_mut().directives,
            ExtendedType::Scalar(scalar) => &mut scalar.make_mut().directives,
        };
        if !directives.has(&self.inaccessible) {
            directives.push(Component::new(Directive::new(self.inaccessible.clone())));
        }
    }
}

fn any(tags: &[String], wanted: &[String]) -> bool {
    tags.iter().any(|tag| wanted.contains(tag))
}
