//! The response's shape, from the client's normalised selection: what each object shows, in which order, completed by which type.

use crate::plan::{FieldSource, OutputType, ScalarKind, Shape, ShapeField, ShapeId, Variant};
use crate::selection::{FieldSelection, SelectionId, Selections};
use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use apollo_compiler::schema::ExtendedType;
use federation::supergraph::{Supergraph, TypeId};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// All shapes of a selection; the first is its own.
pub(crate) fn shapes(supergraph: &Supergraph, selections: &Selections, root: SelectionId) -> Vec<Shape> {
    let mut builder = Builder {
        supergraph,
        selections,
        ids: FxHashMap::default(),
        shapes: Vec::new(),
        enums: FxHashMap::default(),
    };
    builder.shape(root);
    builder.shapes
}

struct Builder<'a> {
    supergraph: &'a Supergraph,
    selections: &'a Selections,
    ids: FxHashMap<SelectionId, ShapeId>,
    shapes: Vec<Shape>,
    enums: FxHashMap<Name, Arc<[Name]>>,
}

impl Builder<'_> {
    fn shape(&mut self, id: SelectionId) -> ShapeId {
        if let Some(&shape) = self.ids.get(&id) {
            return shape;
        }
        let selection = self.selections.get(id);
        let ty = &self.supergraph.types[selection.ty];
        let shape = self.shapes.len();
        self.ids.insert(id, shape);
        self.shapes.push(Shape {
            type_name: ty.name.clone(),
            is_abstract: selection.typename,
            variants: Vec::new(),
        });
        let mut variants = Vec::new();
        for group in &selection.groups {
            let shown: Vec<TypeId> =
                group.types.iter().copied().filter(|id| ty.api_possible.contains(id)).collect();
            let Some(&first) = shown.first() else { continue };
            let mut runtime_types: Vec<Name> =
                shown.iter().map(|id| self.supergraph.types[*id].name.clone()).collect();
            runtime_types.sort();
            variants.push(Variant {
                runtime_types,
                fields: group.fields.iter().filter_map(|field| self.field(first, field)).collect(),
            });
        }
        self.shapes[shape].variants = variants;
        shape
    }

    fn field(&mut self, parent: TypeId, field: &FieldSelection) -> Option<ShapeField> {
        let string = || OutputType::NonNull(Box::new(OutputType::Scalar(ScalarKind::String)));
        let (source, ty) = match field.field.as_str() {
            "__typename" => (FieldSource::Typename, string()),
            "__schema" | "__type" => {
                (FieldSource::Introspection, OutputType::Scalar(ScalarKind::Custom(field.field.clone())))
            }
            _ => {
                let declared = self.supergraph.types[parent].fields.get(&field.field)?;
                (FieldSource::Data(field.key.clone()), self.output_type(&declared.ty, field.sub))
            }
        };
        Some(ShapeField { response_key: field.key.clone(), field_name: field.field.clone(), source, ty })
    }

    fn output_type(&mut self, ty: &Type, sub: Option<SelectionId>) -> OutputType {
        match ty {
            Type::NonNullNamed(name) => OutputType::NonNull(Box::new(self.named(name, sub))),
            Type::NonNullList(item) => {
                OutputType::NonNull(Box::new(OutputType::List(Box::new(self.output_type(item, sub)))))
            }
            Type::List(item) => OutputType::List(Box::new(self.output_type(item, sub))),
            Type::Named(name) => self.named(name, sub),
        }
    }

    fn named(&mut self, name: &Name, sub: Option<SelectionId>) -> OutputType {
        if let Some(sub) = sub {
            return OutputType::Composite(self.shape(sub));
        }
        match (name.as_str(), self.supergraph.api_schema.types.get(name)) {
            ("Int", _) => OutputType::Scalar(ScalarKind::Int),
            ("Float", _) => OutputType::Scalar(ScalarKind::Float),
            ("String", _) => OutputType::Scalar(ScalarKind::String),
            ("Boolean", _) => OutputType::Scalar(ScalarKind::Boolean),
            ("ID", _) => OutputType::Scalar(ScalarKind::Id),
            (_, Some(ExtendedType::Enum(definition))) => {
                let values = self.enums.entry(name.clone()).or_insert_with(|| {
                    let mut values: Vec<Name> = definition.values.keys().cloned().collect();
                    values.sort();
                    values.into()
                });
                OutputType::Enum { name: name.clone(), values: Arc::clone(values) }
            }
            _ => OutputType::Scalar(ScalarKind::Custom(name.clone())),
        }
    }
}
