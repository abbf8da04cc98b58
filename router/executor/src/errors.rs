//! The closed list of error codes that execution itself gives, and the errors of one execution.
//!
//! An error of a subgraph is recorded when its answer is read, and reported where its null turns up in the response (see `complete.rs`):
//! so it carries the client's path, once for every place that it stands for. What never turns up is reported at the end (`orphans.rs`).

use uuid::Uuid;

use crate::json;
use crate::response::Limits;
use crate::tree::{Below, ErrorId, ObjectId};

/// Why a part of the response is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// A subgraph did not answer in time.
    SubgraphTimeout,
    /// A subgraph could not be reached.
    SubgraphUnreachable,
    /// A subgraph was not asked because it failed too often.
    SubgraphUnavailable,
    /// A subgraph answered with something that is not what was asked for.
    SubgraphBadResponse,
    /// A subgraph's answer is larger than allowed.
    SubgraphTooLarge,
    /// A subgraph reported an error without a code of its own.
    SubgraphError,
    /// A non-nullable field has no value.
    UnexpectedNull,
    /// A value does not fit its type.
    InvalidValue,
    /// More errors than a response lists.
    TooManyErrors,
    /// The response is larger than allowed.
    ResponseTooLarge,
}

impl ErrorCode {
    /// The code as `extensions.code` shows it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SubgraphTimeout => "SUBGRAPH_TIMEOUT",
            Self::SubgraphUnreachable => "SUBGRAPH_UNREACHABLE",
            Self::SubgraphUnavailable => "SUBGRAPH_UNAVAILABLE",
            Self::SubgraphBadResponse => "SUBGRAPH_BAD_RESPONSE",
            Self::SubgraphTooLarge => "SUBGRAPH_TOO_LARGE",
            Self::SubgraphError => "SUBGRAPH_ERROR",
            Self::UnexpectedNull => "UNEXPECTED_NULL",
            Self::InvalidValue => "INVALID_VALUE",
            Self::TooManyErrors => "TOO_MANY_ERRORS",
            Self::ResponseTooLarge => "RESPONSE_TOO_LARGE",
        }
    }

    /// What a subgraph did, as the client may know it.
    const fn what_it_did(self) -> &'static str {
        match self {
            Self::SubgraphTimeout => "did not answer in time",
            Self::SubgraphUnreachable => "could not be reached",
            Self::SubgraphUnavailable => "is not available at the moment",
            Self::SubgraphTooLarge => "answered with more than is allowed",
            Self::SubgraphError => "reported an error",
            Self::SubgraphBadResponse
            | Self::UnexpectedNull
            | Self::InvalidValue
            | Self::TooManyErrors
            | Self::ResponseTooLarge => "did not answer as expected",
        }
    }
}

/// An error that is known, though not yet where in the response it shows.
#[derive(Debug)]
pub(crate) struct Record {
    /// As JSON.
    message: Box<[u8]>,
    /// As JSON.
    extensions: Box<[u8]>,
    /// The object of the data tree under which it happened, and the way from there; for errors that no null in the response shows.
    pub(crate) origin: Option<Origin>,
    reported: bool,
}

/// Where an error happened, in the data tree.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) object: ObjectId,
    pub(crate) below: Vec<Below>,
}

impl Record {
    /// An error that a subgraph reported; `message` and `extensions` are JSON.
    pub(crate) fn of_subgraph(message: &[u8], extensions: Vec<u8>) -> Self {
        Self { message: message.into(), extensions: extensions.into(), origin: None, reported: false }
    }

    /// An error of a whole fetch. `error_id` is also in the log, where the rest is.
    pub(crate) fn of_fetch(code: ErrorCode, subgraph: &str, error_id: Uuid) -> Self {
        let mut message = Vec::new();
        json::write_string(&mut message, &format!("Subgraph \"{subgraph}\" {}.", code.what_it_did()));
        let mut extensions = Vec::new();
        extensions.extend_from_slice(b"{\"code\":");
        json::write_string(&mut extensions, code.as_str());
        extensions.extend_from_slice(b",\"service\":");
        json::write_string(&mut extensions, subgraph);
        extensions.extend_from_slice(b",\"errorId\":");
        json::write_string(&mut extensions, &error_id.to_string());
        extensions.push(b'}');
        Self::of_subgraph(&message, extensions)
    }
}

