//! How much a request may ask for.

use crate::env::Reader;

/// The limits of the guard. The defaults let through what people and generated clients write, with room to spare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// `EVENTHUB_GUARD_BODY_BYTES`: the longest request body.
    pub body_bytes: usize,
    /// `EVENTHUB_GUARD_JSON_DEPTH`: how deep arrays and objects of the body may nest.
    pub json_depth: usize,
    /// `EVENTHUB_GUARD_BATCH`: how many operations one body may carry; 1 means that batching is off.
    pub batch: usize,
    /// `EVENTHUB_GUARD_DOCUMENT_BYTES`: the longest document; one long string is one token.
    pub document_bytes: usize,
    /// `EVENTHUB_GUARD_TOKENS`: the most tokens in a document.
    pub tokens: usize,
    /// `EVENTHUB_GUARD_DEPTH`: how deep selections may nest with fragments written out, and values and types by
    /// themselves.
    pub depth: usize,
    /// `EVENTHUB_GUARD_ALIASES`: the most aliases with fragments written out.
    pub aliases: u64,
    /// `EVENTHUB_GUARD_ROOT_FIELDS`: the most fields on the root type with fragments written out.
    pub root_fields: u64,
    /// `EVENTHUB_GUARD_DIRECTIVES`: the most directives with fragments written out.
    pub directives: u64,
    /// `EVENTHUB_GUARD_DEFINITIONS`: the most operations and fragments in a document.
    pub definitions: usize,
    /// `EVENTHUB_GUARD_SELECTIONS`: the most fields, inline fragments and spreads with fragments written out.
    pub selections: u64,
    /// `EVENTHUB_GUARD_INTROSPECTION`: how much of the schema may be asked for, in fields that a schema of ordinary size
    /// would answer. The standard introspection query asks for about half of the default.
    pub introspection: u64,
    /// `EVENTHUB_GUARD_VALUES`: the most fields and list elements that a subgraph resolves for one request.
    pub values: u64,
    /// `EVENTHUB_GUARD_NESTED_VALUES`: the most of them in lists within lists.
    pub nested_values: u64,
    /// Root mutations that test a credential: one document may carry one of them, or a password list fits in one
    /// request behind aliases.
    pub credential_mutations: Vec<String>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 1024 * 1024,
            json_depth: 64,
            batch: 1,
            document_bytes: 128 * 1024,
            tokens: 8_000,
            depth: 50,
            aliases: 500,
            root_fields: 64,
            directives: 200,
            definitions: 256,
            selections: 4_000,
            introspection: 200_000,
            values: 500_000,
            nested_values: 20_000,
            credential_mutations: ["login", "createUser", "changePassword"].map(str::to_owned).to_vec(),
        }
    }
}

impl Limits {
    /// Reads `EVENTHUB_GUARD_*`, noting every problem in `env`.
    pub fn read(env: &mut Reader) -> Option<Self> {
        let default = Self::default();
        let body_bytes = env.or("EVENTHUB_GUARD_BODY_BYTES", default.body_bytes);
        let json_depth = env.or("EVENTHUB_GUARD_JSON_DEPTH", default.json_depth);
        let batch = env.or("EVENTHUB_GUARD_BATCH", default.batch);
        let document_bytes = env.or("EVENTHUB_GUARD_DOCUMENT_BYTES", default.document_bytes);
        let tokens = env.or("EVENTHUB_GUARD_TOKENS", default.tokens);
        let depth = env.or("EVENTHUB_GUARD_DEPTH", default.depth);
        let aliases = env.or("EVENTHUB_GUARD_ALIASES", default.aliases);
        let root_fields = env.or("EVENTHUB_GUARD_ROOT_FIELDS", default.root_fields);
        let directives = env.or("EVENTHUB_GUARD_DIRECTIVES", default.directives);
        let definitions = env.or("EVENTHUB_GUARD_DEFINITIONS", default.definitions);
        let selections = env.or("EVENTHUB_GUARD_SELECTIONS", default.selections);
        let introspection = env.or("EVENTHUB_GUARD_INTROSPECTION", default.introspection);
        let values = env.or("EVENTHUB_GUARD_VALUES", default.values);
        let nested_values = env.or("EVENTHUB_GUARD_NESTED_VALUES", default.nested_values);
        Some(Self {
            body_bytes: body_bytes?,
            json_depth: json_depth?,
            batch: batch?,
            document_bytes: document_bytes?,
            tokens: tokens?,
            depth: depth?,
            aliases: aliases?,
            root_fields: root_fields?,
            directives: directives?,
            definitions: definitions?,
            selections: selections?,
            introspection: introspection?,
            values: values?,
            nested_values: nested_values?,
            credential_mutations: default.credential_mutations,
        })
    }
}
