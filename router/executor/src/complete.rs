//! The data tree → the response, by the shapes of the plan.
//!
//! Every value is completed by its type; what cannot be becomes null, and a null that its type does not allow becomes its parent's null,
//! up to the nearest parent that may be null. A null is explained by exactly one error: that of the subgraph where there is one, otherwise
//! one that is made here. An object that stands at many places is completed once, and copied unless an error has to be told at each place.
//!
//! Source: GraphQL specification, "Value Completion" and "Handling Execution Errors".

use std::ops::Range;

use bytes::Bytes;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::errors::{ErrorCode, ErrorLog};
use crate::leaf::{write_enum, write_scalar};
use crate::orphans;
use crate::place::Place;
use crate::prepare::{
    Common, Kind, PreparedPlan, PreparedShape, PreparedShapeId, ShownField, Source, Type, TypeId, Variant,
};
use crate::request::write_json;
use crate::response::{ExecutionRequest, FetchReport, Response};
use crate::tree::{FailureId, ObjectId, QUIET, Tree, Value};

/// Writes the response.
pub(crate) fn complete(
    plan: &PreparedPlan,
    request: &ExecutionRequest<'_>,
    tree: &Tree,
    errors: ErrorLog,
    fetches: Vec<FetchReport>,
) -> Response {
    let mut out = Vec::with_capacity(tree.body_bytes().min(1 << 20) + 256);
    out.extend_from_slice(b"{\"data\":");
    let start = out.len();
    let mut completion =
        Completion { plan, request, tree, out, errors, is_full: false, written: IndexMap::default() };
    let has_data = plan.shapes.root_shape().only_variant().is_some_and(|variant| {
        completion.fields(variant, variant.type_id, Tree::ROOT, &Place::ROOT) == Shown::Yes
    });
    let Completion { mut out, mut errors, .. } = completion;
    if !has_data {
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
    orphans::report(plan, tree, &mut errors);
    let (listed, count) = errors.finish();
    if count > 0 {
        out.extend_from_slice(b",\"errors\":[");
        out.extend_from_slice(&listed);
        out.push(b']');
    }
    out.push(b'}');
    Response { body: Bytes::from(out), errors: count, data_is_null: !has_data, fetches }
}

/// Whether something was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Yes,
    /// It is null, and if an error must say so, it has been reported.
    Null,
}

struct Completion<'a> {
    plan: &'a PreparedPlan,
    request: &'a ExecutionRequest<'a>,
    tree: &'a Tree,
    out: Vec<u8>,
    errors: ErrorLog,
    /// The response has become too large: it is given up, as a whole.
    is_full: bool,
    /// Where shared objects stand in the response, by the shape that they have there.
    written: IndexMap<(ObjectId, PreparedShapeId), Range<usize>, FxBuildHasher>,
}

impl<'a> Completion<'a> {
    /// Writes a value of a type, or `null` where the type allows it. `Shown::Null`: it does not, so the parent is null.
    #[inline]
    fn value(&mut self, ty: &'a Type, value: Value, place: &Place<'_>) -> Shown {
        let start = self.out.len();
        if self.present(ty, value, place) == Shown::Yes {
            return Shown::Yes;
        }
        if !ty.nullable || self.is_full {
            return Shown::Null;
        }
        self.take_back(start);
        self.out.extend_from_slice(b"null");
        Shown::Yes
    }

    /// Forgets what was written from `start` on.
    #[inline]
    fn take_back(&mut self, start: usize) {
        if self.out.len() > start {
            self.out.truncate(start);
            // What was written last ends last.
            while self.written.last().is_some_and(|(_, range)| range.end > start) {
                self.written.pop();
            }
        }
    }

