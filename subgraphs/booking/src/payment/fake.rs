//! A provider in memory, for tests: it says what it was told to say, and remembers what it collected.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use entities::ids::PaymentId;
use entities::money::Money;
use futures_util::future::{self, BoxFuture, FutureExt};

use super::{
    Charge, ChargeAnswer, PaymentProvider, ProviderError, Receipt, RefundAnswer, Repayment, Returned,
    VoidAnswer,
};

/// What a fake does with new charges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// They are paid.
    #[default]
    Pays,
    /// They are declined.
    Declines,
    /// They wait for the buyer.
    Waits,
    /// Another amount is paid.
    PaysWrong(Money),
    /// It does nothing and does not answer.
    Down,
    /// It takes the money, but the answer is lost.
    LosesAnswers,
}

/// A provider in memory.
#[derive(Debug, Default)]
pub struct FakePayments {
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    mood: Mood,
    charges: HashMap<PaymentId, Entry>,
    refunds: Vec<Repayment>,
    refuses_refunds: bool,
}

#[derive(Clone, Debug)]
enum Entry {
    Paid(Receipt),
    Declined,
    Waiting,
    Voided,
}

impl Entry {
    fn answer(&self) -> ChargeAnswer {
        match self {
            Self::Paid(receipt) => ChargeAnswer::Paid(receipt.clone()),
            Self::Declined => ChargeAnswer::Declined { reason: "told to decline".to_owned() },
            Self::Voided => ChargeAnswer::Declined { reason: "called off".to_owned() },
            Self::Waiting => ChargeAnswer::Waiting(None),
        }
    }
}

impl FakePayments {
    /// How it behaves from now on.
    pub fn set_mood(&self, mood: Mood) {
        self.lock().mood = mood;
    }

    /// Whether it refuses to pay back.
    pub fn refuse_refunds(&self, refuse: bool) {
        self.lock().refuses_refunds = refuse;
    }

    /// How often money came in.
    #[must_use]
    pub fn paid(&self) -> usize {
        self.lock().charges.values().filter(|entry| matches!(entry, Entry::Paid(_))).count()
    }

    /// What was paid back, in order.
    #[must_use]
    pub fn refunds(&self) -> Vec<Repayment> {
        self.lock().refunds.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn down() -> ProviderError {
    ProviderError { cause: "told to be down".to_owned() }
}

fn entry(mood: &Mood, charge: &Charge) -> Entry {
    let paid = |amount| {
        Entry::Paid(Receipt {
            transaction_id: format!("fake-{}", charge.id),
            amount,
            returned: Returned::Nothing,
        })
    };
    match mood {
        Mood::Pays | Mood::LosesAnswers | Mood::Down => paid(charge.amount),
        Mood::PaysWrong(amount) => paid(*amount),
        Mood::Declines => Entry::Declined,
        Mood::Waits => Entry::Waiting,
    }
}

impl Books {
    fn collect(&mut self, charge: &Charge) -> Result<ChargeAnswer, ProviderError> {
        if self.mood == Mood::Down {
            return Err(down());
        }
        let mood = self.mood.clone();
        let entry = self.charges.entry(charge.id).or_insert_with(|| entry(&mood, charge));
        if matches!(entry, Entry::Waiting) && mood == Mood::Pays {
            *entry = self::entry(&mood, charge);
        }
        let answer = entry.answer();
        if mood == Mood::LosesAnswers { Err(down()) } else { Ok(answer) }
    }

    fn void(&mut self, charge: &Charge) -> Result<VoidAnswer, ProviderError> {
        if self.mood == Mood::Down {
            return Err(down());
        }
        match self.charges.entry(charge.id).or_insert(Entry::Voided) {
            Entry::Paid(receipt) => Ok(VoidAnswer::Paid(receipt.clone())),
            other => {
                *other = Entry::Voided;
                Ok(VoidAnswer::Voided)
            }
        }
    }

    fn refund(&mut self, repayment: Repayment) -> Result<RefundAnswer, ProviderError> {
        if self.mood == Mood::Down {
            return Err(down());
        }
        if self.refuses_refunds {
            return Ok(RefundAnswer::Refused { reason: "told to refuse".to_owned() });
        }
        if !self.refunds.iter().any(|earlier| earlier.id == repayment.id) {
            self.refunds.push(repayment);
        }
        Ok(RefundAnswer::Done)
    }
}

impl PaymentProvider for FakePayments {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn collect(&self, charge: Charge) -> BoxFuture<'_, Result<ChargeAnswer, ProviderError>> {
        future::ready(self.lock().collect(&charge)).boxed()
    }

    fn look_up(&self, charge: Charge) -> BoxFuture<'_, Result<Option<ChargeAnswer>, ProviderError>> {
        let books = self.lock();
        let answer = match books.mood {
            Mood::Down => Err(down()),
            _ => Ok(books.charges.get(&charge.id).map(Entry::answer)),
        };
        future::ready(answer).boxed()
    }

    fn void(&self, charge: Charge) -> BoxFuture<'_, Result<VoidAnswer, ProviderError>> {
        future::ready(self.lock().void(&charge)).boxed()
    }

    fn refund(&self, repayment: Repayment) -> BoxFuture<'_, Result<RefundAnswer, ProviderError>> {
        future::ready(self.lock().refund(repayment)).boxed()
    }
}
