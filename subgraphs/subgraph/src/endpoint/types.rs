//! What the endpoint needs to know of a schema's types, read once from its SDL: which fields an object has, of which
//! type each is, and which abstract types an object belongs to.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{Type, TypeKind, TypeSystemDefinition};

/// The output types of a schema.
#[derive(Debug, Default)]
pub(super) struct Types {
    objects: HashMap<String, Object>,
    abstracts: HashSet<String>,
}

/// An object type.
#[derive(Debug, Default)]
pub(super) struct Object {
    fields: HashMap<String, Type>,
    /// Interfaces it implements and unions it is a member of.
    belongs_to: HashSet<String>,
}

impl Types {
    /// Reads the SDL of a schema. One that does not parse leaves everything unknown, and unknown things are passed on as
    /// they are.
    pub(super) fn of(sdl: &str) -> Self {
        let mut types = Self::default();
        let Ok(document) = parse_schema(sdl) else {
            tracing::error!("the schema's own SDL does not parse");
            return types;
        };
        for definition in document.definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node.to_string();
            match definition.node.kind {
                TypeKind::Object(object) => {
                    let known = types.objects.entry(name).or_default();
                    known.belongs_to.extend(object.implements.iter().map(|name| name.node.to_string()));
                    let fields = object.fields.into_iter().map(|field| field.node);
                    known.fields.extend(fields.map(|field| (field.name.node.to_string(), field.ty.node)));
                }
                TypeKind::Interface(_) => drop(types.abstracts.insert(name)),
                TypeKind::Union(union) => {
                    for member in union.members {
                        types
                            .objects
                            .entry(member.node.to_string())
                            .or_default()
                            .belongs_to
                            .insert(name.clone());
                    }
                    types.abstracts.insert(name);
                }
                TypeKind::Scalar | TypeKind::Enum(_) | TypeKind::InputObject(_) => {}
            }
        }
        types
    }

    /// The object type of this name.
    pub(super) fn object(&self, name: &str) -> Option<&Object> {
        self.objects.get(name)
    }

    /// Whether this is an interface or a union.
    pub(super) fn is_abstract(&self, name: &str) -> bool {
        self.abstracts.contains(name)
    }
}

impl Object {
    /// The type of a field; `None` for what every schema has (`__typename`, `__schema`).
    pub(super) fn field(&self, name: &str) -> Option<&Type> {
        self.fields.get(name)
    }

    /// Whether a fragment on `condition` applies to this object, which is called `name`.
    pub(super) fn is(&self, name: &str, condition: &str) -> bool {
        name == condition || self.belongs_to.contains(condition)
    }
}
