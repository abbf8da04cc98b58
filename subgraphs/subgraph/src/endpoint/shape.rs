//! Gives an answer the shape that the specification promises.
//!
//! The engine leaves a field that failed *out* of its object, whether it may be null or not, makes an object of which
//! all fields failed null, and writes fields in the order in which they were ready. A client is promised something else:
//! keys in the order of the selection, null for a field that failed, and null for the nearest nullable place above one
//! that must not be null.
//! Source: GraphQL specification, sections 6.3 (executing selection sets) and 6.4.4 (handling field errors).

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    BaseType, Directive, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
    SelectionSet, Type,
};
use async_graphql::{Name, PathSegment, Positioned, ServerError, Value, Variables};

use super::types::{Object, Types};

/// What was asked, kept while the engine answers it.
pub(super) struct Asked {
    document: ExecutableDocument,
    operation_name: Option<String>,
    variables: Variables,
}

/// A response name with every place where it is selected.
type Fields<'d> = IndexMap<&'d str, Vec<&'d Field>>;

impl Asked {
    pub(super) fn new(
        document: ExecutableDocument,
        operation_name: Option<String>,
        variables: Variables,
    ) -> Self {
        Self { document, operation_name, variables }
    }

    /// The operation that runs.
    pub(super) fn operation(&self) -> Option<&OperationDefinition> {
        let mut operations = self.document.operations.iter();
        let found = match self.operation_name.as_deref() {
            Some(wanted) => operations.find(|(name, _)| name.is_some_and(|name| name == wanted)),
            None => operations.next(),
        };
        found.map(|(_, operation)| &operation.node)
    }

    /// A variable that has to be given and was not.
    pub(super) fn missing_variable(&self) -> Option<&str> {
        let definitions = &self.operation()?.variable_definitions;
        let missing = definitions.iter().map(|definition| &definition.node).find(|definition| {
            let optional = definition.var_type.node.nullable || definition.default_value.is_some();
            !optional && matches!(self.variables.get(&definition.name.node), None | Some(Value::Null))
        });
        missing.map(|definition| definition.name.node.as_str())
    }

    /// The variables that were not given and have a default.
    pub(super) fn defaults(&self) -> Vec<(Name, Value)> {
        let definitions = self.operation().map_or(&[][..], |operation| &operation.variable_definitions);
        let definitions = definitions.iter().map(|definition| &definition.node);
        let absent = definitions.filter(|definition| !self.variables.contains_key(&definition.name.node));
        absent
            .filter_map(|definition| {
                let default = definition.default_value.as_ref()?;
                Some((definition.name.node.clone(), default.node.clone()))
            })
            .collect()
    }

    /// Gives `data` its shape.
    pub(super) fn shape(&self, types: &Types, data: Value, errors: &[ServerError]) -> Value {
        let Some(operation) = self.operation() else { return data };
        let root = match operation.ty {
            OperationType::Query => "Query",
            OperationType::Mutation => "Mutation",
            OperationType::Subscription => "Subscription",
        };
        let mut shaper = Shaper { asked: self, operation, types, errors, path: Vec::new() };
        shaper.composite(root, &[&operation.selection_set.node], data)
    }
}

struct Shaper<'d> {
    asked: &'d Asked,
    operation: &'d OperationDefinition,
    types: &'d Types,
    errors: &'d [ServerError],
    path: Vec<PathSegment>,
}

