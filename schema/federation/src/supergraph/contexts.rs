//! What arguments take from contexts: which object types give it, and what is selected of each.
//!
//! Source: context specification v0.1, join specification v0.5 (`join__field(contextArguments:)`).

use super::api_schema::Feature;
use super::read::Reader;
use super::{
    CompositeType, ContextArgument, ContextValue, ContextValueId, SubgraphId, SupergraphError, TypeId,
};
use crate::field_set::FieldSet;
use apollo_compiler::ast::{Selection, Type, Value};
use apollo_compiler::executable::{self, SelectionSet};
use apollo_compiler::schema::{Component, ExtendedType, FieldDefinition};
use apollo_compiler::{Name, Node};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Reads all contextual arguments into the fields of `types`; returns what they are filled with.
pub(super) fn context_values(
    reader: &Reader<'_>,
    features: &[Feature],
    types: &mut [CompositeType],
) -> Result<Vec<ContextValue>, SupergraphError> {
    let join = reader.schema.directive_definitions.get("join__field");
    if join.is_none_or(|join| join.argument_by_name("contextArguments").is_none()) {
        return Ok(Vec::new());
    }
    let setters = setters(reader, features);
    let mut contexts = Contexts { reader, setters, ids: FxHashMap::default(), values: Vec::new() };
    for id in 0..types.len() {
        contexts.read(types, id)?;
    }
    Ok(contexts.values)
}

/// The types that set each context.
type Setters = FxHashMap<String, Vec<TypeId>>;

fn setters(reader: &Reader<'_>, features: &[Feature]) -> Setters {
    let feature = features.iter().find(|feature| feature.identity == "context");
    let directive = feature.map_or_else(|| "context".to_owned(), |feature| feature.directive("context"));
    let mut setters = Setters::default();
    for (name, id) in &reader.ids {
        for applied in reader.schema.types[name].directives().get_all(&directive) {
            let context = applied.specified_argument_by_name("name").and_then(|name| name.as_str());
            if let Some(context) = context {
                setters.entry(context.to_owned()).or_default().push(*id);
            }
        }
    }
    setters
}

struct Contexts<'r, 'a> {
    reader: &'r Reader<'a>,
    setters: Setters,
    ids: FxHashMap<(SubgraphId, Argument), ContextValueId>,
    values: Vec<ContextValue>,
}

/// An entry of `contextArguments`, without the argument's own name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Argument {
    context: String,
    ty: String,
    selection: String,
}

impl Contexts<'_, '_> {
    fn read(&mut self, types: &mut [CompositeType], id: TypeId) -> Result<(), SupergraphError> {
        let name = types[id].name.clone();
        let fields = match &self.reader.schema.types[&name] {
            ExtendedType::Object(object) => &object.fields,
            ExtendedType::Interface(interface) => &interface.fields,
            ExtendedType::Union(_)
            | ExtendedType::Scalar(_)
            | ExtendedType::Enum(_)
            | ExtendedType::InputObject(_) => return Ok(()),
        };
        for field in fields.values() {
            for (subgraph, argument_name, argument) in self.arguments(&name, field)? {
                let coordinate = format!("{name}.{}", field.name);
                let value = self.value(types, subgraph, &coordinate, &argument_name, &argument)?;
                let join = types[id].fields.get_mut(&field.name).and_then(|field| field.join_mut(subgraph));
                if let Some(join) = join {
                    let Argument { context, .. } = argument;
                    join.context_arguments.push(ContextArgument { name: argument_name, context, value });
                }
            }
        }
        Ok(())
    }

    fn arguments(
        &self,
        parent: &Name,
        field: &Component<FieldDefinition>,
    ) -> Result<Vec<(SubgraphId, Name, Argument)>, SupergraphError> {
        let mut arguments = Vec::new();
        for directive in field.directives.get_all("join__field") {
            let list =
                directive.specified_argument_by_name("contextArguments").and_then(|value| value.as_list());
            for entry in list.into_iter().flatten() {
                let subgraph = self.reader.graph(directive, &format!("{parent}.{}", field.name))?;
                arguments.extend(argument(entry).map(|(name, argument)| (subgraph, name, argument)));
            }
        }
        Ok(arguments)
    }

    fn value(
        &mut self,
        types: &[CompositeType],
        subgraph: SubgraphId,
        coordinate: &str,
        name: &Name,
        argument: &Argument,
    ) -> Result<ContextValueId, SupergraphError> {
        let key = (subgraph, argument.clone());
        if let Some(&id) = self.ids.get(&key) {
            return Ok(id);
        }
        let invalid = |message: String| SupergraphError::InvalidContext {
            coordinate: coordinate.to_owned(),
            argument: name.to_string(),
            context: argument.context.clone(),
            message,
        };
        let ty = Type::parse(&argument.ty, "argument").map_err(|errors| invalid(errors.to_string()))?;
        let set = FieldSet::parse(&argument.selection).map_err(|error| invalid(error.message))?;
        let setters = self.setters.get(&argument.context).into_iter().flatten();
        let objects = setters.flat_map(|setter| {
            let join = types[*setter].join(subgraph);
            join.map_or(types[*setter].possible.as_slice(), |join| join.possible.as_slice())
        });
        let mut objects: Vec<TypeId> = objects.copied().collect();
        objects.sort_unstable();
        objects.dedup();
        let givers = objects.into_iter().map(|object| {
            let selected = self.selected_of(&types[object].name, &set.selections);
            selected.map(|selected| (object, selected.map(Arc::new))).map_err(invalid)
        });
        let givers = givers.collect::<Result<_, _>>()?;
        self.values.push(ContextValue { selection: argument.selection.trim().to_owned(), ty, givers });
        self.ids.insert(key, self.values.len() - 1);
        Ok(self.values.len() - 1)
    }

