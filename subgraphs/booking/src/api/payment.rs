//! `Payment`: where the buyer goes to pay, and what came of it.

use async_graphql::{Enum, ID, Object};
use entities::booking::payment_attempts::Model;
use entities::booking::status;

/// Where a try at paying stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "status::PaymentState")]
pub(super) enum PaymentState {
    /// The payment provider is being asked.
    Created,
    /// The payment provider waits for the buyer.
    Pending,
    /// The money is in.
    Succeeded,
    /// The payment was refused; another may be tried.
    Failed,
    /// The buyer did not pay in time.
    Expired,
    /// It was called off before any money moved.
    Voided,
    /// The money was in, and went back.
    Reversed,
}

/// A try at paying a booking.
pub(super) struct Payment(pub(super) Model);

#[Object]
impl Payment {
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    async fn status(&self) -> PaymentState {
        self.0.state.into()
    }

    /// Who takes the money.
    async fn provider(&self) -> &str {
        &self.0.provider
    }

    /// The page on which the buyer pays, while there is something to be done there.
    async fn redirect_url(&self) -> Option<&str> {
        self.0.page_url.as_deref().filter(|_| self.0.state.is_open())
    }
}
