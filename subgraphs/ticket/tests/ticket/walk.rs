//! A sale in which anything may come next: holds with and without a voucher, waiting lists, time, a raised quota. After every step
//! the counters are what the rows say, nobody takes what others wait for, and in the end nothing is left that nobody can have.

use chrono::TimeDelta;
use entities::ids::{EventId, HoldId, TicketTypeId, UserId};
use entities::money::Quantity;
use entities::ticket::status::{HoldStatus, PlaceStatus};
use entities::ticket::{holds as hold_rows, ticket_types, vouchers, waiting_places as place_rows};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use ticket::domain::terms::Revision;
use ticket::error::SaleError;
use ticket::holds::{self, HoldRequest, Release};
use ticket::store::Store;
use ticket::waiting_places::{self, Joining};
use ticket::{expiry, ticket_types as types};

use crate::shop::Shop;

/// How many sales are walked through, and how far.
const SEEDS: u64 = 12;
const STEPS: usize = 80;

/// Numbers that are the same for the same seed: a linear congruential generator, of which the upper bits are good enough.
struct Chance(u64);

impl Chance {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % count
    }
}

/// One sale of a few tickets, with a voucher that is good for two.
struct Walk<'s> {
    shop: &'s Shop,
    store: Store,
    event_id: EventId,
    ticket_type_id: TicketTypeId,
    chance: Chance,
    users: Vec<UserId>,
    taken: Vec<HoldId>,
    log: Vec<String>,
}

impl<'s> Walk<'s> {
    async fn begin(shop: &'s Shop, seed: u64) -> Self {
        let event = shop.event(8).await;
        let made = shop.create(&event, "REGULAR", 100, 3).data().await;
        let ticket_type = made["createTicketType"]["id"].as_str().unwrap().to_owned();
        let voucher = format!(
            r#"mutation {{ createVoucher(input: {{ eventId: "{event}", code: "TWO", discount: {{ percent: 10 }}, usageLimit: 2 }}) {{ id }} }}"#
        );
        shop.service.call(voucher).as_admin().data().await;
        Self {
            shop,
            store: shop.store(),
            event_id: event.parse().unwrap(),
            ticket_type_id: ticket_type.parse().unwrap(),
            chance: Chance(seed),
            users: (0..5).map(|_| UserId::new()).collect(),
            taken: Vec::new(),
            log: vec![format!("seed {seed}")],
        }
    }

    fn somebody(&mut self) -> UserId {
        self.users[self.chance.below(self.users.len())]
    }

    async fn step(&mut self) {
        match self.chance.below(12) {
            0..=3 => {
                let (user, quantity) = (self.somebody(), 1 + self.chance.below(2));
                let voucher = self.chance.below(3) == 0;
                self.take(user, quantity, voucher).await;
            }
            4 => self.confirm().await,
            5 => self.release().await,
            6 | 7 => self.join().await,
            8 => {
                let user = self.somebody();
                waiting_places::leave(&self.store, self.ticket_type_id, user).await.unwrap();
                self.log.push("one leaves".to_owned());
            }
            9 => self.serve().await,
            10 => {
                let seconds = [1, 20, 61][self.chance.below(3)];
                self.shop.clock.advance(TimeDelta::seconds(seconds));
                self.log.push(format!("{seconds} s pass"));
            }
            _ => self.raise_quota().await,
        }
        self.check().await;
    }

    async fn take(&mut self, user_id: UserId, quantity: usize, voucher: bool) -> bool {
        let row = self.row().await;
        let now = self.shop.clock.now();
        let lives = |place: &place_rows::Model| place.offer_expires_at.is_some_and(|until| now < until);
        let offer = self.places().await.into_iter().find(|place| place.user_id == user_id && lives(place));
        let request = self.request(user_id, quantity, voucher);
        let quantity = request.quantity;
        let outcome = holds::take(&self.store, request).await;
        self.log.push(format!(
            "hold {quantity}, offered {:?}: {:?}",
            offer.as_ref().map(|place| place.offered),
            outcome.as_ref().err()
        ));
        match outcome {
            Ok(hold) => {
                let theirs = offer.is_some_and(|place| place.offered >= quantity.get());
                assert!(row.waiting == 0 || theirs, "a stranger was quicker\n{}", self.log.join("\n"));
                assert_eq!(hold.unit_price, if voucher { 90 } else { 100 });
                self.taken.push(hold.id);
                true
            }
            Err(SaleError::SoldOut { .. } | SaleError::Voucher(_)) => false,
            Err(other) => panic!("{other}\n{}", self.log.join("\n")),
        }
    }

