//! Reading the audit log of this database.

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
}
