//! Root types under their default names, so that the same root of two subgraphs is the same type.

use apollo_compiler::ast::{OperationType, Type};
use apollo_compiler::schema::{ComponentName, ExtendedType, Schema};
use apollo_compiler::{Name, Node};
use rustc_hash::FxHashMap;

use super::Subgraph;
use crate::ErrorCode;
use crate::sources::Diagnostics;

/// Renames the root types of `subgraph` to `Query`, `Mutation` and `Subscription`.
pub(crate) fn rename(subgraph: &mut Subgraph, diagnostics: &mut Diagnostics) {
    let roots = [
        (OperationType::Query, ErrorCode::RootQueryUsed),
        (OperationType::Mutation, ErrorCode::RootMutationUsed),
        (OperationType::Subscription, ErrorCode::RootSubscriptionUsed),
    ];
    let mut renamed = FxHashMap::default();
    for (operation, code) in roots {
        let default = operation.default_type_name();
        let Some(root) = subgraph.schema.root_operation(operation).cloned() else { continue };
        if root == default {
            continue;
        }
        if subgraph.schema.types.contains_key(&default) {
            diagnostics.error(
                code,
                format!(
                    "[{}] the {operation} root is {root}, yet another type is called {default}",
                    subgraph.name
                ),
                [crate::sources::type_span(&subgraph.schema, &default)],
            );
        } else {
            renamed.insert(root, default);
        }
    }
    if !renamed.is_empty() {
        rename_types(&mut subgraph.schema, &renamed);
        subgraph.defined =
            subgraph.defined.iter().map(|name| renamed.get(name).unwrap_or(name).clone()).collect();
    }
}

fn rename_types(schema: &mut Schema, renamed: &FxHashMap<Name, Name>) {
    let types = std::mem::take(&mut schema.types);
    schema.types = types
        .into_iter()
        .map(|(name, mut definition)| {
            rename_inside(&mut definition, renamed);
            (renamed.get(&name).cloned().unwrap_or(name), definition)
        })
        .collect();
    let roots = schema.schema_definition.make_mut();
    for root in [&mut roots.query, &mut roots.mutation, &mut roots.subscription].into_iter().flatten() {
        rename_component(root, renamed);
    }
}

fn rename_component(component: &mut ComponentName, renamed: &FxHashMap<Name, Name>) {
    if let Some(name) = renamed.get(&component.name) {
        component.name = name.clone();
    }
}

fn rename_inside(definition: &mut ExtendedType, renamed: &FxHashMap<Name, Name>) {
    match definition {
        ExtendedType::Object(object) => {
            let mentions = renamed.contains_key(&object.name)
                || object.fields.values().any(|field| renamed.contains_key(field.ty.inner_named_type()));
            if !mentions {
                return;
            }
            let object = object.make_mut();
            if let Some(name) = renamed.get(&object.name) {
                object.name = name.clone();
            }
            for field in object.fields.values_mut() {
                rename_field(&mut field.node, renamed);
            }
        }
        ExtendedType::Interface(interface) => {
            for field in interface.make_mut().fields.values_mut() {
                rename_field(&mut field.node, renamed);
            }
        }
        ExtendedType::Union(union) => {
            let union = union.make_mut();
            union.members = std::mem::take(&mut union.members)
                .into_iter()
                .map(|mut member| {
                    rename_component(&mut member, renamed);
                    member
                })
                .collect();
        }
        ExtendedType::Scalar(_) | ExtendedType::Enum(_) | ExtendedType::InputObject(_) => {}
    }
}

fn rename_field(field: &mut Node<apollo_compiler::ast::FieldDefinition>, renamed: &FxHashMap<Name, Name>) {
    if renamed.contains_key(field.ty.inner_named_type()) {
        rename_type(&mut field.make_mut().ty, renamed);
    }
}

fn rename_type(ty: &mut Type, renamed: &FxHashMap<Name, Name>) {
    match ty {
        Type::Named(name) | Type::NonNullNamed(name) => {
            if let Some(new) = renamed.get(name) {
                *name = new.clone();
            }
        }
        Type::List(inner) | Type::NonNullList(inner) => rename_type(inner, renamed),
    }
}