    fn request(&self, user_id: UserId, quantity: usize, voucher: bool) -> HoldRequest {
        HoldRequest {
            id: HoldId::new(),
            event_id: self.event_id,
            ticket_type_id: self.ticket_type_id,
            quantity: Quantity::new(i32::try_from(quantity).unwrap()).unwrap(),
            user_id,
            voucher: voucher.then(|| "TWO".parse().unwrap()),
            ttl: TimeDelta::seconds(60),
        }
    }

    async fn confirm(&mut self) {
        if self.taken.is_empty() {
            return;
        }
        let id = self.taken[self.chance.below(self.taken.len())];
        let outcome = holds::confirm(&self.store, id).await;
        self.log.push(format!("confirm: {:?}", outcome.as_ref().err()));
        assert!(
            matches!(outcome, Ok(_) | Err(SaleError::HoldExpired | SaleError::Transition(_))),
            "{}",
            self.log.join("\n")
        );
    }

    async fn release(&mut self) {
        if self.taken.is_empty() {
            return;
        }
        let id = self.taken[self.chance.below(self.taken.len())];
        holds::release(&self.store, id, Release::VoidAll).await.unwrap();
        self.log.push("release".to_owned());
    }

    async fn join(&mut self) {
        let quantity = Quantity::new(i32::try_from(1 + self.chance.below(3)).unwrap()).unwrap();
        let (user_id, ticket_type_id) = (self.somebody(), self.ticket_type_id);
        let joining = Joining { ticket_type_id, user_id, quantity, key: None };
        let outcome = waiting_places::join(&self.store, joining).await;
        self.log.push(format!("join for {quantity}: {:?}", outcome.as_ref().err()));
        assert!(
            matches!(outcome, Ok(_) | Err(SaleError::NotSoldOut { .. } | SaleError::AlreadyWaiting)),
            "{}",
            self.log.join("\n")
        );
    }

    async fn serve(&mut self) {
        expiry::run_once(&self.store).await.unwrap();
        let moved = expiry::serve_lists(&self.store, TimeDelta::seconds(30)).await.unwrap();
        self.log.push(format!("the worker moves {moved}"));
    }

    async fn raise_quota(&mut self) {
        let quota = self.row().await.quota + 1;
        if quota > 8 {
            return;
        }
        let revision = Revision { quota: Some(quota), ..Revision::default() };
        types::update(&self.store, self.ticket_type_id, revision).await.unwrap();
        self.log.push(format!("quota {quota}"));
    }

    async fn row(&self) -> ticket_types::Model {
        let found = ticket_types::Entity::find_by_id(self.ticket_type_id);
        found.one(self.shop.service.database.read()).await.unwrap().unwrap()
    }

    async fn places(&self) -> Vec<place_rows::Model> {
        let all = place_rows::Entity::find().filter(place_rows::Column::TicketTypeId.eq(self.ticket_type_id));
        all.all(self.shop.service.database.read()).await.unwrap()
    }

    /// `(held, confirmed)` of what `wanted` accepts.
    async fn holds(&self, wanted: impl Fn(&hold_rows::Model) -> bool) -> (i32, i32) {
        let all = hold_rows::Entity::find().filter(hold_rows::Column::TicketTypeId.eq(self.ticket_type_id));
        let all = all.all(self.shop.service.database.read()).await.unwrap();
        let sum = |status| {
            let of = all.iter().filter(|hold| hold.status == status && wanted(hold));
            of.map(|hold| hold.quantity).sum()
        };
        (sum(HoldStatus::Held), sum(HoldStatus::Confirmed))
    }

