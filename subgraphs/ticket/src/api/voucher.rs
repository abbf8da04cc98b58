//! `Voucher`: a code that makes tickets cheaper, as an organiser sees it.

use async_graphql::{ID, InputObject, MaybeUndefined, Object, SimpleObject};
use entities::money::Currency;
use entities::ticket::status::DiscountKind;
use entities::ticket::vouchers::Model;
use subgraph::error::Error;
use subgraph::ids::given;
use subgraph::scalars::{Amount, DateTime};

use super::ticket_type::{given_or_null, kept};
use crate::domain::voucher::Validity;
use crate::vouchers::{NewDiscount, NewVoucher, VoucherRevision};

/// A code that makes tickets of one event cheaper, so many times.
pub(super) struct Voucher(pub(super) Model);

#[Object]
impl Voucher {
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    async fn event_id(&self) -> ID {
        self.0.event_id.to_string().into()
    }

    /// The only type it is for; every type of the event when absent.
    async fn ticket_type_id(&self) -> Option<ID> {
        self.0.ticket_type_id.map(|id| id.to_string().into())
    }

    /// In upper case; it may be used in any.
    async fn code(&self) -> String {
        self.0.code.to_string()
    }

    async fn discount(&self) -> Discount {
        Discount::from(&self.0)
    }

    /// When it begins to be good; at once when absent.
    async fn valid_from(&self) -> Option<DateTime> {
        self.0.valid_from.map(|at| at.utc())
    }

    /// When it ends.
    async fn valid_until(&self) -> Option<DateTime> {
        self.0.valid_until.map(|at| at.utc())
    }

    /// How many tickets it is good for in all.
    async fn usage_limit(&self) -> i32 {
        self.0.usage_limit
    }

    /// How many were paid for with it.
    async fn used(&self) -> i32 {
        self.0.used
    }

    /// How many are held with it for buyers who may yet pay.
    async fn held(&self) -> i32 {
        self.0.held
    }

    /// How many it is good for now.
    async fn remaining(&self) -> i32 {
        self.0.remaining()
    }
}

/// What a voucher does to the price of one ticket: one of `percent`, `amount` and `price` is there.
#[derive(Debug, Default, SimpleObject)]
pub(super) struct Discount {
    /// So many hundredths off.
    percent: Option<i32>,
    /// So much off, in minor units of `currency`; never below nothing.
    amount: Option<Amount>,
    /// So much to pay instead, in minor units of `currency`, where it is less.
    price: Option<Amount>,
    /// ISO 4217.
    currency: Option<&'static str>,
}

impl From<&Model> for Discount {
    fn from(row: &Model) -> Self {
        let currency = row.currency.map(Currency::code);
        let value = row.discount_value;
        match row.discount_kind {
            DiscountKind::Percent => Self { percent: i32::try_from(value).ok(), ..Self::default() },
            DiscountKind::Amount => Self { amount: Some(value.into()), currency, ..Self::default() },
            DiscountKind::Price => Self { price: Some(value.into()), currency, ..Self::default() },
        }
    }
}

/// What a voucher is to do to the price of one ticket: exactly one of `percent`, `amount` and `price`.
#[derive(Debug, InputObject)]
pub(super) struct DiscountInput {
    /// So many hundredths off, 1 to 100; of what does not divide the buyer pays the rest.
    percent: Option<i32>,
    /// So much off, in minor units of `currency`; never below nothing.
    amount: Option<Amount>,
    /// So much to pay instead, in minor units of `currency`, where it is less.
    price: Option<Amount>,
    /// ISO 4217, of `amount` or `price`; the type's, or IDR, when absent.
    currency: Option<String>,
}

impl TryFrom<DiscountInput> for NewDiscount {
    type Error = Error;

    fn try_from(input: DiscountInput) -> Result<Self, Error> {
        let currency = input.currency.map(|code| code.parse()).transpose();
        let currency =
            currency.map_err(|_| Error::bad_input("currency", "We do not sell in this currency"))?;
        match (input.percent, input.amount, input.price) {
            (Some(percent), None, None) => Ok(Self::Percent(percent.into())),
            (None, Some(Amount(amount)), None) => Ok(Self::Amount(amount, currency)),
            (None, None, Some(Amount(price))) => Ok(Self::Price(price, currency)),
            _ => Err(Error::bad_input("discount", "A discount is one of percent, amount and price")),
        }
    }
}

/// What a new voucher is to be.
#[derive(Debug, InputObject)]
pub(super) struct CreateVoucherInput {
    event_id: ID,
    /// The only type it is for; every type of the event when absent.
    ticket_type_id: Option<ID>,
    /// 3 to 32 letters, digits, hyphens and underscores; one of each per event, in whatever case.
    code: String,
    discount: DiscountInput,
    /// When it begins to be good; at once when absent.
    valid_from: Option<DateTime>,
    /// When it ends.
    valid_until: Option<DateTime>,
    /// How many tickets it is good for in all.
    usage_limit: i32,
}

impl TryFrom<CreateVoucherInput> for NewVoucher {
    type Error = Error;

    fn try_from(input: CreateVoucherInput) -> Result<Self, Error> {
        let code = input.code.parse();
        Ok(Self {
            event_id: given(&input.event_id, "eventId")?,
            ticket_type_id: input.ticket_type_id.map(|id| given(&id, "ticketTypeId")).transpose()?,
            code: code.map_err(|error: entities::voucher_code::MalformedVoucherCode| {
                Error::bad_input("code", error.to_string())
            })?,
            discount: input.discount.try_into()?,
            validity: Validity { from: input.valid_from.map(kept), until: input.valid_until.map(kept) },
            usage_limit: input.usage_limit,
        })
    }
}

/// What is to change; what is absent stays.
#[derive(Debug, InputObject)]
pub(super) struct UpdateVoucherInput {
    /// Not below what is used and held.
    usage_limit: Option<i32>,
    /// When it begins to be good; null lifts the bound, as below.
    valid_from: MaybeUndefined<DateTime>,
    /// When it ends.
    valid_until: MaybeUndefined<DateTime>,
}

impl From<UpdateVoucherInput> for VoucherRevision {
    fn from(input: UpdateVoucherInput) -> Self {
        Self {
            usage_limit: input.usage_limit,
            valid_from: given_or_null(input.valid_from.map_value(kept)),
            valid_until: given_or_null(input.valid_until.map_value(kept)),
        }
    }
}
