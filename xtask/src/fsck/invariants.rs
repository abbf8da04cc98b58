//! The invariants of the sale, as far as rows at rest can show them. The numbers are those by which the project speaks of them.
//!
//! What only a history of requests shows (9, 10, 11, 14) is the business of tests; what is written here must hold after them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::Utc;

use super::facts::{Booking, Facts, Hold, Reservation, Schedule, Ticket};

/// A broken invariant, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its number.
    pub invariant: u8,
    /// What is wrong, with the ids that show it.
    pub text: String,
}

type Check = fn(&Facts) -> Vec<String>;

/// Every invariant with what it says.
pub const INVARIANTS: [(u8, &str, Check); 13] = [
    (1, "sold >= 0, held >= 0, sold + held <= quota", counters_are_within_the_quota),
    (2, "sold = tickets of PAID bookings = VALID + USED tickets", sold_is_what_was_paid),
    (3, "held = what unexpired holds hold, and what is offered", held_is_what_holds_hold),
    (4, "PAID <=> as many distinct codes as the booking's quantity", paid_has_its_tickets),
    (5, "total = unit price x quantity", totals_are_products),
    (6, "no payment without a booking, no transaction twice", payments_belong),
    (7, "one key of a user stands for one request", keys_are_unique),
    (8, "PENDING -> PAID, PENDING -> CANCELLED, PAID -> CANCELLED, nothing else", histories_are_legal),
    (12, "no PAID booking of a CANCELLED event", cancelled_events_have_no_paid_bookings),
    (13, "active events in one room never overlap, and SpaceMaster has each", rooms_are_claimed_once),
    (15, "quotas of an event <= its venue's capacity", quotas_fit_the_venue),
    (
        16,
        "a voucher's used and held = what its holds come to, and not above its limit",
        vouchers_count_their_holds,
    ),
    (
        17,
        "a type's waiting and offered = the places on its list; no offer outlives its end",
        lists_are_counted,
    ),
];

/// Everything that is broken.
#[must_use]
pub fn check(facts: &Facts) -> Vec<Finding> {
    INVARIANTS
        .iter()
        .flat_map(|(invariant, _, check)| {
            check(facts).into_iter().map(|text| Finding { invariant: *invariant, text })
        })
        .collect()
}

fn counters_are_within_the_quota(facts: &Facts) -> Vec<String> {
    facts
        .ticket
        .ticket_types
        .iter()
        .filter(|kind| kind.sold < 0 || kind.held < 0 || kind.sold + kind.held > kind.quota)
        .map(|kind| {
            format!("ticket type {}: sold {} + held {}, quota {}", kind.id, kind.sold, kind.held, kind.quota)
        })
        .collect()
}

fn sold_is_what_was_paid(facts: &Facts) -> Vec<String> {
    let paid = facts.booked(|booking| booking.status == "PAID");
    let type_of: HashMap<&str, &str> = facts
        .booking
        .bookings
        .iter()
        .map(|booking| (booking.id.as_str(), booking.ticket_type_id.as_str()))
        .collect();
    let mut live: BTreeMap<&str, i64> = BTreeMap::new();
    for ticket in facts.ticket.tickets.iter().filter(|ticket| is_live(ticket)) {
        if let Some(kind) = type_of.get(ticket.booking_id.as_str()) {
            *live.entry(kind).or_default() += 1;
        }
    }
    facts
        .ticket
        .ticket_types
        .iter()
        .filter_map(|kind| {
            let paid = paid.get(kind.id.as_str()).copied().unwrap_or_default();
            let live = live.get(kind.id.as_str()).copied().unwrap_or_default();
            (kind.sold != paid || kind.sold != live).then(|| {
                format!(
                    "ticket type {}: sold {}, quantity of PAID bookings {paid}, VALID or USED tickets {live}",
                    kind.id, kind.sold
                )
            })
        })
        .collect()
}

