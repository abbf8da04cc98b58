//! Rows of `webhook_listeners`: who is told what becomes of bookings.

use sea_orm::entity::prelude::*;

use super::status::AnnouncementKind;
use crate::ids::{ListenerId, UserId};

/// The sealed secret that signs what is sent to a listener.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct SealedSecret(pub String);

impl std::fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealedSecret(…)")
    }
}

/// The kinds that a listener asked for, as `|booking.paid|refund.done|`: one condition of SQL finds each.
#[derive(Clone, Debug, PartialEq, Eq, DeriveValueType)]
pub struct Kinds(pub String);

impl Kinds {
    /// These kinds, each once, in the order of their list.
    #[must_use]
    pub fn of(kinds: &[AnnouncementKind]) -> Self {
        let wanted = AnnouncementKind::ALL.into_iter().filter(|kind| kinds.contains(kind));
        Self(wanted.fold("|".to_owned(), |text, kind| text + kind.as_str() + "|"))
    }

    /// They as they were given.
    #[must_use]
    pub fn list(&self) -> Vec<AnnouncementKind> {
        let has = |kind: &AnnouncementKind| self.0.split('|').any(|word| word == kind.as_str());
        AnnouncementKind::ALL.into_iter().filter(has).collect()
    }

    /// The pattern that finds those who asked for `kind`.
    #[must_use]
    pub fn pattern(kind: AnnouncementKind) -> String {
        format!("%|{}|%", kind.as_str())
    }
}

/// One address.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_listeners")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ListenerId,
    /// Where messages go.
    #[sea_orm(column_type = "Text")]
    pub url: String,
    /// Which.
    pub kinds: Kinds,
    /// What signs them.
    pub sealed_secret: SealedSecret,
    /// Who registered it.
    pub created_by: UserId,
    /// Under which key of their choosing.
    pub idempotency_key: Option<String>,
    /// When.
    pub created_at: DateTimeUtc,
    /// When it was removed.
    pub removed_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_survive_their_text() {
        let kinds =
            [AnnouncementKind::RefundDone, AnnouncementKind::BookingPaid, AnnouncementKind::RefundDone];
        let stored = Kinds::of(&kinds);
        assert_eq!(stored.0, "|booking.paid|refund.done|");
        assert_eq!(stored.list(), [AnnouncementKind::BookingPaid, AnnouncementKind::RefundDone]);
    }
}
