//! A subgraph's answer → values of the data tree, in one pass, guided by what the plan expects.
//!
//! Keys come in the order of the selection from every server that follows the specification, so the next expected key is tried first, as
//! bytes; what is not expected is passed over without being kept. Where equal objects may be one (`Layout::is_shareable`), an object whose
//! text has been read before is that object, and is neither read nor merged nor sent again: the same product under each of its reviews is
//! one product.

mod texts;

use crate::json::{self, ScanError, Scanner};
use crate::merge;
use crate::prepare::{DataPart, FieldRead, Keyed, ObjectRead, PreparedFetch, PreparedPlan, ValueRead};
use crate::tree::{ErrorId, Failure, FailureId, Tree, Value};
use texts::Texts;

/// What an answer consists of.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) data: Data,
    /// By target: an object of what was read for it, or what stands in place of the list of entities.
    pub(crate) parts: Vec<Value>,
    /// The text of `errors`: an array with elements.
    pub(crate) errors: Option<std::ops::Range<usize>>,
    /// The failure that was set wherever a value is of another kind than the plan expects. Its error is still to be recorded.
    pub(crate) misfit: Option<FailureId>,
}

/// What `data` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Data {
    #[default]
    Missing,
    Null,
    Object,
    /// Something that it may not be.
    Other,
}

/// Reads the whole body, which the tree already keeps as number `body`.
///
/// # Errors
/// When it is not one JSON object. The tree may then hold values that nothing refers to.
pub(crate) fn read_answer(
    input: &[u8],
    body: u16,
    fetch: &PreparedFetch,
    plan: &PreparedPlan,
    tree: &mut Tree,
) -> Result<Answer, ScanError> {
    if u32::try_from(input.len()).is_err() {
        return Err(ScanError::TooLarge);
    }
    let before = tree.len();
    let mut reader = Reader::new(input, body, plan, tree)?;
    reader.texts = Some(Texts::new(input));
    let answer = reader.answer(fetch)?;
    if reader.again.is_empty() {
        return Ok(answer);
    }
    if answer.errors.is_some() {
        // An error tells of one place: what is equal in the text is not equal then.
        tree.truncate(before);
        return Reader::new(input, body, plan, tree)?.answer(fetch);
    }
    for object in reader.again {
        tree.share(object);
    }
    Ok(answer)
}

struct Reader<'a> {
    scan: Scanner<'a>,
    body: u16,
    tree: &'a mut Tree,
    plan: &'a PreparedPlan,
    /// Elements of the lists that are being read; each list is moved to the tree when it ends.
    elements: Vec<Value>,
    misfit: Option<FailureId>,
    /// Objects by their texts; `None` where each is read for itself.
    texts: Option<Texts<'a>>,
    /// Objects that were found by their texts.
    again: Vec<Value>,
}

impl<'a> Reader<'a> {
    fn new(
        input: &'a [u8],
        body: u16,
        plan: &'a PreparedPlan,
        tree: &'a mut Tree,
    ) -> Result<Self, ScanError> {
        let scan = Scanner::new(input)?;
        Ok(Self {
            scan,
            body,
            tree,
            plan,
            elements: Vec::new(),
            misfit: None,
            texts: None,
            again: Vec::new(),
        })
    }

    fn answer(&mut self, fetch: &PreparedFetch) -> Result<Answer, ScanError> {
        let mut answer = Answer { parts: Vec::with_capacity(fetch.targets.len()), ..Answer::default() };
        for target in &fetch.targets {
            answer.parts.push(match target.entities {
                None => Value::Object(self.tree.allocate(target.read.width)?),
                Some(_) => Value::Absent,
            });
        }
        self.scan.skip_space();
        if self.scan.peek() != Some(b'{') {
            return self.scan.syntax();
        }
        let mut more = !self.scan.open(b'}')?;
        while more {
            match self.scan.key()? {
                b"data" => answer.data = self.data(fetch, &mut answer.parts)?,
                b"errors" => answer.errors = self.errors()?,
                _ => self.scan.skip_value()?,
            }
            more = self.scan.more(b'}')?;
        }
        self.scan.end()?;
        answer.misfit = self.misfit;
        Ok(answer)
    }