fn held_is_what_holds_hold(facts: &Facts) -> Vec<String> {
    let now = facts.ticket.now.unwrap_or_else(Utc::now);
    let held: Vec<&Hold> = facts.ticket.holds.iter().filter(|hold| hold.status == "HELD").collect();
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    for hold in &held {
        if let Some(kind) = &hold.ticket_type_id {
            *sums.entry(kind).or_default() += hold.quantity;
        }
    }
    for place in &facts.ticket.waiting_places {
        *sums.entry(&place.ticket_type_id).or_default() += place.offered;
    }
    let counters = facts.ticket.ticket_types.iter().filter_map(|kind| {
        let sum = sums.get(kind.id.as_str()).copied().unwrap_or_default();
        (kind.held != sum)
            .then(|| format!("ticket type {}: held {}, its holds and offers hold {sum}", kind.id, kind.held))
    });
    // Where nothing runs nobody can release what expires: that is done at the next start.
    let expired = held
        .iter()
        .filter(|hold| facts.running && hold.expires_at.is_some_and(|end| end < now))
        .map(|hold| format!("hold of booking {}: still HELD although it expired", hold.booking_id));
    counters.chain(expired).collect()
}

fn paid_has_its_tickets(facts: &Facts) -> Vec<String> {
    let mut codes: HashMap<&str, Vec<&str>> = HashMap::new();
    for ticket in facts.ticket.tickets.iter().filter(|ticket| is_live(ticket)) {
        codes.entry(&ticket.booking_id).or_default().push(&ticket.code);
    }
    let mut broken: Vec<String> = facts
        .booking
        .bookings
        .iter()
        .filter_map(|booking| {
            tickets_differ(booking, codes.get(booking.id.as_str()).map_or(&[], Vec::as_slice))
        })
        .collect();
    let bookings: HashSet<&str> = facts.booking.bookings.iter().map(|booking| booking.id.as_str()).collect();
    broken.extend(
        codes
            .keys()
            .filter(|booking| !bookings.contains(*booking))
            .map(|booking| format!("tickets of booking {booking}, which does not exist")),
    );
    let mut seen = HashSet::new();
    broken.extend(
        facts
            .ticket
            .tickets
            .iter()
            .filter(|ticket| !seen.insert(ticket.code.as_str()))
            .map(|ticket| format!("a ticket of booking {} has the code of another", ticket.booking_id)),
    );
    broken
}

fn tickets_differ(booking: &Booking, codes: &[&str]) -> Option<String> {
    let distinct = codes.iter().collect::<BTreeSet<_>>().len();
    let expected = if booking.status == "PAID" { booking.quantity } else { 0 };
    (i64::try_from(distinct) != Ok(expected)).then(|| {
        format!(
            "booking {} is {} for {}: {distinct} live tickets",
            booking.id, booking.status, booking.quantity
        )
    })
}

fn totals_are_products(facts: &Facts) -> Vec<String> {
    facts
        .booking
        .bookings
        .iter()
        .filter(|booking| match (booking.unit_price, booking.total) {
            (Some(price), Some(total)) => price.checked_mul(booking.quantity) != Some(total),
            (None, None) => booking.status == "PAID",
            _ => true,
        })
        .map(|booking| {
            format!(
                "booking {}: total {:?}, unit price {:?}, quantity {}",
                booking.id, booking.total, booking.unit_price, booking.quantity
            )
        })
        .collect()
}

fn payments_belong(facts: &Facts) -> Vec<String> {
    let bookings: HashSet<&str> = facts.booking.bookings.iter().map(|booking| booking.id.as_str()).collect();
    let orphans =
        facts.booking.payments.iter().filter(|payment| !bookings.contains(payment.booking_id.as_str())).map(
            |payment| {
                format!("payment {} is for booking {}, which does not exist", payment.id, payment.booking_id)
            },
        );
    let mut seen = HashSet::new();
    let twice = facts
        .booking
        .payments
        .iter()
        .filter_map(|payment| payment.transaction_id.as_deref())
        .filter(|transaction| !seen.insert(*transaction))
        .map(|transaction| format!("transaction {transaction} appears twice"))
        .collect::<Vec<_>>();
    orphans.chain(twice).collect()
}

fn keys_are_unique(facts: &Facts) -> Vec<String> {
    let mut seen = HashSet::new();
    facts
        .booking
        .idempotency
        .iter()
        .filter(|key| !seen.insert((&key.user_id, &key.operation, &key.key)))
        .map(|key| format!("key {:?} of user {} stands for two requests", key.key, key.user_id))
        .collect()
}

