//! Vouchers: what an organiser does with them, and what a hold does to their counters.
//!
//! Their uses are counted as stock is, in the same transaction: set aside by one conditional `UPDATE`, used when the hold is
//! confirmed, given back when it is released, lapses or is voided.

use chrono::{DateTime, Utc};
use entities::idempotency::IdempotencyKey;
use entities::ids::{EventId, TicketTypeId, UserId, VoucherId};
use entities::moment::Moment;
use entities::money::{Currency, Money};
use entities::ticket::status::StockMove;
use entities::ticket::vouchers::Model;
use entities::ticket::{holds as hold_rows, ticket_types as type_rows};
use entities::voucher_code::VoucherCode;
use serde_json::json;
use subgraph::idempotency::{self, Request};
use subgraph::page::Page;

use crate::domain::voucher::{Discount, Validity, VoucherRefusal, VoucherTermsError};
use crate::error::SaleError;
use crate::event::EventDirectory;
use crate::holds::{HoldRequest, reap};
use crate::store::{self, Store, Transaction};
use crate::ticket_types::know_event;

// What an organiser does

/// What a new voucher is to be.
#[derive(Clone, Copy, Debug)]
pub struct NewVoucher {
    /// The event.
    pub event_id: EventId,
    /// The only type it is for, when it is for one.
    pub ticket_type_id: Option<TicketTypeId>,
    /// Its code.
    pub code: VoucherCode,
    /// What it takes off.
    pub discount: NewDiscount,
    /// When it is good.
    pub validity: Validity,
    /// How many tickets it is good for.
    pub usage_limit: i32,
}

/// What a new voucher is to take off, before it is known in which currency.
#[derive(Clone, Copy, Debug)]
pub enum NewDiscount {
    /// So many hundredths.
    Percent(i64),
    /// So many minor units off; of the type's currency, or the default one, when none is named.
    Amount(i64, Option<Currency>),
    /// So many minor units instead.
    Price(i64, Option<Currency>),
}

impl NewDiscount {
    fn of(self, ticket_type: Option<&type_rows::Model>) -> Result<Discount, VoucherTermsError> {
        let currency = |named: Option<Currency>| {
            let usual = ticket_type.map(|row| row.currency).unwrap_or_default();
            match named {
                Some(named) if ticket_type.is_some() && named != usual => Err(VoucherTermsError::Input {
                    field: "currency",
                    message: "The tickets are sold in another currency",
                }),
                named => Ok(named.unwrap_or(usual)),
            }
        };
        match self {
            Self::Percent(percent) => Discount::percent(percent),
            Self::Amount(off, named) => Discount::amount(off, currency(named)?),
            Self::Price(instead, named) => Discount::price(instead, currency(named)?),
        }
    }
}

impl NewVoucher {
    /// This, asked for by `user` under `key`.
    #[must_use]
    pub fn request(&self, user: UserId, key: IdempotencyKey) -> Request {
        let Self { event_id, ticket_type_id, code, discount, validity, usage_limit } = self;
        let (kind, value, currency) = match discount {
            NewDiscount::Percent(percent) => ("percent", percent, None),
            NewDiscount::Amount(off, currency) => ("amount", off, *currency),
            NewDiscount::Price(instead, currency) => ("price", instead, *currency),
        };
        let body = [
            json!(event_id),
            json!(ticket_type_id),
            json!(code.to_string()),
            json!(kind),
            json!(value),
            json!(currency.map(Currency::code)),
            json!(validity.from.map(|at| at.to_rfc3339())),
            json!(validity.until.map(|at| at.to_rfc3339())),
            json!(usage_limit),
        ];
        Request::new(user, "createVoucher", key, &body)
    }
}

