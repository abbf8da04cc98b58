//! Wrong input on every way: a clear error with a code, and nothing half-done.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use xtask::services::Service;

use super::stack;
use crate::support::people::{
    CONFIRM_PAYMENT, CREATE_BOOKING, CREATE_EVENT, CREATE_TYPE, CREATE_USER, LOG_IN, PASSWORD, Person, Slot,
};
use crate::support::stack::Way;
use crate::support::wire::Sender;

#[tokio::test]
async fn bad_bookings_change_nothing() {
    for way in Way::ALL {
        let (admin, buyer) = (Person::admin(stack(), way).await, Person::buyer(stack(), way).await);
        let event = admin.create_event("Bad bookings").await;
        let other = admin.create_event("Another").await;
        let regular = admin.create_type(&event, "REGULAR", 1000, 5).await;
        let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
        let input = |event: &str, kind: &str, quantity: Value| json!({ "input": { "eventId": event, "ticketTypeId": kind, "quantity": quantity } });
        for (what, variables, codes) in [
            ("quantity 0", input(&event, &regular, json!(0)), &["BAD_USER_INPUT"][..]),
            ("a negative quantity", input(&event, &regular, json!(-1)), &["BAD_USER_INPUT"]),
            ("far too many", input(&event, &regular, json!(i32::MAX)), &["BAD_USER_INPUT"]),
            (
                "beyond 32 bits",
                input(&event, &regular, json!(2_147_483_648_i64)),
                &["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"],
            ),
            (
                "a text for a number",
                input(&event, &regular, json!("two")),
                &["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"],
            ),
            (
                "a fraction",
                input(&event, &regular, json!(1.5)),
                &["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"],
            ),
            (
                "no quantity",
                json!({ "input": { "eventId": event, "ticketTypeId": regular } }),
                &["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"],
            ),
            ("more than there are", input(&event, &regular, json!(6)), &["SOLD_OUT", "BAD_USER_INPUT"]),
            ("an unknown type", input(&event, unknown, json!(1)), &["NOT_FOUND", "BAD_USER_INPUT"]),
            ("no id at all", input(&event, "1", json!(1)), &["BAD_USER_INPUT", "NOT_FOUND"]),
            ("a type of another event", input(&other, &regular, json!(1)), &["BAD_USER_INPUT", "NOT_FOUND"]),
        ] {
            let answer = buyer.ask(Service::Booking, CREATE_BOOKING, variables).await;
            assert!(codes.contains(&answer.code()), "{way:?}: {what}: {answer:?}");
            assert!(answer.body["data"]["createBooking"].is_null(), "{way:?}: {what}: {answer:?}");
        }
        assert_eq!(admin.ticket_type(&regular).await["sold"], 0);
        // All five are still there for who asks properly.
        buyer.book(&event, &regular, 5).await;
    }
}

