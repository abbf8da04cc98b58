//! What clients see of a supergraph: federation machinery and everything `@inaccessible` removed.
//!
//! Source: link specification v1.0 (names of a feature's elements), inaccessible specification v0.2.

use super::SupergraphError;
use apollo_compiler::ast::Value;
use apollo_compiler::schema::{Component, Directive, DirectiveList, ExtendedType, Schema};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, ast};
use rustc_hash::FxHashSet;

/// A `@link` (or `@core`) on the schema.
pub(super) struct Feature {
    pub(super) url: String,
    /// Name of the specification, without version.
    pub(super) identity: String,
    /// Prefix of its elements in this schema.
    pub(super) name: String,
    pub(super) purpose: Option<String>,
    /// Imported elements: (name in the specification, name in this schema), with their `@`.
    imports: Vec<(String, String)>,
}

/// The features that the schema links, from `@link` or the older `@core`.
pub(super) fn features(schema: &Schema) -> Vec<Feature> {
    schema
        .schema_definition
        .directives
        .iter()
        .filter(|directive| directive.name == "link" || directive.name == "core")
        .filter_map(|directive| feature(directive))
        .collect()
}

fn feature(directive: &Directive) -> Option<Feature> {
    let argument = |name: &str| directive.specified_argument_by_name(name);
    let url = argument("url").or_else(|| argument("feature"))?.as_str()?.to_owned();
    let mut segments = url.trim_end_matches('/').rsplit('/');
    let last = segments.next()?;
    let is_version = last.strip_prefix('v').is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit()));
    let identity = if is_version { segments.next()? } else { last }.to_owned();
    let name = argument("as").and_then(|value| value.as_str()).unwrap_or(&identity).to_owned();
    let purpose = argument("for").and_then(|value| value.as_enum()).map(|purpose| purpose.to_string());
    let imports = argument("import")
        .and_then(|value| value.as_list())
        .map(|list| list.iter().filter_map(|item| import(item)).collect());
    Some(Feature { url, identity, name, purpose, imports: imports.unwrap_or_default() })
}

fn import(value: &Value) -> Option<(String, String)> {
    if let Some(name) = value.as_str() {
        return Some((name.to_owned(), name.to_owned()));
    }
    let entry =
        |key: &str| value.as_object()?.iter().find(|(name, _)| name == key)?.1.as_str().map(str::to_owned);
    let name = entry("name")?;
    let alias = entry("as").unwrap_or_else(|| name.clone());
    Some((name, alias))
}

impl Feature {
    /// The name in this schema of the feature's directive `name`.
    pub(super) fn directive(&self, name: &str) -> String {
        let spelled = format!("@{name}");
        match self.imports.iter().find(|(imported, _)| *imported == spelled) {
            Some((_, alias)) => alias.trim_start_matches('@').to_owned(),
            None if self.identity == name => self.name.clone(),
            None => format!("{}__{name}", self.name),
        }
    }

    fn owns_type(&self, name: &str) -> bool {
        name.strip_prefix(self.name.as_str()).is_some_and(|rest| rest.starts_with("__"))
            || self.imports.iter().any(|(_, alias)| alias == name)
    }

    fn owns_directive(&self, name: &str) -> bool {
        name == self.name
            || self.owns_type(name)
            || self.imports.iter().any(|(_, alias)| alias.strip_prefix('@') == Some(name))
    }
}

/// The API schema of a supergraph schema.
pub(super) fn api_schema(
    supergraph: &Schema,
    features: &[Feature],
) -> Result<Valid<Schema>, SupergraphError> {
    let inaccessible = features
        .iter()
        .find(|feature| feature.identity == "inaccessible")
        .map(|feature| feature.directive("inaccessible"));
    let mut schema = supergraph.clone();
    remove_machinery(&mut schema, features);
    if let Some(directive) = inaccessible {
        remove_inaccessible(&mut schema, &directive);
    }
    strip_applications(&mut schema);
    schema.validate().map_err(|errors| SupergraphError::InvalidApiSchema(errors.errors.to_string()))
}

fn remove_machinery(schema: &mut Schema, features: &[Feature]) {
    let machinery = |name: &Name| features.iter().any(|feature| feature.owns_type(name));
    schema.types.retain(|name, definition| definition.is_built_in() || !machinery(name));
    schema.directive_definitions.retain(|name, definition| {
        definition.is_built_in() || !features.iter().any(|feature| feature.owns_directive(name))
    });
}

