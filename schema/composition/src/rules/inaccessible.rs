//! `@inaccessible`: what is left for clients must still be a schema.
//!
//! Source: the inaccessible specification v0.2.

use apollo_compiler::ast::{FieldDefinition, InputValueDefinition, Value};
use apollo_compiler::schema::{ExtendedType, Schema};
use apollo_compiler::{Name, Node};

use crate::ErrorCode;
use crate::sources::Diagnostics;
use crate::subgraph::{Fields, fields_of};

/// Checks what remains of `schema` for clients when everything marked with `directive` is gone.
pub(super) fn check(schema: &Schema, directive: &str, diagnostics: &mut Diagnostics) {
    Checker { schema, directive, diagnostics }.check();
}

struct Checker<'a> {
    schema: &'a Schema,
    directive: &'a str,
    diagnostics: &'a mut Diagnostics,
}

impl Checker<'_> {
    fn check(mut self) {
        let query = self.schema.schema_definition.query.as_ref();
        if let Some(query) = query.filter(|query| self.hides_type(query)) {
            self.diagnostics.error(
                ErrorCode::QueryRootTypeInaccessible,
                format!("{query} is @inaccessible, but clients need a query root"),
                [self.schema.types.get(&query.name).and_then(|ty| ty.name().location())],
            );
        }
        let schema = self.schema;
        for definition in schema.directive_definitions.values().filter(|known| !known.is_built_in()) {
            for argument in &definition.arguments {
                let coordinate = format!("@{}({}:)", definition.name, argument.name);
                self.check_reference(&coordinate, argument.ty.inner_named_type(), &argument.name);
            }
        }
        for (name, definition) in &schema.types {
            if definition.is_built_in() || definition.directives().has(self.directive) {
                continue;
            }
            self.check_children(name, definition);
            for field in fields_of(definition).into_iter().flat_map(|fields| fields.values()) {
                if !field.directives.has(self.directive) {
                    self.check_field(name, field);
                }
            }
            match definition {
                ExtendedType::Object(object) => {
                    self.check_implementation(
                        name,
                        &object.fields,
                        object.implements_interfaces.iter().map(|i| &i.name),
                    );
                }
                ExtendedType::Interface(interface) => {
                    let parents = interface.implements_interfaces.iter().map(|i| &i.name);
                    self.check_implementation(name, &interface.fields, parents);
                }
                ExtendedType::InputObject(input) => {
                    for field in input.fields.values() {
                        self.check_input(&format!("{name}.{}", field.name), field, "input field");
                    }
                }
                ExtendedType::Scalar(_) | ExtendedType::Union(_) | ExtendedType::Enum(_) => {}
            }
        }
    }

    fn hides_type(&self, name: &str) -> bool {
        self.schema.types.get(name).is_some_and(|definition| definition.directives().has(self.directive))
    }

    /// A visible type with nothing visible in it.
    fn check_children(&mut self, name: &Name, definition: &ExtendedType) {
        let hidden = self.directive;
        let (count, visible) = match definition {
            ExtendedType::Object(_) | ExtendedType::Interface(_) => {
                let Some(fields) = fields_of(definition) else { return };
                (fields.len(), fields.values().filter(|field| !field.directives.has(hidden)).count())
            }
            ExtendedType::Enum(definition) => {
                let values = &definition.values;
                (values.len(), values.values().filter(|value| !value.directives.has(hidden)).count())
            }
            ExtendedType::InputObject(input) => {
                let fields = &input.fields;
                (fields.len(), fields.values().filter(|field| !field.directives.has(hidden)).count())
            }
            ExtendedType::Union(union) => {
                let members = &union.members;
                (members.len(), members.iter().filter(|member| !self.hides_type(member)).count())
            }
            ExtendedType::Scalar(_) => return,
        };
        if count > 0 && visible == 0 {
            self.diagnostics.error(
                ErrorCode::OnlyInaccessibleChildren,
                format!("{name} is visible, but all that it contains is @inaccessible"),
                [name.location().or_else(|| definition.location())],
            );
        }
    }

    fn check_field(&mut self, parent: &Name, field: &FieldDefinition) {
        let coordinate = format!("{parent}.{}", field.name);
        self.check_reference(&coordinate, field.ty.inner_named_type(), &field.name);
        for argument in &field.arguments {
            self.check_input(&format!("{coordinate}({}:)", argument.name), argument, "argument");
        }
    }

    fn check_reference(&mut self, coordinate: &str, target: &Name, at: &Name) {
        if self.hides_type(target) {
            self.diagnostics.error(
                ErrorCode::ReferencedInaccessible,
                format!("{coordinate} is visible, but its type {target} is @inaccessible"),
                [at.location(), self.schema.types.get(target).and_then(|ty| ty.name().location())],
            );
        }
    }

    fn check_input(&mut self, coordinate: &str, input: &InputValueDefinition, kind: &str) {
        if input.directives.has(self.directive) {
            if input.is_required() {
                self.diagnostics.error(
                    ErrorCode::RequiredInaccessible,
                    format!("the {kind} {coordinate} is required, so it cannot be @inaccessible"),
                    [input.name.location()],
                );
            }
            return;
        }
        let target = input.ty.inner_named_type();
        self.check_reference(coordinate, target, &input.name);
        if let Some(value) = &input.default_value
            && let Some(hidden) = self.hidden_in(value, target)
        {
            self.diagnostics.error(
                ErrorCode::DefaultValueUsesInaccessible,
                format!("the default of {coordinate} uses {hidden}, which is @inaccessible"),
                [input.name.location()],
            );
        }
    }

    /// The first hidden enum value or input field in a default.
    fn hidden_in(&self, value: &Node<Value>, ty: &Name) -> Option<String> {
        match (&**value, self.schema.types.get(ty)?) {
            (Value::List(items), _) => items.iter().find_map(|item| self.hidden_in(item, ty)),
            (Value::Enum(name), ExtendedType::Enum(definition)) => {
                let value = definition.values.get(name)?;
                value.directives.has(self.directive).then(|| format!("{ty}.{name}"))
            }
            (Value::Object(entries), ExtendedType::InputObject(input)) => {
                entries.iter().find_map(|(name, value)| {
                    let field = input.fields.get(name)?;
                    if field.directives.has(self.directive) {
                        return Some(format!("{ty}.{name}"));
                    }
                    self.hidden_in(value, field.ty.inner_named_type())
                })
            }
            _ => None,
        }
    }

    /// A visible field of a visible interface needs a visible field in every visible implementation.
    fn check_implementation<'n>(
        &mut self,
        name: &Name,
        fields: &Fields,
        interfaces: impl Iterator<Item = &'n Name>,
    ) {
        for interface in interfaces.filter(|interface| !self.hides_type(interface)).collect::<Vec<_>>() {
            let Some(interface) = self.schema.get_interface(interface) else { continue };
            for promised in interface.fields.values().filter(|field| !field.directives.has(self.directive)) {
                let Some(field) = fields.get(&promised.name) else { continue };
                if field.directives.has(self.directive) {
                    self.diagnostics.error(
                        ErrorCode::ImplementedByInaccessible,
                        format!(
                            "{name}.{} is @inaccessible, but implements the visible {}.{}",
                            field.name, interface.name, promised.name
                        ),
                        [field.name.location(), promised.name.location()],
                    );
                    continue;
                }
                for argument in &promised.arguments {
                    let own = field.argument_by_name(&argument.name);
                    let hidden = own.is_some_and(|own| own.directives.has(self.directive));
                    if hidden && !argument.directives.has(self.directive) {
                        self.diagnostics.error(
                            ErrorCode::ImplementedByInaccessible,
                            format!(
                                "{name}.{}({}:) is @inaccessible, but implements the visible argument of {}",
                                field.name, argument.name, interface.name
                            ),
                            [argument.name.location()],
                        );
                    }
                }
            }
        }
    }
}
