//! SpaceMaster fails, refuses, hangs: creating says so within bounded time and leaves nothing; reading and selling go on.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use xtask::services::Service;

use super::{stack, until};
use crate::support::people::{CREATE_EVENT, Person, Slot};
use crate::support::stack::{Stack, Way};
use crate::support::wire::{Answer, Sender};

/// Three tries of two seconds, and some air.
const BUDGET: Duration = Duration::from_secs(10);

#[tokio::test]
async fn an_event_that_spacemaster_does_not_confirm_does_not_exist() {
    let stack = &*stack().await;
    let admin = Person::admin(stack, Way::Legacy).await;
    for (mode, codes) in [
        ("fail", &["UNAVAILABLE"][..]),
        ("hang", &["UNAVAILABLE"]),
        ("refuse", &["ROOM_UNAVAILABLE", "SCHEDULE_CONFLICT"]),
    ] {
        set_fault(stack, mode).await;
        let slot = Slot::next();
        let started = Instant::now();
        let answer = create(&admin, mode, &slot).await;
        assert!(codes.contains(&answer.code()), "{mode}: {answer:?}");
        assert!(started.elapsed() < BUDGET, "{mode}: {:?}", started.elapsed());
        nothing_remains(&admin, mode).await;
        set_fault(stack, "none").await;
        // The circuit closes again, and the slot is free.
        until(&format!("an event after {mode}"), Duration::from_secs(40), async || {
            create(&admin, &format!("after {mode}"), &slot).await.is_fine()
        })
        .await;
    }
    let (passed, words) = stack.fsck();
    assert!(passed, "{words}");
}

#[tokio::test]
async fn while_spacemaster_is_stopped_tickets_are_sold() {
    let stack = &*stack().await;
    let admin = Person::admin(stack, Way::Unified).await;
    let buyer = Person::buyer(stack, Way::Unified).await;
    let event = admin.create_event("Sold without SpaceMaster").await;
    let regular = admin.create_type(&event, "REGULAR", 1000, 5).await;
    let pid = Pid::from_raw(i32::try_from(stack.pid(Service::Spacemaster).unwrap()).unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    let booking = buyer.book(&event, &regular, 1).await;
    let paid = buyer.pay(&booking).await;
    let read = buyer
        .ask(
            Service::Event,
            "query($id: ID!) { event(id: $id) { title venue { name } } }",
            json!({ "id": event }),
        )
        .await;
    let refused = create(&admin, "Nobody answers", &Slot::next()).await;
    kill_process(pid, Signal::CONT).unwrap();
    assert_eq!(paid.data()["confirmPayment"]["status"], "PAID");
    assert!(read.data()["event"]["venue"]["name"].is_string(), "{read:?}");
    assert_eq!(refused.code(), "UNAVAILABLE", "{refused:?}");
    until("SpaceMaster is trusted again", Duration::from_secs(40), async || {
        create(&admin, "Again", &Slot::next()).await.is_fine()
    })
    .await;
}

async fn create(admin: &Person<'_>, title: &str, slot: &Slot) -> Answer {
    let variables = json!({ "title": title, "room": 101, "start": slot.start, "end": slot.end });
    admin.ask(Service::Event, CREATE_EVENT, variables).await
}

async fn nothing_remains(admin: &Person<'_>, title: &str) {
    let answer = admin.ask(Service::Event, "{ events { title } }", json!({})).await;
    let titles: Vec<&Value> =
        answer.data()["events"].as_array().unwrap().iter().map(|event| &event["title"]).collect();
    assert!(!titles.contains(&&json!(title)), "{titles:?}");
}

async fn set_fault(stack: &Stack, mode: &str) {
    let url = format!("{}/admin/faults", stack.url(Service::Spacemaster));
    let answer = Sender::default().post(&url, "application/json", json!({ "mode": mode }).to_string()).await;
    assert!((200..300).contains(&answer.status), "{mode}: {answer:?}");
}
