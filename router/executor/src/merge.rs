//! How values that were read become part of the data tree, and how failures spread in it.
//!
//! Objects are merged by slot, lists by index. Where two answers disagree: a value beats null, a null that is explained beats one that is
//! not, and of two values the first stays, so that nothing already sent in a representation is contradicted.

use crate::json::ScanError;
use crate::prepare::{FieldRead, ObjectRead, PreparedPlan, ValueRead};
use crate::tree::{Below, Failure, FailureId, ObjectId, QUIET, Tree, Value, ValueId};

/// Merges what was read for one entity (or root) object into its place.
pub(crate) fn merge_object(
    tree: &mut Tree,
    plan: &PreparedPlan,
    into: ObjectId,
    from: ObjectId,
    read: &ObjectRead,
) {
    if into == from {
        return;
    }
    for field in &read.fields {
        let value = tree.get(from + field.slot);
        merge_value(tree, plan, into + field.slot, value, &field.value);
    }
}

/// As [`merge_object`], for the second and every further place of the same entity: what may still change is copied.
///
/// # Errors
/// [`ScanError::TooLarge`] when the tree has no room for the copies.
pub(crate) fn merge_copy(
    tree: &mut Tree,
    plan: &PreparedPlan,
    into: ObjectId,
    from: ObjectId,
    read: &ObjectRead,
) -> Result<(), ScanError> {
    if into == from {
        return Ok(());
    }
    for field in &read.fields {
        let value = copy_field(tree, plan, tree.get(from + field.slot), field)?;
        merge_value(tree, plan, into + field.slot, value, &field.value);
    }
    Ok(())
}

fn copy_field(
    tree: &mut Tree,
    plan: &PreparedPlan,
    value: Value,
    field: &FieldRead,
) -> Result<Value, ScanError> {
    match &field.value {
        ValueRead::Object(read) if !read.shareable => copy(tree, plan, value, read),
        ValueRead::Object(_) => {
            tree.share(value);
            Ok(value)
        }
        ValueRead::Leaf { .. } | ValueRead::Typename => Ok(value),
    }
}

fn copy(tree: &mut Tree, plan: &PreparedPlan, value: Value, read: &ObjectRead) -> Result<Value, ScanError> {
    match value {
        Value::Object(from) => {
            let object = tree.allocate(read.width)?;
            for field in &read.fields {
                let value = copy_field(tree, plan, tree.get(from + field.slot), field)?;
                tree.set(object + field.slot, value);
            }
            Ok(Value::Object(object))
        }
        Value::List { start: from, len } => {
            let start = tree.allocate(len)?;
            for index in 0..len {
                let value = copy(tree, plan, tree.get(from + index), read)?;
                tree.set(start + index, value);
            }
            Ok(Value::List { start, len })
        }
        leaf => Ok(leaf),
    }
}

/// Merges `value` into the value `into`.
#[inline]
pub(crate) fn merge_value(
    tree: &mut Tree,
    plan: &PreparedPlan,
    into: ValueId,
    value: Value,
    read: &ValueRead,
) {
    if tree.get(into) == Value::Absent {
        tree.set(into, value);
    } else {
        merge_present(tree, plan, into, value, read);
    }
}

fn merge_present(tree: &mut Tree, plan: &PreparedPlan, into: ValueId, value: Value, read: &ValueRead) {
    match (tree.get(into), value) {
        (_, Value::Absent) => {}
        (Value::Absent | Value::Null, new) => tree.set(into, new),
        (Value::Failed(old), Value::Failed(new)) => {
            let both = tree.both(old, new);
            tree.set(into, Value::Failed(both));
        }
        (Value::Failed(_), Value::Null) => {}
        (Value::Failed(failure), new) => {
            tree.set(into, new);
            fail_gaps(tree, new, read, failure);
        }
        (old, Value::Failed(failure)) => fail_value(tree, old, read, failure),
        (Value::Object(into), Value::Object(from)) => {
            if let ValueRead::Object(read) = read {
                merge_object(tree, plan, into, from, read);
            }
        }
        (Value::List { start: into, len }, Value::List { start: from, len: other }) => {
            if let ValueRead::Object(_) = read
                && into != from
            {
                for index in 0..len.min(other) {
                    let value = tree.get(from + index);
                    merge_value(tree, plan, into + index, value, read);
                }
            }
        }
        // An interface object's subgraph calls its entities by the interface's name; who knows the object type knows better.
        (Value::Type(old), Value::Type(new)) if !plan.types.is_object(old) => {
            tree.set(into, Value::Type(new))
        }
        (_, _) => {}
    }
}

/// A failed value turned out to be there after all: what is missing in it, is missing because of the failure.
fn fail_gaps(tree: &mut Tree, value: Value, read: &ValueRead, failure: FailureId) {
    let (Value::Object(object), ValueRead::Object(read)) = (value, read) else { return };
    for slot in 0..read.width {
        if tree.get(object + slot) == Value::Absent {
            let below = failure_below(tree, failure, Below::Slot(slot));
            tree.set(object + slot, Value::Failed(below));
        }
    }
}

/// Whatever of `read` is missing in `object`, is missing because of `failure`.
pub(crate) fn fail_object(tree: &mut Tree, object: ObjectId, read: &ObjectRead, failure: FailureId) {
    for field in &read.fields {
        let below = failure_below(tree, failure, Below::Slot(field.slot));
        let slot = object + field.slot;
        match tree.get(slot) {
            Value::Absent | Value::Failed(QUIET) => tree.set(slot, Value::Failed(below)),
            value => fail_value(tree, value, &field.value, below),
        }
    }
}

fn fail_value(tree: &mut Tree, value: Value, read: &ValueRead, failure: FailureId) {
    let ValueRead::Object(object_read) = read else { return };
    match value {
        Value::Object(object) => fail_object(tree, object, object_read, failure),
        Value::List { start, len } => {
            for index in 0..len {
                let below = failure_below(tree, failure, Below::Index(index));
                let value = tree.get(start + index);
                fail_value(tree, value, read, below);
            }
        }
        _ => {}
    }
}

/// What a failure means one step further down: itself where it concerns everything, otherwise only on the way to where the error happened.
fn failure_below(tree: &mut Tree, failure: FailureId, step: Below) -> FailureId {
    match tree.failure(failure) {
        Failure::Quiet => QUIET,
        Failure::One { rest, .. } if rest.is_empty() => failure,
        Failure::One { error, rest } if rest[0] == step => {
            let below = Failure::One { error: *error, rest: rest[1..].into() };
            tree.add_failure(below)
        }
        Failure::One { .. } => QUIET,
        Failure::Both(one, other) => {
            let (one, other) = (*one, *other);
            let one = failure_below(tree, one, step);
            let other = failure_below(tree, other, step);
            tree.both(one, other)
        }
    }
}
