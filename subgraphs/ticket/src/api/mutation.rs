//! What may be done.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entities::ids::UserId;
use service::identity::ServiceName;
use subgraph::access::{require_admin, require_service, require_staff, require_user};
use subgraph::error::Error;
use subgraph::idempotency;
use subgraph::ids::given;

use super::check_in::{CheckIn, ScanInput, gate_named};
use super::hold::{Hold, HoldInput, SyncEventInput};
use super::ticket::keys;
use super::ticket_type::{CreateTicketInput, DeleteTicketType, TicketType, UpdateTicketInput};
use super::voucher::{CreateVoucherInput, UpdateVoucherInput, Voucher};
use super::waiting_place::{WaitingPlace, wanted};
use crate::event::EventDirectory;
use crate::holds::{self, Release};
use crate::store::Store;
use crate::ticket_types::NewTicketType;
use crate::vouchers::NewVoucher;
use crate::waiting_places::{self, Joining};
use crate::{events, ticket_types, tickets, vouchers};

/// The root of mutations. What the original answered stays nullable, so that a refusal leaves `data` an object, as it did.
#[derive(Debug)]
pub struct Mutation;

#[Object]
impl Mutation {
    /// Puts a new type of ticket on sale, within what the event's room takes. Repeated with the same key it answers the same type.
    /// For administrators.
    async fn create_ticket_type(
        &self,
        ctx: &Context<'_>,
        input: CreateTicketInput,
        #[graphql(desc = "A name of your choice for this request, so that it can be repeated safely.")]
        idempotency_key: Option<ID>,
    ) -> Result<Option<TicketType>, Error> {
        let user = UserId::from_uuid(require_admin(ctx)?.id);
        let key = idempotency::given(idempotency_key.as_ref())?;
        let new = NewTicketType::try_from(input)?;
        let request = key.map(|key| new.request(user, key));
        let directory = ctx.data_unchecked::<Arc<dyn EventDirectory>>();
        let row = ticket_types::create(store(ctx), directory.as_ref(), new, request.as_ref()).await?;
        Ok(Some(TicketType(row)))
    }

    /// Changes name, price, quota or status of a type. For administrators.
    async fn update_ticket_type(
        &self,
        ctx: &Context<'_>,
        id: ID,
        input: UpdateTicketInput,
    ) -> Result<Option<TicketType>, Error> {
        require_admin(ctx)?;
        let row = ticket_types::update(store(ctx), given(&id, "id")?, input.into()).await?;
        Ok(Some(TicketType(row)))
    }

    /// Adds to what is sold, or takes back; for the booking service.
    #[graphql(inaccessible)]
    async fn update_ticket_sold(
        &self,
        ctx: &Context<'_>,
        id: ID,
        quantity: i32,
    ) -> Result<Option<TicketType>, Error> {
        require_service(ctx, &[ServiceName::Booking])?;
        let row = ticket_types::adjust_sold(store(ctx), given(&id, "id")?, quantity).await?;
        Ok(Some(TicketType(row)))
    }

    /// Takes a type off the list that nobody bought or holds. For administrators.
    async fn delete_ticket_type(&self, ctx: &Context<'_>, id: ID) -> Result<Option<DeleteTicketType>, Error> {
        require_admin(ctx)?;
        ticket_types::delete(store(ctx), given(&id, "id")?).await?;
        Ok(Some(DeleteTicketType { ok: true }))
    }

    /// Gives out a code that makes tickets of an event cheaper, so many times. Repeated with the same key it answers the same voucher.
    /// For administrators.
    async fn create_voucher(
        &self,
        ctx: &Context<'_>,
        input: CreateVoucherInput,
        #[graphql(desc = "A name of your choice for this request, so that it can be repeated safely.")]
        idempotency_key: Option<ID>,
    ) -> Result<Voucher, Error> {
        let user = UserId::from_uuid(require_admin(ctx)?.id);
        let key = idempotency::given(idempotency_key.as_ref())?;
        let new = NewVoucher::try_from(input)?;
        let request = key.map(|key| new.request(user, key));
        let directory = ctx.data_unchecked::<Arc<dyn EventDirectory>>();
        Ok(Voucher(vouchers::create(store(ctx), directory.as_ref(), new, request.as_ref()).await?))
    }

    /// Changes when a voucher is good, and for how many. What it takes off never changes. For administrators.
    async fn update_voucher(
        &self,
        ctx: &Context<'_>,
        id: ID,
        input: UpdateVoucherInput,
    ) -> Result<Voucher, Error> {
        require_admin(ctx)?;
        Ok(Voucher(vouchers::update(store(ctx), given(&id, "id")?, input.into()).await?))
    }

