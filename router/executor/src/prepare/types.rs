//! Type names as numbers.

use apollo_compiler::Name;
use rustc_hash::FxHashMap;

/// Number of a type name. Numbers past [`Types::len`] belong to names that the plan does not mention; the tree keeps those.
pub(crate) type TypeId = u32;

/// The type names that a plan mentions.
#[derive(Debug, Default)]
pub(crate) struct Types {
    ids: FxHashMap<Box<[u8]>, TypeId>,
    known: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    name: Name,
    /// The name as JSON.
    quoted: Box<[u8]>,
    /// Whether it is an object type of the API, not an abstract type or an interface object's name.
    is_object: bool,
}

impl Types {
    /// The number of `name`, given now if it has none.
    pub(super) fn intern(&mut self, name: &Name) -> TypeId {
        if let Some(id) = self.find(name.as_bytes()) {
            return id;
        }
        let id = self.len();
        self.ids.insert(name.as_bytes().into(), id);
        self.known.push(Known {
            name: name.clone(),
            quoted: format!("\"{name}\"").into_bytes().into(),
            is_object: false,
        });
        id
    }

    /// As [`Self::intern`], for a name that is known to be an object type's.
    pub(super) fn intern_object(&mut self, name: &Name) -> TypeId {
        let id = self.intern(name);
        if let Some(known) = self.known.get_mut(id as usize) {
            known.is_object = true;
        }
        id
    }

    /// The number of a name, if the plan mentions it.
    pub(crate) fn find(&self, name: &[u8]) -> Option<TypeId> {
        self.ids.get(name).copied()
    }

    /// How many names the plan mentions.
    pub(crate) fn len(&self) -> TypeId {
        self.known.len() as TypeId
    }

    /// The name, if the plan mentions it.
    pub(crate) fn name(&self, id: TypeId) -> Option<&Name> {
        self.known.get(id as usize).map(|known| &known.name)
    }

    /// The name as JSON, if the plan mentions it.
    pub(crate) fn quoted(&self, id: TypeId) -> Option<&[u8]> {
        self.known.get(id as usize).map(|known| &*known.quoted)
    }

    /// Whether it is surely an object type of the API.
    pub(crate) fn is_object(&self, id: TypeId) -> bool {
        self.known.get(id as usize).is_some_and(|known| known.is_object)
    }
}
