//! A payment provider in memory: it says yes, no or "wait", takes a wrong amount, is late; and it keeps books.

use std::collections::BTreeMap;

use ::entities::ids::PaymentId;
use ::entities::money::Money;
use booking::payment::{Charge, ChargeAnswer, Receipt, RefundAnswer, Repayment, Returned, VoidAnswer};

use super::chance::Chance;
use crate::rig::money;

/// The books.
#[derive(Debug, Default)]
pub(super) struct Bank {
    pub(super) charges: BTreeMap<PaymentId, Account>,
}

/// What became of one charge.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) state: State,
    asked: Money,
    /// It will not pay back: a person must.
    pub(super) stubborn: bool,
    /// What went back, each time that something did.
    pub(super) repaid: Vec<Money>,
}

#[derive(Clone, Debug)]
pub(super) enum State {
    Waiting,
    Declined,
    Voided,
    Paid(Receipt),
}

impl Bank {
    pub(super) fn collect(&mut self, charge: &Charge, chance: &mut Chance) -> ChargeAnswer {
        let account = self.charges.entry(charge.id).or_insert_with(|| Account {
            state: match chance.below(10) {
                0..5 => paid(charge, charge.amount),
                5 => paid(charge, wrong(charge.amount, chance)),
                6 => State::Declined,
                _ => State::Waiting,
            },
            asked: charge.amount,
            stubborn: chance.percent(5),
            repaid: Vec::new(),
        });
        account.answer()
    }

    pub(super) fn look_up(&self, charge: &Charge) -> Option<ChargeAnswer> {
        self.charges.get(&charge.id).map(Account::answer)
    }

    pub(super) fn void(&mut self, charge: &Charge) -> VoidAnswer {
        let (asked, state) = (charge.amount, State::Voided);
        let unheard_of = || Account { state, asked, stubborn: false, repaid: Vec::new() };
        let account = self.charges.entry(charge.id).or_insert_with(unheard_of);
        if let State::Paid(receipt) = &account.state {
            return VoidAnswer::Paid(receipt.clone());
        }
        account.state = State::Voided;
        VoidAnswer::Voided
    }

    pub(super) fn refund(&mut self, repayment: &Repayment) -> RefundAnswer {
        let account = self.charges.get_mut(&repayment.payment_id);
        match account.filter(|account| !account.stubborn) {
            Some(account) => {
                if account.repaid.is_empty() {
                    account.repaid.push(repayment.amount);
                }
                RefundAnswer::Done
            }
            None => RefundAnswer::Refused { reason: "as it was drawn".to_owned() },
        }
    }

    /// Pays back once more, as if it had not known the refund.
    pub(super) fn refund_again(&mut self, repayment: &Repayment) {
        if let Some(account) = self.charges.get_mut(&repayment.payment_id)
            && !account.repaid.is_empty()
        {
            account.repaid.push(repayment.amount);
        }
    }

    /// A buyer who was waited for does something at last.
    pub(super) fn buyer_moves(&mut self, chance: &mut Chance) -> Option<PaymentId> {
        let waiting: Vec<PaymentId> = self
            .charges
            .iter()
            .filter(|(_, account)| matches!(account.state, State::Waiting))
            .map(|(id, _)| *id)
            .collect();
        let id = *waiting.get(chance.below(waiting.len()))?;
        let account = self.charges.get_mut(&id)?;
        let receipt = |amount| {
            State::Paid(Receipt { transaction_id: format!("sim-{id}"), amount, returned: Returned::Nothing })
        };
        account.state = match chance.below(6) {
            0 => State::Declined,
            1 => receipt(wrong(account.asked, chance)),
            _ => receipt(account.asked),
        };
        Some(id)
    }
}

impl Account {
    fn answer(&self) -> ChargeAnswer {
        let declined = |reason: &str| ChargeAnswer::Declined { reason: reason.to_owned() };
        match &self.state {
            State::Waiting => ChargeAnswer::Waiting(None),
            State::Declined => declined("as it was drawn"),
            State::Voided => declined("called off"),
            State::Paid(receipt) => ChargeAnswer::Paid(receipt.clone()),
        }
    }
}

fn paid(charge: &Charge, amount: Money) -> State {
    State::Paid(Receipt { transaction_id: format!("sim-{}", charge.id), amount, returned: Returned::Nothing })
}

fn wrong(amount: Money, chance: &mut Chance) -> Money {
    money(amount.amount() + chance.pick(&[-1, 1, 1_000]))
}
