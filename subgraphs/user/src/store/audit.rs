//! Reading the audit log of this database.

use entities::ids::UserId;
use subgraph::audit::{self, AuditEntry, Filter};
use subgraph::page::Page;

use super::Store;
use crate::error::Error;

impl Store {
    /// The entries that `filter` lets through, newest first.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn audit(&self, filter: &Filter, page: Page) -> Result<Vec<AuditEntry>, Error> {
        Ok(audit::find(self.read(), filter, page).await?)
    }

    /// The entries about an account and about what its owner did, newest first.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn audit_about(&self, user: UserId) -> Result<Vec<AuditEntry>, Error> {
        Ok(audit::about(self.read(), user, Page::default()).await?)
    }
}
