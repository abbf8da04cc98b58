//! What changed in what clients send: arguments of fields and directives, fields of input types. The same rules, other codes.

use apollo_compiler::Node;
use apollo_compiler::ast::InputValueDefinition;
use apollo_compiler::schema::InputObjectType;

use super::fields::{deprecation, is_compatible};
use super::{ChangeCode, Differences};

/// The codes of one kind of input.
pub(super) struct Codes {
    removed: ChangeCode,
    required_added: ChangeCode,
    optional_added: ChangeCode,
    type_changed: ChangeCode,
    made_nullable: ChangeCode,
    made_required: ChangeCode,
    default_changed: ChangeCode,
}

/// Arguments of fields and directives.
pub(super) const ARGUMENT: Codes = Codes {
    removed: ChangeCode::ArgumentRemoved,
    required_added: ChangeCode::RequiredArgumentAdded,
    optional_added: ChangeCode::OptionalArgumentAdded,
    type_changed: ChangeCode::ArgumentTypeChanged,
    made_nullable: ChangeCode::ArgumentMadeNullable,
    made_required: ChangeCode::ArgumentMadeRequired,
    default_changed: ChangeCode::ArgumentDefaultChanged,
};

/// Fields of input types.
const INPUT_FIELD: Codes = Codes {
    removed: ChangeCode::InputFieldRemoved,
    required_added: ChangeCode::RequiredInputFieldAdded,
    optional_added: ChangeCode::OptionalInputFieldAdded,
    type_changed: ChangeCode::InputFieldTypeChanged,
    made_nullable: ChangeCode::InputFieldMadeNullable,
    made_required: ChangeCode::InputFieldMadeRequired,
    default_changed: ChangeCode::InputFieldDefaultChanged,
};

/// What the inputs belong to.
pub(super) struct Holder<'a> {
    /// Its coordinate.
    pub(super) coordinate: &'a str,
    /// The codes for changes of its inputs.
    pub(super) codes: &'a Codes,
}

impl Holder<'_> {
    fn coordinate_of(&self, input: &InputValueDefinition) -> String {
        let (holder, name) = (self.coordinate, &input.name);
        match self.codes.removed {
            ChangeCode::InputFieldRemoved => format!("{holder}.{name}"),
            _ => format!("{holder}({name}:)"),
        }
    }
}

/// The definitions themselves.
pub(super) fn nodes(arguments: &[Node<InputValueDefinition>]) -> Vec<&InputValueDefinition> {
    arguments.iter().map(|argument| &**argument).collect()
}

/// Compares two input types of one name.
pub(super) fn compare_input_type(found: &mut Differences<'_>, old: &InputObjectType, new: &InputObjectType) {
    let name = &old.name;
    match (old.directives.has("oneOf"), new.directives.has("oneOf")) {
        (false, true) => {
            let message = format!("{name} takes exactly one of its fields now");
            found.report(ChangeCode::OneOfAdded, name.as_str(), message);
        }
        (true, false) => {
            let message = format!("{name} takes any number of its fields now");
            found.report(ChangeCode::OneOfRemoved, name.as_str(), message);
        }
        (true, true) | (false, false) => {}
    }
    let was: Vec<&InputValueDefinition> = old.fields.values().map(|field| &***field).collect();
    let is: Vec<&InputValueDefinition> = new.fields.values().map(|field| &***field).collect();
    compare(found, &Holder { coordinate: name, codes: &INPUT_FIELD }, &was, &is);
}

/// Compares the inputs of one holder.
pub(super) fn compare(
    found: &mut Differences<'_>,
    holder: &Holder<'_>,
    old: &[&InputValueDefinition],
    new: &[&InputValueDefinition],
) {
    for was in old {
        let coordinate = holder.coordinate_of(was);
        match new.iter().find(|is| is.name == was.name) {
            Some(is) => compare_input(found, holder.codes, &coordinate, (was, is)),
            None => {
                let message = format!("{coordinate} was removed");
                found.report(holder.codes.removed, coordinate, message);
            }
        }
    }
    for is in new.iter().filter(|is| !old.iter().any(|was| was.name == is.name)) {
        let coordinate = holder.coordinate_of(is);
        let (code, word) = if is.is_required() {
            (holder.codes.required_added, "required")
        } else {
            (holder.codes.optional_added, "optional")
        };
        let message = format!("{coordinate} was added and is {word}");
        found.report(code, coordinate, message);
    }
}

fn compare_input(
    found: &mut Differences<'_>,
    codes: &Codes,
    coordinate: &str,
    (old, new): (&InputValueDefinition, &InputValueDefinition),
) {
    if old.ty != new.ty {
        let message = format!("{coordinate} takes {}, and took {}", new.ty, old.ty);
        // What a client sends flows the other way: the new type must take all that the old one took.
        let code = if is_compatible(&new.ty, &old.ty) { codes.made_nullable } else { codes.type_changed };
        found.report(code, coordinate, message);
    }
    if old.default_value != new.default_value {
        let shown = |input: &InputValueDefinition| {
            input.default_value.as_ref().map_or_else(|| "no default".to_owned(), |value| format!("{value}"))
        };
        let message = format!("{coordinate} defaults to {}, and did to {}", shown(new), shown(old));
        let became_required = new.is_required() && !old.is_required() && old.ty == new.ty;
        let code = if became_required { codes.made_required } else { codes.default_changed };
        found.report(code, coordinate, message);
    }
    deprecation(found, coordinate, &old.directives, &new.directives);
}
