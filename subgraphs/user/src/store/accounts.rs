//! Accounts.

use chrono::{DateTime, Utc};
use entities::ids::UserId;
use entities::user::account::{ActiveModel, Column, Entity, Model, PasswordHash};
use entities::user::{Role, session};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, SqlErr};
use subgraph::page::Page;

use super::Store;
use crate::error::Error;

/// What a person may change about themselves; `None` leaves a value as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// The new name.
    pub name: Option<String>,
    /// The new phone number, or none any more.
    pub phone_number: Option<Option<String>>,
    /// The new postal address, or none any more.
    pub address: Option<Option<String>>,
}

impl Store {
    /// Inserts a new account.
    ///
    /// # Errors
    /// [`Error::EmailTaken`], [`Error::Database`].
    pub async fn insert_account(&self, account: Model) -> Result<(), Error> {
        let insert = Entity::insert(ActiveModel::from(account)).exec_without_returning(self.write()).await;
        match insert {
            Ok(_) => Ok(()),
            Err(error) => match error.sql_err() {
                // The id is new, so the only unique thing that can be there already is the address.
                Some(SqlErr::UniqueConstraintViolation(_)) => Err(Error::EmailTaken),
                _ => Err(error.into()),
            },
        }
    }

    /// The account, deleted or not.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn account(&self, id: UserId) -> Result<Option<Model>, Error> {
        Ok(Entity::find_by_id(id).one(self.read()).await?)
    }

    /// The accounts with these ids, in any order, by one statement. Deleted ones too: old bookings refer to them.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn accounts_by_ids(&self, ids: &[UserId]) -> Result<Vec<Model>, Error> {
        Ok(Entity::find().filter(Column::Id.is_in(ids.iter().copied())).all(self.read()).await?)
    }

    /// The account with this address in its unique spelling.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn account_by_email_key(&self, key: &str) -> Result<Option<Model>, Error> {
        Ok(Entity::find().filter(Column::EmailKey.eq(key)).one(self.read()).await?)
    }

    /// The accounts that are not deleted, oldest first.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn accounts(&self, page: Page) -> Result<Vec<Model>, Error> {
        let living = Entity::find().filter(Column::DeletedAt.is_null()).order_by_asc(Column::Id);
        Ok(living.limit(page.sql_limit()).offset(page.offset).all(self.read()).await?)
    }

    /// Every account with its deletion, oldest first: for the checks from inside.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn every_account(&self) -> Result<Vec<Model>, Error> {
        Ok(Entity::find().order_by_asc(Column::Id).all(self.read()).await?)
    }

    /// Changes what a person says about themselves; `false` when there is no such account.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn update_profile(
        &self,
        id: UserId,
        profile: Profile,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let mut change = ActiveModel { updated_at: Set(now), ..Default::default() };
        if let Some(name) = profile.name {
            change.name = Set(name);
        }
        if let Some(phone_number) = profile.phone_number {
            change.phone_number = Set(phone_number);
        }
        if let Some(address) = profile.address {
            change.address = Set(address);
        }
        let update = Entity::update_many().set(change).filter(living(id));
        Ok(update.exec(self.write()).await?.rows_affected > 0)
    }

    /// Gives an account another role; tokens made for the old one stop working.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn update_role(&self, id: UserId, role: Role, now: DateTime<Utc>) -> Result<bool, Error> {
        let update = Entity::update_many()
            .set(ActiveModel { role: Set(role), updated_at: Set(now), ..Default::default() })
            .col_expr(Column::TokenVersion, Expr::col(Column::TokenVersion).add(1))
            .filter(living(id));
        Ok(update.exec(self.write()).await?.rows_affected > 0)
    }

    /// Makes every access token that an account has worthless.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn bump_token_version(&self, id: UserId) -> Result<(), Error> {
        bump_token_version(self.write(), id).await
    }

    /// Gives an account another password, and `role` if any, and ends all its sessions.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn replace_password(
        &self,
        id: UserId,
        hash: PasswordHash,
        role: Option<Role>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let mut change =
            ActiveModel { password_hash: Set(Some(hash)), updated_at: Set(now), ..Default::default() };
        if let Some(role) = role {
            change.role = Set(role);
        }
        self.change_and_log_out(id, change, now).await.map(drop)
    }

    /// Takes from an account everything that says who it was, and ends all its sessions; `false` when there is no such account.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn anonymise(&self, id: UserId, now: DateTime<Utc>) -> Result<bool, Error> {
        let change = ActiveModel {
            name: Set("deleted".to_owned()),
            // Not an address: nobody can register it, and the real one is free again.
            email: Set(format!("deleted:{id}")),
            email_key: Set(format!("deleted:{id}")),
            password_hash: Set(None),
            phone_number: Set(None),
            address: Set(None),
            role: Set(Role::Customer),
            updated_at: Set(now),
            deleted_at: Set(Some(now)),
            ..Default::default()
        };
        self.change_and_log_out(id, change, now).await
    }

    /// Applies `change`, raises the token version and ends all sessions, all or nothing.
    async fn change_and_log_out(
        &self,
        id: UserId,
        change: ActiveModel,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let transaction = self.begin().await?;
        let update = Entity::update_many().set(change).filter(living(id));
        let found = update.exec(&transaction).await?.rows_affected > 0;
        if found {
            bump_token_version(&transaction, id).await?;
            end_sessions(&transaction, id, now).await?;
        }
        transaction.commit().await?;
        Ok(found)
    }
}

fn living(id: UserId) -> sea_orm::Condition {
    sea_orm::Condition::all().add(Column::Id.eq(id)).add(Column::DeletedAt.is_null())
}

async fn bump_token_version(connection: &impl ConnectionTrait, id: UserId) -> Result<(), Error> {
    let update = Entity::update_many()
        .col_expr(Column::TokenVersion, Expr::col(Column::TokenVersion).add(1))
        .filter(Column::Id.eq(id));
    update.exec(connection).await?;
    Ok(())
}

/// Ends every session of an account.
pub(super) async fn end_sessions(
    connection: &impl ConnectionTrait,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let update = session::Entity::update_many()
        .set(session::ActiveModel { revoked_at: Set(Some(now)), ..Default::default() })
        .filter(session::Column::UserId.eq(user))
        .filter(session::Column::RevokedAt.is_null());
    update.exec(connection).await?;
    Ok(())
}
