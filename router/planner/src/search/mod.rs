//! The search: for every field of a position, from which subgraph it is best had.
//!
//! A *view* is a position as one subgraph sees it. [`Search::solve`] decides, for a selection at a view, which fields are taken there and which
//! need a jump by a key into another subgraph; what cannot be had at all is returned as `missing`, so that whoever chose this view can cover the
//! rest through another one. Solutions are memoised by (selection, view): the search is polynomial in the operation and the subgraphs.
//!
//! Cost: sequential round trips first, then requests, then the fields that must wait for them.

mod candidates;
mod choose;
mod contexts;
mod peers;
mod provided;
mod reach;

use crate::budget::{Budget, Exhausted};
use crate::selection::{FieldSelection, Group, Normaliser, Selection, SelectionId, Selections};
use choose::Choice;
use contexts::Contexts;
use federation::supergraph::{SubgraphId, Supergraph, TypeId};
use peers::Peers;
use provided::ProvidedSets;
use rustc_hash::FxHashMap;
use std::rc::Rc;

use candidates::Candidate;
pub(crate) use candidates::Unit;
pub(crate) use peers::has_partial_unions;
pub(crate) use reach::Hop;

/// The pseudo subgraph in which an operation begins: it resolves nothing, every root type is one request away.
pub(crate) const START: SubgraphId = SubgraphId::MAX;

/// A position as one subgraph sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct View {
    pub(crate) subgraph: SubgraphId,
    /// Its type in that subgraph.
    pub(crate) ty: TypeId,
    /// What a `@provides` further up makes resolvable here; 0 for nothing.
    pub(crate) provided: usize,
    /// Which other subgraphs could have been asked for it; 0 for none.
    pub(crate) peers: usize,
    /// Which arguments from contexts the objects further out fill in; 0 where it does not matter.
    pub(crate) filled: usize,
}

impl View {
    /// An object as a subgraph sees it that was asked for it by a key.
    pub(crate) fn entered(subgraph: SubgraphId, ty: TypeId, filled: usize) -> Self {
        Self { subgraph, ty, provided: 0, peers: 0, filled }
    }

    /// The same object, below which no argument is filled in.
    pub(crate) fn without_contexts(self) -> Self {
        Self { filled: 0, ..self }
    }
}

/// What it takes to get something. What is asked for in many places is counted in each, so that the counts can grow beyond any number: they
/// stay at the largest then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Cost {
    /// Sequential round trips after the one that the view itself is part of.
    pub(crate) depth: u32,
    /// Further requests.
    pub(crate) fetches: u32,
    /// Fields that are had only by a further request.
    pub(crate) later: u32,
    /// Fields that are had at once.
    pub(crate) fields: u32,
}

/// How a selection is had at a view.
#[derive(Debug, Default)]
pub(crate) struct Solution {
    pub(crate) cost: Cost,
    /// The part that cannot be had from here.
    pub(crate) missing: Option<SelectionId>,
    pub(crate) steps: Vec<Step>,
}

/// How one field is had.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) unit: Unit,
    /// More than one when no single subgraph has everything below the field.
    pub(crate) parts: Vec<Part>,
}

/// A way to a field, and what is taken there.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) way: Way,
    /// How the subgraph that is taken sees what is below.
    pub(crate) child: Option<View>,
    pub(crate) sub: Option<SelectionId>,
}

/// Where a field is taken from.
#[derive(Debug, Clone)]
pub(crate) enum Way {
    /// The view's own subgraph.
    Here,
    /// Another subgraph (or this one again, when the field requires something first).
    Jump {
        hop: Rc<Hop>,
        /// What must be had of the object before.
        requires: Option<SelectionId>,
    },
    /// A subgraph that knows the runtime types, which this one does not; the field is solved there anew.
    Land(Rc<Hop>),
}

type Hops = Vec<Rc<Hop>>;

