//! Reading.

use async_graphql::{Context, ID, Object};
use subgraph::Error;
use subgraph::access::actor;
use subgraph::audit::{AuditEntry, AuditFilter};
use subgraph::page::Page;

use super::ask;
use super::personal::PersonalData;
use super::user::{User, visible};

/// The queries of the user service.
#[derive(Debug)]
pub struct Query;

/// Reading.
#[Object]
impl Query {
    /// Everybody, oldest account first. For administrators.
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many.")] limit: Option<i32>,
        #[graphql(desc = "Without the first so many.")] offset: Option<i32>,
    ) -> Result<Vec<User>, Error> {
        let page = Page::from_arguments(limit, offset)?;
        let accounts = ask(ctx)?.accounts.list(actor(ctx), page).await?;
        Ok(accounts.into_iter().map(User::from).collect())
    }

    /// One person. For administrators.
    async fn user(&self, ctx: &Context<'_>, id: ID) -> Result<Option<User>, Error> {
        let account = ask(ctx)?.accounts.find(actor(ctx), &id).await?;
        Ok(account.map(User::from))
    }

    /// What was changed about accounts, and by whom: the newest first, a hundred without a limit. For administrators.
    async fn user_audit(
        &self,
        ctx: &Context<'_>,
        filter: Option<AuditFilter>,
        limit: Option<i32>,
        offset: Option<i32>,
    ) -> Result<Vec<AuditEntry>, Error> {
        let page = AuditEntry::page(limit, offset)?;
        Ok(ask(ctx)?.accounts.audit(actor(ctx), &filter.into(), page).await?)
    }

    /// Whoever the token speaks for: the one given here, or the one in the Authorization header.
    async fn me(&self, ctx: &Context<'_>, token: Option<String>) -> Result<Option<User>, Error> {
        let cases = ask(ctx)?;
        let actor = cases.speaking(actor(ctx), token).await?;
        Ok(Some(cases.accounts.current(actor).await?.into()))
    }

    /// Everything that is kept about whoever asks, in all services.
    async fn export_my_data(&self, ctx: &Context<'_>) -> Result<Option<PersonalData>, Error> {
        Ok(Some(PersonalData(ask(ctx)?.accounts.current(actor(ctx)).await?)))
    }

    /// Everything that is kept about a person, in all services. For administrators.
    async fn export_user_data(&self, ctx: &Context<'_>, id: ID) -> Result<Option<PersonalData>, Error> {
        Ok(ask(ctx)?.accounts.find(actor(ctx), &id).await?.map(PersonalData))
    }

    /// A person whom somebody else names is found by who may see them.
    #[graphql(entity)]
    async fn find_personal_data_by_id(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> Result<Option<PersonalData>, Error> {
        Ok(visible(ctx, &id).await?.map(|user| PersonalData(user.into())))
    }

    /// Entity references of other subgraphs.
    #[graphql(entity)]
    async fn find_user_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<User>, Error> {
        visible(ctx, &id).await
    }
}
