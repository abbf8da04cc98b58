//! `kill -9` of every process in the middle of a sale: nothing acknowledged is lost, nothing is sold twice.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use xtask::services::Service;
use xtask::stack::signals;

use super::{stack, until};
use crate::support::people::Person;
use crate::support::stack::{Stack, Way};
use crate::support::wire::Sender;

const BUYERS: usize = 6;
const RECOVERY: Duration = Duration::from_secs(10);

/// What a buyer was told.
#[derive(Debug, Default)]
struct Told {
    paid: Vec<String>,
    pending: Vec<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_any_process_during_a_sale_loses_nothing() {
    let stack = &*stack().await;
    let admin = Person::admin(stack, Way::Unified).await;
    let event = admin.create_event("Under fire").await;
    let regular = admin.create_type(&event, "REGULAR", 1000, 60).await;
    let mut buyers = Vec::new();
    for _ in 0..BUYERS {
        buyers.push(Person::buyer(stack, Way::Unified).await);
    }
    let over = AtomicBool::new(false);
    let sale = futures_util::future::join_all(
        buyers.iter().map(|buyer| keep_buying(buyer, &event, &regular, &over)),
    );
    let (told, ()) = tokio::join!(sale, kill_everything_once(stack, &over));

    assert!(told.iter().any(|told| !told.paid.is_empty()), "nobody bought anything: {told:?}");
    for (buyer, told) in buyers.iter().zip(&told) {
        for id in &told.paid {
            assert_eq!(status(buyer, id).await, "PAID", "acknowledged, so kept");
        }
        for id in &told.pending {
            let status = status(buyer, id).await;
            assert!(["PENDING", "PAID", "CANCELLED"].contains(&status.as_str()), "{id}: {status}");
        }
    }
    let (passed, words) = stack.fsck();
    assert!(passed, "{words}");
    // And the shop is open: what nobody paid for comes back, the rest can be bought.
    let buyer = Person::buyer(stack, Way::Unified).await;
    until("a booking after all that", RECOVERY, async || {
        let answer = buyer.try_book(&event, &regular, 1).await;
        answer.is_fine() || answer.code() == "SOLD_OUT"
    })
    .await;
}

async fn kill_everything_once(stack: &Stack, over: &AtomicBool) {
    for service in Service::ALL {
        let old = stack.pid(service).unwrap();
        signals::kill(old);
        until(&format!("{service} runs again"), RECOVERY, async || {
            stack.pid(service).is_some_and(|new| new != old)
        })
        .await;
        let answer = Sender::default().get(&format!("{}/health", stack.url(service))).await;
        assert_eq!(answer.status, 200, "{service}");
    }
    over.store(true, Ordering::Relaxed);
    // Who has just begun may not have the keys of the tokens yet.
    for service in Service::ALL {
        let ready = format!("{}{}", stack.url(service), service.ready_path());
        until(&format!("{service} is ready"), RECOVERY, async || {
            Sender::default().get(&ready).await.status == 200
        })
        .await;
    }
}

/// Books and pays over and over; an error is no news here, an answer is.
async fn keep_buying(buyer: &Person<'_>, event: &str, regular: &str, over: &AtomicBool) -> Told {
    let mut told = Told::default();
    while !over.load(Ordering::Relaxed) {
        let answer = buyer.try_book(event, regular, 1).await;
        if let Some(id) = answer.body["data"]["createBooking"]["id"].as_str() {
            let answer = buyer.pay(id).await;
            match answer.body["data"]["confirmPayment"]["status"].as_str() {
                Some("PAID") => told.paid.push(id.to_owned()),
                _ => told.pending.push(id.to_owned()),
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    told
}

async fn status(buyer: &Person<'_>, id: &str) -> String {
    let query = "query($id: ID!) { booking(id: $id) { status } }";
    let answer = buyer.ask(Service::Booking, query, json!({ "id": id })).await;
    answer.data()["booking"]["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_restart_command_of_each_service_replaces_its_process() {
    let stack = &*stack().await;
    for (name, process) in &stack.record.services {
        let service = Service::from_name(name).unwrap();
        let old = stack.pid(service).unwrap();
        let output =
            tokio::process::Command::new("sh").arg("-c").arg(&process.restart).output().await.unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let new = stack.pid(service).unwrap();
        assert_ne!(old, new, "{name}");
        assert!(signals::is_alive(new) && !signals::is_alive(old), "{name}");
        let answer = Sender::default().get(&format!("{}/ready", process.url)).await;
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
    }
}
