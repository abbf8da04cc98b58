//! Who is next: polls one future at a time, in the order that the seed draws, between crashes, jumps of clocks and late calls;
//! then lets everything come to rest.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use ::entities::booking::status::BookingStatus;
use ::entities::ids::{EventId, TicketTypeId, UserId};
use ::entities::money::Quantity;
use booking::domain::order::Order;
use booking::saga::Saga;
use booking::store::Store;
use booking::{bookings, worker};
use chrono::TimeDelta;
use service::identity::{Actor, Role, User};
use subgraph::clock::Clock;
use subgraph::database::Database;

use super::chance::Chance;
use super::check;
use super::network::{Flaw, Peers, World};
use super::people::{self, Answer, Line, Request};
use super::stock::{Stock, Voucher};
use crate::pair::noon;
use crate::rig::PRICE;

/// How many draws a sale has at most before its faults stop.
const STEPS: usize = 500;
/// How many polls it may take until everybody has what they asked for, once the faults have stopped.
const CALM_STEPS: usize = 20_000;
/// How often all clocks are moved on until nothing is due any more.
const ROUNDS: usize = 40;
/// How often what is left is offered to whoever comes, until all is sold: a buyer may fail to pay.
const SALES: usize = 10;

/// How a sale went.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sale {
    pub(super) broken: Option<String>,
    pub(super) history: Vec<String>,
}

impl Sale {
    pub(super) fn text(&self) -> String {
        self.history.join("\n")
    }
}

/// One sale, from its opening to its rest.
pub(super) async fn run(database: &Database, seed: u64, flaw: Flaw) -> Sale {
    check::clear(database).await;
    let mut show = Show::open(database, seed, flaw);
    show.go_wrong().await;
    show.calm_down().await;
    show.come_to_rest().await;
    if !show.world.is_broken()
        && let Err(why) = show.look_back().await
    {
        show.world.lock().fail(why);
    }
    let state = &mut *show.world.lock();
    Sale { broken: state.broken.take(), history: std::mem::take(&mut state.history) }
}

/// Something that goes on: a request in a replica, a worker's look, or a person.
struct Task {
    what: String,
    /// `None` for a person, who survives every crash.
    replica: Option<usize>,
    line: Option<Arc<Line>>,
    future: Pin<Box<dyn Future<Output = Answer>>>,
}

struct Replica {
    saga: Saga,
    clock: Clock,
}

struct Show<'a> {
    database: &'a Database,
    world: Arc<World>,
    replicas: Vec<Replica>,
    tasks: Vec<Task>,
    order: Order,
    ttl: TimeDelta,
    called_off: bool,
}

impl<'a> Show<'a> {
    fn open(database: &'a Database, seed: u64, flaw: Flaw) -> Self {
        let mut chance = Chance::new(seed);
        let quota = i32::try_from(1 + chance.below(6)).expect("a quota");
        let price = if chance.percent(10) { 0 } else { PRICE };
        let faults = chance.pick(&[0, 10, 25, 50]);
        let (replicas, buyers) = (1 + chance.below(3), 2 + chance.below(4));
        let ttl = TimeDelta::seconds(chance.pick(&[20, 60, 60, 300]));
        let called_off = chance.percent(20);
        let skew = |chance: &mut Chance| noon() + TimeDelta::seconds(chance.pick(&[0, 0, 0, -7, 12]));
        let (holds, refused) = (BTreeMap::new(), BTreeSet::new());
        let now = skew(&mut chance);
        let voucher = Voucher {
            off: chance.pick(&[PRICE / 5, PRICE]),
            limit: i32::try_from(1 + chance.below(4)).expect("a limit"),
            used: 0,
            held: 0,
        };
        let stock = Stock { quota, sold: 0, held: 0, price, voucher, closed: false, now, holds, refused };
        let clocks: Vec<Clock> = (0..replicas).map(|_| Clock::standing_at(skew(&mut chance))).collect();
        let world = World::new(chance, flaw, faults, stock);
        world.note(format!(
            "quota {quota}, price {price}, {buyers} buyers, {replicas} replicas, {faults} % faults, holds for {ttl}"
        ));
        let replica = |clock: Clock| {
            let store = Store::new(database.clone(), clock.clone()).at_once(1);
            let (tickets, payments) = (Arc::new(Peers(world.clone())), Arc::new(Peers(world.clone())));
            Replica { saga: Saga { store, tickets, payments }, clock }
        };
        let replicas = clocks.into_iter().map(replica).collect();
        let order = Order {
            user_id: UserId::new(),
            event_id: EventId::new(),
            ticket_type_id: TicketTypeId::new(),
            quantity: Quantity::ONE,
            voucher: None,
        };
        let mut show = Self { database, world, replicas, tasks: Vec::new(), order, ttl, called_off };
        for who in 0..buyers {
            let order = Order { user_id: UserId::new(), ..order };
            show.person(format!("buyer {who}"), people::buy(show.world.clone(), who, order));
        }
        show.person("administrator".to_owned(), people::administer(show.world.clone()));
        if called_off {
            show.person("organiser".to_owned(), people::call_off(show.world.clone(), order.event_id));
        }
        show
    }

