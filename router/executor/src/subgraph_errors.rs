//! The `errors` of a subgraph's answer, and the values of that answer that they explain.
//!
//! An error's path is in the words of the request that the router made (aliases, `_entities`); it is followed through what was read, to the
//! null that it left. From there on completion knows the client's path.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::answer::origin;
use crate::errors::{ErrorCode, ErrorLog, Origin, Record};
use crate::json::{self, ScanError, Scanner};
use crate::prepare::{DataPart, FieldRead, Keyed, ObjectRead, PreparedFetch, ValueRead};
use crate::representations::Members;
use crate::tree::{Below, ErrorId, Failure, FailureId, QUIET, Tree, Value, ValueId};

/// An error of a subgraph, ready to be recorded.
pub(crate) struct SubgraphErrorEntry {
    record: Record,
    path: Vec<Segment>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Segment {
    Index(u32),
    Key(String),
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
    #[serde(borrow, default)]
    path: Option<&'a RawValue>,
    #[serde(borrow, default)]
    extensions: Option<&'a RawValue>,
}

/// Reads the array `text`. What is beyond the limit is only counted.
pub(crate) fn parse(text: &[u8], service: &str, log: &mut ErrorLog) -> Vec<SubgraphErrorEntry> {
    let mut entries = Vec::new();
    // The text has been scanned before; a failure cannot happen, and would only leave out the rest.
    let _ = scan_entries(text, &mut |element| {
        if entries.len() < log.limits().errors {
            entries.push(entry(element, service));
        } else {
            log.leave_out(1);
        }
    });
    entries
}

fn scan_entries(text: &[u8], each: &mut impl FnMut(&[u8])) -> Result<(), ScanError> {
    let mut scan = Scanner::new(text)?;
    let mut more = !scan.open(b']')?;
    while more {
        let start = scan.at();
        scan.skip_value()?;
        each(scan.text(start..scan.at()));
        more = scan.more(b']')?;
    }
    Ok(())
}

fn entry(element: &[u8], service: &str) -> SubgraphErrorEntry {
    let entry: Entry<'_> =
        serde_json::from_slice(element).unwrap_or(Entry { message: None, path: None, extensions: None });
    let message = entry.message.map(RawValue::get).filter(|message| message.starts_with('"'));
    let path = entry.path.and_then(|path| serde_json::from_str(path.get()).ok());
    SubgraphErrorEntry {
        record: Record::of_subgraph(
            message.unwrap_or("\"The subgraph reported an error.\"").as_bytes(),
            extensions(entry.extensions, service),
        ),
        path: path.unwrap_or_default(),
    }
}

/// The subgraph's own extensions, a code if there is none, and who reported it.
fn extensions(given: Option<&RawValue>, service: &str) -> Vec<u8> {
    let given: IndexMap<Cow<'_, str>, &RawValue> =
        given.and_then(|given| serde_json::from_str(given.get()).ok()).unwrap_or_default();
    let mut out = b"{".to_vec();
    for (key, value) in given.iter().filter(|(key, _)| *key != "service") {
        json::write_string(&mut out, key);
        out.push(b':');
        out.extend_from_slice(value.get().as_bytes());
        out.push(b',');
    }
    if !given.contains_key("code") {
        out.extend_from_slice(b"\"code\":");
        json::write_string(&mut out, ErrorCode::SubgraphError.as_str());
        out.push(b',');
    }
    out.extend_from_slice(b"\"service\":");
    json::write_string(&mut out, service);
    out.push(b'}');
    out
}

/// Finds what the errors of one answer explain, before the answer is merged.
pub(crate) struct Attach<'a> {
    pub(crate) tree: &'a mut Tree,
    pub(crate) errors: &'a mut ErrorLog,
    pub(crate) fetch: &'a PreparedFetch,
    pub(crate) targets: &'a [Members],
    pub(crate) parts: &'a mut [Value],
}

