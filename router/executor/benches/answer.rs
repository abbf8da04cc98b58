//! One operation over four subgraphs, seven fetches, an answer of about 87 kB; subgraphs answer from memory, so what is measured is
//! execution alone. Beside it, as a scale: the same bodies merely parsed to `serde_json::Value`, and the response merely written from one.
//!
//! `cargo bench -p executor`

#[path = "../tests/execution/support.rs"]
#[allow(dead_code, reason = "it is written for the tests")]
mod support;

use std::hint::black_box;
use std::sync::Mutex;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use executor::{
    ExecutionRequest, Limits, PreparedPlan, Response, SubgraphClient, SubgraphError, SubgraphRequest,
    SubgraphResponse,
};
use serde_json::{Map, Value, json};
use support::query;

const USERS: u64 = 6;
const PRODUCTS: u64 = 9;
/// Reviews of each user and of each product.
const REVIEWS: u64 = 4;

const PRODUCT: &str =
    "inStock: Boolean name: String price: Int shippingEstimate: Int upc: String! weight: Int";
const USER: &str = "id: ID! username: String name: String";

fn plan() -> support::Plan {
    let leaves = format!("reviews: [Review {{ id: ID! body: String product: Product {{ {PRODUCT} }} }}]");
    let authors = format!("reviews: [Review {{ id: ID! body: String author: User {{ {USER} {leaves} }} }}]");
    let products =
        format!("reviews: [Review {{ id: ID! body: String product: Product {{ {PRODUCT} {authors} }} }}]");
    let author = "id body author { id reviews { id body product { upc } } }";
    let under_users = "users @ reviews @ product";
    let under_products = "topProducts @";
    let deep = "reviews @ author reviews @ product";
    let all_products =
        [under_users.to_owned(), format!("{under_users} {deep}"), format!("{under_products} {deep}")];
    let all_authors =
        [format!("{under_users} reviews @ author"), format!("{under_products} reviews @ author")];
    let mut plan = query(&format!(
        "{{ users: [User {{ {USER} {products} }}] topProducts: [Product {{ {PRODUCT} {authors} }}] }}"
    ))
    .fetch("accounts", &[])
    .root("users { id username name }")
    .fetch("products", &[])
    .root("topProducts { upc name price weight }")
    .fetch("reviews", &[0])
    .entities(
        "users @",
        &["User { id }"],
        &format!("reviews {{ id body product {{ upc reviews {{ {author} }} }} }}"),
    )
    .fetch("reviews", &[1])
    .entities(under_products, &["Product { upc }"], &format!("reviews {{ {author} }}"))
    .fetch("accounts", &[2, 3]);
    for path in &all_authors {
        plan = plan.entities(path, &["User { id }"], "username name");
    }
    plan = plan.fetch("products", &[2, 3]);
    for path in &all_products {
        plan = plan.entities(path, &["Product { upc }"], "name price weight");
    }
    plan = plan.fetch("inventory", &[1, 5]);
    for path in all_products.iter().map(String::as_str).chain([under_products]) {
        plan = plan.entities(path, &["Product { upc price? weight? }"], "inStock shippingEstimate");
    }
    plan
}

/// Makes up the data, as four subgraphs would have it.
mod data {
    use super::*;

    pub(super) fn user(id: u64) -> Value {
        json!({"id": id.to_string(), "username": format!("user-number-{id}"), "name": format!("Uri Goldshtein the {id}th")})
    }

    pub(super) fn product(id: u64) -> Value {
        json!({"upc": id.to_string(), "name": format!("A product, no. {id}"), "price": 899 + id, "weight": 100 * id})
    }

    fn review(id: u64) -> Value {
        json!({"id": id.to_string(), "body": format!("Love it! It is number {id} of all that I have bought so far.")})
    }

    pub(super) fn reviews_with_products(user: u64, deep: bool) -> Value {
        let one = |n: u64| {
            let product = (user * REVIEWS + n) % PRODUCTS;
            let mut review = review(user * REVIEWS + n);
            review["product"] = json!({"upc": product.to_string()});
            if deep {
                review["product"]["reviews"] = reviews_with_authors(product);
            }
            review
        };
        (0..REVIEWS).map(one).collect()
    }

    pub(super) fn reviews_with_authors(product: u64) -> Value {
        let one = |n: u64| {
            let user = (product * REVIEWS + n) % USERS;
            let mut review = review(product * REVIEWS + n);
            review["author"] = json!({"id": user.to_string(), "reviews": reviews_with_products(user, false)});
            review
        };
        (0..REVIEWS).map(one).collect()
    }

