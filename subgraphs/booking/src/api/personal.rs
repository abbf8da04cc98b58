//! What this service keeps about a person: its part of `PersonalData`, and what keeps an account from being taken away.

use async_graphql::{Context, ID, Object, SimpleObject};
use entities::booking::payment_attempts;
use entities::booking::refunds;
use entities::ids::UserId;
use subgraph::access::require_self_or_admin;
use subgraph::audit::{self, AuditEntry};
use subgraph::error::Error;
use subgraph::page::Page;
use subgraph::scalars::DateTime;

use super::booking::{Booking, Money};
use super::payment::PaymentState;
use crate::saga::Saga;
use crate::store::{self, Store};

/// Everything that is kept about a person.
pub(super) struct PersonalData {
    pub(super) id: UserId,
}

/// A try at paying a booking, with all that is kept of it.
#[derive(SimpleObject)]
pub(super) struct PersonalPayment {
    id: ID,
    booking_id: ID,
    status: PaymentState,
    /// Who takes the money.
    provider: String,
    /// What was asked for.
    amount: Money,
    /// The provider's own name for the money, once it moved.
    transaction_id: Option<String>,
    created_at: DateTime,
}

/// Money on its way back, with all that is kept of it.
#[derive(SimpleObject)]
pub(super) struct PersonalRefund {
    id: ID,
    booking_id: ID,
    status: &'static str,
    amount: Money,
    created_at: DateTime,
}

#[Object]
impl PersonalData {
    async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// Every booking, and every request for one that came to nothing, oldest first. For the person and for administrators.
    async fn bookings(&self, ctx: &Context<'_>) -> Result<Vec<Booking>, Error> {
        let store = self.store(ctx)?;
        let rows = store::bookings::all_of_user(store.read(), self.id).await?;
        Ok(rows.into_iter().map(Booking).collect())
    }

    /// Every try at paying one. For the person and for administrators.
    async fn payments(&self, ctx: &Context<'_>) -> Result<Vec<PersonalPayment>, Error> {
        let store = self.store(ctx)?;
        let rows = store::payments::of_user(store.read(), self.id).await?;
        Ok(rows.into_iter().map(PersonalPayment::from).collect())
    }

    /// Every refund. For the person and for administrators.
    async fn refunds(&self, ctx: &Context<'_>) -> Result<Vec<PersonalRefund>, Error> {
        let store = self.store(ctx)?;
        let rows = store::refunds::of_user(store.read(), self.id).await?;
        Ok(rows.into_iter().map(PersonalRefund::from).collect())
    }

    /// What the person did here to payments and refunds, as the audit log tells it. For the person and for administrators.
    async fn booking_log(&self, ctx: &Context<'_>) -> Result<Vec<AuditEntry>, Error> {
        let store = self.store(ctx)?;
        Ok(audit::about(store.read(), self.id, Page::default()).await?)
    }
}

impl PersonalData {
    fn store<'c>(&self, ctx: &Context<'c>) -> Result<&'c Store, Error> {
        require_self_or_admin(ctx, *self.id.as_uuid())?;
        Ok(&ctx.data_unchecked::<Saga>().store)
    }
}

impl From<payment_attempts::Model> for PersonalPayment {
    fn from(row: payment_attempts::Model) -> Self {
        Self {
            id: row.id.to_string().into(),
            booking_id: row.booking_id.to_string().into(),
            status: row.state.into(),
            provider: row.provider,
            amount: Money { amount: row.amount.into(), currency: row.currency.code() },
            transaction_id: row.transaction_id,
            created_at: row.created_at,
        }
    }
}

impl From<refunds::Model> for PersonalRefund {
    fn from(row: refunds::Model) -> Self {
        Self {
            id: row.id.to_string().into(),
            booking_id: row.booking_id.to_string().into(),
            status: row.state.as_str(),
            amount: Money { amount: row.amount.into(), currency: row.currency.code() },
            created_at: row.created_at,
        }
    }
}

/// What is not over yet between a person and this service.
#[derive(SimpleObject)]
#[graphql(inaccessible)]
pub(super) struct Obligations {
    /// Bookings that wait for their payment, or are being cancelled.
    bookings: i32,
    /// Refunds that the provider does not have yet.
    refunds: i32,
}

impl Obligations {
    /// Those of `user`.
    pub(super) async fn of(store: &Store, user: UserId) -> Result<Self, Error> {
        let count = |count: u64| i32::try_from(count).unwrap_or(i32::MAX);
        Ok(Self {
            bookings: count(store::bookings::count_unsettled(store.read(), user).await?),
            refunds: count(store::refunds::count_open(store.read(), user).await?),
        })
    }
}
