//! What may be asked.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use entities::ids::{BookingId, UserId};
use service::identity::ServiceName;
use subgraph::access::{actor, require_admin, require_self_or_admin, require_service, require_user};
use subgraph::audit::{AuditEntry, AuditFilter};
use subgraph::error::Error;
use subgraph::ids::{given, sought};
use subgraph::page::Page;
use uuid::Uuid;

use super::booking::Booking;
use super::loaders::Bookings;
use super::personal::{Obligations, PersonalData};
use super::stubs::{Event, User};
use super::webhook::{Webhook, WebhookDelivery, WebhookDeliveryState};
use crate::announcements::listeners::Listeners;
use crate::bookings;
use crate::saga::Saga;
use crate::store;

/// How many deliveries are told at once when nobody says how many.
const DELIVERIES: i32 = 100;

/// The root of queries.
#[derive(Debug)]
pub struct Query;

#[Object]
impl Query {
    /// One booking; a stranger's looks like none.
    async fn booking(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Booking>, Error> {
        require_user(ctx)?;
        find_booking(ctx, &id).await
    }

    /// The bookings of a user, oldest first; all of them without a limit. For the user and for administrators.
    async fn bookings_by_user(
        &self,
        ctx: &Context<'_>,
        user_id: ID,
        limit: Option<i32>,
        offset: Option<i32>,
    ) -> Result<Vec<Booking>, Error> {
        let user = sought::<UserId>(&user_id);
        require_self_or_admin(ctx, user.map_or(Uuid::nil(), |user| *user.as_uuid()))?;
        let page = Page::from_arguments(limit, offset)?;
        let Some(user) = user else { return Ok(Vec::new()) };
        let rows = bookings::of_user(&ctx.data_unchecked::<Saga>().store, user, page).await?;
        Ok(rows.into_iter().map(Booking).collect())
    }

    /// What became of bookings, payments and refunds, and by whom: the newest first, a hundred without a limit. For administrators.
    async fn booking_audit(
        &self,
        ctx: &Context<'_>,
        filter: Option<AuditFilter>,
        limit: Option<i32>,
        offset: Option<i32>,
    ) -> Result<Vec<AuditEntry>, Error> {
        require_admin(ctx)?;
        let page = AuditEntry::page(limit, offset)?;
        let store = &ctx.data_unchecked::<Saga>().store;
        Ok(store::audit::find(store.read(), &filter.into(), page).await?)
    }

    /// Who is told what becomes of bookings, oldest first. For administrators.
    async fn webhooks(
        &self,
        ctx: &Context<'_>,
        limit: Option<i32>,
        offset: Option<i32>,
    ) -> Result<Vec<Webhook>, Error> {
        require_admin(ctx)?;
        let page = Page::from_arguments(limit, offset)?;
        let rows = ctx.data_unchecked::<Listeners>().list(page).await?;
        Ok(rows.into_iter().map(Webhook).collect())
    }

    /// What webhooks were sent or are to be sent: the newest first, a hundred without a limit. For administrators.
    async fn webhook_deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "To this one.")] webhook_id: Option<ID>,
        #[graphql(desc = "That stand there.")] state: Option<WebhookDeliveryState>,
        limit: Option<i32>,
        offset: Option<i32>,
    ) -> Result<Vec<WebhookDelivery>, Error> {
        require_admin(ctx)?;
        let page = Page::from_arguments(limit.or(Some(DELIVERIES)), offset)?;
        let listener = webhook_id.map(|id| given(&id, "webhookId")).transpose()?;
        let rows =
            ctx.data_unchecked::<Listeners>().deliveries(listener, state.map(Into::into), page).await?;
        Ok(rows.into_iter().map(WebhookDelivery).collect())
    }

    /// What is not over yet between a user and this service; for the user service.
    #[graphql(inaccessible)]
    async fn obligations(&self, ctx: &Context<'_>, user_id: ID) -> Result<Obligations, Error> {
        require_service(ctx, &[ServiceName::User])?;
        Obligations::of(&ctx.data_unchecked::<Saga>().store, given(&user_id, "userId")?).await
    }

    #[graphql(entity)]
    async fn find_personal_data_by_id(&self, id: ID) -> Option<PersonalData> {
        sought(&id).map(|id| PersonalData { id })
    }

    #[graphql(entity)]
    async fn find_booking_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Booking>, Error> {
        find_booking(ctx, &id).await
    }

    #[graphql(entity)]
    async fn find_event_by_id(&self, id: ID) -> Option<Event> {
        sought(&id).map(|id| Event { id })
    }

    #[graphql(entity)]
    async fn find_user_by_id(&self, id: ID) -> Option<User> {
        sought(&id).map(|id| User { id })
    }
}

/// The booking, if the viewer may see it.
async fn find_booking(ctx: &Context<'_>, id: &ID) -> Result<Option<Booking>, Error> {
    let Some(id) = sought::<BookingId>(id) else { return Ok(None) };
    let loader = ctx.data_unchecked::<DataLoader<Bookings>>();
    let row = loader.load_one(id).await?;
    Ok(row.filter(|row| bookings::may_see(&actor(ctx), row)).map(Booking))
}
