//! `dev --seed`: something to look at, made through the real API as an admin and as people would make it.

use chrono::{DateTime, Days, NaiveTime, Utc};
use serde_json::{Value, json};

use super::console::say;
use super::home::Admin;
use crate::failure::{Context, Failure, Result};

/// The password of every demo user; they exist on this machine only.
const PASSWORD: &str = "demo-password";

const USERS: [(&str, &str); 3] = [
    ("Ayu Lestari", "ayu@demo.example"),
    ("Budi Santoso", "budi@demo.example"),
    ("Citra Dewi", "citra@demo.example"),
];

struct DemoEvent {
    title: &'static str,
    description: &'static str,
    room: i32,
    days_from_now: u64,
    types: &'static [DemoType],
}

struct DemoType(&'static str, i64, i64);

/// All in venue 1; each type with its price and quota.
const EVENTS: [DemoEvent; 3] = [
    DemoEvent {
        title: "Konser Akbar",
        description: "Festival Musik",
        room: 101,
        days_from_now: 30,
        types: &[DemoType("REGULAR", 150_000, 60), DemoType("VIP", 500_000, 10)],
    },
    DemoEvent {
        title: "Rust Jakarta",
        description: "A day of talks",
        room: 101,
        days_from_now: 45,
        types: &[DemoType("EARLY_BIRD", 75_000, 20), DemoType("REGULAR", 100_000, 50)],
    },
    DemoEvent {
        title: "Malam Puisi",
        description: "Poetry, free of charge",
        room: 101,
        days_from_now: 60,
        types: &[DemoType("REGULAR", 0, 40)],
    },
];

/// Fills an empty stack; leaves one that has events as it is.
///
/// # Errors
/// When the graph refuses something.
pub async fn fill(router: &str, admin: &Admin) -> Result<()> {
    let mut graph = Graph::new(router);
    if !graph.ask("{ events { id } }", json!({})).await?["events"].as_array().is_none_or(Vec::is_empty) {
        say("there are events already: nothing seeded");
        return Ok(());
    }
    for (name, email) in USERS {
        register(&graph, name, email).await?;
    }
    graph.log_in(admin).await?;
    for demo in EVENTS {
        let place = (demo.title, demo.description, 1, demo.room);
        let event = create_event(&graph, place, demo.days_from_now).await?;
        for demo_type in demo.types {
            create_type(&graph, &event, demo_type).await?;
        }
    }
    say(&format!("seeded {} events and {} users (password {PASSWORD})", EVENTS.len(), USERS.len()));
    Ok(())
}

/// A new customer; answers its access token.
///
/// # Errors
/// When the graph refuses.
pub(crate) async fn register(graph: &Graph, name: &str, email: &str) -> Result<String> {
    let document = "mutation($name: String!, $email: String!, $password: String!) {
        createUser(name: $name, email: $email, password: $password) { user { id } } }";
    graph.ask(document, json!({ "name": name, "email": email, "password": PASSWORD })).await?;
    graph.token_of(email, PASSWORD).await
}

/// An event in the evening some days from now, given its title, description, venue and room; answers its id.
///
/// # Errors
/// When the graph refuses.
pub(crate) async fn create_event(
    graph: &Graph,
    (title, description, venue, room): (&str, &str, i32, i32),
    days_from_now: u64,
) -> Result<String> {
    let document = "mutation($title: String!, $description: String, $venue: Int!, $room: Int!, $start: String!, $end: String!) {
        createEvent(title: $title, description: $description, venueId: $venue, roomId: $room, startTime: $start, endTime: $end) {
            event { id } } }";
    let variables = json!({
        "title": title, "description": description, "venue": venue, "room": room,
        "start": evening(days_from_now, 19), "end": evening(days_from_now, 22),
    });
    let answer = graph.ask(document, variables).await?;
    let id = answer["createEvent"]["event"]["id"].as_str();
    Ok(id.ok_or_else(|| Failure::new("createEvent answered no id"))?.to_owned())
}

async fn create_type(graph: &Graph, event: &str, DemoType(name, price, quota): &DemoType) -> Result<()> {
    let document = "mutation($input: CreateTicketInput!) { createTicketType(input: $input) { id } }";
    let input = json!({ "eventId": event, "name": name, "price": price, "quota": quota });
    graph.ask(document, json!({ "input": input })).await.map(|_| ())
}

fn evening(days: u64, hour: u32) -> String {
    let day: DateTime<Utc> = Utc::now() + Days::new(days);
    let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
    day.date_naive().and_time(time).format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// The unified endpoint, as a client sees it.
pub(crate) struct Graph {
    client: reqwest::Client,
    url: String,
    token: Option<String>,
}

impl Graph {
    /// The endpoint of the router at this address; nobody is logged in.
    pub(crate) fn new(router: &str) -> Self {
        Self { client: reqwest::Client::new(), url: format!("{router}/graphql"), token: None }
    }

    /// Asks as the administrator from now on.
    pub(crate) async fn log_in(&mut self, admin: &Admin) -> Result<()> {
        self.token = Some(self.token_of(&admin.email, &admin.password).await?);
        Ok(())
    }

    /// The token of whoever is logged in.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    async fn token_of(&self, email: &str, password: &str) -> Result<String> {
        let document = "mutation($email: String!, $password: String!) {
            login(email: $email, password: $password) { accessToken } }";
        let answer = self.ask(document, json!({ "email": email, "password": password })).await?;
        let token = answer["login"]["accessToken"].as_str();
        Ok(token.ok_or_else(|| Failure::new("login answered no token"))?.to_owned())
    }

    /// Asks, and answers the data of an answer without errors.
    pub(crate) async fn ask(&self, query: &str, variables: Value) -> Result<Value> {
        let mut request =
            self.client.post(&self.url).json(&json!({ "query": query, "variables": variables }));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer: Value = request.send().await.context(&self.url)?.json().await.context(&self.url)?;
        match answer.get("errors") {
            None => Ok(answer["data"].clone()),
            Some(errors) => Err(Failure::new(format!("the demo data was refused: {errors}"))),
        }
    }
}
