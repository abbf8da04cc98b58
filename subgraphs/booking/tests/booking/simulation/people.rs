//! The people of a sale: buyers with and without keys who ask again, take back and walk away; an administrator; an organiser.
//! And what they were told, which must stay true.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use ::entities::booking::bookings::Model;
use ::entities::booking::status::BookingStatus;
use ::entities::idempotency::IdempotencyKey;
use ::entities::ids::{BookingId, EventId};
use ::entities::money::Quantity;
use ::entities::voucher_code::VoucherCode;
use booking::bookings::Cancellation;
use booking::domain::order::{self, Order};
use booking::error::BookingError;
use futures_util::future::join;

use super::network::{State, World};
use super::stock::Voucher;

/// What people ask of a replica.
#[derive(Clone, Debug)]
pub(super) enum Request {
    Create(Order, Option<IdempotencyKey>),
    Pay(Order, BookingId),
    CancelMine(Order, BookingId),
    /// By an administrator; a PAID one too, if so.
    Cancel(BookingId, bool),
    CancelEvent(EventId),
}

/// What they hear.
#[derive(Debug)]
pub(super) enum Answer {
    Booking(Result<Model, BookingError>),
    Cancellation(Result<Cancellation, BookingError>),
    Open(Result<u64, BookingError>),
    /// Nothing: the replica died, or it took too long.
    Lost,
}

/// A question, and where its answer is waited for.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) request: Request,
    pub(super) line: Arc<Line>,
}

#[derive(Debug, Default)]
pub(super) struct Line(Mutex<Option<Answer>>);

impl Line {
    /// The first answer counts: who has given up does not hear a later one.
    pub(super) fn answer(&self, answer: Answer) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(answer);
    }

    pub(super) fn take(&self) -> Option<Answer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What people were told and what they did, for the end.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// What each key was answered.
    answers: BTreeMap<(usize, IdempotencyKeyText), String>,
    /// Every booking that somebody heard of.
    known: Vec<BookingId>,
    /// Whoever was told PAID.
    pub(super) paid: BTreeSet<BookingId>,
    /// What an administrator took back although it might be paid.
    pub(super) taken_back: BTreeSet<BookingId>,
}

type IdempotencyKeyText = String;

impl World {
    async fn ask(&self, request: Request) -> Answer {
        let line = Arc::new(Line::default());
        self.lock().calls.push(Call { request, line: line.clone() });
        poll_fn(|_| match line.take() {
            Some(answer) => Poll::Ready(answer),
            None => {
                self.parked.store(true, Ordering::Relaxed);
                Poll::Pending
            }
        })
        .await
    }

    async fn think(&self, longest: usize) {
        let turns = self.below(longest);
        for _ in 0..turns {
            self.pause().await;
        }
    }
}

impl State {
    /// A key gives one answer, whenever and wherever it is used.
    fn told_of_order(
        &mut self,
        who: usize,
        key: Option<&IdempotencyKey>,
        told: &Result<Model, BookingError>,
    ) {
        let words = match told {
            Ok(row) => {
                self.ledger.known.push(row.id);
                format!("booked {}", self.booking(row.id))
            }
            Err(error @ (BookingError::HoldRefused { .. } | BookingError::Lapsed)) => {
                format!("{error:?}")
            }
            Err(error) => return self.told_of_failure(error),
        };
        self.history.push(format!("buyer {who} is told: {words}"));
        let Some(key) = key else { return };
        let earlier = self.ledger.answers.entry((who, key.to_string())).or_insert_with(|| words.clone());
        if *earlier != words {
            let why = format!("invariant 7: key {key} of buyer {who}: {earlier}, then {words}");
            self.fail(why);
        }
    }

    fn told_of_payment(&mut self, id: BookingId, told: &Result<Model, BookingError>) {
        match told {
            Ok(row) if row.status == BookingStatus::Paid => {
                self.ledger.paid.insert(id);
                let name = self.booking(id);
                self.history.push(format!("told that {name} is PAID"));
                if !self.stock.ever_had(id) {
                    self.fail(format!("invariant 4: {name} was called PAID before it had tickets"));
                }
            }
            Ok(_) => {}
            Err(error) => self.told_of_failure(error),
        }
    }

    /// Peers may be silent and rules may refuse; what nobody can explain to a client must not come up.
    fn told_of_failure(&mut self, error: &BookingError) {
        self.history.push(format!("told: {error}"));
        if matches!(
            error,
            BookingError::Transition(_)
                | BookingError::Money(_)
                | BookingError::Stale
                | BookingError::Broken { .. }
                | BookingError::Database(_)
                | BookingError::KeyReused
        ) {
            self.fail(format!("an answer that nobody should get: {error:?}"));
        }
    }
}

