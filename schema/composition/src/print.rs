//! The print stage: a merged graph as SDL, sorted so that equal graphs print equally.
//!
//! Source: join specification v0.5 and link specification v1.0 for the definitions.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, InputValueDefinition};
use apollo_compiler::schema::{ExtendedType, Schema};
use std::fmt::Write as _;

use crate::merge::Merged;
use crate::subgraph::links::ONE_OF;
use crate::subgraph::{Fields, Subgraph};

const JOIN_DIRECTIVES: &str = r#"directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments) repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION

directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE

directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean, overrideLabel: String, contextArguments: [join__ContextArgument!]) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION

directive @join__graph(name: String!, url: String!) on ENUM_VALUE

directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE

directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR

directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION

directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA"#;

const MACHINERY_TYPES: &str = r#"input join__ContextArgument {
  name: String!
  type: String!
  context: String!
  selection: join__FieldValue!
}

scalar join__DirectiveArguments

scalar join__FieldSet

scalar join__FieldValue

scalar link__Import

enum link__Purpose {
  """
  Features that must be understood to answer securely.
  """
  SECURITY

  """
  Features that must be understood to execute at all.
  """
  EXECUTION
}"#;

/// Prints the supergraph.
pub(crate) fn supergraph(merged: &Merged, subgraphs: &[Subgraph]) -> String {
    let mut directives: Vec<String> = JOIN_DIRECTIVES.split("\n\n").map(str::to_owned).collect();
    let mut types: Vec<String> = split_definitions(MACHINERY_TYPES);
    types.push(graph_enum(subgraphs));
    for definition in merged.features.linked.iter().flat_map(|feature| &feature.definitions) {
        let target = if definition.starts_with("directive") { &mut directives } else { &mut types };
        target.push(definition.clone());
    }
    if merged.schema.types.values().any(|known| known.is_input_object() && known.directives().has("oneOf")) {
        directives.push(ONE_OF.to_owned());
    }
    for definition in merged.schema.directive_definitions.values().filter(|known| !known.is_built_in()) {
        directives.push(definition.serialize().to_string().trim_end().to_owned());
    }
    types.extend(merged.schema.types.values().filter(|known| !known.is_built_in()).map(type_definition));
    directives.sort_by_cached_key(|definition| sort_key(definition));
    types.sort_by_cached_key(|definition| sort_key(definition));
    let mut sdl = header(merged);
    for definition in directives.into_iter().chain(types) {
        sdl.push_str("\n\n");
        sdl.push_str(&definition);
    }
    sdl.push('\n');
    sdl
}

/// Prints a supergraph that was read from text.
pub(crate) fn schema(schema: &Schema) -> String {
    let mut sdl = String::from("schema");
    for applied in &schema.schema_definition.directives {
        let _ = write!(sdl, "\n  {}", directive(applied));
    }
    sdl.push_str(&roots(schema));
    let directives = schema.directive_definitions.values().filter(|known| !known.is_built_in());
    let mut directives: Vec<String> =
        directives.map(|known| known.serialize().to_string().trim_end().to_owned()).collect();
    let types = schema.types.values().filter(|known| !known.is_built_in());
    let mut types: Vec<String> = types.map(type_definition).collect();
    directives.sort_by_cached_key(|definition| sort_key(definition));
    types.sort_by_cached_key(|definition| sort_key(definition));
    for definition in directives.into_iter().chain(types) {
        sdl.push_str("\n\n");
        sdl.push_str(&definition);
    }
    sdl.push('\n');
    sdl
}

fn roots(schema: &Schema) -> String {
    let mut sdl = String::from("\n{\n");
    for (operation, root) in schema.schema_definition.iter_root_operations() {
        let _ = writeln!(sdl, "  {operation}: {root}");
    }
    sdl.push('}');
    sdl
}

/// Machinery types contain blank lines only inside braces.
fn split_definitions(text: &str) -> Vec<String> {
    let mut definitions: Vec<String> = Vec::new();
    for part in text.split("\n\n") {
        match definitions.last_mut().filter(|last| last.matches('{').count() > last.matches('}').count()) {
            Some(open) => {
                open.push_str("\n\n");
                open.push_str(part);
            }
            None => definitions.push(part.to_owned()),
        }
    }
    definitions
}

/// Definitions are sorted by name, whatever its case.
fn sort_key(definition: &str) -> (String, String) {
    let name = name_of(definition);
    (name.to_ascii_lowercase(), name.to_owned())
}

/// The name a definition is sorted by: the word after its keyword, below its description.
fn name_of(definition: &str) -> &str {
    let body = match definition.strip_prefix("\"\"\"") {
        Some(rest) => rest.find("\n\"\"\"\n").map_or(rest, |end| &rest[end + 5..]),
        None => definition,
    };
    let name = body.split_whitespace().nth(1).unwrap_or_default();
    name.trim_start_matches('@').split(['(', '{']).next().unwrap_or_default()
}

fn header(merged: &Merged) -> String {
    let mut sdl = String::from(
        "schema\n  @link(url: \"https://specs.apollo.dev/link/v1.0\")\n  @link(url: \"https://specs.apollo.dev/join/v0.5\", for: EXECUTION)",
    );
    for feature in &merged.features.linked {
        let _ = write!(sdl, "\n  @link(url: \"{}\"", feature.url);
        let imports: Vec<String> = feature
            .imports
            .iter()
            .map(|(element, alias)| {
                if element == alias {
                    format!("\"{element}\"")
                } else {
                    format!("{{name: \"{element}\", as: \"{alias}\"}}")
                }
            })
            .collect();
        if !imports.is_empty() {
            let _ = write!(sdl, ", import: [{}]", imports.join(", "));
        }
        if let Some(purpose) = feature.purpose {
            let _ = write!(sdl, ", for: {purpose}");
        }
        sdl.push(')');
    }
    sdl + &roots(&merged.schema)
}

