//! Which subgraphs could have been asked for the same object, and what they agree that it may be.
//!
//! Where several subgraphs resolve the same path and each knows other members of a union, an answer must not depend on which
//! of them was asked: only the members that all of them know are asked for their fields. A path that leads through a key
//! can be taken up by every subgraph that the key enters.

use super::{Search, View};
use apollo_compiler::ast::OperationType;
use federation::supergraph::{CompositeKind, Field, SubgraphId, Supergraph, TypeId};
use rustc_hash::FxHashMap;

/// The sets of subgraphs of a planning run; index 0 is for a view that nobody else could have.
pub(super) struct Peers {
    all: Vec<Vec<SubgraphId>>,
    ids: FxHashMap<Vec<SubgraphId>, usize>,
    /// Whether it matters: some union has other members elsewhere.
    matter: bool,
}

impl Peers {
    pub(super) fn new(matter: bool) -> Self {
        Self { all: vec![Vec::new()], ids: FxHashMap::default(), matter }
    }

    fn intern(&mut self, subgraphs: Vec<SubgraphId>) -> usize {
        if subgraphs.len() < 2 {
            return 0;
        }
        let next = self.all.len();
        let id = *self.ids.entry(subgraphs.clone()).or_insert(next);
        if id == next {
            self.all.push(subgraphs);
        }
        id
    }
}

/// Whether subgraphs differ in what a union may be.
pub(crate) fn has_partial_unions(supergraph: &Supergraph) -> bool {
    let unions = supergraph.types.iter().filter(|ty| ty.kind == CompositeKind::Union);
    unions.into_iter().any(|union| union.joins.iter().any(|join| join.possible.len() != union.possible.len()))
}

impl Search<'_> {
    /// Who else could have answered `field` of an object of type `ty` that `view` sees, when `subgraph` does.
    pub(super) fn peers_below(
        &mut self,
        view: View,
        ty: TypeId,
        field: &Field,
        subgraph: SubgraphId,
    ) -> usize {
        if !self.peers.matter {
            return 0;
        }
        let above = &self.peers.all[view.peers];
        let able = field.joins.iter().filter(|join| !join.external).map(|join| join.subgraph);
        let peers = able.filter(|&other| {
            other == subgraph || above.contains(&other) || is_entered(self.supergraph, ty, other)
        });
        let peers = peers.collect();
        self.peers.intern(peers)
    }

    /// Of the types that an object seen by `view` may have, those whose fields may be asked for.
    pub(super) fn agreed(&self, view: View, seen: &[TypeId]) -> Vec<TypeId> {
        let union = &self.supergraph.types[view.ty];
        let peers = self.peers.all[view.peers].iter().filter_map(|&peer| union.join(peer));
        let others: Vec<_> = if union.kind == CompositeKind::Union { peers.collect() } else { Vec::new() };
        let known = |ty: &TypeId| others.iter().all(|join| join.possible.contains(ty));
        seen.iter().copied().filter(known).collect()
    }
}

/// Whether `subgraph` can be asked for objects of type `ty` out of nothing but a key: a root type needs none.
fn is_entered(supergraph: &Supergraph, ty: TypeId, subgraph: SubgraphId) -> bool {
    let ty = &supergraph.types[ty];
    let root = supergraph.schema.root_operation(OperationType::Query);
    root.is_some_and(|root| *root == ty.name)
        || ty.keys.iter().any(|key| key.subgraph == subgraph && key.resolvable)
}
