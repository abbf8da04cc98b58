//! Errors that no null of the response shows: of fields that only the router asked for, or that have a value all the same, or that are
//! beside a null which took everything with it. They are reported too, at the nearest place that the client can see.
//!
//! Not reported are those of fields that turned out not to be asked for: a subgraph that does not know the types of its objects was asked
//! for what only some of them show, or for objects that clients never see.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::errors::ErrorLog;
use crate::place::Place;
use crate::prepare::{Kind, Layout, PositionId, PreparedPlan, PreparedShape, ShownField, Source, Type};
use crate::tree::{Below, ErrorId, ObjectId, QUIET, Tree, Value};

/// Reports what has not been reported.
pub(crate) fn report(plan: &PreparedPlan, tree: &Tree, errors: &mut ErrorLog) {
    let mut wanted: FxHashMap<ObjectId, Vec<(ErrorId, Vec<Below>)>> = FxHashMap::default();
    for (id, record) in errors.unreported() {
        if let Some(origin) = &record.origin {
            wanted.entry(origin.object).or_default().push((id, origin.below.clone()));
        }
    }
    if !wanted.is_empty() {
        let mut search = Search { plan, tree, errors, wanted, seen: FxHashSet::default() };
        search.object(Tree::ROOT, Layout::ROOT, Some(plan.shapes.root_shape()), &Place::ROOT);
    }
    // What was not found anywhere has no path.
    let lost: Vec<_> = errors.unreported().map(|(id, _)| id).collect();
    for id in lost {
        errors.report(id, |_| ());
    }
}

struct Search<'a> {
    plan: &'a PreparedPlan,
    tree: &'a Tree,
    errors: &'a mut ErrorLog,
    wanted: FxHashMap<ObjectId, Vec<(ErrorId, Vec<Below>)>>,
    /// Shared objects that have been looked at.
    seen: FxHashSet<ObjectId>,
}

impl Search<'_> {
    /// Looks at an object and below it. Without a shape the object is hidden, and `place` is that of the nearest one that is not.
    fn object(
        &mut self,
        object: ObjectId,
        position: PositionId,
        shape: Option<&PreparedShape>,
        place: &Place<'_>,
    ) {
        if self.tree.is_shared(object) && !self.seen.insert(object) {
            return;
        }
        let plan = self.plan;
        for (error, below) in self.wanted.remove(&object).unwrap_or_default() {
            match shape {
                Some(shape) if !self.is_asked_for(shape, object, &below) => self.errors.pass_over(error),
                _ => self.errors.report(error, |out| place.write_below_object(out, plan, shape, &below)),
            }
        }
        for (slot, child) in plan.layout.children(position) {
            if self.wanted.is_empty() {
                return;
            }
            let value = self.tree.get(object + slot);
            match shape.and_then(|shape| shape.fields_of(slot).next()) {
                Some(field) => self.shown(value, child, field, place),
                None => self.value(value, child, None, place),
            }
        }
    }

    fn shown(&mut self, value: Value, position: PositionId, field: &ShownField, place: &Place<'_>) {
        self.value(value, position, Some(&field.ty), &place.field(field, 0));
    }

    fn value(&mut self, value: Value, position: PositionId, ty: Option<&Type>, place: &Place<'_>) {
        match (value, ty.map(|ty| &ty.kind)) {
            (Value::Object(object), Some(Kind::Composite(shape))) => {
                let shape = self.plan.shapes.get(*shape);
                let is_hidden = shape.is_abstract && !self.is_known(shape, object);
                self.object(object, position, Some(shape).filter(|_| !is_hidden), place);
            }
            (Value::Object(object), _) => self.object(object, position, None, place),
            (Value::List { start, len }, Some(Kind::List(element))) => {
                for index in 0..len {
                    let value = self.tree.get(start + index);
                    self.value(value, position, Some(element), &place.element(index as usize));
                }
            }
            (Value::List { start, len }, _) => {
                for index in start..start + len {
                    self.value(self.tree.get(index), position, None, place);
                }
            }
            _ => {}
        }
    }

    /// Whether the client asks for what is at the end of `below`, as far as that is known; what nobody but the router asks for counts as well.
    fn is_asked_for(&self, shape: &PreparedShape, object: ObjectId, below: &[Below]) -> bool {
        let Some((Below::Slot(slot), below)) = below.split_first() else { return true };
        let variant = match shape.typename.map(|slot| self.tree.get(object + slot)) {
            Some(Value::Type(id)) if shape.is_abstract => match shape.variant_of(id) {
                Some(variant) => variant,
                None => return false,
            },
            _ if shape.is_abstract => return true,
            _ => match shape.only_variant() {
                Some(variant) => variant,
                None => return true,
            },
        };
        match variant.fields.iter().find(|field| field.source == Source::Slot(*slot)) {
            Some(field) => self.is_asked_for_in(&field.ty, self.tree.get(object + slot), below),
            // What it took with it is shown, and explained by nothing else.
            None if variant.fields.iter().any(|field| self.is_quiet(object, field)) => true,
            None => shape.fields_of(*slot).next().is_none(),
        }
    }

    fn is_quiet(&self, object: ObjectId, field: &ShownField) -> bool {
        matches!(field.source, Source::Slot(slot) if self.tree.get(object + slot) == Value::Failed(QUIET))
    }

    fn is_asked_for_in(&self, ty: &Type, value: Value, below: &[Below]) -> bool {
        match (&ty.kind, value, below.split_first()) {
            (Kind::List(element), Value::List { start, len }, Some((Below::Index(index), below)))
                if *index < len =>
            {
                self.is_asked_for_in(element, self.tree.get(start + index), below)
            }
            (Kind::Composite(shape), Value::Object(object), _) => {
                self.is_asked_for(self.plan.shapes.get(*shape), object, below)
            }
            _ => true,
        }
    }

    fn is_known(&self, shape: &PreparedShape, object: ObjectId) -> bool {
        match shape.typename.map(|slot| self.tree.get(object + slot)) {
            Some(Value::Type(id)) => shape.variant_of(id).is_some(),
            _ => false,
        }
    }
}