    #[inline]
    fn present(&mut self, ty: &'a Type, value: Value, place: &Place<'_>) -> Shown {
        match (&ty.kind, value) {
            (_, Value::Absent | Value::Null) => self.unexplained_null(ty, place),
            (_, Value::Failed(failure)) => self.explained_null(Some(ty), failure, place),
            (Kind::Composite(shape), Value::Object(object)) if self.tree.is_shared(object) => {
                self.shared(ty, *shape, object, place)
            }
            (Kind::Composite(shape), Value::Object(object)) => {
                self.composite(ty, self.plan.shapes.get(*shape), object, place)
            }
            (Kind::List(element), Value::List { start, len }) => self.list(element, start, len, place),
            (Kind::Scalar(kind), value) => {
                if write_scalar(&mut self.out, self.tree, &self.plan.types, kind, value) {
                    return Shown::Yes;
                }
                self.invalid(ty, place)
            }
            (Kind::Enum(_, values), value) => {
                if write_enum(&mut self.out, self.tree, values, value) {
                    return Shown::Yes;
                }
                self.invalid(ty, place)
            }
            (Kind::Composite(_) | Kind::List(_), _) => self.invalid(ty, place),
        }
    }

    /// Writes a value if it is one of those that need no more than to be copied: most are.
    #[inline(always)]
    fn common(&mut self, ty: &Type, value: Value) -> bool {
        match (value, ty.common) {
            (Value::String { body, start, len }, Common::Strings) => {
                self.out.extend_from_slice(self.tree.text(body, start, len));
                true
            }
            (Value::Number { body, start, len }, Common::Integers) if len < 10 => {
                let text = self.tree.text(body, start, len);
                let is_plain = text.iter().all(u8::is_ascii_digit);
                if is_plain {
                    self.out.extend_from_slice(text);
                }
                is_plain
            }
            _ => false,
        }
    }

    fn list(&mut self, element: &'a Type, start: u32, len: u32, place: &Place<'_>) -> Shown {
        self.out.push(b'[');
        for index in 0..len {
            if self.out.len() > self.request.limits.data_bytes {
                return self.give_up(place);
            }
            if index > 0 {
                self.out.push(b',');
            }
            let value = self.tree.get(start + index);
            if self.value(element, value, &place.element(index as usize)) == Shown::Null {
                return Shown::Null;
            }
        }
        self.out.push(b']');
        Shown::Yes
    }

    fn shared(&mut self, ty: &Type, shape: PreparedShapeId, object: ObjectId, place: &Place<'_>) -> Shown {
        if let Some(range) = self.written.get(&(object, shape)) {
            self.out.extend_from_within(range.clone());
            return Shown::Yes;
        }
        let (start, errors) = (self.out.len(), self.errors.reported());
        let shown = self.composite(ty, self.plan.shapes.get(shape), object, place);
        if shown == Shown::Yes && self.errors.reported() == errors {
            self.written.insert((object, shape), start..self.out.len());
        }
        shown
    }

    fn composite(
        &mut self,
        ty: &Type,
        shape: &'a PreparedShape,
        object: ObjectId,
        place: &Place<'_>,
    ) -> Shown {
        if !shape.is_abstract {
            return match shape.only_variant() {
                Some(variant) => self.fields(variant, variant.type_id, object, place),
                None => self.unexplained_null(ty, place),
            };
        }
        match shape.typename.map_or(Value::Absent, |slot| self.tree.get(object + slot)) {
            Value::Type(id) => match shape.variant_of(id) {
                Some(variant) => self.fields(variant, id, object, place),
                // Not for the eyes of clients, not even in an error: as if it were not there.
                None => self.unexplained_null(ty, place),
            },
            Value::Failed(QUIET) => self.lost_type(shape, object, place),
            Value::Failed(failure) => self.explained_null(None, failure, place),
            _ => {
                let message = format!("The type of {} is not known.", place.coordinate(&self.plan.types));
                self.errors.report_new(ErrorCode::InvalidValue, &message, |out| place.write(out));
                Shown::Null
            }
        }
    }

