//! What became of a provider's message to us.

use sea_orm::sea_query::StringLen;
use sea_orm::{DeriveActiveEnum, EnumIter};

/// What became of a message, once something did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum NoticeOutcome {
    /// The provider was asked, and the payment says what it said.
    #[sea_orm(string_value = "APPLIED")]
    Applied,
    /// No payment of ours: a person should look.
    #[sea_orm(string_value = "UNKNOWN")]
    Unknown,
}

impl NoticeOutcome {
    /// The word in rows and facts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "APPLIED",
            Self::Unknown => "UNKNOWN",
        }
    }
}