fn histories_are_legal(facts: &Facts) -> Vec<String> {
    let strange = facts
        .booking
        .bookings
        .iter()
        .filter(|booking| !["PENDING", "PAID", "CANCELLED"].contains(&booking.status.as_str()))
        .map(|booking| format!("booking {} is {:?}", booking.id, booking.status));
    let steps =
        facts.booking.history.iter().filter(|change| !is_legal(change.from.as_deref(), &change.to)).map(
            |change| {
                let from = change.from.as_deref().unwrap_or("nothing");
                format!("booking {} went from {from} to {}", change.booking_id, change.to)
            },
        );
    strange.chain(steps).collect()
}

fn is_legal(from: Option<&str>, to: &str) -> bool {
    matches!(
        (from, to),
        (None, "PENDING")
            | (Some("PENDING"), "PENDING" | "PAID" | "CANCELLED")
            | (Some("PAID"), "PAID" | "CANCELLED")
    )
}

fn cancelled_events_have_no_paid_bookings(facts: &Facts) -> Vec<String> {
    let cancelled: HashSet<&str> = facts
        .event
        .events
        .iter()
        .filter(|event| event.status == "CANCELLED")
        .map(|event| event.id.as_str())
        .chain(facts.ticket.events.iter().filter(|event| event.cancelled).map(|event| event.id.as_str()))
        .collect();
    facts
        .booking
        .bookings
        .iter()
        .filter(|booking| booking.status == "PAID" && cancelled.contains(booking.event_id.as_str()))
        .map(|booking| format!("booking {} is PAID, its event {} is CANCELLED", booking.id, booking.event_id))
        .collect()
}

fn rooms_are_claimed_once(facts: &Facts) -> Vec<String> {
    let mut active: Vec<&Reservation> =
        facts.event.reservations.iter().filter(|claim| claim.active || claim.pending).collect();
    active.sort_by_key(|reservation| (reservation.room_id, reservation.starts_at));
    let mut broken = Vec::new();
    let mut last: Option<&Reservation> = None;
    for reservation in active {
        if let Some(before) = last.filter(|before| before.room_id == reservation.room_id)
            && reservation.starts_at < before.ends_at
        {
            broken.push(format!(
                "room {}: reservations {} and {} overlap",
                reservation.room_id, before.id, reservation.id
            ));
        }
        if last.is_none_or(|before| {
            before.room_id != reservation.room_id || before.ends_at < reservation.ends_at
        }) {
            last = Some(reservation);
        }
    }
    broken.extend(unclaimed_events(facts));
    broken.extend(unknown_to_spacemaster(facts));
    broken
}

/// An event that people can see has its room.
fn unclaimed_events(facts: &Facts) -> Vec<String> {
    let claimed: HashSet<&str> = facts
        .event
        .reservations
        .iter()
        .filter(|reservation| reservation.active)
        .filter_map(|reservation| reservation.event_id.as_deref())
        .collect();
    facts
        .event
        .events
        .iter()
        .filter(|event| event.status == "SCHEDULED" && !claimed.contains(event.id.as_str()))
        .map(|event| format!("event {} is SCHEDULED without a room reservation", event.id))
        .collect()
}

/// SpaceMaster keeps no owners: somebody's blocks must cover every moment of a claim that we have told it about.
fn unknown_to_spacemaster(facts: &Facts) -> Vec<String> {
    let active = facts.event.reservations.iter().filter(|claim| claim.active);
    active
        .filter_map(|claim| {
            let (id, room) = (&claim.id, claim.room_id);
            if !claim.pushed {
                return Some(format!("reservation {id} of room {room} was never pushed to SpaceMaster"));
            }
            let schedules = facts.spacemaster.schedules.as_ref()?;
            let blocks = schedules.iter().filter(|row| row.room_id == room && row.status != "AVAILABLE");
            let from = uncovered(claim, blocks.collect())?;
            Some(format!("reservation {id} of room {room}: SpaceMaster does not block it from {from}"))
        })
        .collect()
}

