//! What one subgraph contributes, in the few facts that other subgraphs depend on. The same from its SDL and from a supergraph.

use std::collections::BTreeMap;

use apollo_compiler::ast::Selection;
use apollo_compiler::schema::ExtendedType;
use federation::Supergraph;
use federation::field_set::FieldSet;
use federation::supergraph::{CompositeType, FieldJoin, SubgraphId};

use crate::SourceLocation;
use crate::sources::Diagnostics;
use crate::subgraph::Subgraph;
use crate::subgraph::facts::{Key, TypeFacts};

/// The part of a graph that one subgraph owns.
#[derive(Debug, Default)]
pub(super) struct Ownership {
    pub(super) name: String,
    pub(super) types: BTreeMap<String, OwnedType>,
}

/// A type as one subgraph defines it.
#[derive(Debug, Default)]
pub(super) struct OwnedType {
    /// By their fields, written so that equal keys read equal.
    pub(super) keys: BTreeMap<String, OwnedKey>,
    /// Fields of objects and interfaces, input fields, enum values.
    pub(super) members: BTreeMap<String, OwnedMember>,
}

/// A way into a subgraph.
#[derive(Debug)]
pub(super) struct OwnedKey {
    pub(super) resolvable: bool,
    /// The fields of the type itself that it selects.
    pub(super) fields: Vec<String>,
    /// Where it is written, when that is known.
    pub(super) place: Option<SourceLocation>,
}

/// A part of a type as one subgraph defines it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct OwnedMember {
    /// Its type; empty for enum values.
    pub(super) ty: String,
    /// The subgraph resolves it, and does not only name it.
    pub(super) resolved: bool,
    /// Others may resolve it too.
    pub(super) shareable: bool,
    /// Whom it is taken over from.
    pub(super) taken_from: Option<String>,
}

impl OwnedType {
    /// Whether the subgraph can be entered here.
    pub(super) fn is_resolvable(&self) -> bool {
        self.keys.values().any(|key| key.resolvable)
    }
}

/// What the SDL of a subgraph says.
pub(super) fn of_subgraph(subgraph: &Subgraph, sources: &Diagnostics) -> Ownership {
    let types = subgraph.own_types().map(|(name, definition)| {
        let owned = match subgraph.type_facts(name) {
            Some(facts) => composite(subgraph, name, facts, sources),
            None => OwnedType { keys: BTreeMap::new(), members: values(definition) },
        };
        (name.to_string(), owned)
    });
    Ownership { name: subgraph.name.clone(), types: types.collect() }
}

fn composite(subgraph: &Subgraph, name: &str, facts: &TypeFacts, sources: &Diagnostics) -> OwnedType {
    let members = facts.fields.iter().map(|(field, facts)| {
        let ty = subgraph.field(name, field).map(|field| field.ty.to_string()).unwrap_or_default();
        let member = OwnedMember {
            ty,
            resolved: !facts.external,
            shareable: facts.shareable,
            taken_from: facts.overrides.as_ref().map(|overrides| overrides.from.clone()),
        };
        (field.to_string(), member)
    });
    let keys = facts.keys.iter().filter_map(|key| owned_key(key, sources));
    OwnedType { keys: keys.collect(), members: members.collect() }
}

fn owned_key(key: &Key, sources: &Diagnostics) -> Option<(String, OwnedKey)> {
    let set = key.fields.as_ref()?;
    let place = sources.locate(key.directive.location());
    let fields = top_level(&set.selections);
    Some((canonical(&set.selections), OwnedKey { resolvable: key.resolvable, fields, place }))
}

/// Input fields and enum values.
fn values(definition: &ExtendedType) -> BTreeMap<String, OwnedMember> {
    match definition {
        ExtendedType::InputObject(input) => {
            input.fields.iter().map(|(name, field)| value(name, field.ty.to_string())).collect()
        }
        ExtendedType::Enum(enumeration) => {
            enumeration.values.keys().map(|name| value(name, String::new())).collect()
        }
        ExtendedType::Scalar(_)
        | ExtendedType::Object(_)
        | ExtendedType::Interface(_)
        | ExtendedType::Union(_) => BTreeMap::new(),
    }
}

fn value(name: &str, ty: String) -> (String, OwnedMember) {
    (name.to_owned(), OwnedMember { ty, resolved: true, ..OwnedMember::default() })
}

/// What a supergraph says of each of its subgraphs: input types and enums are left out, composition made one of them.
pub(super) fn of_supergraph(supergraph: &Supergraph) -> Vec<Ownership> {
    let owned = supergraph.subgraphs.iter().enumerate().map(|(id, subgraph)| {
        let seen = supergraph.types.iter().filter(|ty| ty.join(id).is_some());
        let types = seen.map(|ty| (ty.name.to_string(), joined(supergraph, ty, id)));
        Ownership { name: subgraph.name.clone(), types: types.collect() }
    });
    owned.collect()
}

fn joined(supergraph: &Supergraph, ty: &CompositeType, subgraph: SubgraphId) -> OwnedType {
    let members = ty.fields.values().filter_map(|field| {
        let join = field.join(subgraph)?;
        // Only objects need @shareable: the fields of an interface are resolved by the objects that implement it.
        let sharers = field.joins.iter().filter(|join| resolves(join)).count();
        let taken_from = join.override_label.as_ref().map(|(_, from)| &supergraph.subgraphs[*from].name);
        let member = OwnedMember {
            ty: field.type_in(subgraph).to_string(),
            resolved: resolves(join),
            shareable: sharers > 1 && !ty.is_abstract(),
            taken_from: taken_from.cloned(),
        };
        Some((field.name.to_string(), member))
    });
    let keys = ty.keys.iter().filter(|key| key.subgraph == subgraph).filter_map(|key| {
        let set = FieldSet::parse(&key.fields.to_string()).ok()?;
        let fields = top_level(&set.selections);
        Some((canonical(&set.selections), OwnedKey { resolvable: key.resolvable, fields, place: None }))
    });
    OwnedType { keys: keys.collect(), members: members.collect() }
}

fn resolves(join: &FieldJoin) -> bool {
    !join.external && !join.overridden
}

fn top_level(selections: &[Selection]) -> Vec<String> {
    selections.iter().filter_map(|selection| Some(selection.as_field()?.name.to_string())).collect()
}

/// The selections in one spelling: `b a { d c }` and `a { c d } b` are the same key.
fn canonical(selections: &[Selection]) -> String {
    let mut words: Vec<String> = selections.iter().map(canonical_selection).collect();
    words.sort_unstable();
    words.join(" ")
}

fn canonical_selection(selection: &Selection) -> String {
    match selection {
        Selection::Field(field) if field.selection_set.is_empty() => field.name.to_string(),
        Selection::Field(field) => format!("{} {{ {} }}", field.name, canonical(&field.selection_set)),
        Selection::InlineFragment(fragment) => {
            let on = fragment.type_condition.as_ref().map(|ty| format!("on {ty} ")).unwrap_or_default();
            format!("... {on}{{ {} }}", canonical(&fragment.selection_set))
        }
        Selection::FragmentSpread(spread) => format!("...{}", spread.fragment_name),
    }
}
