//! The rules of `@context` and `@fromContext`: names, places, and selections that give exactly one value of the
//! argument's type.
//!
//! Source: the federation documentation on contextual arguments and its list of error codes, v2.8.

use apollo_compiler::ast::{Field, FieldDefinition, InlineFragment, InputValueDefinition, Selection, Type};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node, name};
use federation::field_set::FieldSet;
use rustc_hash::FxHashSet;

use crate::ErrorCode;
use crate::sources::{Diagnostics, type_span};
use crate::subgraph::contexts::{from_context, set_by, setters, value};
use crate::subgraph::{Subgraph, fields_of};

/// Checks the contexts of `subgraph` and the arguments that use them.
pub(crate) fn check(subgraph: &Subgraph, diagnostics: &mut Diagnostics) {
    check_definitions(subgraph, diagnostics);
    for (name, definition) in subgraph.own_types() {
        check_names(subgraph, name, diagnostics);
        let mut uses_context = false;
        for field in fields_of(definition).into_iter().flat_map(|fields| fields.values()) {
            for argument in &field.arguments {
                if from_context(subgraph, argument).is_some() {
                    uses_context = true;
                    check_argument(subgraph, definition, field, argument, diagnostics);
                }
            }
        }
        if uses_context && definition.is_object() {
            check_key(subgraph, name, diagnostics);
        }
    }
}

/// An operation's directive stands below no object.
fn check_definitions(subgraph: &Subgraph, diagnostics: &mut Diagnostics) {
    for definition in subgraph.schema.directive_definitions.values() {
        for argument in &definition.arguments {
            if let Some(applied) = from_context(subgraph, argument) {
                diagnostics.error(
                    ErrorCode::ContextNotSet,
                    format!(
                        "[{}] @{} cannot be used on @{}({}:): a directive has no outer object",
                        subgraph.name, applied.name, definition.name, argument.name
                    ),
                    [applied.location()],
                );
            }
        }
    }
}

fn check_names(subgraph: &Subgraph, ty: &Name, diagnostics: &mut Diagnostics) {
    for (context, applied) in set_by(subgraph, ty) {
        let letters_first = context.starts_with(|c: char| c.is_ascii_alphabetic());
        if !letters_first || !context.chars().all(|c| c.is_ascii_alphanumeric()) {
            diagnostics.error(
                ErrorCode::ContextNameInvalid,
                format!(
                    "[{}] \"{context}\" cannot name a context: use letters and digits, a letter first",
                    subgraph.name
                ),
                [applied.location()],
            );
        }
    }
}

/// The router enters the object anew with the value it found, and needs a key for that.
fn check_key(subgraph: &Subgraph, object: &Name, diagnostics: &mut Diagnostics) {
    let keys = subgraph.type_facts(object).map_or(&[][..], |facts| &facts.keys);
    if !keys.iter().any(|key| key.resolvable) {
        diagnostics.error(
            ErrorCode::ContextNoResolvableKey,
            format!(
                "[{}] {object} takes an argument from a context, so it needs a resolvable @key",
                subgraph.name
            ),
            [type_span(&subgraph.schema, object)],
        );
    }
}

fn check_argument(
    subgraph: &Subgraph,
    parent: &ExtendedType,
    field: &FieldDefinition,
    argument: &Node<InputValueDefinition>,
    diagnostics: &mut Diagnostics,
) {
    let Some(applied) = from_context(subgraph, argument) else { return };
    let coordinate = format!("{}.{}({}:)", parent.name(), field.name, argument.name);
    let mut report = |code, problem: String| {
        let message = format!("[{}] {coordinate}: {problem}", subgraph.name);
        diagnostics.error(code, message, [applied.location()]);
    };
    let ExtendedType::Object(object) = parent else {
        let problem = "an interface's field cannot take an argument from a context".to_owned();
        return report(ErrorCode::ContextNotSet, problem);
    };
    let interfaces = object.implements_interfaces.iter();
    if let Some(interface) = interfaces.map(|interface| &interface.name).find(|interface| {
        subgraph.schema.get_interface(interface).is_some_and(|known| known.fields.contains_key(&field.name))
    }) {
        let problem = format!("the field implements {interface}.{}, where no context can be set", field.name);
        report(ErrorCode::ContextNotSet, problem);
    }
    if argument.default_value.is_some() {
        let problem = "an argument taken from a context cannot have a default".to_owned();
        report(ErrorCode::ContextNotSet, problem);
    }
    let Some(value) = value(applied) else {
        let problem = "expected a context and what to select there, as in \"$context { field }\"".to_owned();
        return report(ErrorCode::NoContextInSelection, problem);
    };
    let places = setters(subgraph, &value.context);
    if places.is_empty() {
        let problem = format!("no type of this subgraph sets the context {}", value.context);
        return report(ErrorCode::ContextNotSet, problem);
    }
    if let Err(problem) = check_selection(subgraph, &value.selection, &places, &argument.ty) {
        let problem = format!("the selection in the context {} is invalid: {problem}", value.context);
        report(ErrorCode::ContextInvalidSelection, problem);
    }
}

