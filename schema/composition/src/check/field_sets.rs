//! The field sets of `@key`, `@requires` and `@provides`: syntax, existing fields, and what each forbids.

use apollo_compiler::ast::{Directive, FieldDefinition, Selection, Type, Value};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node};
use federation::field_set::FieldSet;

use super::values::may_be;
use crate::ErrorCode;
use crate::sources::Diagnostics;
use crate::subgraph::{Subgraph, facts, fields_of};

/// The directive a field set belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Key,
    Requires,
    Provides,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Key => "@key",
            Self::Requires => "@requires",
            Self::Provides => "@provides",
        }
    }

    fn invalid_fields(self) -> ErrorCode {
        match self {
            Self::Key => ErrorCode::KeyInvalidFields,
            Self::Requires => ErrorCode::RequiresInvalidFields,
            Self::Provides => ErrorCode::ProvidesInvalidFields,
        }
    }

    fn invalid_type(self) -> ErrorCode {
        match self {
            Self::Key => ErrorCode::KeyInvalidFieldsType,
            Self::Requires => ErrorCode::RequiresInvalidFieldsType,
            Self::Provides => ErrorCode::ProvidesInvalidFieldsType,
        }
    }

    fn directive_inside(self) -> ErrorCode {
        match self {
            Self::Key => ErrorCode::KeyDirectiveInFieldsArg,
            Self::Requires => ErrorCode::RequiresDirectiveInFieldsArg,
            Self::Provides => ErrorCode::ProvidesDirectiveInFieldsArg,
        }
    }

    /// Arguments are allowed in requirements only.
    fn has_arguments(self) -> Option<ErrorCode> {
        match self {
            Self::Key => Some(ErrorCode::KeyFieldsHasArgs),
            Self::Requires => None,
            Self::Provides => Some(ErrorCode::ProvidesFieldsHasArgs),
        }
    }

    /// A key is made of the type's own fields, the others of fields from elsewhere.
    fn missing_external(self) -> Option<ErrorCode> {
        match self {
            Self::Key => None,
            Self::Requires => Some(ErrorCode::RequiresFieldsMissingExternal),
            Self::Provides => Some(ErrorCode::ProvidesFieldsMissingExternal),
        }
    }
}

/// Checks every field set of `subgraph`.
pub(crate) fn check(subgraph: &Subgraph, diagnostics: &mut Diagnostics) {
    for (name, definition) in subgraph.own_types() {
        if subgraph.links.is_federation_1() && definition.is_interface() {
            // They meant nothing there.
            continue;
        }
        let Some(facts) = subgraph.type_facts(name) else { continue };
        for key in &facts.keys {
            let at = At { coordinate: name.to_string(), kind: Kind::Key, directive: &key.directive };
            Checker { subgraph, at, diagnostics }.check(name);
        }
        let Some(fields) = fields_of(definition) else { continue };
        for (field_name, field) in fields {
            let Some(field_facts) = facts.fields.get(field_name) else { continue };
            let coordinate = format!("{name}.{field_name}");
            if let Some(requires) = &field_facts.requires {
                let at = At {
                    coordinate: coordinate.clone(),
                    kind: Kind::Requires,
                    directive: &requires.directive,
                };
                Checker { subgraph, at, diagnostics }.check(name);
            }
            if let Some(provides) = &field_facts.provides {
                let at = At { coordinate, kind: Kind::Provides, directive: &provides.directive };
                check_provides(subgraph, at, (&field.ty, field_facts.external), diagnostics);
            }
        }
    }
}

/// An external field that provides is refused already, whatever its type.
fn check_provides(
    subgraph: &Subgraph,
    at: At<'_>,
    (ty, external): (&Type, bool),
    diagnostics: &mut Diagnostics,
) {
    let target = ty.inner_named_type();
    let composite = subgraph.schema.types.get(target).is_some_and(|definition| {
        definition.is_object() || definition.is_interface() || definition.is_union()
    });
    if composite {
        Checker { subgraph, at, diagnostics }.check(target);
    } else if !subgraph.links.is_federation_1() && !external {
        diagnostics.error(
            ErrorCode::ProvidesOnNonObjectField,
            format!(
                "[{}] {} is of type {ty}, below which nothing can be provided",
                subgraph.name, at.coordinate
            ),
            [at.directive.location()],
        );
    }
}

