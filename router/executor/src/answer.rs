//! A subgraph's answer → the data tree: what is believed, what is refused, and where its errors belong.
//!
//! Source: GraphQL specification, "Response Format"; federation subgraph specification, `Query._entities`.

use std::ops::Range;

use bytes::Bytes;
use planner::FetchId;
use uuid::Uuid;

use crate::client::{SubgraphError, SubgraphResponse};
use crate::errors::{ErrorCode, ErrorLog, Origin, Record};
use crate::json::ScanError;
use crate::merge::{fail_object, merge_copy, merge_object};
use crate::prepare::{EntityRequest, ObjectRead, PreparedFetch, PreparedPlan, TypenameSent};
use crate::read::{Answer, Data, read_answer};
use crate::representations::Members;
use crate::subgraph_errors::{self, Attach};
use crate::tree::{ErrorId, Failure, FailureId, QUIET, Tree, Value};

/// Why an answer, or a part of it, cannot be used. For logs; the client sees a code.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("{0}")]
    Subgraph(#[from] SubgraphError),
    #[error("the answer was not read: {error} (status {status})")]
    Unreadable { error: ScanError, status: u16 },
    #[error("the answer has neither data nor errors (status {status})")]
    Empty { status: u16 },
    #[error("there are too many entities to merge")]
    NoRoom,
    #[error("a value is not of the kind that was asked for")]
    Misfit,
    #[error("the entities are missing")]
    NoEntities,
    #[error("{received} entities for {sent} representations")]
    EntityCount { sent: u32, received: u32 },
    #[error("an entity of another type than the one asked for")]
    EntityType,
}

impl Unusable {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Subgraph(SubgraphError::Timeout) => ErrorCode::SubgraphTimeout,
            Self::Subgraph(SubgraphError::Connect(_)) => ErrorCode::SubgraphUnreachable,
            Self::Subgraph(SubgraphError::Unavailable(_)) => ErrorCode::SubgraphUnavailable,
            Self::Subgraph(SubgraphError::TooLarge { .. })
            | Self::Unreadable { error: ScanError::TooLarge, .. }
            | Self::NoRoom => ErrorCode::SubgraphTooLarge,
            Self::Subgraph(SubgraphError::Interrupted(_) | SubgraphError::Status(_))
            | Self::Unreadable {
                error: ScanError::Syntax { .. } | ScanError::Utf8 { .. } | ScanError::TooDeep,
                ..
            }
            | Self::Empty { .. }
            | Self::Misfit
            | Self::NoEntities
            | Self::EntityCount { .. }
            | Self::EntityType => ErrorCode::SubgraphBadResponse,
        }
    }
}

/// A fetch whose answer could not be used at all.
#[derive(Debug)]
pub(crate) struct FailedFetch {
    fetch: FetchId,
    /// What was made of it for the request that failed.
    made: Option<Box<PreparedFetch>>,
    targets: Vec<Members>,
    failure: FailureId,
}

/// What answers are merged into.
pub(crate) struct Merge<'a> {
    pub(crate) plan: &'a PreparedPlan,
    pub(crate) tree: &'a mut Tree,
    pub(crate) errors: &'a mut ErrorLog,
    pub(crate) failed: &'a mut Vec<FailedFetch>,
}

