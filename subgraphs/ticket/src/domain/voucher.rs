//! What a voucher takes off a price, and when it is good. How often is for its counters to say, where tickets are held.

use chrono::{DateTime, Utc};
use entities::money::{Currency, Money};
use entities::ticket::status::DiscountKind;
use entities::ticket::vouchers;

/// Why no ticket is held with a voucher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VoucherRefusal {
    /// There is no such code, or not yet, or not for these tickets: a stranger who guesses is not told which.
    #[error("There is no such voucher for these tickets")]
    Invalid,
    /// It was good once.
    #[error("The voucher is not valid any more")]
    Expired,
    /// It is not good for so many any more.
    #[error("The voucher is good for {remaining} more tickets")]
    UsedUp {
        /// How many it is still good for.
        remaining: i32,
    },
}

/// Why the terms of a voucher are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VoucherTermsError {
    /// By such terms nothing could ever be had.
    #[error("{message}")]
    Input {
        /// The input field.
        field: &'static str,
        /// What is wrong with it.
        message: &'static str,
    },
    /// Fewer than it was used for, and is held for.
    #[error("The usage limit cannot be less than the {minimum} already used and held")]
    LimitTooLow {
        /// The least it can be.
        minimum: i32,
    },
}

/// What a voucher does to the price of one ticket. It never makes it dearer, and never less than nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discount {
    /// So many hundredths off, 1 to 100; of what does not divide the buyer pays the rest.
    Percent(i64),
    /// So much off.
    Amount(Money),
    /// So much to pay instead.
    Price(Money),
}

impl Discount {
    /// A percentage.
    ///
    /// # Errors
    /// [`VoucherTermsError::Input`] for none, or for more than everything.
    pub fn percent(percent: i64) -> Result<Self, VoucherTermsError> {
        if (1..=100).contains(&percent) {
            return Ok(Self::Percent(percent));
        }
        Err(VoucherTermsError::Input { field: "discount", message: "A percentage is 1 to 100" })
    }

    /// An amount off.
    ///
    /// # Errors
    /// [`VoucherTermsError::Input`] for nothing, or less.
    pub fn amount(amount: i64, currency: Currency) -> Result<Self, VoucherTermsError> {
        match Money::new(amount, currency) {
            Ok(money) if !money.is_zero() => Ok(Self::Amount(money)),
            Ok(_) | Err(_) => {
                Err(VoucherTermsError::Input { field: "discount", message: "An amount off is at least 1" })
            }
        }
    }

    /// A price instead.
    ///
    /// # Errors
    /// [`VoucherTermsError::Input`] for less than nothing.
    pub fn price(price: i64, currency: Currency) -> Result<Self, VoucherTermsError> {
        let negative = VoucherTermsError::Input { field: "discount", message: "A price cannot be negative" };
        Money::new(price, currency).map(Self::Price).map_err(|_| negative)
    }

    /// What a row says; `None` when it says what its `CHECK`s do not let it.
    #[must_use]
    pub fn of(row: &vouchers::Model) -> Option<Self> {
        let money = || Money::new(row.discount_value, row.currency?).ok();
        match row.discount_kind {
            DiscountKind::Percent => Self::percent(row.discount_value).ok(),
            DiscountKind::Amount => money().map(Self::Amount),
            DiscountKind::Price => money().map(Self::Price),
        }
    }

    /// How a row says it: the kind, how much, and in what currency.
    #[must_use]
    pub const fn columns(self) -> (DiscountKind, i64, Option<Currency>) {
        match self {
            Self::Percent(percent) => (DiscountKind::Percent, percent, None),
            Self::Amount(off) => (DiscountKind::Amount, off.amount(), Some(off.currency())),
            Self::Price(price) => (DiscountKind::Price, price.amount(), Some(price.currency())),
        }
    }

    /// What one ticket costs whose price is `price`; `None` when the voucher speaks of another currency.
    #[must_use]
    pub fn apply(self, price: Money) -> Option<Money> {
        let same = |other: Money| other.currency() == price.currency();
        let costs = |amount| Money::new(amount, price.currency()).ok();
        match self {
            Self::Percent(percent) => costs(price.amount() - hundredths(price.amount(), percent)),
            Self::Amount(off) if same(off) => costs(price.amount().saturating_sub(off.amount()).max(0)),
            Self::Price(instead) if same(instead) => costs(instead.amount().min(price.amount())),
            Self::Amount(_) | Self::Price(_) => None,
        }
    }
}

/// So many hundredths of `amount`, rounded down. Taken apart, neither product can be more than 64 bits hold: there are at
/// most a hundred of them.
const fn hundredths(amount: i64, percent: i64) -> i64 {
    amount / 100 * percent + amount % 100 * percent / 100
}

