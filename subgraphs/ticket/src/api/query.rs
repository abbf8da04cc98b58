//! What may be asked.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use entities::ids::{EventId, TicketTypeId, UserId};
use service::identity::ServiceName;
use subgraph::access::{require_admin, require_service, require_user};
use subgraph::audit::{self, AuditEntry, AuditFilter};
use subgraph::error::Error;
use subgraph::ids::{given, sought};
use subgraph::page::Page;

use super::event::Event;
use super::hold::Hold;
use super::loaders::{TicketTypes, TicketTypesOfEvents};
use super::personal::PersonalData;
use super::ticket::{Ticket, keys};
use super::ticket_type::TicketType;
use super::voucher::Voucher;
use super::waiting_place::WaitingPlace;
use crate::store::{self, Store};
use crate::{tickets, vouchers, waiting_places};

/// How many tickets or vouchers are told at once when nobody says how many.
const PAGE: i32 = 100;

/// The root of queries.
#[derive(Debug)]
pub struct Query;

#[Object]
impl Query {
    /// The ticket types of an event, oldest first; none for an event that nobody knows.
    async fn ticket_types_by_event(&self, ctx: &Context<'_>, event_id: ID) -> Result<Vec<TicketType>, Error> {
        let Some(id) = sought::<EventId>(&event_id) else { return Ok(Vec::new()) };
        let loader = ctx.data_unchecked::<DataLoader<TicketTypesOfEvents>>();
        let rows = loader.load_one(id).await?.unwrap_or_default();
        Ok(rows.into_iter().map(TicketType).collect())
    }

    /// One ticket type.
    async fn ticket_type(&self, ctx: &Context<'_>, id: ID) -> Result<Option<TicketType>, Error> {
        find_ticket_type(ctx, &id).await
    }

    /// The vouchers of an event, oldest first; a hundred without a limit. For administrators.
    async fn vouchers(
        &self,
        ctx: &Context<'_>,
        event_id: ID,
        limit: Option<i32>,
        offset: Option<i32>,
    ) -> Result<Vec<Voucher>, Error> {
        require_admin(ctx)?;
        let page = Page::from_arguments(limit.or(Some(PAGE)), offset)?;
        let Some(event) = sought::<EventId>(&event_id) else { return Ok(Vec::new()) };
        let rows = vouchers::of_event(ctx.data_unchecked::<Store>(), event, page).await?;
        Ok(rows.into_iter().map(Voucher).collect())
    }

    /// The ticket with this code, for its owner and for who works at the door; a stranger's looks like none.
    async fn ticket(&self, ctx: &Context<'_>, code: String) -> Result<Option<Ticket>, Error> {
        let user = require_user(ctx)?;
        let found = tickets::find(ctx.data_unchecked::<Store>(), keys(ctx), &code, user).await?;
        Ok(found.map(Ticket::from))
    }

    /// The tickets of whoever asks, those of the newest booking first; a hundred without a limit.
    async fn my_tickets(
        &self,
        ctx: &Context<'_>,
        limit: Option<i32>,
        offset: Option<i32>,
    ) -> Result<Vec<Ticket>, Error> {
        let user = UserId::from_uuid(require_user(ctx)?.id);
        let page = Page::from_arguments(limit.or(Some(PAGE)), offset)?;
        let rows = tickets::of_user(ctx.data_unchecked::<Store>(), user, page).await?;
        Ok(rows.into_iter().map(Ticket::from).collect())
    }

    /// What was changed about ticket types, and who was let in: the newest first, a hundred without a limit. For administrators.
    async fn ticket_audit(
        &self,
        ctx: &Context<'_>,
        filter: Option<AuditFilter>,
        limit: Option<i32>,
        offset: Option<i32>,
    ) -> Result<Vec<AuditEntry>, Error> {
        require_admin(ctx)?;
        let page = AuditEntry::page(limit, offset)?;
        Ok(audit::find(ctx.data_unchecked::<Store>().read(), &filter.into(), page).await?)
    }

    /// Where whoever asks waits for tickets, or is offered some, oldest place first.
    async fn my_waiting_list(&self, ctx: &Context<'_>) -> Result<Vec<WaitingPlace>, Error> {
        let user = UserId::from_uuid(require_user(ctx)?.id);
        let places = waiting_places::of_user(ctx.data_unchecked::<Store>(), user).await?;
        Ok(places.into_iter().map(WaitingPlace).collect())
    }

    /// The hold of a booking; for the booking service.
    #[graphql(inaccessible)]
    async fn held_booking(&self, ctx: &Context<'_>, booking_id: ID) -> Result<Option<Hold>, Error> {
        require_service(ctx, &[ServiceName::Booking])?;
        let Some(id) = sought(&booking_id) else { return Ok(None) };
        let store = ctx.data_unchecked::<Store>();
        Ok(store::holds::find(store.read(), id).await?.map(Hold::from))
    }

    /// How many tickets of a user are for events that are not over; for the user service.
    #[graphql(inaccessible)]
    async fn tickets_ahead(&self, ctx: &Context<'_>, user_id: ID) -> Result<i32, Error> {
        require_service(ctx, &[ServiceName::User])?;
        let ahead = tickets::ahead(ctx.data_unchecked::<Store>(), given(&user_id, "userId")?).await?;
        Ok(i32::try_from(ahead).unwrap_or(i32::MAX))
    }

    #[graphql(entity)]
    async fn find_personal_data_by_id(&self, id: ID) -> Option<PersonalData> {
        sought(&id).map(|id| PersonalData { id })
    }

    #[graphql(entity)]
    async fn find_ticket_type_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<TicketType>, Error> {
        find_ticket_type(ctx, &id).await
    }

    #[graphql(entity)]
    async fn find_event_by_id(&self, id: ID) -> Option<Event> {
        sought(&id).map(|id| Event { id })
    }
}

async fn find_ticket_type(ctx: &Context<'_>, id: &ID) -> Result<Option<TicketType>, Error> {
    let Some(id) = sought::<TicketTypeId>(id) else { return Ok(None) };
    let loader = ctx.data_unchecked::<DataLoader<TicketTypes>>();
    Ok(loader.load_one(id).await?.map(TicketType))
}
