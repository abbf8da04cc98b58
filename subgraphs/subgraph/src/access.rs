//! Who may call what.
//!
//! Resolvers ask the functions here; use-cases get the [`Actor`] and decide about objects. Beside that each subgraph
//! writes down, in one table of [`Rule`]s, who may call each of its root fields; [`gaps`] fails a test when the schema and
//! the table disagree, and [`crate::testing::access`] calls every row as everybody to see that the table is true.

use async_graphql::Context;
use service::identity::{Actor, Caller, Role, ServiceName, User};
use uuid::Uuid;

use crate::error::{Code, Error};
use crate::sdl;

/// Who is calling: what the endpoint proved before the schema was asked.
#[must_use]
pub fn caller(ctx: &Context<'_>) -> Caller {
    ctx.data_opt::<Caller>().copied().unwrap_or_default()
}

/// On whose behalf.
#[must_use]
pub fn actor(ctx: &Context<'_>) -> Actor {
    caller(ctx).actor
}

/// A logged-in user.
///
/// # Errors
/// UNAUTHENTICATED.
pub fn require_user(ctx: &Context<'_>) -> Result<User, Error> {
    caller(ctx).actor.user().copied().ok_or_else(Error::unauthenticated)
}

/// A logged-in administrator.
///
/// # Errors
/// UNAUTHENTICATED for nobody, FORBIDDEN for anybody else.
pub fn require_admin(ctx: &Context<'_>) -> Result<User, Error> {
    let user = require_user(ctx)?;
    if user.role == Role::Admin { Ok(user) } else { Err(Error::forbidden()) }
}

/// Somebody who works at the door, or an administrator.
///
/// # Errors
/// UNAUTHENTICATED for nobody, FORBIDDEN for anybody else.
pub fn require_staff(ctx: &Context<'_>) -> Result<User, Error> {
    let user = require_user(ctx)?;
    match user.role {
        Role::Admin | Role::Staff => Ok(user),
        Role::Customer => Err(Error::forbidden()),
    }
}

/// The user `id`, or an administrator.
///
/// # Errors
/// UNAUTHENTICATED for nobody, FORBIDDEN for anybody else.
pub fn require_self_or_admin(ctx: &Context<'_>, id: Uuid) -> Result<User, Error> {
    let user = require_user(ctx)?;
    if user.id == id || user.role == Role::Admin { Ok(user) } else { Err(Error::forbidden()) }
}

/// A call that one of `services` makes, for itself or for a user.
///
/// # Errors
/// FORBIDDEN for everybody else, administrators included.
pub fn require_service(ctx: &Context<'_>, services: &[ServiceName]) -> Result<ServiceName, Error> {
    match caller(ctx).service {
        Some(service) if services.contains(&service) => Ok(service),
        _ => Err(Error::new(Code::Forbidden, "this operation is internal")),
    }
}

/// Who may call a root field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Everybody, logged in or not.
    Anyone,
    /// Every logged-in user; which objects, the use-case decides.
    User,
    /// The user that the object belongs to, and administrators. A stranger gets FORBIDDEN, NOT_FOUND or null.
    OwnerOrAdmin,
    /// Those who work at the door, and administrators.
    Staff,
    /// Administrators.
    Admin,
    /// These services, and no user.
    Service(&'static [ServiceName]),
}

/// A row of the access table.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// `Query.users`, `Mutation.createEvent`.
    pub field: &'static str,
    /// Who may call it.
    pub who: Who,
    /// A document that calls it, for the test that tries every row. It need not find anything.
    pub probe: &'static str,
}

/// What is wrong between an SDL and its access table: root fields without a row, rows without a root field, rows twice.
/// Empty when all is well. `_entities` and `_service` are the endpoint's and need no row.
#[must_use]
pub fn gaps(sdl: &str, table: &[Rule]) -> Vec<String> {
    let fields = match sdl::root_fields(sdl) {
        Ok(fields) => fields,
        Err(error) => return vec![format!("the SDL cannot be read: {error}")],
    };
    let rows: Vec<&str> = table.iter().map(|rule| rule.field).collect();
    let missing = fields.iter().filter(|f| !rows.contains(&f.as_str())).map(|f| format!("{f} has no row"));
    let stale =
        rows.iter().filter(|r| !fields.iter().any(|f| f == *r)).map(|r| format!("{r} is no root field"));
    let twice = rows
        .iter()
        .enumerate()
        .filter(|(at, r)| rows[..*at].contains(r))
        .map(|(_, r)| format!("{r} has two rows"));
    missing.chain(stale).chain(twice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_names_what_the_table_lacks_and_what_it_has_too_much() {
        let sdl = "type Query { a: Int _service: Int } extend type Mutation { b: Int } type Other { c: Int }";
        let rule = |field| Rule { field, who: Who::Anyone, probe: "{ a }" };
        assert_eq!(gaps(sdl, &[rule("Query.a"), rule("Mutation.b")]), Vec::<String>::new());
        assert_eq!(
            gaps(sdl, &[rule("Query.a"), rule("Query.z"), rule("Query.a")]),
            ["Mutation.b has no row", "Query.z is no root field", "Query.a has two rows"]
        );
    }
}