    async fn check(&self) {
        let (row, places) = (self.row().await, self.places().await);
        let waiting = places.iter().filter(|place| place.status == PlaceStatus::Waiting).count();
        let offered: i32 = places.iter().map(|place| place.offered).sum();
        let (held, sold) = self.holds(|_| true).await;
        let rows = (held + offered, sold, i32::try_from(waiting).unwrap(), offered);
        let words = self.log.join("\n");
        assert_eq!((row.held, row.sold, row.waiting, row.offered), rows, "{words}");
        assert!(row.free() >= 0, "{words}");
        let voucher = vouchers::Entity::find().filter(vouchers::Column::EventId.eq(self.event_id));
        let voucher = voucher.one(self.shop.service.database.read()).await.unwrap().unwrap();
        let uses = self.holds(|hold| hold.voucher_id.is_some()).await;
        assert_eq!((voucher.held, voucher.used), uses, "{words}");
        assert!(voucher.remaining() >= 0, "{words}");
    }

    /// Everybody goes home, and whoever comes then gets all that is left, and no more.
    async fn end(mut self) {
        for user in self.users.clone() {
            waiting_places::leave(&self.store, self.ticket_type_id, user).await.unwrap();
        }
        self.shop.clock.advance(TimeDelta::seconds(61));
        self.serve().await;
        let row = self.row().await;
        assert_eq!((row.held, row.waiting, row.offered), (0, 0, 0), "{}", self.log.join("\n"));
        for _ in 0..row.free() {
            assert!(self.take(UserId::new(), 1, false).await, "{}", self.log.join("\n"));
        }
        assert!(!self.take(UserId::new(), 1, false).await, "{}", self.log.join("\n"));
        self.check().await;
    }
}

#[tokio::test]
async fn whatever_comes_next_the_counters_are_what_the_rows_say() {
    let shop = Shop::open().await;
    for seed in 0..SEEDS {
        let mut walk = Walk::begin(&shop, seed).await;
        for _ in 0..STEPS {
            walk.step().await;
        }
        walk.end().await;
    }
}

/// One of many who act at once, each for themselves; what is contended is given up.
async fn rush(walk: &Walk<'_>, seed: u64) {
    let (mut chance, mut taken) = (Chance(seed), Vec::new());
    let (store, ticket_type_id) = (&walk.store, walk.ticket_type_id);
    for _ in 0..20 {
        let user_id = walk.users[chance.below(walk.users.len())];
        let one_of =
            |taken: &[HoldId], chance: &mut Chance| taken.get(chance.below(taken.len().max(1))).copied();
        let outcome: Result<(), SaleError> = match chance.below(8) {
            0..=2 => {
                let request = walk.request(user_id, 1 + chance.below(2), chance.below(3) == 0);
                holds::take(store, request).await.map(|hold| taken.push(hold.id))
            }
            3 => match one_of(&taken, &mut chance) {
                Some(id) => holds::confirm(store, id).await.map(drop),
                None => Ok(()),
            },
            4 => match one_of(&taken, &mut chance) {
                Some(id) => holds::release(store, id, Release::VoidAll).await.map(drop),
                None => Ok(()),
            },
            5 => {
                let joining = Joining { ticket_type_id, user_id, quantity: Quantity::ONE, key: None };
                waiting_places::join(store, joining).await.map(drop)
            }
            6 => waiting_places::leave(store, ticket_type_id, user_id).await,
            _ => expiry::serve_lists(store, TimeDelta::seconds(30)).await.map(drop),
        };
        assert!(outcome.as_ref().map_or_else(is_an_answer, |()| true), "{outcome:?}");
    }
}

/// Whether a buyer may be told so; anything else says that something is broken.
fn is_an_answer(error: &SaleError) -> bool {
    matches!(
        error,
        SaleError::SoldOut { .. }
            | SaleError::Voucher(_)
            | SaleError::HoldExpired
            | SaleError::Transition(_)
            | SaleError::NotSoldOut { .. }
            | SaleError::AlreadyWaiting
            | SaleError::Contended
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_lose_no_count() {
    let shop = Shop::open().await;
    let walk = Walk::begin(&shop, 0).await;
    futures_util::future::join_all((0..12).map(|seed| rush(&walk, seed))).await;
    walk.check().await;
    walk.end().await;
}
