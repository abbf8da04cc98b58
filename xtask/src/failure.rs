//! What went wrong, in words for the person at the keyboard.

use std::fmt::Display;
use std::process::ExitCode;

/// The reason a command could not do its work; shown as it is, so it names the thing and the way out.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    text: String,
    code: u8,
}

impl Failure {
    /// A failure with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), code: 1 }
    }

    /// A schema change that breaks somebody: everything was done, but the change should not be merged. Its exit code is 2, so that CI can tell it
    /// from a check that could not be made.
    pub fn breaking(text: impl Into<String>) -> Self {
        Self { text: text.into(), code: 2 }
    }

    /// The exit code of a process that ends with it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

/// The result of everything here.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// Says what was being done when an error came from below.
pub trait Context<T> {
    /// Turns any error into a [`Failure`] that begins with `what`.
    ///
    /// # Errors
    /// The failure, when `self` is an error.
    fn context(self, what: impl Display) -> Result<T>;
}

impl<T, E: Display> Context<T> for std::result::Result<T, E> {
    fn context(self, what: impl Display) -> Result<T> {
        self.map_err(|error| Failure::new(format!("{what}: {error}")))
    }
}
