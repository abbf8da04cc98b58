//! What was asked, what was answered, and what was done to the stack meanwhile: a line of JSON each, in the order in which it happened.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde_json::{Value, json};

use crate::failure::{Context, Result};

/// The file, shared by everybody who has something to tell.
#[derive(Clone, Debug)]
pub(super) struct History {
    started: Instant,
    file: Arc<Mutex<BufWriter<File>>>,
}

impl History {
    /// A new one.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = File::create(path).context(path.display())?;
        Ok(Self { started: Instant::now(), file: Arc::new(Mutex::new(BufWriter::new(file))) })
    }

    /// Adds a line.
    pub(super) fn tell(&self, who: &str, what: &str, details: &Value) {
        let at = self.started.elapsed().as_millis();
        let line = json!({ "ms": u64::try_from(at).unwrap_or(u64::MAX), "who": who, "what": what, "details": details });
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(file, "{line}");
    }

    /// Writes down what is still in memory.
    pub(super) fn flush(&self) {
        let _ = self.file.lock().unwrap_or_else(PoisonError::into_inner).flush();
    }
}
