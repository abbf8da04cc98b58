//! Tickets in their owners' hands and at the door: found, listed, scanned by gates that can ask, and by gates that could not.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use entities::ids::{EventId, UserId};
use entities::ticket::scans;
use entities::ticket::status::AdmissionStatus;
use entities::ticket::tickets::Model;
use service::identity::{Role, User};
use subgraph::page::Page;

use crate::domain::admission::{Gate, Outcome, Scan, settle};
use crate::domain::signed::TicketKey;
use crate::error::SaleError;
use crate::keys::{CodeKeys, Reading};
use crate::store::{self, Store, Transaction};

/// The most scans of one upload.
pub const MOST_SCANS: usize = 200;
/// How far the clock of a gate may be ahead of ours.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// The ticket with this code. For its owner and for who works at the door; a stranger's looks like none.
///
/// # Errors
/// [`SaleError::Database`].
pub async fn find(
    store: &Store,
    keys: &CodeKeys,
    code: &str,
    user: User,
) -> Result<Option<Model>, SaleError> {
    let reading = keys.read(code).await?;
    let row = row_of(store, &reading).await?;
    Ok(row.filter(|row| user.role != Role::Customer || row.user_id.as_uuid() == &user.id))
}

async fn row_of(store: &Store, reading: &Reading) -> Result<Option<Model>, SaleError> {
    Ok(match reading {
        Reading::Signed(claim) => store::tickets::find(store.read(), claim.key).await?,
        Reading::Random(code) => store::tickets::by_codes(store.read(), [code.clone()]).await?.pop(),
        Reading::Forged | Reading::Nonsense => None,
    })
}

/// The tickets of a buyer, newest first.
///
/// # Errors
/// [`SaleError::Database`].
pub async fn of_user(store: &Store, user: UserId, page: Page) -> Result<Vec<Model>, SaleError> {
    Ok(store::tickets::of_user(store.read(), user, page).await?)
}

/// How many tickets of a user, used or not, are for events that are not over.
///
/// # Errors
/// [`SaleError::Database`].
pub async fn ahead(store: &Store, user: UserId) -> Result<u64, SaleError> {
    store
        .transaction(
            |tx| async move { Ok(store::tickets::count_ahead(tx.db(), user, tx.now().await?).await?) },
        )
        .await
}

/// What came of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The answer.
    pub outcome: Outcome,
    /// The ticket, when there is one.
    pub ticket: Option<Model>,
    /// All other scans with which somebody was let in, earliest first.
    pub conflicts: Vec<Scan>,
}

impl Verdict {
    const fn of_no_ticket(outcome: Outcome) -> Self {
        Self { outcome, ticket: None, conflicts: Vec::new() }
    }
}

/// A scan at a gate that asks before it opens.
#[derive(Clone, Debug)]
pub struct CheckIn<'c> {
    /// What was scanned.
    pub code: &'c str,
    /// Where.
    pub gate: Gate,
    /// The event at this door, when the gate says it.
    pub event_id: Option<EventId>,
    /// Who works there.
    pub told_by: UserId,
}

/// Lets the first holder of a code in, and nobody else.
///
/// # Errors
/// [`SaleError::Contended`], [`SaleError::Database`]. Whatever is wrong with the code is an answer.
pub async fn check_in(store: &Store, keys: &CodeKeys, scan: CheckIn<'_>) -> Result<Verdict, SaleError> {
    let reading = keys.read(scan.code).await?;
    if reading == Reading::Forged {
        return Ok(Verdict::of_no_ticket(Outcome::Forged));
    }
    let Some(ticket) = row_of(store, &reading).await? else {
        return Ok(Verdict::of_no_ticket(Outcome::Unknown));
    };
    if scan.event_id.is_some_and(|event| event != ticket.event_id) {
        return Ok(Verdict { ticket: Some(ticket), ..Verdict::of_no_ticket(Outcome::OtherEvent) });
    }
    let (key, scan) = (TicketKey::of(&ticket), &scan);
    store.transaction(|tx| async move { open(&tx, key, scan).await }).await
}

async fn open(tx: &Transaction, key: TicketKey, scan: &CheckIn<'_>) -> Result<Verdict, SaleError> {
    let now = tx.now().await?;
    let this = Scan { at: now, gate: scan.gate.as_str().to_owned() };
    // Only a valid ticket opens the door, even where the clock of an offline gate was ahead and its scan lies after now.
    let opened = store::tickets::use_now(tx.db(), key, &this).await?;
    let ticket = store::tickets::find(tx.db(), key).await?.ok_or(SaleError::Contended)?;
    if opened {
        store::scans::insert(tx.db(), vec![row(key, &this, scan.told_by, now)]).await?;
    }
    let outcome = match ticket.status.scan() {
        Err(_) => Outcome::Voided,
        Ok(_) if opened => Outcome::Admitted,
        Ok(_) => Outcome::AlreadyUsed,
    };
    Ok(Verdict { ticket: Some(ticket), ..Verdict::of_no_ticket(outcome) })
}

fn row(key: TicketKey, scan: &Scan, told_by: UserId, now: DateTime<Utc>) -> scans::Model {
    let TicketKey { booking_id, seq } = key;
    scans::Model { booking_id, seq, scanned_at: scan.at, gate: scan.gate.clone(), told_by, told_at: now }
}

/// A scan at a gate that could not ask, told later.
#[derive(Clone, Debug)]
pub struct OfflineScan {
    /// What was scanned.
    pub code: String,
    /// Where and when.
    pub scan: Scan,
    /// The event at that door, when the gate knew it.
    pub event_id: Option<EventId>,
}

