//! `Ticket`: one admission, in its owner's hands.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entities::ticket::status::AdmissionStatus;
use entities::ticket::tickets::Model;
use subgraph::error::{Code, Error};
use subgraph::scalars::DateTime;

use super::event::Event;
use super::loaders::TicketTypes;
use super::ticket_type::TicketType;
use crate::domain::signed::Claim;
use crate::keys::CodeKeys;
use crate::qr;

/// Whether a ticket opens the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "AdmissionStatus")]
pub(super) enum AdmissionState {
    /// It does, once.
    Valid,
    /// It has.
    Used,
    /// It does not any more: the sale was taken back.
    Void,
}

/// How a code is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum QrFormat {
    /// The text of an SVG document.
    Svg,
    /// A PNG file in base64.
    Png,
}

/// A purchase of tickets.
#[derive(Debug, SimpleObject)]
#[graphql(unresolvable = "id")]
pub(super) struct Booking {
    id: ID,
}

/// How many pictures of one request are drawn: a page of tickets. Each costs milliseconds, and aliases ask for it again.
const MOST_PICTURES: u32 = 100;

/// How many pictures one request has had drawn.
#[derive(Debug, Default)]
pub(crate) struct Pictures(AtomicU32);

impl Pictures {
    fn take(&self) -> Result<(), Error> {
        if self.0.fetch_add(1, Ordering::Relaxed) < MOST_PICTURES {
            return Ok(());
        }
        let words = format!("One request draws at most {MOST_PICTURES} QR codes");
        Err(Error::new(Code::DocumentTooComplex, words))
    }
}

/// One admission.
pub(super) struct Ticket {
    row: Model,
    /// Signed once, however many aliases ask for it.
    code: OnceLock<String>,
}

impl From<Model> for Ticket {
    fn from(row: Model) -> Self {
        Self { row, code: OnceLock::new() }
    }
}

#[Object]
impl Ticket {
    /// Stays the same for ever, unlike the code, which is signed anew when the key has been replaced.
    async fn id(&self) -> ID {
        format!("{}.{}", self.row.booking_id, self.row.seq).into()
    }

    /// What the door asks for: signed, so that it can be verified without asking anybody. Whoever has it can go in.
    async fn code(&self, ctx: &Context<'_>) -> &str {
        self.signed(ctx)
    }

    /// The code as a QR code; at most 100 of them in one request.
    async fn qr(
        &self,
        ctx: &Context<'_>,
        #[graphql(default_with = "QrFormat::Svg")] format: QrFormat,
    ) -> Result<String, Error> {
        ctx.data_unchecked::<Pictures>().take()?;
        let code = self.signed(ctx);
        let picture = match format {
            QrFormat::Svg => qr::svg(code),
            QrFormat::Png => qr::png(code).map(|bytes| STANDARD.encode(bytes)),
        };
        picture.map_err(Error::internal)
    }

    async fn status(&self) -> AdmissionState {
        self.row.status.into()
    }

    /// Which of the booking's tickets it is, from 1.
    async fn seq(&self) -> i32 {
        self.row.seq
    }

    /// The event it admits to. Null only when the event cannot be told now.
    async fn event(&self) -> Option<Event> {
        Some(Event { id: self.row.event_id })
    }

    /// Its type. Null only when that cannot be told now.
    async fn ticket_type(&self, ctx: &Context<'_>) -> Result<Option<TicketType>, Error> {
        let loader = ctx.data_unchecked::<DataLoader<TicketTypes>>();
        Ok(loader.load_one(self.row.ticket_type_id).await?.map(TicketType))
    }

    /// The booking that paid for it. Null when whoever asks may not see that.
    async fn booking(&self) -> Option<Booking> {
        Some(Booking { id: self.row.booking_id.to_string().into() })
    }

    async fn created_at(&self) -> DateTime {
        self.row.created_at
    }

    /// When it opened a door.
    async fn used_at(&self) -> Option<DateTime> {
        self.row.used_at
    }

    /// Which door.
    async fn used_gate(&self) -> Option<&str> {
        self.row.used_gate.as_deref()
    }

    async fn voided_at(&self) -> Option<DateTime> {
        self.row.voided_at
    }
}

impl Ticket {
    fn signed(&self, ctx: &Context<'_>) -> &str {
        self.code.get_or_init(|| keys(ctx).sign(&Claim::of(&self.row)))
    }
}

pub(super) fn keys<'c>(ctx: &Context<'c>) -> &'c CodeKeys {
    ctx.data_unchecked::<Arc<CodeKeys>>()
}
