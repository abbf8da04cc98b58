//! The built-in provider for development: it says yes, keeps books, and moves no money.
//!
//! Its books are a table of the booking database, so that it remembers over a restart what it said before, as a real one does.

use entities::booking::status::ChargeState;
use entities::booking::test_charges::Model;
use entities::ids::PaymentId;
use entities::money::Money;
use futures_util::future::{BoxFuture, FutureExt};
use sea_orm::DbErr;

use super::{
    Charge, ChargeAnswer, PaymentProvider, ProviderError, Receipt, RefundAnswer, Repayment, VoidAnswer,
};
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
        let (db, now) = (self.store.database().write(), self.store.now());
        test_charges::insert(db, charge.id, charge.amount, state, now).await?;
        let row = test_charges::find(db, charge.id).await?;
        row.ok_or_else(|| ProviderError { cause: "the test provider lost a charge".to_owned() })
    }
}

fn receipt(row: &Model) -> Result<Receipt, ProviderError> {
    let amount = Money::new(row.amount, row.currency);
    let amount = amount.map_err(|error| ProviderError { cause: error.to_string() })?;
    Ok(Receipt { transaction_id: transaction_id(row.id), amount })
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
            if test_charges::refund(self.store.database().write(), repayment.payment_id).await? {
                return Ok(RefundAnswer::Done);
            }
            Ok(RefundAnswer::Refused { reason: "nothing was paid".to_owned() })
        }
        .boxed()
    }
}