/// Takes in what gates scanned while they were alone. The earliest scan of a ticket becomes its use, whichever is told first;
/// telling again changes nothing. Element *i* of the answer belongs to element *i* of `scans`.
///
/// # Errors
/// [`SaleError::BadInput`] for too many, [`SaleError::Database`]. Whatever is wrong with a code is an answer.
pub async fn upload(
    store: &Store,
    keys: &CodeKeys,
    told_by: UserId,
    scans: &[OfflineScan],
) -> Result<Vec<Verdict>, SaleError> {
    if scans.len() > MOST_SCANS {
        return Err(SaleError::BadInput { field: "scans", message: "At most 200 scans at once" });
    }
    let mut readings = Vec::with_capacity(scans.len());
    for scan in scans {
        readings.push(keys.read(&scan.code).await?);
    }
    let keys_told = tickets_of(store, &readings).await?;
    let told: Vec<_> = scans.iter().zip(keys_told).collect();
    let (told, readings) = (&told, &readings);
    store
        .transaction(|tx| async move {
            let settled = settle_all(&tx, told_by, told).await?;
            let verdicts = told.iter().zip(readings);
            Ok(verdicts.map(|((scan, key), reading)| settled.verdict(scan, *key, reading)).collect())
        })
        .await
}

/// Which ticket each reading names, if any.
async fn tickets_of(store: &Store, readings: &[Reading]) -> Result<Vec<Option<TicketKey>>, SaleError> {
    let random = readings.iter().filter_map(|reading| match reading {
        Reading::Random(code) => Some(code.clone()),
        Reading::Signed(_) | Reading::Forged | Reading::Nonsense => None,
    });
    let rows = store::tickets::by_codes(store.read(), random).await?;
    let of_code: HashMap<&str, TicketKey> =
        rows.iter().map(|row| (row.code.as_str(), TicketKey::of(row))).collect();
    let key = |reading: &Reading| match reading {
        Reading::Signed(claim) => Some(claim.key),
        Reading::Random(code) => of_code.get(code.as_str()).copied(),
        Reading::Forged | Reading::Nonsense => None,
    };
    Ok(readings.iter().map(key).collect())
}

/// All that is known of some tickets after an upload.
struct Settled {
    tickets: BTreeMap<TicketKey, Model>,
    scans: BTreeMap<TicketKey, BTreeSet<Scan>>,
    now: DateTime<Utc>,
}

async fn settle_all(
    tx: &Transaction,
    told_by: UserId,
    told: &[(&OfflineScan, Option<TicketKey>)],
) -> Result<Settled, SaleError> {
    let now = tx.now().await?;
    let bookings: BTreeSet<_> = told.iter().filter_map(|(_, key)| key.map(|key| key.booking_id)).collect();
    let rows = store::tickets::lock_of_bookings(tx.db(), bookings.iter().copied()).await?;
    let mut settled = Settled {
        tickets: rows.into_iter().map(|row| (TicketKey::of(&row), row)).collect(),
        scans: BTreeMap::new(),
        now,
    };
    for row in store::scans::of_bookings(tx.db(), bookings).await? {
        let key = TicketKey { booking_id: row.booking_id, seq: row.seq };
        settled.scans.entry(key).or_default().insert(Scan { at: row.scanned_at, gate: row.gate });
    }
    let mut news = Vec::new();
    for (offline, key) in told {
        let Some((key, ticket)) = key.and_then(|key| Some((key, settled.tickets.get(&key)?))) else {
            continue;
        };
        let opened = settled.refusal(offline, ticket).is_none();
        if opened && settled.scans.entry(key).or_default().insert(offline.scan.clone()) {
            news.push(row(key, &offline.scan, told_by, now));
        }
    }
    store::scans::insert(tx.db(), news).await?;
    for (key, ticket) in &mut settled.tickets {
        let Some(first) = settle(ticket, settled.scans.get(key).into_iter().flatten()) else { continue };
        if !store::tickets::use_earlier(tx.db(), *key, first).await? {
            return Err(SaleError::Contended);
        }
        ticket.status = AdmissionStatus::Used;
        (ticket.used_at, ticket.used_gate) = (Some(first.at), Some(first.gate.clone()));
    }
    Ok(settled)
}

impl Settled {
    /// Why a scan is no use of the ticket, whatever else is known of it.
    fn refusal(&self, offline: &OfflineScan, ticket: &Model) -> Option<Outcome> {
        if offline.event_id.is_some_and(|event| event != ticket.event_id) {
            return Some(Outcome::OtherEvent);
        }
        (offline.scan.at > self.now + CLOCK_TOLERANCE).then_some(Outcome::InFuture)
    }

    fn verdict(&self, offline: &OfflineScan, key: Option<TicketKey>, reading: &Reading) -> Verdict {
        let Some((key, ticket)) = key.and_then(|key| Some((key, self.tickets.get(&key)?))) else {
            let forged = *reading == Reading::Forged;
            return Verdict::of_no_ticket(if forged { Outcome::Forged } else { Outcome::Unknown });
        };
        let others = self.scans.get(&key).into_iter().flatten().filter(|other| **other != offline.scan);
        Verdict {
            outcome: self.refusal(offline, ticket).unwrap_or_else(|| Outcome::of(&offline.scan, ticket)),
            ticket: Some(ticket.clone()),
            conflicts: others.cloned().collect(),
        }
    }
}
