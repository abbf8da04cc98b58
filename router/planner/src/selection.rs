//! Normalised selections: fragments and conditions gone, equal fields merged, split by runtime type where fragments make types differ.
//!
//! Selections are interned, so that the search can be memoised by their id. They come from operations and from field sets alike.
//! Source: GraphQL specification, "CollectFields".

use crate::conditions::Conditions;
use apollo_compiler::Name;
use apollo_compiler::collections::IndexMap;
use apollo_compiler::executable::{self, ExecutableDocument, SelectionSet};
use federation::supergraph::{CompositeType, Supergraph, TypeId};
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// Index of an interned selection.
pub(crate) type SelectionId = usize;

/// What is asked of an object position.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Selection {
    /// The position's static type in the supergraph.
    pub(crate) ty: TypeId,
    /// Disjoint; together all types that the position may have at runtime.
    pub(crate) groups: Vec<Group>,
    /// The runtime type must be known to answer.
    pub(crate) typename: bool,
}

/// What is asked of objects of some runtime types.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Group {
    /// Ascending.
    pub(crate) types: Vec<TypeId>,
    /// In the order in which the operation first mentions them.
    pub(crate) fields: Vec<FieldSelection>,
}

/// One field with everything that the operation asks below it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct FieldSelection {
    /// Response key.
    pub(crate) key: Name,
    /// Field name; may be a meta-field.
    pub(crate) field: Name,
    pub(crate) arguments: Rc<Arguments>,
    pub(crate) sub: Option<SelectionId>,
}

/// Arguments as they are sent, in the order of their names.
#[derive(Debug, PartialEq, Eq, Hash, Default)]
pub(crate) struct Arguments {
    /// With parentheses; empty when there are none.
    pub(crate) text: String,
    pub(crate) variables: Vec<Name>,
}

impl FieldSelection {
    pub(crate) fn is_meta(&self) -> bool {
        self.field.starts_with("__")
    }
}

/// All selections of one planning run.
#[derive(Default)]
pub(crate) struct Selections {
    all: Vec<Rc<Selection>>,
    ids: FxHashMap<Rc<Selection>, SelectionId>,
    /// What each asks for in all, as [`Selections::leaves`] tells it.
    leaves: Vec<usize>,
    /// Differences that were asked for: selections share what is below them, and to walk it anew from every place doubles with every level.
    differences: FxHashMap<(SelectionId, SelectionId), Option<SelectionId>>,
}

impl Selections {
    pub(crate) fn get(&self, id: SelectionId) -> Rc<Selection> {
        Rc::clone(&self.all[id])
    }

    pub(crate) fn intern(&mut self, selection: Selection) -> SelectionId {
        if let Some(&id) = self.ids.get(&selection) {
            return id;
        }
        let fields = selection.groups.iter().flat_map(|group| &group.fields);
        let leaves =
            fields.map(|field| field.sub.map_or(1, |sub| self.leaves(sub))).fold(0, usize::saturating_add);
        self.leaves.push(leaves);
        let selection = Rc::new(selection);
        self.all.push(Rc::clone(&selection));
        self.ids.insert(selection, self.all.len() - 1);
        self.all.len() - 1
    }

    /// `selection` without what `missing` (a part of it) holds; `None` when nothing is left.
    pub(crate) fn subtract(&mut self, selection: SelectionId, missing: SelectionId) -> Option<SelectionId> {
        if selection == missing {
            return None;
        }
        if let Some(known) = self.differences.get(&(selection, missing)) {
            return *known;
        }
        let difference = self.difference(selection, missing);
        self.differences.insert((selection, missing), difference);
        difference
    }

    fn difference(&mut self, selection: SelectionId, missing: SelectionId) -> Option<SelectionId> {
        let (whole, part) = (self.get(selection), self.get(missing));
        let mut groups = Vec::new();
        for group in &whole.groups {
            for (types, gone) in overlaps(group, &part) {
                let fields = group.fields.iter().filter_map(|field| self.without(field, gone)).collect();
                groups.push(Group { types, fields });
            }
        }
        let typename = whole.typename;
        let empty = !typename && groups.iter().all(|group| group.fields.is_empty());
        (!empty).then(|| self.intern(Selection { ty: whole.ty, groups, typename }))
    }

