//! Contexts: values that a subgraph takes from an outer object (`@context`) into an argument (`@fromContext`).
//!
//! Only what is written; whether it makes sense is for `check::contexts` to say.
//! Source: the federation documentation on contextual arguments, v2.8.

use apollo_compiler::Name;
use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, InputValueDefinition};
use federation::spec::FederationDirective as Fd;

use super::Subgraph;

/// What an argument asks for: `$user { currency }` is the selection `{ currency }` in the context `user`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContextValue {
    /// The context's name in its subgraph.
    pub(crate) context: String,
    /// What to select there, as written after the name: it is what a supergraph repeats.
    pub(crate) selection: String,
}

/// An argument that the router fills in.
#[derive(Debug, Clone)]
pub(crate) struct ContextualArgument {
    /// The argument's name.
    pub(crate) name: Name,
    /// Its type, as written.
    pub(crate) ty: String,
    /// Where its value comes from.
    pub(crate) value: ContextValue,
}

impl ContextValue {
    /// Reads the `field` of a `@fromContext`; `None` when it names no context or selects nothing in it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let named = text.trim_start().strip_prefix('$')?.trim_start();
        let end = named.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(named.len());
        let (context, selection) = named.split_at(end);
        let starts_well = context.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        (starts_well && !selection.trim().is_empty())
            .then(|| Self { context: context.to_owned(), selection: selection.to_owned() })
    }
}

/// The context that the supergraph knows as `context` of `subgraph`: two subgraphs may use one name for two things.
pub(crate) fn supergraph_name(subgraph: &str, context: &str) -> String {
    format!("{subgraph}__{context}")
}

/// The `@fromContext` on an argument.
pub(crate) fn from_context<'a>(
    subgraph: &Subgraph,
    argument: &'a InputValueDefinition,
) -> Option<&'a Node<Directive>> {
    argument.directives.get(subgraph.links.name(Fd::FromContext)?)
}

/// What a `@fromContext` asks for.
pub(crate) fn value(applied: &Directive) -> Option<ContextValue> {
    ContextValue::parse(applied.specified_argument_by_name("field")?.as_str()?)
}

/// Whether the router fills in an argument of a field, so that clients never see it.
pub(crate) fn is_contextual(subgraph: &Subgraph, argument: &InputValueDefinition) -> bool {
    from_context(subgraph, argument).is_some()
}

/// The arguments of a field that the router fills in.
pub(crate) fn arguments(subgraph: &Subgraph, parent: &str, field: &str) -> Vec<ContextualArgument> {
    let Some(definition) = subgraph.field(parent, field) else { return Vec::new() };
    let contextual = definition.arguments.iter().filter_map(|argument| {
        let value = value(from_context(subgraph, argument)?)?;
        Some(ContextualArgument { name: argument.name.clone(), ty: argument.ty.to_string(), value })
    });
    contextual.collect()
}

/// The names that a type's `@context`s set, each with its application.
pub(crate) fn set_by<'a>(subgraph: &'a Subgraph, ty: &str) -> Vec<(&'a str, &'a Node<Directive>)> {
    let Some((definition, local)) = subgraph.schema.types.get(ty).zip(subgraph.links.name(Fd::Context))
    else {
        return Vec::new();
    };
    let applied = definition.directives().get_all(local);
    applied
        .filter_map(|applied| Some((applied.specified_argument_by_name("name")?.as_str()?, &applied.node)))
        .collect()
}

/// The types that set `context`, in the order of the schema.
pub(crate) fn setters<'a>(subgraph: &'a Subgraph, context: &str) -> Vec<&'a Name> {
    let types = subgraph.own_types().map(|(name, _)| name);
    types.filter(|name| set_by(subgraph, name).iter().any(|(set, _)| *set == context)).collect()
}

#[cfg(test)]
mod tests {
    use super::ContextValue;

    #[test]
    fn a_context_value_is_a_name_and_a_selection() {
        let parse = |text| ContextValue::parse(text).map(|value| (value.context, value.selection));
        let expected = |context: &str, selection: &str| Some((context.to_owned(), selection.to_owned()));
        assert_eq!(parse("$user { currency }"), expected("user", " { currency }"));
        assert_eq!(parse("$ user{currency}"), expected("user", "{currency}"));
        assert_eq!(parse("$x ... on U { a }"), expected("x", " ... on U { a }"));
        for text in ["", "user { a }", "$user", "$1user { a }", "#user { a }"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
