//! What this service keeps about a person: its part of `PersonalData`.

use async_graphql::{Context, ID, Object};
use entities::ids::UserId;
use subgraph::access::require_self_or_admin;
use subgraph::audit::{self, AuditEntry};
use subgraph::error::Error;
use subgraph::page::Page;

use super::ticket::Ticket;
use super::waiting_place::WaitingPlace;
use crate::store::Store;
use crate::{tickets, waiting_places};

/// Everything that is kept about a person.
pub(super) struct PersonalData {
    pub(super) id: UserId,
}

#[Object]
impl PersonalData {
    async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// Every ticket, those of the newest booking first. For the person and for administrators.
    async fn tickets(&self, ctx: &Context<'_>) -> Result<Vec<Ticket>, Error> {
        let rows = tickets::of_user(self.store(ctx)?, self.id, Page::default()).await?;
        Ok(rows.into_iter().map(Ticket::from).collect())
    }

    /// Every place on a waiting list, those that are over too, oldest first. For the person and for administrators.
    async fn waiting_places(&self, ctx: &Context<'_>) -> Result<Vec<WaitingPlace>, Error> {
        let places = waiting_places::ever_of_user(self.store(ctx)?, self.id).await?;
        Ok(places.into_iter().map(WaitingPlace).collect())
    }

    /// What the person did here, as the audit log tells it. For the person and for administrators.
    async fn ticket_log(&self, ctx: &Context<'_>) -> Result<Vec<AuditEntry>, Error> {
        Ok(audit::about(self.store(ctx)?.read(), self.id, Page::default()).await?)
    }
}

impl PersonalData {
    fn store<'c>(&self, ctx: &Context<'c>) -> Result<&'c Store, Error> {
        require_self_or_admin(ctx, *self.id.as_uuid())?;
        Ok(ctx.data_unchecked::<Store>())
    }
}
