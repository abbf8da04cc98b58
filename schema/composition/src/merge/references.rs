//! Types that differ across subgraphs: an output may widen to what covers all, an input narrows to what all accept.

use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use apollo_compiler::schema::ExtendedType;

use super::Merger;

/// How the types given by several subgraphs relate.
pub(super) struct MergedType {
    /// The type all of them agree on.
    pub(super) ty: Type,
    /// They all wrote that very type.
    pub(super) equal: bool,
}

impl Merger<'_> {
    /// The widest of `types`, provided that it covers all the others. `None` when no one does.
    pub(super) fn merge_output_types(&self, types: &[&Type]) -> Option<MergedType> {
        self.merge_types(types, |narrow, wide| self.is_subtype(narrow, wide))
    }

    /// The narrowest of `types`, provided that all the others cover it.
    pub(super) fn merge_input_types(&self, types: &[&Type]) -> Option<MergedType> {
        self.merge_types(types, |narrow, wide| self.is_subtype(wide, narrow))
    }

    fn merge_types(&self, types: &[&Type], fits: impl Fn(&Type, &Type) -> bool) -> Option<MergedType> {
        let (first, rest) = types.split_first()?;
        let mut chosen: &Type = first;
        for ty in rest {
            if !fits(ty, chosen) {
                chosen = ty;
            }
        }
        let equal = types.iter().all(|ty| *ty == chosen);
        types.iter().all(|ty| fits(ty, chosen)).then(|| MergedType { ty: chosen.clone(), equal })
    }

    /// Whether every value of `narrow` is one of `wide`, in the merged graph.
    pub(super) fn is_subtype(&self, narrow: &Type, wide: &Type) -> bool {
        match (narrow, wide) {
            (Type::NonNullNamed(narrow), Type::NonNullNamed(wide) | Type::Named(wide))
            | (Type::Named(narrow), Type::Named(wide)) => self.is_subtype_name(narrow, wide),
            (Type::NonNullList(narrow), Type::NonNullList(wide) | Type::List(wide))
            | (Type::List(narrow), Type::List(wide)) => self.is_subtype(narrow, wide),
            _ => false,
        }
    }

    fn is_subtype_name(&self, narrow: &Name, wide: &Name) -> bool {
        if narrow == wide {
            return true;
        }
        match self.schema.types.get(wide) {
            Some(ExtendedType::Union(union)) => union.members.contains(narrow),
            Some(ExtendedType::Interface(_)) => match self.schema.types.get(narrow) {
                Some(ExtendedType::Object(object)) => object.implements_interfaces.contains(wide),
                Some(ExtendedType::Interface(interface)) => interface.implements_interfaces.contains(wide),
                _ => false,
            },
            _ => false,
        }
    }
}
