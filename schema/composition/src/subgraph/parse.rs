//! The parse stage: SDL to a valid GraphQL schema with federation's definitions in it.
//!
//! apollo-compiler judges the GraphQL; it does not know federation, so the missing definitions are added first.

use apollo_compiler::ast::{Document, FieldDefinition, Type};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::parser::Parser;
use apollo_compiler::schema::{Component, ExtendedType, ObjectType, Schema, SchemaBuilder};
use apollo_compiler::validation::DiagnosticList;
use apollo_compiler::{Name, Node, name};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Subgraph;
use super::fields_of;
use super::links::Links;
use crate::sources::Diagnostics;
use crate::{CompositionError, ErrorCode, SubgraphInput};

/// Deep enough for people, shallow enough for the stack.
const RECURSION_LIMIT: usize = 200;

/// Parses one subgraph. `None` when its SDL is not even GraphQL; the errors are in `diagnostics`.
pub(crate) fn parse(input: &SubgraphInput, graph: Name, diagnostics: &mut Diagnostics) -> Option<Subgraph> {
    let path = input.source.clone().unwrap_or_else(|| format!("{}.graphql", input.name));
    let mut parser = Parser::new().recursion_limit(RECURSION_LIMIT);
    let document = match parser.parse_ast(input.sdl.as_str(), &path) {
        Ok(document) => document,
        Err(failure) => {
            diagnostics.register(input, &failure.partial.sources, &path);
            report(&failure.errors, input, diagnostics);
            return None;
        }
    };
    diagnostics.register(input, &document.sources, &path);
    let before = diagnostics.errors.len();
    let links = Links::read(&document, &input.name, diagnostics);
    if diagnostics.errors.len() > before {
        // With the names of directives wrong, everything else would look wrong too.
        return None;
    }
    crate::check::definitions::check(&document, &links, &input.name, diagnostics);
    let invalid = diagnostics.errors.split_off(before);
    let schema = build(&document, &links, input, diagnostics);
    if !invalid.is_empty() {
        judge_together(before, invalid, diagnostics);
        return None;
    }
    let schema = schema?;
    Some(Subgraph {
        name: input.name.clone(),
        url: input.url.clone(),
        graph,
        schema,
        links,
        defined: defined_types(&document),
        facts: FxHashMap::default(),
        runtime_types: FxHashMap::default(),
    })
}

/// Puts what is wrong with the definitions of federation's directives beside what is wrong with the GraphQL. Where a
/// type is missing, no definition can be judged; and with a wrong definition, only missing directives are surely wrong.
fn judge_together(before: usize, invalid: Vec<CompositionError>, diagnostics: &mut Diagnostics) {
    let lacks = |what: &str| {
        let words = format!("] cannot find {what} `");
        move |error: &CompositionError| error.message.contains(&words)
    };
    let errors = &mut diagnostics.errors;
    if errors[before..].iter().any(lacks("type")) {
        return;
    }
    let graphql = errors.split_off(before);
    errors.extend(invalid);
    errors.extend(graphql.into_iter().filter(lacks("directive")));
}

fn build(
    document: &Document,
    links: &Links,
    input: &SubgraphInput,
    diagnostics: &mut Diagnostics,
) -> Option<Schema> {
    let built = SchemaBuilder::new()
        .adopt_orphan_extensions()
        .ignore_builtin_redefinitions()
        .add_ast(document)
        .parse(links.missing_definitions(document), "federation.graphql")
        .build();
    let mut schema = match built {
        Ok(schema) => schema,
        Err(failure) => {
            report(&failure.errors, input, diagnostics);
            return None;
        }
    };
    if mentions_missing_query(&schema, input, diagnostics) {
        return None;
    }
    serve_entities(&mut schema);
    match schema.validate() {
        Ok(valid) => {
            let mut schema = valid.into_inner();
            remove_service_fields(&mut schema);
            Some(schema)
        }
        Err(failure) => {
            report(&failure.errors, input, diagnostics);
            None
        }
    }
}

/// A query root that the subgraph has no fields for is ours to add, but not the subgraph's to mention.
fn mentions_missing_query(schema: &Schema, input: &SubgraphInput, diagnostics: &mut Diagnostics) -> bool {
    let root = schema.schema_definition.query.as_ref().map_or("Query", |root| root.as_str());
    if schema.types.contains_key(root) {
        return false;
    }
    let fields = schema.types.values().filter_map(fields_of).flat_map(|fields| fields.values());
    let mentions: Vec<_> = fields.filter(|field| *field.ty.inner_named_type() == root).collect();
    for field in &mentions {
        diagnostics.error(
            ErrorCode::InvalidGraphql,
            format!("[{}] cannot find type `{root}` in this document", input.name),
            [field.name.location()],
        );
    }
    !mentions.is_empty()
}

/// A subgraph always serves `_service`, so even one without query fields of its own has a query root.
fn serve_entities(schema: &mut Schema) {
    let root = schema.schema_definition.query.as_ref().map(|name| name.name.clone());
    let root = root.unwrap_or_else(|| {
        schema.schema_definition.make_mut().query = Some(name!("Query").into());
        name!("Query")
    });
    let query = schema.types.entry(root.clone()).or_insert_with(|| {
        ExtendedType::Object(Node::new(ObjectType {
            description: None,
            name: root,
            implements_interfaces: Default::default(),
            directives: Default::default(),
            fields: IndexMap::default(),
        }))
    });
    let ExtendedType::Object(query) = query else { return };
    let probe = FieldDefinition {
        description: None,
        name: name!("_service"),
        arguments: Vec::new(),
        ty: Type::Named(name!("String")),
        directives: Default::default(),
    };
    query.make_mut().fields.entry(name!("_service")).or_insert_with(|| Component::new(probe));
}

/// Takes `_service` and `_entities` out again: they are how the router works, not part of the graph. A query root
/// that is empty now stays: the router can still enter the subgraph there.
fn remove_service_fields(schema: &mut Schema) {
    let Some(root) = schema.schema_definition.query.as_ref().map(|name| name.name.clone()) else { return };
    let Some(ExtendedType::Object(query)) = schema.types.get_mut(&root) else { return };
    let query = query.make_mut();
    query.fields.shift_remove("_service");
    query.fields.shift_remove("_entities");
}

fn report(errors: &DiagnosticList, input: &SubgraphInput, diagnostics: &mut Diagnostics) {
    for diagnostic in errors.iter() {
        let message = format!("[{}] {}", input.name, diagnostic.error);
        let span = apollo_compiler::diagnostic::ToCliReport::location(diagnostic.error);
        diagnostics.error(ErrorCode::InvalidGraphql, message, [span]);
    }
}

fn defined_types(document: &Document) -> FxHashSet<Name> {
    document
        .definitions
        .iter()
        .filter(|definition| !definition.is_extension_definition())
        .filter(|definition| definition.as_directive_definition().is_none())
        .filter_map(|definition| definition.name().cloned())
        .collect()
}
