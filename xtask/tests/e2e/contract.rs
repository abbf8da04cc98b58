//! Every operation of the original on each of the three ways: the right people are answered, in the original's shape, and the
//! others are refused and change nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use xtask::services::Service;

use super::stack;
use crate::support::people::{PASSWORD, Person, Slot, serial};
use crate::support::stack::Way;
use crate::support::wire::Answer;

/// Who asks. The owner is the buyer whose account and booking it is; the stranger is another buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Visitor,
    Stranger,
    Owner,
    Admin,
}

use Who::{Admin, Owner, Stranger, Visitor};

const EVERYBODY: &[Who] = &[Visitor, Stranger, Owner, Admin];
const NOBODY: &[Who] = &[];

/// One operation of the contract: its document asks for every field that the contract knows.
struct Case {
    service: Service,
    field: &'static str,
    document: &'static str,
    allowed: &'static [Who],
}

const fn case(
    service: Service,
    field: &'static str,
    allowed: &'static [Who],
    document: &'static str,
) -> Case {
    Case { service, field, document, allowed }
}

const CASES: &[Case] = &[
    case(
        Service::User,
        "users",
        &[Admin],
        "{ users { id name email phoneNumber address role createdAt updatedAt } }",
    ),
    case(
        Service::User,
        "user",
        &[Admin],
        "query($owner: ID!) { user(id: $owner) { id name email phoneNumber address role createdAt updatedAt } }",
    ),
    case(Service::User, "me", EVERYBODY, "query($token: String!) { me(token: $token) { id name email role } }"),
    case(
        Service::User,
        "createUser",
        EVERYBODY,
        r#"mutation($email: String!, $password: String!) {
            createUser(name: "N", email: $email, password: $password, phoneNumber: "+62 812-3456-789", address: "A") {
                user { id name email phoneNumber address role createdAt updatedAt } } }"#,
    ),
    case(
        Service::User,
        "login",
        EVERYBODY,
        "mutation($ownerEmail: String!, $password: String!) {
            login(email: $ownerEmail, password: $password) { accessToken user { id name email role } } }",
    ),
    case(
        Service::User,
        "updateUser",
        &[Owner, Admin],
        r#"mutation($owner: ID!) { updateUser(id: $owner, name: "New Name", phoneNumber: "0812 3456 780", address: "B") { user { id name address } } }"#,
    ),
    case(Service::User, "deleteUser", &[Admin], "mutation($victim: ID!) { deleteUser(id: $victim) { ok } }"),
    case(
        Service::Event,
        "events",
        EVERYBODY,
        "{ events { id title description venueId roomId startTime endTime status venueCapacity } }",
    ),
    case(
        Service::Event,
        "event",
        EVERYBODY,
        "query($event: ID!) { event(id: $event) { id title description venueId roomId startTime endTime status venueCapacity } }",
    ),
    case(
        Service::Event,
        "eventsByVenue",
        EVERYBODY,
        "query($venue: Int!) { eventsByVenue(venueId: $venue) { id title description venueId roomId startTime endTime status } }",
    ),
    case(
        Service::Event,
        "createEvent",
        &[Admin],
        r#"mutation($start: String!, $end: String!) {
            createEvent(title: "C", description: "D", venueId: 1, roomId: 101, startTime: $start, endTime: $end) {
                event { id title description venueId roomId startTime endTime status venueCapacity } } }"#,
    ),
    case(
        Service::Event,
        "updateEvent",
        &[Admin],
        r#"mutation($event: ID!) { updateEvent(id: $event, title: "Changed", description: "Too") { event { id title description status } } }"#,
    ),
    case(
        Service::Event,
        "blockSchedule",
        &[Admin],
        "mutation($start: String!, $end: String!) {
            blockSchedule(input: { roomId: 101, startTime: $start, endTime: $end }) { success message } }",
    ),
    case(
        Service::Ticket,
        "ticketTypesByEvent",
        EVERYBODY,
        "query($event: ID!) { ticketTypesByEvent(eventId: $event) { id eventId name price quota sold status } }",
    ),
    case(
        Service::Ticket,
        "ticketType",
        EVERYBODY,
        "query($type: ID!) { ticketType(id: $type) { id eventId name price quota sold status } }",
    ),
    case(
        Service::Ticket,
        "createTicketType",
        &[Admin],
        "mutation($event: ID!) { createTicketType(input: { eventId: $event, name: EARLY_BIRD, price: 1000, quota: 1 }) {
            id eventId name price quota sold status } }",
    ),
    case(
        Service::Ticket,
        "updateTicketType",
        &[Admin],
        "mutation($unsold: ID!) { updateTicketType(id: $unsold, input: { price: 2000, quota: 3 }) { id price quota status } }",
    ),
    case(
        Service::Ticket,
        "updateTicketSold",
        NOBODY,
        "mutation($type: ID!) { updateTicketSold(id: $type, quantity: 1) { id sold } }",
    ),
    case(
        Service::Ticket,
        "deleteTicketType",
        &[Admin],
        "mutation($unsold: ID!) { deleteTicketType(id: $unsold) { ok } }",
    ),
    case(
        Service::Booking,
        "booking",
        &[Owner, Admin],
        "query($booking: ID!) { booking(id: $booking) { id eventId userId ticketTypeId quantity totalPrice status } }",
    ),
    case(
        Service::Booking,
        "bookingsByUser",
        &[Owner, Admin],
        "query($owner: ID!) { bookingsByUser(userId: $owner) { id eventId userId ticketTypeId quantity totalPrice status } }",
    ),
    case(
        Service::Booking,
        "createBooking",
        &[Stranger, Owner, Admin],
        "mutation($event: ID!, $type: ID!) {
            createBooking(input: { eventId: $event, ticketTypeId: $type, quantity: 1 }) {
                id eventId userId ticketTypeId quantity totalPrice status } }",
    ),
    case(
        Service::Booking,
        "confirmPayment",
        &[Owner, Admin],
        "mutation($booking: ID!) { confirmPayment(id: $booking) { id eventId userId ticketTypeId quantity totalPrice status } }",
    ),
    case(
        Service::Booking,
        "cancelBooking",
        &[Admin],
        "mutation($booking: ID!) { cancelBooking(id: $booking) { success message booking { id status } } }",
    ),
];

