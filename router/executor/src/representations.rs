//! Entities of the data tree → representations, written straight into the request.
//!
//! Source: federation subgraph specification, `Query._entities`.

use std::hash::BuildHasher;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::prepare::{
    EntityRequest, PreparedField, PreparedPlan, PreparedRepresentation, Slot, Step, TypeId, TypenameSent,
};
use crate::tree::{FailureId, ObjectId, Tree, Value};

/// The objects that a target of a request is about.
#[derive(Debug, Default)]
pub(crate) struct Members {
    /// Representations sent. The fields of a root type count as one.
    pub(crate) count: u32,
    /// Which representation stands for which object, in the order of the response. New representations are numbered as they come.
    pub(crate) places: Vec<(u32, ObjectId)>,
    /// Objects that could not be represented because something they need has failed.
    pub(crate) failed: Vec<(ObjectId, FailureId)>,
}

impl Members {
    /// The first object that a representation stands for.
    pub(crate) fn first_of(&self, representation: u32) -> Option<ObjectId> {
        self.places.iter().find(|(index, _)| *index == representation).map(|(_, object)| *object)
    }
}

/// Calls `each` for every object at `path`, in the order of the response; once for one that stands at many places.
pub(crate) fn each_object(tree: &Tree, path: &[Step], each: impl FnMut(ObjectId)) {
    Walk { tree, seen: FxHashSet::default(), each }.value(path, Value::Object(Tree::ROOT));
}

struct Walk<'a, F> {
    tree: &'a Tree,
    /// Shared objects that have been entered.
    seen: FxHashSet<ObjectId>,
    each: F,
}

impl<F: FnMut(ObjectId)> Walk<'_, F> {
    fn value(&mut self, path: &[Step], value: Value) {
        match (path.split_first(), value) {
            (Some((Step::Each, path)), Value::List { start, len }) => {
                for index in start..start + len {
                    self.value(path, self.tree.get(index));
                }
            }
            (_, Value::Object(object)) if !self.tree.is_shared(object) || self.seen.insert(object) => {
                self.object(path, object);
            }
            _ => {}
        }
    }

    fn object(&mut self, path: &[Step], object: ObjectId) {
        match path.split_first() {
            None => (self.each)(object),
            Some((Step::Key(slot), path)) => self.value(path, self.tree.get(object + slot)),
            Some((Step::OnTypes { typename, types }, path))
                if runtime_type(self.tree, object, *typename).is_ok_and(|id| types.contains(&id)) =>
            {
                self.object(path, object);
            }
            Some((Step::OnTypes { .. } | Step::Each, _)) => {}
        }
    }
}

/// Why an object has no representation.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unfit {
    /// Something that it needs is null or was never there.
    Missing,
    /// Something that it needs has failed.
    Failed(FailureId),
}

pub(crate) fn runtime_type(tree: &Tree, object: ObjectId, typename: Option<Slot>) -> Result<TypeId, Unfit> {
    match typename.map(|slot| tree.get(object + slot)) {
        Some(Value::Type(id)) => Ok(id),
        Some(Value::Failed(failure)) => Err(Unfit::Failed(failure)),
        _ => Err(Unfit::Missing),
    }
}

/// Writes the array of representations of all entities at `path` to `out`, equal ones once.
pub(crate) fn write_representations(
    out: &mut Vec<u8>,
    tree: &Tree,
    plan: &PreparedPlan,
    path: &[Step],
    request: &EntityRequest,
) -> Members {
    let mut representing = Representing::new(tree, plan, request);
    out.push(b'[');
    each_object(tree, path, |object| representing.add(out, object));
    out.push(b']');
    representing.members
}

/// As [`write_representations`], of these objects.
pub(crate) fn write_representations_of(
    out: &mut Vec<u8>,
    tree: &Tree,
    plan: &PreparedPlan,
    objects: &[ObjectId],
    request: &EntityRequest,
) -> Members {
    let mut representing = Representing::new(tree, plan, request);
    out.push(b'[');
    objects.iter().for_each(|object| representing.add(out, *object));
    out.push(b']');
    representing.members
}

/// The representations of one list, as they are written.
struct Representing<'a> {
    tree: &'a Tree,
    plan: &'a PreparedPlan,
    request: &'a EntityRequest,
    members: Members,
    sent: SentBefore,
}

impl<'a> Representing<'a> {
    fn new(tree: &'a Tree, plan: &'a PreparedPlan, request: &'a EntityRequest) -> Self {
        Self { tree, plan, request, members: Members::default(), sent: SentBefore::default() }
    }

