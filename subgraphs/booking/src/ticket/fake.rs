//! A ticket service in memory, for tests: one price, one stock, and a way to be down, to lose answers, or to lose stock.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use entities::ids::BookingId;
use entities::money::Money;
use futures_util::future::{self, BoxFuture, FutureExt};
use subgraph::error::Code;

use super::{Hold, HoldError, HoldRequest, HoldStatus, Release, TicketHolds};
use crate::domain::refusal::Facts;

/// What a fake does with the next calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// It answers.
    #[default]
    Answers,
    /// It does nothing and does not answer.
    Down,
    /// It does what it is told, but the answer is lost.
    LosesAnswers,
}

/// A ticket service in memory.
#[derive(Debug)]
pub struct FakeTicketHolds {
    stock: Mutex<Stock>,
}

#[derive(Debug)]
struct Stock {
    free: i32,
    unit_price: Money,
    mood: Mood,
    holds: HashMap<BookingId, (i32, HoldStatus)>,
}

impl FakeTicketHolds {
    /// `free` tickets at `unit_price` each.
    #[must_use]
    pub fn new(free: i32, unit_price: Money) -> Self {
        let stock = Stock { free, unit_price, mood: Mood::Answers, holds: HashMap::new() };
        Self { stock: Mutex::new(stock) }
    }

    /// How it behaves from now on.
    pub fn set_mood(&self, mood: Mood) {
        self.lock().mood = mood;
    }

    /// Lets a hold lapse, as its clock would.
    pub fn expire(&self, booking: BookingId) {
        let mut stock = self.lock();
        if let Some((quantity, status @ HoldStatus::Held)) = stock.holds.get_mut(&booking) {
            *status = HoldStatus::Expired;
            let quantity = *quantity;
            stock.free += quantity;
        }
    }

    /// Sells `count` free tickets to somebody else.
    pub fn take_away(&self, count: i32) {
        self.lock().free -= count;
    }

    /// How many are free.
    #[must_use]
    pub fn free(&self) -> i32 {
        self.lock().free
    }

    /// Where the hold of a booking stands.
    #[must_use]
    pub fn status(&self, booking: BookingId) -> Option<HoldStatus> {
        self.lock().holds.get(&booking).map(|(_, status)| *status)
    }

    fn lock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Stock) -> Result<T, HoldError>,
    ) -> BoxFuture<'static, Result<T, HoldError>> {
        let mut stock = self.lock();
        let lost = || HoldError::Unavailable { cause: "told to be down".to_owned() };
        let answer = match stock.mood {
            Mood::Answers => act(&mut stock),
            Mood::Down => Err(lost()),
            Mood::LosesAnswers => act(&mut stock).and(Err(lost())),
        };
        future::ready(answer).boxed()
    }
}

impl Stock {
    fn hold(&mut self, request: HoldRequest) -> Result<Hold, HoldError> {
        let quantity = request.quantity.get();
        match self.holds.get(&request.booking_id) {
            Some((_, HoldStatus::Released)) => return Err(refused(Code::InvalidTransition)),
            Some((_, status)) => return Ok(self.shown(*status)),
            None => {}
        }
        if quantity > self.free {
            let facts = Facts { available: Some(self.free), ..Facts::default() };
            return Err(HoldError::Refused { code: Code::SoldOut, message: "Sold out".to_owned(), facts });
        }
        self.free -= quantity;
        self.holds.insert(request.booking_id, (quantity, HoldStatus::Held));
        Ok(self.shown(HoldStatus::Held))
    }

    fn confirm(&mut self, booking: BookingId) -> Result<Hold, HoldError> {
        let (quantity, status) = self.holds.get_mut(&booking).ok_or_else(|| refused(Code::NotFound))?;
        match status {
            HoldStatus::Held | HoldStatus::Confirmed => {}
            HoldStatus::Expired if *quantity <= self.free => self.free -= *quantity,
            HoldStatus::Expired => return Err(refused(Code::HoldExpired)),
            HoldStatus::Released => return Err(refused(Code::InvalidTransition)),
        }
        *status = HoldStatus::Confirmed;
        Ok(self.shown(HoldStatus::Confirmed))
    }

    fn release(&mut self, booking: BookingId) {
        let (quantity, status) = self.holds.entry(booking).or_insert((0, HoldStatus::Released));
        if matches!(status, HoldStatus::Held | HoldStatus::Confirmed) {
            self.free += *quantity;
        }
        *status = HoldStatus::Released;
    }

    const fn shown(&self, status: HoldStatus) -> Hold {
        Hold { status, unit_price: self.unit_price }
    }
}

fn refused(code: Code) -> HoldError {
    HoldError::Refused { code, message: code.as_str().to_owned(), facts: Facts::default() }
}

impl TicketHolds for FakeTicketHolds {
    fn hold(&self, request: HoldRequest) -> BoxFuture<'_, Result<Hold, HoldError>> {
        self.answer(|stock| stock.hold(request))
    }

    fn confirm(&self, booking: BookingId) -> BoxFuture<'_, Result<Hold, HoldError>> {
        self.answer(|stock| stock.confirm(booking))
    }

    fn release(&self, booking: BookingId, _: Release) -> BoxFuture<'_, Result<(), HoldError>> {
        self.answer(|stock| {
            stock.release(booking);
            Ok(())
        })
    }
}