/// Creates a voucher; or finds the one that this request created before.
///
/// # Errors
/// [`SaleError::KeyReused`]; [`SaleError::NoSuchVoucher`] when what it created went with its ticket type;
/// [`SaleError::NoSuchEvent`], [`SaleError::NoSuchTicketType`] also for another event's, [`SaleError::VoucherTerms`],
/// [`SaleError::DuplicateVoucher`]; [`SaleError::Directory`] when the event is not known here yet and the event service is down.
pub async fn create(
    store: &Store,
    directory: &dyn EventDirectory,
    new: NewVoucher,
    request: Option<&Request>,
) -> Result<Model, SaleError> {
    check_limit(new.usage_limit)?;
    new.validity.check()?;
    know_event(store, directory, new.event_id).await?;
    store
        .transaction(|tx| async move {
            match idempotency::find(tx.db(), request).await? {
                Some(id) => made_before(&tx, id).await,
                None => insert(&tx, new, request).await,
            }
        })
        .await
}

async fn made_before(tx: &Transaction, id: VoucherId) -> Result<Model, SaleError> {
    store::vouchers::find(tx.db(), id).await?.ok_or(SaleError::NoSuchVoucher)
}

async fn insert(tx: &Transaction, new: NewVoucher, request: Option<&Request>) -> Result<Model, SaleError> {
    let (id, now) = (VoucherId::new(), tx.now().await?);
    store::claim(tx, request, id, now).await?;
    let ticket_type = match new.ticket_type_id {
        Some(id) => {
            let row = store::ticket_types::lock(tx.db(), id).await?;
            let row = row.filter(|row| row.event_id == new.event_id);
            Some(row.ok_or(SaleError::NoSuchTicketType)?)
        }
        None => None,
    };
    let (discount_kind, discount_value, currency) = new.discount.of(ticket_type.as_ref())?.columns();
    let row = Model {
        id,
        event_id: new.event_id,
        ticket_type_id: new.ticket_type_id,
        code: new.code,
        discount_kind,
        discount_value,
        currency,
        valid_from: new.validity.from.map(Moment::from),
        valid_until: new.validity.until.map(Moment::from),
        usage_limit: new.usage_limit,
        used: 0,
        held: 0,
        created_at: now,
        updated_at: now,
    };
    if !store::vouchers::insert(tx.db(), row.clone()).await? {
        return Err(SaleError::DuplicateVoucher);
    }
    Ok(row)
}

const fn check_limit(limit: i32) -> Result<(), VoucherTermsError> {
    if limit < 1 {
        let message = "A voucher is good for at least 1 ticket";
        return Err(VoucherTermsError::Input { field: "usageLimit", message });
    }
    Ok(())
}

/// What an organiser wants changed: the outer `None` stays as it is, the inner one lifts the bound. What a voucher takes off
/// never changes, nor what it is for: somebody may have it in their hands.
#[derive(Clone, Copy, Debug, Default)]
pub struct VoucherRevision {
    /// How many tickets it is good for.
    pub usage_limit: Option<i32>,
    /// When it begins to be good.
    pub valid_from: Option<Option<DateTime<Utc>>>,
    /// When it ends.
    pub valid_until: Option<Option<DateTime<Utc>>>,
}

/// Changes the terms of a voucher. What is held or used keeps its price.
///
/// # Errors
/// [`SaleError::NoSuchVoucher`], [`SaleError::VoucherTerms`].
pub async fn update(store: &Store, id: VoucherId, revision: VoucherRevision) -> Result<Model, SaleError> {
    store.transaction(|tx| async move { revise(&tx, id, revision).await }).await
}

async fn revise(tx: &Transaction, id: VoucherId, revision: VoucherRevision) -> Result<Model, SaleError> {
    let now = tx.now().await?;
    let row = store::vouchers::lock(tx.db(), id).await?.ok_or(SaleError::NoSuchVoucher)?;
    let was = Validity::of(&row);
    let validity = Validity {
        from: revision.valid_from.unwrap_or(was.from),
        until: revision.valid_until.unwrap_or(was.until),
    };
    validity.check()?;
    let usage_limit = revision.usage_limit.unwrap_or(row.usage_limit);
    check_limit(usage_limit)?;
    let minimum = row.used + row.held;
    if usage_limit < minimum {
        return Err(VoucherTermsError::LimitTooLow { minimum }.into());
    }
    store::vouchers::update_terms(tx.db(), id, (usage_limit, validity), now).await?;
    store::vouchers::find(tx.db(), id).await?.ok_or(SaleError::NoSuchVoucher)
}

