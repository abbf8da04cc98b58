//! What lies between booking and its peers: a call may be lost before or after it took effect, come twice, come late, or come
//! when its caller is long gone. And what lies behind it, so that a call takes effect in one place.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use ::entities::ids::{BookingId, PaymentId};
use booking::payment::{
    Charge, ChargeAnswer, PaymentProvider, ProviderError, RefundAnswer, Repayment, VoidAnswer,
};
use booking::ticket::{Hold, HoldError, HoldRequest, Release, TicketHolds};
use futures_util::future::{BoxFuture, FutureExt};

use super::bank::Bank;
use super::chance::Chance;
use super::people::{Call, Ledger};
use super::stock::Stock;

/// A step that somebody says was done, and that was not done, or done twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// All is done as it is said.
    None,
    /// PAID without tickets.
    ForgetsTheTickets,
    /// Tickets made again when asked again.
    MakesTicketsTwice,
    /// A lapsed hold is confirmed whatever has become of its stock.
    SellsWhatIsGone,
    /// Cancelled, and the tickets are still held or valid.
    ForgetsToRelease,
    /// Cancelled, and the use of the voucher is still held.
    ForgetsTheVoucher,
    /// Cancelled, and the payment may still come.
    ForgetsToCallOff,
    /// Owed back, and never paid back.
    ForgetsToRefund,
    /// Paid back every time that it is asked.
    RefundsTwice,
}

impl Flaw {
    pub(super) const ALL: [Self; 8] = [
        Self::ForgetsTheTickets,
        Self::MakesTicketsTwice,
        Self::SellsWhatIsGone,
        Self::ForgetsToRelease,
        Self::ForgetsTheVoucher,
        Self::ForgetsToCallOff,
        Self::ForgetsToRefund,
        Self::RefundsTwice,
    ];
}

/// A call on its way.
#[derive(Clone, Debug)]
pub(super) enum Message {
    Hold(HoldRequest),
    Confirm(BookingId),
    Release(BookingId, Release),
    Collect(Charge),
    LookUp(Charge),
    Void(Charge),
    Refund(Repayment),
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Reply {
    Hold(Result<Hold, HoldError>),
    Released(Result<(), HoldError>),
    Charge(Option<ChargeAnswer>),
    Voided(VoidAnswer),
    Refunded(RefundAnswer),
}

impl Reply {
    /// Without the provider's names for its money, which are new in every run.
    fn words(&self) -> String {
        match self {
            Self::Charge(Some(ChargeAnswer::Paid(receipt))) | Self::Voided(VoidAnswer::Paid(receipt)) => {
                format!("Paid {}", receipt.amount)
            }
            Self::Hold(Ok(hold)) => format!("{:?}", hold.status),
            other => format!("{other:?}"),
        }
    }
}

/// Everything that is played, in one hand.
#[derive(Debug)]
pub(super) struct World {
    state: Mutex<State>,
    /// Set by a future that waits for the network, for the scheduler.
    pub(super) parked: AtomicBool,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) chance: Chance,
    pub(super) flaw: Flaw,
    /// How many calls out of a hundred do not go as they should.
    pub(super) faults: usize,
    pub(super) stock: Stock,
    pub(super) bank: Bank,
    pub(super) ledger: Ledger,
    /// What people asked and no replica has begun.
    pub(super) calls: Vec<Call>,
    /// Calls that nobody waits for and that still arrive.
    pub(super) strays: Vec<Message>,
    pub(super) history: Vec<String>,
    /// The first invariant that did not hold.
    pub(super) broken: Option<String>,
    bookings: BTreeMap<BookingId, usize>,
    payments: BTreeMap<PaymentId, usize>,
}

