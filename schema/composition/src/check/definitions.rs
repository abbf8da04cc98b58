//! DIRECTIVE_DEFINITION_INVALID and TYPE_DEFINITION_INVALID: a subgraph may repeat federation's definitions, but
//! not change them.

use apollo_compiler::ast::{Definition, DirectiveDefinition, Document, Type};
use apollo_compiler::{Name, Node};
use federation::spec::FederationDirective;
use rustc_hash::FxHashSet;

use crate::ErrorCode;
use crate::sources::Diagnostics;
use crate::subgraph::links::Links;

/// Compares the federation directives that `document` defines with what they should be.
pub(crate) fn check(document: &Document, links: &Links, subgraph: &str, diagnostics: &mut Diagnostics) {
    if !links.is_federation_1() {
        check_scalars(document, links, subgraph, diagnostics);
    }
    check_mentioned_scalars(document, links, subgraph, diagnostics);
    for definition in
        document.definitions.iter().filter_map(|definition| definition.as_directive_definition())
    {
        let Some(known) = links.federation_directive(&definition.name) else { continue };
        let Some(expected) = parse(&links.definition(known)) else { continue };
        let scalars = own_scalars(document);
        if let Some(problem) = difference(known, definition, &expected, &scalars, links.is_federation_1()) {
            diagnostics.error(
                ErrorCode::DirectiveDefinitionInvalid,
                format!("[{subgraph}] invalid definition of @{}: {problem}", definition.name),
                [definition.name.location()],
            );
        }
    }
}

/// Federation's own types are scalars, all of them.
fn check_scalars(document: &Document, links: &Links, subgraph: &str, diagnostics: &mut Diagnostics) {
    for definition in &document.definitions {
        let Some(name) = definition.name().filter(|name| links.is_federation_scalar(name)) else { continue };
        let fine = matches!(
            definition,
            Definition::ScalarTypeDefinition(_)
                | Definition::ScalarTypeExtension(_)
                | Definition::DirectiveDefinition(_)
        );
        if !fine {
            diagnostics.error(
                ErrorCode::TypeDefinitionInvalid,
                format!("[{subgraph}] invalid definition of {name}: it should be a scalar"),
                [name.location()],
            );
        }
    }
}

/// Whoever spells a directive's definition out has to spell out its scalars too.
fn check_mentioned_scalars(
    document: &Document,
    links: &Links,
    subgraph: &str,
    diagnostics: &mut Diagnostics,
) {
    let types =
        document.definitions.iter().filter(|definition| definition.as_directive_definition().is_none());
    let defined: FxHashSet<&Name> = types.filter_map(|definition| definition.name()).collect();
    let directives =
        document.definitions.iter().filter_map(|definition| definition.as_directive_definition());
    for argument in directives.flat_map(|definition| &definition.arguments) {
        let name = argument.ty.inner_named_type();
        if links.is_federation_scalar(name) && !defined.contains(name) {
            diagnostics.error(
                ErrorCode::InvalidGraphql,
                format!("[{subgraph}] cannot find type `{name}` in this document"),
                [name.location()],
            );
        }
    }
}

fn own_scalars(document: &Document) -> FxHashSet<&Name> {
    let scalars = document.definitions.iter().filter_map(|definition| match definition {
        Definition::ScalarTypeDefinition(scalar) => Some(&scalar.name),
        _ => None,
    });
    scalars.collect()
}

fn parse(sdl: &str) -> Option<Node<DirectiveDefinition>> {
    let document = Document::parse(sdl, "federation.graphql").ok()?;
    document.definitions.into_iter().find_map(|definition| match definition {
        Definition::DirectiveDefinition(definition) => Some(definition),
        _ => None,
    })
}

fn difference(
    known: FederationDirective,
    found: &DirectiveDefinition,
    expected: &DirectiveDefinition,
    scalars: &FxHashSet<&Name>,
    federation_1: bool,
) -> Option<String> {
    for argument in &found.arguments {
        let Some(standard) = expected.argument_by_name(&argument.name) else {
            return Some(format!("unknown argument {}", argument.name));
        };
        if !same_type(&argument.ty, &standard.ty, scalars, federation_1 && takes_fields(known)) {
            return Some(format!(
                "argument {} should be {}, not {}",
                argument.name, standard.ty, argument.ty
            ));
        }
    }
    for argument in &found.arguments {
        let standard = expected.argument_by_name(&argument.name);
        let default = standard.and_then(|standard| standard.default_value.as_ref());
        // Where nobody may leave the argument out, the default does not matter.
        let default = default.filter(|_| !argument.ty.is_non_null());
        if let Some(default) = default.filter(|default| argument.default_value.as_ref() != Some(default)) {
            return Some(format!("argument {} should have the default {default}", argument.name));
        }
    }
    let missing = expected
        .arguments
        .iter()
        .find(|argument| argument.is_required() && found.argument_by_name(&argument.name).is_none());
    if let Some(argument) = missing {
        return Some(format!("missing argument {}", argument.name));
    }
    let allowed: FxHashSet<_> = expected.locations.iter().collect();
    let excess = found.locations.iter().find(|location| !allowed.contains(location));
    if let Some(location) = excess {
        return Some(format!("it must not be allowed on {location}"));
    }
    (found.repeatable && !expected.repeatable).then(|| "it must not be repeatable".to_owned())
}

/// A built-in type may stand for federation's own scalars, but another custom scalar may not; an argument that may be
/// left out may also be required. `nullable`: older libraries printed the field sets of Federation 1 as such.
fn same_type(found: &Type, expected: &Type, scalars: &FxHashSet<&Name>, nullable: bool) -> bool {
    match (found, expected) {
        _ if found == expected => true,
        (Type::NonNullNamed(_), Type::Named(_)) | (Type::NonNullList(_), Type::List(_)) => {
            same_type(&found.clone().nullable(), expected, scalars, nullable)
        }
        (Type::Named(_), Type::NonNullNamed(_)) if nullable => {
            same_type(found, &expected.clone().nullable(), scalars, nullable)
        }
        (Type::NonNullList(found), Type::NonNullList(expected))
        | (Type::List(found), Type::List(expected)) => same_type(found, expected, scalars, false),
        (Type::NonNullNamed(found), Type::NonNullNamed(expected))
        | (Type::Named(found), Type::Named(expected)) => !is_built_in(expected) && !scalars.contains(found),
        (Type::NonNullList(_), Type::NonNullNamed(expected)) | (Type::List(_), Type::Named(expected)) => {
            !is_built_in(expected)
        }
        _ => false,
    }
}

fn is_built_in(name: &Name) -> bool {
    matches!(name.as_str(), "Int" | "Float" | "String" | "Boolean" | "ID")
}

fn takes_fields(directive: FederationDirective) -> bool {
    use FederationDirective as Fd;
    matches!(directive, Fd::Key | Fd::Requires | Fd::Provides)
}