#[tokio::test]
async fn bad_events_leave_no_event() {
    for way in Way::ALL {
        let admin = Person::admin(stack(), way).await;
        let title = format!("Never {way:?}");
        let create = |room: i64, start: String, end: String| json!({ "title": title, "room": room, "start": start, "end": end });
        let taken = Slot::next();
        let variables =
            json!({ "title": "Holds the room", "room": 101, "start": taken.start, "end": taken.end });
        admin.ask(Service::Event, CREATE_EVENT, variables).await.data();
        let slot = Slot::next();
        for (what, variables, codes) in [
            (
                "in the past",
                create(101, "2020-01-01T19:00:00".into(), "2020-01-01T21:00:00".into()),
                &["EVENT_IN_PAST"][..],
            ),
            ("ends before it begins", create(101, slot.end.clone(), slot.start.clone()), &["BAD_USER_INPUT"]),
            ("ends when it begins", create(101, slot.start.clone(), slot.start.clone()), &["BAD_USER_INPUT"]),
            ("no time", create(101, "tomorrow".into(), slot.end.clone()), &["BAD_USER_INPUT"]),
            (
                "no such day",
                create(101, "2099-02-30T10:00:00".into(), "2099-03-01T10:00:00".into()),
                &["BAD_USER_INPUT"],
            ),
            ("an unknown room", create(999_999, slot.start.clone(), slot.end.clone()), &["ROOM_NOT_FOUND"]),
            (
                "a taken room",
                create(101, taken.start.clone(), taken.end.clone()),
                &["ROOM_UNAVAILABLE", "SCHEDULE_CONFLICT"],
            ),
        ] {
            let answer = admin.ask(Service::Event, CREATE_EVENT, variables).await;
            assert!(codes.contains(&answer.code()), "{way:?}: {what}: {answer:?}");
        }
        let unknown_venue = r#"mutation($title: String!, $start: String!, $end: String!) {
            createEvent(title: $title, venueId: 999, roomId: 101, startTime: $start, endTime: $end) { event { id } } }"#;
        let variables = json!({ "title": title, "start": slot.start, "end": slot.end });
        let answer = admin.ask(Service::Event, unknown_venue, variables).await;
        assert_eq!(answer.code(), "VENUE_NOT_FOUND", "{way:?}: {answer:?}");
        let answer = admin.ask(Service::Event, "{ events { title } }", json!({})).await;
        let events = answer.data()["events"].as_array().unwrap();
        assert!(events.iter().all(|event| event["title"] != title.as_str()), "{way:?}");
        // The slot is still free.
        admin
            .ask(Service::Event, CREATE_EVENT, create(101, slot.start.clone(), slot.end.clone()))
            .await
            .data();
    }
}

#[tokio::test]
async fn bad_ticket_types_are_refused() {
    for way in Way::ALL {
        let (admin, buyer) = (Person::admin(stack(), way).await, Person::buyer(stack(), way).await);
        let event = admin.create_event("Bad types").await;
        let regular = admin.create_type(&event, "REGULAR", 1000, 5).await;
        let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
        let input = |event: &str, name: &str, price: i64, quota: i64| json!({ "input": { "eventId": event, "name": name, "price": price, "quota": quota } });
        for (what, variables, codes) in [
            ("a second of its name", input(&event, "REGULAR", 1, 1), &["DUPLICATE_TICKET_TYPE"][..]),
            ("a negative price", input(&event, "VIP", -1, 1), &["BAD_USER_INPUT"]),
            ("a negative quota", input(&event, "VIP", 1, -1), &["BAD_USER_INPUT"]),
            ("more than the venue holds", input(&event, "VIP", 1, 1_000_000), &["CAPACITY_EXCEEDED"]),
            (
                "an unknown name",
                input(&event, "GOLD", 1, 1),
                &["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"],
            ),
            ("an unknown event", input(unknown, "VIP", 1, 1), &["NOT_FOUND", "BAD_USER_INPUT"]),
        ] {
            let answer = admin.ask(Service::Ticket, CREATE_TYPE, variables).await;
            assert!(codes.contains(&answer.code()), "{way:?}: {what}: {answer:?}");
        }
        buyer.book(&event, &regular, 3).await;
        let update = "mutation($id: ID!, $input: UpdateTicketInput!) { updateTicketType(id: $id, input: $input) { id } }";
        let answer =
            admin.ask(Service::Ticket, update, json!({ "id": regular, "input": { "quota": 2 } })).await;
        assert_eq!(answer.code(), "QUOTA_TOO_LOW", "{way:?}: {answer:?}");
        let delete = "mutation($id: ID!) { deleteTicketType(id: $id) { ok } }";
        let answer = admin.ask(Service::Ticket, delete, json!({ "id": regular })).await;
        assert_eq!(answer.code(), "HAS_SALES", "{way:?}: {answer:?}");
        assert_eq!(admin.ticket_type(&regular).await["quota"], 5);
    }
}

