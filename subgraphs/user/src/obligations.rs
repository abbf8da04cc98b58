//! What the other services still have to do with a person: asked before an account is taken away.
//!
//! An account is a row here and an id everywhere else, so anonymising it is one transaction in this database; what the others keep is a pseudonym
//! from then on, because nothing says any more whose id it was.

use entities::ids::UserId;
use serde::Deserialize;
use serde_json::json;
use subgraph::client::{CallError, ServiceClient};

const OF_BOOKING: &str = "query ($userId: ID!) { obligations(userId: $userId) { bookings refunds } }";
const OF_TICKET: &str = "query ($userId: ID!) { ticketsAhead(userId: $userId) }";

/// What is not over yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    /// Bookings that wait for their payment or are being cancelled.
    pub bookings: i32,
    /// Refunds that the payment provider does not have yet.
    pub refunds: i32,
    /// Tickets for events that are not over.
    pub tickets: i32,
}

impl Open {
    const NOTHING: Self = Self { bookings: 0, refunds: 0, tickets: 0 };

    /// Whether there is something.
    #[must_use]
    pub fn is_some(&self) -> bool {
        *self != Self::NOTHING
    }
}

/// Asks the services that know.
#[derive(Clone, Debug)]
pub struct Obligations {
    booking: ServiceClient,
    ticket: ServiceClient,
}

#[derive(Deserialize)]
struct OfBooking {
    obligations: Counts,
}

#[derive(Deserialize)]
struct Counts {
    bookings: i32,
    refunds: i32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfTicket {
    tickets_ahead: i32,
}

impl Obligations {
    /// Asks by these clients.
    #[must_use]
    pub const fn new(booking: ServiceClient, ticket: ServiceClient) -> Self {
        Self { booking, ticket }
    }

    /// What is not over yet with `user`. Booking is asked first: what it has turned into tickets meanwhile is found there.
    ///
    /// # Errors
    /// [`CallError`]: then nobody knows.
    pub async fn of(&self, user: UserId) -> Result<Open, CallError> {
        let variables = json!({ "userId": user });
        let OfBooking { obligations: Counts { bookings, refunds } } =
            self.booking.call(OF_BOOKING, &variables).await?;
        let OfTicket { tickets_ahead: tickets } = self.ticket.call(OF_TICKET, &variables).await?;
        Ok(Open { bookings, refunds, tickets })
    }
}
