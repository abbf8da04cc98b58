//! One round: an event is put on sale, sold under faults, healed, sold out, and judged when everything has come to rest.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::buyer::{Buyer, Mood, Offer, VOUCHER};
use super::disk::Disk;
use super::history::History;
use super::listener::Listener;
use super::nemesis::Nemesis;
use super::person::Person;
use super::staff::Staff;
use super::told::{Facts, Told};
use super::verdict::Rows;
use crate::failure::{Context, Failure, Result};
use crate::random::Random;
use crate::stack::seed::{self, Graph};
use crate::workspace::own_program;

/// A venue of the stand-in for SpaceMaster, and its room.
const PLACE: (i32, i32) = (4, 401);
/// The types on sale: name, price, quota, the most that a buyer may have.
const TYPES: [(&str, i64, i64, Option<i64>); 3] =
    [("REGULAR", 150_000, 60, None), ("VIP", 0, 20, None), ("EARLY_BIRD", 75_000, 20, Some(6))];
const RAGES: usize = 2;
/// The longest that eager buyers may take to buy what is left.
const SELLING_OUT: Duration = Duration::from_secs(90);
/// The longest that what was begun may take to end: holds live for some seconds.
const REST: Duration = Duration::from_secs(60);

/// The longest that news of what has come to rest may take, when they have to be told twice.
const NEWS: Duration = Duration::from_secs(120);
/// How many tickets may be bought with the voucher.
const USAGE_LIMIT: i64 = 15;

const CREATE_VOUCHER: &str = "mutation($input: CreateVoucherInput!) { createVoucher(input: $input) { id } }";
const CREATE_TYPE: &str = "mutation($input: CreateTicketInput!) { createTicketType(input: $input) { id } }";

/// What stays the same from round to round.
pub(super) struct Stage {
    pub(super) nemesis: Nemesis,
    pub(super) listener: Listener,
    pub(super) history: History,
    /// The router, through its wire.
    pub(super) router: String,
    pub(super) folder: std::path::PathBuf,
    pub(super) buyers: usize,
    /// How long the faults last in a round.
    pub(super) wild: Duration,
}

/// What a round came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Score {
    pub(super) paid: usize,
    pub(super) cancelled: usize,
    pub(super) admitted: usize,
    /// Bookings of what was offered to who waited.
    pub(super) waited: usize,
    /// Events that were.
    pub(super) called_off: usize,
}

impl Stage {
    /// Plays one round.
    pub(super) async fn play(&self, number: usize, mut random: Random) -> Result<Score> {
        self.history.tell("round", "begins", &json!(number));
        self.nemesis.disk.as_ref().map_or(Ok(()), Disk::grow)?;
        let cast = self.cast(number, &mut random).await?;
        let told = Told::default();
        let (mood, watched) = watch::channel(Mood::Wild);
        let mut staff = Staff {
            person: cast.admin,
            offer: cast.offer.clone(),
            told: told.clone(),
            mood: watched.clone(),
        };
        let mut shopping = JoinSet::new();
        let mut users = Vec::new();
        for (user, person) in cast.buyers {
            users.push(user);
            let buyer = Buyer::new(person, cast.offer.clone(), told.clone(), watched.clone());
            shopping.spawn(buyer.shop());
        }
        let called_off = random.chance(25);
        self.listener.may_refuse(true);
        self.wild(&mut staff, &mut random, called_off, &mood).await;
        self.nemesis.heal().await?;
        self.listener.may_refuse(false);
        if called_off && !staff.call_off().await {
            return Err(Failure::new("the event cannot be called off although nothing is in the way"));
        }
        mood.send_replace(Mood::Eager);
        let sold_out = if called_off { Ok(()) } else { sell_out(&mut staff).await };
        mood.send_replace(Mood::Over);
        while shopping.join_next().await.is_some() {}
        sold_out?;
        self.judge(staff, &users).await
    }

    /// Everybody does what they do while the nemesis rages.
    async fn wild(
        &self,
        staff: &mut Staff,
        random: &mut Random,
        called_off: bool,
        mood: &watch::Sender<Mood>,
    ) {
        let until = Instant::now() + self.wild;
        let rages = (0..RAGES).map(|_| self.nemesis.rage(random.split(), until)).collect::<Vec<_>>();
        let raging = async {
            futures_util::future::join_all(rages).await;
            mood.send_replace(Mood::Eager);
        };
        let staying = async {
            // The event is called off in the middle of it: what is left is done before and after.
            if called_off {
                let enough = tokio::time::timeout(self.wild / 2, staff.work());
                let _ = enough.await;
                staff.call_off().await;
            }
            staff.work().await;
        };
        tokio::join!(raging, staying);
    }

