//! One suite for everything that takes money: the test provider, and the adapters before fakes that speak the real protocols.

use std::sync::Arc;

use ::entities::ids::{BookingId, PaymentId, RefundId};
use booking::payment::test::TestProvider;
use booking::payment::{
    Charge, ChargeAnswer, PaymentProvider, ProviderError, Receipt, RefundAnswer, Repayment, VoidAnswer,
};
use booking::store::Store;
use chrono::TimeDelta;
use subgraph::clock::Clock;
use subgraph::testing::TestDatabase;

use crate::pair::noon;
use crate::providers::{Shop, Till};
use crate::rig::money;

struct Counter {
    provider: Arc<dyn PaymentProvider>,
    /// Where there is a page, and somebody who pays on it.
    till: Option<Arc<dyn Till>>,
    _database: TestDatabase,
    _shop: Option<Shop>,
}

async fn counter(shop: Option<Shop>) -> Counter {
    let database = subgraph::testing::database::<migration::booking::Migrator>().await;
    let clock = Clock::standing_at(noon());
    let store = Store::new(database.database.clone(), clock.clone());
    let http = service::http_client::build().unwrap();
    let provider: Arc<dyn PaymentProvider> = match &shop {
        Some(shop) => shop.config.build(&store, &http, &clock),
        None => Arc::new(TestProvider::new(store)),
    };
    let till = shop.as_ref().map(|shop| shop.till.clone());
    Counter { provider, till, _database: database, _shop: shop }
}

async fn counters() -> [Counter; 3] {
    let [midtrans, stripe] = Shop::both().await;
    [counter(None).await, counter(Some(midtrans)).await, counter(Some(stripe)).await]
}

fn charge() -> Charge {
    Charge {
        id: PaymentId::new(),
        booking_id: BookingId::new(),
        amount: money(300_000),
        page: None,
        created_at: noon(),
        expires_at: noon() + TimeDelta::minutes(15),
    }
}

fn repayment(charge: &Charge, receipt: &Receipt) -> Repayment {
    Repayment {
        id: RefundId::from_uuid(*charge.id.as_uuid()),
        payment_id: charge.id,
        transaction_id: receipt.transaction_id.clone(),
        amount: receipt.amount,
    }
}

impl Counter {
    /// Collects, with the buyer paying on the page where there is one.
    async fn paid(&self, charge: &Charge) -> (Charge, Receipt) {
        let mut charge = charge.clone();
        if let Some(till) = &self.till {
            let Ok(ChargeAnswer::Waiting(Some(page))) = self.provider.collect(charge.clone()).await else {
                panic!("no page")
            };
            charge.page = Some(page);
            till.pay(charge.id, None);
        }
        match self.provider.collect(charge.clone()).await {
            Ok(ChargeAnswer::Paid(receipt)) => (charge, receipt),
            other => panic!("not paid: {other:?}"),
        }
    }
}

#[tokio::test]
async fn what_is_paid_is_paid_once_for_everybody_who_asks() {
    for counter in counters().await {
        let (provider, first) = (&counter.provider, charge());
        assert_eq!(provider.look_up(first.clone()).await, Ok(None), "{}", provider.name());
        let (first, receipt) = counter.paid(&first).await;
        assert_eq!(receipt.amount, first.amount);
        let paid = ChargeAnswer::Paid(receipt.clone());
        for _ in 0..2 {
            assert_eq!(provider.collect(first.clone()).await, Ok(paid.clone()));
            assert_eq!(provider.look_up(first.clone()).await, Ok(Some(paid.clone())));
            assert_eq!(provider.void(first.clone()).await, Ok(VoidAnswer::Paid(receipt.clone())));
        }
        let (_, other) = counter.paid(&charge()).await;
        assert_ne!(other.transaction_id, receipt.transaction_id);
    }
}

#[tokio::test]
async fn a_refund_is_made_once_and_seen_by_everybody_who_asks() {
    for counter in counters().await {
        let (provider, first) = (&counter.provider, charge());
        let (first, receipt) = counter.paid(&first).await;
        for _ in 0..2 {
            assert_eq!(provider.refund(repayment(&first, &receipt)).await, Ok(RefundAnswer::Done));
        }
        let back = ChargeAnswer::Reversed(receipt);
        assert_eq!(provider.look_up(first.clone()).await, Ok(Some(back)), "{}", provider.name());
        assert_eq!(counter.till.map_or(1, |till| till.refunds()), 1);
    }
}

#[tokio::test]
async fn what_was_called_off_is_not_collected_any_more() {
    for counter in counters().await {
        let (provider, mut open) = (&counter.provider, charge());
        assert_eq!(provider.void(open.clone()).await, Ok(VoidAnswer::Voided), "of which it never heard");
        if counter.till.is_some() {
            open = charge();
            let Ok(ChargeAnswer::Waiting(page)) = provider.collect(open.clone()).await else {
                panic!("no page")
            };
            open.page = page;
        }
        for _ in 0..2 {
            assert_eq!(provider.void(open.clone()).await, Ok(VoidAnswer::Voided));
        }
        let answer = provider.collect(open).await;
        // A Snap page on which nothing was begun cannot be taken back: it ends by itself.
        let fine = matches!(answer, Ok(ChargeAnswer::Declined { .. }));
        assert!(fine || provider.name() == "midtrans", "{}: {answer:?}", provider.name());
    }
}

#[tokio::test]
async fn the_same_page_is_found_again_and_a_page_that_lapsed_is_declined() {
    for shop in Shop::both().await {
        let counter = counter(Some(shop)).await;
        let (provider, mut open) = (&counter.provider, charge());
        let first = provider.collect(open.clone()).await.unwrap();
        assert_eq!(provider.collect(open.clone()).await.unwrap(), first, "the first answer was lost");
        let ChargeAnswer::Waiting(page) = first.clone() else { panic!("{first:?}") };
        open.page = page;
        assert_eq!(provider.collect(open.clone()).await.unwrap(), first);
        counter.till.unwrap().lapse(open.id);
        assert!(matches!(provider.collect(open).await, Ok(ChargeAnswer::Declined { .. })));
    }
}

#[tokio::test]
async fn a_charge_back_is_no_refund_of_ours_and_leaves_none_to_make() {
    for shop in Shop::both().await {
        let counter = counter(Some(shop)).await;
        let (first, receipt) = counter.paid(&charge()).await;
        let till = counter.till.unwrap();
        till.charge_back(first.id);
        let back = Some(ChargeAnswer::Reversed(receipt.clone()));
        assert_eq!(counter.provider.look_up(first.clone()).await, Ok(back));
        let answer = counter.provider.refund(repayment(&first, &receipt)).await;
        assert_eq!((answer, till.refunds()), (Ok(RefundAnswer::Done), 0));
    }
}

#[tokio::test]
async fn who_does_not_answer_decides_nothing() {
    for shop in Shop::both().await {
        let counter = counter(Some(shop)).await;
        let (first, receipt) = counter.paid(&charge()).await;
        let till = counter.till.unwrap();
        till.set_down(true);
        let provider = &counter.provider;
        let unknown = |failed: Option<ProviderError>| assert!(failed.is_some(), "{}", provider.name());
        unknown(provider.collect(charge()).await.err());
        unknown(provider.look_up(first.clone()).await.err());
        unknown(provider.void(first.clone()).await.err());
        unknown(provider.refund(repayment(&first, &receipt)).await.err());
        till.set_down(false);
        assert_eq!(provider.refund(repayment(&first, &receipt)).await, Ok(RefundAnswer::Done));
    }
}
