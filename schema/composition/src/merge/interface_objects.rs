//! `@interfaceObject`: fields that one subgraph adds to all implementations of an interface at once.

use apollo_compiler::ast::{Directive, FieldDefinition, Value};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node};

use super::overrides::Overrides;
use super::{Merger, directive};
use crate::ErrorCode;
use crate::subgraph::Subgraph;

impl Merger<'_> {
    /// The interface objects that bring `parent` the field `name`, in subgraphs that do not know `parent`.
    pub(super) fn abstracted_by_interface_object(&self, parent: &Name, name: &Name) -> Vec<(usize, Name)> {
        let Some(ExtendedType::Object(object)) = self.schema.types.get(parent) else { return Vec::new() };
        let mut found = Vec::new();
        for (index, subgraph) in self.subgraphs.iter().enumerate() {
            for interface in &object.implements_interfaces {
                if subgraph.is_interface_object(interface)
                    && !subgraph.schema.types.contains_key(parent)
                    && subgraph.field(interface, name).is_some()
                    && !subgraph.is_external(interface, name)
                {
                    found.push((index, interface.name.clone()));
                }
            }
        }
        found
    }

    /// Gives implementations the fields that only interface objects define, and checks who may do that.
    pub(super) fn add_interface_object_fields(&mut self) {
        self.check_interface_keys();
        let objects: Vec<Name> = self
            .schema
            .types
            .iter()
            .filter(|(_, definition)| definition.is_object() && !definition.is_built_in())
            .map(|(name, _)| name.clone())
            .collect();
        for object in objects {
            for field in self.fields_from_interface_objects(&object) {
                let name = field.name.clone();
                self.check_sharing(&object, &name, &[], &Overrides::default());
                self.insert_field(&object, field);
            }
        }
    }

    fn fields_from_interface_objects(&self, object: &Name) -> Vec<FieldDefinition> {
        let Some(ExtendedType::Object(definition)) = self.schema.types.get(object) else { return Vec::new() };
        let mut added: Vec<FieldDefinition> = Vec::new();
        for interface in &definition.implements_interfaces {
            let Some(merged) = self.schema.get_interface(interface) else { continue };
            for (name, field) in &merged.fields {
                let known =
                    definition.fields.contains_key(name) || added.iter().any(|field| field.name == *name);
                let brought = self.subgraphs.iter().any(|subgraph| {
                    subgraph.is_interface_object(interface) && subgraph.field(interface, name).is_some()
                });
                if !known && brought {
                    let mut field = FieldDefinition::clone(field);
                    // Only the interface knows who resolves it; the bare directive says: not just everyone.
                    field.directives.retain(|applied| !applied.name.starts_with("join__"));
                    field.directives.extend(self.joins_of_added(object, name).into_iter().map(Node::new));
                    added.push(field);
                }
            }
        }
        added
    }

    /// Who of those that know the implementation needs the added field, although nobody there resolves it.
    fn joins_of_added(&self, object: &Name, field: &Name) -> Vec<Directive> {
        let needed = |subgraph: &Subgraph| {
            subgraph.field_facts(object, field).is_some_and(|facts| facts.external && facts.used)
        };
        let needing = (0..self.subgraphs.len()).filter(|index| needed(&self.subgraphs[*index]));
        let joins: Vec<Directive> = needing
            .map(|index| {
                let external = Some(Value::Boolean(true));
                directive("join__field", vec![("graph", Some(self.graph(index))), ("external", external)])
            })
            .collect();
        if joins.is_empty() { vec![directive("join__field", Vec::new())] } else { joins }
    }

    fn check_interface_keys(&mut self) {
        let interfaces: Vec<Name> = self
            .schema
            .types
            .iter()
            .filter(|(_, definition)| definition.is_interface())
            .map(|(name, _)| name.clone())
            .collect();
        for interface in interfaces {
            let implementations = self.implementations(&interface);
            self.check_implementations_known(&interface, &implementations);
            self.check_interface_object_alone(&interface, &implementations);
        }
    }

    /// The object types that implement `interface` in any subgraph.
    pub(super) fn implementations(&self, interface: &Name) -> Vec<Name> {
        let implements = |definition: &ExtendedType| match definition {
            ExtendedType::Object(object) => object.implements_interfaces.contains(interface),
            _ => false,
        };
        let types = self.schema.types.iter();
        types.filter(|(_, definition)| implements(definition)).map(|(name, _)| name.clone()).collect()
    }

    fn check_implementations_known(&mut self, interface: &Name, implementations: &[Name]) {
        for (index, subgraph) in self.subgraphs.iter().enumerate() {
            let keyed = subgraph.schema.get_interface(interface).is_some()
                && subgraph
                    .type_facts(interface)
                    .is_some_and(|facts| facts.keys.iter().any(|key| key.resolvable));
            if !keyed {
                continue;
            }
            let known = subgraph.runtime_types_of(interface);
            let missing: Vec<String> = implementations
                .iter()
                .filter(|object| !known.contains(object))
                .map(ToString::to_string)
                .collect();
            if !missing.is_empty() {
                let span = self.type_span(index, interface);
                self.diagnostics.error(
                    ErrorCode::InterfaceKeyMissingImplementationType,
                    format!(
                        "[{}] the interface {interface} has a @key, so this subgraph must know every \
                         implementation, but {} is missing",
                        subgraph.name,
                        super::and_list(&missing)
                    ),
                    [span],
                );
            }
        }
    }

    fn check_interface_object_alone(&mut self, interface: &Name, implementations: &[Name]) {
        let keyed = self.subgraphs.iter().any(|subgraph| {
            subgraph.schema.get_interface(interface).is_some()
                && subgraph.type_facts(interface).is_some_and(|facts| !facts.keys.is_empty())
        });
        for (index, subgraph) in self.subgraphs.iter().enumerate() {
            if !subgraph.is_interface_object(interface) {
                continue;
            }
            let known: Vec<String> = implementations
                .iter()
                .filter(|object| subgraph.schema.types.contains_key(*object))
                .map(ToString::to_string)
                .collect();
            if keyed && !known.is_empty() {
                let span = self.type_span(index, interface);
                self.diagnostics.error(
                    ErrorCode::InterfaceObjectUsageError,
                    format!(
                        "[{}] {interface} is an @interfaceObject here, so the subgraph cannot also define its \
                         implementation {}",
                        subgraph.name,
                        super::and_list(&known)
                    ),
                    [span],
                );
            }
        }
    }
}
