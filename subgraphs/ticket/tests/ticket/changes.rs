//! What somebody is told who watches the ticket types of an event.

use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::shop::{Sale, Shop, id};

fn watching(event: &str) -> String {
    format!(r#"subscription {{ ticketTypeChanged(eventId: "{event}") {{ id sold available quota }} }}"#)
}

fn row(sale: &Sale, sold: i32, available: i32, quota: i32) -> Value {
    json!({ "id": sale.ticket_type, "sold": sold, "available": available, "quota": quota })
}

#[tokio::test]
async fn a_type_is_told_as_it_is_and_whenever_it_changes() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let mut watch = shop.service.call(watching(&sale.event)).watch().await;
    let mut next = async || watch.next().await.expect("an event").at("/ticketTypeChanged").clone();
    assert_eq!(next().await, row(&sale, 0, 10, 10));
    let booking = id();
    shop.hold(&booking, &sale, 3).data().await;
    assert_eq!(next().await, row(&sale, 0, 7, 10));
    shop.confirm(&booking).data().await;
    assert_eq!(next().await, row(&sale, 3, 7, 10));
    shop.update(&sale.ticket_type, "{ quota: 9 }").data().await;
    assert_eq!(next().await, row(&sale, 3, 6, 9));
    let other = id();
    shop.hold(&other, &sale, 1).data().await;
    assert_eq!(next().await, row(&sale, 3, 5, 9));
    shop.release(&other, "").data().await;
    assert_eq!(next().await, row(&sale, 3, 6, 9));
}

#[tokio::test]
async fn what_another_process_changes_is_told_too() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    // A store of its own over the same database is what a replica is.
    let replica = shop.store();
    let stop = CancellationToken::new();
    tokio::spawn(ticket::changes::run(replica.clone(), Duration::from_millis(20), stop.clone()));
    let event = sale.event.parse().expect("an id");
    let mut types = Box::pin(ticket::changes::of_event(&replica, event));
    let mut next = async || {
        let next = futures_util::StreamExt::next(&mut types);
        tokio::time::timeout(Duration::from_secs(10), next)
            .await
            .expect("in time")
            .expect("a row")
            .available()
    };
    assert_eq!(next().await, 10);
    shop.hold(&id(), &sale, 4).data().await;
    assert_eq!(next().await, 6);
    stop.cancel();
}

#[tokio::test]
async fn a_watcher_ends_with_the_service_and_what_is_no_event_ends_at_once() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    assert!(shop.service.call(watching("nonsense")).watch().await.next().await.is_none());
    let mut watch = shop.service.call(watching(&sale.event)).watch().await;
    assert!(watch.next().await.is_some());
    shop.service.stop().await;
    assert!(watch.next().await.is_none());
}

#[tokio::test]
async fn the_guard_stands_before_a_stream_too() {
    let shop = Shop::open().await;
    let nothing = "subscription { ticketTypeChanged(eventId: \"x\") { nothing } }";
    let mut watch = shop.service.call(nothing).watch().await;
    let answer = watch.next().await.expect("an answer");
    assert_eq!(answer.code(), Some("GRAPHQL_VALIDATION_FAILED"));
    assert!(watch.next().await.is_none());
}