/// One planning run.
pub(crate) struct Search<'a> {
    pub(crate) supergraph: &'a Supergraph,
    pub(crate) selections: Selections,
    sets: Normaliser<'a>,
    provided: ProvidedSets<'a>,
    peers: Peers,
    contexts: Contexts,
    solved: FxHashMap<(SelectionId, View, bool), Rc<Solution>>,
    solving: FxHashMap<(SelectionId, View), usize>,
    reached: FxHashMap<(TypeId, View), Rc<Hops>>,
    /// The frame that explores, and the jumps it has found so far.
    reaching: FxHashMap<(TypeId, View), (usize, Hops)>,
    depth: usize,
    /// The outermost frame whose unfinished result the current frame has used. Frames inside it are not final and must not be remembered.
    cut: usize,
    budget: Budget,
}

impl<'a> Search<'a> {
    pub(crate) fn new(
        supergraph: &'a Supergraph,
        sets: Normaliser<'a>,
        budget: Budget,
        has_partial_unions: bool,
    ) -> Self {
        Self {
            supergraph,
            selections: Selections::default(),
            sets,
            provided: ProvidedSets::default(),
            peers: Peers::new(has_partial_unions),
            contexts: Contexts::new(supergraph),
            solved: FxHashMap::default(),
            solving: FxHashMap::default(),
            reached: FxHashMap::default(),
            reaching: FxHashMap::default(),
            depth: 0,
            cut: usize::MAX,
            budget,
        }
    }

    /// The position in which an operation begins.
    pub(crate) fn start(&self, ty: TypeId) -> View {
        View::entered(START, ty, self.contexts.start())
    }

    /// The selection that a client's operation makes on its root type.
    pub(crate) fn read_operation(
        &mut self,
        ty: TypeId,
        set: &'a apollo_compiler::executable::SelectionSet,
    ) -> SelectionId {
        self.sets.operation(&mut self.selections, ty, set)
    }

    /// The selection that a `@key` makes on objects of type `ty`.
    pub(crate) fn read_key(
        &mut self,
        ty: TypeId,
        set: &'a apollo_compiler::executable::SelectionSet,
    ) -> SelectionId {
        self.sets.key(&mut self.selections, ty, set)
    }

    /// The selection that a `@requires` makes on objects of type `ty`.
    pub(crate) fn read_required(
        &mut self,
        ty: TypeId,
        set: &'a apollo_compiler::executable::SelectionSet,
    ) -> SelectionId {
        self.sets.required(&mut self.selections, ty, set)
    }

    /// The best way to have `selection` at `view`; without `jumps`, only from the view's own subgraph.
    pub(crate) fn solve(
        &mut self,
        selection: SelectionId,
        view: View,
        jumps: bool,
    ) -> Result<Rc<Solution>, Exhausted> {
        if let Some(solution) = self.solved.get(&(selection, view, jumps)) {
            return Ok(Rc::clone(solution));
        }
        self.budget.spend()?;
        if jumps && let Some(&frame) = self.solving.get(&(selection, view)) {
            // To have it, one must have it already: not by this way.
            self.cut = self.cut.min(frame);
            return Ok(Rc::new(Solution { missing: Some(selection), ..Solution::default() }));
        }
        self.depth += 1;
        if jumps {
            self.solving.insert((selection, view), self.depth);
        }
        let solution = self.position(selection, view, jumps).map(Rc::new);
        if jumps {
            self.solving.remove(&(selection, view));
        }
        let solution = solution?;
        if self.leave_frame() {
            self.solved.insert((selection, view, jumps), Rc::clone(&solution));
        }
        Ok(solution)
    }

    /// Whether the whole selection is resolvable without leaving the view's subgraph.
    pub(crate) fn is_local(&mut self, selection: SelectionId, view: View) -> Result<bool, Exhausted> {
        Ok(self.solve(selection, view, false)?.missing.is_none())
    }

    /// Ends the current frame; whether its result depends on nothing unfinished outside it.
    fn leave_frame(&mut self) -> bool {
        let is_final = self.cut >= self.depth;
        if is_final {
            self.cut = usize::MAX;
        }
        self.depth -= 1;
        is_final
    }