struct At<'a> {
    coordinate: String,
    kind: Kind,
    directive: &'a Node<Directive>,
}

struct Checker<'a> {
    subgraph: &'a Subgraph,
    at: At<'a>,
    diagnostics: &'a mut Diagnostics,
}

impl Checker<'_> {
    fn check(&mut self, parent: &Name) {
        let value = self.at.directive.specified_argument_by_name("fields").map(|value| &**value);
        let federation_1 = self.subgraph.links.is_federation_1();
        if !matches!(value, Some(Value::String(_))) && !federation_1 {
            let code = self.at.kind.invalid_type();
            self.report(code, "fields should be a string".to_owned());
            return;
        }
        let Some(text) = facts::fields_text(self.at.directive) else { return };
        match FieldSet::parse(&text) {
            Ok(set) => {
                let before = self.diagnostics.errors.len();
                self.selections(parent, &set.selections, false);
                self.keep_the_plainest(before);
            }
            Err(error) => self.report(self.at.kind.invalid_fields(), error.to_string()),
        }
    }

    /// In a field set that is no valid selection, what else is wrong with it means nothing.
    fn keep_the_plainest(&mut self, before: usize) {
        let invalid = self.at.kind.invalid_fields();
        let errors = &mut self.diagnostics.errors;
        if errors[before..].iter().any(|error| error.code == invalid) {
            let found = errors.split_off(before);
            errors.extend(found.into_iter().filter(|error| error.code == invalid));
        }
    }

    fn report(&mut self, code: ErrorCode, problem: String) {
        let At { coordinate, kind, directive } = &self.at;
        let fields = facts::fields_text(directive).unwrap_or_default();
        let message = format!(
            "[{}] on {coordinate}, {}(fields: \"{fields}\"): {problem}",
            self.subgraph.name,
            kind.name()
        );
        self.diagnostics.error(code, message, [span(directive)]);
    }

    fn selections(&mut self, parent: &Name, selections: &[Selection], inside_external: bool) {
        for selection in selections {
            match selection {
                Selection::Field(field) => self.field(parent, field, inside_external),
                Selection::InlineFragment(fragment) => {
                    if !fragment.directives.is_empty() {
                        self.directive_found(&fragment.directives[0].name);
                    }
                    let target = fragment.type_condition.clone().unwrap_or_else(|| parent.clone());
                    let invalid = self.at.kind.invalid_fields();
                    if !self.subgraph.schema.types.contains_key(&target) {
                        self.report(invalid, format!("there is no type {target}"));
                    } else if !facts::may_be_both(self.subgraph, parent, &target) {
                        self.report(invalid, format!("no {parent} can be a {target}"));
                    } else {
                        self.selections(&target, &fragment.selection_set, inside_external);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let problem = format!("there is no fragment {}", spread.fragment_name);
                    self.report(self.at.kind.invalid_fields(), problem);
                }
            }
        }
    }

    fn directive_found(&mut self, name: &Name) {
        if !self.subgraph.schema.directive_definitions.contains_key(name) {
            self.report(self.at.kind.invalid_fields(), format!("there is no directive @{name}"));
            return;
        }
        self.report(
            self.at.kind.directive_inside(),
            format!("directives such as @{name} cannot be used here"),
        );
    }

    fn field(&mut self, parent: &Name, field: &Node<apollo_compiler::ast::Field>, inside_external: bool) {
        if field.name == "__typename" {
            self.own_typename(parent, inside_external);
            return;
        }
        if let Some(directive) = field.directives.first() {
            self.directive_found(&directive.name.clone());
        }
        if field.alias.is_some() {
            let problem = format!("{} cannot be given an alias here", field.name);
            self.report(self.at.kind.invalid_fields(), problem);
        }
        let Some(definition) = self.subgraph.field(parent, &field.name).cloned() else {
            let problem = format!("{parent} has no field {}", field.name);
            self.report(self.at.kind.invalid_fields(), problem);
            return;
        };
        self.arguments(parent, field, &definition);
        self.select_below(parent, field, &definition.ty, inside_external);
    }

    /// Every subgraph knows the type of its own objects.
    fn own_typename(&mut self, parent: &Name, inside_external: bool) {
        let code = self.at.kind.missing_external().filter(|_| !inside_external);
        if let Some(code) = code.filter(|_| !self.subgraph.links.is_federation_1()) {
            self.report(code, format!("{parent}.__typename is known here anyway"));
        }
    }

    fn arguments(
        &mut self,
        parent: &Name,
        field: &Node<apollo_compiler::ast::Field>,
        definition: &FieldDefinition,
    ) {
        let coordinate = format!("{parent}.{}", field.name);
        let given = |name: &Name| field.arguments.iter().find(|given| given.name == *name);
        let mut required = definition.arguments.iter().filter(|argument| argument.is_required());
        if let Some(missing) = required.find(|argument| given(&argument.name).is_none()) {
            let problem = format!("{coordinate} needs its argument {}", missing.name);
            self.report(self.at.kind.invalid_fields(), problem);
        } else if let Some(code) = self.at.kind.has_arguments()
            && (!definition.arguments.is_empty() || !field.arguments.is_empty())
        {
            self.report(code, format!("{coordinate} takes arguments"));
        }
        for given in &field.arguments {
            let problem = match definition.argument_by_name(&given.name) {
                None => format!("{coordinate} has no argument {}", given.name),
                Some(argument) if !may_be(&self.subgraph.schema, &given.value, &argument.ty) => {
                    format!("the argument {} of {coordinate} is of type {}", given.name, argument.ty)
                }
                Some(_) => continue,
            };
            self.report(self.at.kind.invalid_fields(), problem);
        }
    }

    fn select_below(
        &mut self,
        parent: &Name,
        field: &Node<apollo_compiler::ast::Field>,
        ty: &Type,
        inside_external: bool,
    ) {
        let target = ty.inner_named_type();
        let Some(definition) = self.subgraph.schema.types.get(target) else { return };
        let leaf = definition.is_leaf();
        if self.at.kind == Kind::Key {
            let invalid = if matches!(definition, ExtendedType::Interface(_)) {
                Some("an interface")
            } else if matches!(definition, ExtendedType::Union(_)) {
                Some("a union")
            } else {
                None
            };
            if let Some(what) = invalid {
                let problem = format!("{parent}.{} is {what}, which a key cannot contain", field.name);
                self.report(ErrorCode::KeyFieldsSelectInvalidType, problem);
                return;
            }
        }
        if leaf && !field.selection_set.is_empty() {
            let problem = format!("{parent}.{} is of type {ty} and has no fields to select", field.name);
            self.report(self.at.kind.invalid_fields(), problem);
        } else if !leaf && field.selection_set.is_empty() {
            let problem = format!("{parent}.{} is of type {ty}: select some of its fields", field.name);
            self.report(self.at.kind.invalid_fields(), problem);
        }
        let external = inside_external || self.is_external(parent, &field.name);
        if leaf
            && !external
            && !self.subgraph.links.is_federation_1()
            && let Some(code) = self.at.kind.missing_external()
        {
            let declared = self.subgraph.field_facts(parent, &field.name);
            let why = match declared.is_some_and(|facts| facts.declared_external) {
                true => "is the key of an extension, so it is known here anyway",
                false => "is not marked @external",
            };
            self.report(code, format!("{parent}.{} {why}", field.name));
        }
        let target = target.clone();
        self.selections(&target, &field.selection_set, external);
    }

    /// An interface's field cannot be marked, so the marks of its implementations count.
    fn is_external(&self, parent: &Name, field: &Name) -> bool {
        let marked = |name: &Name| self.subgraph.field_facts(name, field).is_some_and(|facts| facts.external);
        marked(parent)
            || self.subgraph.schema.get_interface(parent).is_some()
                && !self.subgraph.runtime_types_of(parent).is_empty()
                && self.subgraph.runtime_types_of(parent).iter().all(marked)
    }
}

/// The `fields` argument's own place, which is where the mistake is.
fn span(directive: &Node<Directive>) -> Option<SourceSpan> {
    let fields = directive.specified_argument_by_name("fields").and_then(|value| value.location());
    fields.or_else(|| directive.location())
}
