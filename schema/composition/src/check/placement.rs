//! Directives in places where they mean nothing: on interfaces and their fields, or twice on the same element.

use federation::link::Version;
use federation::spec::FederationDirective as Fd;

use crate::ErrorCode;
use crate::sources::Diagnostics;
use crate::subgraph::{Subgraph, fields_of};

/// Checks where `subgraph` puts its directives.
pub(crate) fn check(subgraph: &Subgraph, diagnostics: &mut Diagnostics) {
    check_repeated_shareable(subgraph, diagnostics);
    for (name, definition) in subgraph.own_types() {
        let Some(interface) = definition.as_interface() else { continue };
        check_keys(subgraph, name, diagnostics);
        let rules = [
            (Fd::External, ErrorCode::ExternalOnInterface),
            (Fd::Requires, ErrorCode::RequiresUnsupportedOnInterface),
            (Fd::Provides, ErrorCode::ProvidesUnsupportedOnInterface),
            (Fd::Shareable, ErrorCode::InvalidShareableUsage),
        ];
        for field in interface.fields.values() {
            for (directive, code) in rules {
                let Some(local) = subgraph.links.name(directive) else { continue };
                let Some(applied) = field.directives.get(local) else { continue };
                if directive == Fd::Provides && subgraph.is_leaf(field.ty.inner_named_type()) {
                    // That it provides nothing is said already.
                    continue;
                }
                diagnostics.error(
                    code,
                    format!(
                        "[{}] @{local} cannot be used on {name}.{}, an interface's field",
                        subgraph.name, field.name
                    ),
                    [applied.location()],
                );
            }
        }
    }
}

/// `@shareable` may be repeated only for the extensions of a type to have it too.
fn check_repeated_shareable(subgraph: &Subgraph, diagnostics: &mut Diagnostics) {
    let Some(local) = subgraph.links.name(Fd::Shareable) else { return };
    let mut report = |coordinate: String, span| {
        let message = format!("[{}] @{local} is applied to {coordinate} twice", subgraph.name);
        diagnostics.error(ErrorCode::InvalidShareableUsage, message, [span]);
    };
    for (name, definition) in subgraph.own_types() {
        let mut seen = Vec::new();
        for applied in definition.directives().get_all(local) {
            if seen.contains(&&applied.origin) {
                report(name.to_string(), applied.location());
            }
            seen.push(&applied.origin);
        }
        for field in fields_of(definition).into_iter().flat_map(|fields| fields.values()) {
            if let Some(repeated) = field.directives.get_all(local).nth(1) {
                report(format!("{name}.{}", field.name), repeated.location());
            }
        }
    }
}

/// Keys on interfaces came with v2.3.
fn check_keys(subgraph: &Subgraph, name: &str, diagnostics: &mut Diagnostics) {
    if subgraph.links.federation.is_none_or(|version| version >= Version::new(2, 3)) {
        return;
    }
    let Some(facts) = subgraph.type_facts(name) else { return };
    for key in &facts.keys {
        diagnostics.error(
            ErrorCode::KeyUnsupportedOnInterface,
            format!("[{}] @key on the interface {name} needs federation v2.3", subgraph.name),
            [key.directive.location()],
        );
    }
}