    fn person(&mut self, what: String, life: impl Future<Output = ()> + 'static) {
        let future = Box::pin(async move {
            life.await;
            Answer::Lost
        });
        self.tasks.push(Task { what, replica: None, line: None, future });
    }

    fn people_are_done(&self) -> bool {
        self.tasks.iter().all(|task| task.replica.is_some())
    }

    fn below(&self, count: usize) -> usize {
        self.world.below(count)
    }

    fn percent(&self, hundredths: usize) -> bool {
        self.world.percent(hundredths)
    }

    // While things go wrong

    async fn go_wrong(&mut self) {
        let faults = self.world.lock().faults > 0;
        for _ in 0..STEPS {
            self.begin_calls();
            match self.below(100) {
                0..69 => self.poll_somebody().await,
                69..74 => self.begin_look(),
                74..81 => self.let_time_pass(),
                81..87 => drop(self.deliver_late()),
                87..89 => self.world.lock().stock.reap(),
                89..92 => self.buyer_moves(),
                92..93 => self.check_in(),
                93..96 if faults => self.crash(self.below(self.replicas.len())),
                96..98 if faults => self.hang_up(),
                98..99 => self.sample().await,
                _ => {}
            }
            if self.people_are_done() || self.world.is_broken() {
                return;
            }
        }
    }

    fn begin_calls(&mut self) {
        let calls = std::mem::take(&mut self.world.lock().calls);
        for call in calls {
            let replica = self.below(self.replicas.len());
            let what = format!("replica {replica}: {}", self.words(&call.request));
            let saga = self.replicas[replica].saga.clone();
            let future = Box::pin(serve(saga, call.request, self.ttl));
            self.tasks.push(Task { what, replica: Some(replica), line: Some(call.line), future });
        }
    }

    fn words(&self, request: &Request) -> String {
        let state = &mut *self.world.lock();
        match request {
            Request::Create(order, key) => {
                format!("create {} with {:?}", order.quantity, key.as_ref().map(|key| key.as_str()))
            }
            Request::Pay(_, id) => format!("pay {}", state.booking(*id)),
            Request::CancelMine(_, id) => format!("cancel mine {}", state.booking(*id)),
            Request::Cancel(id, refund) => format!("cancel {} refund={refund}", state.booking(*id)),
            Request::CancelEvent(_) => "cancel event".to_owned(),
        }
    }

