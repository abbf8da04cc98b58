//! DIRECTIVE_DEFINITION_INVALID and TYPE_DEFINITION_INVALID: a subgraph may repeat federation's definitions, but
//! not change them.

use apollo_compiler::Node;
use apollo_compiler::ast::{Definition, DirectiveDefinition, Document, Type};
use federation::spec::FederationDirective;
use rustc_hash::FxHashSet;

use crate::ErrorCode;
use crate::sources::Diagnostics;
use crate::subgraph::links::Links;

/// Compares the federation directives that `document` defines with what they should be.
pub(crate) fn check(document: &Document, links: &Links, subgraph: &str, diagnostics: &mut Diagnostics) {
    check_scalars(document, links, subgraph, diagnostics);
    for definition in
        document.definitions.iter().filter_map(|definition| definition.as_directive_definition())
    {
        let Some(known) = links.federation_directive(&definition.name) else { continue };
        let Some(expected) = parse(&links.definition(known)) else { continue };
        if let Some(problem) = difference(known, definition, &expected, links.is_federation_1()) {
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
    federation_1: bool,
) -> Option<String> {
    for argument in &found.arguments {
        let Some(standard) = expected.argument_by_name(&argument.name) else {
            return Some(format!("unknown argument {}", argument.name));
        };
        if !same_type(known, &argument.ty, &standard.ty, federation_1) {
            return Some(format!(
                "argument {} should be {}, not {}",
                argument.name, standard.ty, argument.ty
            ));
        }
    }
    for argument in &found.arguments {
        let standard = expected.argument_by_name(&argument.name);
        let default = standard.and_then(|standard| standard.default_value.as_ref());
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

/// Scalars for field sets and the like may be called anything, and older libraries made them nullable strings.
fn same_type(known: FederationDirective, found: &Type, expected: &Type, federation_1: bool) -> bool {
    use FederationDirective as Fd;
    if found == expected {
        return true;
    }
    let takes_fields = matches!(known, Fd::Key | Fd::Requires | Fd::Provides);
    let lenient = takes_fields || matches!(known, Fd::RequiresScopes | Fd::Policy | Fd::FromContext);
    lenient
        && (federation_1 || found.is_non_null() == expected.is_non_null() || takes_fields && found.is_named())
}