    fn errors(&mut self) -> Result<Option<std::ops::Range<usize>>, ScanError> {
        let start = self.scan.at();
        let is_array = self.scan.peek() == Some(b'[');
        self.scan.skip_value()?;
        let text = self.scan.text(start..self.scan.at());
        let has_elements = is_array && text[1..text.len() - 1].iter().any(|byte| !byte.is_ascii_whitespace());
        Ok(has_elements.then(|| start..self.scan.at()))
    }

    fn data(&mut self, fetch: &PreparedFetch, parts: &mut [Value]) -> Result<Data, ScanError> {
        if self.scan.peek() != Some(b'{') {
            let is_null = self.scan.peek() == Some(b'n');
            self.scan.skip_value()?;
            return Ok(if is_null { Data::Null } else { Data::Other });
        }
        let mut next = 0;
        let mut more = !self.scan.open(b'}')?;
        while more {
            match self.key(&fetch.data, next)? {
                None => self.scan.skip_value()?,
                Some(found) => {
                    next = found + 1;
                    self.data_field(fetch, found, parts)?;
                }
            }
            more = self.scan.more(b'}')?;
        }
        Ok(Data::Object)
    }

    /// Reads one key of `data` for the target that takes it, and once more for every other target that takes the same key.
    fn data_field(
        &mut self,
        fetch: &PreparedFetch,
        found: usize,
        parts: &mut [Value],
    ) -> Result<(), ScanError> {
        let start = self.scan.at();
        for index in std::iter::once(found).chain(fetch.data[found].others.iter().copied()) {
            let field = &fetch.data[index];
            self.scan.rewind(start);
            let read = &fetch.targets[field.target].read;
            match (field.part, parts[field.target]) {
                (DataPart::Entities, _) => parts[field.target] = self.entities(read)?,
                (DataPart::RootField(index), Value::Object(object)) => {
                    self.field(&read.fields[index], object)?
                }
                (DataPart::RootField(_), _) => self.scan.skip_value()?,
            }
        }
        Ok(())
    }

    /// Takes a key and its colon; the index of what was expected under it.
    #[inline]
    fn key<T: Keyed>(&mut self, expected: &[T], next: usize) -> Result<Option<usize>, ScanError> {
        if let Some(field) = expected.get(next)
            && self.scan.eat_all(field.quoted_key())
        {
            self.scan.skip_space();
            return Ok(Some(next));
        }
        let key = self.scan.key()?;
        let unescaped = json::unescape(key);
        let key = unescaped.as_ref().map_or(key, |key| key.as_bytes());
        // From the next one on and around: what is out of order is mostly not far.
        let next = next.min(expected.len());
        let (before, after) = expected.split_at(next);
        let after = after.iter().position(|field| field.has_key(key)).map(|found| found + next);
        Ok(after.or_else(|| before.iter().position(|field| field.has_key(key))))
    }

    #[inline]
    fn field(&mut self, field: &FieldRead, object: u32) -> Result<(), ScanError> {
        let value = match &field.value {
            ValueRead::Leaf { lists } => self.leaf(*lists)?,
            ValueRead::Object(read) => self.objects(read)?,
            ValueRead::Typename => self.typename()?,
        };
        let slot = object + field.slot;
        if self.tree.get(slot) == Value::Absent {
            self.tree.set(slot, value);
            return Ok(());
        }
        // Two response keys that stand for one field of different types, or a key that the answer repeats.
        merge::merge_value(self.tree, self.plan, slot, value, &field.value);
        Ok(())
    }

    /// What stands for the list of entities. Each of them is merged into another object, so none is shared.
    fn entities(&mut self, read: &ObjectRead) -> Result<Value, ScanError> {
        let entity = |reader: &mut Self| match reader.scan.peek() {
            Some(b'{') => reader.object(read),
            _ => reader.objects(read),
        };
        if self.scan.peek() == Some(b'[') { self.list(entity) } else { entity(self) }
    }

