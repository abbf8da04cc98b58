//! Whether a subgraph may make null what the planner needs because of what the client asks beside it: an error in a field that is not null makes the
//! object around it null, for whoever reads it.
//!
//! Source: GraphQL specification, "Handling Field Errors".

use crate::search::Search;
use crate::selection::{FieldSelection, SelectionId, overlaps};
use apollo_compiler::ast::Type;
use federation::supergraph::{SubgraphId, TypeId};

/// Whether the subgraph may make an object null for what is `asked` of it, but not for what is `added`.
pub(super) fn by_asking(
    search: &Search<'_>,
    subgraph: SubgraphId,
    asked: SelectionId,
    added: SelectionId,
) -> bool {
    let (asked, added) = (search.selections.get(asked), search.selections.get(added));
    asked.groups.iter().any(|group| {
        overlaps(group, &added).iter().any(|(types, added)| {
            let beside = |field: &FieldSelection| {
                let mut fields = added.iter().flat_map(|added| &added.fields);
                fields.find(|other| other.field == field.field && other.arguments == field.arguments).cloned()
            };
            let fails = |field: &FieldSelection| {
                declared(search, subgraph, types[0], field).is_some_and(|ty| match beside(field) {
                    None => ty.is_non_null(),
                    Some(added) => {
                        passes_on(ty)
                            && field
                                .sub
                                .zip(added.sub)
                                .is_some_and(|(asked, added)| by_asking(search, subgraph, asked, added))
                    }
                })
            };
            group.fields.iter().any(fails)
        })
    })
}

/// The type of a field that the subgraph resolves together with the object.
fn declared<'s>(
    search: &Search<'s>,
    subgraph: SubgraphId,
    ty: TypeId,
    field: &FieldSelection,
) -> Option<&'s Type> {
    let supergraph = search.supergraph;
    let definition = supergraph.types[ty].fields.get(&field.field)?;
    let join = definition.join(subgraph)?;
    let comes_later = join.requires.is_some() || !join.context_arguments.is_empty();
    (!comes_later).then(|| join.ty.as_ref().unwrap_or(&definition.ty))
}

/// Whether what is null at the innermost of a field makes the object around the field null.
fn passes_on(ty: &Type) -> bool {
    match ty {
        Type::NonNullNamed(_) => true,
        Type::NonNullList(item) => passes_on(item),
        Type::Named(_) | Type::List(_) => false,
    }
}
