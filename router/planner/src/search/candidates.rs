//! What there is to be had at a position, and every subgraph that has it.

use super::{Cost, START, Search, View, Way};
use crate::budget::Exhausted;
use crate::selection::{Arguments, FieldSelection, Selection, SelectionId};
use apollo_compiler::Name;
use apollo_compiler::collections::IndexMap;
use apollo_compiler::name;
use federation::supergraph::{CompositeKind, Field, FieldJoin, SubgraphId, TypeId};
use std::rc::Rc;

/// A field to be had at a position, for one runtime type or for all those meant.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    /// The runtime type for which it is asked; `None` asks on the view's own type.
    pub(crate) on: Option<TypeId>,
    pub(crate) types: Vec<TypeId>,
    pub(crate) field: FieldSelection,
    /// Whether two subgraphs may be asked for parts of it.
    pub(super) splittable: bool,
    /// Whether it is a field of the view's interface that must be asked type by type: it is had for all of them or for none.
    pub(super) indivisible: bool,
}

impl Unit {
    /// The same for each type alone.
    pub(super) fn by_type(&self) -> impl Iterator<Item = Self> {
        self.types.iter().map(|ty| Self { on: Some(*ty), types: vec![*ty], ..self.clone() })
    }
}

/// A request that fields of one position can share: into which subgraph, at which type, after what.
pub(super) type Request = (SubgraphId, TypeId, Option<SelectionId>);

/// A subgraph that has a field, and its price before anything below the field is counted.
pub(super) struct Candidate {
    pub(super) way: Way,
    /// How that subgraph sees what is below the field.
    pub(super) child: Option<View>,
    pub(super) depth: u32,
    pub(super) fetches: u32,
    pub(super) request: Request,
}

impl Candidate {
    /// The price of what is `below` it, had through it; `shared` when its request is made anyway.
    pub(super) fn cost(&self, shared: bool, below: Cost) -> Cost {
        let fields = below.fields.saturating_add(1);
        let at_once = self.depth == 0;
        Cost {
            depth: self.depth + below.depth,
            fetches: below.fetches.saturating_add(if shared { 0 } else { self.fetches }),
            later: below.later.saturating_add(if at_once { 0 } else { fields }),
            fields: if at_once { fields } else { 0 },
        }
    }
}

impl<'a> Search<'a> {
    /// The fields of `asked` that objects seen by `view` can have.
    pub(super) fn units(&mut self, asked: &Selection, view: View) -> Vec<Unit> {
        let seen = self.runtime_types(view);
        let agreed = self.agreed(view, &seen);
        let mut merged: IndexMap<&FieldSelection, Vec<TypeId>> = IndexMap::default();
        for group in &asked.groups {
            let types: Vec<TypeId> = group.types.iter().copied().filter(|ty| agreed.contains(ty)).collect();
            if types.is_empty() {
                continue;
            }
            for field in group.fields.iter().filter(|field| !field.is_meta()) {
                merged.entry(field).or_default().extend(&types);
            }
        }
        let mut units = Vec::new();
        if asked.typename && view.subgraph != START {
            let field = FieldSelection {
                key: name!("__typename"),
                field: name!("__typename"),
                arguments: Rc::new(Arguments::default()),
                sub: None,
            };
            units.push(Unit { on: None, types: seen.clone(), field, splittable: false, indivisible: false });
        }
        for (field, mut types) in merged {
            types.sort_unstable();
            let splittable = self.splittable(view, types[0], &field.field);
            let indivisible = types.len() == seen.len() && self.on_interface(view, &field.field);
            let unit = |on, types| Unit { on, types, field: field.clone(), splittable, indivisible };
            if self.asked_on_own_type(view, &seen, &types, &field.field) {
                units.push(unit(None, types));
            } else {
                units.extend(types.iter().map(|&ty| unit(Some(ty), vec![ty])));
            }
        }
        units
    }

    /// The object types that an object seen by `view` may have.
    fn runtime_types(&self, view: View) -> Vec<TypeId> {
        let ty = &self.supergraph.types[view.ty];
        match ty.join(view.subgraph) {
            Some(join) if !join.interface_object => join.possible.clone(),
            _ => ty.possible.clone(),
        }
    }

    fn splittable(&self, view: View, ty: TypeId, field: &Name) -> bool {
        let types = &self.supergraph.types;
        let is_mutation = self
            .supergraph
            .schema
            .schema_definition
            .mutation
            .as_ref()
            .is_some_and(|root| root.name == types[view.ty].name);
        let definition = types[ty].fields.get(field);
        !is_mutation && definition.is_some_and(|field| !field.ty.is_list())
    }

