//! What this service keeps about a person: its part of `PersonalData`.

use async_graphql::{Context, ID, Object};
use entities::ids::UserId;
use subgraph::access::require_self_or_admin;
use subgraph::audit::AuditEntry;

use super::query::app;
use crate::error::EventError;

/// Everything that is kept about a person.
pub(super) struct PersonalData {
    pub(super) id: UserId,
}

#[Object]
impl PersonalData {
    async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// The events that the person created. For the person and for administrators.
    async fn created_events(&self, ctx: &Context<'_>) -> Result<Vec<ID>, subgraph::Error> {
        require_self_or_admin(ctx, *self.id.as_uuid())?;
        let ids = app(ctx)?.store.created_by(self.id).await.map_err(EventError::from)?;
        Ok(ids.into_iter().map(|id| id.to_string().into()).collect())
    }

    /// What the person did here, as the audit log tells it. For the person and for administrators.
    async fn event_log(&self, ctx: &Context<'_>) -> Result<Vec<AuditEntry>, subgraph::Error> {
        require_self_or_admin(ctx, *self.id.as_uuid())?;
        Ok(app(ctx)?.store.audit_about(self.id).await.map_err(EventError::from)?)
    }
}