impl World {
    pub(super) fn new(chance: Chance, flaw: Flaw, faults: usize, stock: Stock) -> Arc<Self> {
        let state = State {
            chance,
            flaw,
            faults,
            stock,
            bank: Bank::default(),
            ledger: Ledger::default(),
            calls: Vec::new(),
            strays: Vec::new(),
            history: Vec::new(),
            broken: None,
            bookings: BTreeMap::new(),
            payments: BTreeMap::new(),
        };
        Arc::new(Self { state: Mutex::new(state), parked: AtomicBool::new(false) })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Draws one of `0..count`. Not through [`World::lock`]: in the head of a `match` its guard would live as long as the arms.
    pub(super) fn below(&self, count: usize) -> usize {
        self.lock().chance.below(count)
    }

    /// True `hundredths` times out of a hundred.
    pub(super) fn percent(&self, hundredths: usize) -> bool {
        self.lock().chance.percent(hundredths)
    }

    pub(super) fn is_broken(&self) -> bool {
        self.lock().broken.is_some()
    }

    pub(super) fn note(&self, line: impl Into<String>) {
        self.lock().history.push(line.into());
    }

    /// Waits until the scheduler comes back.
    pub(super) async fn pause(&self) {
        let mut waited = false;
        poll_fn(|context| {
            if waited {
                return Poll::Ready(());
            }
            waited = true;
            // A set of futures polls only those that were woken.
            context.waker().wake_by_ref();
            self.parked.store(true, Ordering::Relaxed);
            Poll::Pending
        })
        .await;
    }

    /// Sends a call; `None` when no answer comes back.
    async fn send(&self, message: Message) -> Option<Reply> {
        let fate = self.lock().fate(&message);
        self.pause().await;
        let reply = match fate {
            Fate::Lost => None,
            Fate::Arrives => Some(self.lock().deliver(&message)),
            Fate::AnswerLost => {
                self.lock().deliver(&message);
                None
            }
        };
        self.pause().await;
        reply
    }
}

/// What becomes of a call for its caller.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Arrives,
    AnswerLost,
    Lost,
}

impl State {
    /// Also lets copies of the call loose that will arrive some time.
    fn fate(&mut self, message: &Message) -> Fate {
        if !self.chance.percent(self.faults) {
            return Fate::Arrives;
        }
        let (fate, copies) = match self.chance.below(5) {
            0 => (Fate::Lost, 0),
            1 => (Fate::Lost, 1),
            2 => (Fate::AnswerLost, 0),
            3 => (Fate::AnswerLost, 1),
            _ => (Fate::Arrives, 1),
        };
        self.strays.extend((0..copies).map(|_| message.clone()));
        let words = format!("  {} {fate:?}, {copies} late", self.words(message));
        self.history.push(words);
        fate
    }

    /// Lets a call take effect.
    pub(super) fn deliver(&mut self, message: &Message) -> Reply {
        let reply = self.act(message);
        let words = format!("    {} -> {}", self.words(message), reply.words());
        self.history.push(words);
        if let Some(why) = self.stock.oversold() {
            self.fail(why);
        }
        reply
    }

    fn act(&mut self, message: &Message) -> Reply {
        let Self { chance, flaw, stock, bank, .. } = self;
        match message {
            Message::Hold(request) => Reply::Hold(stock.take(*request)),
            Message::Confirm(id) if *flaw == Flaw::ForgetsTheTickets => {
                let hold = stock.holds.get(id).map(|_| Hold {
                    status: booking::ticket::HoldStatus::Confirmed,
                    unit_price: crate::rig::money(stock.price),
                });
                Reply::Hold(hold.map_or_else(|| stock.confirm(*id, true), Ok))
            }
            Message::Confirm(id) => {
                if *flaw == Flaw::MakesTicketsTwice {
                    stock.make_again(*id);
                }
                let answer = stock.confirm(*id, *flaw != Flaw::SellsWhatIsGone);
                if answer.is_err() {
                    stock.refused.insert(*id);
                }
                Reply::Hold(answer)
            }
            Message::Release(..) if *flaw == Flaw::ForgetsToRelease => Reply::Released(Ok(())),
            Message::Release(id, how) => {
                let before = stock.voucher;
                let answer = stock.release(*id, *how);
                if *flaw == Flaw::ForgetsTheVoucher {
                    stock.voucher = before;
                }
                Reply::Released(answer)
            }
            Message::Collect(charge) => Reply::Charge(Some(bank.collect(charge, chance))),
            Message::LookUp(charge) => Reply::Charge(bank.look_up(charge)),
            Message::Void(_) if *flaw == Flaw::ForgetsToCallOff => Reply::Voided(VoidAnswer::Voided),
            Message::Void(charge) => Reply::Voided(bank.void(charge)),
            Message::Refund(_) if *flaw == Flaw::ForgetsToRefund => Reply::Refunded(RefundAnswer::Done),
            Message::Refund(repayment) => {
                if *flaw == Flaw::RefundsTwice {
                    bank.refund_again(repayment);
                }
                Reply::Refunded(bank.refund(repayment))
            }
        }
    }

