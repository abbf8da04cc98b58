//! Sessions and their refresh tokens.

use chrono::{DateTime, Utc};
use entities::audit::Action;
use entities::ids::{RefreshTokenId, SessionId, UserId};
use entities::user::account::{self, PasswordHash};
use entities::user::{refresh_token, session};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use subgraph::audit::{self, Entry};

use super::Store;
use super::accounts::end_sessions;
use crate::error::Error;

/// A refresh token that somebody presents, with the session it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// The token's row.
    pub token: refresh_token::Model,
    /// The session's row.
    pub session: session::Model,
}

impl Store {
    /// Opens a session with its first refresh token; `false`, and nothing stored, when the account has another password than `proved` by now.
    ///
    /// Without that condition a log-in that was under way while the password changed would survive the change.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn open_session(
        &self,
        session: session::Model,
        first: refresh_token::Model,
        proved: Option<PasswordHash>,
    ) -> Result<bool, Error> {
        let transaction = self.begin().await?;
        let touch = account::Entity::update_many()
            .col_expr(account::Column::UpdatedAt, Expr::col(account::Column::UpdatedAt))
            .filter(account::Column::Id.eq(session.user_id))
            .filter(account::Column::PasswordHash.eq(proved));
        if touch.exec(&transaction).await?.rows_affected == 0 {
            transaction.rollback().await?;
            return Ok(false);
        }
        session::Entity::insert(session::ActiveModel::from(session))
            .exec_without_returning(&transaction)
            .await?;
        refresh_token::Entity::insert(refresh_token::ActiveModel::from(first))
            .exec_without_returning(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Every session of an account that is not forgotten yet, oldest first.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn sessions_of(&self, user: UserId) -> Result<Vec<session::Model>, Error> {
        let sessions = session::Entity::find().filter(session::Column::UserId.eq(user));
        Ok(sessions.order_by_asc(session::Column::Id).all(self.read()).await?)
    }

    /// The refresh token with this hash.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn refresh_token(&self, hash: &str) -> Result<Option<Presented>, Error> {
        let token = refresh_token::Entity::find()
            .filter(refresh_token::Column::Hash.eq(hash))
            .one(self.read())
            .await?;
        let Some(token) = token else { return Ok(None) };
        let session = session::Entity::find_by_id(token.session_id).one(self.read()).await?;
        Ok(session.map(|session| Presented { token, session }))
    }

    /// Uses up the token `used` and stores its successor; `false`, and nothing stored, when somebody was faster.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn exchange(
        &self,
        used: RefreshTokenId,
        next: refresh_token::Model,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let transaction = self.begin().await?;
        let update = refresh_token::Entity::update_many()
            .set(refresh_token::ActiveModel { used_at: Set(Some(now)), ..Default::default() })
            .filter(refresh_token::Column::Id.eq(used))
            .filter(refresh_token::Column::UsedAt.is_null());
        if update.exec(&transaction).await?.rows_affected == 0 {
            transaction.rollback().await?;
            return Ok(false);
        }
        refresh_token::Entity::insert(refresh_token::ActiveModel::from(next))
            .exec_without_returning(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Ends one session; ending it again changes nothing.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn end_session(&self, id: SessionId, now: DateTime<Utc>) -> Result<(), Error> {
        end_session(self.write(), id, now).await?;
        Ok(())
    }

    /// Ends a session whose refresh token came twice.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn end_stolen_session(
        &self,
        session: &session::Model,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        self.transaction(|tx| async move {
            if end_session(&*tx, session.id, now).await? {
                let entry = Entry::new(Action::SessionStolen, session.user_id).became("session", session.id);
                audit::record(&*tx, now, [entry]).await?;
            }
            Ok(())
        })
        .await
    }

    /// Ends every session of an account.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn end_sessions(&self, user: UserId, now: DateTime<Utc>) -> Result<(), Error> {
        end_sessions(self.write(), user, now).await
    }

    /// Deletes the sessions that ran out before `moment`, with their tokens.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn forget_sessions(&self, moment: DateTime<Utc>) -> Result<u64, Error> {
        let delete = session::Entity::delete_many().filter(session::Column::ExpiresAt.lt(moment));
        Ok(delete.exec(self.write()).await?.rows_affected)
    }
}

/// Ends one session; `false` when it was over.
async fn end_session(db: &impl ConnectionTrait, id: SessionId, now: DateTime<Utc>) -> Result<bool, DbErr> {
    let update = session::Entity::update_many()
        .set(session::ActiveModel { revoked_at: Set(Some(now)), ..Default::default() })
        .filter(session::Column::Id.eq(id))
        .filter(session::Column::RevokedAt.is_null());
    Ok(update.exec(db).await?.rows_affected > 0)
}