fn remove_inaccessible(schema: &mut Schema, directive: &str) {
    let hidden = |directives: &DirectiveList| directives.has(directive);
    let gone: FxHashSet<Name> =
        schema.types.iter().filter(|(_, ty)| hidden(ty.directives())).map(|(name, _)| name.clone()).collect();
    schema.types.retain(|name, _| !gone.contains(name));
    let hides_field = |field: &ast::FieldDefinition| {
        field.directives.has(directive) || gone.contains(field.ty.inner_named_type())
    };
    let hides_input = |input: &ast::InputValueDefinition| {
        input.directives.has(directive) || gone.contains(input.ty.inner_named_type())
    };
    for definition in schema.types.values_mut() {
        match definition {
            ExtendedType::Scalar(_) => {}
            ExtendedType::Object(object) => {
                let object = object.make_mut();
                object.implements_interfaces.retain(|interface| !gone.contains(&interface.name));
                object.fields.retain(|_, field| !hides_field(field));
                object.fields.values_mut().for_each(|field| retain_arguments(field, &hides_input));
            }
            ExtendedType::Interface(interface) => {
                let interface = interface.make_mut();
                interface.implements_interfaces.retain(|parent| !gone.contains(&parent.name));
                interface.fields.retain(|_, field| !hides_field(field));
                interface.fields.values_mut().for_each(|field| retain_arguments(field, &hides_input));
            }
            ExtendedType::Union(union) => {
                union.make_mut().members.retain(|member| !gone.contains(&member.name))
            }
            ExtendedType::Enum(enumeration) => {
                enumeration.make_mut().values.retain(|_, value| !value.directives.has(directive));
            }
            ExtendedType::InputObject(input) => {
                input.make_mut().fields.retain(|_, field| !hides_input(field))
            }
        }
    }
    for definition in schema.directive_definitions.values_mut() {
        definition.make_mut().arguments.retain(|argument| !hides_input(argument));
    }
    let roots = schema.schema_definition.make_mut();
    for root in [&mut roots.query, &mut roots.mutation, &mut roots.subscription] {
        if root.as_ref().is_some_and(|name| gone.contains(&name.name)) {
            *root = None;
        }
    }
}

fn retain_arguments(
    field: &mut Component<ast::FieldDefinition>,
    hides: &impl Fn(&ast::InputValueDefinition) -> bool,
) {
    if field.arguments.iter().any(|argument| hides(argument)) {
        field.make_mut().arguments.retain(|argument| !hides(argument));
    }
}

/// Clients are shown only the directives of the GraphQL specification.
fn strip_applications(schema: &mut Schema) {
    const SHOWN: [&str; 3] = ["deprecated", "specifiedBy", "oneOf"];
    let keep = |name: &Name| SHOWN.contains(&name.as_str());
    schema.schema_definition.make_mut().directives.0.clear();
    for definition in schema.types.values_mut() {
        match definition {
            ExtendedType::Scalar(scalar) if scalar.is_built_in() => {}
            ExtendedType::Scalar(scalar) => {
                scalar.make_mut().directives.retain(|directive| keep(&directive.name))
            }
            ExtendedType::Object(object) => {
                let object = object.make_mut();
                object.directives.0.clear();
                object.fields.values_mut().for_each(|field| strip_field(field, keep));
            }
            ExtendedType::Interface(interface) => {
                let interface = interface.make_mut();
                interface.directives.0.clear();
                interface.fields.values_mut().for_each(|field| strip_field(field, keep));
            }
            ExtendedType::Union(union) => union.make_mut().directives.0.clear(),
            ExtendedType::Enum(enumeration) => {
                let enumeration = enumeration.make_mut();
                enumeration.directives.0.clear();
                for value in enumeration.values.values_mut() {
                    if !value.directives.is_empty() {
                        value.make_mut().directives.retain(|directive| keep(&directive.name));
                    }
                }
            }
            ExtendedType::InputObject(input) => {
                let input = input.make_mut();
                input.directives.retain(|directive| keep(&directive.name));
                for field in input.fields.values_mut() {
                    if !field.directives.is_empty() {
                        field.make_mut().directives.retain(|directive| keep(&directive.name));
                    }
                }
            }
        }
    }
}

fn strip_field(field: &mut Component<ast::FieldDefinition>, keep: impl Fn(&Name) -> bool + Copy) {
    let clean =
        field.directives.is_empty() && field.arguments.iter().all(|argument| argument.directives.is_empty());
    if clean {
        return;
    }
    let field = field.make_mut();
    field.directives.retain(|directive| keep(&directive.name));
    for argument in &mut field.arguments {
        if !argument.directives.is_empty() {
            argument.make_mut().directives.retain(|directive| keep(&directive.name));
        }
    }
}
