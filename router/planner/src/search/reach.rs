//! Which subgraphs an object can be followed into, by which keys, and through which others.

use super::{START, Search, View};
use crate::budget::Exhausted;
use crate::selection::{Group, Selection, SelectionId};
use apollo_compiler::executable::SelectionSet;
use federation::supergraph::{SubgraphId, TypeId};
use std::rc::Rc;

/// A jump of an object from where it is seen into another subgraph.
#[derive(Debug)]
pub(crate) struct Hop {
    pub(crate) subgraph: SubgraphId,
    /// The type as which the subgraph is entered: the object's own, or an interface of it.
    pub(crate) ty: TypeId,
    /// The key, as a selection on the object; `None` for root types, which need none.
    pub(crate) key: Option<SelectionId>,
    /// Where the parts of the key come from.
    pub(crate) sources: Vec<Source>,
    /// Round trips, this one included.
    pub(super) depth: u32,
    /// Requests, this one included.
    pub(super) fetches: u32,
    /// As [`View::filled`].
    filled: usize,
}

/// Where a part of a key comes from.
#[derive(Debug)]
pub(crate) struct Source {
    /// The subgraph that has it: one reached before, or (`None`) the one in which the object is seen.
    pub(crate) from: Option<Rc<Hop>>,
    pub(crate) selection: SelectionId,
    /// Its sub-fields need jumps of their own.
    pub(crate) nested: bool,
}

impl Hop {
    /// The object as the subgraph sees it after the jump.
    pub(crate) fn view(&self) -> View {
        View::entered(self.subgraph, self.ty, self.filled)
    }
}

/// A key that enters a subgraph.
struct Door<'a> {
    subgraph: SubgraphId,
    ty: TypeId,
    key: &'a SelectionSet,
}

impl<'a> Search<'a> {
    /// The best jump of an object of type `ty`, seen by `view`, into `subgraph` as a `target`.
    pub(super) fn hop(
        &mut self,
        ty: TypeId,
        view: View,
        subgraph: SubgraphId,
        target: TypeId,
    ) -> Result<Option<Rc<Hop>>, Exhausted> {
        let hops = self.reach(ty, view)?;
        Ok(hops.iter().find(|hop| hop.subgraph == subgraph && hop.ty == target).cloned())
    }

    fn reach(&mut self, ty: TypeId, view: View) -> Result<Rc<Vec<Rc<Hop>>>, Exhausted> {
        if let Some(hops) = self.reached.get(&(ty, view)) {
            return Ok(Rc::clone(hops));
        }
        if let Some((frame, hops)) = self.reaching.get(&(ty, view)) {
            self.cut = self.cut.min(*frame);
            return Ok(Rc::new(hops.clone()));
        }
        self.budget.spend()?;
        self.depth += 1;
        self.reaching.insert((ty, view), (self.depth, Vec::new()));
        let outcome = self.explore(ty, view);
        let hops = self.reaching.remove(&(ty, view)).map(|(_, hops)| Rc::new(hops)).unwrap_or_default();
        outcome?;
        if self.leave_frame() {
            self.reached.insert((ty, view), Rc::clone(&hops));
        }
        Ok(hops)
    }

    fn explore(&mut self, ty: TypeId, view: View) -> Result<(), Exhausted> {
        if self.is_root(ty) {
            let depth = u32::from(view.subgraph != START);
            for join in &self.supergraph.types[ty].joins {
                let hop = Hop {
                    subgraph: join.subgraph,
                    ty,
                    key: None,
                    sources: Vec::new(),
                    depth,
                    fetches: 1,
                    filled: view.filled,
                };
                self.push(ty, view, hop);
            }
            return Ok(());
        }
        if view.subgraph == START {
            return Ok(());
        }
        let mut doors = self.doors(ty);
        let mut depth = 1;
        loop {
            let before = self.known(ty, view).len();
            let mut opened = Vec::new();
            for door in &doors {
                opened.extend(self.open(door, ty, view, depth)?);
            }
            opened.sort_by_key(|hop: &Hop| hop.fetches);
            for hop in opened {
                self.push(ty, view, hop);
            }
            if self.known(ty, view).len() == before && !self.open_nested(&doors, ty, view)? {
                return Ok(());
            }
            let known = self.known(ty, view);
            doors.retain(|door| !known.iter().any(|hop| hop.subgraph == door.subgraph && hop.ty == door.ty));
            depth += 1;
        }
    }

    fn is_root(&self, ty: TypeId) -> bool {
        let roots = &self.supergraph.schema.schema_definition;
        let name = &self.supergraph.types[ty].name;
        [&roots.query, &roots.mutation, &roots.subscription]
            .into_iter()
            .flatten()
            .any(|root| root.name == *name)
    }