/// A buyer: one order, or two, one after the other.
pub(super) async fn buy(world: Arc<World>, who: usize, base: Order) {
    let orders = 1 + world.below(2);
    for nth in 0..orders {
        world.think(8).await;
        let count = world.lock().chance.pick(&[1, 1, 1, 2, 2, 3, 0, 101, i32::MIN]);
        // What no booking may be for is refused before anything happens.
        let Ok(quantity) = order::quantity(count) else { continue };
        let order = Order { quantity, voucher: voucher(&world), ..base };
        let key = world.percent(75).then(|| format!("order-{nth}").parse().expect("a key"));
        let Some(id) = book(&world, who, order, key.as_ref()).await else { continue };
        match world.below(10) {
            0 => {}
            1 => take_back(&world, order, id).await,
            2 => drop(join(pay(&world, order, id), take_back(&world, order, id)).await),
            3 => drop(join(pay(&world, order, id), pay(&world, order, id)).await),
            _ => pay(&world, order, id).await,
        }
        if let Some(key) = key {
            ask_again(&world, who, order, key).await;
        }
    }
}

/// Some have a voucher, and some have heard of one that there is not.
fn voucher(world: &World) -> Option<VoucherCode> {
    match world.below(10) {
        0..=2 => Some(Voucher::code()),
        3 => "HEARSAY".parse().ok(),
        _ => None,
    }
}

async fn book(world: &World, who: usize, order: Order, key: Option<&IdempotencyKey>) -> Option<BookingId> {
    let create = || world.ask(Request::Create(order, key.cloned()));
    if key.is_some() && world.percent(15) {
        let twins = join(create(), create()).await;
        for twin in [twins.0, twins.1] {
            if let Answer::Booking(told) = twin {
                world.lock().told_of_order(who, key, &told);
            }
        }
    }
    for _ in 0..4 {
        let told = match create().await {
            Answer::Booking(told) => told,
            _ if key.is_some() => continue,
            _ => return None,
        };
        world.lock().told_of_order(who, key, &told);
        match told {
            Ok(row) => return Some(row.id),
            Err(BookingError::Unavailable { .. }) if key.is_some() => world.think(8).await,
            Err(_) => return None,
        }
    }
    None
}

async fn pay(world: &World, order: Order, id: BookingId) {
    for _ in 0..3 {
        world.think(8).await;
        if let Answer::Booking(told) = world.ask(Request::Pay(order, id)).await {
            world.lock().told_of_payment(id, &told);
            match told {
                Ok(row) if row.status != BookingStatus::Paid => {}
                Err(BookingError::Unavailable { .. } | BookingError::PaymentFailed { .. }) => {}
                Ok(_) | Err(_) => return,
            }
        }
    }
}

async fn take_back(world: &World, order: Order, id: BookingId) {
    world.think(8).await;
    if let Answer::Cancellation(Err(error)) = world.ask(Request::CancelMine(order, id)).await {
        world.lock().told_of_failure(&error);
    }
}

/// The key once more, for the same and for something else.
async fn ask_again(world: &World, who: usize, order: Order, key: IdempotencyKey) {
    if world.percent(70) {
        return;
    }
    if let Answer::Booking(told) = world.ask(Request::Create(order, Some(key.clone()))).await {
        world.lock().told_of_order(who, Some(&key), &told);
    }
    let other = Order { quantity: Quantity::new(order.quantity.get() + 1).expect("a quantity"), ..order };
    match world.ask(Request::Create(other, Some(key.clone()))).await {
        Answer::Booking(Err(BookingError::KeyReused)) | Answer::Lost => {}
        told => {
            world.lock().fail(format!("invariant 7: key {key} of buyer {who} for another order: {told:?}"))
        }
    }
}

/// An administrator, who cancels what others have booked.
pub(super) async fn administer(world: Arc<World>) {
    let acts = world.below(3);
    for _ in 0..acts {
        world.think(60).await;
        let (id, refund) = {
            let state = &mut *world.lock();
            let known = &state.ledger.known;
            let Some(id) = known.get(state.chance.below(known.len())).copied() else { continue };
            let refund = state.chance.percent(70);
            if refund {
                state.ledger.taken_back.insert(id);
            }
            (id, refund)
        };
        if let Answer::Cancellation(Err(error)) = world.ask(Request::Cancel(id, refund)).await {
            world.lock().told_of_failure(&error);
        }
    }
}

/// An organiser, who calls the event off: first nothing more is sold, then everything is taken back.
pub(super) async fn call_off(world: Arc<World>, event: EventId) {
    for _ in 0..20 {
        world.pause().await;
    }
    world.lock().stock.closed = true;
    world.note("the event is called off");
    for _ in 0..3 {
        match world.ask(Request::CancelEvent(event)).await {
            Answer::Open(Ok(0)) => return,
            Answer::Open(Err(error)) => world.lock().told_of_failure(&error),
            _ => {}
        }
    }
}