    fn position(&mut self, selection: SelectionId, view: View, jumps: bool) -> Result<Solution, Exhausted> {
        let asked = self.selections.get(selection);
        let mut open = Vec::new();
        for unit in self.units(&asked, view) {
            let candidates = self.candidates(&unit, view, jumps)?;
            if jumps && self.is_had_by_type_only(&unit, view, &candidates)? {
                for unit in unit.by_type() {
                    let candidates = self.candidates(&unit, view, jumps)?;
                    open.push((unit, candidates));
                }
            } else {
                open.push((unit, candidates));
            }
        }
        // Fields that leave no choice decide which requests are made; the others then share them.
        let mut order: Vec<usize> = (0..open.len()).collect();
        order.sort_by_key(|&index| open[index].1.len());
        let mut requests = Vec::new();
        let mut choices: Vec<Choice> = std::iter::repeat_with(Choice::default).take(open.len()).collect();
        for index in order {
            let (unit, candidates) = &open[index];
            choices[index] = self.choose(unit, candidates, &requests, jumps)?;
            requests.extend_from_slice(&choices[index].requests);
        }
        let units: Vec<Unit> = open.into_iter().map(|(unit, _)| unit).collect();
        give_up_torn(&units, &mut choices);
        let mut cost = Cost::default();
        let mut steps = Vec::with_capacity(units.len());
        let mut missing = Vec::new();
        for (unit, choice) in units.into_iter().zip(choices) {
            cost = cost.beside(choice.cost);
            if let Some(lack) = choice.missing {
                missing.push((unit.clone(), lack));
            }
            if !choice.parts.is_empty() {
                steps.push(Step { unit, parts: choice.parts });
            }
        }
        let missing = self.missing(&asked, missing);
        Ok(Solution { cost, missing, steps })
    }

    /// Whether a field of an interface lacks something here. Its objects may be had by a key of their own types: in subgraphs that have more below it.
    fn is_had_by_type_only(
        &mut self,
        unit: &Unit,
        view: View,
        candidates: &[Candidate],
    ) -> Result<bool, Exhausted> {
        let is_of_interface =
            unit.on.is_none() && self.supergraph.types[view.ty].is_abstract() && !self.knows_no_types(view);
        if !is_of_interface || unit.field.is_meta() || view.subgraph == START {
            return Ok(false);
        }
        Ok(self.choose(unit, candidates, &[], true)?.missing.is_some())
    }

    /// What the units lack, as a part of `asked`.
    fn missing(&mut self, asked: &Selection, lacks: Vec<(Unit, Option<SelectionId>)>) -> Option<SelectionId> {
        if lacks.is_empty() {
            return None;
        }
        let mut typename = false;
        let mut by_type: Vec<(TypeId, Vec<FieldSelection>)> = Vec::new();
        for (unit, lack) in lacks {
            if unit.field.is_meta() {
                typename = true;
                continue;
            }
            for ty in unit.on.map_or(unit.types, |ty| vec![ty]) {
                let field = FieldSelection { sub: lack, ..unit.field.clone() };
                match by_type.iter_mut().find(|(other, _)| *other == ty) {
                    Some((_, fields)) => fields.push(field),
                    None => by_type.push((ty, vec![field])),
                }
            }
        }
        by_type.sort_by_key(|(ty, _)| *ty);
        let mut groups: Vec<Group> = Vec::new();
        for (ty, fields) in by_type {
            match groups.iter_mut().find(|group| group.fields == fields) {
                Some(group) => group.types.push(ty),
                None => groups.push(Group { types: vec![ty], fields }),
            }
        }
        Some(self.selections.intern(Selection { ty: asked.ty, groups, typename }))
    }
}

/// A field of an interface that cannot be had for one of its types is not taken for the others either: the objects that this
/// subgraph returns and those that another one returns need not be the same.
fn give_up_torn(units: &[Unit], choices: &mut [Choice]) {
    for index in 0..units.len() {
        let unit = &units[index];
        if !unit.indivisible || choices[index].missing.is_none() || !choices[index].parts.is_empty() {
            continue;
        }
        let alike = |other: &Unit| other.indivisible && other.field == unit.field;
        for (_, choice) in units.iter().zip(choices.iter_mut()).filter(|(other, _)| alike(other)) {
            *choice = Choice { missing: Some(unit.field.sub), ..Choice::default() };
        }
    }
}

impl Cost {
    /// Both, at the same time.
    pub(crate) fn beside(self, other: Self) -> Self {
        Self {
            depth: self.depth.max(other.depth),
            fetches: self.fetches.saturating_add(other.fetches),
            later: self.later.saturating_add(other.later),
            fields: self.fields.saturating_add(other.fields),
        }
    }
}
