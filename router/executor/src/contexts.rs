//! A fetch whose entities take arguments from outer objects → requests in which every set of values has an entity selection of its own.
//!
//! A variable has one value in a request. So objects are sorted by the values that are to be filled in for them; the first set of values uses the
//! selection as planned, each further one a copy of it with other names.

use std::collections::HashMap;

use rustc_hash::FxHashSet;

use planner::{EntityContexts, EntityTarget, Fetch, FetchId, Target};

use crate::json;
use crate::prepare::{
    DataField, DataPart, EntityRequest, PreparedContext, PreparedFetch, PreparedField, PreparedPlan,
    PreparedSource, PreparedTarget, Step, quote_key,
};
use crate::representations::{
    Members, applies, runtime_type, write_representations, write_representations_of,
};
use crate::request::{Request, begin};
use crate::response::ExecutionRequest;
use crate::tree::{ObjectId, Tree, Value};

/// How many sets of values one request carries at most; beyond, there are several requests at once.
const MOST_TOGETHER: usize = 50;

/// Objects for which the same is filled in.
struct Alike {
    /// The target that they belong to.
    target: usize,
    /// The values as JSON, by variable.
    values: Vec<Box<[u8]>>,
    objects: Vec<ObjectId>,
}

/// The requests of a fetch, each with what was made of the fetch for it (`None`: it is sent as planned).
pub(crate) fn write_requests(
    tree: &Tree,
    plan: &PreparedPlan,
    id: FetchId,
    request: &ExecutionRequest<'_>,
) -> Vec<(Option<Box<PreparedFetch>>, Request)> {
    let fetch = &plan.fetches[id];
    let mut alike = Vec::new();
    for (index, target) in fetch.targets.iter().enumerate() {
        let Some(entities) = target.entities.as_ref().filter(|entities| !entities.contexts.is_empty()) else {
            continue;
        };
        Sorter { tree, plan, target: index, entities }.sort(&target.path, &mut alike);
    }
    let mut chunks: Vec<&[Alike]> = alike.chunks(MOST_TOGETHER).collect();
    if chunks.is_empty() {
        chunks.push(&[]);
    }
    let requests = chunks.into_iter().enumerate().map(|(number, alike)| {
        let made = make(&plan.plan().fetches[id], fetch, alike);
        let asking = Asking { tree, plan, alike, is_first: number == 0 };
        let request = asking.write(made.as_ref().unwrap_or(fetch), fetch.targets.len(), request);
        (made.map(Box::new), request)
    });
    requests.collect()
}

/// Sorts the entities of a target by what is filled in for them.
struct Sorter<'a> {
    tree: &'a Tree,
    plan: &'a PreparedPlan,
    target: usize,
    entities: &'a EntityRequest,
}

/// The values are the users' data, so the hash is seeded.
type ByValues = HashMap<Vec<Box<[u8]>>, usize, foldhash::fast::RandomState>;