impl Merge<'_> {
    /// Takes the answer to fetch `id`, or to what was `made` of it, which was about `targets`. Returns a code when all of it had to be
    /// refused.
    pub(crate) fn absorb(
        &mut self,
        id: FetchId,
        made: Option<Box<PreparedFetch>>,
        targets: Vec<Members>,
        answered: Result<SubgraphResponse, SubgraphError>,
    ) -> Option<ErrorCode> {
        let before = self.tree.len();
        let plan = self.plan;
        let fetch = made.as_deref().unwrap_or(&plan.fetches[id]);
        match self.read(fetch, answered) {
            Ok((body, answer)) => {
                self.merge(id, fetch, &targets, (&body, answer));
                None
            }
            Err(unusable) => {
                // Nothing refers to what was read until it is merged.
                self.tree.truncate(before);
                let (failure, error) = self.new_failure(id, &unusable);
                self.errors.set_origin(error, origin(&targets));
                let failed = FailedFetch { fetch: id, made, targets, failure };
                self.spread(&failed);
                self.failed.push(failed);
                Some(unusable.code())
            }
        }
    }

    /// Marks again what fetches that failed as a whole left open: answers that were merged later may have made new objects there.
    pub(crate) fn spread_failures(&mut self) {
        for failed in std::mem::take(self.failed) {
            self.spread(&failed);
        }
    }

    fn spread(&mut self, failed: &FailedFetch) {
        let plan = self.plan;
        let fetch = failed.made.as_deref().unwrap_or(&plan.fetches[failed.fetch]);
        for (target, members) in fetch.targets.iter().zip(&failed.targets) {
            for (_, object) in &members.places {
                fail_object(self.tree, *object, &target.read, failed.failure);
            }
        }
    }

    fn read(
        &mut self,
        fetch: &PreparedFetch,
        answered: Result<SubgraphResponse, SubgraphError>,
    ) -> Result<(Bytes, Answer), Unusable> {
        let SubgraphResponse { status, body } = answered?;
        let number = self.tree.add_body(body.clone());
        let answer = read_answer(&body, number, fetch, self.plan, self.tree)
            .map_err(|error| Unusable::Unreadable { error, status })?;
        match answer.data {
            Data::Object => Ok((body, answer)),
            Data::Missing | Data::Null | Data::Other if answer.errors.is_some() => Ok((body, answer)),
            Data::Missing | Data::Null | Data::Other if !(200..300).contains(&status) => {
                Err(SubgraphError::Status(status).into())
            }
            Data::Missing | Data::Null | Data::Other => Err(Unusable::Empty { status }),
        }
    }

    fn merge(
        &mut self,
        id: FetchId,
        fetch: &PreparedFetch,
        targets: &[Members],
        (body, mut answer): (&[u8], Answer),
    ) {
        if let Some(misfit) = answer.misfit {
            let error = self.new_error(id, &Unusable::Misfit);
            self.errors.set_origin(error, origin(targets));
            self.tree.set_failure(misfit, error);
        }
        for (index, target) in fetch.targets.iter().enumerate() {
            if let Some(entities) = &target.entities {
                answer.parts[index] = self.check_entities(
                    id,
                    entities,
                    &targets[index],
                    &target.read,
                    &answer,
                    answer.parts[index],
                );
            }
        }
        if let Some(errors) = &answer.errors {
            self.attach_errors(id, fetch, targets, (&body[Range::clone(errors)], &mut answer));
        }
        for ((target, members), part) in fetch.targets.iter().zip(targets).zip(&answer.parts) {
            self.merge_part(id, &target.read, members, *part);
        }
    }

    /// The list of entities, with one element for each representation; whatever else was answered is refused.
    fn check_entities(
        &mut self,
        id: FetchId,
        request: &EntityRequest,
        members: &Members,
        read: &ObjectRead,
        answer: &Answer,
        part: Value,
    ) -> Value {
        if members.count == 0 {
            return Value::Absent;
        }
        let element = match part {
            Value::List { start, len } if len == members.count => {
                self.check_elements(id, request, members, read, start);
                return part;
            }
            Value::List { len: received, .. } => {
                // Which of them are which cannot be known: to guess would show one's data as another's.
                let unusable = Unusable::EntityCount { sent: members.count, received };
                Value::Failed(self.fail_members(id, members, &unusable))
            }
            Value::Failed(_) => part,
            // The errors say why.
            Value::Null | Value::Absent if answer.errors.is_some() => Value::Absent,
            _ => Value::Failed(self.fail_members(id, members, &Unusable::NoEntities)),
        };
        let elements = std::iter::repeat_n(element, members.count as usize);
        match self.tree.list(elements) {
            Ok(list) => list,
            Err(_) => Value::Failed(self.fail_members(id, members, &Unusable::NoRoom)),
        }
    }

    fn check_elements(
        &mut self,
        id: FetchId,
        request: &EntityRequest,
        members: &Members,
        read: &ObjectRead,
        start: u32,
    ) {
        let mut wrong_type = None;
        let mut wrong_kind = None;
        let sent_types = SentTypes::of(self.plan, request, read);
        let mut checked = 0;
        for (index, object) in &members.places {
            if *index != checked {
                continue;
            }
            checked += 1;
            let (failure, unusable) = match self.tree.get(start + index) {
                Value::Object(entity) if !sent_types.allow(self.tree, *object, entity) => {
                    (&mut wrong_type, Unusable::EntityType)
                }
                Value::List { .. } => (&mut wrong_kind, Unusable::Misfit),
                _ => continue,
            };
            let failure = *failure.get_or_insert_with(|| self.fail_members(id, members, &unusable));
            self.tree.set(start + index, Value::Failed(failure));
        }
    }

    fn attach_errors(
        &mut self,
        id: FetchId,
        fetch: &PreparedFetch,
        targets: &[Members],
        (text, answer): (&[u8], &mut Answer),
    ) {
        let service = &self.plan.plan().fetches[id].subgraph_name;
        let errors = subgraph_errors::parse(text, service, self.errors);
        let mut attach =
            Attach { tree: self.tree, errors: self.errors, fetch, targets, parts: &mut answer.parts };
        for error in errors {
            attach.attach(error);
        }
        for ((target, members), part) in fetch.targets.iter().zip(targets).zip(&answer.parts) {
            match *part {
                Value::Object(object) if target.entities.is_none() && answer.data != Data::Object => {
                    let slots = target.read.fields.iter().map(|field| object + field.slot);
                    self.explain_gaps(slots, QUIET);
                }
                Value::List { start, len } => {
                    let mut elements = start..start + len;
                    let is_unexplained = elements.all(|element| self.tree.get(element) == Value::Absent);
                    let explanation = if is_unexplained && answer.data == Data::Object {
                        self.fail_members(id, members, &Unusable::NoEntities)
                    } else {
                        QUIET
                    };
                    self.explain_gaps(start..start + len, explanation);
                }
                _ => {}
            }
        }
    }

    /// When errors came with the answer, whatever else is missing is explained by them: an error in a non-nullable field takes its
    /// surroundings with it.
    fn explain_gaps(&mut self, values: impl Iterator<Item = u32>, explanation: FailureId) {
        for value in values {
            if self.tree.get(value) == Value::Absent {
                self.tree.set(value, Value::Failed(explanation));
            }
        }
    }

    fn merge_part(&mut self, id: FetchId, read: &ObjectRead, members: &Members, part: Value) {
        let mut seen = 0;
        let mut no_room = None;
        for (index, object) in &members.places {
            let value = match part {
                Value::List { start, .. } => self.tree.get(start + index),
                root => root,
            };
            let is_first = *index == seen;
            seen += u32::from(is_first);
            match value {
                Value::Object(entity) if is_first => {
                    merge_object(self.tree, self.plan, *object, entity, read)
                }
                Value::Object(entity) => {
                    let Err(_) = merge_copy(self.tree, self.plan, *object, entity, read) else { continue };
                    let failure =
                        *no_room.get_or_insert_with(|| self.fail_members(id, members, &Unusable::NoRoom));
                    fail_object(self.tree, *object, read, failure);
                }
                Value::Failed(failure) => fail_object(self.tree, *object, read, failure),
                _ => {}
            }
        }
    }

    /// A failure of a part of the answer.
    fn fail_members(&mut self, id: FetchId, members: &Members, unusable: &Unusable) -> FailureId {
        let (failure, error) = self.new_failure(id, unusable);
        self.errors.set_origin(error, origin(std::slice::from_ref(members)));
        failure
    }

    fn new_failure(&mut self, id: FetchId, unusable: &Unusable) -> (FailureId, ErrorId) {
        let error = self.new_error(id, unusable);
        (self.tree.add_failure(Failure::One { error, rest: Box::default() }), error)
    }

    fn new_error(&mut self, id: FetchId, unusable: &Unusable) -> ErrorId {
        let error_id = Uuid::now_v7();
        let code = unusable.code();
        let service = self.plan.plan().fetches[id].subgraph_name.as_str();
        tracing::warn!(%error_id, code = code.as_str(), service, fetch = id, cause = %unusable, "a subgraph failed");
        self.errors.record(Record::of_fetch(code, service, error_id))
    }
}

