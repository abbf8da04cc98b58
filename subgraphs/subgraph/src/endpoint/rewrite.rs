//! What the engine is given where it would misread what was asked.
//!
//! With `@skip` and `@include` a selection can come out empty. The engine answers null then, as if there were no object;
//! it calls a variable unused that only a `__typename` depends on; and it overlooks the default of a variable there. So every
//! selection also asks for the type, under a name of ours that `shape.rs` leaves out again, a conditional `__typename` moves
//! into a fragment, and the defaults are given.

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, Field, InlineFragment, OperationDefinition, OperationType,
    Selection, SelectionSet,
};
use async_graphql::{Name, Positioned};

const TYPENAME: &str = "__typename";
/// Under which name the type is asked for.
const OURS: &str = "_eventhubType";

/// The document to execute instead of `asked`; `None` when that one is read as it is meant.
pub(super) fn rewritten(asked: &ExecutableDocument) -> Option<ExecutableDocument> {
    if !is_conditional(asked) {
        return None;
    }
    let mut document = asked.clone();
    match &mut document.operations {
        DocumentOperations::Single(operation) => rewrite_operation(&mut operation.node),
        DocumentOperations::Multiple(operations) => {
            operations.values_mut().for_each(|operation| rewrite_operation(&mut operation.node));
        }
    }
    rewrite_fragments(&mut document);
    Some(document)
}

fn is_conditional(document: &ExecutableDocument) -> bool {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set);
    operations.chain(fragments).any(|set| has_directives(&set.node))
}

fn has_directives(set: &SelectionSet) -> bool {
    set.items.iter().map(|item| &item.node).any(|selection| {
        let below = match selection {
            Selection::Field(field) => Some(&field.node.selection_set.node),
            Selection::InlineFragment(fragment) => Some(&fragment.node.selection_set.node),
            Selection::FragmentSpread(_) => None,
        };
        !selection.directives().is_empty() || below.is_some_and(has_directives)
    })
}

fn rewrite_operation(operation: &mut OperationDefinition) {
    // The root of a subscription has one field and no other.
    if operation.ty != OperationType::Subscription {
        rewrite(&mut operation.selection_set);
    }
}

fn rewrite_fragments(document: &mut ExecutableDocument) {
    for fragment in document.fragments.values_mut() {
        if !is_of_introspection(&fragment.node.type_condition.node.on.node) {
            rewrite(&mut fragment.node.selection_set);
        }
    }
}

/// Nothing of introspection is ever conditional on what a resolver does, and `shape.rs` passes it on as it is.
fn is_of_introspection(name: &str) -> bool {
    name.starts_with("__")
}

fn rewrite(set: &mut Positioned<SelectionSet>) {
    let pos = set.pos;
    for item in &mut set.node.items {
        match &mut item.node {
            Selection::Field(field) if field.node.name.node == TYPENAME => {
                let directives = std::mem::take(&mut field.node.directives);
                if !directives.is_empty() {
                    let only = Positioned::new(Selection::Field(field.clone()), pos);
                    let selection_set = Positioned::new(SelectionSet { items: vec![only] }, pos);
                    let fragment = InlineFragment { type_condition: None, directives, selection_set };
                    item.node = Selection::InlineFragment(Positioned::new(fragment, pos));
                }
            }
            Selection::Field(field) if is_of_introspection(&field.node.name.node) => {}
            Selection::Field(field) if field.node.selection_set.node.items.is_empty() => {}
            Selection::Field(field) => rewrite(&mut field.node.selection_set),
            Selection::InlineFragment(fragment) => rewrite(&mut fragment.node.selection_set),
            Selection::FragmentSpread(_) => {}
        }
    }
    set.node.items.push(Positioned::new(Selection::Field(Positioned::new(the_type(set), pos)), pos));
}

fn the_type(at: &Positioned<SelectionSet>) -> Field {
    Field {
        alias: Some(Positioned::new(Name::new(OURS), at.pos)),
        name: Positioned::new(Name::new(TYPENAME), at.pos),
        arguments: Vec::new(),
        directives: Vec::new(),
        selection_set: Positioned::new(SelectionSet { items: Vec::new() }, at.pos),
    }
}
