//! What went wrong, in words for the person at the keyboard.

use std::fmt::Display;

/// The reason a command could not do its work; shown as it is, so it names the thing and the way out.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(String);

impl Failure {
    /// A failure with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
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