/// The first moment of the claim that no block covers. The texts are of one form, so they sort as the moments do.
fn uncovered<'a>(claim: &'a Reservation, mut blocks: Vec<&'a Schedule>) -> Option<&'a str> {
    blocks.sort_by_key(|block| &block.start_time);
    let mut covered = claim.start_time.as_str();
    for block in blocks {
        if block.start_time.as_str() <= covered && block.end_time.as_str() > covered {
            covered = &block.end_time;
        }
    }
    (covered < claim.end_time.as_str()).then_some(covered)
}

fn quotas_fit_the_venue(facts: &Facts) -> Vec<String> {
    let mut quotas: BTreeMap<&str, i64> = BTreeMap::new();
    for kind in &facts.ticket.ticket_types {
        *quotas.entry(&kind.event_id).or_default() += kind.quota;
    }
    let known = facts.ticket.events.iter().map(|event| (event.id.as_str(), event.capacity));
    let true_ones =
        facts.event.events.iter().filter_map(|event| Some((event.id.as_str(), event.venue_capacity?)));
    let quota = |event: &str| quotas.get(event).copied().unwrap_or_default();
    let too_many = known.chain(true_ones).filter(|(event, capacity)| quota(event) > *capacity);
    let too_many = too_many
        .map(|(event, capacity)| format!("event {event}: quotas {}, capacity {capacity}", quota(event)))
        .collect::<BTreeSet<_>>();
    let miscounted =
        facts.ticket.events.iter().filter(|event| event.allocated != quota(&event.id)).map(|event| {
            format!(
                "event {}: quotas {}, its capacity row has given out {}",
                event.id,
                quota(&event.id),
                event.allocated
            )
        });
    too_many.into_iter().chain(miscounted).collect()
}

fn vouchers_count_their_holds(facts: &Facts) -> Vec<String> {
    let sums = |status: &str| {
        let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
        for hold in facts.ticket.holds.iter().filter(|hold| hold.status == status) {
            if let Some(voucher) = &hold.voucher_id {
                *sums.entry(voucher).or_default() += hold.quantity;
            }
        }
        sums
    };
    let (used, held) = (sums("CONFIRMED"), sums("HELD"));
    let vouchers = facts.ticket.vouchers.iter().filter_map(|voucher| {
        let [used, held] =
            [&used, &held].map(|sums| sums.get(voucher.id.as_str()).copied().unwrap_or_default());
        let right = voucher.used == used && voucher.held == held && used + held <= voucher.usage_limit;
        (!right).then(|| {
            format!(
                "voucher {}: used {} + held {}, limit {}; its holds are {used} confirmed and {held} held",
                voucher.id, voucher.used, voucher.held, voucher.usage_limit
            )
        })
    });
    let known: HashSet<&str> = facts.ticket.vouchers.iter().map(|voucher| voucher.id.as_str()).collect();
    let lost = used.keys().chain(held.keys()).filter(|voucher| !known.contains(*voucher));
    vouchers.chain(lost.map(|voucher| format!("holds of voucher {voucher}, which does not exist"))).collect()
}

fn lists_are_counted(facts: &Facts) -> Vec<String> {
    let now = facts.ticket.now.unwrap_or_else(Utc::now);
    let places = &facts.ticket.waiting_places;
    let counters = facts.ticket.ticket_types.iter().filter_map(|kind| {
        let of_kind = || places.iter().filter(|place| place.ticket_type_id == kind.id);
        let waiting = of_kind().filter(|place| place.status == "WAITING").count();
        let offered: i64 = of_kind().map(|place| place.offered).sum();
        let right = i64::try_from(waiting) == Ok(kind.waiting) && offered == kind.offered;
        (!right).then(|| {
            format!(
                "ticket type {}: waiting {}, offered {}; its list has {waiting} waiting and {offered} offered",
                kind.id, kind.waiting, kind.offered
            )
        })
    });
    let wrong = places.iter().filter_map(|place| {
        let lapsed = facts.running && place.offer_expires_at.is_some_and(|end| end < now);
        let (offers, status) = (place.offered > 0, place.status.as_str());
        (lapsed || offers != (status == "OFFERED"))
            .then(|| format!("waiting place {}: {status} with {} offered", place.id, place.offered))
    });
    counters.chain(wrong).collect()
}

fn is_live(ticket: &Ticket) -> bool {
    ticket.status == "VALID" || ticket.status == "USED"
}
