//! Logging in, staying logged in, logging out.
//!
//! A session is a log-in. Its refresh token is exchanged for a new one each time; one that comes twice was stolen (or its answer was lost, which
//! nobody can tell apart), and the session ends. Source: RFC 9700, 4.14 (refresh token protection).

use std::net::IpAddr;
use std::time::Duration;

use entities::ids::{RefreshTokenId, SessionId};
use entities::user::account::Model as Account;
use entities::user::{refresh_token, session};
use service::env::Secret;
use service::identity::Actor;

use crate::accounts::Accounts;
use crate::domain::email::Email;
use crate::domain::password;
use crate::error::Error;
use crate::tokens::{AccessTokens, RefreshToken};

/// The sessions of the accounts.
#[derive(Clone, Debug)]
pub struct Sessions {
    accounts: Accounts,
    access: AccessTokens,
    lifetime: Duration,
}

/// What somebody gets who proved to be somebody.
#[derive(Clone, Debug)]
pub struct Grant {
    /// For every request.
    pub access_token: Secret<String>,
    /// For the next access token; good once.
    pub refresh_token: Secret<String>,
    /// How long the access token lives.
    pub expires_in: Duration,
    /// Whose they are.
    pub account: Account,
}

impl Sessions {
    /// Sessions that live for `lifetime` however often they are refreshed.
    #[must_use]
    pub const fn new(accounts: Accounts, access: AccessTokens, lifetime: Duration) -> Self {
        Self { accounts, access, lifetime }
    }

    /// Opens a session for whoever knows the password.
    ///
    /// The same work is done, and the same is answered, whether the account does not exist or the password is wrong. The lock is looked at
    /// after admission to the hasher, and the admission is kept until a failure has been counted, so no more guesses slip past the lock than are
    /// hashed at once.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`], [`Error::TooManyAttempts`], [`Error::Busy`].
    pub async fn log_in(&self, email: &str, password: String, from: Option<IpAddr>) -> Result<Grant, Error> {
        let Accounts { store, hasher, throttle, .. } = &self.accounts;
        let email = Email::parse(email).ok();
        let account_subject = email.as_ref().map(|email| throttle.account(email));
        let address_subject = from.map(|address| throttle.address(address));
        let subjects: Vec<_> = account_subject.iter().chain(&address_subject).cloned().collect();
        let admission = hasher.admit().await?;
        throttle.check(&subjects).await?;
        let account = match &email {
            Some(email) => store.account_by_email_key(email.key()).await?,
            None => None,
        };
        let stored = account.as_ref().and_then(|account| account.password_hash.clone());
        let stored = stored.filter(|_| password::is_possible(&password));
        let (matches, admission) = admission.verify(Secret::new(password), stored).await?;
        let Some(account) = account.filter(|_| matches) else {
            throttle.failed(&subjects).await?;
            return Err(Error::InvalidCredentials);
        };
        drop(admission);
        if let Some(subject) = account_subject {
            throttle.succeeded(&subject).await?;
        }
        self.open(account).await
    }

    /// Opens a session for an account that has just proved itself.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`] when the password has changed meanwhile; [`Error::Database`], [`Error::Keys`].
    pub async fn open(&self, account: Account) -> Result<Grant, Error> {
        let now = self.accounts.clock.now();
        let session = session::Model {
            id: SessionId::new(),
            user_id: account.id,
            created_at: now,
            expires_at: now + self.lifetime,
            revoked_at: None,
        };
        let refresh = RefreshToken::generate()?;
        let first = self.row(session.id, &refresh);
        let proved = account.password_hash.clone();
        if !self.accounts.store.open_session(session, first, proved).await? {
            return Err(Error::InvalidCredentials);
        }
        self.grant(account, refresh)
    }

    /// Exchanges a refresh token for a new pair of tokens.
    ///
    /// # Errors
    /// [`Error::TokenReused`] when it came a second time; [`Error::Unauthenticated`] when it is unknown or its session is over.
    pub async fn refresh(&self, token: String) -> Result<Grant, Error> {
        let Accounts { store, clock, .. } = &self.accounts;
        let token = RefreshToken::presented(token).ok_or(Error::Unauthenticated)?;
        let found = store.refresh_token(&token.hash()).await?.ok_or(Error::Unauthenticated)?;
        if found.token.used_at.is_some() {
            return self.end_stolen(&found.session).await;
        }
        if found.session.revoked_at.is_some() || found.session.expires_at <= clock.now() {
            return Err(Error::Unauthenticated);
        }
        let account =
            store.account(found.session.user_id).await?.filter(|account| account.deleted_at.is_none());
        let account = account.ok_or(Error::Unauthenticated)?;
        let next = RefreshToken::generate()?;
        let row = self.row(found.session.id, &next);
        if !store.exchange(found.token.id, row, clock.now()).await? {
            return self.end_stolen(&found.session).await;
        }
        self.grant(account, next)
    }

    /// Ends the session of `token`, or without one all sessions of whoever calls; access tokens handed out so far stop working either way.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when neither the caller nor the token says whose session it is.
    pub async fn log_out(&self, actor: Actor, token: Option<String>) -> Result<(), Error> {
        let Accounts { store, clock, .. } = &self.accounts;
        let user = match token {
            None => {
                let account = self.accounts.current(actor).await?;
                store.end_sessions(account.id, clock.now()).await?;
                account.id
            }
            Some(token) => {
                let token = RefreshToken::presented(token).ok_or(Error::Unauthenticated)?;
                let found = store.refresh_token(&token.hash()).await?.ok_or(Error::Unauthenticated)?;
                store.end_session(found.session.id, clock.now()).await?;
                found.session.user_id
            }
        };
        store.bump_token_version(user).await
    }

    async fn end_stolen<T>(&self, session: &session::Model) -> Result<T, Error> {
        self.accounts.store.end_stolen_session(session, self.accounts.clock.now()).await?;
        tracing::warn!(user = %session.user_id, session = %session.id, "a refresh token was used twice; its session was ended");
        Err(Error::TokenReused)
    }

    fn row(&self, session: SessionId, token: &RefreshToken) -> refresh_token::Model {
        refresh_token::Model {
            id: RefreshTokenId::new(),
            session_id: session,
            hash: token.hash(),
            created_at: self.accounts.clock.now(),
            used_at: None,
        }
    }

    fn grant(&self, account: Account, refresh: RefreshToken) -> Result<Grant, Error> {
        Ok(Grant {
            access_token: self.access.issue(&account)?,
            refresh_token: refresh.into_secret(),
            expires_in: self.access.lifetime(),
            account,
        })
    }
}
