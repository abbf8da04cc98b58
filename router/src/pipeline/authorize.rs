//! Stage 5: may this caller run this operation, this way?
//!
//! The graph's own rules (`@authenticated`, `@requiresScopes`, `@policy`) are checked here, before anything is planned; each subgraph checks
//! its own besides, because not every request comes through the router. An operation that asks for a field the caller may not see is refused
//! as a whole: an answer with holes would look like missing data.
//!
//! Source: Federation documentation, "@authenticated", "@requiresScopes", "@policy".

use std::{collections::HashSet, sync::Arc};

use apollo_compiler::{
    ExecutableDocument, Name, Node, Schema,
    ast::OperationType,
    executable::{Operation, Selection, SelectionSet},
    schema::Directive,
};
use service::{guard, identity::Actor};

use super::{Stage, limits::Prepared};
use crate::refusal::Refusal;

/// An operation that this caller may run.
#[derive(Debug)]
pub(super) struct Authorized {
    prepared: Arc<Prepared>,
}

impl Authorized {
    pub(super) fn prepared(&self) -> &Arc<Prepared> {
        &self.prepared
    }
}

/// Checks how the request came, and what the caller must prove.
pub(super) fn authorize(stage: Stage<'_>, prepared: Arc<Prepared>) -> Result<Authorized, Refusal> {
    match prepared.kind() {
        OperationType::Query => {}
        OperationType::Mutation if stage.context.read_only => {
            return Err(guard::Refusal::MethodNotAllowed("GET answers queries only").into());
        }
        OperationType::Mutation => {}
        OperationType::Subscription if stage.context.streams => {}
        OperationType::Subscription => return Err(Refusal::Subscription),
    }
    prepared.requirements.check(&stage.context.actor)?;
    Ok(Authorized { prepared })
}

/// Any of these sets, all of each.
type AnyOfAll = Vec<Vec<String>>;

/// What the fields and types of an operation demand of its caller.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Requirements {
    authenticated: bool,
    scopes: Vec<AnyOfAll>,
    policies: bool,
}

impl Requirements {
    /// Collects what `operation` demands. Every fragment is looked at once, however often it is spread.
    pub(super) fn of(schema: &Schema, document: &ExecutableDocument, operation: &Operation) -> Self {
        let mut collector = Collector { schema, document, seen: HashSet::new(), found: Self::default() };
        collector.selection_set(&operation.selection_set);
        collector.found
    }

    fn check(&self, actor: &Actor) -> Result<(), Refusal> {
        if *self == Self::default() {
            return Ok(());
        }
        let Some(user) = actor.user() else { return Err(Refusal::Unauthenticated) };
        let role = user.role.as_str();
        let granted = |any: &AnyOfAll| any.iter().any(|all| all.iter().all(|scope| scope == role));
        if let Some(missing) = self.scopes.iter().find(|any| !granted(any)) {
            return Err(Refusal::Forbidden { lacks: format!("it needs {}", words(missing)) });
        }
        if self.policies {
            return Err(Refusal::Forbidden { lacks: "no policy grants it".to_owned() });
        }
        Ok(())
    }

    fn add(&mut self, directive: &Directive) {
        match directive.name.as_str() {
            "authenticated" => self.authenticated = true,
            "requiresScopes" => self.scopes.push(any_of_all(directive, "scopes")),
            "policy" => self.policies = true,
            _ => {}
        }
    }
}

fn words(any: &AnyOfAll) -> String {
    any.iter().map(|all| all.join(" and ")).collect::<Vec<_>>().join(", or ")
}

fn any_of_all(directive: &Directive, argument: &str) -> AnyOfAll {
    let lists =
        directive.specified_argument_by_name(argument).and_then(|value| value.as_list()).unwrap_or_default();
    lists
        .iter()
        .filter_map(|all| all.as_list())
        .map(|all| all.iter().filter_map(|scope| scope.as_str()).map(str::to_owned).collect())
        .collect()
}

struct Collector<'a> {
    schema: &'a Schema,
    document: &'a ExecutableDocument,
    seen: HashSet<&'a Name>,
    found: Requirements,
}

impl<'a> Collector<'a> {
    fn selection_set(&mut self, selections: &'a SelectionSet) {
        self.named_type(&selections.ty);
        for selection in &selections.selections {
            match selection {
                Selection::Field(field) => {
                    self.field(&selections.ty, &field.name);
                    self.named_type(field.ty().inner_named_type());
                    if !field.selection_set.is_empty() {
                        self.selection_set(&field.selection_set);
                    }
                }
                Selection::InlineFragment(fragment) => self.selection_set(&fragment.selection_set),
                Selection::FragmentSpread(spread) => self.fragment(&spread.fragment_name),
            }
        }
    }

    fn fragment(&mut self, name: &'a Name) {
        if let Some(fragment) = self.document.fragments.get(name)
            && self.seen.insert(name)
        {
            self.selection_set(&fragment.selection_set);
        }
    }

    fn field(&mut self, parent: &str, name: &str) {
        if let Ok(definition) = self.schema.type_field(parent, name) {
            self.directives(definition.directives.iter());
        }
    }

    fn named_type(&mut self, name: &str) {
        if let Some(ty) = self.schema.types.get(name) {
            self.directives(ty.directives().iter().map(|directive| &directive.node));
        }
    }

    fn directives<'d>(&mut self, directives: impl Iterator<Item = &'d Node<Directive>>) {
        directives.for_each(|directive| self.found.add(directive));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use service::identity::{Role, User};

    const SCHEMA: &str = "
        directive @authenticated on FIELD_DEFINITION | OBJECT
        directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION | OBJECT
        directive @policy(policies: [[String!]!]!) on FIELD_DEFINITION
        type Query { open: Int mine: Int @authenticated sales: Sales secret: Int @policy(policies: [[\"x\"]]) }
        type Sales @requiresScopes(scopes: [[\"ADMIN\"], [\"STAFF\"]]) { total: Int }";

    fn requirements(operation: &str) -> Requirements {
        let schema = Schema::parse_and_validate(SCHEMA, "s.graphql").unwrap();
        let document = ExecutableDocument::parse_and_validate(&schema, operation, "o.graphql").unwrap();
        Requirements::of(&schema, &document, document.operations.get(None).unwrap())
    }

    fn user(role: Role) -> Actor {
        Actor::User(User { id: uuid::Uuid::nil(), role, token_version: 0 })
    }

    fn verdict(operation: &str, actor: &Actor) -> &'static str {
        requirements(operation).check(actor).map_or_else(|refusal| refusal.code(), |()| "OK")
    }

    #[test]
    fn an_open_field_demands_nothing() {
        assert_eq!(requirements("{ open }"), Requirements::default());
    }

    #[test]
    fn demands_are_found_on_fields_types_and_through_fragments() {
        for operation in ["{ mine }", "{ sales { total } }", "{ ...F } fragment F on Query { ... { mine } }"]
        {
            assert_eq!(verdict(operation, &Actor::Anonymous), "UNAUTHENTICATED", "{operation}");
        }
        assert_eq!(verdict("{ mine }", &user(Role::Customer)), "OK");
        assert_eq!(verdict("{ sales { total } }", &user(Role::Customer)), "FORBIDDEN");
        assert_eq!(verdict("{ sales { total } }", &user(Role::Staff)), "OK");
        assert_eq!(verdict("{ secret }", &user(Role::Admin)), "FORBIDDEN");
    }
}
