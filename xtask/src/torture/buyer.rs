//! People who buy: they book under a key of their own, some with a voucher, ask again when nobody answers, pay, change their mind, forget, wait for
//! what is sold out, and send nonsense.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::person::{Answer, Person};
use super::told::Told;

const BOOK: &str = "mutation Book($input: CreateBookingInput!, $key: ID, $voucher: String) { createBooking(input: $input, idempotencyKey: $key, voucher: $voucher) { id status } }";
const PAY: &str = "mutation Pay($id: ID!) { confirmPayment(id: $id) { id status } }";
const CANCEL: &str = "mutation Cancel($id: ID!) { cancelMyBooking(id: $id) { success booking { status } } }";
const JOIN: &str = "mutation Join($type: ID!, $quantity: Int!, $key: ID) { joinWaitingList(ticketTypeId: $type, quantity: $quantity, idempotencyKey: $key) { status } }";
const OFFERS: &str = "query Offers { myWaitingList { ticketTypeId status offered } }";
const TICKETS: &str = "query Tickets { myTickets(limit: 5) { code } }";

/// The code of a voucher that makes everything cheaper, as long as it lasts.
pub(super) const VOUCHER: &str = "CHEAPER";

/// How everybody feels about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    /// Everything goes: some forget to pay, some cancel.
    Wild,
    /// Whoever books pays, until nothing is left.
    Eager,
    /// Enough.
    Over,
}

/// What is for sale.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub(super) event: String,
    pub(super) types: Vec<String>,
}

/// A buyer in one round.
pub(super) struct Buyer {
    pub(super) person: Person,
    pub(super) offer: Offer,
    pub(super) told: Told,
    pub(super) mood: watch::Receiver<Mood>,
    /// How many keys this buyer has used.
    keys: usize,
    /// Whether this buyer has a place on a waiting list, or had one.
    waits: bool,
}

/// What a buyer wants.
#[derive(Clone, Debug)]
struct Wish {
    ticket_type: String,
    quantity: usize,
}

impl Buyer {
    pub(super) const fn new(person: Person, offer: Offer, told: Told, mood: watch::Receiver<Mood>) -> Self {
        Self { person, offer, told, mood, keys: 0, waits: false }
    }