    /// What of `selections` is selected of objects of type `object`.
    fn selected_of(&self, object: &Name, selections: &[Selection]) -> Result<Option<SelectionSet>, String> {
        let schema = self.reader.schema;
        let mut chosen = String::new();
        for selection in selections {
            match selection {
                Selection::Field(field) => chosen.push_str(&field.serialize().no_indent().to_string()),
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.type_condition.as_ref();
                    if condition.is_none_or(|name| name == object || schema.is_subtype(name, object)) {
                        chosen.push_str(&fragment.serialize().no_indent().to_string());
                    }
                }
                Selection::FragmentSpread(spread) => {
                    return Err(format!("there is no fragment {}", spread.fragment_name));
                }
            }
            chosen.push(' ');
        }
        if chosen.trim().is_empty() {
            return Ok(None);
        }
        executable::FieldSet::parse_and_validate(schema, object.clone(), chosen, "context")
            .map(|set| Some(set.into_inner().selection_set))
            .map_err(|errors| errors.errors.to_string())
    }
}

fn argument(entry: &Node<Value>) -> Option<(Name, Argument)> {
    let entries = entry.as_object()?;
    let text = |wanted: &str| entries.iter().find(|(key, _)| key == wanted)?.1.as_str();
    let argument = Argument {
        context: text("context")?.to_owned(),
        ty: text("type")?.to_owned(),
        selection: text("selection")?.to_owned(),
    };
    Some((Name::new(text("name")?).ok()?, argument))
}

#[cfg(test)]
mod tests {
    use crate::supergraph::{Supergraph, SupergraphError};

    fn read(selection: &str) -> Result<Supergraph, SupergraphError> {
        Supergraph::read(&format!(
            r#"
            schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
              @link(url: "https://specs.apollo.dev/context/v0.1", for: SECURITY) {{ query: Query }}
            directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
            directive @context(name: String!) repeatable on INTERFACE | OBJECT | UNION
            directive @join__graph(name: String!, url: String!) on ENUM_VALUE
            directive @join__type(graph: join__Graph!, key: String) repeatable on OBJECT | INTERFACE | UNION
            directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
            directive @join__field(graph: join__Graph, contextArguments: [join__ContextArgument!]) repeatable on FIELD_DEFINITION
            input join__ContextArgument {{ name: String! type: String! context: String! selection: String! }}
            scalar link__Import
            enum link__Purpose {{ SECURITY EXECUTION }}
            enum join__Graph {{ A @join__graph(name: "a", url: "") B @join__graph(name: "b", url: "") }}
            type Query @join__type(graph: A) @join__type(graph: B) {{ any: Any @join__field(graph: A) }}
            union Any @join__type(graph: A) @join__type(graph: B) @join__unionMember(graph: A, member: "One")
              @join__unionMember(graph: A, member: "Two") @join__unionMember(graph: B, member: "Three") @context(name: "a__c")
              = One | Two | Three
            type One @join__type(graph: A) {{ x: Int below: Below }}
            type Two @join__type(graph: A) {{ y: Int below: Below }}
            type Three @join__type(graph: B) {{ x: Int }}
            type Below @join__type(graph: A, key: "id") {{
              id: ID!
              f: Int @join__field(graph: A, contextArguments: [{{ name: "v", type: "Int", context: "a__c", selection: "{selection}" }}])
              g: Int @join__field(graph: A, contextArguments: [{{ name: "v", type: "Int", context: "a__c", selection: "{selection}" }}])
            }}
            "#
        ))
    }

    #[test]
    fn a_value_is_given_by_the_types_that_its_subgraph_knows() {
        let supergraph = read(" ... on One { x }").unwrap();
        let [value] = supergraph.context_values.as_slice() else { panic!("both fields take the same value") };
        let given = |name: &str| value.given_by(supergraph.type_id(name).unwrap());
        let selected = given("One").unwrap().unwrap().serialize().no_indent().to_string();
        assert_eq!(selected, "{ ... on One { x } }");
        assert_eq!(given("Two"), Some(None));
        assert_eq!(given("Three"), None);
        let below = &supergraph.types[supergraph.type_id("Below").unwrap()];
        assert!(below.fields.values().skip(1).all(|field| field.joins[0].context_arguments.len() == 1));
    }

    #[test]
    fn what_cannot_be_selected_is_refused() {
        for selection in ["{ x }", "... on One { y }", "{"] {
            let error = read(selection).unwrap_err().to_string();
            assert!(
                error.starts_with("Below.f: the argument v cannot be taken from the context a__c"),
                "{error}"
            );
        }
    }
}
