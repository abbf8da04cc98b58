//! Directives in places where they mean nothing: on interfaces and their fields.

use federation::link::Version;
use federation::spec::FederationDirective as Fd;

use crate::ErrorCode;
use crate::sources::Diagnostics;
use crate::subgraph::Subgraph;

/// Checks the interfaces of `subgraph`.
pub(crate) fn check(subgraph: &Subgraph, diagnostics: &mut Diagnostics) {
    check_subscriptions(subgraph, diagnostics);
    for (name, definition) in subgraph.own_types() {
        let Some(interface) = definition.as_interface() else { continue };
        check_keys(subgraph, name, diagnostics);
        let rules = [
            (Fd::External, ErrorCode::ExternalOnInterface),
            (Fd::Requires, ErrorCode::RequiresUnsupportedOnInterface),
            (Fd::Provides, ErrorCode::ProvidesUnsupportedOnInterface),
            (Fd::Override, ErrorCode::OverrideOnInterface),
            (Fd::Shareable, ErrorCode::InvalidShareableUsage),
        ];
        for field in interface.fields.values() {
            for (directive, code) in rules {
                let Some(local) = subgraph.links.name(directive) else { continue };
                let Some(applied) = field.directives.get(local) else { continue };
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

/// A subscription has one source of events.
fn check_subscriptions(subgraph: &Subgraph, diagnostics: &mut Diagnostics) {
    let Some(facts) = subgraph.type_facts("Subscription") else { return };
    for (field, _) in facts.fields.iter().filter(|(_, facts)| facts.shareable) {
        let definition = subgraph.field("Subscription", field);
        diagnostics.error(
            ErrorCode::InvalidFieldSharing,
            format!("[{}] Subscription.{field} cannot be @shareable", subgraph.name),
            [definition.and_then(|field| field.name.location())],
        );
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
