//! What a person may do.

use std::fmt;
use std::str::FromStr;

use sea_orm::prelude::DeriveValueType;

/// The role of an account. Everybody begins as [`Role::Customer`]; only an administrator changes that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, DeriveValueType)]
#[sea_orm(value_type = "String", column_type = "String(sea_orm::sea_query::StringLen::N(16))")]
pub enum Role {
    /// Organises events, sees every account and every booking.
    Admin,
    /// Works at the door.
    Staff,
    /// Buys tickets.
    #[default]
    Customer,
}

/// The text names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown role")]
pub struct UnknownRole;

impl Role {
    /// As tokens and the API write it.
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

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "ADMIN" => Ok(Self::Admin),
            "STAFF" => Ok(Self::Staff),
            "CUSTOMER" => Ok(Self::Customer),
            _ => Err(UnknownRole),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_survives_its_text() {
        for role in [Role::Admin, Role::Staff, Role::Customer] {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert_eq!("admin".parse::<Role>(), Err(UnknownRole));
    }
}
