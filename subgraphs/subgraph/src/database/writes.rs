//! What is written together goes to the database together.
//!
//! SQLite works in a thread of its own: every statement costs two changes of thread, which is more than what it does there. So several that
//! need no answer in between are sent as one. MySQL prepares one statement at a time, and gets them one by one.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryTrait, Statement};

/// Statements that write, each with the number of rows that it must change.
#[derive(Debug)]
#[must_use]
pub struct Writes {
    backend: DbBackend,
    all: Vec<(Statement, u64)>,
}

impl Writes {
    /// Nothing yet, for `db`.
    pub fn to(db: &impl ConnectionTrait) -> Self {
        Self { backend: db.get_database_backend(), all: Vec::new() }
    }

    /// And `statement`, which must change exactly so many `rows`.
    pub fn and(mut self, statement: &impl QueryTrait, rows: usize) -> Self {
        self.all.push((statement.build(self.backend), rows as u64));
        self
    }

    /// And what `others` are.
    pub fn with(mut self, others: Self) -> Self {
        self.all.extend(others.all);
        self
    }

    /// Runs them in their order, in the transaction that `db` is. `false` when not every one changed as many rows as it must: then some may have
    /// been written, and the transaction must not be committed as it is.
    ///
    /// # Errors
    /// When the database fails or refuses one: those before it are written.
    pub async fn run(self, db: &impl ConnectionTrait) -> Result<bool, DbErr> {
        if self.backend == DbBackend::Sqlite {
            return self.run_at_once(db).await;
        }
        for (statement, rows) in self.all {
            if db.execute_raw(statement).await?.rows_affected() != rows {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The driver binds the values in order, across the statements of a text, and adds up the rows.
    async fn run_at_once(self, db: &impl ConnectionTrait) -> Result<bool, DbErr> {
        let rows: u64 = self.all.iter().map(|(_, rows)| rows).sum();
        let (mut text, mut values) = (String::new(), Vec::new());
        for (statement, _) in self.all {
            text.push_str(&statement.sql);
            text.push(';');
            values.extend(statement.values.into_iter().flatten());
        }
        let statement = Statement::from_sql_and_values(self.backend, text, values);
        Ok(db.execute_raw(statement).await?.rows_affected() == rows)
    }
}
