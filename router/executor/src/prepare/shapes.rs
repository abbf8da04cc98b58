//! What the client sees, in slots.

use apollo_compiler::Name;
use planner::{FieldSource, OutputType, QueryPlan, ScalarKind, ShapeId};
use rustc_hash::FxHashMap;

use super::fetches::quote_key;
use super::layout::{Layout, PositionId, Slot};
use super::types::{TypeId, Types};

/// Index of a prepared shape: a planned shape at one position of the data tree.
pub(crate) type PreparedShapeId = usize;

/// All shapes. A planned shape that is used at two positions is here twice.
#[derive(Debug)]
pub(crate) struct Shapes {
    all: Vec<PreparedShape>,
    root: PreparedShapeId,
}

/// What the client sees at one object position.
#[derive(Debug, Default)]
pub(crate) struct PreparedShape {
    /// Whether the runtime type decides which variant is shown.
    pub(crate) is_abstract: bool,
    /// Where the runtime type is kept.
    pub(crate) typename: Option<Slot>,
    /// Variants by runtime type, sorted by type.
    by_type: Vec<(TypeId, usize)>,
    variants: Vec<Variant>,
}

/// The fields that objects of some runtime types show.
#[derive(Debug, Default)]
pub(crate) struct Variant {
    /// The type, where it is the only one.
    pub(crate) type_id: TypeId,
    pub(crate) fields: Vec<ShownField>,
}

/// One field of the response.
#[derive(Debug)]
pub(crate) struct ShownField {
    /// `{"key":` for the first field of an object, `,"key":` for the others.
    pub(crate) lead: Box<[u8]>,
    pub(crate) response_key: Name,
    pub(crate) name: Name,
    pub(crate) source: Source,
    pub(crate) ty: Type,
}

/// Where a response field's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Typename,
    Slot(Slot),
    /// No fetch brings it.
    Nowhere,
    Introspection,
}

/// The type by which a value is completed.
#[derive(Debug)]
pub(crate) struct Type {
    pub(crate) nullable: bool,
    pub(crate) common: Common,
    pub(crate) kind: Kind,
}

/// Which common values of a type are shown as they came, without a second look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Common {
    Strings,
    Integers,
    None,
}

#[derive(Debug)]
pub(crate) enum Kind {
    List(Box<Type>),
    Scalar(ScalarKind),
    /// The enum's name, and its values, sorted.
    Enum(Name, Box<[Name]>),
    Composite(PreparedShapeId),
}

impl Shapes {
    pub(super) fn prepare(plan: &QueryPlan, layout: &mut Layout, types: &mut Types) -> Self {
        let mut prepare =
            Prepare { plan, layout, types, all: Vec::new(), ids: FxHashMap::default(), waiting: Vec::new() };
        let root = prepare.shape(plan.root, Some(Layout::ROOT));
        // A list instead of recursion: shapes may be nested as deep as the client likes.
        while let Some((id, shape, position)) = prepare.waiting.pop() {
            prepare.all[id] = prepare.prepare_shape(shape, position);
        }
        Self { all: prepare.all, root }
    }

    /// The shape of `data`.
    pub(crate) fn root_shape(&self) -> &PreparedShape {
        &self.all[self.root]
    }

    pub(crate) fn get(&self, id: PreparedShapeId) -> &PreparedShape {
        &self.all[id]
    }
}

impl PreparedShape {
    /// What objects of a runtime type show; `None` for a type that the API does not know.
    pub(crate) fn variant_of(&self, id: TypeId) -> Option<&Variant> {
        let found = self.by_type.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.variants.get(self.by_type[found].1)
    }

    /// What all objects show, at a position whose type is not abstract.
    pub(crate) fn only_variant(&self) -> Option<&Variant> {
        self.variants.first()
    }

    /// The fields of all variants.
    pub(crate) fn all_fields(&self) -> impl Iterator<Item = (TypeId, &ShownField)> {
        self.variants.iter().flat_map(|variant| variant.fields.iter().map(|field| (variant.type_id, field)))
    }

    /// The fields that show a slot, in any variant.
    pub(crate) fn fields_of(&self, slot: Slot) -> impl Iterator<Item = &ShownField> {
        let fields = self.variants.iter().flat_map(|variant| &variant.fields);
        fields.filter(move |field| field.source == Source::Slot(slot))
    }
}

