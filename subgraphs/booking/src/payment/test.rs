//! The built-in provider for development: it says yes, keeps books, and moves no money.
//!
//! Its books are a table of the booking database, so that it remembers over a restart what it said before, as a real one does.

use entities::booking::status::ChargeState;
use entities::booking::test_charges::Model;
use entities::ids::PaymentId;
use entities::money::Money;
use futures_util::future::{BoxFuture, FutureExt};
use sea_orm::DbErr;
use subgraph::database::Transaction;

use super::{
    Charge, ChargeAnswer, PaymentProvider, ProviderError, Receipt, RefundAnswer, Repayment, Returned,
    VoidAnswer,
};
use crate::error::BookingError;
use crate::store::{Store, test_charges};

/// The test provider.
#[derive(Clone, Debug)]
pub struct TestProvider {
    store: Store,
}

impl TestProvider {
    /// The provider that keeps its books in `store`.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    /// What the books say of a charge, after writing it down as `state` if they said nothing.
    async fn settle(&self, charge: Charge, state: ChargeState) -> Result<Model, ProviderError> {
        let Charge { id, amount, .. } = charge;
        let row = Model {
            id,
            amount: amount.amount(),
            currency: amount.currency(),
            state,
            created_at: self.store.now(),
        };
        let row = &row;
        let known = self.store.transaction(|tx| async move {
            let fresh = test_charges::insert(&*tx, row).await?;
            Ok(if fresh { Some(row.clone()) } else { test_charges::find(&*tx, id).await? })
        });
        known.await?.ok_or_else(|| ProviderError { cause: "the test provider lost a charge".to_owned() })
    }
}

fn receipt(row: &Model) -> Result<Receipt, ProviderError> {
    let amount = Money::new(row.amount, row.currency);
    let amount = amount.map_err(|error| ProviderError { cause: error.to_string() })?;
    Ok(Receipt { transaction_id: transaction_id(row.id), amount, returned: Returned::Nothing })
}

/// One charge, one transaction, one name.
fn transaction_id(payment: PaymentId) -> String {
    format!("test-{payment}")
}

fn answer(row: &Model) -> Result<ChargeAnswer, ProviderError> {
    match row.state {
        ChargeState::Paid => receipt(row).map(ChargeAnswer::Paid),
        ChargeState::Refunded => receipt(row).map(ChargeAnswer::Reversed),
        ChargeState::Voided => Ok(ChargeAnswer::Declined { reason: "the payment was called off".to_owned() }),
    }
}

impl From<DbErr> for ProviderError {
    fn from(error: DbErr) -> Self {
        Self { cause: error.to_string() }
    }
}

impl From<BookingError> for ProviderError {
    fn from(error: BookingError) -> Self {
        Self { cause: error.to_string() }
    }
}

impl PaymentProvider for TestProvider {
    fn name(&self) -> &'static str {
        "test"
    }

    fn collect(&self, charge: Charge) -> BoxFuture<'_, Result<ChargeAnswer, ProviderError>> {
        async move { answer(&self.settle(charge, ChargeState::Paid).await?) }.boxed()
    }

    fn look_up(&self, charge: Charge) -> BoxFuture<'_, Result<Option<ChargeAnswer>, ProviderError>> {
        async move {
            let row = test_charges::find(self.store.read(), charge.id).await?;
            row.as_ref().map(answer).transpose()
        }
        .boxed()
    }

    fn void(&self, charge: Charge) -> BoxFuture<'_, Result<VoidAnswer, ProviderError>> {
        async move {
            let row = self.settle(charge, ChargeState::Voided).await?;
            match row.state {
                ChargeState::Voided => Ok(VoidAnswer::Voided),
                ChargeState::Paid | ChargeState::Refunded => receipt(&row).map(VoidAnswer::Paid),
            }
        }
        .boxed()
    }

    fn refund(&self, repayment: Repayment) -> BoxFuture<'_, Result<RefundAnswer, ProviderError>> {
        async move {
            let id = repayment.payment_id;
            let refund = |tx: Transaction| async move { Ok(test_charges::refund(&*tx, id).await?) };
            match self.store.transaction(refund).await? {
                true => Ok(RefundAnswer::Done),
                false => Ok(RefundAnswer::Refused { reason: "nothing was paid".to_owned() }),
            }
        }
        .boxed()
    }
}
