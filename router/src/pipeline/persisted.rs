//! Stage 1: which document is meant. A client may send a document's hash instead of the document, once the router has seen both together.
//!
//! Source: the protocol of automatic persisted queries (`extensions.persistedQuery`, version 1, SHA-256).

use std::sync::Arc;

use apollo_compiler::response::JsonMap;
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use super::Stage;
use crate::refusal::Refusal;

/// SHA-256 of a document.
pub(super) type Hash = [u8; 32];

/// A document's text, with its hash.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) text: Arc<str>,
    pub(super) hash: Hash,
}

impl Document {
    fn new(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        Self { hash: Sha256::digest(text.as_bytes()).into(), text }
    }
}

/// Documents that clients may name by their hash. Only documents that were sent together with it are kept; the process's own, they outlive
/// a reload.
#[derive(Debug)]
pub struct PersistedDocuments(Option<Cache<Hash, Arc<str>>>);

impl PersistedDocuments {
    /// Keeps documents of `bytes` together; 0 keeps none and says so to clients.
    pub fn new(bytes: usize) -> Self {
        let weigh = |_: &Hash, text: &Arc<str>| u32::try_from(text.len() + 64).unwrap_or(u32::MAX);
        let capacity = u64::try_from(bytes).unwrap_or(u64::MAX);
        Self((bytes > 0).then(|| Cache::builder().weigher(weigh).max_capacity(capacity).build()))
    }
}

/// Finds the document that the request means.
pub(super) fn persisted(
    stage: Stage<'_>,
    query: Option<String>,
    extensions: Option<JsonMap>,
) -> Result<Document, Refusal> {
    let named = extensions.as_ref().and_then(|extensions| extensions.get("persistedQuery"));
    match (query, named) {
        (Some(query), None) => Ok(Document::new(query)),
        (None, None) => Err(Refusal::not_a_request("the query parameter is missing")),
        (query, Some(named)) => {
            by_hash(&stage.app.persisted, query, named.get("sha256Hash").and_then(|hash| hash.as_str()))
        }
    }
}

fn by_hash(
    known: &PersistedDocuments,
    query: Option<String>,
    hash: Option<&str>,
) -> Result<Document, Refusal> {
    let Some(known) = &known.0 else { return query.map(Document::new).ok_or(Refusal::PersistedOff) };
    let hash = hash
        .and_then(read_hash)
        .ok_or_else(|| Refusal::not_a_request("persistedQuery carries a SHA-256 in hexadecimal"))?;
    match query.map(Document::new) {
        Some(document) if document.hash == hash => {
            known.insert(hash, Arc::clone(&document.text));
            Ok(document)
        }
        Some(_) => Err(Refusal::PersistedMismatch),
        None => known.get(&hash).map(|text| Document { text, hash }).ok_or(Refusal::PersistedNotFound),
    }
}

fn read_hash(hex: &str) -> Option<Hash> {
    let hex = hex.as_bytes();
    let mut hash = Hash::default();
    if hex.len() != 2 * hash.len() {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(hex.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(hash: Hash) -> String {
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn a_hash_is_known_after_its_document_was_sent_with_it() {
        let known = PersistedDocuments::new(1 << 20);
        let hash = hex(Document::new("{ a }").hash);
        assert!(matches!(by_hash(&known, None, Some(&hash)), Err(Refusal::PersistedNotFound)));
        assert!(by_hash(&known, Some("{ a }".to_owned()), Some(&hash)).is_ok());
        assert_eq!(&*by_hash(&known, None, Some(&hash)).unwrap().text, "{ a }");
    }

    #[test]
    fn a_wrong_hash_stores_nothing() {
        let known = PersistedDocuments::new(1 << 20);
        let hash = hex(Document::new("{ a }").hash);
        assert!(matches!(
            by_hash(&known, Some("{ b }".to_owned()), Some(&hash)),
            Err(Refusal::PersistedMismatch)
        ));
        assert!(matches!(by_hash(&known, None, Some(&hash)), Err(Refusal::PersistedNotFound)));
        assert_eq!(by_hash(&known, None, Some("+1+1")).unwrap_err().code(), "BAD_REQUEST");
    }

    #[test]
    fn turned_off_it_says_so() {
        let off = PersistedDocuments::new(0);
        assert!(matches!(by_hash(&off, None, Some("x")), Err(Refusal::PersistedOff)));
        assert!(by_hash(&off, Some("{ a }".to_owned()), Some("x")).is_ok());
    }
}