    /// Whether a field can be asked of the view's own type, without telling runtime types apart.
    fn asked_on_own_type(&self, view: View, seen: &[TypeId], types: &[TypeId], field: &Name) -> bool {
        let ty = &self.supergraph.types[view.ty];
        if ty.kind == CompositeKind::Object || view.subgraph == START || self.knows_no_types(view) {
            return true;
        }
        self.on_interface(view, field)
            && types.len() == seen.len()
            && seen.iter().all(|&ty| self.resolved_here(view, ty, field).is_some())
    }

    /// Whether the view's subgraph resolves a field of this name on the view's own type.
    fn on_interface(&self, view: View, field: &Name) -> bool {
        let field = self.supergraph.types[view.ty].fields.get(field);
        let join = field.and_then(|field| field.join(view.subgraph));
        join.is_some_and(|join| !join.external || view.provided != 0)
    }

    /// Whether the view's subgraph sees an `@interfaceObject`.
    pub(super) fn knows_no_types(&self, view: View) -> bool {
        self.supergraph.types[view.ty].join(view.subgraph).is_some_and(|join| join.interface_object)
    }

    /// The field as the view's own subgraph resolves it for objects of type `ty`, if it does without being told anything.
    fn resolved_here(&self, view: View, ty: TypeId, field: &Name) -> Option<(&'a Field, &'a FieldJoin)> {
        let ty_definition = &self.supergraph.types[ty];
        let field = ty_definition.fields.get(field)?;
        let join = field.join(view.subgraph)?;
        ty_definition.join(view.subgraph)?;
        let provided = || self.provided.holds(self.supergraph, view.provided, ty, &field.name);
        (!is_told(join) && (!join.external || provided())).then_some((field, join))
    }

    /// Every way to have a unit at `view`.
    pub(super) fn candidates(
        &mut self,
        unit: &Unit,
        view: View,
        jumps: bool,
    ) -> Result<Vec<Candidate>, Exhausted> {
        if self.knows_no_types(view) {
            return self.candidates_without_types(unit, view, jumps);
        }
        let ty = unit.on.unwrap_or(view.ty);
        if unit.field.is_meta() {
            return Ok(vec![Candidate {
                way: Way::Here,
                child: None,
                depth: 0,
                fetches: 0,
                request: (view.subgraph, ty, None),
            }]);
        }
        let mut found = Vec::new();
        if let Some((field, join)) = self.own_field(view, ty, &unit.field.field) {
            let here = self.here(unit, view, ty, field, join)?;
            let unbeaten = self.is_unbeaten(&here, unit.field.sub, jumps)?;
            found.push(here);
            if unbeaten {
                return Ok(found);
            }
        }
        if jumps && !(unit.on.is_none() && self.supergraph.types[ty].is_abstract()) {
            self.jumps(unit, view, ty, &mut found)?;
        }
        Ok(found)
    }

    /// Whether no jump can be better than staying: nothing more is to be fetched, or one request, which any jump would cost as well.
    fn is_unbeaten(
        &mut self,
        here: &Candidate,
        sub: Option<SelectionId>,
        jumps: bool,
    ) -> Result<bool, Exhausted> {
        let (Some(child), Some(sub)) = (here.child, sub) else { return Ok(true) };
        if !jumps || self.is_local(sub, child)? {
            return Ok(true);
        }
        let solution = self.solve(sub, child, true)?;
        Ok(solution.missing.is_none() && solution.cost.depth <= 1 && solution.cost.fetches <= 1)
    }

    /// As [`Self::resolved_here`]; for an abstract type, whose objects have been asked before.
    fn own_field(&self, view: View, ty: TypeId, field: &Name) -> Option<(&'a Field, &'a FieldJoin)> {
        if !self.supergraph.types[ty].is_abstract() {
            return self.resolved_here(view, ty, field);
        }
        let field = self.supergraph.types[ty].fields.get(field)?;
        Some((field, field.join(view.subgraph)?))
    }

    fn here(
        &mut self,
        unit: &Unit,
        view: View,
        ty: TypeId,
        field: &'a Field,
        join: &'a FieldJoin,
    ) -> Result<Candidate, Exhausted> {
        let below = View { filled: self.filled_below(unit, view)?, ..view };
        let child = unit.field.sub.and_then(|_| self.child(below, ty, field, join));
        Ok(Candidate { way: Way::Here, child, depth: 0, fetches: 0, request: (view.subgraph, ty, None) })
    }

    /// How the subgraph of `join` sees the objects that the field returns; `view` says what is filled in below.
    fn child(&mut self, view: View, ty: TypeId, field: &'a Field, join: &'a FieldJoin) -> Option<View> {
        let target = self.supergraph.type_id(field.type_in(join.subgraph).inner_named_type())?;
        let provided =
            self.provided.child(self.supergraph, view.provided, ty, &field.name, join.provides.as_deref());
        let peers = self.peers_below(view, ty, field, join.subgraph);
        Some(View { subgraph: join.subgraph, ty: target, provided, peers, filled: view.filled })
    }

