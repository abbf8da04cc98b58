//! Who is calling: a user or nobody, through a service or directly.
//!
//! These are facts that a token proved, not claims somebody made; only [`crate::tokens`] and tests construct them.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Role {
    /// Runs the shop.
    Admin,
    /// Works at the door.
    Staff,
    /// Buys tickets.
    Customer,
}

impl Role {
    /// The word used in tokens, rows and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "ADMIN",
            Self::Staff => "STAFF",
            Self::Customer => "CUSTOMER",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names nothing here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what}")]
pub struct Unknown {
    what: &'static str,
}

impl FromStr for Role {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        [Self::Admin, Self::Staff, Self::Customer]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(Unknown { what: "role" })
    }
}

/// A process of the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ServiceName {
    /// The federation router.
    Router,
    /// Accounts and tokens.
    User,
    /// Events and rooms.
    Event,
    /// Ticket types, stock and holds.
    Ticket,
    /// Bookings and payments.
    Booking,
    /// The stand-in for the external room scheduler.
    Spacemaster,
}

impl ServiceName {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Router, Self::User, Self::Event, Self::Ticket, Self::Booking, Self::Spacemaster];

    /// The short name: key id of its service tokens, subgraph name, part of variable names.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::User => "user",
            Self::Event => "event",
            Self::Ticket => "ticket",
            Self::Booking => "booking",
            Self::Spacemaster => "spacemaster",
        }
    }

    /// The name that `/health` has answered since the original.
    #[must_use]
    pub const fn health_name(self) -> &'static str {
        match self {
            Self::Router => "api-gateway",
            Self::User => "user-service",
            Self::Event => "event-service",
            Self::Ticket => "ticket-service",
            Self::Booking => "booking-service",
            Self::Spacemaster => "spacemaster",
        }
    }

    /// Where it listens when nothing is configured: loopback, on the port it has had since the original.
    #[must_use]
    pub const fn default_listen(self) -> SocketAddr {
        let port = match self {
            Self::Router => 8090,
            Self::User => 8004,
            Self::Event => 8102,
            Self::Ticket => 8003,
            Self::Booking => 8001,
            Self::Spacemaster => 8200,
        };
        SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ServiceName {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        Self::ALL.into_iter().find(|name| name.as_str() == text).ok_or(Unknown { what: "service" })
    }
}

/// A person, proved by a user token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User {
    /// The account.
    pub id: Uuid,
    /// What the account may do.
    pub role: Role,
    /// The version of the account's tokens this one was made from; an older one than the account's is revoked.
    pub token_version: i64,
}

/// On whose behalf something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Actor {
    /// Nobody in particular.
    #[default]
    Anonymous,
    /// A logged-in user.
    User(User),
}

impl Actor {
    /// The user, when there is one.
    #[must_use]
    pub const fn user(&self) -> Option<&User> {
        match self {
            Self::Anonymous => None,
            Self::User(user) => Some(user),
        }
    }

    /// The id of the user, when there is one.
    #[must_use]
    pub fn user_id(&self) -> Option<Uuid> {
        self.user().map(|user| user.id)
    }

    /// Whether this is a logged-in administrator.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.user().is_some_and(|user| user.role == Role::Admin)
    }

    /// Whether this is the user `id`.
    #[must_use]
    pub fn is(&self, id: Uuid) -> bool {
        self.user_id() == Some(id)
    }
}

/// Everything proved about the origin of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Caller {
    /// On whose behalf.
    pub actor: Actor,
    /// Through which service, when one vouched for the call.
    pub service: Option<ServiceName>,
}

impl Caller {
    /// Nobody, through nothing.
    pub const ANONYMOUS: Self = Self { actor: Actor::Anonymous, service: None };

    /// A user who calls directly.
    #[must_use]
    pub const fn user(id: Uuid, role: Role) -> Self {
        Self { actor: Actor::User(User { id, role, token_version: 0 }), service: None }
    }

    /// A service that calls for itself.
    #[must_use]
    pub const fn service(name: ServiceName) -> Self {
        Self { actor: Actor::Anonymous, service: Some(name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_the_round_trip() {
        for name in ServiceName::ALL {
            assert_eq!(name.as_str().parse(), Ok(name));
        }
        for role in [Role::Admin, Role::Staff, Role::Customer] {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert!("admin".parse::<Role>().is_err());
    }

    #[test]
    fn a_service_without_a_user_is_nobody() {
        let caller = Caller::service(ServiceName::Booking);
        assert!(!caller.actor.is_admin() && caller.actor.user_id().is_none());
    }
}
