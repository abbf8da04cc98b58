//! What can be done with accounts, and by whom.
//!
//! Whoever calls proved at some time to be somebody; what they may do *now* is read from their account here, never from their token.

use std::net::IpAddr;

use entities::ids::UserId;
use entities::user::account::Model as Account;
use entities::user::{Role, account};
use service::env::Secret;
use service::identity::Actor;
use subgraph::audit::{AuditEntry, Filter};
use subgraph::page::Page;

use crate::domain::Invalid;
use crate::domain::email::Email;
use crate::domain::password::{self, NewPassword};
use crate::domain::profile;
use crate::error::Error;
use crate::obligations::Obligations;
use crate::passwords::{Admission, Hasher};
use crate::store::{Profile, Store};
use crate::throttle::Throttle;
use subgraph::clock::Clock;

/// The accounts of the shop.
#[derive(Clone, Debug)]
pub struct Accounts {
    pub(crate) store: Store,
    pub(crate) hasher: Hasher,
    pub(crate) throttle: Throttle,
    pub(crate) obligations: Obligations,
    pub(crate) clock: Clock,
}

/// What somebody says when they register. There is no role in it: nobody chooses their own.
#[derive(Clone, Debug)]
pub struct Registration {
    /// How they want to be called.
    pub name: String,
    /// Where they can be reached, and what they log in with.
    pub email: String,
    /// In clear.
    pub password: String,
    /// Optional.
    pub phone_number: Option<String>,
    /// Optional.
    pub address: Option<String>,
}

/// What somebody wants to change; `None` leaves a value as it is, a blank text takes it away where it is optional.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// The name, which cannot be taken away.
    pub name: Option<String>,
    /// The phone number.
    pub phone_number: Option<String>,
    /// The postal address.
    pub address: Option<String>,
}

impl Accounts {
    /// The account of whoever calls, as it is now.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for nobody, for a deleted account, and for a token that is older than the account's latest change of password or role.
    pub async fn current(&self, actor: Actor) -> Result<Account, Error> {
        let user = actor.user().ok_or(Error::Unauthenticated)?;
        let account = self.store.account(UserId::from_uuid(user.id)).await?;
        account.filter(|account| is_current(account, user.token_version)).ok_or(Error::Unauthenticated)
    }

    /// The account of an administrator who calls.
    ///
    /// # Errors
    /// As [`Accounts::current`]; [`Error::Forbidden`] for everybody else.
    pub async fn administrator(&self, actor: Actor) -> Result<Account, Error> {
        let account = self.current(actor).await?;
        if account.role == Role::Admin { Ok(account) } else { Err(Error::Forbidden) }
    }