    pub(super) fn entity(fetch: usize, representation: &Value) -> Value {
        let key = representation["id"].as_str().or(representation["upc"].as_str()).expect("a key");
        let id = key.parse().expect("a number");
        match fetch {
            2 => json!({"reviews": reviews_with_products(id, true)}),
            3 => json!({"reviews": reviews_with_authors(id)}),
            4 => json!({"username": user(id)["username"], "name": user(id)["name"]}),
            5 => {
                json!({"name": product(id)["name"], "price": product(id)["price"], "weight": product(id)["weight"]})
            }
            _ => {
                json!({"inStock": id % 2 == 0, "shippingEstimate": representation["price"].as_u64().map(|price| price / 2)})
            }
        }
    }
}

/// Answers from the data, and keeps what it answered.
#[derive(Default)]
struct Recorder(Mutex<Vec<(usize, Bytes)>>);

impl SubgraphClient for Recorder {
    async fn fetch(&self, request: SubgraphRequest<'_>) -> Result<SubgraphResponse, SubgraphError> {
        let body: Value = serde_json::from_slice(&request.body).expect("JSON");
        let data = match request.fetch {
            0 => json!({"users": (0..USERS).map(data::user).collect::<Value>()}),
            1 => json!({"topProducts": (0..5).map(data::product).collect::<Value>()}),
            fetch => {
                let mut data = Map::new();
                for (number, list) in body["variables"].as_object().expect("variables").values().enumerate() {
                    let key = if number == 0 { "_entities".to_owned() } else { format!("e{number}") };
                    let list = list.as_array().expect("a list").iter();
                    data.insert(
                        key,
                        list.map(|representation| data::entity(fetch, representation)).collect(),
                    );
                }
                Value::Object(data)
            }
        };
        let body = Bytes::from(json!({"data": data}).to_string());
        self.0.lock().expect("no panic").push((request.fetch, body.clone()));
        Ok(SubgraphResponse { status: 200, body })
    }
}

/// Answers what was recorded.
struct Player(Vec<Bytes>);

impl SubgraphClient for Player {
    async fn fetch(&self, request: SubgraphRequest<'_>) -> Result<SubgraphResponse, SubgraphError> {
        Ok(SubgraphResponse { status: 200, body: self.0[request.fetch].clone() })
    }
}

fn execute(runtime: &tokio::runtime::Runtime, plan: &PreparedPlan, client: &impl SubgraphClient) -> Response {
    let variables = Map::new();
    let request = ExecutionRequest { variables: &variables, introspection: None, limits: Limits::default() };
    runtime.block_on(executor::execute(plan, &request, client))
}

fn answer(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let plan = plan();
    let prepared = PreparedPlan::new(plan.plan.clone().into());
    let recorder = Recorder::default();
    let expected = execute(&runtime, &prepared, &recorder);
    assert_eq!((expected.errors, expected.fetches.len()), (0, 7));
    let mut bodies = recorder.0.into_inner().expect("no panic");
    bodies.sort_by_key(|(fetch, _)| *fetch);
    let player = Player(bodies.into_iter().map(|(_, body)| body).collect());
    assert_eq!(execute(&runtime, &prepared, &player).body, expected.body);
    let read: usize = player.0.iter().map(Bytes::len).sum();
    let written = expected.body.len();

    let mut group = criterion.benchmark_group(format!("{read} bytes read, {written} written"));
    group.throughput(Throughput::Bytes((read + written) as u64));
    group.bench_function("execute", |bencher| {
        bencher.iter(|| execute(&runtime, &prepared, black_box(&player)));
    });
    group.bench_function("scale: parse the bodies to serde_json::Value", |bencher| {
        bencher.iter(|| {
            let parse = |body: &Bytes| serde_json::from_slice::<Value>(body).expect("JSON");
            player.0.iter().map(parse).collect::<Vec<_>>()
        });
    });
    let value: Value = serde_json::from_slice(&expected.body).expect("JSON");
    group.bench_function("scale: write the response from serde_json::Value", |bencher| {
        bencher.iter(|| serde_json::to_vec(black_box(&value)).expect("JSON"));
    });
    group.bench_function("prepare the plan", |bencher| {
        let plan = std::sync::Arc::new(plan.plan.clone());
        bencher.iter(|| PreparedPlan::new(plan.clone()));
    });
    group.finish();
}

criterion_group!(benches, answer);
criterion_main!(benches);
