//! What may be done.

use async_graphql::{Context, ID, Object};
use service::identity::ServiceName;
use subgraph::access::{actor, require_admin, require_service, require_user};
use subgraph::error::Error;
use subgraph::ids::given;

use super::HoldTtl;
use super::booking::{Booking, CancelBooking, CreateBookingInput};
use crate::bookings;
use crate::domain::order::IdempotencyKey;
use crate::error::BookingError;
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
        let key = idempotency_key.map(|key| key.parse::<IdempotencyKey>()).transpose();
        let key = key.map_err(BookingError::from)?;
        let HoldTtl(ttl) = *ctx.data_unchecked::<HoldTtl>();
        Ok(Some(Booking(bookings::create(saga(ctx), order, key, ttl).await?)))
    }

    /// Pays a booking. Repeated it charges once and answers the same. For its buyer and administrators.
    async fn confirm_payment(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Booking>, Error> {
        require_user(ctx)?;
        let row = bookings::confirm_payment(saga(ctx), &actor(ctx), given(&id, "id")?).await?;
        Ok(Some(Booking(row)))
    }

    /// Cancels any booking; one that is PAID only with `refund`. For administrators.
    async fn cancel_booking(
        &self,
        ctx: &Context<'_>,
        id: ID,
        #[graphql(default, desc = "Also when it is PAID: its tickets are voided and the money goes back.")]
        refund: bool,
    ) -> Result<Option<CancelBooking>, Error> {
        require_admin(ctx)?;
        let outcome = bookings::cancel_by_admin(saga(ctx), &actor(ctx), given(&id, "id")?, refund).await?;
        Ok(Some(outcome.into()))
    }

    /// Cancels a booking of one's own that is not PAID.
    async fn cancel_my_booking(&self, ctx: &Context<'_>, id: ID) -> Result<Option<CancelBooking>, Error> {
        require_user(ctx)?;
        let outcome = bookings::cancel_mine(saga(ctx), &actor(ctx), given(&id, "id")?).await?;
        Ok(Some(outcome.into()))
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