    /// Waits for tickets of a type that is sold out. What is given back is offered to those who wait, in their order, before it
    /// is anybody's; `createBooking` takes an offer. Who waits already keeps their place. For logged-in users.
    async fn join_waiting_list(
        &self,
        ctx: &Context<'_>,
        ticket_type_id: ID,
        #[graphql(desc = "At least 1. Where less is free, less is offered.")] quantity: i32,
        #[graphql(desc = "A name of your choice for this request, so that it can be repeated safely.")]
        idempotency_key: Option<ID>,
    ) -> Result<WaitingPlace, Error> {
        let user_id = UserId::from_uuid(require_user(ctx)?.id);
        let ticket_type_id = given(&ticket_type_id, "ticketTypeId")?;
        let quantity = wanted(quantity)?;
        let key = idempotency::given(idempotency_key.as_ref())?;
        let joining = Joining { ticket_type_id, user_id, quantity, key };
        let place = waiting_places::join(store(ctx), joining).await?;
        let mut standing = waiting_places::with_positions(store(ctx), vec![place]).await?;
        standing.pop().map(WaitingPlace).ok_or_else(|| Error::internal("a place that stands nowhere"))
    }

    /// Gives up a place on a waiting list, and what was offered on it. Who has none has left already. For logged-in users.
    async fn leave_waiting_list(&self, ctx: &Context<'_>, ticket_type_id: ID) -> Result<bool, Error> {
        let user = UserId::from_uuid(require_user(ctx)?.id);
        waiting_places::leave(store(ctx), given(&ticket_type_id, "ticketTypeId")?, user).await?;
        Ok(true)
    }

    /// Lets the first holder of a code in, and nobody else. `eventId` is the event at this door; a ticket for another one is
    /// turned away. Whatever is wrong with the code is an answer, not an error. For staff and administrators.
    async fn check_in(
        &self,
        ctx: &Context<'_>,
        code: String,
        gate: String,
        event_id: Option<ID>,
    ) -> Result<CheckIn, Error> {
        let user = require_staff(ctx)?;
        let event_id = event_id.map(|id| given(&id, "eventId")).transpose()?;
        let (gate, told_by) = (gate_named(&gate)?, UserId::from_uuid(user.id));
        let scan = tickets::CheckIn { code: &code, gate, event_id, told_by };
        Ok(CheckIn(tickets::check_in(store(ctx), keys(ctx), scan).await?))
    }

    /// Takes in what gates scanned while they could not ask, at most 200 scans at once. The earliest scan of a ticket becomes its
    /// use, whichever is told first; telling again changes nothing. The answers are in the order of the scans. For staff and
    /// administrators.
    async fn upload_scans(&self, ctx: &Context<'_>, scans: Vec<ScanInput>) -> Result<Vec<CheckIn>, Error> {
        let told_by = UserId::from_uuid(require_staff(ctx)?.id);
        let scans = scans.into_iter().map(TryInto::try_into).collect::<Result<Vec<_>, Error>>()?;
        let verdicts = tickets::upload(store(ctx), keys(ctx), told_by, &scans).await?;
        Ok(verdicts.into_iter().map(CheckIn).collect())
    }

    /// Sets tickets aside for a booking; the same request gets the same hold. For the booking service.
    #[graphql(inaccessible)]
    async fn hold(&self, ctx: &Context<'_>, input: HoldInput) -> Result<Hold, Error> {
        require_service(ctx, &[ServiceName::Booking])?;
        Ok(holds::take(store(ctx), input.try_into()?).await?.into())
    }

    /// Turns a hold into tickets; twice is the same as once. For the booking service.
    #[graphql(inaccessible)]
    async fn confirm_hold(&self, ctx: &Context<'_>, booking_id: ID) -> Result<Hold, Error> {
        require_service(ctx, &[ServiceName::Booking])?;
        Ok(holds::confirm(store(ctx), given(&booking_id, "bookingId")?).await?.into())
    }

    /// Gives a hold back; twice is the same as once, and an unknown one can no longer be taken. With `voidTickets` also
    /// one that was sold, unless a ticket was used; with `overrideUsed` even then. For the booking service.
    #[graphql(inaccessible)]
    async fn release_hold(
        &self,
        ctx: &Context<'_>,
        booking_id: ID,
        #[graphql(default)] void_tickets: bool,
        #[graphql(default)] override_used: bool,
    ) -> Result<Hold, Error> {
        require_service(ctx, &[ServiceName::Booking])?;
        let how = match (void_tickets, override_used) {
            (false, _) => Release::Unsold,
            (true, false) => Release::VoidUnused,
            (true, true) => Release::VoidAll,
        };
        Ok(holds::release(store(ctx), given(&booking_id, "bookingId")?, how).await?.into())
    }

    /// Brings an event's capacity and times up to date, or bars its sales for ever. For the event service.
    #[graphql(inaccessible)]
    async fn sync_event(&self, ctx: &Context<'_>, input: SyncEventInput) -> Result<bool, Error> {
        require_service(ctx, &[ServiceName::Event])?;
        events::sync(store(ctx), input.try_into()?).await?;
        Ok(true)
    }
}

fn store<'c>(ctx: &Context<'c>) -> &'c Store {
    ctx.data_unchecked::<Store>()
}
