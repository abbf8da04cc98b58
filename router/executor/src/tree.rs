//! The data tree: where the answers of subgraphs are merged.
//!
//! All values are in one vector. An object is a row of slots (see `prepare.rs`), a list a row of elements; leaves are not copied, they say
//! where in which answer their text is. A value is 12 bytes and `Copy`, so merging answers moves no text.

use bytes::Bytes;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::json::{self, ScanError};
use crate::prepare::{Slot, TypeId, Types};

/// Index of a value in the tree.
pub(crate) type ValueId = u32;
/// Index of an object's first slot.
pub(crate) type ObjectId = u32;
/// Index of a [`Failure`].
pub(crate) type FailureId = u32;
/// Index of an error that was recorded, see `errors.rs`.
pub(crate) type ErrorId = u32;

/// A value of the data tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    /// Nothing has been merged here.
    Absent,
    Null,
    /// Null, and the error that explains it is known.
    Failed(FailureId),
    Bool(bool),
    /// A runtime type.
    Type(TypeId),
    /// A string: its text in an answer, with quotes.
    String {
        body: u16,
        start: u32,
        len: u32,
    },
    /// A number: its text in an answer.
    Number {
        body: u16,
        start: u32,
        len: u32,
    },
    /// An array or object within a custom scalar: its text in an answer.
    Raw {
        body: u16,
        start: u32,
        len: u32,
    },
    Object(ObjectId),
    List {
        start: ValueId,
        len: u32,
    },
}

const _: () = assert!(size_of::<Value>() == 12, "the tree is as small as it says");

/// Why a value is null.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    /// An error elsewhere in the response explains it.
    Quiet,
    /// This error, which happened here or, when `rest` is not empty, further down.
    One { error: ErrorId, rest: Box<[Below]> },
    /// Two failures.
    Both(FailureId, FailureId),
}

/// A step below a value that is null, towards the field where an error happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Below {
    Slot(Slot),
    Index(u32),
}

/// The failure that is explained elsewhere.
pub(crate) const QUIET: FailureId = 0;

/// The data tree.
#[derive(Debug)]
pub(crate) struct Tree {
    values: Vec<Value>,
    bodies: Vec<Bytes>,
    failures: Vec<Failure>,
    strangers: Strangers,
    /// Objects and lists that stand at more than one place.
    shared: FxHashSet<ValueId>,
    limit: usize,
}

/// Type names that the plan does not mention.
#[derive(Debug, Default)]
struct Strangers {
    ids: FxHashMap<Box<[u8]>, TypeId>,
    quoted: Vec<Box<[u8]>>,
}

impl Tree {
    /// A tree that holds an empty root object of `width` slots, at [`Self::ROOT`], and at most `limit` values.
    pub(crate) fn new(width: u32, limit: usize) -> Self {
        Self {
            values: vec![Value::Absent; width as usize],
            bodies: Vec::new(),
            failures: vec![Failure::Quiet],
            strangers: Strangers::default(),
            shared: FxHashSet::default(),
            limit: limit.clamp(width as usize, u32::MAX as usize),
        }
    }

    pub(crate) const ROOT: ObjectId = 0;

    #[inline]
    pub(crate) fn get(&self, id: ValueId) -> Value {
        self.values[id as usize]
    }

    #[inline]
    pub(crate) fn set(&mut self, id: ValueId, value: Value) {
        self.values[id as usize] = value;
    }

    /// A new row of values, for an object or a list.
    #[inline]
    pub(crate) fn allocate(&mut self, len: u32) -> Result<ValueId, ScanError> {
        let start = self.values.len();
        if start + len as usize > self.limit {
            return Err(ScanError::TooLarge);
        }
        self.values.resize(start + len as usize, Value::Absent);
        Ok(start as ValueId)
    }

    /// Remembers that the objects of `value` stand at more than one place.
    pub(crate) fn share(&mut self, value: Value) {
        match value {
            Value::Object(object) => {
                self.shared.insert(object);
            }
            // The list is remembered as well, so that its elements are looked at only once.
            Value::List { start, len } if self.shared.insert(start) => {
                (start..start + len).for_each(|element| self.share(self.get(element)));
            }
            _ => {}
        }
    }

    /// Whether an object may stand at more than one place.
    #[inline]
    pub(crate) fn is_shared(&self, object: ObjectId) -> bool {
        !self.shared.is_empty() && self.shared.contains(&object)
    }

