//! Where in the response completion stands: a path that costs nothing until an error needs it.

use crate::json::{write_number, write_string};
use crate::prepare::{Kind, PreparedPlan, PreparedShape, ShownField, Slot, Type, TypeId, Types};
use crate::tree::Below;

/// A place of the response, linked to the places above it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    above: Option<&'a Place<'a>>,
    step: Step<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Root,
    Field(&'a ShownField, TypeId),
    Element(usize),
}

impl<'a> Place<'a> {
    pub(crate) const ROOT: Place<'static> = Place { above: None, step: Step::Root };

    /// A field of the object here, which is of type `parent`.
    #[inline]
    pub(crate) fn field(&'a self, field: &'a ShownField, parent: TypeId) -> Place<'a> {
        Place { above: Some(self), step: Step::Field(field, parent) }
    }

    /// An element of the list here.
    #[inline]
    pub(crate) fn element(&'a self, index: usize) -> Place<'a> {
        Place { above: Some(self), step: Step::Element(index) }
    }

    /// `Type.field` of the field that stands here or whose list this is in.
    pub(crate) fn coordinate(&self, types: &Types) -> String {
        let mut place = Some(self);
        while let Some(here) = place {
            if let Step::Field(field, parent) = here.step {
                let parent = types.name(parent).map_or("", |name| name.as_str());
                return format!("{parent}.{}", field.name);
            }
            place = here.above;
        }
        "data".to_owned()
    }

    /// Writes the path as JSON; nothing for the root.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        if self.write_open(out) {
            out.push(b']');
        }
    }

    /// Writes the path of something below a value of type `ty` that stands here, as far as clients can see it.
    pub(crate) fn write_below(
        &self,
        out: &mut Vec<u8>,
        plan: &PreparedPlan,
        ty: Option<&Type>,
        below: &[Below],
    ) {
        let is_open = self.write_open(out);
        if write_steps(out, is_open, plan, ty.map(Within::Type), below) {
            out.push(b']');
        }
    }

    /// As [`Self::write_below`], below an object of this shape.
    pub(crate) fn write_below_object(
        &self,
        out: &mut Vec<u8>,
        plan: &PreparedPlan,
        shape: Option<&PreparedShape>,
        below: &[Below],
    ) {
        let is_open = self.write_open(out);
        if write_steps(out, is_open, plan, shape.map(Within::Shape), below) {
            out.push(b']');
        }
    }

    /// Writes the steps without the closing bracket; whether there are any.
    fn write_open(&self, out: &mut Vec<u8>) -> bool {
        let mut steps = Vec::new();
        let mut place = Some(self);
        while let Some(here) = place {
            steps.push(here.step);
            place = here.above;
        }
        let mut is_open = false;
        for step in steps.iter().rev() {
            match step {
                Step::Root => {}
                Step::Field(field, _) => {
                    separate(out, &mut is_open);
                    write_string(out, &field.response_key);
                }
                Step::Element(index) => {
                    separate(out, &mut is_open);
                    write_number(out, *index);
                }
            }
        }
        is_open
    }
}

fn separate(out: &mut Vec<u8>, is_open: &mut bool) {
    out.push(if *is_open { b',' } else { b'[' });
    *is_open = true;
}

/// What the client knows about the value that the next step leads into.
#[derive(Clone, Copy)]
enum Within<'a> {
    Type(&'a Type),
    Shape(&'a PreparedShape),
}

fn write_steps<'a>(
    out: &mut Vec<u8>,
    mut is_open: bool,
    plan: &'a PreparedPlan,
    mut within: Option<Within<'a>>,
    below: &[Below],
) -> bool {
    for step in below {
        match (within, step) {
            (Some(Within::Type(Type { kind: Kind::List(element), .. })), Below::Index(index)) => {
                separate(out, &mut is_open);
                write_number(out, *index as usize);
                within = Some(Within::Type(element));
            }
            (Some(within_object), Below::Slot(slot)) => {
                let Some(field) = shown_field(plan, within_object, *slot) else { break };
                separate(out, &mut is_open);
                write_string(out, &field.response_key);
                within = Some(Within::Type(&field.ty));
            }
            _ => break,
        }
    }
    is_open
}

fn shown_field<'a>(plan: &'a PreparedPlan, within: Within<'a>, slot: Slot) -> Option<&'a ShownField> {
    let shape = match within {
        Within::Shape(shape) => shape,
        Within::Type(Type { kind: Kind::Composite(shape), .. }) => plan.shapes.get(*shape),
        Within::Type(_) => return None,
    };
    shape.fields_of(slot).next()
}