    /// Everything that a round needs, made while nothing is in the way.
    async fn cast(&self, number: usize, random: &mut Random) -> Result<Cast> {
        let mut graph = Graph::new(&self.router);
        let person = |name: &str, random: &mut Random| {
            Person::new(name.to_owned(), random.split(), self.router.clone(), self.history.clone())
        };
        let mut buyers = Vec::new();
        for buyer in 0..self.buyers {
            let name = format!("r{number}-b{buyer}");
            let token = seed::register(&graph, &name, &format!("{name}@torture.example")).await?;
            let mut somebody = person(&name, random);
            let user = user_of(&token).ok_or_else(|| Failure::new("a token without a subject"))?;
            somebody.log_in(token);
            buyers.push((user, somebody));
        }
        graph.log_in(&self.nemesis.stack.record.admin).await?;
        let (venue, room) = PLACE;
        let days = 20 + u64::try_from(number).unwrap_or_default();
        let event = seed::create_event(&graph, (&format!("Round {number}"), "", venue, room), days).await?;
        let mut types = Vec::new();
        for (name, price, quota, max_per_buyer) in TYPES {
            let input = json!({ "eventId": event, "name": name, "price": price, "quota": quota, "maxPerBuyer": max_per_buyer });
            let made = graph.ask(CREATE_TYPE, json!({ "input": input })).await?;
            types.push(made["createTicketType"]["id"].as_str().unwrap_or_default().to_owned());
        }
        let input = json!({ "eventId": event, "code": VOUCHER, "usageLimit": USAGE_LIMIT, "discount": { "percent": 20 } });
        graph.ask(CREATE_VOUCHER, json!({ "input": input })).await?;
        let mut admin = person("staff", random);
        admin.log_in(graph.token().unwrap_or_default().to_owned());
        Ok(Cast { buyers, admin, offer: Offer { event, types } })
    }

    /// Holds what everybody was told against what is there.
    async fn judge(&self, mut staff: Staff, users: &[String]) -> Result<Score> {
        let rows = at_rest(&mut staff, users).await?;
        check_rows(&self.folder)?;
        let untold = self.all_is_told(&rows).await;
        let told = staff.told.clone();
        let facts = told.facts();
        let mut wrong = super::verdict::wrong(&facts, &rows);
        wrong.extend(facts.faults.iter().chain(&staff.person.faults).cloned());
        wrong.extend(untold.into_iter().map(|news| format!("nobody was told of {news:?}")));
        wrong.extend(super::verdict::false_news(&facts, &rows, &self.listener.news(&staff.offer.event)));
        wrong.extend(self.listener.faults());
        self.history.tell("round", "ends", &json!({ "wrong": wrong }));
        if wrong.is_empty() { Ok(score(&facts)) } else { Err(Failure::new(wrong.join("\n"))) }
    }

    /// Waits until whoever listens was told where every booking ended; answers what nobody was told of.
    async fn all_is_told(&self, rows: &Rows) -> Vec<(String, String)> {
        let end = Instant::now() + NEWS;
        loop {
            let missing = self.listener.missing(news(rows));
            if missing.is_empty() || Instant::now() > end {
                return missing;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }
}

/// What those who listen are to be told of bookings at rest: where each of them ended.
fn news(rows: &Rows) -> impl Iterator<Item = (String, String)> {
    rows.values().flatten().map(|(id, status)| (format!("booking.{}", status.to_lowercase()), id.clone()))
}

/// Who plays.
struct Cast {
    buyers: Vec<(String, Person)>,
    admin: Person,
    offer: Offer,
}

fn score(facts: &Facts) -> Score {
    Score {
        paid: facts.paid.len(),
        cancelled: facts.cancelled.len(),
        admitted: facts.admitted.len(),
        waited: facts.waited,
        called_off: usize::from(facts.called_off),
    }
}

/// More buyers than tickets who keep trying: exactly the quota is sold.
async fn sell_out(staff: &mut Staff) -> Result<()> {
    let end = Instant::now() + SELLING_OUT;
    loop {
        let counters = staff.counters().await;
        if !counters.is_empty() && counters.iter().all(|of| of.sold == of.quota) {
            return Ok(());
        }
        if Instant::now() > end {
            return Err(Failure::new(format!("buyers keep trying, and not all is sold: {counters:?}")));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// All bookings of the round, once none of them is open, or none is left of an event that was called off.
async fn at_rest(staff: &mut Staff, users: &[String]) -> Result<Rows> {
    let end = Instant::now() + REST;
    let called_off = staff.told.facts().called_off;
    let is_open = |status: &str| if called_off { status != "CANCELLED" } else { status == "PENDING" };
    loop {
        let mut rows = Rows::new();
        for user in users {
            let of_user = staff.bookings(user).await;
            let of_user = of_user.ok_or_else(|| Failure::new("nobody tells the bookings of a user"))?;
            rows.insert(user.clone(), of_user.into_iter().collect());
        }
        let open = rows.values().flatten().filter(|(_, status)| is_open(status)).count();
        if open == 0 {
            return Ok(rows);
        }
        if Instant::now() > end {
            return Err(Failure::new(format!("{open} bookings are still open: {rows:?}")));
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// `cargo xtask fsck` over the rows.
fn check_rows(folder: &std::path::Path) -> Result<()> {
    let mut fsck = Command::new(own_program()?);
    let output = fsck.args(["fsck", "--settle", &REST.as_secs().to_string(), "--data"]).arg(folder).output();
    let output = output.context("fsck")?;
    if output.status.success() {
        return Ok(());
    }
    let words = [output.stdout, output.stderr].concat();
    Err(Failure::new(String::from_utf8_lossy(&words).into_owned()))
}

/// The subject of a token, which is the user's id.
fn user_of(token: &str) -> Option<String> {
    use base64::Engine;
    let claims = token.split('.').nth(1)?;
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&claims).ok()?;
    Some(claims["sub"].as_str()?.to_owned())
}

impl std::ops::Add for Score {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            paid: self.paid + other.paid,
            cancelled: self.cancelled + other.cancelled,
            admitted: self.admitted + other.admitted,
            waited: self.waited + other.waited,
            called_off: self.called_off + other.called_off,
        }
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { paid, cancelled, admitted, waited, called_off } = self;
        write!(
            formatter,
            "{paid} bookings told PAID, {cancelled} told CANCELLED, {admitted} tickets let in, {waited} bookings of who had waited, {called_off} events called off"
        )
    }
}
