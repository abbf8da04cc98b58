//! Writing.
//!
//! A mutation that fails answers `null` beside its error, as the original's did: a client that asks for several keeps the others.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use entities::user::Role as AccountRole;
use subgraph::Error;
use subgraph::access::actor;

use super::user::User;
use super::{ask, client_address};
use crate::accounts::{ProfileChange, Registration};
use crate::sessions::Grant;

/// The mutations of the user service.
#[derive(Debug)]
pub struct Mutation;

/// An account that has just been opened.
#[derive(Debug, SimpleObject)]
pub struct CreateUser {
    /// The account.
    user: User,
}

/// An account that has just been changed.
#[derive(Debug, SimpleObject)]
pub struct UpdateUser {
    /// The account as it is now.
    user: User,
}

/// An account whose role has just been set.
#[derive(Debug, SimpleObject)]
pub struct SetRole {
    /// The account as it is now.
    user: User,
}

/// The end of an account.
#[derive(Debug, SimpleObject)]
pub struct DeleteUser {
    /// Always true: what goes wrong is an error.
    ok: bool,
}

/// The end of a session.
#[derive(Debug, SimpleObject)]
pub struct Logout {
    /// Always true: what goes wrong is an error.
    ok: bool,
}

/// What somebody gets who proved to be somebody.
#[derive(Debug, SimpleObject)]
pub struct AuthPayload {
    /// Goes into `Authorization: Bearer …` of every request.
    access_token: String,
    /// Is exchanged for the next pair by `refreshToken`, once.
    refresh_token: String,
    /// For how many seconds the access token is good.
    expires_in: i32,
    /// Whose they are.
    user: User,
}

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum Role {
    /// Organises events, sees every account and every booking.
    Admin,
    /// Works at the door.
    Staff,
    /// Buys tickets.
    Customer,
}

impl From<Role> for AccountRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Staff => Self::Staff,
            Role::Customer => Self::Customer,
        }
    }
}

impl From<Grant> for AuthPayload {
    fn from(grant: Grant) -> Self {
        Self {
            access_token: grant.access_token.into_inner(),
            refresh_token: grant.refresh_token.into_inner(),
            expires_in: i32::try_from(grant.expires_in.as_secs()).unwrap_or(i32::MAX),
            user: grant.account.into(),
        }
    }
}

/// Writing.
#[Object]
impl Mutation {
    /// Opens an account. Its role is CUSTOMER; an administrator may change that with `setRole`.
    async fn create_user(
        &self,
        ctx: &Context<'_>,
        name: String,
        email: String,
        password: String,
        phone_number: Option<String>,
        address: Option<String>,
    ) -> Result<Option<CreateUser>, Error> {
        let registration = Registration { name, email, password, phone_number, address };
        let account = ask(ctx)?.accounts.register(registration, client_address(ctx)).await?;
        Ok(Some(CreateUser { user: account.into() }))
    }

    /// Opens a session.
    async fn login(
        &self,
        ctx: &Context<'_>,
        email: String,
        password: String,
    ) -> Result<Option<AuthPayload>, Error> {
        let grant = ask(ctx)?.sessions.log_in(&email, password, client_address(ctx)).await?;
        Ok(Some(grant.into()))
    }

    /// Exchanges a refresh token for a new pair of tokens. A refresh token that comes a second time ends its session.
    async fn refresh_token(
        &self,
        ctx: &Context<'_>,
        refresh_token: String,
    ) -> Result<Option<AuthPayload>, Error> {
        Ok(Some(ask(ctx)?.sessions.refresh(refresh_token).await?.into()))
    }

    /// Ends the session of the refresh token, or without one all sessions of the caller.
    async fn logout(
        &self,
        ctx: &Context<'_>,
        refresh_token: Option<String>,
    ) -> Result<Option<Logout>, Error> {
        ask(ctx)?.sessions.log_out(actor(ctx), refresh_token).await?;
        Ok(Some(Logout { ok: true }))
    }

    /// Changes a profile: one's own, or anybody's for an administrator. What is left out stays; a blank phone number or address is taken away.
    async fn update_user(
        &self,
        ctx: &Context<'_>,
        id: ID,
        name: Option<String>,
        phone_number: Option<String>,
        address: Option<String>,
    ) -> Result<Option<UpdateUser>, Error> {
        let change = ProfileChange { name, phone_number, address };
        let account = ask(ctx)?.accounts.update(actor(ctx), &id, change).await?;
        Ok(Some(UpdateUser { user: account.into() }))
    }

    /// Changes one's own password, ends all one's sessions and opens a new one.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        current_password: String,
        new_password: String,
    ) -> Result<Option<AuthPayload>, Error> {
        let cases = ask(ctx)?;
        let account = cases.accounts.change_password(actor(ctx), current_password, new_password).await?;
        Ok(Some(cases.sessions.open(account).await?.into()))
    }

    /// Gives somebody a role. For administrators.
    async fn set_role(&self, ctx: &Context<'_>, id: ID, role: Role) -> Result<Option<SetRole>, Error> {
        let account = ask(ctx)?.accounts.set_role(actor(ctx), &id, role.into()).await?;
        Ok(Some(SetRole { user: account.into() }))
    }

    /// The original's name of `anonymiseUser`. For administrators.
    async fn delete_user(&self, ctx: &Context<'_>, id: ID) -> Result<Option<DeleteUser>, Error> {
        ask(ctx)?.accounts.anonymise(actor(ctx), &id).await?;
        Ok(Some(DeleteUser { ok: true }))
    }

    /// Takes from an account everything that says who it was, and ends its sessions; its bookings stay, under a pseudonym. Refused while
    /// bookings, refunds or tickets are not over. A second time changes nothing. For administrators.
    async fn anonymise_user(&self, ctx: &Context<'_>, id: ID) -> Result<Option<DeleteUser>, Error> {
        ask(ctx)?.accounts.anonymise(actor(ctx), &id).await?;
        Ok(Some(DeleteUser { ok: true }))
    }

    /// The same with one's own account.
    async fn delete_my_account(
        &self,
        ctx: &Context<'_>,
        current_password: String,
    ) -> Result<Option<DeleteUser>, Error> {
        ask(ctx)?.accounts.delete_own(actor(ctx), current_password).await?;
        Ok(Some(DeleteUser { ok: true }))
    }
}
