//! The SDL that a subgraph prints: stable, so that it can be committed and compared.

use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use async_graphql::{ObjectType, SDLExportOptions, Schema, SchemaBuilder, SubscriptionType, parser};

use crate::endpoint::Budgeted;

/// How every schema of the house is built: federation on, no "did you mean" (it tells names that introspection, when it
/// is off, hides), the recursion limit that goes with the guard's, and the budget of values.
pub fn house<Q, M, S>(builder: SchemaBuilder<Q, M, S>) -> SchemaBuilder<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    bounded(builder).enable_federation().enable_subscription_in_federation()
}

/// The same without federation.
pub fn bounded<Q, M, S>(builder: SchemaBuilder<Q, M, S>) -> SchemaBuilder<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    builder.disable_suggestions().limit_recursive_depth(100).extension(Budgeted)
}

/// The federation SDL of `schema`, sorted.
pub fn print<Q, M, S>(schema: &Schema<Q, M, S>) -> String
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let options = SDLExportOptions::new().federation().sorted_fields().sorted_arguments().sorted_enum_items();
    let mut sdl = schema.sdl_with_options(options);
    sdl.truncate(sdl.trim_end().len());
    sdl.push('\n');
    sdl
}

/// The root fields of an SDL as `Query.name`, `Mutation.name`, in order, without `_entities` and `_service`.
///
/// # Errors
/// When the SDL does not parse.
pub fn root_fields(sdl: &str) -> Result<Vec<String>, parser::Error> {
    let document = parser::parse_schema(sdl)?;
    let types = document.definitions.into_iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(ty) => Some(ty.node),
        TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
    });
    let mut fields = Vec::new();
    for ty in types {
        let TypeKind::Object(object) = &ty.kind else { continue };
        if !matches!(ty.name.node.as_str(), "Query" | "Mutation" | "Subscription") {
            continue;
        }
        let names = object.fields.iter().map(|field| field.node.name.node.as_str());
        let own = names.filter(|name| !matches!(*name, "_entities" | "_service"));
        fields.extend(own.map(|name| format!("{}.{name}", ty.name.node)));
    }
    Ok(fields)
}
