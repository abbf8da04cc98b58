//! Those who run the event: they scan tickets, change quotas, take bookings back, look at the counters, and call the event off.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::buyer::{Mood, Offer};
use super::person::{Answer, Person};
use super::told::Told;

const SCAN: &str = "mutation Scan($code: String!, $gate: String!, $event: ID) { checkIn(code: $code, gate: $gate, eventId: $event) { outcome } }";
const QUOTA: &str = "mutation Quota($id: ID!, $input: UpdateTicketInput!) { updateTicketType(id: $id, input: $input) { id quota } }";
const TAKE_BACK: &str =
    "mutation TakeBack($id: ID!) { cancelBooking(id: $id, refund: true) { success booking { status } } }";
const CALL_OFF: &str = "mutation CallOff($id: ID!) { cancelEvent(id: $id) { event { status } } }";
const COUNTERS: &str =
    "query Counters($id: ID!) { ticketTypesByEvent(eventId: $id) { id quota sold available } }";
const BOOKINGS: &str = "query Bookings($user: ID!) { bookingsByUser(userId: $user) { id status } }";

/// An administrator in one round.
pub(super) struct Staff {
    pub(super) person: Person,
    pub(super) offer: Offer,
    pub(super) told: Told,
    pub(super) mood: watch::Receiver<Mood>,
}

/// The counters of a ticket type, as anybody sees them.
#[derive(Clone, Debug)]
pub(super) struct Counters {
    pub(super) id: String,
    pub(super) quota: i64,
    pub(super) sold: i64,
    available: i64,
}

impl Staff {
    /// Works as long as it is wild.
    pub(super) async fn work(&mut self) {
        while *self.mood.borrow() == Mood::Wild {
            match self.person.random.below(10) {
                0..=3 => self.scan().await,
                4 => self.change_quota().await,
                5 => self.take_back().await,
                _ => {
                    self.counters().await;
                }
            }
            let pause = 50 + self.person.random.below(200) as u64;
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }

    async fn scan(&mut self) {
        let codes = self.told.facts().codes.clone();
        let Some(code) = self.person.random.pick(&codes) else { return };
        let scan = json!({ "code": code, "gate": "north", "event": self.offer.event });
        let answer = self.person.ask("ticket", SCAN, &scan).await;
        if answer.field("checkIn").is_some_and(|scan| scan["outcome"] == "ADMITTED") {
            *self.told.facts().admitted.entry(code.clone()).or_default() += 1;
        }
    }

    async fn change_quota(&mut self) {
        let counters = self.counters().await;
        let Some(of) = self.person.random.pick(&counters).cloned() else { return };
        let step = i64::try_from(self.person.random.below(9)).unwrap_or_default() - 4;
        let quota = json!({ "id": of.id, "input": { "quota": (of.quota + step).max(1) } });
        self.person.insist("ticket", QUOTA, &quota).await;
    }

    async fn take_back(&mut self) {
        let paid: Vec<String> = {
            let facts = self.told.facts();
            facts.paid.difference(&facts.taken_back).cloned().collect()
        };
        let Some(id) = self.person.random.pick(&paid) else { return };
        self.told.facts().taken_back.insert(id.clone());
        let answer = self.person.insist("booking", TAKE_BACK, &json!({ "id": id })).await;
        if answer.field("cancelBooking").is_some_and(|outcome| outcome["success"] == true) {
            self.told.facts().cancelled.insert(id.clone());
        }
    }

    /// Calls the event off; whether that was acknowledged.
    pub(super) async fn call_off(&mut self) -> bool {
        self.told.facts().called_off = true;
        let answer = self.person.insist("event", CALL_OFF, &json!({ "id": self.offer.event })).await;
        matches!(answer, Answer::Fine(_))
    }

    /// The counters now; empty when nobody answers. What they say must be possible.
    pub(super) async fn counters(&mut self) -> Vec<Counters> {
        let answer = self.person.ask("ticket", COUNTERS, &json!({ "id": self.offer.event })).await;
        let types = answer.field("ticketTypesByEvent").and_then(Value::as_array);
        let all: Vec<Counters> = types.into_iter().flatten().map(Counters::read).collect();
        for of in &all {
            if of.sold < 0 || of.available < 0 || of.sold + of.available > of.quota {
                self.person.faults.push(format!("impossible counters: {of:?}"));
            }
        }
        all
    }

    /// Every booking of a user with its status; `None` when nobody answers.
    pub(super) async fn bookings(&mut self, user: &str) -> Option<Vec<(String, String)>> {
        let answer = self.person.insist("booking", BOOKINGS, &json!({ "user": user })).await;
        let rows = answer.field("bookingsByUser")?.as_array()?;
        let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
        Some(rows.iter().map(|row| (text(row, "id"), text(row, "status"))).collect())
    }
}

impl Counters {
    fn read(row: &Value) -> Self {
        let number = |field: &str| row[field].as_i64().unwrap_or(-1);
        let id = row["id"].as_str().unwrap_or_default().to_owned();
        Self { id, quota: number("quota"), sold: number("sold"), available: number("available") }
    }
}
