//! The ticket service as it decides, in memory: counters, holds, a voucher, tickets, fences. Its steps are those of
//! `entities::ticket::status`, its order that of `ticket::holds`.

use std::collections::{BTreeMap, BTreeSet};

use ::entities::ids::BookingId;
use ::entities::ticket::status::{HoldStatus as Status, StockMove};
use ::entities::voucher_code::VoucherCode;
use booking::domain::refusal::Facts;
use booking::ticket::{Hold, HoldError, HoldRequest, HoldStatus, Release};
use chrono::{DateTime, Utc};
use subgraph::error::Code;

use crate::rig::money;

/// One ticket type, and everything held of it.
#[derive(Debug)]
pub(super) struct Stock {
    pub(super) quota: i32,
    pub(super) sold: i32,
    pub(super) held: i32,
    pub(super) price: i64,
    pub(super) voucher: Voucher,
    /// Its event was called off.
    pub(super) closed: bool,
    pub(super) now: DateTime<Utc>,
    /// By booking: what was held, and the tickets that came of it.
    pub(super) holds: BTreeMap<BookingId, Held>,
    /// Whose tickets were refused when they were to be made.
    pub(super) refused: BTreeSet<BookingId>,
}

/// The one voucher of the sale, and how often it was used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Voucher {
    /// What it takes off the price of one.
    pub(super) off: i64,
    pub(super) limit: i32,
    pub(super) used: i32,
    pub(super) held: i32,
}

impl Voucher {
    pub(super) fn code() -> VoucherCode {
        "EARLY".parse().expect("a code")
    }

    const fn remaining(&self) -> i32 {
        self.limit - self.used - self.held
    }
}

#[derive(Debug)]
pub(super) struct Held {
    /// `None` for a tombstone.
    request: Option<HoldRequest>,
    status: Status,
    expires_at: DateTime<Utc>,
    /// Every ticket ever made, and whether it is valid.
    tickets: Vec<bool>,
    used: bool,
}

impl Held {
    fn quantity(&self) -> i32 {
        self.request.map_or(0, |request| request.quantity.get())
    }

    /// How many uses of the voucher it is.
    fn uses(&self) -> i32 {
        if self.request.is_some_and(|request| request.voucher.is_some()) { self.quantity() } else { 0 }
    }

    fn shown(&self, price: i64, voucher: &Voucher) -> Hold {
        let status = match self.status {
            Status::Held => HoldStatus::Held,
            Status::Confirmed => HoldStatus::Confirmed,
            Status::Released => HoldStatus::Released,
            Status::Expired => HoldStatus::Expired,
        };
        let off = if self.uses() > 0 { voucher.off } else { 0 };
        Hold { status, unit_price: money((price - off).max(0)) }
    }
}

fn refused(code: Code, available: Option<i32>) -> HoldError {
    let facts = Facts { available, ..Facts::default() };
    HoldError::Refused { code, message: code.as_str().to_owned(), facts }
}

impl Stock {
    fn free(&self) -> i32 {
        self.quota - self.sold - self.held
    }

    fn has(&self, quantity: i32, uses: i32) -> bool {
        quantity <= self.free() && uses <= self.voucher.remaining()
    }

    pub(super) fn take(&mut self, request: HoldRequest) -> Result<Hold, HoldError> {
        if let Some(known) = self.holds.get(&request.booking_id) {
            known.status.ask_again().map_err(|_| refused(Code::InvalidTransition, None))?;
            return Ok(known.shown(self.price, &self.voucher));
        }
        if self.closed {
            return Err(refused(Code::EventNotOpen, None));
        }
        if request.voucher.is_some_and(|code| code != Voucher::code()) {
            return Err(refused(Code::VoucherInvalid, None));
        }
        let quantity = request.quantity.get();
        let uses = request.voucher.map_or(0, |_| quantity);
        if !self.has(quantity, uses) {
            self.reap();
        }
        if quantity > self.free() {
            return Err(refused(Code::SoldOut, Some(self.free())));
        }
        if uses > self.voucher.remaining() {
            return Err(refused(Code::VoucherUsedUp, None));
        }
        self.held += quantity;
        self.voucher.held += uses;
        let (status, expires_at) = (Status::Held, self.now + request.ttl);
        let held = Held { request: Some(request), status, expires_at, tickets: Vec::new(), used: false };
        let shown = held.shown(self.price, &self.voucher);
        self.holds.insert(request.booking_id, held);
        Ok(shown)
    }