    /// Objects, within any number of lists.
    fn objects(&mut self, read: &ObjectRead) -> Result<Value, ScanError> {
        match self.scan.peek() {
            Some(b'{') if read.shareable => self.shareable(read),
            Some(b'{') => self.object(read),
            Some(b'[') => self.list(|reader| reader.objects(read)),
            Some(b'n') => self.leaf(0),
            _ => self.misfit(),
        }
    }

    /// An object that may be one with those of the same text.
    fn shareable(&mut self, read: &ObjectRead) -> Result<Value, ScanError> {
        let Some(texts) = &self.texts else { return self.object(read) };
        let start = self.scan.at();
        let key = texts.key(start, self.scan.depth(), read.position);
        if let Some((len, object)) = texts.find(key, start) {
            self.scan.rewind(start + len);
            self.again.push(Value::Object(object));
            return Ok(Value::Object(object));
        }
        let value = self.object(read)?;
        if let (Some(texts), Value::Object(object)) = (&mut self.texts, value) {
            texts.add(key, start, self.scan.at(), object);
        }
        Ok(value)
    }

    fn object(&mut self, read: &ObjectRead) -> Result<Value, ScanError> {
        let object = self.tree.allocate(read.width)?;
        let mut next = 0;
        let mut more = !self.scan.open(b'}')?;
        while more {
            match self.key(&read.fields, next)? {
                None => self.scan.skip_value()?,
                Some(found) => {
                    next = found + 1;
                    self.field(&read.fields[found], object)?;
                }
            }
            more = self.scan.more(b'}')?;
        }
        Ok(Value::Object(object))
    }

    fn list(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<Value, ScanError>,
    ) -> Result<Value, ScanError> {
        let first = self.elements.len();
        let mut more = !self.scan.open(b']')?;
        while more {
            let value = element(self)?;
            if self.elements.len() >= self.tree.room() {
                return Err(ScanError::TooLarge);
            }
            self.elements.push(value);
            more = self.scan.more(b']')?;
        }
        self.tree.list(self.elements.drain(first..))
    }

    #[inline]
    fn leaf(&mut self, lists: u8) -> Result<Value, ScanError> {
        let body = self.body;
        match self.scan.peek() {
            Some(b'"') => {
                let range = self.scan.string()?;
                Ok(Value::String { body, start: range.start as u32, len: range.len() as u32 })
            }
            Some(b'-' | b'0'..=b'9') => {
                let range = self.scan.number()?;
                Ok(Value::Number { body, start: range.start as u32, len: range.len() as u32 })
            }
            Some(b'n') if self.scan.eat_all(b"null") => Ok(Value::Null),
            Some(b't') if self.scan.eat_all(b"true") => Ok(Value::Bool(true)),
            Some(b'f') if self.scan.eat_all(b"false") => Ok(Value::Bool(false)),
            Some(b'[') if lists > 0 => self.list(|reader| reader.leaf(lists - 1)),
            Some(b'[' | b'{') => {
                let start = self.scan.at();
                self.scan.skip_value()?;
                Ok(Value::Raw { body, start: start as u32, len: (self.scan.at() - start) as u32 })
            }
            _ => self.scan.syntax(),
        }
    }

    fn typename(&mut self) -> Result<Value, ScanError> {
        match self.scan.peek() {
            Some(b'"') => {
                let range = self.scan.string()?;
                let name = self.scan.text(range.start + 1..range.end - 1);
                let unescaped = json::unescape(name);
                let name = unescaped.as_ref().map_or(name, |name| name.as_bytes());
                Ok(Value::Type(self.tree.type_id(name, &self.plan.types)))
            }
            Some(b'n') => self.leaf(0),
            _ => self.misfit(),
        }
    }

    /// A value of a kind that cannot stand here: passed over, and remembered as a failure.
    fn misfit(&mut self) -> Result<Value, ScanError> {
        self.scan.skip_value()?;
        let tree = &mut *self.tree;
        let failure = *self.misfit.get_or_insert_with(|| {
            tree.add_failure(Failure::One { error: ErrorId::MAX, rest: Box::default() })
        });
        Ok(Value::Failed(failure))
    }
}
