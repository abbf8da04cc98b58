//! The saga on a real database between a fake ticket service and a fake provider, to arrange what a crash leaves behind.

use std::sync::Arc;

use ::entities::booking::bookings::Model;
use ::entities::booking::status::{BookingState, PaymentState, RefundState};
use ::entities::booking::{bookings as rows, payment_attempts, refunds};
use ::entities::ids::{BookingId, EventId, PaymentId, TicketTypeId, UserId};
use ::entities::money::{Currency, Money, Quantity};
use booking::bookings;
use booking::domain::order::Order;
use booking::error::BookingError;
use booking::payment::fake::FakePayments;
use booking::saga::Saga;
use booking::store::Store;
use booking::ticket::fake::FakeTicketHolds;
use chrono::TimeDelta;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use service::identity::{Actor, Role, User};
use subgraph::clock::Clock;
use subgraph::testing::TestDatabase;

use crate::pair::noon;

/// Everything a saga touches, in the test's hand.
pub(crate) struct Rig {
    pub(crate) saga: Saga,
    pub(crate) tickets: Arc<FakeTicketHolds>,
    pub(crate) payments: Arc<FakePayments>,
    pub(crate) clock: Clock,
    pub(crate) database: TestDatabase,
    pub(crate) order: Order,
}

pub(crate) const PRICE: i64 = 150_000;
pub(crate) const QUOTA: i32 = 10;

pub(crate) fn money(amount: i64) -> Money {
    Money::new(amount, Currency::Idr).expect("an amount")
}

impl Rig {
    /// Ten tickets, a buyer who wants two, bookings that live for a minute.
    pub(crate) async fn new() -> Self {
        let database = subgraph::testing::database::<migration::booking::Migrator>().await;
        let clock = Clock::standing_at(noon());
        let tickets = Arc::new(FakeTicketHolds::new(QUOTA, money(PRICE)));
        let payments = Arc::new(FakePayments::default());
        let store = Store::new(database.database.clone(), clock.clone());
        let saga = Saga { store, tickets: tickets.clone(), payments: payments.clone() };
        let order = Order {
            user_id: UserId::new(),
            event_id: EventId::new(),
            ticket_type_id: TicketTypeId::new(),
            quantity: Quantity::new(2).expect("a quantity"),
            voucher: None,
        };
        Self { saga, tickets, payments, clock, database, order }
    }

    pub(crate) fn buyer(&self) -> Actor {
        Actor::User(User { id: *self.order.user_id.as_uuid(), role: Role::Customer, token_version: 0 })
    }

    pub(crate) async fn create(&self, key: Option<&str>) -> Result<Model, BookingError> {
        let key = key.map(|key| key.parse().expect("a key"));
        bookings::create(&self.saga, self.order, key, TimeDelta::seconds(60)).await
    }

    pub(crate) async fn booked(&self) -> BookingId {
        self.create(None).await.expect("a booking").id
    }

    pub(crate) async fn pay(&self, id: BookingId) -> Result<Model, BookingError> {
        bookings::confirm_payment(&self.saga, &self.buyer(), id).await
    }

    pub(crate) async fn row(&self, id: BookingId) -> Model {
        self.saga.reload(id).await.expect("a row")
    }

    pub(crate) async fn state(&self, id: BookingId) -> BookingState {
        self.row(id).await.state().expect("a state")
    }

    pub(crate) async fn payment_states(&self, id: BookingId) -> Vec<PaymentState> {
        let attempts = payment_attempts::Entity::find()
            .filter(payment_attempts::Column::BookingId.eq(id))
            .order_by_asc(payment_attempts::Column::Seq);
        let attempts = attempts.all(self.database.read()).await.expect("attempts");
        attempts.into_iter().map(|attempt| attempt.state).collect()
    }

    pub(crate) async fn refund_states(&self) -> Vec<RefundState> {
        let refunds = refunds::Entity::find().all(self.database.read()).await.expect("refunds");
        refunds.into_iter().map(|refund| refund.state).collect()
    }

    /// Writes a booking as a crash would leave it: in `state`, due now.
    pub(crate) async fn leave(&self, state: BookingState, keyed: bool) -> BookingId {
        let priced = state != BookingState::New;
        let now = self.clock.now();
        let row = Model {
            id: BookingId::new(),
            user_id: self.order.user_id,
            event_id: self.order.event_id,
            ticket_type_id: self.order.ticket_type_id,
            quantity: self.order.quantity,
            voucher: self.order.voucher,
            status: state.status(),
            phase: state.phase(),
            cancel_reason: state.cancel_reason(),
            refusal_code: None,
            refusal_available: None,
            refusal_facts: None,
            unit_price: priced.then_some(PRICE),
            currency: priced.then_some(Currency::Idr),
            total: priced.then_some(PRICE * 2),
            keyed,
            expires_at: now + TimeDelta::seconds(60),
            version: 5,
            due_at: Some(now),
            tries: 0,
            created_at: now,
            updated_at: now,
        };
        rows::Entity::insert(row.clone().into_active_model())
            .exec_without_returning(self.database.write())
            .await
            .expect("a row");
        row.id
    }

    /// Writes a payment as a crash would leave it.
    pub(crate) async fn leave_payment(&self, booking_id: BookingId, state: PaymentState) -> PaymentId {
        let now = self.clock.now();
        let paid = state == PaymentState::Succeeded;
        let id = PaymentId::new();
        let row = payment_attempts::Model {
            id,
            booking_id,
            seq: 1,
            provider: "fake".to_owned(),
            amount: PRICE * 2,
            currency: Currency::Idr,
            state,
            page_reference: None,
            page_url: None,
            transaction_id: paid.then(|| format!("fake-{id}")),
            paid_amount: paid.then_some(PRICE * 2),
            paid_currency: paid.then_some(Currency::Idr),
            created_at: now,
            updated_at: now,
        };
        payment_attempts::Entity::insert(row.into_active_model())
            .exec_without_returning(self.database.write())
            .await
            .expect("a row");
        id
    }

    /// What the hold of a booking asks for.
    pub(crate) fn hold_request(&self, booking_id: BookingId) -> booking::ticket::HoldRequest {
        booking::ticket::HoldRequest {
            booking_id,
            event_id: self.order.event_id,
            ticket_type_id: self.order.ticket_type_id,
            quantity: self.order.quantity,
            user_id: self.order.user_id,
            voucher: self.order.voucher,
            ttl: TimeDelta::seconds(60),
        }
    }
}