impl Attach<'_> {
    pub(crate) fn attach(&mut self, entry: SubgraphErrorEntry) {
        let error = self.errors.record(entry.record);
        let origin = match self.follow(&entry.path, error) {
            Some(origin) => origin,
            None => {
                self.explain_everything(error);
                origin(self.targets)
            }
        };
        self.errors.set_origin(error, origin);
    }

    /// An error without a usable path explains whatever is missing at the top of the answer.
    fn explain_everything(&mut self, error: ErrorId) {
        let failure = self.tree.add_failure(Failure::One { error, rest: Box::default() });
        for (target, part) in self.fetch.targets.iter().zip(&*self.parts) {
            match *part {
                Value::Object(object) if target.entities.is_none() => {
                    for field in &target.read.fields {
                        explain(self.tree, object + field.slot, failure);
                    }
                }
                Value::List { start, len } => {
                    for element in start..start + len {
                        explain(self.tree, element, failure);
                    }
                }
                _ => {}
            }
        }
    }

    fn follow(&mut self, path: &[Segment], error: ErrorId) -> Option<Origin> {
        let (Segment::Key(key), path) = path.split_first()? else { return None };
        let field = self.fetch.data.iter().find(|field| field.has_key(key.as_bytes()))?;
        let fetch = self.fetch;
        let read = &fetch.targets[field.target].read;
        let members = &self.targets[field.target];
        let mut below = Vec::new();
        match (field.part, self.parts[field.target]) {
            (DataPart::RootField(index), Value::Object(object)) => {
                self.follow_field(object, &read.fields[index], path, error, &mut below);
                Some(Origin { object: members.first_of(0)?, below })
            }
            (DataPart::Entities, Value::List { start, len }) => match path.split_first() {
                Some((Segment::Index(index), path)) if *index < len => {
                    self.follow_entity(start + index, read, path, error, &mut below);
                    Some(Origin { object: members.first_of(*index)?, below })
                }
                _ => {
                    let failure = self.tree.add_failure(Failure::One { error, rest: Box::default() });
                    (start..start + len).for_each(|element| explain(self.tree, element, failure));
                    Some(Origin { object: members.first_of(0)?, below })
                }
            },
            _ => None,
        }
    }

    fn follow_entity(
        &mut self,
        element: ValueId,
        read: &ObjectRead,
        path: &[Segment],
        error: ErrorId,
        below: &mut Vec<Below>,
    ) {
        let field = find(read, path.first());
        let entity = match self.tree.get(element) {
            Value::Object(entity) => Some(entity),
            // The entity is null because one of its fields failed. It is made an object again, so that the error stays with its field
            // and the other fields are explained without repeating it.
            Value::Null | Value::Absent | Value::Failed(QUIET) if field.is_some() => {
                self.make_entity(element, read)
            }
            _ => None,
        };
        match (entity, field) {
            (Some(entity), Some(field)) => self.follow_field(entity, field, &path[1..], error, below),
            (Some(_), None) => {}
            (None, _) => {
                let failure = self.tree.add_failure(Failure::One { error, rest: Box::default() });
                explain(self.tree, element, failure);
            }
        }
    }

    fn make_entity(&mut self, element: ValueId, read: &ObjectRead) -> Option<u32> {
        let entity = self.tree.allocate(read.width).ok()?;
        for field in &read.fields {
            self.tree.set(entity + field.slot, Value::Failed(QUIET));
        }
        self.tree.set(element, Value::Object(entity));
        Some(entity)
    }

    fn follow_field(
        &mut self,
        object: u32,
        field: &FieldRead,
        path: &[Segment],
        error: ErrorId,
        below: &mut Vec<Below>,
    ) {
        let mut at = object + field.slot;
        let mut read = &field.value;
        let mut path = path;
        below.push(Below::Slot(field.slot));
        loop {
            match (self.tree.get(at), path.split_first()) {
                (Value::Null | Value::Absent | Value::Failed(_), _) => {
                    let rest = rest_of(read, path);
                    below.extend_from_slice(&rest);
                    let failure = self.tree.add_failure(Failure::One { error, rest: rest.into() });
                    return explain(self.tree, at, failure);
                }
                (Value::Object(object), Some((segment, rest))) => {
                    let ValueRead::Object(object_read) = read else { return };
                    let Some(field) = find(object_read, Some(segment)) else { return };
                    below.push(Below::Slot(field.slot));
                    (at, read, path) = (object + field.slot, &field.value, rest);
                }
                (Value::List { start, len }, Some((Segment::Index(index), rest))) if *index < len => {
                    below.push(Below::Index(*index));
                    (at, path) = (start + index, rest);
                }
                // There is a value: the error is reported beside it.
                _ => return,
            }
        }
    }
}

/// Sets a failure where nothing, or only another failure, is.
fn explain(tree: &mut Tree, at: ValueId, failure: FailureId) {
    let failure = match tree.get(at) {
        Value::Null | Value::Absent => failure,
        Value::Failed(before) => tree.both(before, failure),
        _ => return,
    };
    tree.set(at, Value::Failed(failure));
}

fn find<'a>(read: &'a ObjectRead, segment: Option<&Segment>) -> Option<&'a FieldRead> {
    match segment {
        Some(Segment::Key(key)) => read.fields.iter().find(|field| field.has_key(key.as_bytes())),
        Some(Segment::Index(_)) | None => None,
    }
}

/// The rest of a path, below a value that is null.
fn rest_of(read: &ValueRead, path: &[Segment]) -> Vec<Below> {
    let mut read = read;
    let mut rest = Vec::new();
    for segment in path {
        match (segment, read) {
            (Segment::Index(index), _) => rest.push(Below::Index(*index)),
            (Segment::Key(_), ValueRead::Object(object)) => {
                let Some(field) = find(object, Some(segment)) else { break };
                rest.push(Below::Slot(field.slot));
                read = &field.value;
            }
            (Segment::Key(_), ValueRead::Leaf { .. } | ValueRead::Typename) => break,
        }
    }
    rest
}