impl<'d> Shaper<'d> {
    /// A value where an object, an interface or a union is due. Null means null, whatever the reason.
    fn composite(&mut self, named: &str, sets: &[&'d SelectionSet], value: Value) -> Value {
        let answered = match value {
            Value::Object(answered) => answered,
            // An object of which every field failed.
            Value::Null if self.failed_within() => IndexMap::new(),
            other => return other,
        };
        let runtime = match self.types.is_abstract(named) {
            false => Some(named.to_owned()),
            true => self.typename(sets, &answered),
        };
        let known = runtime.and_then(|name| self.types.object(&name).map(|object| (name, object)));
        match known {
            Some((name, object)) => self.object(&name, object, sets, answered),
            None => Value::Object(answered),
        }
    }

    fn object(
        &mut self,
        name: &str,
        ty: &'d Object,
        sets: &[&'d SelectionSet],
        mut answered: IndexMap<Name, Value>,
    ) -> Value {
        let mut fields = Fields::new();
        for set in sets {
            self.collect(name, ty, set, &mut fields);
        }
        let mut shaped = IndexMap::with_capacity(fields.len());
        for (key, places) in fields {
            let field_name = places[0].name.node.as_str();
            let value = answered.swap_remove(key);
            let Some(field_type) = ty.field(field_name) else {
                // What every schema has cannot fail.
                shaped.extend(value.map(|value| (Name::new(key), value)));
                continue;
            };
            self.path.push(PathSegment::Field(key.to_owned()));
            let value = self.field(field_name, field_type, &places, value.unwrap_or(Value::Null));
            self.path.pop();
            if value == Value::Null && !field_type.nullable {
                return Value::Null;
            }
            shaped.insert(Name::new(key), value);
        }
        Value::Object(shaped)
    }

    fn field(&mut self, name: &str, ty: &Type, places: &[&'d Field], value: Value) -> Value {
        let sets: Vec<&SelectionSet> = places.iter().map(|field| &field.selection_set.node).collect();
        if sets.iter().all(|set| set.items.is_empty()) {
            return value;
        }
        match (name, value) {
            ("_entities", Value::List(entities)) => self.entities(places[0], &sets, entities),
            (_, value) => self.value(ty, &sets, value),
        }
    }

    fn value(&mut self, ty: &Type, sets: &[&'d SelectionSet], value: Value) -> Value {
        match (&ty.base, value) {
            (BaseType::Named(name), value) => self.composite(name, sets, value),
            (BaseType::List(inner), Value::List(items)) => {
                let mut shaped = Vec::with_capacity(items.len());
                for (at, item) in items.into_iter().enumerate() {
                    self.path.push(PathSegment::Index(at));
                    let item = self.value(inner, sets, item);
                    self.path.pop();
                    if item == Value::Null && !inner.nullable {
                        return Value::Null;
                    }
                    shaped.push(item);
                }
                Value::List(shaped)
            }
            (BaseType::List(_), other) => other,
        }
    }

    /// Entities need not tell their type: whoever asked for them has said it, entity by entity.
    fn entities(&mut self, field: &Field, sets: &[&'d SelectionSet], entities: Vec<Value>) -> Value {
        let representations = field.arguments.iter().find(|(name, _)| name.node == "representations");
        let representations = representations.and_then(|(_, value)| {
            value.node.clone().into_const_with(|name| self.variable(&name).cloned().ok_or(())).ok()
        });
        let Some(Value::List(representations)) = representations else { return Value::List(entities) };
        let named = |at: usize| match representations.get(at) {
            Some(Value::Object(representation)) => text(representation.get("__typename")?),
            _ => None,
        };
        let mut shaped = Vec::with_capacity(entities.len());
        for (at, entity) in entities.into_iter().enumerate() {
            let Some(name) = named(at) else {
                shaped.push(entity);
                continue;
            };
            self.path.push(PathSegment::Index(at));
            shaped.push(self.composite(&name, sets, entity));
            self.path.pop();
        }
        Value::List(shaped)
    }

    fn collect(&self, name: &str, ty: &Object, set: &'d SelectionSet, fields: &mut Fields<'d>) {
        for selection in &set.items {
            if self.is_skipped(selection.node.directives()) {
                continue;
            }
            match &selection.node {
                Selection::Field(field) => {
                    fields.entry(field.node.response_key().node.as_str()).or_default().push(&field.node);
                }
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref().map(|on| on.node.on.node.as_str());
                    if condition.is_none_or(|condition| ty.is(name, condition)) {
                        self.collect(name, ty, &inline.node.selection_set.node, fields);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = self.asked.document.fragments.get(&spread.node.fragment_name.node);
                    if let Some(fragment) = fragment.map(|fragment| &fragment.node)
                        && ty.is(name, &fragment.type_condition.node.on.node)
                    {
                        self.collect(name, ty, &fragment.selection_set.node, fields);
                    }
                }
            }
        }
    }

    fn is_skipped(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().map(|directive| &directive.node).any(|directive| {
            let condition = directive.get_argument("if").and_then(|value| {
                value.node.clone().into_const_with(|name| self.variable(&name).cloned().ok_or(())).ok()
            });
            match directive.name.node.as_str() {
                "skip" => condition == Some(Value::Boolean(true)),
                "include" => condition == Some(Value::Boolean(false)),
                _ => false,
            }
        })
    }

    /// The value of a variable: given, or its default.
    fn variable(&self, name: &Name) -> Option<&Value> {
        self.asked.variables.get(name).or_else(|| {
            let definition =
                self.operation.variable_definitions.iter().find(|d| d.node.name.node == *name)?;
            definition.node.default_value.as_ref().map(|value| &value.node)
        })
    }

    /// The type that the answer itself tells, where `__typename` was selected.
    fn typename(&self, sets: &[&'d SelectionSet], answered: &IndexMap<Name, Value>) -> Option<String> {
        let direct = sets.iter().flat_map(|set| &set.items).find_map(|selection| match &selection.node {
            Selection::Field(field) if field.node.name.node == "__typename" => {
                Some(field.node.response_key())
            }
            _ => None,
        });
        text(answered.get(&direct?.node)?)
    }

    /// Whether something below this place failed.
    fn failed_within(&self) -> bool {
        self.errors
            .iter()
            .any(|error| error.path.len() > self.path.len() && error.path.starts_with(&self.path))
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}
