//! `Webhook`: who is told what becomes of bookings, and what came of telling them. For administrators.

use async_graphql::{Enum, ID, Object, SimpleObject};
use entities::booking::status;
use entities::booking::webhook_deliveries::Model as Delivery;
use entities::booking::webhook_listeners::Model as Listener;
use subgraph::error::Error;
use subgraph::scalars::DateTime;

use crate::announcements::signature::SigningSecret;
use crate::store::announcements::Key;

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "status::AnnouncementKind")]
pub(super) enum WebhookKind {
    /// `booking.paid`
    BookingPaid,
    /// `booking.cancelled`
    BookingCancelled,
    /// `refund.requested`
    RefundRequested,
    /// `refund.done`
    RefundDone,
    /// `refund.manual`: the provider refused, and a person must see to it.
    RefundManual,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "status::DeliveryState")]
pub(super) enum WebhookDeliveryState {
    /// It is tried until it arrives.
    Waiting,
    /// It arrived.
    Delivered,
    /// It was given up.
    Dead,
}

/// Why a delivery did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "status::DeliveryFailure")]
pub(super) enum WebhookFailure {
    /// The address leads to where nothing may be sent.
    AddressRefused,
    /// Nobody could be reached there.
    NotReached,
    /// It took too long.
    TimedOut,
    /// The answer was not 2xx.
    Refused,
    /// The secret cannot be opened with what is configured.
    NoSecret,
    /// Nobody listens there any more.
    Removed,
}

/// Somebody who is told what becomes of bookings.
pub(super) struct Webhook(pub(super) Listener);

#[Object]
impl Webhook {
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Where messages go.
    async fn url(&self) -> &str {
        &self.0.url
    }

    /// Which.
    async fn kinds(&self) -> Vec<WebhookKind> {
        self.0.kinds.list().into_iter().map(WebhookKind::from).collect()
    }

    async fn created_at(&self) -> DateTime {
        self.0.created_at
    }
}

/// A webhook that has just been registered.
#[derive(SimpleObject)]
pub(super) struct RegisterWebhook {
    webhook: Webhook,
    /// What verifies its messages. It is shown now and never again.
    secret: String,
}

impl From<(Listener, SigningSecret)> for RegisterWebhook {
    fn from((listener, secret): (Listener, SigningSecret)) -> Self {
        Self { webhook: Webhook(listener), secret: secret.shown() }
    }
}

/// The end of a webhook.
#[derive(SimpleObject)]
pub(super) struct RemoveWebhook {
    /// Always true: what goes wrong is an error.
    pub(super) ok: bool,
}

/// What was given up is tried again.
#[derive(SimpleObject)]
pub(super) struct RedeliverWebhooks {
    /// How many messages.
    pub(super) count: i32,
}

/// One message for one webhook.
pub(super) struct WebhookDelivery(pub(super) Delivery);

#[Object]
impl WebhookDelivery {
    async fn id(&self) -> ID {
        format!("{}.{}", self.0.announcement_id, self.0.listener_id).into()
    }

    /// The message's id, in its header `webhook-id`.
    async fn message_id(&self) -> ID {
        self.0.announcement_id.to_string().into()
    }

    /// To whom.
    async fn webhook_id(&self) -> ID {
        self.0.listener_id.to_string().into()
    }

    async fn kind(&self) -> WebhookKind {
        self.0.kind.into()
    }

    /// The message.
    async fn body(&self) -> &str {
        &self.0.body
    }

    async fn state(&self) -> WebhookDeliveryState {
        self.0.state.into()
    }

    /// How often it was tried.
    async fn tries(&self) -> i32 {
        self.0.tries
    }

    /// When it is tried next, while it waits.
    async fn next_try_at(&self) -> Option<DateTime> {
        self.0.due_at
    }

    /// The status of the latest answer, if there was one.
    async fn last_status(&self) -> Option<i32> {
        self.0.last_status
    }

    /// Why it did not arrive the last time.
    async fn last_failure(&self) -> Option<WebhookFailure> {
        self.0.last_failure.map(Into::into)
    }

    /// When that happened of which it tells.
    async fn created_at(&self) -> DateTime {
        self.0.created_at
    }
}

/// The delivery that an id names.
pub(super) fn delivery_key(id: &ID) -> Result<Key, Error> {
    let parts = id
        .split_once('.')
        .and_then(|(message, listener)| Some((message.parse().ok()?, listener.parse().ok()?)));
    parts.ok_or_else(|| Error::bad_input("id", "id is not the id of a delivery"))
}