    fn known(&self, ty: TypeId, view: View) -> Vec<Rc<Hop>> {
        self.reaching.get(&(ty, view)).map(|(_, hops)| hops.clone()).unwrap_or_default()
    }

    fn push(&mut self, ty: TypeId, view: View, hop: Hop) {
        let Some((_, hops)) = self.reaching.get_mut(&(ty, view)) else { return };
        if !hops.iter().any(|known| known.subgraph == hop.subgraph && known.ty == hop.ty) {
            hops.push(Rc::new(hop));
        }
    }

    /// The keys by which an object of type `ty` is entered anywhere: its own, and those of interfaces that a subgraph sees as an object.
    fn doors(&self, ty: TypeId) -> Vec<Door<'a>> {
        let supergraph = self.supergraph;
        let own = supergraph.types[ty].keys.iter().map(move |key| (ty, key));
        let blind = supergraph.types[ty].interfaces.iter().flat_map(move |&interface| {
            let definition = &supergraph.types[interface];
            let sees_object = |subgraph| definition.join(subgraph).is_some_and(|join| join.interface_object);
            definition
                .keys
                .iter()
                .filter(move |key| sees_object(key.subgraph))
                .map(move |key| (interface, key))
        });
        own.chain(blind)
            .filter(|(_, key)| key.resolvable)
            .map(|(ty, key)| Door { subgraph: key.subgraph, ty, key: &key.fields })
            .collect()
    }

    /// The jump through `door`, if every field of its key is resolvable in a subgraph reached in fewer than `depth` round trips.
    fn open(
        &mut self,
        door: &Door<'a>,
        ty: TypeId,
        view: View,
        depth: u32,
    ) -> Result<Option<Hop>, Exhausted> {
        let key = self.key(ty, door.key);
        let known = self.known(ty, view);
        let mut sources: Vec<Source> = Vec::new();
        for part in self.single_fields(key) {
            let mut from = self.is_local(part, view)?.then_some(None);
            for hop in known.iter().filter(|hop| hop.depth < depth) {
                if from.is_some() {
                    break;
                }
                if self.is_local(part, hop.view())? {
                    from = Some(Some(Rc::clone(hop)));
                }
            }
            let Some(from) = from else { return Ok(None) };
            sources.push(Source { from, selection: part, nested: false });
        }
        let mut fetches = 1;
        let mut counted: Vec<*const Hop> = Vec::new();
        for hop in sources.iter().filter_map(|source| source.from.as_ref()) {
            if !counted.contains(&Rc::as_ptr(hop)) {
                counted.push(Rc::as_ptr(hop));
                fetches = hop.fetches.saturating_add(fetches);
            }
        }
        let deepest =
            sources.iter().filter_map(|source| source.from.as_ref()).map(|hop| hop.depth).max().unwrap_or(0);
        Ok(Some(Hop {
            subgraph: door.subgraph,
            ty: door.ty,
            key: Some(key),
            sources,
            depth: deepest + 1,
            fetches,
            filled: view.filled,
        }))
    }

    /// When no key opens directly: one whose parts need jumps of their own, below the object or around it.
    fn open_nested(&mut self, doors: &[Door<'a>], ty: TypeId, view: View) -> Result<bool, Exhausted> {
        for door in doors {
            let key = self.key(ty, door.key);
            let solution = self.solve(key, view, true)?;
            if solution.missing.is_none() {
                let sources = vec![Source { from: None, selection: key, nested: true }];
                let (depth, fetches) = (solution.cost.depth + 1, solution.cost.fetches.saturating_add(1));
                let filled = view.filled;
                let (subgraph, entry) = (door.subgraph, door.ty);
                self.push(
                    ty,
                    view,
                    Hop { subgraph, ty: entry, key: Some(key), sources, depth, fetches, filled },
                );
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A key's field set as a selection on objects of type `ty`. Which type it is need not be asked: the representation says it.
    fn key(&mut self, ty: TypeId, set: &'a SelectionSet) -> SelectionId {
        let id = self.read_key(ty, set);
        let selection = self.selections.get(id);
        if !selection.typename {
            return id;
        }
        self.selections.intern(Selection { typename: false, ..(*selection).clone() })
    }

    fn single_fields(&mut self, key: SelectionId) -> Vec<SelectionId> {
        let selection = self.selections.get(key);
        let Some(group) = selection.groups.first() else { return Vec::new() };
        let single = |field: &crate::selection::FieldSelection| Selection {
            ty: selection.ty,
            groups: vec![Group {
                types: selection.groups.iter().flat_map(|group| group.types.clone()).collect(),
                fields: vec![field.clone()],
            }],
            typename: false,
        };
        let singles: Vec<Selection> =
            group.fields.iter().filter(|field| !field.is_meta()).map(single).collect();
        singles.into_iter().map(|selection| self.selections.intern(selection)).collect()
    }
}