    /// The ways to an object type's field by key.
    fn jumps(
        &mut self,
        unit: &Unit,
        view: View,
        ty: TypeId,
        found: &mut Vec<Candidate>,
    ) -> Result<(), Exhausted> {
        let supergraph = self.supergraph;
        let own = supergraph.types[ty].fields.get(&unit.field.field);
        let interfaces = supergraph.types[ty].interfaces.iter().filter_map(|&interface| {
            let field = supergraph.types[interface].fields.get(&unit.field.field)?;
            Some((interface, field))
        });
        for (entry, field) in own.map(|field| (ty, field)).into_iter().chain(interfaces) {
            for join in &field.joins {
                let seen = supergraph.types[entry].join(join.subgraph);
                let is_way_in = seen.is_some_and(|seen| entry == ty || seen.interface_object);
                let needless = join.subgraph == view.subgraph && entry == ty && !is_told(join);
                if !is_way_in || join.external || needless {
                    continue;
                }
                found.extend(self.jump(unit, view, ty, (entry, field, join))?);
            }
        }
        Ok(())
    }

    fn jump(
        &mut self,
        unit: &Unit,
        view: View,
        ty: TypeId,
        (entry, field, join): (TypeId, &'a Field, &'a FieldJoin),
    ) -> Result<Option<Candidate>, Exhausted> {
        if !self.is_filled(view, join) {
            return Ok(None);
        }
        let Some(hop) = self.hop(ty, view, join.subgraph, entry)? else { return Ok(None) };
        let (mut depth, mut fetches) = (hop.depth, hop.fetches);
        let mut requires = None;
        if let Some(set) = &join.requires {
            let selection = self.read_required(ty, set);
            let solution = self.solve(selection, view, true)?;
            if solution.missing.is_some() {
                return Ok(None);
            }
            depth = depth.max(solution.cost.depth + 1);
            fetches = fetches.saturating_add(solution.cost.fetches);
            requires = Some(selection);
        }
        let landed = View::entered(join.subgraph, entry, self.filled_below(unit, view)?);
        let child = unit.field.sub.and_then(|_| self.child(landed, entry, field, join));
        let request = (join.subgraph, entry, requires);
        Ok(Some(Candidate { way: Way::Jump { hop, requires }, child, depth, fetches, request }))
    }

    /// Whether a field that is wanted of some types only, asked of a view that knows no types, may make objects of the others null: it is not
    /// null, and fails. Then the types are asked first, where the subgraph can be entered again.
    fn may_cost_others(&self, unit: &Unit, view: View, field: &Field) -> bool {
        let seen = &self.supergraph.types[view.ty];
        !seen.api_possible.iter().all(|ty| unit.types.contains(ty))
            && field.type_in(view.subgraph).is_non_null()
            && seen.keys.iter().any(|key| key.subgraph == view.subgraph && key.resolvable)
    }

    /// The ways from a subgraph that sees an `@interfaceObject`: what it resolves itself, and the subgraphs that know the runtime types.
    fn candidates_without_types(
        &mut self,
        unit: &Unit,
        view: View,
        jumps: bool,
    ) -> Result<Vec<Candidate>, Exhausted> {
        let supergraph = self.supergraph;
        let ty = view.ty;
        let mut found = Vec::new();
        if !unit.field.is_meta()
            && let Some((field, join)) = self.resolved_here(view, ty, &unit.field.field)
            && !self.may_cost_others(unit, view, field)
        {
            found.push(self.here(unit, view, ty, field, join)?);
        }
        if !jumps {
            return Ok(found);
        }
        if let Some(field) = supergraph.types[ty].fields.get(&unit.field.field) {
            for join in field.joins.iter().filter(|join| !join.external) {
                let blind =
                    supergraph.types[ty].join(join.subgraph).is_some_and(|seen| seen.interface_object);
                let needless = join.subgraph == view.subgraph && !is_told(join);
                if blind && !needless {
                    found.extend(self.jump(unit, view, ty, (ty, field, join))?);
                }
            }
        }
        for seen in supergraph.types[ty].joins.iter().filter(|seen| !seen.interface_object) {
            if let Some(hop) = self.hop(ty, view, seen.subgraph, ty)? {
                let (depth, fetches, request) = (hop.depth, hop.fetches, (seen.subgraph, ty, None));
                found.push(Candidate { way: Way::Land(hop), child: None, depth, fetches, request });
            }
        }
        Ok(found)
    }
}

/// Whether the subgraph must be told something before it resolves the field, so that it is entered anew.
fn is_told(join: &FieldJoin) -> bool {
    join.requires.is_some() || !join.context_arguments.is_empty()
}
