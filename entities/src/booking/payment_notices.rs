//! Rows of `payment_notices`: the inbox of what payment providers told us, each message once.
//!
//! A message says only which payment to ask about; what it is about stands at the provider. Its body is not kept.

use sea_orm::entity::prelude::*;

use super::status::NoticeOutcome;
use crate::ids::NoticeId;

/// One message.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment_notices")]
pub struct Model {
    /// Its id here.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: NoticeId,
    /// The provider's name.
    pub provider: String,
    /// The provider's name for the message, or a digest of what it says: unique for each provider.
    pub event_key: String,
    /// The provider's word for what happened.
    pub kind: String,
    /// The payment it names, as it names it.
    pub payment_reference: Option<String>,
    /// The provider's name for the money, where it names that instead.
    pub transaction_id: Option<String>,
    /// What became of it; `None` while it waits.
    pub outcome: Option<NoticeOutcome>,
    /// When a worker must look at it; `None` at rest.
    pub due_at: Option<DateTimeUtc>,
    /// How often somebody has tried.
    pub tries: i32,
    /// When it came.
    pub received_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
