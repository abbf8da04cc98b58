//! A fetch → the body of its request, or nothing when there is nothing to ask.

use bytes::Bytes;

use crate::prepare::{PreparedFetch, PreparedPlan, PreparedTarget};
use crate::representations::{Members, each_object, write_representations};
use crate::response::ExecutionRequest;
use crate::tree::Tree;

/// A request that is complete.
#[derive(Debug)]
pub(crate) struct Request {
    /// `None`: there is nothing to ask.
    pub(crate) body: Option<Bytes>,
    /// By target: whom it is about.
    pub(crate) targets: Vec<Members>,
}

impl Request {
    pub(crate) fn representations(&self, fetch: &PreparedFetch) -> usize {
        let entities =
            fetch.targets.iter().zip(&self.targets).filter(|(target, _)| target.entities.is_some());
        entities.map(|(_, members)| members.count as usize).sum()
    }
}

/// The beginning of the body of a request for `fetch`, with the client's variables.
pub(crate) fn begin<'o>(
    out: &'o mut Vec<u8>,
    fetch: &PreparedFetch,
    request: &ExecutionRequest<'_>,
) -> Variables<'o> {
    out.extend_from_slice(&fetch.head);
    let mut variables = Variables { out, is_first: true };
    for (name, quoted) in &fetch.variables {
        // A variable that the client left out is left out here as well: absent and null are different values.
        if let Some(value) = request.variables.get(name.as_str()) {
            write_json(variables.begin(quoted), value);
        }
    }
    variables
}

/// Collects what `fetch` is about from the data tree and writes its request.
pub(crate) fn write_request(
    tree: &Tree,
    plan: &PreparedPlan,
    fetch: &PreparedFetch,
    request: &ExecutionRequest<'_>,
) -> Request {
    let mut out = Vec::with_capacity(fetch.head.len() + 256);
    let mut variables = begin(&mut out, fetch, request);
    let targets: Vec<_> =
        fetch.targets.iter().map(|target| members(&mut variables, tree, plan, target)).collect();
    variables.end();
    let has_work = targets.iter().any(|members| members.count > 0);
    Request { body: has_work.then(|| Bytes::from(out)), targets }
}

fn members(
    variables: &mut Variables<'_>,
    tree: &Tree,
    plan: &PreparedPlan,
    target: &PreparedTarget,
) -> Members {
    match &target.entities {
        Some(entities) => {
            let out = variables.begin(&entities.variable);
            write_representations(out, tree, plan, &target.path, entities)
        }
        None => {
            let mut members = Members::default();
            each_object(tree, &target.path, |object| {
                members.places.push((0, object));
            });
            members.count = u32::from(!members.places.is_empty());
            members
        }
    }
}

/// Writes the members of `"variables"`.
pub(crate) struct Variables<'a> {
    out: &'a mut Vec<u8>,
    is_first: bool,
}

impl Variables<'_> {
    pub(crate) fn begin(&mut self, quoted: &[u8]) -> &mut Vec<u8> {
        let lead: &[u8] = if self.is_first { b",\"variables\":{" } else { b"," };
        self.is_first = false;
        self.out.extend_from_slice(lead);
        self.out.extend_from_slice(quoted);
        self.out
    }

    pub(crate) fn end(self) {
        let tail: &[u8] = if self.is_first { b"}" } else { b"}}" };
        self.out.extend_from_slice(tail);
    }
}

/// Writes any JSON value. Writing to memory does not fail.
pub(crate) fn write_json(out: &mut Vec<u8>, value: &serde_json::Value) {
    let start = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}
