//! The work that routers are measured with: four subgraphs of a shop, and one operation that goes through all of them again and again. Its
//! answer has about 90 kB.

use composition::SubgraphInput;
use fixture::Case;
use serde_json::{Map, Value, json};

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", import: [\"@key\", \"@external\", \"@requires\", \"@shareable\", \"@provides\"])\n";

const ACCOUNTS: &str = r#"
type Query { me: User, users: [User] }
type User @key(fields: "id") { id: ID!, name: String, handle: String @shareable, born: Int }
"#;
const STOCK: &str = r#"
type Item @key(fields: "code") {
  code: String!
  weight: Int @external
  price: Int @external
  available: Boolean
  shipping: Int @requires(fields: "price weight")
}
"#;
const ITEMS: &str = r#"
type Query { bestItems(first: Int = 5): [Item] }
type Item @key(fields: "code") { code: String!, title: String, price: Int, weight: Int }
"#;
const REVIEWS: &str = r#"
type Review @key(fields: "id") { id: ID!, text: String, item: Item, author: User @provides(fields: "handle") }
type User @key(fields: "id") { id: ID!, handle: String @external, reviews: [Review] }
type Item @key(fields: "code") { code: String!, reviews: [Review] }
"#;
const OPERATION: &str = r"
query Shop {
  users { ...Person reviews { ...Opinion item { ...Thing reviews { ...Opinion author { ...Person reviews { ...Opinion item { ...Thing } } } } } } }
  bestItems { ...Thing reviews { ...Opinion author { ...Person reviews { ...Opinion item { ...Thing } } } } }
}
fragment Person on User { id handle name }
fragment Opinion on Review { id text }
fragment Thing on Item { code title price weight available shipping }
";

const USERS: usize = 6;
const ITEM_COUNT: usize = 9;
const REVIEWS_OF_A_USER: usize = 4;

/// The shop, its data and the operation. Subgraphs are reached under `address`.
pub(super) fn shop(address: &str) -> Case {
    let subgraph = |name: &str, sdl: &str| SubgraphInput {
        name: name.to_owned(),
        url: format!("http://{address}/{name}"),
        sdl: format!("{LINK}{sdl}"),
        source: None,
    };
    Case {
        subgraphs: vec![
            subgraph("accounts", ACCOUNTS),
            subgraph("items", ITEMS),
            subgraph("reviews", REVIEWS),
            subgraph("stock", STOCK),
        ],
        data: data().to_string(),
        operation: OPERATION.to_owned(),
        variables: "{}".to_owned(),
    }
}

fn data() -> Value {
    let of = |ty: &str, ids: Vec<usize>| ids.into_iter().map(|id| format!("@{ty}/{id}")).collect::<Vec<_>>();
    let reviews = USERS * REVIEWS_OF_A_USER;
    let mut all = Map::new();
    let root = json!({ "me": "@User/0", "users": of("User", (0..USERS).collect()), "bestItems": of("Item", (0..ITEM_COUNT).collect()) });
    all.insert("Query".to_owned(), json!([root]));
    all.insert("User".to_owned(), (0..USERS).map(|id| json!({
        "id": id.to_string(), "name": format!("Person Number {id}"), "handle": format!("@person{id}").replace('@', "~"), "born": 1960 + id,
        "reviews": of("Review", (0..reviews).filter(|review| review % USERS == id).collect()),
    })).collect());
    all.insert("Item".to_owned(), (0..ITEM_COUNT).map(|id| json!({
        "code": id.to_string(), "title": format!("A thing that is called {id}"), "price": 100 * id + 99, "weight": 10 * id + 5, "available": id % 3 != 0, "shipping": id,
        "reviews": of("Review", (0..reviews).filter(|review| review % ITEM_COUNT == id).collect()),
    })).collect());
    all.insert("Review".to_owned(), (0..reviews).map(|id| json!({
        "id": id.to_string(), "text": format!("What somebody thinks of it after {id} days of use"),
        "item": format!("@Item/{}", id % ITEM_COUNT), "author": format!("@User/{}", id % USERS),
    })).collect());
    Value::Object(all)
}
