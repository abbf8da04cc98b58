//! What a buyer asks for, and how the same request is recognised when it comes again.

use entities::ids::{EventId, TicketTypeId, UserId};
use entities::money::Quantity;
use entities::voucher_code::VoucherCode;
use sha2::{Digest, Sha256};

/// The most tickets that one booking takes.
pub const MOST: i32 = 100;

/// Why an order is refused before anything happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// None, fewer, or too many.
    #[error("A booking is for 1 to {MOST} tickets")]
    Quantity,
    /// A code that no voucher can have.
    #[error("There is no such voucher for these tickets")]
    Voucher,
}

/// What a buyer asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The buyer.
    pub user_id: UserId,
    /// The event.
    pub event_id: EventId,
    /// The type of ticket.
    pub ticket_type_id: TicketTypeId,
    /// How many.
    pub quantity: Quantity,
    /// The voucher they have.
    pub voucher: Option<VoucherCode>,
}

/// A number of tickets that one booking may take.
///
/// # Errors
/// [`OrderError::Quantity`].
pub fn quantity(count: i32) -> Result<Quantity, OrderError> {
    match Quantity::new(count) {
        Ok(quantity) if count <= MOST => Ok(quantity),
        Ok(_) | Err(_) => Err(OrderError::Quantity),
    }
}

impl Order {
    /// What the order says, in 64 characters: two orders with one fingerprint are the same.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let Self { user_id, event_id, ticket_type_id, quantity, voucher } = self;
        let mut text = format!("{user_id}|{event_id}|{ticket_type_id}|{quantity}");
        // Without a voucher it reads as it did before there were any: keys of then are still known.
        if let Some(voucher) = voucher {
            text.extend(["|", &voucher.to_string()]);
        }
        digest(&text)
    }
}

/// SHA-256 in hexadecimal.
#[must_use]
pub fn digest(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_booking_is_for_one_ticket_or_more_but_not_for_all() {
        for (count, fine) in
            [(1, true), (MOST, true), (0, false), (-1, false), (MOST + 1, false), (i32::MAX, false)]
        {
            assert_eq!(quantity(count).is_ok(), fine, "{count}");
        }
    }

    #[test]
    fn a_fingerprint_changes_with_every_part_of_the_order() {
        let order = Order {
            user_id: UserId::new(),
            event_id: EventId::new(),
            ticket_type_id: TicketTypeId::new(),
            quantity: Quantity::ONE,
            voucher: None,
        };
        let print = order.fingerprint();
        assert_eq!((print.len(), &print), (64, &order.fingerprint()));
        let others = [
            Order { user_id: UserId::new(), ..order },
            Order { event_id: EventId::new(), ..order },
            Order { ticket_type_id: TicketTypeId::new(), ..order },
            Order { quantity: Quantity::new(2).unwrap(), ..order },
            Order { voucher: "EARLY".parse().ok(), ..order },
        ];
        for other in others {
            assert_ne!(other.fingerprint(), print);
        }
    }
}
