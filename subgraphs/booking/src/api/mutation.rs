//! What may be done.

use async_graphql::{Context, ID, Object};
use entities::ids::{BookingId, UserId};
use service::identity::ServiceName;
use subgraph::access::{actor, require_admin, require_service, require_user};
use subgraph::error::Error;
use subgraph::idempotency;
use subgraph::ids::given;

use super::HoldTtl;
use super::booking::{Booking, CancelBooking, CreateBookingInput};
use super::webhook::{RedeliverWebhooks, RegisterWebhook, RemoveWebhook, WebhookKind, delivery_key};
use crate::admission::Admission;
use crate::announcements::listeners::{Listeners, Registration};
use crate::bookings;
use crate::repeats::{self, Request};
use crate::saga::Saga;

/// The root of mutations. What the original answered stays nullable, so that a refusal leaves `data` an object, as it did.
#[derive(Debug)]
pub struct Mutation;

#[Object]
impl Mutation {
    /// Books tickets, which are held until they are paid for or the booking lapses. Repeated with the same key it answers the
    /// same booking. For logged-in users.
    async fn create_booking(
        &self,
        ctx: &Context<'_>,
        input: CreateBookingInput,
        #[graphql(desc = "A name of your choice for this request, so that it can be repeated safely.")]
        idempotency_key: Option<ID>,
        #[graphql(desc = "The code of a voucher, in whatever case: the price is what it leaves.")]
        voucher: Option<String>,
    ) -> Result<Option<Booking>, Error> {
        let user = require_user(ctx)?;
        let order = (user.id, input, voucher).try_into()?;
        let key = idempotency::given(idempotency_key.as_ref())?;
        let _place = ctx.data_unchecked::<Admission>().enter().await?;
        let HoldTtl(ttl) = *ctx.data_unchecked::<HoldTtl>();
        Ok(Some(Booking(bookings::create(saga(ctx), order, key, ttl).await?)))
    }

    /// Pays a booking. Repeated it charges once and answers the same. For its buyer and administrators.
    async fn confirm_payment(
        &self,
        ctx: &Context<'_>,
        id: ID,
        #[graphql(desc = "A name of your choice for this request, so that it can be repeated safely.")]
        idempotency_key: Option<ID>,
    ) -> Result<Option<Booking>, Error> {
        require_user(ctx)?;
        let id = claimed(ctx, Request::ConfirmPayment, &id, idempotency_key).await?;
        let row = bookings::confirm_payment(saga(ctx), &actor(ctx), id).await?;
        Ok(Some(Booking(row)))
    }

    /// Cancels any booking; one that is PAID only with `refund`. For administrators.
    async fn cancel_booking(
        &self,
        ctx: &Context<'_>,
        id: ID,
        #[graphql(default, desc = "Also when it is PAID: its tickets are voided and the money goes back.")]
        refund: bool,
        #[graphql(desc = "A name of your choice for this request, so that it can be repeated safely.")]
        idempotency_key: Option<ID>,
    ) -> Result<Option<CancelBooking>, Error> {
        require_admin(ctx)?;
        let id = claimed(ctx, Request::CancelBooking { refund }, &id, idempotency_key).await?;
        let outcome = bookings::cancel_by_admin(saga(ctx), &actor(ctx), id, refund).await?;
        Ok(Some(outcome.into()))
    }

    /// Cancels a booking of one's own that is not PAID.
    async fn cancel_my_booking(
        &self,
        ctx: &Context<'_>,
        id: ID,
        #[graphql(desc = "A name of your choice for this request, so that it can be repeated safely.")]
        idempotency_key: Option<ID>,
    ) -> Result<Option<CancelBooking>, Error> {
        require_user(ctx)?;
        let id = claimed(ctx, Request::CancelMyBooking, &id, idempotency_key).await?;
        let outcome = bookings::cancel_mine(saga(ctx), &actor(ctx), id).await?;
        Ok(Some(outcome.into()))
    }

    /// Registers an address that is told what becomes of bookings. Repeated with the same key it is a CONFLICT that names the
    /// `webhookId`: the secret is not shown again. For administrators.
    async fn register_webhook(
        &self,
        ctx: &Context<'_>,
        url: String,
        kinds: Vec<WebhookKind>,
        #[graphql(desc = "A name of your choice for this request, so that it can be repeated safely.")]
        idempotency_key: Option<ID>,
    ) -> Result<Option<RegisterWebhook>, Error> {
        let by = UserId::from_uuid(require_admin(ctx)?.id);
        let key = idempotency::given(idempotency_key.as_ref())?;
        let kinds: Vec<_> = kinds.into_iter().map(Into::into).collect();
        let new = Registration { url: &url, kinds: &kinds, by, key };
        Ok(Some(listeners(ctx).register(new).await?.into()))
    }

    /// Sends nothing more to an address. A second time changes nothing. For administrators.
    async fn remove_webhook(&self, ctx: &Context<'_>, id: ID) -> Result<Option<RemoveWebhook>, Error> {
        require_admin(ctx)?;
        listeners(ctx).remove(given(&id, "id")?).await?;
        Ok(Some(RemoveWebhook { ok: true }))
    }

    /// Has one message tried again that was given up. For administrators.
    async fn redeliver_webhook(&self, ctx: &Context<'_>, id: ID) -> Result<Option<RedeliverWebhooks>, Error> {
        require_admin(ctx)?;
        listeners(ctx).redeliver(delivery_key(&id)?).await?;
        Ok(Some(RedeliverWebhooks { count: 1 }))
    }

    /// Has all messages tried again that were given up for a webhook. For administrators.
    async fn redeliver_webhooks(
        &self,
        ctx: &Context<'_>,
        webhook_id: ID,
    ) -> Result<Option<RedeliverWebhooks>, Error> {
        require_admin(ctx)?;
        let count = listeners(ctx).redeliver_all(given(&webhook_id, "webhookId")?).await?;
        Ok(Some(RedeliverWebhooks { count: i32::try_from(count).unwrap_or(i32::MAX) }))
    }

    /// Cancels the bookings of an event that was called off, as many as fit into a second; answers how many are still open.
    /// For the event service.
    #[graphql(inaccessible)]
    async fn cancel_event_bookings(&self, ctx: &Context<'_>, event_id: ID) -> Result<i32, Error> {
        require_service(ctx, &[ServiceName::Event])?;
        let open = bookings::cancel_event(saga(ctx), given(&event_id, "eventId")?).await?;
        Ok(i32::try_from(open).unwrap_or(i32::MAX))
    }
}

fn saga<'c>(ctx: &Context<'c>) -> &'c Saga {
    ctx.data_unchecked::<Saga>()
}

fn listeners<'c>(ctx: &Context<'c>) -> &'c Listeners {
    ctx.data_unchecked::<Listeners>()
}

/// The booking that a request is about, once its key is known to stand for this request.
async fn claimed(
    ctx: &Context<'_>,
    request: Request,
    id: &ID,
    idempotency_key: Option<ID>,
) -> Result<BookingId, Error> {
    let (id, key) = (given(id, "id")?, idempotency::given(idempotency_key.as_ref())?);
    repeats::claim(&saga(ctx).store, &actor(ctx), (request, id), key.as_ref()).await?;
    Ok(id)
}