    /// `checked`: whether what has lapsed must find its stock still free.
    pub(super) fn confirm(&mut self, booking: BookingId, checked: bool) -> Result<Hold, HoldError> {
        let known = self.holds.get(&booking).ok_or_else(|| refused(Code::NotFound, None))?;
        let (status, step) = known.status.confirm().map_err(|_| refused(Code::InvalidTransition, None))?;
        let (quantity, uses) = (known.quantity(), known.uses());
        if step == StockMove::Reacquire && checked {
            if !self.has(quantity, uses) {
                self.reap();
            }
            if !self.has(quantity, uses) || self.closed {
                return Err(refused(Code::HoldExpired, None));
            }
        }
        self.apply(step, quantity, uses);
        let (price, voucher) = (self.price, self.voucher);
        let known = self.holds.get_mut(&booking).ok_or_else(|| refused(Code::NotFound, None))?;
        if step != StockMove::Stay {
            known.tickets.extend((0..quantity).map(|_| true));
        }
        known.status = status;
        Ok(known.shown(price, &voucher))
    }

    pub(super) fn release(&mut self, booking: BookingId, how: Release) -> Result<(), HoldError> {
        let now = self.now;
        let tombstone = || Held {
            request: None,
            status: Status::Released,
            expires_at: now,
            tickets: Vec::new(),
            used: false,
        };
        let known = self.holds.entry(booking).or_insert_with(tombstone);
        let (status, step) = known.status.unsell();
        if step == StockMove::Unsell && known.used && how == Release::Unused {
            return Err(refused(Code::InvalidTransition, None));
        }
        known.status = status;
        known.tickets.iter_mut().for_each(|valid| *valid = false);
        let (quantity, uses) = (known.quantity(), known.uses());
        self.apply(step, quantity, uses);
        Ok(())
    }

    /// Lets lapse what has lapsed, as the worker of the ticket service does.
    pub(super) fn reap(&mut self) {
        let (mut freed, mut unused) = (0, 0);
        for held in self.holds.values_mut() {
            if held.expires_at <= self.now
                && let Ok((status, StockMove::Free)) = held.status.expire()
            {
                held.status = status;
                freed += held.quantity();
                unused += held.uses();
            }
        }
        self.held -= freed;
        self.voucher.held -= unused;
    }

    fn apply(&mut self, step: StockMove, quantity: i32, uses: i32) {
        let (held, sold) = match step {
            StockMove::Stay => (0, 0),
            StockMove::Sell => (-1, 1),
            StockMove::Reacquire => (0, 1),
            StockMove::Free => (-1, 0),
            StockMove::Unsell => (0, -1),
        };
        self.held += held * quantity;
        self.sold += sold * quantity;
        self.voucher.held += held * uses;
        self.voucher.used += sold * uses;
    }

    /// Makes the tickets of a booking a second time.
    pub(super) fn make_again(&mut self, booking: BookingId) {
        if let Some(held) = self.holds.get_mut(&booking) {
            let again = held.tickets.clone();
            held.tickets.extend(again);
        }
    }

    /// Somebody comes in with a ticket of the `nth` booking that has one.
    pub(super) fn check_in(&mut self, nth: usize) -> Option<BookingId> {
        let valid = self.holds.iter_mut().filter(|(_, held)| held.tickets.contains(&true));
        let (booking, held) = valid.into_iter().nth(nth)?;
        held.used = true;
        Some(*booking)
    }

    /// How many tickets of a booking admit.
    pub(super) fn tickets(&self, booking: BookingId) -> usize {
        let held = self.holds.get(&booking);
        held.map_or(0, |held| held.tickets.iter().filter(|valid| **valid).count())
    }

    /// Whether a booking ever had tickets.
    pub(super) fn ever_had(&self, booking: BookingId) -> bool {
        self.holds.get(&booking).is_some_and(|held| !held.tickets.is_empty())
    }

    /// What is wrong with the counters, if anything is.
    pub(super) fn oversold(&self) -> Option<String> {
        let Self { quota, sold, held, voucher, .. } = self;
        if *sold < 0 || *held < 0 || sold + held > *quota {
            return Some(format!("invariant 1: sold {sold} + held {held}, quota {quota}"));
        }
        let wrong = voucher.used < 0 || voucher.held < 0 || voucher.remaining() < 0;
        wrong.then(|| format!("invariant 16: {voucher:?}"))
    }
}