fn graph_enum(subgraphs: &[Subgraph]) -> String {
    let mut sdl = String::from("enum join__Graph {\n");
    for Subgraph { graph, name, url, .. } in subgraphs {
        let quote = |text: &str| serde_json::Value::from(text).to_string();
        let _ = writeln!(sdl, "  {graph} @join__graph(name: {}, url: {})", quote(name), quote(url));
    }
    sdl.push('}');
    sdl
}

/// One type definition, directives of the type on lines of their own.
pub(crate) fn type_definition(definition: &ExtendedType) -> String {
    let mut sdl = String::new();
    describe(&mut sdl, definition.description(), "");
    let name = definition.name();
    let (keyword, interfaces) = match definition {
        ExtendedType::Scalar(_) => ("scalar", None),
        ExtendedType::Object(object) => ("type", Some(&object.implements_interfaces)),
        ExtendedType::Interface(interface) => ("interface", Some(&interface.implements_interfaces)),
        ExtendedType::Union(_) => ("union", None),
        ExtendedType::Enum(_) => ("enum", None),
        ExtendedType::InputObject(_) => ("input", None),
    };
    let _ = write!(sdl, "{keyword} {name}");
    if let Some(interfaces) = interfaces.filter(|interfaces| !interfaces.is_empty()) {
        let names: Vec<&str> = interfaces.iter().map(|interface| interface.as_str()).collect();
        let _ = write!(sdl, " implements {}", names.join(" & "));
    }
    for applied in definition.directives().iter() {
        let _ = write!(sdl, "\n  {}", directive(applied));
    }
    body(&mut sdl, definition);
    sdl
}

fn body(sdl: &mut String, definition: &ExtendedType) {
    let open = if definition.directives().is_empty() { " {\n" } else { "\n{\n" };
    match definition {
        ExtendedType::Scalar(_) => {}
        ExtendedType::Object(object) => fields(sdl, open, &object.fields),
        ExtendedType::Interface(interface) => fields(sdl, open, &interface.fields),
        ExtendedType::Union(union) => {
            let members: Vec<&str> = union.members.iter().map(|member| member.as_str()).collect();
            let separator = if definition.directives().is_empty() { " = " } else { "\n = " };
            let _ = write!(sdl, "{separator}{}", members.join(" | "));
        }
        ExtendedType::Enum(definition) => {
            sdl.push_str(open);
            for value in definition.values.values() {
                describe(sdl, value.description.as_ref(), "  ");
                let _ = writeln!(sdl, "  {}{}", value.value, applied(&value.directives));
            }
            sdl.push('}');
        }
        ExtendedType::InputObject(definition) => {
            sdl.push_str(open);
            for field in definition.fields.values() {
                describe(sdl, field.description.as_ref(), "  ");
                let _ = writeln!(sdl, "  {}", input_value(field));
            }
            sdl.push('}');
        }
    }
}

fn fields(sdl: &mut String, open: &str, fields: &Fields) {
    sdl.push_str(open);
    for field in fields.values() {
        describe(sdl, field.description.as_ref(), "  ");
        let _ = write!(sdl, "  {}", field.name);
        arguments(sdl, &field.arguments);
        let _ = writeln!(sdl, ": {}{}", field.ty, applied(&field.directives));
    }
    sdl.push('}');
}

fn arguments(sdl: &mut String, arguments: &[Node<InputValueDefinition>]) {
    if arguments.is_empty() {
        return;
    }
    if arguments.iter().all(|argument| argument.description.is_none()) {
        let printed: Vec<String> = arguments.iter().map(|argument| input_value(argument)).collect();
        let _ = write!(sdl, "({})", printed.join(", "));
        return;
    }
    sdl.push_str("(\n");
    for argument in arguments {
        describe(sdl, argument.description.as_ref(), "    ");
        let _ = writeln!(sdl, "    {}", input_value(argument));
    }
    sdl.push_str("  )");
}

fn input_value(input: &InputValueDefinition) -> String {
    let mut sdl = format!("{}: {}", input.name, input.ty);
    if let Some(value) = &input.default_value {
        let _ = write!(sdl, " = {}", value.serialize().no_indent());
    }
    sdl + &applied(&input.directives)
}

fn applied(directives: &[Node<Directive>]) -> String {
    directives.iter().map(|applied| format!(" {}", directive(applied))).collect()
}

fn directive(directive: &Directive) -> String {
    directive.serialize().no_indent().to_string()
}

fn describe(sdl: &mut String, description: Option<&Node<str>>, indent: &str) {
    let Some(description) = description else { return };
    let _ = writeln!(sdl, "{indent}\"\"\"");
    for line in description.replace("\"\"\"", "\\\"\"\"").lines() {
        let _ = writeln!(sdl, "{}", format!("{indent}{line}").trim_end());
    }
    let _ = writeln!(sdl, "{indent}\"\"\"");
}

/// Prints the API schema: what clients see, types sorted by name.
pub(crate) fn api(schema: &Schema) -> String {
    let mut definitions: Vec<String> =
        schema.types.values().filter(|known| !known.is_built_in()).map(type_definition).collect();
    let directives = schema.directive_definitions.values().filter(|known| !known.is_built_in());
    definitions.extend(directives.map(|known| known.serialize().to_string().trim_end().to_owned()));
    definitions
        .sort_by_key(|definition| (!definition.starts_with("directive"), name_of(definition).to_owned()));
    definitions.join("\n\n") + "\n"
}