impl Sorter<'_> {
    fn sort(&self, path: &[Step], alike: &mut Vec<Alike>) {
        let mut known = ByValues::default();
        let mut walk = Walk {
            tree: self.tree,
            path,
            trail: vec![Tree::ROOT; path.len() + 1],
            seen: FxHashSet::default(),
            each: |object, trail: &[ObjectId]| {
                let contexts = self.entities.contexts.iter();
                let values = contexts.map(|context| self.value(context, trail)).collect::<Option<Vec<_>>>();
                let Some(values) = values else { return };
                let next = alike.len();
                let index = *known.entry(values.clone()).or_insert(next);
                if index == next {
                    alike.push(Alike { target: self.target, values, objects: Vec::new() });
                }
                alike[index].objects.push(object);
            },
        };
        walk.value(0, Value::Object(Tree::ROOT));
    }

    /// The value for a variable. `None` when it is null and must not be, and when no outer object sets the context: the path is then shared with
    /// objects for which the field is asked, and for this one it is not.
    fn value(&self, context: &PreparedContext, trail: &[ObjectId]) -> Option<Box<[u8]>> {
        let source = self.decisive(&context.sources, trail)?;
        let mut out = Vec::new();
        self.write(&mut out, &source.fields, trail[source.steps]);
        (context.nullable || out != b"null").then(|| out.into())
    }

    fn decisive<'s>(&self, sources: &'s [PreparedSource], trail: &[ObjectId]) -> Option<&'s PreparedSource> {
        for source in sources {
            if source.types.is_empty() {
                return Some(source);
            }
            // One whose type is lost shows nothing, so nothing is asked below it.
            let id = runtime_type(self.tree, trail[source.steps], source.typename).ok()?;
            if source.types.contains(&id) {
                return Some(source);
            }
        }
        None
    }

    fn write(&self, out: &mut Vec<u8>, fields: &[PreparedField], object: ObjectId) {
        match fields.iter().find(|field| applies(self.tree, field, object)) {
            Some(field) => {
                let value = field.slot.map_or(Value::Absent, |slot| self.tree.get(object + slot));
                self.write_value(out, field, value);
            }
            None => out.extend_from_slice(b"null"),
        }
    }

    fn write_value(&self, out: &mut Vec<u8>, field: &PreparedField, value: Value) {
        match value {
            Value::Object(object) => self.write(out, &field.fields, object),
            Value::List { start, len } => {
                out.push(b'[');
                for index in 0..len {
                    if index > 0 {
                        out.push(b',');
                    }
                    self.write_value(out, field, self.tree.get(start + index));
                }
                out.push(b']');
            }
            leaf => self.tree.write_leaf(out, leaf, &self.plan.types),
        }
    }
}

/// Calls `each` for every object at `path`, once for one that stands at many places, with the objects on the way to it, by the number of steps
/// that lead to them.
struct Walk<'a, F> {
    tree: &'a Tree,
    path: &'a [Step],
    trail: Vec<ObjectId>,
    /// Shared objects that have been entered: what fills in is found below them, or they were not shared (`Layout::is_shareable`).
    seen: FxHashSet<ObjectId>,
    each: F,
}

impl<F: FnMut(ObjectId, &[ObjectId])> Walk<'_, F> {
    fn value(&mut self, at: usize, value: Value) {
        match (self.path.get(at), value) {
            (Some(Step::Each), Value::List { start, len }) => {
                for index in start..start + len {
                    self.value(at + 1, self.tree.get(index));
                }
            }
            (_, Value::Object(object)) if !self.tree.is_shared(object) || self.seen.insert(object) => {
                self.object(at, object);
            }
            _ => {}
        }
    }

    fn object(&mut self, at: usize, object: ObjectId) {
        self.trail[at] = object;
        match self.path.get(at) {
            None => (self.each)(object, &self.trail),
            Some(Step::Key(slot)) => self.value(at + 1, self.tree.get(object + slot)),
            Some(Step::OnTypes { typename, types })
                if runtime_type(self.tree, object, *typename).is_ok_and(|id| types.contains(&id)) =>
            {
                self.object(at + 1, object);
            }
            Some(Step::OnTypes { .. } | Step::Each) => {}
        }
    }
}

