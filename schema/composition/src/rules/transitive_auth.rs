//! MISSING_TRANSITIVE_AUTH_REQUIREMENTS: a field must not leak what its `@requires` or `@fromContext` reads on the
//! caller's behalf.

use apollo_compiler::Name;
use apollo_compiler::ast::Directive;
use apollo_compiler::parser::SourceSpan;
use federation::field_set::FieldSet;
use federation::spec::FederationDirective as Fd;
use std::collections::BTreeSet;

use crate::ErrorCode;
use crate::merge::{Merged, alternatives};
use crate::sources::Diagnostics;
use crate::subgraph::{Subgraph, contexts, facts, fields_of};

const RULES: [(Fd, &str); 3] =
    [(Fd::Authenticated, ""), (Fd::RequiresScopes, "scopes"), (Fd::Policy, "policies")];

/// Compares the access rules of every field that reads others with the rules of those.
pub(super) fn check(merged: &Merged, subgraphs: &[Subgraph], diagnostics: &mut Diagnostics) {
    if RULES.iter().all(|(rule, _)| merged.features.name(*rule).is_none()) {
        return;
    }
    for subgraph in subgraphs {
        for (parent, definition) in subgraph.own_types() {
            for field in fields_of(definition).into_iter().flat_map(|fields| fields.keys()) {
                check_field(merged, subgraph, parent, field, diagnostics);
            }
        }
    }
}

fn check_field(
    merged: &Merged,
    subgraph: &Subgraph,
    parent: &Name,
    field: &Name,
    diagnostics: &mut Diagnostics,
) {
    let requires = subgraph.field_facts(parent, field).and_then(|facts| facts.requires.as_ref());
    if let Some((requires, fields)) =
        requires.and_then(|requires| Some((requires, requires.fields.as_ref()?)))
    {
        for read in facts::targets(subgraph, parent, &fields.selections) {
            check_read(
                merged,
                subgraph,
                (parent, field),
                (&read, requires.directive.location()),
                diagnostics,
            );
        }
    }
    let at = subgraph.field(parent, field).and_then(|field| field.name.location());
    for argument in contexts::arguments(subgraph, parent, field) {
        let Ok(set) = FieldSet::parse(&argument.value.selection) else { continue };
        for setter in contexts::setters(subgraph, &argument.value.context) {
            for read in facts::targets(subgraph, setter, &set.selections) {
                check_read(merged, subgraph, (parent, field), (&read, at), diagnostics);
            }
        }
    }
}

/// A field that is read on the caller's behalf by `parent.field`, with the place that says so.
fn check_read(
    merged: &Merged,
    subgraph: &Subgraph,
    (parent, field): (&Name, &Name),
    ((read_parent, read), at): (&(Name, Name), Option<SourceSpan>),
    diagnostics: &mut Diagnostics,
) {
    for (rule, argument) in RULES {
        let Some(name) = merged.features.name(rule) else { continue };
        let needed = applied(merged, read_parent, read, name);
        let given = applied(merged, parent, field, name);
        if needed.iter().any(|needed| !given.iter().any(|given| implies(given, needed, argument))) {
            diagnostics.error(
                ErrorCode::MissingTransitiveAuthRequirements,
                format!(
                    "[{}] {parent}.{field} reads {read_parent}.{read}, so it needs its @{name} too",
                    subgraph.name
                ),
                [at],
            );
        }
    }
}

/// The rule on a field, on its parent type and on the type it returns.
fn applied<'a>(merged: &'a Merged, parent: &Name, field: &Name, rule: &str) -> Vec<&'a Directive> {
    let Some(definition) = merged.schema.types.get(parent) else { return Vec::new() };
    let field = fields_of(definition).and_then(|fields| fields.get(field));
    let returned = field.and_then(|field| merged.schema.types.get(field.ty.inner_named_type()));
    let on_field = field.and_then(|field| field.directives.get(rule)).map(|applied| &**applied);
    let on_type =
        |ty: &'a apollo_compiler::schema::ExtendedType| ty.directives().get(rule).map(|applied| &***applied);
    [on_field, on_type(definition), returned.and_then(on_type)].into_iter().flatten().collect()
}

/// Whoever meets `given` also meets `needed`: each alternative contains one of the needed ones.
fn implies(given: &Directive, needed: &Directive, argument: &str) -> bool {
    let needed: Vec<BTreeSet<String>> = alternatives(needed, argument);
    let given = alternatives(given, argument);
    given.iter().all(|have| needed.iter().any(|need| need.is_subset(have)))
}