    #[inline]
    fn add(&mut self, out: &mut Vec<u8>, object: ObjectId) {
        let members = &mut self.members;
        let start = out.len();
        if members.count > 0 {
            out.push(b',');
        }
        let first = out.len();
        match (Writer { out, tree: self.tree, plan: self.plan }).entity(object, self.request) {
            Ok(()) => match self.sent.find_or_add(out, first) {
                Some(before) => {
                    out.truncate(start);
                    members.places.push((before, object));
                }
                None => {
                    members.places.push((members.count, object));
                    members.count += 1;
                }
            },
            Err(unfit) => {
                out.truncate(start);
                if let Unfit::Failed(failure) = unfit {
                    members.failed.push((object, failure));
                }
            }
        }
    }
}

/// Which representations have been written, by their bytes. Keys are the users' data, so the hash is seeded.
#[derive(Default)]
struct SentBefore {
    hasher: foldhash::fast::RandomState,
    by_hash: FxHashMap<u64, u32>,
    /// Where each stands in the request.
    ranges: Vec<(usize, usize)>,
}

impl SentBefore {
    /// Looks for the bytes from `start` to the end of `out` among the earlier ones; remembers them if they are new.
    fn find_or_add(&mut self, out: &[u8], start: usize) -> Option<u32> {
        let new = &out[start..];
        let index = self.ranges.len() as u32;
        let found = *self.by_hash.entry(self.hasher.hash_one(new)).or_insert(index);
        // Two different ones with one hash: as good as impossible, and the second is then simply sent each time.
        if let Some((start, end)) = self.ranges.get(found as usize)
            && &out[*start..*end] == new
        {
            return Some(found);
        }
        self.ranges.push((start, out.len()));
        None
    }
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    tree: &'a Tree,
    plan: &'a PreparedPlan,
}

impl Writer<'_> {
    fn entity(&mut self, object: ObjectId, request: &EntityRequest) -> Result<(), Unfit> {
        let runtime = runtime_type(self.tree, object, request.typename);
        let fits = |representation: &&PreparedRepresentation| {
            representation.types.is_empty() || runtime.is_ok_and(|id| representation.types.contains(&id))
        };
        let Some(representation) = request.representations.iter().find(fits) else {
            return Err(runtime.err().unwrap_or(Unfit::Missing));
        };
        match &representation.typename {
            TypenameSent::Fixed(_, lead) => self.out.extend_from_slice(lead),
            TypenameSent::FromData => {
                self.out.extend_from_slice(b"{\"__typename\":");
                self.out.extend_from_slice(self.tree.quoted_type(runtime?, &self.plan.types));
            }
        }
        for field in &representation.fields {
            if applies(self.tree, field, object) {
                self.out.extend_from_slice(&field.lead);
                self.field(field, object)?;
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    #[inline]
    fn field(&mut self, field: &PreparedField, object: ObjectId) -> Result<(), Unfit> {
        let value = field.slot.map_or(Value::Absent, |slot| self.tree.get(object + slot));
        match value {
            Value::String { body, start, len } | Value::Number { body, start, len } => {
                self.out.extend_from_slice(self.tree.text(body, start, len));
                Ok(())
            }
            Value::Absent | Value::Null | Value::Failed(_) if field.nullable => {
                self.out.extend_from_slice(b"null");
                Ok(())
            }
            Value::Absent | Value::Null => Err(Unfit::Missing),
            value => self.value(field, value),
        }
    }

    fn value(&mut self, field: &PreparedField, value: Value) -> Result<(), Unfit> {
        match value {
            Value::Object(object) => {
                self.out.push(b'{');
                let mut is_first = true;
                for inner in &field.fields {
                    if applies(self.tree, inner, object) {
                        let comma = usize::from(std::mem::take(&mut is_first));
                        self.out.extend_from_slice(&inner.lead[comma..]);
                        self.field(inner, object)?;
                    }
                }
                self.out.push(b'}');
                Ok(())
            }
            Value::List { start, len } => {
                self.out.push(b'[');
                for index in 0..len {
                    if index > 0 {
                        self.out.push(b',');
                    }
                    self.value(field, self.tree.get(start + index))?;
                }
                self.out.push(b']');
                Ok(())
            }
            Value::Failed(failure) if !field.nullable => Err(Unfit::Failed(failure)),
            Value::Absent
            | Value::Null
            | Value::Failed(_)
            | Value::Bool(_)
            | Value::Type(_)
            | Value::String { .. }
            | Value::Number { .. }
            | Value::Raw { .. } => {
                self.tree.write_leaf(self.out, value, &self.plan.types);
                Ok(())
            }
        }
    }
}

#[inline]
pub(crate) fn applies(tree: &Tree, field: &PreparedField, object: ObjectId) -> bool {
    field.on_types.is_empty()
        || runtime_type(tree, object, field.typename).is_ok_and(|id| field.on_types.contains(&id))
}