/// The fetch with a copy of a target's selection for every set of values after the target's first; `None` when no target has two.
fn make(planned: &Fetch, fetch: &PreparedFetch, alike: &[Alike]) -> Option<PreparedFetch> {
    let copied: Vec<usize> =
        (1..alike.len()).filter(|&index| alike[index - 1].target == alike[index].target).collect();
    if copied.is_empty() {
        return None;
    }
    let mut targets = fetch.targets.clone();
    let mut data = fetch.data.clone();
    let (mut definitions, mut selections) = (String::new(), String::new());
    for index in copied {
        let target = alike[index].target;
        let Target::Entities(EntityTarget { alias, variable, contexts: Some(contexts), .. }) =
            &planned.targets[target]
        else {
            continue;
        };
        let suffix = format!("_{index}");
        definitions.push_str(&format!("${variable}{suffix}:[_Any!]!,"));
        for context in &contexts.variables {
            definitions.push_str(&format!("${}{suffix}:{},", context.variable, context.ty));
        }
        selections.push(' ');
        copy_selection(&mut selections, &planned.document, contexts, &suffix);
        data.push(DataField {
            key: quote_key(&format!("{alias}{suffix}")),
            target: targets.len(),
            part: DataPart::Entities,
            others: Vec::new(),
        });
        targets.push(copy_target(&fetch.targets[target], contexts, &format!("{variable}{suffix}"), &suffix));
    }
    // It has variables, because it has representations.
    let (opening, rest) = planned.document.split_once('(').unwrap_or_default();
    let rest = rest.strip_suffix('}').unwrap_or_default();
    let mut head = br#"{"query":"#.to_vec();
    json::write_string(&mut head, &format!("{opening}({definitions}{rest}{selections}}}"));
    Some(PreparedFetch {
        head: head.into(),
        variables: fetch.variables.clone(),
        targets,
        data,
        waits_for: fetch.waits_for,
        dependents: Vec::new(),
        is_contextual: true,
    })
}

fn copy_selection(out: &mut String, document: &str, contexts: &EntityContexts, suffix: &str) {
    let mut start = contexts.selection.start;
    for &name in &contexts.names {
        out.push_str(&document[start..name]);
        out.push_str(suffix);
        start = name;
    }
    out.push_str(&document[start..contexts.selection.end]);
}

fn copy_target(
    target: &PreparedTarget,
    contexts: &EntityContexts,
    variable: &str,
    suffix: &str,
) -> PreparedTarget {
    let mut copy = target.clone();
    if let Some(entities) = &mut copy.entities {
        entities.variable = quote_key(variable);
        for (copied, planned) in entities.contexts.iter_mut().zip(&contexts.variables) {
            copied.variable = quote_key(&format!("{}{suffix}", planned.variable));
        }
    }
    copy
}

/// One request about some of the objects.
struct Asking<'a> {
    tree: &'a Tree,
    plan: &'a PreparedPlan,
    alike: &'a [Alike],
    /// What takes nothing from contexts is asked once, in the first request.
    is_first: bool,
}

impl Asking<'_> {
    /// The request for `fetch`, of which the first `planned` targets are the plan's.
    fn write(&self, fetch: &PreparedFetch, planned: usize, request: &ExecutionRequest<'_>) -> Request {
        let mut out = Vec::with_capacity(fetch.head.len() + 256);
        let mut variables = begin(&mut out, fetch, request);
        let mut copies = planned..;
        let mut members: Vec<Members> =
            std::iter::repeat_with(Members::default).take(fetch.targets.len()).collect();
        let mut asked = vec![false; fetch.targets.len()];
        for alike in self.alike {
            // The first of a target's has the target itself, the others its copies, in the order in which these were made.
            let index = match asked[alike.target] {
                false => alike.target,
                true => copies.next().unwrap_or(alike.target),
            };
            asked[index] = true;
            let Some(entities) = &fetch.targets[index].entities else { continue };
            for (context, value) in entities.contexts.iter().zip(&alike.values) {
                variables.begin(&context.variable).extend_from_slice(value);
            }
            let out = variables.begin(&entities.variable);
            members[index] = write_representations_of(out, self.tree, self.plan, &alike.objects, entities);
        }
        for (index, target) in fetch.targets.iter().enumerate() {
            let Some(entities) = target.entities.as_ref().filter(|_| !asked[index]) else { continue };
            let out = variables.begin(&entities.variable);
            if self.is_first && entities.contexts.is_empty() {
                members[index] = write_representations(out, self.tree, self.plan, &target.path, entities);
            } else {
                out.extend_from_slice(b"[]");
            }
        }
        variables.end();
        let has_work = members.iter().any(|members| members.count > 0);
        Request { body: has_work.then(|| bytes::Bytes::from(out)), targets: members }
    }
}
