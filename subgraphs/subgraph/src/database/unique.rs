//! What a unique key in the way means to whoever inserts: a row is there already, and that is an answer, not a failure.

use sea_orm::{DbErr, SqlErr};

/// Whether a row was written; `false` when a unique key was in the way.
///
/// # Errors
/// When the database fails in any other way.
pub fn inserted<T>(outcome: Result<T, DbErr>) -> Result<bool, DbErr> {
    match outcome {
        Ok(_) => Ok(true),
        Err(error) if is_taken(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether a unique key was in the way.
#[must_use]
pub fn is_taken(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}