/// The vouchers of an event, oldest first.
///
/// # Errors
/// [`SaleError::Database`].
pub async fn of_event(store: &Store, event: EventId, page: Page) -> Result<Vec<Model>, SaleError> {
    Ok(store::vouchers::of_event(store.read(), event, page).await?)
}

// What a hold does

/// What one ticket costs, and the voucher that makes it cheaper.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quote {
    pub(crate) unit_price: i64,
    pub(crate) voucher: Option<VoucherId>,
}

/// The price of one ticket of `offer` for this request. Without a voucher nothing is asked of the database.
pub(crate) async fn quote(
    tx: &Transaction,
    request: &HoldRequest,
    offer: &type_rows::Model,
    now: DateTime<Utc>,
) -> Result<Quote, SaleError> {
    let Some(code) = request.voucher else {
        return Ok(Quote { unit_price: offer.price, voucher: None });
    };
    let row = store::vouchers::by_code(tx.db(), request.event_id, code).await?;
    let row = row.filter(|row| row.ticket_type_id.is_none_or(|only| only == offer.id));
    let row = row.ok_or(VoucherRefusal::Invalid)?;
    Validity::of(&row).allow(now)?;
    let price = Money::new(offer.price, offer.currency).ok();
    let price = price.and_then(|price| Discount::of(&row)?.apply(price)).ok_or(VoucherRefusal::Invalid)?;
    Ok(Quote { unit_price: price.amount(), voucher: Some(row.id) })
}

/// Whether `hold` was taken with the voucher that is asked for now, or with none.
pub(crate) async fn same(
    tx: &Transaction,
    hold: &hold_rows::Model,
    request: &HoldRequest,
) -> Result<bool, SaleError> {
    let asked = match request.voucher {
        Some(code) => store::vouchers::by_code(tx.db(), request.event_id, code).await?.map(|row| row.id),
        None => return Ok(hold.voucher_id.is_none()),
    };
    Ok(asked.is_some() && asked == hold.voucher_id)
}

/// Sets uses aside; when they do not suffice, gives back what has lapsed of the same type and tries once more. What has lapsed
/// of other types is left to the worker: their rows are locked before this one's type, or not at all.
pub(crate) async fn set_aside(
    tx: &Transaction,
    id: VoucherId,
    (ticket_type, quantity): (TicketTypeId, i32),
    now: DateTime<Utc>,
) -> Result<(), SaleError> {
    for reaped in [false, true] {
        if reaped && reap(tx, ticket_type, now).await? == 0 {
            break;
        }
        if store::vouchers::hold(tx.db(), id, quantity, now).await? {
            return Ok(());
        }
    }
    let row = store::vouchers::lock(tx.db(), id).await?.ok_or(VoucherRefusal::Invalid)?;
    Validity::of(&row).allow(now)?;
    let remaining = row.remaining();
    if remaining >= quantity {
        // Somebody gave uses back in this moment.
        return Err(SaleError::Contended);
    }
    Err(VoucherRefusal::UsedUp { remaining }.into())
}

/// Moves the uses that a hold vouches for: if the counters do not cover them, something is broken, and nothing is written.
pub(crate) async fn apply(
    tx: &Transaction,
    id: VoucherId,
    step: StockMove,
    quantity: i32,
) -> Result<(), SaleError> {
    if store::vouchers::apply(tx.db(), id, step, quantity).await? {
        return Ok(());
    }
    Err(SaleError::CountersBroken { of: format!("voucher {id}"), step: step.as_str() })
}

/// Uses for a hold that had lapsed, if they are still free. That the voucher may have ended meanwhile does not matter: it was
/// good when it was used.
pub(crate) async fn reacquire(
    tx: &Transaction,
    id: VoucherId,
    (ticket_type, quantity): (TicketTypeId, i32),
    now: DateTime<Utc>,
) -> Result<(), SaleError> {
    for reaped in [false, true] {
        if reaped && reap(tx, ticket_type, now).await? == 0 {
            break;
        }
        if store::vouchers::apply(tx.db(), id, StockMove::Reacquire, quantity).await? {
            return Ok(());
        }
    }
    Err(SaleError::HoldExpired)
}
