//! The signed form of a ticket's code: what it says, and how it is spelled. Who signs and who verifies is in [`crate::keys`].
//!
//! `1.<key id>.<payload>.<signature>`: the version; the id of the key in hexadecimal; 52 bytes in base64url (the booking's
//! UUID, the ticket's number in it as a big-endian `u32`, the event's UUID, the type's UUID); and the Ed25519 signature (RFC 8032)
//! over everything before the last full stop, in base64url. 176 characters: a QR code of 53 by 53 modules.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entities::ids::{BookingId, EventId, TicketTypeId};
use entities::ticket::tickets;
use uuid::Uuid;

const VERSION: &str = "1";
const PAYLOAD: usize = 52;
/// Longer texts are no codes and are not looked at.
const LONGEST: usize = 256;

/// One ticket of one booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TicketKey {
    /// The booking.
    pub booking_id: BookingId,
    /// Which of its tickets, from 1.
    pub seq: i32,
}

impl TicketKey {
    /// The key of a row.
    #[must_use]
    pub const fn of(row: &tickets::Model) -> Self {
        Self { booking_id: row.booking_id, seq: row.seq }
    }
}

/// What a signed code says of its ticket: for a door that can ask nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The ticket.
    pub key: TicketKey,
    /// The event it admits to.
    pub event_id: EventId,
    /// Its type.
    pub ticket_type_id: TicketTypeId,
}

impl Claim {
    /// What is true of a row.
    #[must_use]
    pub const fn of(row: &tickets::Model) -> Self {
        Self { key: TicketKey::of(row), event_id: row.event_id, ticket_type_id: row.ticket_type_id }
    }

    /// The text to sign with the key `kid`.
    #[must_use]
    pub fn message(&self, kid: &str) -> String {
        format!("{VERSION}.{kid}.{}", URL_SAFE_NO_PAD.encode(self.to_bytes()))
    }

    fn to_bytes(self) -> [u8; PAYLOAD] {
        let mut bytes = [0; PAYLOAD];
        bytes[..16].copy_from_slice(self.key.booking_id.as_uuid().as_bytes());
        bytes[16..20].copy_from_slice(&self.key.seq.to_be_bytes());
        bytes[20..36].copy_from_slice(self.event_id.as_uuid().as_bytes());
        bytes[36..].copy_from_slice(self.ticket_type_id.as_uuid().as_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (booking, rest) = bytes.split_first_chunk::<16>()?;
        let (seq, rest) = rest.split_first_chunk::<4>()?;
        let (event, rest) = rest.split_first_chunk::<16>()?;
        let (ticket_type, []) = rest.split_first_chunk::<16>()? else { return None };
        let booking_id = BookingId::from_uuid(Uuid::from_bytes(*booking));
        Some(Self {
            key: TicketKey { booking_id, seq: i32::from_be_bytes(*seq) },
            event_id: EventId::from_uuid(Uuid::from_bytes(*event)),
            ticket_type_id: TicketTypeId::from_uuid(Uuid::from_bytes(*ticket_type)),
        })
    }
}

/// A text in the form of a signed code. That its signature holds is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCode<'a> {
    /// The id of the key that is said to have signed it.
    pub kid: &'a str,
    /// What was signed.
    pub message: &'a str,
    /// The signature.
    pub signature: Vec<u8>,
    /// What it says.
    pub claim: Claim,
}

impl<'a> SignedCode<'a> {
    /// Reads a code; `None` for anything of another form.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let (message, signature) = text.rsplit_once('.')?;
        let (kid, payload) = message.strip_prefix(VERSION)?.strip_prefix('.')?.split_once('.')?;
        let claim = Claim::from_bytes(&URL_SAFE_NO_PAD.decode(payload).ok()?)?;
        Some(Self { kid, message, signature: URL_SAFE_NO_PAD.decode(signature).ok()?, claim })
    }
}

/// The whole code.
#[must_use]
pub fn spell(message: &str, signature: &[u8]) -> String {
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KID: &str = "0123456789abcdef";

    fn claim() -> Claim {
        let key = TicketKey { booking_id: BookingId::new(), seq: 7 };
        Claim { key, event_id: EventId::new(), ticket_type_id: TicketTypeId::new() }
    }

    #[test]
    fn a_code_says_what_was_put_into_it() {
        let (claim, signature) = (claim(), vec![7; 64]);
        let message = claim.message(KID);
        let code = spell(&message, &signature);
        assert_eq!(code.len(), 176, "so long the picture and its documentation say it is");
        let read = SignedCode { kid: KID, message: &message, signature, claim };
        assert_eq!(SignedCode::parse(&code), Some(read));
    }

    #[test]
    fn anything_else_is_no_signed_code() {
        let message = claim().message(KID);
        let longer = spell(&format!("{message}AAAA"), &[7; 64]);
        let endless = spell(&message, &[7; 200]);
        let other_version = spell(&message.replacen('1', "2", 1), &[7; 64]);
        for text in ["", ".", "...", "1...", &message, &longer, &endless, &other_version, "1.é.é.é"] {
            assert_eq!(SignedCode::parse(text), None, "{text}");
        }
    }
}