    /// Remembers the first thing that is wrong.
    pub(super) fn fail(&mut self, why: String) {
        self.history.push(format!("BROKEN {why}"));
        self.broken.get_or_insert(why);
    }

    /// A short name that is the same in every run of a seed.
    pub(super) fn booking(&mut self, id: BookingId) -> String {
        let next = self.bookings.len();
        format!("B{}", self.bookings.entry(id).or_insert(next))
    }

    /// The same for a payment.
    pub(super) fn payment(&mut self, id: PaymentId) -> String {
        let next = self.payments.len();
        format!("P{}", self.payments.entry(id).or_insert(next))
    }

    fn words(&mut self, message: &Message) -> String {
        match message {
            Message::Hold(request) => {
                format!("hold {} of {}", request.quantity.get(), self.booking(request.booking_id))
            }
            Message::Confirm(id) => format!("confirm {}", self.booking(*id)),
            Message::Release(id, how) => format!("release {how:?} of {}", self.booking(*id)),
            Message::Collect(charge) => format!("collect {}", self.charge(charge)),
            Message::LookUp(charge) => format!("look up {}", self.charge(charge)),
            Message::Void(charge) => format!("void {}", self.charge(charge)),
            Message::Refund(repayment) => format!("refund {}", self.payment(repayment.payment_id)),
        }
    }

    fn charge(&mut self, charge: &Charge) -> String {
        format!("{} for {}", self.payment(charge.id), self.booking(charge.booking_id))
    }
}

/// Booking's two peers, seen over this network.
pub(super) struct Peers(pub(super) Arc<World>);

fn no_hold<T>() -> Result<T, HoldError> {
    Err(HoldError::Unavailable { cause: "no answer".to_owned() })
}

fn no_provider<T>() -> Result<T, ProviderError> {
    Err(ProviderError { cause: "no answer".to_owned() })
}

impl TicketHolds for Peers {
    fn hold(&self, request: HoldRequest) -> BoxFuture<'_, Result<Hold, HoldError>> {
        let answer = self.0.send(Message::Hold(request));
        answer.map(|reply| if let Some(Reply::Hold(answer)) = reply { answer } else { no_hold() }).boxed()
    }

    fn confirm(&self, booking: BookingId) -> BoxFuture<'_, Result<Hold, HoldError>> {
        let answer = self.0.send(Message::Confirm(booking));
        answer.map(|reply| if let Some(Reply::Hold(answer)) = reply { answer } else { no_hold() }).boxed()
    }

    fn release(&self, booking: BookingId, how: Release) -> BoxFuture<'_, Result<(), HoldError>> {
        let answer = self.0.send(Message::Release(booking, how));
        answer.map(|reply| if let Some(Reply::Released(answer)) = reply { answer } else { no_hold() }).boxed()
    }
}

impl PaymentProvider for Peers {
    fn name(&self) -> &'static str {
        "simulated"
    }

    fn collect(&self, charge: Charge) -> BoxFuture<'_, Result<ChargeAnswer, ProviderError>> {
        let answer = self.0.send(Message::Collect(charge));
        answer
            .map(
                |reply| {
                    if let Some(Reply::Charge(Some(answer))) = reply { Ok(answer) } else { no_provider() }
                },
            )
            .boxed()
    }

    fn look_up(&self, charge: Charge) -> BoxFuture<'_, Result<Option<ChargeAnswer>, ProviderError>> {
        let answer = self.0.send(Message::LookUp(charge));
        answer
            .map(|reply| if let Some(Reply::Charge(answer)) = reply { Ok(answer) } else { no_provider() })
            .boxed()
    }

    fn void(&self, charge: Charge) -> BoxFuture<'_, Result<VoidAnswer, ProviderError>> {
        let answer = self.0.send(Message::Void(charge));
        answer
            .map(|reply| if let Some(Reply::Voided(answer)) = reply { Ok(answer) } else { no_provider() })
            .boxed()
    }

    fn refund(&self, repayment: Repayment) -> BoxFuture<'_, Result<RefundAnswer, ProviderError>> {
        let answer = self.0.send(Message::Refund(repayment));
        answer
            .map(|reply| if let Some(Reply::Refunded(answer)) = reply { Ok(answer) } else { no_provider() })
            .boxed()
    }
}