/// Whether `selection` gives one value of type `expected` wherever the context is set.
fn check_selection(
    subgraph: &Subgraph,
    selection: &str,
    places: &[&Name],
    expected: &Type,
) -> Result<(), String> {
    let set = FieldSet::parse(selection).map_err(|error| error.to_string())?;
    check_plain(&set.selections)?;
    if let Some(place) = places.iter().find(|place| subgraph.is_interface_object(place)) {
        return Err(format!("{place} is an @interfaceObject"));
    }
    let fragments: Vec<&Node<InlineFragment>> =
        set.selections.iter().filter_map(Selection::as_inline_fragment).collect();
    if fragments.is_empty() {
        return places.iter().try_for_each(|place| check_value(subgraph, place, &set.selections, expected));
    }
    if fragments.len() < set.selections.len() {
        return Err("it selects several values".to_owned());
    }
    let mut seen = FxHashSet::default();
    for fragment in fragments {
        let condition = fragment.type_condition.as_ref();
        let condition = condition.ok_or_else(|| "a fragment needs a type condition".to_owned())?;
        if subgraph.schema.get_object(condition).is_none() {
            return Err(format!("the type condition {condition} is no object type"));
        }
        if !seen.insert(condition) {
            return Err(format!("there are two type conditions on {condition}"));
        }
        if !places.iter().any(|place| may_be(subgraph, place, condition)) {
            return Err(format!("the type condition {condition} never holds"));
        }
        check_value(subgraph, condition, &fragment.selection_set, expected)?;
    }
    let uncovered = places.iter().find(|place| !seen.iter().any(|object| may_be(subgraph, place, object)));
    uncovered.map_or(Ok(()), |place| Err(format!("no type condition holds for {place}")))
}

fn may_be(subgraph: &Subgraph, place: &Name, object: &Name) -> bool {
    subgraph.runtime_types_of(place).contains(object)
}

/// No aliases, directives or named fragments, at any depth.
fn check_plain(selections: &[Selection]) -> Result<(), String> {
    for selection in selections {
        let (directives, below) = match selection {
            Selection::Field(field) if field.alias.is_some() => {
                return Err(format!("{} cannot be given an alias here", field.name));
            }
            Selection::Field(field) => (&field.directives, &field.selection_set),
            Selection::InlineFragment(fragment) => (&fragment.directives, &fragment.selection_set),
            Selection::FragmentSpread(spread) => {
                return Err(format!("there is no fragment {}", spread.fragment_name));
            }
        };
        if let Some(directive) = directives.first() {
            return Err(format!("directives such as @{} cannot be used here", directive.name));
        }
        check_plain(below)?;
    }
    Ok(())
}

fn check_value(
    subgraph: &Subgraph,
    parent: &Name,
    selections: &[Selection],
    expected: &Type,
) -> Result<(), String> {
    let found = value_type(subgraph, parent, selections)?;
    // The object on the way may be null, so an argument that insists on a value cannot be served.
    if found == *expected { Ok(()) } else { Err(format!("it gives {found}, but the argument is {expected}")) }
}

/// The type of the one leaf that is selected below `parent`, with everything nullable.
fn value_type(subgraph: &Subgraph, parent: &Name, selections: &[Selection]) -> Result<Type, String> {
    let field = match selections {
        [Selection::Field(field)] => field,
        [] => return Err(format!("select some field of {parent}")),
        _ => return Err("it selects several values".to_owned()),
    };
    if field.name == "__typename" {
        return Ok(Type::Named(name!("String")));
    }
    let definition = subgraph.field(parent, &field.name);
    let definition = definition.ok_or_else(|| format!("{parent} has no field {}", field.name))?;
    check_arguments(parent, field, definition)?;
    let target = definition.ty.inner_named_type();
    match (subgraph.is_leaf(target), field.selection_set.is_empty()) {
        (true, true) => Ok(nullable(&definition.ty, Type::Named(target.clone()))),
        (true, false) => Err(format!("{parent}.{} has no fields to select", field.name)),
        (false, _) => Ok(nullable(&definition.ty, value_type(subgraph, target, &field.selection_set)?)),
    }
}

fn check_arguments(parent: &Name, field: &Field, definition: &FieldDefinition) -> Result<(), String> {
    let given = |name: &Name| field.arguments.iter().any(|argument| argument.name == *name);
    let mut required = definition.arguments.iter().filter(|argument| argument.is_required());
    if let Some(missing) = required.find(|argument| !given(&argument.name)) {
        return Err(format!("{parent}.{} needs its argument {}", field.name, missing.name));
    }
    let unknown = field.arguments.iter().find(|given| definition.argument_by_name(&given.name).is_none());
    unknown.map_or(Ok(()), |unknown| Err(format!("{parent}.{} has no argument {}", field.name, unknown.name)))
}

/// `inner` in the lists of `outer`, without any of their promises.
fn nullable(outer: &Type, inner: Type) -> Type {
    match outer {
        Type::Named(_) | Type::NonNullNamed(_) => inner,
        Type::List(item) | Type::NonNullList(item) => Type::List(Box::new(nullable(item, inner))),
    }
}
