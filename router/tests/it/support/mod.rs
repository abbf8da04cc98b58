//! What the tests stand on: subgraphs that answer from memory and remember what they were asked, and a router before them.

mod router;
mod subgraph;
pub(crate) mod ticker;

pub(crate) use router::{Answer, Router};
pub(crate) use subgraph::{Alarm, FakeSubgraph, Reply, Seen};

use composition::SubgraphInput;
use serde_json::{Value, json};

pub(crate) const USER: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
type Query { me: User, people: Int! }
type Mutation { login(email: String!, password: String!): String, rename(name: String!): User }
type User @key(fields: "id") { id: ID!, name: String! }
"#;

pub(crate) const EVENT: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
type Query { events(limit: Int): [Event!]!, event(id: ID!): Event }
type Event @key(fields: "id") { id: ID!, title: String!, host: User! }
type User @key(fields: "id", resolvable: false) { id: ID! }
"#;

/// The supergraph of the two, at these URLs.
pub(crate) fn supergraph(user: &str, event: &str) -> String {
    let input = |name: &str, base: &str, sdl: &str| SubgraphInput {
        name: name.to_owned(),
        url: format!("{base}/graphql"),
        sdl: sdl.to_owned(),
        source: None,
    };
    let composed = composition::compose(&[input("user", user, USER), input("event", event, EVENT)]);
    composed.unwrap_or_else(|errors| panic!("{errors}")).supergraph_sdl
}

/// Answers as the user subgraph.
pub(crate) fn user(seen: &Seen) -> Reply {
    let query = seen.query();
    if query.contains("_entities") {
        let entities: Vec<Value> = seen
            .representations()
            .iter()
            .map(|representation| json!({ "__typename": "User", "id": representation["id"], "name": format!("name of {}", representation["id"].as_str().unwrap()) }))
            .collect();
        return Reply::data(json!({ "_entities": entities }));
    }
    if query.contains("login") {
        return Reply::data(json!({ "login": "a token" }));
    }
    if query.contains("rename") {
        return Reply::data(json!({ "rename": { "__typename": "User", "id": "u1", "name": "new" } }));
    }
    Reply::data(json!({ "me": { "__typename": "User", "id": "u1", "name": "Ayu" }, "people": 3 }))
}

/// Answers as the event subgraph.
pub(crate) fn event(_: &Seen) -> Reply {
    let event = |id: &str, title: &str, host: &str| json!({ "__typename": "Event", "id": id, "title": title, "host": { "__typename": "User", "id": host } });
    let events = [event("1", "Jazz", "u1"), event("2", "Gamelan", "u2"), event("3", "Rock", "u1")];
    Reply::data(json!({ "events": events, "event": events[0] }))
}

/// Both subgraphs and a router before them.
pub(crate) struct Stack {
    pub(crate) router: Router,
    pub(crate) user: FakeSubgraph,
    pub(crate) event: FakeSubgraph,
}

impl Stack {
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With these settings, each `(key, value)`.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let user = FakeSubgraph::start(user).await;
        let event = FakeSubgraph::start(event).await;
        let router = Router::start(&supergraph(&user.url, &event.url), settings).await;
        Self { router, user, event }
    }
}
