//! Money, currencies and quantities: integers that cannot be mixed up, overflow or go below nothing.
//!
//! Amounts are counted in the currency's minor unit by the table in [`Currency::exponent`]. That table is ours: the original counted whole
//! rupiah (150000 = Rp150.000), so IDR has exponent 0 although ISO 4217 still lists a sen that nobody uses.

use std::fmt;
use std::str::FromStr;

use sea_orm::prelude::DeriveValueType;
use serde::{Deserialize, Serialize};

/// Why an amount or a quantity is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// An amount below zero.
    #[error("an amount of money cannot be negative")]
    Negative,
    /// A result beyond 64 bits.
    #[error("the amount is too large")]
    Overflow,
    /// Two amounts in different currencies met.
    #[error("{left} and {right} cannot be added")]
    CurrencyMismatch {
        /// The currency on the left.
        left: Currency,
        /// The currency on the right.
        right: Currency,
    },
    /// A currency code that we do not sell in.
    #[error("unknown currency")]
    UnknownCurrency,
    /// A quantity of none, or fewer.
    #[error("a quantity must be at least 1")]
    QuantityTooSmall,
}

/// A currency we sell in. Stored as its ISO 4217 code in a `CHAR(3)` column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, DeriveValueType)]
#[sea_orm(value_type = "String", column_type = "Char(Some(3))")]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// Indonesian rupiah, the default.
    #[default]
    Idr,
    /// Singapore dollar.
    Sgd,
    /// Malaysian ringgit.
    Myr,
    /// US dollar.
    Usd,
    /// Euro.
    Eur,
    /// Japanese yen.
    Jpy,
}

impl Currency {
    const ALL: [Self; 6] = [Self::Idr, Self::Sgd, Self::Myr, Self::Usd, Self::Eur, Self::Jpy];

    /// The ISO 4217 code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Idr => "IDR",
            Self::Sgd => "SGD",
            Self::Myr => "MYR",
            Self::Usd => "USD",
            Self::Eur => "EUR",
            Self::Jpy => "JPY",
        }
    }

    /// How many decimal digits the minor unit stands behind the major one.
    #[must_use]
    pub const fn exponent(self) -> u32 {
        match self {
            Self::Idr | Self::Jpy => 0,
            Self::Sgd | Self::Myr | Self::Usd | Self::Eur => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|currency| currency.code() == code).ok_or(MoneyError::UnknownCurrency)
    }
}

/// An amount that is never negative, in minor units of its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    amount: i64,
    currency: Currency,
}

impl Money {
    /// `amount` minor units of `currency`.
    ///
    /// # Errors
    /// [`MoneyError::Negative`].
    pub const fn new(amount: i64, currency: Currency) -> Result<Self, MoneyError> {
        if amount < 0 {
            return Err(MoneyError::Negative);
        }
        Ok(Self { amount, currency })
    }

    /// Nothing, in `currency`.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { amount: 0, currency }
    }

    /// The minor units.
    #[must_use]
    pub const fn amount(self) -> i64 {
        self.amount
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether there is nothing to pay.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.amount == 0
    }

    /// The price of `quantity` things at this price each.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn checked_mul(self, quantity: Quantity) -> Result<Self, MoneyError> {
        let amount = self.amount.checked_mul(i64::from(quantity.get())).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..self })
    }

    /// The sum of both.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`], [`MoneyError::Overflow`].
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let amount = self.amount.checked_add(other.amount).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..self })
    }

    /// What is left when `other` is taken away.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`], [`MoneyError::Negative`] when `other` is the larger.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Self::new(self.amount - other.amount, self.currency)
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            return Ok(());
        }
        Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10_i64.pow(self.currency.exponent());
        match self.currency.exponent() as usize {
            0 => write!(f, "{} {}", self.currency, self.amount),
            digits => write!(f, "{} {}.{:0digits$}", self.currency, self.amount / unit, self.amount % unit),
        }
    }
}

/// A number of tickets: at least one. The most that one order may take is a rule of the ticket type, not of this type.
///
/// As a column it is an `INTEGER` whose `CHECK` keeps it positive; reading trusts that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
pub struct Quantity(i32);

impl Quantity {
    /// A single one.
    pub const ONE: Self = Self(1);

    /// `count` of something.
    ///
    /// # Errors
    /// [`MoneyError::QuantityTooSmall`] below 1.
    pub const fn new(count: i32) -> Result<Self, MoneyError> {
        if count < 1 {
            return Err(MoneyError::QuantityTooSmall);
        }
        Ok(Self(count))
    }

    /// The number itself.
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idr(amount: i64) -> Money {
        Money::new(amount, Currency::Idr).unwrap()
    }

    #[test]
    fn two_tickets_cost_twice_the_price() {
        assert_eq!(idr(150_000).checked_mul(Quantity::new(2).unwrap()), Ok(idr(300_000)));
    }

    #[test]
    fn arithmetic_never_wraps() {
        assert_eq!(idr(i64::MAX).checked_mul(Quantity::new(2).unwrap()), Err(MoneyError::Overflow));
        assert_eq!(idr(i64::MAX).checked_add(idr(1)), Err(MoneyError::Overflow));
        assert_eq!(idr(1).checked_sub(idr(2)), Err(MoneyError::Negative));
        assert_eq!(Money::new(-1, Currency::Idr), Err(MoneyError::Negative));
    }

    #[test]
    fn currencies_do_not_mix() {
        let usd = Money::zero(Currency::Usd);
        let mismatch = MoneyError::CurrencyMismatch { left: Currency::Idr, right: Currency::Usd };
        assert_eq!(idr(1).checked_add(usd), Err(mismatch));
        assert_eq!(idr(1).checked_sub(usd), Err(mismatch));
    }

    #[test]
    fn a_quantity_is_at_least_one() {
        for count in [0, -1, i32::MIN] {
            assert_eq!(Quantity::new(count), Err(MoneyError::QuantityTooSmall));
        }
        assert_eq!(Quantity::new(1), Ok(Quantity::ONE));
    }

    #[test]
    fn every_currency_survives_its_code() {
        for currency in Currency::ALL {
            assert_eq!(currency.code().parse(), Ok(currency));
        }
        assert_eq!("idr".parse::<Currency>(), Err(MoneyError::UnknownCurrency));
    }

    #[test]
    fn money_is_written_in_major_units() {
        assert_eq!(idr(150_000).to_string(), "IDR 150000");
        assert_eq!(Money::new(1_205, Currency::Usd).unwrap().to_string(), "USD 12.05");
    }
}
