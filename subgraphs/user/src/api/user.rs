//! `User` in the graph: what it shows, and to whom.
//!
//! A person is shown to themselves and to administrators. For everybody else an entity reference resolves to `null`, exactly as one to an account that
//! does not exist: a join (`booking { user { name } }`) must not tell more than the account itself would.

use std::collections::HashMap;

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use entities::ids::UserId;
use entities::user::Role;
use entities::user::account::Model as Account;
use service::identity::Actor;
use subgraph::Error;
use subgraph::access::actor;

use crate::accounts::is_current;
use crate::store::Store;

/// A person with an account.
#[derive(Debug)]
pub struct User(Account);

impl From<Account> for User {
    fn from(account: Account) -> Self {
        Self(account)
    }
}

impl From<User> for Account {
    fn from(user: User) -> Self {
        user.0
    }
}

/// A person with an account. Shown to themselves and to administrators.
#[Object]
impl User {
    /// What the rest of the graph knows the person by.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// How the person wants to be called.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Where the person can be reached, and what they log in with.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// The phone number, as it was given.
    async fn phone_number(&self) -> Option<&str> {
        self.0.phone_number.as_deref()
    }

    /// The postal address, as it was given.
    async fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    /// ADMIN, STAFF or CUSTOMER.
    async fn role(&self) -> &str {
        self.0.role.as_str()
    }

    /// When the account was opened.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When something about the account changed last.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}

/// Fetches all accounts that are asked for at the same time by one statement.
#[derive(Debug)]
pub struct AccountLoader(pub Store);

impl Loader<UserId> for AccountLoader {
    type Value = Account;
    type Error = Error;

    async fn load(&self, ids: &[UserId]) -> Result<HashMap<UserId, Account>, Error> {
        let accounts = self.0.accounts_by_ids(ids).await?;
        Ok(accounts.into_iter().map(|account| (account.id, account)).collect())
    }
}

/// The account `id`, if whoever calls may see it.
///
/// The caller's own account is fetched by the same statement, so that a role or a token that was taken away no longer counts.
pub(super) async fn visible(ctx: &Context<'_>, id: &str) -> Result<Option<User>, Error> {
    let (Ok(id), Actor::User(caller)) = (id.parse::<UserId>(), actor(ctx)) else { return Ok(None) };
    let caller_id = UserId::from_uuid(caller.id);
    let mut accounts = ctx.data_unchecked::<DataLoader<AccountLoader>>().load_many([id, caller_id]).await?;
    let own = accounts.get(&caller_id).filter(|account| is_current(account, caller.token_version));
    let may_see = own.is_some_and(|own| own.id == id || own.role == Role::Admin);
    Ok(accounts.remove(&id).filter(|_| may_see).map(User))
}
