//! The six processes of EventHUB: their names, binaries and ports. The ports are those of the original.

use std::fmt;

/// A process of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// The stand-in for the external room scheduler.
    Spacemaster,
    /// Accounts, log-in, tokens.
    User,
    /// Events and rooms.
    Event,
    /// Ticket types, holds, tickets.
    Ticket,
    /// Bookings and payments.
    Booking,
    /// The one graph and the old paths.
    Router,
}

impl Service {
    /// All of them, in the order in which they start.
    pub const ALL: [Self; 6] =
        [Self::Spacemaster, Self::User, Self::Event, Self::Ticket, Self::Booking, Self::Router];

    /// The four that own a part of the graph.
    pub const SUBGRAPHS: [Self; 4] = [Self::User, Self::Event, Self::Ticket, Self::Booking];

    /// Those that keep a database.
    pub const STORES: [Self; 5] = [Self::Spacemaster, Self::User, Self::Event, Self::Ticket, Self::Booking];

    /// Those that hold a key of their own and prove to the others who they are.
    pub const KEYED: [Self; 5] = [Self::Router, Self::User, Self::Event, Self::Ticket, Self::Booking];

    /// The short name, as in paths, variables and the graph.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spacemaster => "spacemaster",
            Self::User => "user",
            Self::Event => "event",
            Self::Ticket => "ticket",
            Self::Booking => "booking",
            Self::Router => "router",
        }
    }

    /// The file name of the program.
    #[must_use]
    pub fn binary(self) -> String {
        format!("eventhub-{}", self.name())
    }

    /// The port where it listens when no offset is given.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Spacemaster => 8200,
            Self::User => 8004,
            Self::Event => 8102,
            Self::Ticket => 8003,
            Self::Booking => 8001,
            Self::Router => 8090,
        }
    }

    /// Where it says that it can do its work.
    #[must_use]
    pub const fn ready_path(self) -> &'static str {
        match self {
            Self::Router => "/health/ready",
            Self::Spacemaster | Self::User | Self::Event | Self::Ticket | Self::Booking => "/ready",
        }
    }

    /// The service of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name() == name)
    }
}

impl fmt::Display for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}
