//! The room scheduler over GraphQL and HTTP.
//!
//! Budget: the client connects within 300 ms and a request takes at most 2 s; a reading call is tried three times with jitter within 6 s; at
//! most 16 calls are in flight; a breaker stands in front. Its answers are checked, not believed: a room that claims another venue than the one
//! it was asked under, a capacity below nothing or a time that is none make the whole answer unusable.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use chrono::NaiveDateTime;
use futures_util::FutureExt;
use reqwest::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::breaker::{Breaker, Policy};
use super::{Answer, BlockError, Room, RoomScheduler, Taken, Unavailable, Venue};
use crate::domain::interval::Interval;
use crate::domain::time::{read_wall, wall_text};

const ROOM_FIELDS: &str = "id name capacity venueId";
const VENUE_FIELDS: &str = "id name city address description rooms { id name capacity venueId }";

/// How much time and how many tries a call may take.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// One request.
    pub request: Duration,
    /// Tries of a reading call.
    pub tries: u32,
    /// A reading call with all its tries, and the wait for a place among those in flight.
    pub whole: Duration,
    /// Calls in flight.
    pub in_flight: usize,
    /// The longest answer, in bytes.
    pub answer: usize,
    /// When to stop asking.
    pub breaker: Policy,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            request: Duration::from_secs(2),
            tries: 3,
            whole: Duration::from_secs(6),
            in_flight: 16,
            answer: 8 << 20,
            breaker: Policy::default(),
        }
    }
}

/// Speaks to the scheduler at one URL.
#[derive(Debug)]
pub struct HttpScheduler {
    client: reqwest::Client,
    endpoint: Url,
    budget: Budget,
    breaker: Breaker,
    places: Semaphore,
    jitter: RandomState,
}

/// Why one request brought nothing, and whether the scheduler can have seen it.
#[derive(Debug)]
struct Failure {
    sent: bool,
    cause: String,
}

impl Failure {
    fn before(cause: impl Into<String>) -> Self {
        Self { sent: false, cause: cause.into() }
    }

    fn after(cause: impl Into<String>) -> Self {
        Self { sent: true, cause: cause.into() }
    }
}

impl HttpScheduler {
    /// Speaks to the scheduler whose GraphQL stands at `endpoint`.
    #[must_use]
    pub fn new(client: reqwest::Client, endpoint: Url, budget: Budget) -> Self {
        Self {
            client,
            endpoint,
            breaker: Breaker::new(budget.breaker),
            places: Semaphore::new(budget.in_flight),
            budget,
            jitter: RandomState::new(),
        }
    }

    /// A reading call: tried again while the budget lasts.
    async fn read<T: DeserializeOwned>(&self, query: &str, variables: Value) -> Result<T, Unavailable> {
        let tries = async {
            let mut tried = 1;
            loop {
                match self.once(query, &variables).await {
                    Ok(answer) => return Ok(answer),
                    Err(failure) if tried >= self.budget.tries => return Err(Unavailable(failure.cause)),
                    Err(failure) => {
                        tracing::debug!(cause = %failure.cause, tried, "SpaceMaster did not answer")
                    }
                }
                tokio::time::sleep(self.pause(tried)).await;
                tried += 1;
            }
        };
        match tokio::time::timeout(self.budget.whole, tries).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Unavailable(format!("no answer within {:?}", self.budget.whole))),
        }
    }

    /// Between half and the whole of 100, 200, 400 … ms: many callers that failed together do not come back together.
    fn pause(&self, tried: u32) -> Duration {
        let longest = 100_u64 << (tried - 1).min(4);
        let draw = self.jitter.hash_one(Instant::now()) % (longest / 2 + 1);
        Duration::from_millis(longest / 2 + draw)
    }

    /// One request, admitted by the breaker and with a place among those in flight.
    async fn once<T: DeserializeOwned>(&self, query: &str, variables: &Value) -> Result<T, Failure> {
        let place = tokio::time::timeout(self.budget.request, self.places.acquire()).await;
        let Ok(Ok(_place)) = place else { return Err(Failure::before("too many calls are in flight")) };
        if !self.breaker.admits(Instant::now()) {
            return Err(Failure::before("it failed too often, so it is left alone for a while"));
        }
        let outcome = self.send(query, variables).await;
        match &outcome {
            Ok(_) => self.breaker.succeeded(),
            Err(_) => self.breaker.failed(Instant::now()),
        }
        outcome
    }

    async fn send<T: DeserializeOwned>(&self, query: &str, variables: &Value) -> Result<T, Failure> {
        let request = self
            .client
            .post(self.endpoint.clone())
            .timeout(self.budget.request)
            .json(&json!({ "query": query, "variables": variables }));
        let response = request.send().await.map_err(|error| Failure {
            // A connection that never stood carried nothing; everything later may have arrived.
            sent: !error.is_connect(),
            cause: error.to_string(),
        })?;
        let status = response.status();
        let body = self.body(response).await?;
        if !status.is_success() {
            return Err(Failure::after(format!("HTTP {status}")));
        }
        let answer: Envelope<T> = serde_json::from_slice(&body)
            .map_err(|error| Failure::after(format!("not an answer: {error}")))?;
        match answer {
            Envelope { data: Some(data), errors } if errors.is_empty() => Ok(data),
            Envelope { errors, .. } => Err(Failure::after(format!("GraphQL errors: {errors:?}"))),
        }
    }

    async fn body(&self, mut response: reqwest::Response) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| Failure::after(error.to_string()))? {
            if body.len() + chunk.len() > self.budget.answer {
                return Err(Failure::after("an answer longer than we read"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

impl RoomScheduler for HttpScheduler {
    fn venues(&self) -> Answer<'_, Vec<Venue>> {
        async move {
            let answer: VenuesData =
                self.read(&format!("{{ venues {{ {VENUE_FIELDS} }} }}"), json!({})).await?;
            answer.venues.into_iter().map(WireVenue::check).collect()
        }
        .boxed()
    }

    fn venue(&self, id: i32) -> Answer<'_, Option<Venue>> {
        async move {
            let query = format!("query ($id: ID!) {{ venue(id: $id) {{ {VENUE_FIELDS} }} }}");
            let answer: VenueData = self.read(&query, json!({ "id": id.to_string() })).await?;
            let venue = answer.venue.map(WireVenue::check).transpose()?;
            match venue {
                Some(venue) if venue.id != id => Err(Unavailable("it answered another venue".into())),
                venue => Ok(venue),
            }
        }
        .boxed()
    }

    fn room(&self, id: i32) -> Answer<'_, Option<Room>> {
        async move {
            let query = format!("query ($id: ID!) {{ room(id: $id) {{ {ROOM_FIELDS} }} }}");
            let answer: RoomData = self.read(&query, json!({ "id": id.to_string() })).await?;
            let room = answer.room.map(WireRoom::check).transpose()?;
            match room {
                Some(room) if room.id != id => Err(Unavailable("it answered another room".into())),
                room => Ok(room),
            }
        }
        .boxed()
    }

    fn taken(&self, room: i32) -> Answer<'_, Vec<Taken>> {
        async move {
            let answer: SchedulesData =
                self.read("{ schedules { roomId startTime endTime status } }", json!({})).await?;
            let rows =
                answer.schedules.into_iter().filter(|row| row.room_id == room && row.status != "AVAILABLE");
            let mut taken = rows.map(WireSchedule::check).collect::<Result<Vec<_>, _>>()?;
            taken.sort_by_key(|taken| taken.wall);
            Ok(taken)
        }
        .boxed()
    }

    fn block(&self, room: i32, wall: Interval<NaiveDateTime>) -> Answer<'_, (), BlockError> {
        async move {
            let query =
                "mutation ($input: BlockScheduleInput!) { blockSchedule(input: $input) { success message } }";
            let (start, end) = (wall_text(wall.start()), wall_text(wall.end()));
            let input = json!({ "input": { "roomId": room, "startTime": start, "endTime": end } });
            match self.once::<BlockData>(query, &input).await {
                Ok(BlockData { block: WireBlock { success: true, .. } }) => Ok(()),
                Ok(BlockData { block }) => Err(BlockError::Refused(block.message)),
                Err(Failure { sent: false, cause }) => Err(BlockError::NotSent(cause)),
                Err(Failure { sent: true, cause }) => Err(BlockError::Unknown(cause)),
            }
        }
        .boxed()
    }
}