struct Prepare<'a> {
    plan: &'a QueryPlan,
    layout: &'a mut Layout,
    types: &'a mut Types,
    all: Vec<PreparedShape>,
    ids: FxHashMap<(ShapeId, Option<PositionId>), PreparedShapeId>,
    waiting: Vec<(PreparedShapeId, ShapeId, Option<PositionId>)>,
}

impl Prepare<'_> {
    /// Reserves a place for a shape; it is filled later.
    fn shape(&mut self, shape: ShapeId, position: Option<PositionId>) -> PreparedShapeId {
        if let Some(id) = self.ids.get(&(shape, position)) {
            return *id;
        }
        let id = self.all.len();
        self.all.push(PreparedShape::default());
        self.ids.insert((shape, position), id);
        self.waiting.push((id, shape, position));
        id
    }

    fn prepare_shape(&mut self, shape: ShapeId, position: Option<PositionId>) -> PreparedShape {
        let plan = self.plan;
        let Some(shape) = plan.shapes.get(shape) else { return PreparedShape::default() };
        let mut by_type = Vec::new();
        let mut variants = Vec::with_capacity(shape.variants.len());
        for (index, variant) in shape.variants.iter().enumerate() {
            let ids: Vec<_> =
                variant.runtime_types.iter().map(|name| self.types.intern_object(name)).collect();
            let leads = std::iter::once(b"{").chain(std::iter::repeat(b","));
            let fields = variant.fields.iter().zip(leads);
            let fields = fields.map(|(field, lead)| self.field(field, lead, position)).collect();
            variants.push(Variant { type_id: ids.first().copied().unwrap_or(TypeId::MAX), fields });
            by_type.extend(ids.into_iter().map(|id| (id, index)));
        }
        by_type.sort_unstable();
        let typename = position.and_then(|position| self.layout.typename(position));
        PreparedShape { is_abstract: shape.is_abstract, typename, by_type, variants }
    }

    fn field(
        &mut self,
        field: &planner::ShapeField,
        lead: &[u8],
        position: Option<PositionId>,
    ) -> ShownField {
        let slot = match (&field.source, position) {
            (FieldSource::Data(key), Some(position)) => self.layout.slot(position, key),
            (FieldSource::Data(_) | FieldSource::Typename | FieldSource::Introspection, _) => None,
        };
        let child = position.zip(slot).and_then(|(position, slot)| self.layout.child(position, slot));
        if let (Some(position), Some(slot)) = (position, slot) {
            self.layout.show_lists(position, slot, leaf_lists(&field.ty));
        }
        ShownField {
            lead: [lead, &*quote_key(&field.response_key)].concat().into(),
            response_key: field.response_key.clone(),
            name: field.field_name.clone(),
            source: match (&field.source, slot) {
                (FieldSource::Typename, _) => Source::Typename,
                (FieldSource::Introspection, _) => Source::Introspection,
                (FieldSource::Data(_), Some(slot)) => Source::Slot(slot),
                (FieldSource::Data(_), None) => Source::Nowhere,
            },
            ty: self.ty(&field.ty, true, child),
        }
    }

    fn ty(&mut self, ty: &OutputType, nullable: bool, child: Option<PositionId>) -> Type {
        let kind = match ty {
            OutputType::NonNull(inner) => return self.ty(inner, false, child),
            OutputType::List(inner) => Kind::List(Box::new(self.ty(inner, true, child))),
            OutputType::Scalar(kind) => Kind::Scalar(kind.clone()),
            OutputType::Enum { name, values } => {
                let mut values = values.to_vec();
                values.sort_unstable_by(|one, other| one.as_bytes().cmp(other.as_bytes()));
                Kind::Enum(name.clone(), values.into())
            }
            OutputType::Composite(shape) => Kind::Composite(self.shape(*shape, child)),
        };
        let common = match &kind {
            Kind::Scalar(ScalarKind::String | ScalarKind::Id) => Common::Strings,
            Kind::Scalar(ScalarKind::Int) => Common::Integers,
            Kind::Scalar(_) | Kind::List(_) | Kind::Enum(..) | Kind::Composite(_) => Common::None,
        };
        Type { nullable, common, kind }
    }
}

/// How many lists are around the leaves of a type; 0 for a composite one, whose lists are read by what the answer holds.
fn leaf_lists(ty: &OutputType) -> u8 {
    match ty {
        OutputType::NonNull(inner) => leaf_lists(inner),
        OutputType::List(inner) => leaf_lists(inner).saturating_add(1),
        OutputType::Scalar(_) | OutputType::Enum { .. } | OutputType::Composite(_) => 0,
    }
}