    /// Shops until it is over.
    pub(super) async fn shop(mut self) {
        while self.mood() != Mood::Over {
            self.visit().await;
            let pause = 5 + self.person.random.below(120) as u64;
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        self.told.facts().faults.append(&mut self.person.faults);
    }

    fn mood(&self) -> Mood {
        *self.mood.borrow()
    }

    async fn visit(&mut self) {
        let is_wild = self.mood() == Mood::Wild;
        if is_wild && self.person.random.chance(5) {
            return self.send_nonsense().await;
        }
        let Some(id) = self.get(is_wild).await else { return };
        match self.person.random.below(10) {
            0 if is_wild => {}
            1 if is_wild => self.cancel(&id).await,
            _ => self.pay(&id).await,
        }
    }

    /// A booking: of what was offered, if this buyer has waited for it, or of anything.
    async fn get(&mut self, is_wild: bool) -> Option<String> {
        if self.waits
            && self.person.random.chance(50)
            && let Some(wish) = self.offered().await
        {
            let booked = self.book(wish).await;
            self.told.facts().waited += usize::from(booked.is_some());
            return booked;
        }
        let ticket_type = self.person.random.pick(&self.offer.types)?.clone();
        let quantity = if is_wild { 1 + self.person.random.below(3) } else { 1 };
        self.book(Wish { ticket_type, quantity }).await
    }

    async fn book(&mut self, wish: Wish) -> Option<String> {
        let key = self.new_key();
        let order = self.order(&wish, &key);
        let answer = self.person.insist("booking", BOOK, &order).await;
        match &answer {
            Answer::Unknown => {
                self.told.facts().unanswered.insert(key);
                return None;
            }
            Answer::Refused(code) if code == "SOLD_OUT" && self.person.random.chance(50) => {
                self.wait_for(wish).await;
                return None;
            }
            Answer::Refused(_) | Answer::Fine(_) => {}
        }
        let id = self.remember(&key, &answer)?;
        if self.person.random.chance(20) {
            let again = self.person.insist("booking", BOOK, &order).await;
            self.remember(&key, &again);
        }
        if self.person.random.chance(10) {
            self.reuse_key(&key, order).await;
        }
        Some(id)
    }

    fn new_key(&mut self) -> String {
        self.keys += 1;
        format!("{}-{}", self.person.name, self.keys)
    }

    fn order(&mut self, wish: &Wish, key: &str) -> Value {
        let Wish { ticket_type, quantity } = wish;
        let voucher = self.person.random.chance(25).then_some(VOUCHER);
        let input = json!({ "eventId": self.offer.event, "ticketTypeId": ticket_type, "quantity": quantity });
        json!({ "input": input, "key": key, "voucher": voucher })
    }

    async fn wait_for(&mut self, Wish { ticket_type, quantity }: Wish) {
        let place = json!({ "type": ticket_type, "quantity": quantity, "key": self.new_key() });
        let answer = self.person.insist("ticket", JOIN, &place).await;
        self.waits |= matches!(answer, Answer::Fine(_) | Answer::Unknown);
    }

    /// What is offered to this buyer now.
    async fn offered(&mut self) -> Option<Wish> {
        let answer = self.person.ask("ticket", OFFERS, &json!({})).await;
        let places = answer.field("myWaitingList")?.as_array()?;
        let place = places.iter().find(|place| place["status"] == "OFFERED")?;
        let quantity = place["offered"].as_u64().and_then(|offered| usize::try_from(offered).ok())?;
        Some(Wish { ticket_type: place["ticketTypeId"].as_str()?.to_owned(), quantity })
    }

    /// Writes down what a key was answered with.
    fn remember(&mut self, key: &str, answer: &Answer) -> Option<String> {
        let id = answer.field("createBooking")?["id"].as_str()?.to_owned();
        self.told.facts().by_key.entry(key.to_owned()).or_default().insert(id.clone());
        Some(id)
    }

    /// One key for two requests is a conflict.
    async fn reuse_key(&mut self, key: &str, mut order: Value) {
        order["input"]["quantity"] = json!(7);
        let answer = self.person.insist("booking", BOOK, &order).await;
        if answer != Answer::Refused("IDEMPOTENCY_CONFLICT".to_owned()) && answer != Answer::Unknown {
            self.person.faults.push(format!("{key} was used for two requests: {answer:?}"));
        }
    }

    async fn pay(&mut self, id: &str) {
        let answer = self.person.insist("booking", PAY, &json!({ "id": id })).await;
        let is_paid = answer.field("confirmPayment").is_some_and(|booking| booking["status"] == "PAID");
        if !is_paid {
            return;
        }
        self.told.facts().paid.insert(id.to_owned());
        if self.person.random.chance(30) {
            self.show_tickets().await;
        }
    }

    /// Shows tickets at the door.
    async fn show_tickets(&mut self) {
        let answer = self.person.ask("ticket", TICKETS, &json!({})).await;
        let tickets = answer.field("myTickets").and_then(Value::as_array).into_iter().flatten();
        let codes = tickets.filter_map(|ticket| ticket["code"].as_str().map(str::to_owned));
        self.told.facts().codes.extend(codes);
    }

    async fn cancel(&mut self, id: &str) {
        let answer = self.person.insist("booking", CANCEL, &json!({ "id": id })).await;
        if answer.field("cancelMyBooking").is_some_and(|outcome| outcome["success"] == true) {
            self.told.facts().cancelled.insert(id.to_owned());
        }
    }

    /// Quantities that nobody can have.
    async fn send_nonsense(&mut self) {
        let quantity = self.person.random.pick(&[0, -1, 101, 1_i64 << 31]).copied().unwrap_or_default();
        let Some(ticket_type) = self.person.random.pick(&self.offer.types).cloned() else { return };
        let mut order = self.order(&Wish { ticket_type, quantity: 1 }, "nonsense");
        order["input"]["quantity"] = json!(quantity);
        let answer = self.person.ask("booking", BOOK, &order).await;
        if matches!(answer, Answer::Fine(_)) {
            self.person.faults.push(format!("{quantity} tickets were booked: {answer:?}"));
        }
    }
}
