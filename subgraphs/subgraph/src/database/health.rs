//! Which errors say that the database is out of order, not that we asked it for something wrong.
//!
//! Sources: SQLite "Result and Error Codes"; MySQL "Server Error Message Reference".

use sea_orm::sqlx::error::{DatabaseError, Error as SqlxError};
use sea_orm::sqlx::mysql::MySqlDatabaseError;
use sea_orm::{DbErr, RuntimeErr};

/// Busy, I/O error, full, cannot be opened: the low byte of SQLite's codes, the rest of which are details.
const SQLITE: [u32; 4] = [5, 10, 13, 14];
/// Disk full, too many connections, out of resources, shutting down, lock wait timeout, read-only, connection killed.
const MYSQL: [u16; 8] = [1021, 1040, 1041, 1053, 1205, 1290, 1836, 1927];

/// Whether the same might work later: nobody answers, or there is no room to write.
pub(crate) fn is_out_of_order(error: &DbErr) -> bool {
    match error {
        DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            match &**error {
                SqlxError::Io(_)
                | SqlxError::Tls(_)
                | SqlxError::PoolTimedOut
                | SqlxError::PoolClosed
                | SqlxError::WorkerCrashed => true,
                SqlxError::Database(error) => says_so(&**error),
                _ => false,
            }
        }
        _ => false,
    }
}

fn says_so(error: &dyn DatabaseError) -> bool {
    if let Some(error) = error.try_downcast_ref::<MySqlDatabaseError>() {
        return MYSQL.contains(&error.number());
    }
    let code = error.code().and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| SQLITE.contains(&(code & 0xff)))
}