#[tokio::test]
async fn bad_accounts_are_refused() {
    for way in Way::ALL {
        let buyer = Person::buyer(stack(), way).await;
        let visitor = Person::visitor(stack(), way);
        let shouted = buyer.email.to_uppercase();
        for (what, email, password, code) in [
            ("a taken address", buyer.email.as_str(), PASSWORD, "EMAIL_TAKEN"),
            ("a taken address, shouted", shouted.as_str(), PASSWORD, "EMAIL_TAKEN"),
            ("no address", "nobody", PASSWORD, "BAD_USER_INPUT"),
            ("a short password", "short@example.org", "x", "BAD_USER_INPUT"),
        ] {
            let variables = json!({ "email": email, "password": password });
            let answer = visitor.ask(Service::User, CREATE_USER, variables).await;
            assert_eq!(answer.code(), code, "{way:?}: {what}: {answer:?}");
        }
        let wrong =
            visitor.ask(Service::User, LOG_IN, json!({ "email": buyer.email, "password": "wrong" })).await;
        let nobody = visitor
            .ask(
                Service::User,
                LOG_IN,
                json!({ "email": format!("no-{}", buyer.email), "password": "wrong" }),
            )
            .await;
        assert_eq!(wrong.code(), "INVALID_CREDENTIALS", "{way:?}: {wrong:?}");
        assert_eq!((wrong.code(), wrong.message()), (nobody.code(), nobody.message()), "{way:?}");
    }
}

#[tokio::test]
async fn what_is_no_graphql_is_refused_on_all_nine_endpoints() {
    for (name, endpoint) in stack().endpoints() {
        for (query, code) in [("{", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED")] {
            let answer = Sender::default().ask(&endpoint, query, json!({})).await;
            assert_eq!(answer.code(), code, "{name}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_forged_token_is_worth_less_than_none() {
    let admin = Person::admin(stack(), Way::Unified).await;
    for (what, token) in forgeries(&admin) {
        let forger = Sender::with_token(&token);
        for way in Way::ALL {
            for (service, query) in [
                (Service::User, "{ users { id } }"),
                (Service::Event, "{ events { id } }"),
                (Service::Booking, CONFIRM_PAYMENT),
            ] {
                let variables = json!({ "id": "01890a5d-ac96-774b-bcce-b302099a8057" });
                let answer = forger.ask(&stack().endpoint(way, service), query, variables).await;
                assert_eq!(answer.code(), "UNAUTHENTICATED", "{what}: {way:?} {service}: {answer:?}");
                assert!(answer.body["data"].is_null(), "{what}: {way:?} {service}: {answer:?}");
            }
        }
    }
}

/// Tokens made from a true one, each wrong in one way.
fn forgeries(admin: &Person<'_>) -> Vec<(&'static str, String)> {
    let parts: Vec<&str> = admin.token.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("no JWT: {}", admin.token) };
    let read = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let write = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let changed = |part: &str, key: &str, value: Value| {
        let mut object = read(part);
        object[key] = value;
        write(&object)
    };
    let mut flipped = URL_SAFE_NO_PAD.decode(signature).unwrap();
    flipped[0] ^= 1;
    vec![
        ("no signature", format!("{header}.{claims}.")),
        ("alg none", format!("{}.{claims}.", changed(header, "alg", json!("none")))),
        ("alg HS256", format!("{}.{claims}.{signature}", changed(header, "alg", json!("HS256")))),
        ("another key", format!("{}.{claims}.{signature}", changed(header, "kid", json!("another")))),
        (
            "another user",
            format!(
                "{header}.{}.{signature}",
                changed(claims, "sub", json!("01890a5d-ac96-774b-bcce-b302099a8057"))
            ),
        ),
        (
            "a longer life",
            format!("{header}.{}.{signature}", changed(claims, "exp", json!(4_102_444_800_i64))),
        ),
        ("a flipped bit", format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(flipped))),
        ("no token at all", "x".to_owned()),
        ("far too long", format!("{header}.{claims}.{}", "A".repeat(5000))),
    ]
}

#[tokio::test]
async fn without_a_token_nothing_is_booked() {
    for way in Way::ALL {
        let admin = Person::admin(stack(), way).await;
        let event = admin.create_event("For members").await;
        let regular = admin.create_type(&event, "REGULAR", 1000, 5).await;
        let answer = Person::visitor(stack(), way).try_book(&event, &regular, 1).await;
        assert_eq!(answer.code(), "UNAUTHENTICATED", "{way:?}: {answer:?}");
        assert_eq!(admin.ticket_type(&regular).await["sold"], 0);
    }
}