    fn without(&mut self, field: &FieldSelection, gone: Option<&Group>) -> Option<FieldSelection> {
        let same = |other: &&FieldSelection| {
            other.key == field.key && other.field == field.field && other.arguments == field.arguments
        };
        let Some(missing) = gone.and_then(|group| group.fields.iter().find(same)) else {
            return Some(field.clone());
        };
        let (whole, part) = field.sub.zip(missing.sub)?;
        let sub = self.subtract(whole, part)?;
        Some(FieldSelection { sub: Some(sub), ..field.clone() })
    }

    /// The selection with the runtime type wherever it selects `__typename`, of objects of one type too.
    fn told_types(&mut self, id: SelectionId) -> SelectionId {
        let mut selection = (*self.get(id)).clone();
        for field in selection.groups.iter_mut().flat_map(|group| &mut group.fields) {
            selection.typename |= field.is_meta();
            field.sub = field.sub.map(|sub| self.told_types(sub));
        }
        self.intern(selection)
    }

    /// How many leaves the selection asks for, or the largest number: a measure of how much is missing.
    pub(crate) fn leaves(&self, id: SelectionId) -> usize {
        self.leaves[id]
    }
}

/// The parts of `group`'s types that different groups of `part` cover, and those that none covers.
pub(crate) fn overlaps<'a>(group: &Group, part: &'a Selection) -> Vec<(Vec<TypeId>, Option<&'a Group>)> {
    let mut rest = group.types.clone();
    let mut found = Vec::new();
    for other in &part.groups {
        let (common, left): (Vec<_>, Vec<_>) = rest.into_iter().partition(|ty| other.types.contains(ty));
        rest = left;
        if !common.is_empty() {
            found.push((common, Some(other)));
        }
    }
    if !rest.is_empty() {
        found.push((rest, None));
    }
    found
}

/// A field's declared type, and the position below it.
type FieldShape<'a> = (&'a apollo_compiler::ast::Type, Option<TypeId>);

/// Reads selection sets of one document into [`Selections`].
pub(crate) struct Normaliser<'a> {
    pub(crate) supergraph: &'a Supergraph,
    pub(crate) document: Option<&'a ExecutableDocument>,
    pub(crate) conditions: &'a Conditions,
    seen: FxHashMap<(TypeId, Vec<*const SelectionSet>), SelectionId>,
    arguments: FxHashMap<String, Rc<Arguments>>,
    reads: Reads,
}

/// Whom a selection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    /// The client, who sees no object whose type is `@inaccessible`: nothing is asked of those.
    Operation,
    /// The router, to find an object again.
    Key,
    /// A subgraph, which cannot tell of which type an object is unless it is said.
    Requirement,
}

/// A field and the runtime types for which the fragments around it let it through (`None`: all).
struct Entry<'a> {
    types: Option<Rc<[TypeId]>>,
    field: &'a executable::Field,
}

impl<'a> Normaliser<'a> {
    pub(crate) fn new(
        supergraph: &'a Supergraph,
        document: Option<&'a ExecutableDocument>,
        conditions: &'a Conditions,
    ) -> Self {
        Self {
            supergraph,
            document,
            conditions,
            seen: FxHashMap::default(),
            arguments: FxHashMap::default(),
            reads: Reads::Operation,
        }
    }

    /// What a client's operation selects of its root type.
    pub(crate) fn operation(
        &mut self,
        selections: &mut Selections,
        ty: TypeId,
        set: &'a SelectionSet,
    ) -> SelectionId {
        self.reads = Reads::Operation;
        self.normalise(selections, ty, &[set])
    }

    /// What a key selects of an object of type `ty`.
    pub(crate) fn key(
        &mut self,
        selections: &mut Selections,
        ty: TypeId,
        set: &'a SelectionSet,
    ) -> SelectionId {
        self.reads = Reads::Key;
        self.normalise(selections, ty, &[set])
    }

    /// What is required of an object of type `ty`: as an operation would select it, and of whatever may be of several types below it
    /// the type as well.
    pub(crate) fn required(
        &mut self,
        selections: &mut Selections,
        ty: TypeId,
        set: &'a SelectionSet,
    ) -> SelectionId {
        self.reads = Reads::Requirement;
        let id = self.normalise(selections, ty, &[set]);
        let required = selections.get(id);
        // How the object itself is called is decided where it is represented.
        let composite = &self.supergraph.types[ty];
        let typename = composite.is_abstract() && needs_typename(composite, &required.groups);
        selections.intern(Selection { typename, ..(*required).clone() })
    }

