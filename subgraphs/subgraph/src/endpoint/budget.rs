//! How much one request may have resolved.
//!
//! The guard counts what a document says. What it costs depends on the data too: `event { ticketTypes { event { … } } }` is
//! short, and multiplies by the number of ticket types at every second step. A list is as long as there are rows, and the
//! original's clients want all of them; lists within lists are where multiplication begins.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo};
use async_graphql::{QueryPathNode, QueryPathSegment, ServerError, ServerResult, Value};

use service::guard::Limits;

use crate::error::{Code, Error};

/// What one request may still have resolved: fields, and elements of lists.
#[derive(Debug, Clone)]
pub(super) struct Budget(Arc<Account>);

#[derive(Debug)]
struct Account {
    /// Anywhere.
    values: AtomicU64,
    /// In lists within lists.
    nested: AtomicU64,
    /// How much there was of both.
    full: (u64, u64),
    /// How many lists a value may be in before it counts as nested.
    free_lists: usize,
    is_overdrawn: AtomicBool,
}

impl Budget {
    /// The budget of one request, in which `_entities` is no list of the client's.
    pub(super) fn new(limits: &Limits, of_entities: bool) -> Self {
        Self(Arc::new(Account {
            values: limits.values.into(),
            nested: limits.nested_values.into(),
            full: (limits.values, limits.nested_values),
            free_lists: 1 + usize::from(of_entities),
            is_overdrawn: false.into(),
        }))
    }

    fn spend(&self, at: &QueryPathNode<'_>) -> Result<(), Error> {
        let account = &self.0;
        if take(&account.values) && (lists_above(at) <= account.free_lists || take(&account.nested)) {
            return Ok(());
        }
        account.is_overdrawn.store(true, Ordering::Relaxed);
        Err(exceeded())
    }

    /// As much again, for the next answer of the same request.
    pub(super) fn refill(&self) {
        let (values, nested) = self.0.full;
        self.0.values.store(values, Ordering::Relaxed);
        self.0.nested.store(nested, Ordering::Relaxed);
    }

    /// Why the answer to this request is given up, if it has to be.
    pub(super) fn overdrawn(&self) -> Option<Error> {
        self.0.is_overdrawn.load(Ordering::Relaxed).then(exceeded)
    }
}

fn take(from: &AtomicU64) -> bool {
    from.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

fn exceeded() -> Error {
    Error::new(
        Code::DocumentTooComplex,
        "the answer has too many values: ask for fewer lists within lists, or for pages",
    )
}

/// In how many lists a place is.
fn lists_above(at: &QueryPathNode<'_>) -> usize {
    let way_up = std::iter::successors(Some(at), |node| node.parent);
    way_up.filter(|node| matches!(node.segment, QueryPathSegment::Index(_))).count()
}

/// Holds every request of a schema to the [`Budget`] among its data.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budgeted;

impl ExtensionFactory for Budgeted {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(*self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Budgeted {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        if let Some(budget) = ctx.data_opt::<Budget>() {
            budget.spend(info.path_node).map_err(server_error)?;
        }
        next.run(ctx, info).await
    }
}

fn server_error(error: Error) -> ServerError {
    let mut failed = ServerError::new(error.message(), None);
    failed.source = Some(Arc::new(error));
    failed
}