#[test]
fn every_operation_of_the_contract_has_a_case() {
    let covered: BTreeSet<String> =
        CASES.iter().map(|case| format!("{}.{}", case.service, case.field)).collect();
    let expected: BTreeSet<String> = Service::SUBGRAPHS
        .into_iter()
        .flat_map(|service| root_fields(service).into_iter().map(move |field| format!("{service}.{field}")))
        .collect();
    assert_eq!(covered, expected);
}

/// The fields of Query and Mutation in the original's schema; each stands on a line of its own there.
fn root_fields(service: Service) -> Vec<String> {
    let path = xtask::workspace::root().join(format!("schema/contract/{service}.graphql"));
    let text = std::fs::read_to_string(path).unwrap();
    text.split("type ")
        .filter(|part| part.starts_with("Query") || part.starts_with("Mutation"))
        .flat_map(|part| part.split_once('{').unwrap().1.split_once('}').unwrap().0.lines())
        .map(str::trim)
        .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()))
        .map(|line| line.split(['(', ':']).next().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn through_the_one_graph() {
    check(Way::Unified).await;
}

#[tokio::test]
async fn through_the_old_paths() {
    check(Way::Legacy).await;
}

#[tokio::test]
async fn through_the_direct_ports() {
    check(Way::Direct).await;
}

async fn check(way: Way) {
    let scene = Scene::set(way).await;
    let mut wrong = Vec::new();
    for case in CASES {
        let objects = scene.objects().await;
        // Those who may not go first: what they try must leave everything as those who may find it.
        let mut people = EVERYBODY.to_vec();
        people.sort_by_key(|who| case.allowed.contains(who));
        for who in people {
            let answer = scene.person(who).ask(case.service, case.document, scene.variables(&objects)).await;
            if let Err(reason) = judge(case, who, &answer) {
                wrong.push(format!("{} by {who:?}: {reason}: {} {}", case.field, answer.status, answer.body));
            }
        }
    }
    assert!(wrong.is_empty(), "{way:?}\n{}", wrong.join("\n"));
}

fn judge(case: &Case, who: Who, answer: &Answer) -> Result<(), &'static str> {
    let value = &answer.body["data"][case.field];
    if case.allowed.contains(&who) {
        return if answer.is_fine() && !value.is_null() { Ok(()) } else { Err("should be answered") };
    }
    if !value.is_null() {
        return Err("should be refused");
    }
    let code = answer.code();
    let expected: &[&str] = match who {
        _ if case.field == "updateTicketSold" => {
            &["FORBIDDEN", "UNAUTHENTICATED", "GRAPHQL_VALIDATION_FAILED"]
        }
        Visitor => &["UNAUTHENTICATED"],
        // Whoever may not see an object cannot tell it from one that is not there; a query then answers null without a word.
        _ if ["booking", "user"].contains(&case.field) => &["FORBIDDEN", "NOT_FOUND", ""],
        _ => &["FORBIDDEN", "NOT_FOUND"],
    };
    if expected.contains(&code) { Ok(()) } else { Err("refused with another code") }
}

/// The people of one way.
struct Scene {
    visitor: Person<'static>,
    stranger: Person<'static>,
    owner: Person<'static>,
    admin: Person<'static>,
}

/// What the operations work on, new for each case.
struct Objects {
    event: String,
    sold_type: String,
    unsold_type: String,
    booking: String,
    victim: String,
}

impl Scene {
    async fn set(way: Way) -> Self {
        Self {
            visitor: Person::visitor(stack(), way),
            stranger: Person::buyer(stack(), way).await,
            owner: Person::buyer(stack(), way).await,
            admin: Person::admin(stack(), way).await,
        }
    }

    fn person(&self, who: Who) -> &Person<'static> {
        match who {
            Visitor => &self.visitor,
            Stranger => &self.stranger,
            Owner => &self.owner,
            Admin => &self.admin,
        }
    }

    async fn objects(&self) -> Objects {
        let event = self.admin.create_event("Contract").await;
        let sold_type = self.admin.create_type(&event, "REGULAR", 1000, 10).await;
        let unsold_type = self.admin.create_type(&event, "VIP", 5000, 5).await;
        let booking = self.owner.book(&event, &sold_type, 1).await;
        let victim = self.new_account().await;
        Objects { event, sold_type, unsold_type, booking, victim }
    }

    async fn new_account(&self) -> String {
        let document = "mutation($email: String!, $password: String!) {
            createUser(name: \"V\", email: $email, password: $password) { user { id } } }";
        let email = format!("victim-{}@example.org", serial());
        let answer =
            self.visitor.ask(Service::User, document, json!({ "email": email, "password": PASSWORD })).await;
        answer.data()["createUser"]["user"]["id"].as_str().unwrap().to_owned()
    }

    fn variables(&self, objects: &Objects) -> Value {
        let slot = Slot::next();
        json!({
            "email": format!("case-{}@example.org", serial()), "password": PASSWORD,
            "owner": self.owner.id, "ownerEmail": self.owner.email, "token": self.owner.token,
            "victim": objects.victim, "event": objects.event, "venue": 1, "type": objects.sold_type,
            "unsold": objects.unsold_type, "booking": objects.booking, "start": slot.start, "end": slot.end,
        })
    }
}