    /// Opens an account for anybody; the role is always [`Role::Customer`].
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::EmailTaken`]; [`Error::TooManyAttempts`] for an address that keeps asking which e-mail addresses have accounts.
    pub async fn register(&self, registration: Registration, from: Option<IpAddr>) -> Result<Account, Error> {
        let email = Email::parse(&registration.email)?;
        let profile = checked(&registration)?;
        let password = NewPassword::parse("password", registration.password)?;
        let subjects: Vec<_> = from.map(|address| self.throttle.address(address)).into_iter().collect();
        let admission = self.hasher.admit().await?;
        self.throttle.check(&subjects).await?;
        let hash = admission.hash(password.into_secret()).await?;
        let account = self.new_account(&email, profile, hash, Role::Customer);
        match self.store.insert_account(account.clone()).await {
            Ok(()) => Ok(account),
            Err(error) => {
                if matches!(error, Error::EmailTaken) {
                    self.throttle.failed(&subjects).await?;
                }
                Err(error)
            }
        }
    }

    /// Everybody, for an administrator.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], [`Error::Forbidden`].
    pub async fn list(&self, actor: Actor, page: Page) -> Result<Vec<Account>, Error> {
        self.administrator(actor).await?;
        self.store.accounts(page).await
    }

    /// One account, for an administrator.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], [`Error::Forbidden`].
    pub async fn find(&self, actor: Actor, id: &str) -> Result<Option<Account>, Error> {
        self.administrator(actor).await?;
        let Ok(id) = id.parse() else { return Ok(None) };
        Ok(self.store.account(id).await?.filter(|account| account.deleted_at.is_none()))
    }

    /// Changes the profile of the caller, or of anybody when an administrator calls.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], [`Error::Invalid`]; [`Error::NotFound`] for an account that is not there or is not the caller's.
    pub async fn update(&self, actor: Actor, id: &str, change: ProfileChange) -> Result<Account, Error> {
        let caller = self.current(actor).await?;
        let id = user_id(id)?;
        if caller.id != id && caller.role != Role::Admin {
            return Err(Error::NotFound);
        }
        let profile = Profile {
            name: change.name.as_deref().map(profile::name).transpose()?,
            phone_number: change.phone_number.as_deref().map(profile::phone_number).transpose()?,
            address: change.address.as_deref().map(profile::address).transpose()?,
        };
        if !self.store.update_profile(id, profile, self.clock.now()).await? {
            return Err(Error::NotFound);
        }
        self.store.account(id).await?.ok_or(Error::NotFound)
    }

    /// What was changed here and by whom, for an administrator.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], [`Error::Forbidden`].
    pub async fn audit(&self, actor: Actor, filter: &Filter, page: Page) -> Result<Vec<AuditEntry>, Error> {
        self.administrator(actor).await?;
        self.store.audit(filter, page).await
    }

    /// Gives somebody a role, as an administrator. Tokens that carry the old one stop working.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], [`Error::Forbidden`], [`Error::NotFound`]; [`Error::OwnAdministrator`], so that one administrator always remains.
    pub async fn set_role(&self, actor: Actor, id: &str, role: Role) -> Result<Account, Error> {
        let caller = self.administrator(actor).await?;
        let id = user_id(id)?;
        if caller.id == id && role != Role::Admin {
            return Err(Error::OwnAdministrator);
        }
        if self.store.update_role(id, role, self.clock.now()).await? {
            tracing::info!(user = %id, by = %caller.id, to = %role, "a role was changed");
        }
        let after = self.store.account(id).await?.filter(|account| account.deleted_at.is_none());
        after.ok_or(Error::NotFound)
    }

    /// Takes from an account everything that says who it was, as an administrator, and ends its sessions. Its id stays, a pseudonym for old
    /// bookings. A second time changes nothing.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], [`Error::Forbidden`], [`Error::NotFound`], [`Error::OwnAdministrator`]; [`Error::StillOpen`] while something
    /// is not over yet; [`Error::Peer`] when nobody can say.
    pub async fn anonymise(&self, actor: Actor, id: &str) -> Result<(), Error> {
        let caller = self.administrator(actor).await?;
        let id = user_id(id)?;
        if caller.id == id {
            return Err(Error::OwnAdministrator);
        }
        let account = self.store.account(id).await?.ok_or(Error::NotFound)?;
        self.forget(&account, caller.id).await
    }

    /// The same with the caller's own account. The password is asked for, because a token that was found must not be enough; guessing it counts
    /// as guessing it at log-in.
    ///
    /// # Errors
    /// As [`Accounts::anonymise`]; [`Error::InvalidCredentials`], [`Error::TooManyAttempts`].
    pub async fn delete_own(&self, actor: Actor, password: String) -> Result<(), Error> {
        let account = self.current(actor).await?;
        if account.role == Role::Admin {
            return Err(Error::OwnAdministrator);
        }
        drop(self.prove(&account, password).await?);
        self.forget(&account, account.id).await
    }

    /// The one way in which an account ends. Who has a token may still book until it has run out: what comes of that is kept under the
    /// pseudonym, like everything older.
    async fn forget(&self, account: &Account, by: UserId) -> Result<(), Error> {
        if account.deleted_at.is_some() {
            return Ok(());
        }
        let open = self.obligations.of(account.id).await.map_err(Box::new)?;
        if open.is_some() {
            return Err(Error::StillOpen(open));
        }
        // Somebody else may have been faster with the same.
        if self.store.anonymise(account.id, self.clock.now()).await? {
            tracing::info!(user = %account.id, %by, "an account was anonymised");
        }
        Ok(())
    }

    /// Changes the caller's password and ends all their sessions. Guessing the present one counts as guessing it at log-in.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], [`Error::Invalid`], [`Error::InvalidCredentials`], [`Error::TooManyAttempts`].
    pub async fn change_password(
        &self,
        actor: Actor,
        present: String,
        new: String,
    ) -> Result<Account, Error> {
        let account = self.current(actor).await?;
        let new = NewPassword::parse("newPassword", new)?;
        let admission = self.prove(&account, present).await?;
        let hash = admission.hash(new.into_secret()).await?;
        self.store.replace_password(account.id, hash, None, self.clock.now()).await?;
        tracing::info!(user = %account.id, "a password was changed");
        self.store.account(account.id).await?.ok_or(Error::NotFound)
    }

    /// Whoever calls knows the password of `account`.
    async fn prove(&self, account: &Account, password: String) -> Result<Admission, Error> {
        let subject = self.throttle.account(&Email::parse(&account.email)?);
        let admission = self.hasher.admit().await?;
        self.throttle.check(std::slice::from_ref(&subject)).await?;
        let stored = account.password_hash.clone().filter(|_| password::is_possible(&password));
        let (matches, admission) = admission.verify(Secret::new(password), stored).await?;
        if matches {
            return Ok(admission);
        }
        self.throttle.failed(&[subject]).await?;
        Err(Error::InvalidCredentials)
    }

    /// Sees to it that the administrator of the configuration exists; doing it again changes nothing.
    ///
    /// An account that somebody else has opened with this address becomes the administrator's: it gets the configured password, and whoever had it
    /// is logged out. An administrator's own password is never touched.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Database`].
    pub async fn ensure_administrator(&self, email: &Email, password: NewPassword) -> Result<(), Error> {
        let existing = self.store.account_by_email_key(email.key()).await?;
        if existing.as_ref().is_some_and(|account| account.role == Role::Admin) {
            return Ok(());
        }
        let hash = self.hasher.admit().await?.hash(password.into_secret()).await?;
        if let Some(account) = existing {
            tracing::warn!(user = %account.id, "the configured administrator had an account of another role; it was taken over");
            return self.store.replace_password(account.id, hash, Some(Role::Admin), self.clock.now()).await;
        }
        let profile = Profile { name: Some("Administrator".to_owned()), ..Profile::default() };
        let account = self.new_account(email, profile, hash, Role::Admin);
        match self.store.insert_account(account).await {
            // Another replica was faster with the same configuration.
            Ok(()) | Err(Error::EmailTaken) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn new_account(
        &self,
        email: &Email,
        profile: Profile,
        hash: account::PasswordHash,
        role: Role,
    ) -> Account {
        let now = self.clock.now();
        Account {
            id: UserId::new(),
            name: profile.name.unwrap_or_default(),
            email: email.as_str().to_owned(),
            email_key: email.key().to_owned(),
            password_hash: Some(hash),
            phone_number: profile.phone_number.flatten(),
            address: profile.address.flatten(),
            role,
            token_version: 0,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }
}

/// Whether a token of `version` still speaks for `account`.
#[must_use]
pub fn is_current(account: &Account, version: i64) -> bool {
    account.deleted_at.is_none() && account.token_version == version
}

fn checked(registration: &Registration) -> Result<Profile, Error> {
    Ok(Profile {
        name: Some(profile::name(&registration.name)?),
        phone_number: registration.phone_number.as_deref().map(profile::phone_number).transpose()?,
        address: registration.address.as_deref().map(profile::address).transpose()?,
    })
}

fn user_id(text: &str) -> Result<UserId, Error> {
    text.parse().map_err(|_| Error::Invalid(Invalid::new("id", "is not a user id")))
}
