//! What is remembered about documents: the prepared operation or its refusal, and the plans made for it.
//!
//! It belongs to a snapshot and goes with it: nothing worked out for one supergraph is used for another.

use std::sync::Arc;

use executor::PreparedPlan;
use moka::sync::Cache;

use super::{
    limits::Prepared,
    persisted::{Document, Hash},
};
use crate::{config, refusal::Refusal};

/// Refusals kept. Few: they save work for a client that repeats a mistake, and must not crowd out memory for one that makes many.
const REFUSALS: u64 = 256;

/// Refusals of documents longer than this are not kept.
const REFUSED_DOCUMENT: usize = 4_096;

/// A document and the operation of it that is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct OperationKey {
    document: Hash,
    name: Option<Box<str>>,
}

/// Values of the variables that `@skip` and `@include` read, in the operation's order.
pub(super) type ConditionValues = Box<[bool]>;

/// What is remembered.
#[derive(Debug)]
pub struct OperationCache {
    prepared: Cache<OperationKey, Arc<Prepared>>,
    refused: Cache<OperationKey, Refusal>,
    plans: Cache<(OperationKey, ConditionValues), Arc<PreparedPlan>>,
}

/// How full the caches are.
#[derive(Debug, Clone, Copy)]
pub struct CacheSizes {
    /// Prepared operations.
    pub operations: u64,
    /// Refusals.
    pub refusals: u64,
    /// Query plans.
    pub plans: u64,
}

impl OperationCache {
    /// Empty caches of the configured sizes.
    pub fn new(config: &config::Cache) -> Self {
        Self {
            prepared: Cache::new(config.operations),
            refused: Cache::new(REFUSALS.min(config.operations)),
            plans: Cache::new(config.plans),
        }
    }

    /// The prepared operation, or its refusal, from memory or from `prepare`.
    pub(super) fn prepare(
        &self,
        document: &Document,
        name: Option<&str>,
        prepare: impl FnOnce() -> Result<Unkeyed, Refusal>,
    ) -> Result<Arc<Prepared>, Refusal> {
        let key = OperationKey { document: document.hash, name: name.map(Into::into) };
        if let Some(known) = self.prepared.get(&key) {
            return Ok(known);
        }
        if let Some(refusal) = self.refused.get(&key) {
            return Err(refusal);
        }
        match prepare() {
            Ok(unkeyed) => {
                let prepared = Arc::new(unkeyed.with_key(key.clone()));
                self.prepared.insert(key, Arc::clone(&prepared));
                Ok(prepared)
            }
            Err(refusal) => {
                if document.text.len() <= REFUSED_DOCUMENT {
                    self.refused.insert(key, refusal.clone());
                }
                Err(refusal)
            }
        }
    }

    /// The plan of an operation under these conditions, and whether it was remembered.
    pub(super) fn plan(
        &self,
        prepared: &Prepared,
        conditions: ConditionValues,
        plan: impl FnOnce() -> Result<PreparedPlan, Refusal>,
    ) -> Result<(Arc<PreparedPlan>, bool), Refusal> {
        let key = (prepared.key().clone(), conditions);
        if let Some(known) = self.plans.get(&key) {
            return Ok((known, true));
        }
        let planned = Arc::new(plan()?);
        self.plans.insert(key, Arc::clone(&planned));
        Ok((planned, false))
    }

    /// How full the caches are.
    pub fn sizes(&self) -> CacheSizes {
        CacheSizes {
            operations: self.prepared.entry_count(),
            refusals: self.refused.entry_count(),
            plans: self.plans.entry_count(),
        }
    }
}

pub(super) use super::limits::Unkeyed;