/// All errors of one execution: those that are known, and those that the response lists.
#[derive(Debug)]
pub(crate) struct ErrorLog {
    records: Vec<Record>,
    /// The elements of `errors`, as JSON.
    listed: Vec<u8>,
    count: usize,
    left_out: usize,
    limits: Limits,
}

impl ErrorLog {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { records: Vec::new(), listed: Vec::new(), count: 0, left_out: 0, limits }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Keeps an error until it is known where it shows.
    pub(crate) fn record(&mut self, record: Record) -> ErrorId {
        self.records.push(record);
        (self.records.len() - 1) as ErrorId
    }

    pub(crate) fn set_origin(&mut self, id: ErrorId, origin: Origin) {
        if let Some(record) = self.records.get_mut(id as usize) {
            record.origin = Some(origin);
        }
    }

    /// Counts errors that are not even recorded.
    pub(crate) fn leave_out(&mut self, count: usize) {
        self.left_out += count;
    }

    /// The errors that have not been reported anywhere yet.
    pub(crate) fn unreported(&self) -> impl Iterator<Item = (ErrorId, &Record)> {
        let records = self.records.iter().enumerate().filter(|(_, record)| !record.reported);
        records.map(|(id, record)| (id as ErrorId, record))
    }

    /// Lists a recorded error at a place of the response. `path` writes the array, or nothing where there is no place.
    pub(crate) fn report(&mut self, id: ErrorId, path: impl FnOnce(&mut Vec<u8>)) {
        let is_full = self.is_full();
        let Some(record) = self.records.get_mut(id as usize) else { return };
        record.reported = true;
        if is_full {
            self.left_out += 1;
            return;
        }
        self.count += 1;
        write_error(&mut self.listed, &record.message, path, &record.extensions);
    }

    /// Takes an error for reported that is nobody's business.
    pub(crate) fn pass_over(&mut self, id: ErrorId) {
        if let Some(record) = self.records.get_mut(id as usize) {
            record.reported = true;
        }
    }

    /// Lists an error that completion found.
    pub(crate) fn report_new(&mut self, code: ErrorCode, message: &str, path: impl FnOnce(&mut Vec<u8>)) {
        if self.is_full() {
            self.left_out += 1;
            return;
        }
        self.count += 1;
        let mut quoted = Vec::new();
        json::write_string(&mut quoted, message);
        let extensions = format!("{{\"code\":\"{}\"}}", code.as_str());
        write_error(&mut self.listed, &quoted, path, extensions.as_bytes());
    }

    /// How many errors have been reported, listed or not.
    pub(crate) fn reported(&self) -> usize {
        self.count + self.left_out
    }

    fn is_full(&self) -> bool {
        self.count >= self.limits.errors || self.listed.len() >= self.limits.error_bytes
    }

    /// The elements of `errors` as JSON, and how many there are.
    pub(crate) fn finish(mut self) -> (Vec<u8>, usize) {
        if self.left_out > 0 {
            self.count += 1;
            let message = format!("\"{} more errors are not listed.\"", self.left_out);
            let extensions = format!("{{\"code\":\"{}\"}}", ErrorCode::TooManyErrors.as_str());
            write_error(&mut self.listed, message.as_bytes(), |_| (), extensions.as_bytes());
        }
        (self.listed, self.count)
    }
}

fn write_error(out: &mut Vec<u8>, message: &[u8], path: impl FnOnce(&mut Vec<u8>), extensions: &[u8]) {
    if !out.is_empty() {
        out.push(b',');
    }
    out.extend_from_slice(b"{\"message\":");
    out.extend_from_slice(message);
    let before = out.len();
    out.extend_from_slice(b",\"path\":");
    let start = out.len();
    path(out);
    if out.len() == start {
        out.truncate(before);
    }
    out.extend_from_slice(b",\"extensions\":");
    out.extend_from_slice(extensions);
    out.push(b'}');
}