    /// A new list of these elements.
    pub(crate) fn list(
        &mut self,
        elements: impl ExactSizeIterator<Item = Value>,
    ) -> Result<Value, ScanError> {
        let start = self.values.len();
        let len = elements.len();
        if start + len > self.limit {
            return Err(ScanError::TooLarge);
        }
        self.values.extend(elements);
        Ok(Value::List { start: start as ValueId, len: len as u32 })
    }

    /// How many more values may be allocated.
    pub(crate) fn room(&self) -> usize {
        self.limit - self.values.len()
    }

    /// How many values there are, to forget later ones with [`Self::truncate`].
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Forgets all values from `len` on. Nothing may refer to them.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.values.truncate(len);
    }

    /// Keeps the text of an answer for as long as the tree lives; the number is for [`Self::text`].
    pub(crate) fn add_body(&mut self, body: Bytes) -> u16 {
        let id = self.bodies.len() as u16;
        self.bodies.push(body);
        id
    }

    /// The size of all answers.
    pub(crate) fn body_bytes(&self) -> usize {
        self.bodies.iter().map(Bytes::len).sum()
    }

    /// The text of a leaf.
    #[inline]
    pub(crate) fn text(&self, body: u16, start: u32, len: u32) -> &[u8] {
        &self.bodies[body as usize][start as usize..(start + len) as usize]
    }

    /// The number of a runtime type that an answer names.
    pub(crate) fn type_id(&mut self, name: &[u8], types: &Types) -> TypeId {
        if let Some(id) = types.find(name) {
            return id;
        }
        if let Some(id) = self.strangers.ids.get(name) {
            return *id;
        }
        let id = types.len() + self.strangers.quoted.len() as TypeId;
        self.strangers.ids.insert(name.into(), id);
        let mut quoted = Vec::with_capacity(name.len() + 2);
        json::write_string(&mut quoted, &String::from_utf8_lossy(name));
        self.strangers.quoted.push(quoted.into());
        id
    }

    /// The name of a runtime type, as JSON.
    pub(crate) fn quoted_type<'a>(&'a self, id: TypeId, types: &'a Types) -> &'a [u8] {
        types
            .quoted(id)
            .or_else(|| Some(self.strangers.quoted.get((id - types.len()) as usize)?))
            .unwrap_or(b"null")
    }

    /// Writes a leaf as it came; lists of leaves too. What is not there is `null`.
    #[inline]
    pub(crate) fn write_leaf(&self, out: &mut Vec<u8>, value: Value, types: &Types) {
        match value {
            Value::String { body, start, len }
            | Value::Number { body, start, len }
            | Value::Raw { body, start, len } => out.extend_from_slice(self.text(body, start, len)),
            Value::Bool(true) => out.extend_from_slice(b"true"),
            Value::Bool(false) => out.extend_from_slice(b"false"),
            Value::Type(id) => out.extend_from_slice(self.quoted_type(id, types)),
            Value::List { start, len } => {
                out.push(b'[');
                for index in 0..len {
                    if index > 0 {
                        out.push(b',');
                    }
                    self.write_leaf(out, self.get(start + index), types);
                }
                out.push(b']');
            }
            Value::Absent | Value::Null | Value::Failed(_) | Value::Object(_) => {
                out.extend_from_slice(b"null")
            }
        }
    }

    pub(crate) fn add_failure(&mut self, failure: Failure) -> FailureId {
        self.failures.push(failure);
        (self.failures.len() - 1) as FailureId
    }

    /// Tells which error is behind a failure that was set before its error was recorded.
    pub(crate) fn set_failure(&mut self, id: FailureId, error: ErrorId) {
        if let Some(failure) = self.failures.get_mut(id as usize) {
            *failure = Failure::One { error, rest: Box::default() };
        }
    }

    pub(crate) fn failure(&self, id: FailureId) -> &Failure {
        &self.failures[id as usize]
    }

    /// A failure that stands for both.
    pub(crate) fn both(&mut self, one: FailureId, other: FailureId) -> FailureId {
        match (one, other) {
            (one, QUIET) => one,
            (QUIET, other) => other,
            (one, other) if one == other => one,
            (one, other) => self.add_failure(Failure::Both(one, other)),
        }
    }

    /// The failures behind `id`, in the order in which they came.
    pub(crate) fn each_failure(&self, id: FailureId) -> impl Iterator<Item = (ErrorId, &[Below])> {
        let mut waiting = vec![id];
        std::iter::from_fn(move || {
            while let Some(id) = waiting.pop() {
                match self.failure(id) {
                    Failure::Quiet => {}
                    Failure::One { error, rest } => return Some((*error, &**rest)),
                    Failure::Both(one, other) => waiting.extend([*other, *one]),
                }
            }
            None
        })
    }
}