    /// Lets one task go on until it waits for the network.
    async fn poll_somebody(&mut self) {
        if self.tasks.is_empty() {
            return;
        }
        let index = self.below(self.tasks.len());
        let (world, task) = (&self.world, &mut self.tasks[index]);
        if task.replica.is_some() {
            world.note(task.what.clone());
        }
        let answer = poll_fn(|context| {
            world.parked.store(false, Ordering::Relaxed);
            match task.future.as_mut().poll(context) {
                Poll::Ready(answer) => Poll::Ready(Some(answer)),
                Poll::Pending if world.parked.load(Ordering::Relaxed) => Poll::Ready(None),
                // It waits for the database: so does the world.
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
        if let Some(answer) = answer {
            let task = self.tasks.remove(index);
            if let Some(line) = task.line {
                line.answer(answer);
            }
        }
    }

    /// A worker looks; sometimes a second one of the same replica, whose first look takes long.
    fn begin_look(&mut self) {
        let replica = self.below(self.replicas.len());
        let looks = self.tasks.iter().filter(|task| task.replica == Some(replica) && task.line.is_none());
        if looks.count() < 2 {
            let future = Box::pin(look(self.replicas[replica].saga.clone(), self.world.clone()));
            let what = format!("replica {replica}: worker");
            self.tasks.push(Task { what, replica: Some(replica), line: None, future });
        }
    }

    fn let_time_pass(&self) {
        let by = [1, 1, 5, 11, 31, 70][self.below(6)];
        if self.percent(90) {
            self.advance(by);
            return;
        }
        // One clock jumps ahead of the others.
        match self.below(self.replicas.len() + 1) {
            0 => self.world.lock().stock.now += TimeDelta::seconds(by),
            nth => self.replicas[nth - 1].clock.advance(TimeDelta::seconds(by)),
        }
        self.world.note(format!("one clock jumps by {by} s"));
    }

    fn advance(&self, seconds: i64) {
        let by = TimeDelta::seconds(seconds);
        self.replicas.iter().for_each(|replica| replica.clock.advance(by));
        self.world.lock().stock.now += by;
        self.world.note(format!("{seconds} s pass"));
    }

    /// Lets one late call arrive; `false` when there is none.
    fn deliver_late(&self) -> bool {
        let state = &mut *self.world.lock();
        if state.strays.is_empty() {
            return false;
        }
        let nth = state.chance.below(state.strays.len());
        let message = state.strays.swap_remove(nth);
        state.history.push("late:".to_owned());
        state.deliver(&message);
        true
    }

    fn buyer_moves(&self) {
        let state = &mut *self.world.lock();
        if let Some(id) = state.bank.buyer_moves(&mut state.chance) {
            let name = state.payment(id);
            state.history.push(format!("{name} is decided at the provider"));
        }
    }

    fn check_in(&self) {
        let state = &mut *self.world.lock();
        let nth = state.chance.below(3);
        if let Some(id) = state.stock.check_in(nth) {
            let name = state.booking(id);
            state.history.push(format!("a ticket of {name} is used"));
        }
    }

    /// `kill -9`: nothing of it goes on, and nobody hears from it; a new process is there at once.
    fn crash(&mut self, replica: usize) {
        self.world.note(format!("replica {replica} crashes"));
        let (dead, alive) =
            std::mem::take(&mut self.tasks).into_iter().partition(|task| task.replica == Some(replica));
        self.tasks = alive;
        let dead: Vec<Task> = dead;
        dead.iter().filter_map(|task| task.line.as_ref()).for_each(|line| line.answer(Answer::Lost));
    }

    /// Somebody waits no longer; the request goes on without them, or ends with them.
    fn hang_up(&mut self) {
        let waiting: Vec<usize> =
            (0..self.tasks.len()).filter(|index| self.tasks[*index].line.is_some()).collect();
        if waiting.is_empty() {
            return;
        }
        let index = waiting[self.below(waiting.len())];
        if let Some(line) = self.tasks[index].line.as_ref() {
            line.answer(Answer::Lost);
        }
        self.world.note(format!("nobody waits for: {}", self.tasks[index].what));
        if self.percent(50) {
            self.tasks.remove(index);
        }
    }

    async fn sample(&self) {
        if let Err(why) = check::at_any_time(self.database, &self.world).await {
            self.world.lock().fail(why);
        }
    }

    // Afterwards

    /// No more faults: everybody gets an answer.
    async fn calm_down(&mut self) {
        self.world.lock().faults = 0;
        self.world.note("the faults stop");
        for _ in 0..CALM_STEPS {
            self.begin_calls();
            if self.tasks.is_empty() || self.world.is_broken() {
                return;
            }
            self.poll_somebody().await;
        }
        let left: Vec<&str> = self.tasks.iter().map(|task| task.what.as_str()).collect();
        let why = format!("somebody waits for ever: {}", left.join(", "));
        self.world.lock().fail(why);
    }

    /// Time passes, late calls arrive and workers look until nothing is due any more.
    async fn come_to_rest(&mut self) {
        for _ in 0..ROUNDS {
            while self.deliver_late() {}
            self.begin_look();
            let open = self.finish_calling_off().await;
            self.calm_down().await;
            let held = {
                let stock = &mut self.world.lock().stock;
                stock.reap();
                stock.held
            };
            if self.world.is_broken()
                || (open == 0 && held == 0 && check::nothing_is_due(self.database).await)
            {
                return;
            }
            self.advance(61);
        }
        self.world.lock().fail("it does not come to rest".to_owned());
    }

    /// The event service asks until no booking is open any more; answers how many still are.
    async fn finish_calling_off(&mut self) -> u64 {
        if !self.called_off {
            return 0;
        }
        self.world.lock().stock.closed = true;
        match self.ask(Request::CancelEvent(self.order.event_id)).await {
            Answer::Open(Ok(open)) => open,
            told => {
                self.world.lock().fail(format!("an event that cannot be called off: {told:?}"));
                0
            }
        }
    }

    /// Everything that must hold at rest; and then whoever still wants tickets gets all that are left, and no more.
    async fn look_back(&mut self) -> Result<(), String> {
        check::at_rest(self.database, &self.world, self.called_off).await?;
        if self.called_off || self.percent(75) {
            return Ok(());
        }
        let quota = self.world.lock().stock.quota;
        for _ in 0..SALES {
            self.sell_what_is_left().await;
            self.come_to_rest().await;
            let sold = self.world.lock().stock.sold;
            if sold == quota || self.world.is_broken() {
                return Ok(());
            }
        }
        Err(format!("invariant 9: of {quota} not all can be sold"))
    }

    /// New buyers come until they are told that nothing is left; each pays until the money is right.
    async fn sell_what_is_left(&mut self) {
        loop {
            let order = Order { user_id: UserId::new(), ..self.order };
            let Answer::Booking(Ok(row)) = self.ask(Request::Create(order, None)).await else { return };
            for _ in 0..8 {
                self.buyer_moves();
                let told = self.ask(Request::Pay(order, row.id)).await;
                if matches!(told, Answer::Booking(Ok(row)) if row.status == BookingStatus::Paid) {
                    break;
                }
            }
        }
    }

    async fn ask(&mut self, request: Request) -> Answer {
        let line: Arc<Line> = Arc::default();
        self.world.lock().calls.push(people::Call { request, line: line.clone() });
        self.calm_down().await;
        line.take().unwrap_or(Answer::Lost)
    }
}

/// A request, as the API passes it on.
async fn serve(saga: Saga, request: Request, ttl: TimeDelta) -> Answer {
    match request {
        Request::Create(order, key) => Answer::Booking(bookings::create(&saga, order, key, ttl).await),
        Request::Pay(order, id) => {
            Answer::Booking(bookings::confirm_payment(&saga, &user(order.user_id, Role::Customer), id).await)
        }
        Request::CancelMine(order, id) => {
            Answer::Cancellation(bookings::cancel_mine(&saga, &user(order.user_id, Role::Customer), id).await)
        }
        Request::Cancel(id, refund) => {
            let admin = user(UserId::from_uuid(uuid::Uuid::nil()), Role::Admin);
            Answer::Cancellation(bookings::cancel_by_admin(&saga, &admin, id, refund).await)
        }
        Request::CancelEvent(event) => Answer::Open(bookings::cancel_event(&saga, event).await),
    }
}

fn user(id: UserId, role: Role) -> Actor {
    Actor::User(User { id: *id.as_uuid(), role, token_version: 0 })
}

async fn look(saga: Saga, world: Arc<World>) -> Answer {
    if let Err(error) = worker::run_once(&saga).await {
        world.lock().fail(format!("a worker cannot look: {error:?}"));
    }
    Answer::Lost
}
