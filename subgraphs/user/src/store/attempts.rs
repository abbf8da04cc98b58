//! Counted failures.

use chrono::{DateTime, Utc};
use entities::audit::Action;
use entities::user::attempt::{ActiveModel, Column, Entity, Model};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use subgraph::audit::{self, Entry};
use subgraph::database::inserted;

use super::Store;
use crate::domain::lockout::Failures;
use crate::error::Error;

impl Store {
    /// What is counted against `subjects`, in any order; nothing for those that did not fail.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn failures(&self, subjects: &[String]) -> Result<Vec<Failures>, Error> {
        let rows = Entity::find().filter(Column::Subject.is_in(subjects)).all(self.read()).await?;
        Ok(rows.into_iter().map(failures).collect())
    }

    /// What is counted against `subject`, read where it is written.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn latest_failures(&self, subject: &str) -> Result<Option<Failures>, Error> {
        Ok(Entity::find_by_id(subject).one(self.write()).await?.map(failures))
    }

    /// Replaces `previous` by `next`; `false` when it is no longer what is counted.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn replace_failures(
        &self,
        subject: &str,
        previous: Option<Failures>,
        next: Failures,
    ) -> Result<bool, Error> {
        let Some(until) = next.locked_until else {
            return Ok(replace(self.write(), subject, previous, next).await?);
        };
        self.transaction(|tx| async move {
            let replaced = replace(&*tx, subject, previous, next).await?;
            if replaced {
                let entry = Entry::new(Action::LoginLocked, subject);
                let entry = entry.became("lockedUntil", until.to_rfc3339());
                audit::record(&*tx, next.last_at, [entry]).await?;
            }
            Ok(replaced)
        })
        .await
    }

    /// Forgives everything counted against `subject`.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn forgive(&self, subject: &str) -> Result<(), Error> {
        Entity::delete_by_id(subject).exec(self.write()).await?;
        Ok(())
    }

    /// Deletes what was counted last before `moment`.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn forget_failures(&self, moment: DateTime<Utc>) -> Result<u64, Error> {
        let delete = Entity::delete_many().filter(Column::LastFailedAt.lt(moment));
        Ok(delete.exec(self.write()).await?.rows_affected)
    }
}

async fn replace(
    db: &impl ConnectionTrait,
    subject: &str,
    previous: Option<Failures>,
    next: Failures,
) -> Result<bool, DbErr> {
    // `reset_all`, because an update writes only what is marked as changed.
    let row = ActiveModel::from(model(subject, next)).reset_all();
    let Some(previous) = previous else {
        return inserted(Entity::insert(row).exec_without_returning(db).await);
    };
    let update = Entity::update_many()
        .set(row)
        .filter(Column::Subject.eq(subject))
        .filter(Column::Failures.eq(stored(previous.count)))
        .filter(Column::LastFailedAt.eq(previous.last_at));
    Ok(update.exec(db).await?.rows_affected > 0)
}

fn failures(row: Model) -> Failures {
    Failures {
        count: u32::try_from(row.failures).unwrap_or(0),
        last_at: row.last_failed_at,
        locked_until: row.locked_until,
    }
}

fn model(subject: &str, failures: Failures) -> Model {
    Model {
        subject: subject.to_owned(),
        failures: stored(failures.count),
        last_failed_at: failures.last_at,
        locked_until: failures.locked_until,
    }
}

fn stored(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
