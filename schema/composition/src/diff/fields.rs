//! What changed in the fields of object and interface types.

use apollo_compiler::Name;
use apollo_compiler::ast::{DirectiveList, FieldDefinition, Type};

use super::inputs::{self, ARGUMENT, Holder};
use super::{ChangeCode, Differences};
use crate::subgraph::Fields;

/// Compares the fields of the type `parent`.
pub(super) fn compare(found: &mut Differences<'_>, parent: &Name, old: &Fields, new: &Fields) {
    for (name, was) in old {
        let coordinate = format!("{parent}.{name}");
        match new.get(name) {
            Some(is) => compare_field(found, &coordinate, was, is),
            None => {
                let message = format!("{coordinate} was removed");
                found.report(ChangeCode::FieldRemoved, coordinate, message);
            }
        }
    }
    for name in new.keys().filter(|name| !old.contains_key(*name)) {
        found.report(
            ChangeCode::FieldAdded,
            format!("{parent}.{name}"),
            format!("{parent}.{name} was added"),
        );
    }
}

fn compare_field(
    found: &mut Differences<'_>,
    coordinate: &str,
    old: &FieldDefinition,
    new: &FieldDefinition,
) {
    if old.ty != new.ty {
        let (was, is) = (&old.ty, &new.ty);
        let code =
            if is_compatible(was, is) { ChangeCode::FieldMadeNonNull } else { ChangeCode::FieldTypeChanged };
        found.report(code, coordinate, format!("{coordinate} is {is}, and was {was}"));
    }
    let holder = Holder { coordinate, codes: &ARGUMENT };
    inputs::compare(found, &holder, &inputs::nodes(&old.arguments), &inputs::nodes(&new.arguments));
    deprecation(found, coordinate, &old.directives, &new.directives);
}

/// Whether whoever reads an `old` can read a `new`: the same, but less often null. A list stays a list and a name stays a name, because an
/// operation's fragments and a client's types are written for them.
pub(super) fn is_compatible(old: &Type, new: &Type) -> bool {
    if old.is_non_null() && !new.is_non_null() || old.is_list() != new.is_list() {
        return false;
    }
    if old.is_list() {
        is_compatible(old.item_type(), new.item_type())
    } else {
        old.inner_named_type() == new.inner_named_type()
    }
}

/// Reports a `@deprecated` that came or went.
pub(super) fn deprecation(
    found: &mut Differences<'_>,
    coordinate: &str,
    old: &DirectiveList,
    new: &DirectiveList,
) {
    match (old.has("deprecated"), new.has("deprecated")) {
        (false, true) => {
            found.report(ChangeCode::DeprecationAdded, coordinate, format!("{coordinate} is deprecated"));
        }
        (true, false) => {
            let message = format!("{coordinate} is not deprecated any more");
            found.report(ChangeCode::DeprecationRemoved, coordinate, message);
        }
        (true, true) | (false, false) => {}
    }
}