#[derive(Deserialize)]
struct Envelope<T> {
    data: Option<T>,
    #[serde(default)]
    errors: Vec<Value>,
}

#[derive(Deserialize)]
struct VenuesData {
    venues: Vec<WireVenue>,
}

#[derive(Deserialize)]
struct VenueData {
    venue: Option<WireVenue>,
}

#[derive(Deserialize)]
struct RoomData {
    room: Option<WireRoom>,
}

#[derive(Deserialize)]
struct SchedulesData {
    schedules: Vec<WireSchedule>,
}

#[derive(Deserialize)]
struct BlockData {
    #[serde(rename = "blockSchedule")]
    block: WireBlock,
}

#[derive(Deserialize)]
struct WireBlock {
    success: bool,
    message: String,
}

#[derive(Deserialize)]
struct WireVenue {
    id: WireId,
    name: String,
    city: String,
    address: String,
    description: Option<String>,
    rooms: Vec<WireRoom>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRoom {
    id: WireId,
    name: String,
    capacity: i32,
    venue_id: i32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireSchedule {
    room_id: i32,
    start_time: String,
    end_time: String,
    status: String,
}

/// GraphQL writes an ID as a string; a server that writes a number is understood too.
#[derive(Deserialize)]
#[serde(untagged)]
enum WireId {
    Text(String),
    Number(i32),
}

impl WireId {
    fn check(self) -> Result<i32, Unavailable> {
        match self {
            Self::Number(id) => Ok(id),
            Self::Text(text) => text.parse().map_err(|_| Unavailable("an id that is no number".into())),
        }
    }
}

impl WireVenue {
    fn check(self) -> Result<Venue, Unavailable> {
        let id = self.id.check()?;
        let mut rooms = self.rooms.into_iter().map(WireRoom::check).collect::<Result<Vec<_>, _>>()?;
        if rooms.iter().any(|room| room.venue_id != id) {
            return Err(Unavailable(format!("venue {id} lists a room of another venue")));
        }
        rooms.sort_by_key(|room| room.id);
        let Self { name, city, address, description, .. } = self;
        Ok(Venue { id, name, city, address, description, rooms })
    }
}

impl WireRoom {
    fn check(self) -> Result<Room, Unavailable> {
        if self.capacity < 0 {
            return Err(Unavailable("a room with a capacity below nothing".into()));
        }
        Ok(Room { id: self.id.check()?, name: self.name, capacity: self.capacity, venue_id: self.venue_id })
    }
}

impl WireSchedule {
    fn check(self) -> Result<Taken, Unavailable> {
        let (start, end) = (read_wall(&self.start_time), read_wall(&self.end_time));
        let wall = start.zip(end).and_then(|(start, end)| Interval::new(start, end).ok());
        // A status we do not know takes the room: claiming a room that may be taken is worse than leaving it.
        let maintenance = self.status != "BLOCKED";
        wall.map(|wall| Taken { wall, maintenance })
            .ok_or_else(|| Unavailable("a schedule row that is no stretch of time".into()))
    }
}
