//! A value that must not be seen: it has no `Display`, and its `Debug` is a mask.

use std::fmt;

/// What is shown in place of a secret.
pub(super) const MASK: &str = "••••";

/// Wraps a value so that it cannot reach a log, an error or a debug print by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps `value`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Shows the value; the name is meant to be found in a review.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Takes the value out of its wrapping.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn debug_shows_the_mask_only() {
        assert_eq!(format!("{:?}", Some(Secret::new("hunter2"))), "Some(••••)");
    }
}