/// When a voucher is good; an absent end is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    /// The first moment at which it is.
    pub from: Option<DateTime<Utc>>,
    /// The first moment at which it is not any more.
    pub until: Option<DateTime<Utc>>,
}

impl Validity {
    /// The validity of a row.
    #[must_use]
    pub fn of(row: &vouchers::Model) -> Self {
        Self { from: row.valid_from.map(|at| at.utc()), until: row.valid_until.map(|at| at.utc()) }
    }

    /// Whether there is any moment at which it is good.
    ///
    /// # Errors
    /// [`VoucherTermsError::Input`].
    pub fn check(self) -> Result<Self, VoucherTermsError> {
        match self.from.zip(self.until) {
            Some((from, until)) if until <= from => Err(VoucherTermsError::Input {
                field: "validUntil",
                message: "A voucher ends after it begins",
            }),
            _ => Ok(self),
        }
    }

    /// Whether it is good at `now`.
    ///
    /// # Errors
    /// [`VoucherRefusal::Invalid`] before, [`VoucherRefusal::Expired`] after.
    pub fn allow(self, now: DateTime<Utc>) -> Result<(), VoucherRefusal> {
        if self.from.is_some_and(|from| now < from) {
            return Err(VoucherRefusal::Invalid);
        }
        if self.until.is_some_and(|until| until <= now) {
            return Err(VoucherRefusal::Expired);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idr(amount: i64) -> Money {
        Money::new(amount, Currency::Idr).unwrap()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn a_discount_takes_off_what_it_says_and_never_more_than_there_is() {
        let table = [
            (Discount::Percent(20), 150_000, 120_000),
            (Discount::Percent(100), 150_000, 0),
            (Discount::Percent(100), i64::MAX, 0),
            (Discount::Percent(1), i64::MAX, i64::MAX - i64::MAX / 100),
            (Discount::Percent(33), 10, 7),
            (Discount::Percent(50), 1, 1),
            (Discount::Percent(50), 0, 0),
            (Discount::Amount(idr(50_000)), 150_000, 100_000),
            (Discount::Amount(idr(i64::MAX)), 150_000, 0),
            (Discount::Price(idr(99_000)), 150_000, 99_000),
            (Discount::Price(idr(0)), 150_000, 0),
            (Discount::Price(idr(200_000)), 150_000, 150_000),
        ];
        for (discount, price, costs) in table {
            assert_eq!(discount.apply(idr(price)), Some(idr(costs)), "{discount:?} of {price}");
        }
    }

    #[test]
    fn every_percentage_of_every_price_lies_between_nothing_and_the_price() {
        for percent in 1..=100 {
            for price in [0, 1, 99, 100, 101, 12_345, i64::MAX - 1, i64::MAX] {
                let costs = Discount::Percent(percent).apply(idr(price)).unwrap().amount();
                let exact = i128::from(price) - i128::from(price) * i128::from(percent) / 100;
                assert_eq!(i128::from(costs), exact, "{percent} % of {price}");
            }
        }
    }

    #[test]
    fn an_amount_of_another_currency_is_no_discount() {
        let price = Money::new(1_000, Currency::Usd).unwrap();
        assert_eq!(Discount::Amount(idr(1)).apply(price), None);
        assert_eq!(Discount::Price(idr(1)).apply(price), None);
        assert_eq!(Discount::Percent(50).apply(price), Money::new(500, Currency::Usd).ok());
    }

    #[test]
    fn terms_by_which_nothing_is_off_are_refused() {
        for percent in [0, -1, 101] {
            assert!(Discount::percent(percent).is_err(), "{percent}");
        }
        for amount in [0, -1] {
            assert!(Discount::amount(amount, Currency::Idr).is_err(), "{amount}");
        }
        assert!(Discount::price(-1, Currency::Idr).is_err());
        assert!(Discount::price(0, Currency::Idr).is_ok(), "free is a price");
    }

    #[test]
    fn a_voucher_is_good_from_its_first_moment_to_before_its_last() {
        let validity = Validity { from: Some(at(10)), until: Some(at(20)) };
        let table = [
            (9, Err(VoucherRefusal::Invalid)),
            (10, Ok(())),
            (19, Ok(())),
            (20, Err(VoucherRefusal::Expired)),
        ];
        for (now, answer) in table {
            assert_eq!(validity.allow(at(now)), answer, "at {now}");
            assert_eq!(Validity::default().allow(at(now)), Ok(()));
        }
        assert!(validity.check().is_ok());
        assert!(Validity { from: Some(at(20)), until: Some(at(20)) }.check().is_err());
    }
}