    /// What an argument takes from an object of type `ty`: as what is required, and the type wherever the value is its name.
    pub(crate) fn context(
        &mut self,
        selections: &mut Selections,
        ty: TypeId,
        set: &'a SelectionSet,
    ) -> SelectionId {
        let id = self.required(selections, ty, set);
        selections.told_types(id)
    }

    /// The selection that `sets` together make on an object of type `ty`.
    fn normalise(
        &mut self,
        selections: &mut Selections,
        ty: TypeId,
        sets: &[&'a SelectionSet],
    ) -> SelectionId {
        let mut pointers: Vec<*const SelectionSet> = Vec::with_capacity(sets.len());
        for set in sets {
            let pointer = std::ptr::from_ref(*set);
            if !pointers.contains(&pointer) {
                pointers.push(pointer);
            }
        }
        let key = (ty, pointers);
        if let Some(&id) = self.seen.get(&key) {
            return id;
        }
        let mut entries = Vec::new();
        let mut spread = FxHashSet::default();
        for set in sets {
            self.flatten(set, None, &mut entries, &mut spread);
        }
        let groups = self.groups(selections, ty, &entries);
        let composite = &self.supergraph.types[ty];
        let is_named = self.reads == Reads::Requirement || needs_typename(composite, &groups);
        let typename = composite.is_abstract() && is_named;
        let id = selections.intern(Selection { ty, groups, typename });
        self.seen.insert(key, id);
        id
    }

    fn flatten(
        &self,
        set: &'a SelectionSet,
        types: Option<Rc<[TypeId]>>,
        entries: &mut Vec<Entry<'a>>,
        spread: &mut FxHashSet<(&'a Name, Option<Rc<[TypeId]>>)>,
    ) {
        for selection in &set.selections {
            if !self.conditions.include(selection.directives()) {
                continue;
            }
            match selection {
                executable::Selection::Field(field) => entries.push(Entry { types: types.clone(), field }),
                executable::Selection::InlineFragment(fragment) => {
                    let narrowed = match &fragment.type_condition {
                        Some(condition) => self.narrow(types.as_ref(), condition),
                        None => types.clone(),
                    };
                    self.flatten(&fragment.selection_set, narrowed, entries, spread);
                }
                executable::Selection::FragmentSpread(fragment_spread) => {
                    let definition = self
                        .document
                        .and_then(|document| document.fragments.get(&fragment_spread.fragment_name));
                    let Some(fragment) = definition else { continue };
                    let narrowed = self.narrow(types.as_ref(), fragment.type_condition());
                    if spread.insert((&fragment_spread.fragment_name, narrowed.clone())) {
                        self.flatten(&fragment.selection_set, narrowed, entries, spread);
                    }
                }
            }
        }
    }

    fn narrow(&self, types: Option<&Rc<[TypeId]>>, condition: &Name) -> Option<Rc<[TypeId]>> {
        let possible: &[TypeId] =
            self.supergraph.type_id(condition).map_or(&[], |id| &self.supergraph.types[id].possible);
        Some(match types {
            None => possible.into(),
            Some(types) => types.iter().copied().filter(|ty| possible.contains(ty)).collect(),
        })
    }

    fn groups(&mut self, selections: &mut Selections, ty: TypeId, entries: &[Entry<'a>]) -> Vec<Group> {
        let supergraph = self.supergraph;
        let CompositeType { possible, api_possible, .. } = &supergraph.types[ty];
        let is_asked = |runtime: &TypeId| self.reads != Reads::Operation || api_possible.contains(runtime);
        let mut by_entries: IndexMap<Vec<usize>, Vec<TypeId>> = IndexMap::default();
        for &runtime in possible {
            let applies = |entry: &Entry<'a>| {
                is_asked(&runtime) && entry.types.as_ref().is_none_or(|types| types.contains(&runtime))
            };
            let signature: Vec<usize> = entries
                .iter()
                .enumerate()
                .filter(|(_, entry)| applies(entry))
                .map(|(index, _)| index)
                .collect();
            by_entries.entry(signature).or_default().push(runtime);
        }
        if possible.is_empty() {
            return Vec::new();
        }
        let mut groups = Vec::new();
        for (signature, types) in by_entries {
            for (types, fields) in self.fields(selections, ty, &types, entries, &signature) {
                groups.push(Group { types, fields });
            }
        }
        groups
    }

    /// The merged fields of one group, split once more where the types' own fields differ in type.
    fn fields(
        &mut self,
        selections: &mut Selections,
        ty: TypeId,
        types: &[TypeId],
        entries: &[Entry<'a>],
        signature: &[usize],
    ) -> Vec<(Vec<TypeId>, Vec<FieldSelection>)> {
        let mut merged: IndexMap<&Name, Vec<&'a executable::Field>> = IndexMap::default();
        for &index in signature {
            merged.entry(entries[index].field.response_key()).or_default().push(entries[index].field);
        }
        let supergraph = self.supergraph;
        let mut split: IndexMap<Vec<Option<FieldShape<'_>>>, Vec<TypeId>> = IndexMap::default();
        for &runtime in types {
            let shape = merged.values().map(|fields| {
                let field = supergraph.types[runtime].fields.get(&fields[0].name)?;
                Some((&field.ty, self.target(ty, runtime, &fields[0].name)))
            });
            split.entry(shape.collect()).or_default().push(runtime);
        }
        let mut result = Vec::new();
        for types in split.into_values() {
            let runtime = types[0];
            let fields = merged.iter().map(|(key, fields)| {
                let target = self.target(ty, runtime, &fields[0].name);
                let sets: Vec<&'a SelectionSet> = fields.iter().map(|field| &field.selection_set).collect();
                FieldSelection {
                    key: (*key).clone(),
                    field: fields[0].name.clone(),
                    arguments: self.arguments(fields[0]),
                    sub: target.map(|target| self.normalise(selections, target, &sets)),
                }
            });
            let fields = fields.collect();
            result.push((types, fields));
        }
        result
    }

    /// The composite type below a field. The position's own type says it where it can, so that implementations share one selection.
    fn target(&self, ty: TypeId, runtime: TypeId, field: &Name) -> Option<TypeId> {
        let types = &self.supergraph.types;
        let definition = types[ty].fields.get(field).or_else(|| types[runtime].fields.get(field))?;
        definition.target
    }

    fn arguments(&mut self, field: &executable::Field) -> Rc<Arguments> {
        use std::fmt::Write;
        let mut sorted: Vec<_> = field.arguments.iter().collect();
        sorted.sort_by(|a, b| a.name.cmp(&b.name));
        let mut text = String::new();
        for (index, argument) in sorted.iter().enumerate() {
            let separator = if index == 0 { '(' } else { ',' };
            // Writing to a string cannot fail.
            let _ = write!(text, "{separator}{}:{}", argument.name, argument.value.serialize().no_indent());
        }
        if !text.is_empty() {
            text.push(')');
        }
        let make = || {
            let mut variables = Vec::new();
            sorted.iter().for_each(|argument| used_variables(&argument.value, &mut variables));
            variables.sort();
            variables.dedup();
            Rc::new(Arguments { text: text.clone(), variables })
        };
        Rc::clone(self.arguments.entry(text.clone()).or_insert_with(make))
    }
}

/// Whether the answer depends on the runtime type: fields differ, the client asks, or some types must not be shown.
fn needs_typename(ty: &CompositeType, groups: &[Group]) -> bool {
    groups.len() > 1
        || ty.api_possible.len() != ty.possible.len()
        || groups.iter().any(|group| group.fields.iter().any(|field| field.field == "__typename"))
}

fn used_variables(value: &apollo_compiler::ast::Value, variables: &mut Vec<Name>) {
    use apollo_compiler::ast::Value;
    match value {
        Value::Variable(name) => variables.push(name.clone()),
        Value::List(items) => items.iter().for_each(|item| used_variables(item, variables)),
        Value::Object(fields) => fields.iter().for_each(|(_, field)| used_variables(field, variables)),
        Value::Null
        | Value::Enum(_)
        | Value::String(_)
        | Value::Float(_)
        | Value::Int(_)
        | Value::Boolean(_) => {}
    }
}
