//! Accounts.

use chrono::{DateTime, Utc};
use entities::audit::Action;
use entities::ids::UserId;
use entities::user::account::{ActiveModel, Column, Entity, Model, PasswordHash};
use entities::user::{Role, session};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, SqlErr,
};
use subgraph::audit::{self, Entry};
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

impl Profile {
    /// The names of what changes.
    fn fields(&self) -> Vec<&'static str> {
        let given = [
            ("name", self.name.is_some()),
            ("phoneNumber", self.phone_number.is_some()),
            ("address", self.address.is_some()),
        ];
        given.into_iter().filter(|(_, is_given)| *is_given).map(|(field, _)| field).collect()
    }
}

impl Store {
    /// Inserts a new account.
    ///
    /// # Errors
    /// [`Error::EmailTaken`], [`Error::Database`].
    pub async fn insert_account(&self, account: Model) -> Result<(), Error> {
        let account = &account;
        self.transaction(|tx| async move {
            let row = ActiveModel::from(account.clone());
            Entity::insert(row).exec_without_returning(&*tx).await.map_err(taken)?;
            let entry = Entry::new(Action::UserRegistered, account.id).became("role", account.role);
            Ok(audit::record(&*tx, account.created_at, [entry]).await?)
        })
        .await
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
        let fields = profile.fields();
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
        let (change, fields) = (&change, &fields);
        self.transaction(|tx| async move {
            let update = Entity::update_many().set(change.clone()).filter(living(id));
            let found = update.exec(&*tx).await?.rows_affected > 0;
            if found {
                let entry = Entry::new(Action::UserChanged, id);
                let entry = fields.iter().fold(entry, |entry, field| entry.touched(field));
                audit::record(&*tx, now, [entry]).await?;
            }
            Ok(found)
        })
        .await
    }

    /// Gives an account another role; tokens made for the old one stop working. `false` when there is no such account, or it has the role.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn update_role(&self, id: UserId, role: Role, now: DateTime<Utc>) -> Result<bool, Error> {
        self.transaction(|tx| async move {
            let before = Entity::find().filter(living(id)).lock_exclusive().one(&*tx).await?;
            let Some(before) = before.filter(|before| before.role != role) else { return Ok(false) };
            let update = Entity::update_many()
                .set(ActiveModel { role: Set(role), updated_at: Set(now), ..Default::default() })
                .col_expr(Column::TokenVersion, Expr::col(Column::TokenVersion).add(1))
                .filter(Column::Id.eq(id));
            update.exec(&*tx).await?;
            let entry = Entry::new(Action::UserRoleChanged, id);
            let entry = entry.change("role", Some(before.role), Some(role));
            audit::record(&*tx, now, [entry]).await?;
            Ok(true)
        })
        .await
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
        let mut entry = Entry::new(Action::UserPasswordChanged, id);
        if let Some(role) = role {
            change.role = Set(role);
            entry = entry.became("role", role);
        }
        self.change_and_log_out(id, change, entry, now).await.map(drop)
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
        self.change_and_log_out(id, change, Entry::new(Action::UserAnonymised, id), now).await
    }

    /// Applies `change`, raises the token version and ends all sessions, all or nothing.
    async fn change_and_log_out(
        &self,
        id: UserId,
        change: ActiveModel,
        entry: Entry,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let (change, entry) = (&change, &entry);
        self.transaction(|tx| async move {
            let update = Entity::update_many().set(change.clone()).filter(living(id));
            let found = update.exec(&*tx).await?.rows_affected > 0;
            if found {
                bump_token_version(&*tx, id).await?;
                end_sessions(&*tx, id, now).await?;
                audit::record(&*tx, now, [entry.clone()]).await?;
            }
            Ok(found)
        })
        .await
    }
}

/// The id is new, so the only unique thing that can be there already is the address.
fn taken(error: DbErr) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::EmailTaken,
        _ => error.into(),
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