    fn fields(&mut self, variant: &'a Variant, id: TypeId, object: ObjectId, place: &Place<'_>) -> Shown {
        if variant.fields.is_empty() {
            self.out.push(b'{');
        }
        for (index, field) in variant.fields.iter().enumerate() {
            self.out.extend_from_slice(&field.lead);
            let value = match field.source {
                Source::Slot(slot) => self.tree.get(object + slot),
                Source::Nowhere => Value::Absent,
                Source::Typename => Value::Type(id),
                Source::Introspection => {
                    self.introspection(&field.response_key);
                    continue;
                }
            };
            if self.common(&field.ty, value) {
                continue;
            }
            if self.value(&field.ty, value, &place.field(field, id)) == Shown::Null {
                if value == Value::Failed(QUIET) {
                    self.errors_of(variant.fields[index..].iter().map(|field| (id, field)), object, place);
                }
                return Shown::Null;
            }
        }
        self.out.push(b'}');
        Shown::Yes
    }

    fn introspection(&mut self, response_key: &str) {
        match self.request.introspection.and_then(|answers| answers.get(response_key)) {
            Some(answer) => write_json(&mut self.out, answer),
            None => self.out.extend_from_slice(b"null"),
        }
    }

    /// Only lists make a response longer than its operation, so they are where its size is looked at.
    #[cold]
    fn give_up(&mut self, place: &Place<'_>) -> Shown {
        if !self.is_full {
            self.is_full = true;
            let message = format!(
                "The response is larger than {} bytes: ask for less.",
                self.request.limits.data_bytes
            );
            self.errors.report_new(ErrorCode::ResponseTooLarge, &message, |out| place.write(out));
        }
        Shown::Null
    }

    #[cold]
    fn unexplained_null(&mut self, ty: &Type, place: &Place<'_>) -> Shown {
        if !ty.nullable {
            let coordinate = place.coordinate(&self.plan.types);
            let message = format!("Cannot return null for non-nullable field {coordinate}.");
            self.errors.report_new(ErrorCode::UnexpectedNull, &message, |out| place.write(out));
        }
        Shown::Null
    }

    #[cold]
    fn explained_null(&mut self, ty: Option<&'a Type>, failure: FailureId, place: &Place<'_>) -> Shown {
        let (tree, plan) = (self.tree, self.plan);
        for (error, rest) in tree.each_failure(failure) {
            self.errors.report(error, |out| place.write_below(out, plan, ty, rest));
        }
        Shown::Null
    }

    /// The type went when the entity did that would have told it: what took the entity is in its fields.
    #[cold]
    fn lost_type(&mut self, shape: &'a PreparedShape, object: ObjectId, place: &Place<'_>) -> Shown {
        self.errors_of(shape.all_fields(), object, place);
        Shown::Null
    }

    /// Reports the errors of fields that are not shown themselves, because another field of their object takes it away without an error of its own.
    #[cold]
    fn errors_of(
        &mut self,
        fields: impl Iterator<Item = (TypeId, &'a ShownField)>,
        object: ObjectId,
        place: &Place<'_>,
    ) {
        let mut told = Vec::new();
        for (id, field) in fields {
            let Source::Slot(slot) = field.source else { continue };
            if let Value::Failed(failure) = self.tree.get(object + slot)
                && !told.contains(&slot)
            {
                told.push(slot);
                self.explained_null(Some(&field.ty), failure, &place.field(field, id));
            }
        }
    }

    #[cold]
    fn invalid(&mut self, ty: &Type, place: &Place<'_>) -> Shown {
        let coordinate = place.coordinate(&self.plan.types);
        let expected = match &ty.kind {
            Kind::List(_) => "a list".to_owned(),
            Kind::Composite(_) => "an object".to_owned(),
            Kind::Enum(name, _) => name.to_string(),
            Kind::Scalar(kind) => crate::leaf::scalar_name(kind).to_owned(),
        };
        let message = format!("The value of {coordinate} is not {expected}, as its type says.");
        self.errors.report_new(ErrorCode::InvalidValue, &message, |out| place.write(out));
        Shown::Null
    }
}