/// Where errors of a whole fetch are reported when no null shows them.
pub(crate) fn origin(targets: &[Members]) -> Origin {
    let first = targets.iter().find_map(|members| members.places.first());
    Origin { object: first.map_or(Tree::ROOT, |(_, object)| *object), below: Vec::new() }
}

/// Which types an answered entity may have.
struct SentTypes<'a> {
    plan: &'a PreparedPlan,
    /// Where the tree and the answer hold the type.
    tree_slot: Option<u32>,
    is_read: bool,
    request: &'a EntityRequest,
}

impl<'a> SentTypes<'a> {
    fn of(plan: &'a PreparedPlan, request: &'a EntityRequest, read: &ObjectRead) -> Self {
        let is_read = read.fields.iter().any(|field| Some(field.slot) == request.typename);
        Self { plan, tree_slot: request.typename, is_read, request }
    }

    /// Whether `entity` may be the answer about `object`. Only contradictions between object types of the API count: subgraphs with interface
    /// objects call their entities by the interface's name, and an interface's entities come back as objects.
    fn allow(&self, tree: &Tree, object: u32, entity: u32) -> bool {
        let Some(slot) = self.tree_slot.filter(|_| self.is_read) else { return true };
        let Value::Type(answered) = tree.get(entity + slot) else { return true };
        let known = match tree.get(object + slot) {
            Value::Type(id) => Some(id),
            _ => None,
        };
        let mut sent = self.request.representations.iter().filter(|representation| {
            representation.types.is_empty() || known.is_some_and(|id| representation.types.contains(&id))
        });
        let sent = match sent.next().map(|representation| &representation.typename) {
            Some(TypenameSent::Fixed(id, _)) => Some(*id),
            Some(TypenameSent::FromData) | None => known,
        };
        let is_object = |id: &u32| self.plan.types.is_object(*id);
        let expected = known.filter(is_object).or_else(|| sent.filter(is_object));
        sent == Some(answered) || expected.is_none_or(|expected| expected == answered)
    }
}
