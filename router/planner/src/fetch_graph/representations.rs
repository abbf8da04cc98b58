//! How entities are represented, and which of them share a group: those that a subgraph is told of alike, and asked the same about.
//!
//! Source: federation subgraph specification, `Query._entities`.

use super::{Address, Builder, GroupId, Here, add_new};
use crate::budget::Exhausted;
use crate::plan::{Representation, RepresentationField};
use crate::positions::PositionId;
use crate::search::Hop;
use crate::selection::SelectionId;
use apollo_compiler::name;
use federation::supergraph::TypeId;
use std::rc::Rc;

impl Builder<'_, '_> {
    /// The group that sends these representations: one that exists, unless it already says something else under one of their names
    /// (the same required field with other arguments), or asks other objects, of other types, that share the name.
    pub(super) fn entity_group(
        &mut self,
        address: Address,
        representation: Representation,
        (ty, together): (TypeId, Rc<[TypeId]>),
    ) -> GroupId {
        let (subgraph, path, after, _) = address.clone();
        let known = self.at.entry(address).or_default();
        for &group in known.iter() {
            let open = &mut self.graph.groups[group];
            if open.may_be_shared(ty, &together)
                && take_representation(&mut open.representations, &representation)
            {
                add_new(&mut open.sharing, vec![(ty, together)]);
                return group;
            }
        }
        let group = self.graph.groups.len();
        known.push(group);
        self.new_group(subgraph, None, &path, after);
        self.graph.groups[group].representations.push(representation);
        self.graph.groups[group].sharing.push((ty, together));
        group
    }

    pub(super) fn represent(
        &mut self,
        on: Option<TypeId>,
        here: &Here,
        hop: &Hop,
        fields: Vec<RepresentationField>,
    ) -> Result<Representation, Exhausted> {
        let supergraph = self.search.supergraph;
        let mut runtime_types = Vec::new();
        if let Some(ty) = on.filter(|_| supergraph.types[here.view.ty].is_abstract()) {
            runtime_types.push(supergraph.types[ty].name.clone());
            self.typename_here(here)?;
        }
        Ok(Representation { runtime_types, typename: Some(supergraph.types[hop.ty].name.clone()), fields })
    }

    /// A selection that has been made at `position` as fields of a representation.
    pub(super) fn representation(
        &mut self,
        selection: SelectionId,
        position: PositionId,
        is_key: bool,
    ) -> Vec<RepresentationField> {
        let supergraph = self.search.supergraph;
        let asked = self.search.selections.get(selection);
        let one_kind = asked.groups.len() < 2;
        let mut fields = Vec::new();
        if asked.typename {
            fields.push(RepresentationField {
                on_types: Vec::new(),
                name: name!("__typename"),
                key: name!("__typename"),
                nullable: false,
                selection: Vec::new(),
            });
        }
        for group in &asked.groups {
            let on_types = match one_kind {
                true => Vec::new(),
                false => group.types.iter().map(|ty| supergraph.types[*ty].name.clone()).collect::<Vec<_>>(),
            };
            for field in group.fields.iter().filter(|field| !field.is_meta()) {
                let key = self.positions.added(position, field);
                let below = self.positions.child(position, &key);
                let declared = supergraph.types[group.types[0]].fields.get(&field.field);
                fields.push(RepresentationField {
                    on_types: on_types.clone(),
                    name: field.field.clone(),
                    nullable: !is_key && declared.is_none_or(|declared| !declared.ty.is_non_null()),
                    selection: field
                        .sub
                        .map(|sub| self.representation(sub, below, is_key))
                        .unwrap_or_default(),
                    key,
                });
            }
        }
        fields
    }
}

/// Runtime types that are represented alike, together.
pub(super) fn alike(representations: Vec<Representation>) -> Vec<Representation> {
    let mut together: Vec<Representation> = Vec::with_capacity(representations.len());
    for representation in representations {
        let same = |other: &&mut Representation| {
            let both_typed = !other.runtime_types.is_empty() && !representation.runtime_types.is_empty();
            both_typed && other.typename == representation.typename && other.fields == representation.fields
        };
        match together.iter_mut().find(same) {
            Some(known) => known.runtime_types.extend(representation.runtime_types),
            None => together.push(representation),
        }
    }
    together
}

/// Adds a representation to those of a group; false, and nothing changed, when one name would mean two things, or when objects of two
/// types, which the subgraph knows by one name and is asked the same about, would not be told alike: one of them might miss
/// what a field requires.
pub(super) fn take_representation(known: &mut Vec<Representation>, more: &Representation) -> bool {
    let same =
        |other: &Representation| other.runtime_types == more.runtime_types && other.typename == more.typename;
    let at = known.iter().position(same);
    let mut taken = more.clone();
    if let Some(known) = at.map(|at| &known[at]) {
        if !agree(&known.fields, &more.fields) {
            return false;
        }
        taken.fields.clone_from(&known.fields);
        merge_fields(&mut taken.fields, more.fields.clone());
    }
    let mut namesakes = known.iter().filter(|other| !same(other) && other.typename == more.typename);
    if !namesakes.all(|other| is_told_alike(&other.fields, &taken.fields)) {
        return false;
    }
    match at {
        Some(at) => known[at] = taken,
        None => known.push(taken),
    }
    true
}

pub(super) fn is_told_alike(a: &[RepresentationField], b: &[RepresentationField]) -> bool {
    a.len() == b.len() && a.iter().all(|field| b.contains(field))
}

/// Whether two lists of fields read the same data under every name that both have.
pub(super) fn agree(a: &[RepresentationField], b: &[RepresentationField]) -> bool {
    a.iter().all(|left| {
        let namesakes = b.iter().filter(|right| right.name == left.name && right.on_types == left.on_types);
        namesakes.into_iter().all(|right| right.key == left.key && agree(&left.selection, &right.selection))
    })
}

pub(super) fn merge_fields(into: &mut Vec<RepresentationField>, from: Vec<RepresentationField>) {
    for field in from {
        let same = |other: &&mut RepresentationField| {
            other.name == field.name && other.key == field.key && other.on_types == field.on_types
        };
        match into.iter_mut().find(same) {
            Some(known) => {
                known.nullable &= field.nullable;
                merge_fields(&mut known.selection, field.selection);
            }
            None => into.push(field),
        }
    }
}
