//! The choice among a field's candidates: one that has everything below it, or as many as it takes.

use super::candidates::{Candidate, Request, Unit};
use super::{Cost, Part, Search, Way};
use crate::budget::Exhausted;
use crate::selection::{Group, Selection, SelectionId};

/// What was chosen for one field.
#[derive(Default)]
pub(super) struct Choice {
    pub(super) cost: Cost,
    pub(super) parts: Vec<Part>,
    /// Requests that the parts make; other fields of the position may share them.
    pub(super) requests: Vec<Request>,
    /// What no candidate has: `Some(None)` is the field itself, a leaf.
    pub(super) missing: Option<Option<SelectionId>>,
}

/// A candidate's price, and what it would leave open of the selection below the field.
#[derive(Clone, Copy)]
struct Offer {
    candidate: usize,
    cost: Cost,
    lack: Option<SelectionId>,
}

impl Search<'_> {
    pub(super) fn choose(
        &mut self,
        unit: &Unit,
        candidates: &[Candidate],
        made: &[Request],
        jumps: bool,
    ) -> Result<Choice, Exhausted> {
        let mut choice = Choice::default();
        let mut rest = unit.field.sub;
        let mut used = vec![false; candidates.len()];
        loop {
            let Some(offer) =
                self.best_offer(unit, candidates, &used, rest, made, &choice.requests, jumps)?
            else {
                choice.missing = Some(rest);
                return Ok(choice);
            };
            used[offer.candidate] = true;
            let sub = match (rest, offer.lack) {
                (Some(rest), Some(lack)) => self.selections.subtract(rest, lack),
                (rest, _) => rest,
            };
            choice.take(&candidates[offer.candidate], sub, offer.cost);
            if offer.lack.is_none() {
                break;
            }
            rest = offer.lack;
        }
        if let (Some(sub), [_]) = (unit.field.sub, choice.parts.as_slice()) {
            self.take_beside(unit, sub, candidates, &used, made, &mut choice)?;
        }
        Ok(choice)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the state of one choice; a struct would only be taken apart again"
    )]
    fn best_offer(
        &mut self,
        unit: &Unit,
        candidates: &[Candidate],
        used: &[bool],
        rest: Option<SelectionId>,
        made: &[Request],
        own: &[Request],
        jumps: bool,
    ) -> Result<Option<Offer>, Exhausted> {
        let mut best: Option<(usize, Offer)> = None;
        for (index, candidate) in candidates.iter().enumerate().filter(|(index, _)| !used[*index]) {
            let shared = made.contains(&candidate.request) || own.contains(&candidate.request);
            if let Some((0, offer)) = &best
                && !self.may_beat(offer.cost, candidate, rest, shared)?
            {
                continue;
            }
            let Some((cost, lack)) = self.price(unit, candidate, rest, shared, jumps)? else { continue };
            let open = lack.map_or(0, |lack| self.selections.leaves(lack));
            if best.as_ref().is_none_or(|(fewest, offer)| (open, cost) < (*fewest, offer.cost)) {
                best = Some((open, Offer { candidate: index, cost, lack }));
            }
        }
        Ok(best.map(|(_, offer)| offer))
    }

    /// Whether a candidate can be better than a complete offer of this cost: a bound that is cheap to know.
    fn may_beat(
        &mut self,
        best: Cost,
        candidate: &Candidate,
        sub: Option<SelectionId>,
        shared: bool,
    ) -> Result<bool, Exhausted> {
        let floor = candidate.cost(shared, Cost::default());
        if floor >= best {
            return Ok(false);
        }
        match (candidate.child, sub) {
            // One more round trip below it would already be too many.
            (Some(view), Some(sub)) if candidate.depth >= best.depth => self.is_local(sub, view),
            _ => Ok(true),
        }
    }

    /// What `sub` costs through a candidate, and what of it stays open; `None` when it brings nothing.
    fn price(
        &mut self,
        unit: &Unit,
        candidate: &Candidate,
        sub: Option<SelectionId>,
        shared: bool,
        jumps: bool,
    ) -> Result<Option<(Cost, Option<SelectionId>)>, Exhausted> {
        if let Way::Land(hop) = &candidate.way {
            let landed = self.landed(unit, hop.ty, sub);
            let solution = self.solve(landed, hop.view(), true)?;
            return Ok(solution.missing.is_none().then(|| (candidate.cost(shared, solution.cost), None)));
        }
        let (Some(view), Some(sub)) = (candidate.child, sub) else {
            return Ok(Some((candidate.cost(shared, Cost::default()), None)));
        };
        let solution = self.solve(sub, view, jumps)?;
        let brings = match solution.missing {
            Some(missing) => self.selections.subtract(sub, missing).is_some(),
            None => true,
        };
        Ok(brings.then(|| (candidate.cost(shared, solution.cost), solution.missing)))
    }

    /// The unit as a selection of its own, to be solved where its runtime types are known.
    pub(crate) fn landed(
        &mut self,
        unit: &Unit,
        ty: federation::supergraph::TypeId,
        sub: Option<SelectionId>,
    ) -> SelectionId {
        let typename = unit.field.is_meta();
        let field = crate::selection::FieldSelection { sub, ..unit.field.clone() };
        let fields = if typename { Vec::new() } else { vec![field] };
        self.selections.intern(Selection {
            ty,
            groups: vec![Group { types: unit.types.clone(), fields }],
            typename,
        })
    }

    /// A shared field may be asked in two subgraphs at once instead of in one and then, by key, in the other: one round trip less.
    ///
    /// Not for lists, whose elements two subgraphs need not order alike.
    fn take_beside(
        &mut self,
        unit: &Unit,
        sub: SelectionId,
        candidates: &[Candidate],
        used: &[bool],
        made: &[Request],
        choice: &mut Choice,
    ) -> Result<(), Exhausted> {
        let Some(first) = used.iter().position(|used| *used) else { return Ok(()) };
        let chosen = &candidates[first];
        let sooner =
            |(index, candidate): (usize, &Candidate)| !used[index] && candidate.depth < choice.cost.depth;
        let worth_it =
            unit.splittable && choice.cost.depth > chosen.depth && candidates.iter().enumerate().any(sooner);
        let (true, Some(view)) = (worth_it, chosen.child) else { return Ok(()) };
        let Some(rest) = self.solve(sub, view, false)?.missing.filter(|missing| *missing != sub) else {
            return Ok(());
        };
        let kept = self.selections.subtract(sub, rest);
        let Some(offer) =
            self.best_offer(unit, candidates, used, Some(rest), made, &choice.requests, true)?
        else {
            return Ok(());
        };
        let shared = made.contains(&chosen.request);
        let Some((own, None)) = self.price(unit, chosen, kept, shared, true)? else { return Ok(()) };
        let both = own.beside(offer.cost);
        if offer.lack.is_none() && both.depth < choice.cost.depth && both.fetches <= choice.cost.fetches {
            *choice = Choice::default();
            choice.take(chosen, kept, own);
            choice.take(&candidates[offer.candidate], Some(rest), offer.cost);
        }
        Ok(())
    }
}

impl Choice {
    fn take(&mut self, candidate: &Candidate, sub: Option<SelectionId>, cost: Cost) {
        self.parts.push(Part { way: candidate.way.clone(), child: candidate.child, sub });
        self.requests.push(candidate.request);
        self.cost = self.cost.beside(cost);
    }
}
