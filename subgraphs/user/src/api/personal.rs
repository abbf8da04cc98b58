//! `PersonalData`: everything that is kept about a person. This service tells whose it is; the others add what they keep.
//!
//! Each service guards its part by itself, as it guards everything else it shows of a person.

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entities::user::account::Model as Account;
use entities::user::session;
use subgraph::Error;
use subgraph::audit::AuditEntry;

use super::ask;
use super::user::User;

/// Everything that is kept about a person. Only [`super::query`] makes one, for who may see it.
#[derive(Debug)]
pub struct PersonalData(pub(super) Account);

/// A log-in. Of its tokens only hashes are kept, which are not told.
#[derive(Debug, SimpleObject)]
pub struct PersonalSession {
    /// When somebody logged in.
    opened_at: DateTime<Utc>,
    /// When it ends at the latest.
    expires_at: DateTime<Utc>,
    /// When it was ended, if it was.
    ended_at: Option<DateTime<Utc>>,
}

impl From<session::Model> for PersonalSession {
    fn from(row: session::Model) -> Self {
        Self { opened_at: row.created_at, expires_at: row.expires_at, ended_at: row.revoked_at }
    }
}

/// Everything that is kept about a person. The sessions are those that did not run out long ago: others are deleted.
#[Object]
impl PersonalData {
    /// The id of the person.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The account.
    async fn account(&self) -> User {
        User::from(self.0.clone())
    }

    /// When the person logged in, oldest first.
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<PersonalSession>, Error> {
        let sessions = ask(ctx)?.accounts.store.sessions_of(self.0.id).await?;
        Ok(sessions.into_iter().map(PersonalSession::from).collect())
    }

    /// What was changed about the account, and what the person changed here, newest first.
    async fn account_log(&self, ctx: &Context<'_>) -> Result<Vec<AuditEntry>, Error> {
        Ok(ask(ctx)?.accounts.store.audit_about(self.0.id).await?)
    }
}
