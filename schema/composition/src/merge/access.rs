//! Access rules of implementations, repeated on their interfaces: who asks through the interface must not see
//! more than who asks for the type.

use apollo_compiler::ast::{Directive, FieldDefinition};
use apollo_compiler::schema::{Component, ExtendedType};
use apollo_compiler::{Name, Node};
use federation::spec::FederationDirective as Fd;

use super::Merger;
use super::applied::all_requirements;
use crate::subgraph::fields_of;

/// What is applied to an interface, and to each of its fields.
type Rules = (Vec<Directive>, Vec<(Name, Vec<Directive>)>);

impl Merger<'_> {
    /// Puts every implementation's `@authenticated`, `@requiresScopes` and `@policy` on its interfaces, so that all
    /// of them must be met.
    pub(super) fn propagate_access_rules(&mut self) {
        let names = [(Fd::Authenticated, ""), (Fd::RequiresScopes, "scopes"), (Fd::Policy, "policies")];
        let known: Vec<(Name, &'static str)> = names
            .into_iter()
            .filter_map(|(directive, argument)| {
                Some((self.features.names.get(&directive)?.clone(), argument))
            })
            .collect();
        if known.is_empty() {
            return;
        }
        let types = self.schema.types.iter();
        let interfaces: Vec<Name> =
            types.filter(|(_, ty)| ty.is_interface()).map(|(name, _)| name.clone()).collect();
        for interface in &interfaces {
            self.push_down(interface, &known);
        }
        for interface in interfaces {
            let rules = self.access_rules(&interface, &known);
            self.apply_access_rules(&interface, rules);
        }
    }

    /// What an `@interfaceObject` asks for a field, it asks for the field of every implementation.
    fn push_down(&mut self, interface: &Name, known: &[(Name, &'static str)]) {
        let Some(definition) = self.schema.get_interface(interface) else { return };
        let mut rules: Vec<(Name, Node<Directive>, &'static str)> = Vec::new();
        for (field, definition) in &definition.fields {
            for (name, argument) in known {
                let applied = definition.directives.get(name);
                rules.extend(applied.map(|applied| (field.clone(), applied.clone(), *argument)));
            }
        }
        for object in if rules.is_empty() { Vec::new() } else { self.implementations(interface) } {
            let Some(ExtendedType::Object(object)) = self.schema.types.get_mut(&object) else { continue };
            let fields = &mut object.make_mut().fields;
            for (field, rule, argument) in &rules {
                let Some(field) = fields.get_mut(field) else { continue };
                let directives = &mut field.make_mut().directives;
                let mut applied: Vec<Node<Directive>> =
                    directives.get(&rule.name).cloned().into_iter().collect();
                applied.push(rule.clone());
                directives.retain(|own| own.name != rule.name);
                directives.extend(combine(&applied, argument).map(Node::new));
            }
        }
    }

    fn access_rules(&self, interface: &Name, known: &[(Name, &'static str)]) -> Rules {
        let objects: Vec<&ExtendedType> = self
            .implementations(interface)
            .iter()
            .filter_map(|object| self.schema.types.get(object))
            .collect();
        // An `@interfaceObject` may have brought the interface rules of its own.
        let own = self.schema.types.get(interface);
        let mut on_type = Vec::new();
        for (name, argument) in known {
            let holders = own.into_iter().chain(objects.iter().copied());
            let applied: Vec<Node<Directive>> =
                holders.filter_map(|holder| Some(holder.directives().get(name)?.node.clone())).collect();
            on_type.extend(combine(&applied, argument));
        }
        let mut on_fields = Vec::new();
        let fields = self.schema.get_interface(interface).map(|interface| &interface.fields);
        for field in fields.into_iter().flat_map(|fields| fields.keys()) {
            let holders = own.into_iter().chain(objects.iter().copied());
            let implementing: Vec<&Component<FieldDefinition>> =
                holders.filter_map(|holder| fields_of(holder)?.get(field)).collect();
            let mut rules = Vec::new();
            for (name, argument) in known {
                let applied: Vec<Node<Directive>> =
                    implementing.iter().filter_map(|field| field.directives.get(name).cloned()).collect();
                rules.extend(combine(&applied, argument));
            }
            on_fields.push((field.clone(), rules));
        }
        (on_type, on_fields)
    }

    fn apply_access_rules(&mut self, interface: &Name, (on_type, on_fields): Rules) {
        let Some(ExtendedType::Interface(interface)) = self.schema.types.get_mut(interface) else { return };
        let interface = interface.make_mut();
        interface.directives.retain(|own| on_type.iter().all(|rule| rule.name != own.name));
        interface.directives.extend(on_type.into_iter().map(|rule| Component::from(Node::new(rule))));
        for (field, rules) in on_fields {
            if let Some(field) = interface.fields.get_mut(&field).filter(|_| !rules.is_empty()) {
                let directives = &mut field.make_mut().directives;
                directives.retain(|own| rules.iter().all(|rule| rule.name != own.name));
                directives.extend(rules.into_iter().map(Node::new));
            }
        }
    }
}

fn combine(applied: &[Node<Directive>], argument: &'static str) -> Option<Directive> {
    let first = applied.first()?;
    Some(if argument.is_empty() { Directive::clone(first) } else { all_requirements(argument, applied) })
}
