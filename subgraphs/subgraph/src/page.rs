//! `limit` and `offset`: which part of a list is wanted.

use crate::error::Error;

/// The most rows of one page.
pub const LARGEST: u64 = 500;

/// A part of a list. Without a limit the whole list is wanted, as the original's clients expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Page {
    /// At most this many rows.
    pub limit: Option<u64>,
    /// After leaving out this many.
    pub offset: u64,
}

impl Page {
    /// Reads the two arguments.
    ///
    /// # Errors
    /// BAD_USER_INPUT when `limit` is not within 1 and [`LARGEST`], or `offset` is negative.
    pub fn from_arguments(limit: Option<i32>, offset: Option<i32>) -> Result<Self, Error> {
        let limit = limit.map(|limit| match u64::try_from(limit) {
            Ok(limit @ 1..=LARGEST) => Ok(limit),
            _ => Err(Error::bad_input("limit", format!("limit is between 1 and {LARGEST}"))),
        });
        let offset = u64::try_from(offset.unwrap_or(0));
        let offset = offset.map_err(|_| Error::bad_input("offset", "offset is not negative"))?;
        Ok(Self { limit: limit.transpose()?, offset })
    }

    /// The limit to put into SQL: MySQL and SQLite know no `OFFSET` without one.
    #[must_use]
    pub fn sql_limit(&self) -> u64 {
        self.limit.unwrap_or(i64::MAX as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_out_of_bounds_are_named() {
        assert_eq!(Page::from_arguments(None, None).unwrap(), Page { limit: None, offset: 0 });
        assert_eq!(Page::from_arguments(Some(5), Some(10)).unwrap(), Page { limit: Some(5), offset: 10 });
        for limit in [0, -1, 501, i32::MIN] {
            assert_eq!(Page::from_arguments(Some(limit), None).unwrap_err().field(), Some("limit"));
        }
        assert_eq!(Page::from_arguments(None, Some(-1)).unwrap_err().field(), Some("offset"));
    }
}
