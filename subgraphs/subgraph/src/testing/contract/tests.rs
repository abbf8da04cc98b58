//! What keeps a contract and what breaks it.

use super::violations;

const CONTRACT: &str = "
    type Query { thing(id: ID!): Thing  things(limit: Int): [Thing] }
    type Thing { id: ID  name: String! }
    enum State { OPEN SHUT }
    input In { a: Int!, b: String }
    type Mutation { put(input: In!): Thing }
    scalar When
";

fn after(from: &str, to: &str) -> Vec<String> {
    assert!(CONTRACT.contains(from), "{from}");
    violations(CONTRACT, &CONTRACT.replacen(from, to, 1))
}

#[test]
fn additions_and_stricter_results_keep_it() {
    for (from, to) in [
        ("scalar When", "scalar When type New { a: Int }"),
        ("thing(id: ID!): Thing", "thing(id: ID!): Thing!"),
        ("thing(id: ID!): Thing", "thing(id: ID): Thing"),
        ("thing(id: ID!): Thing", "thing(id: ID!, more: Int): Thing"),
        ("thing(id: ID!): Thing", "thing(id: ID!, more: Int! = 1): Thing"),
        ("[Thing]", "[Thing!]!"),
        ("OPEN SHUT", "OPEN SHUT AJAR"),
        ("a: Int!, b: String", "a: Int, b: String, c: Int"),
        ("type Mutation {", "extend type Mutation { other: Int } type Mutation @shareable {"),
    ] {
        assert_eq!(after(from, to), Vec::<String>::new(), "{to}");
    }
}

#[test]
fn what_a_client_would_notice_breaks_it() {
    for (from, to, said) in [
        ("thing(id: ID!): Thing", "other: Int", "Query.thing is gone"),
        ("thing(id: ID!): Thing", "thing: Thing", "Query.thing(id) is gone"),
        (
            "thing(id: ID!): Thing",
            "thing(id: Int!): Thing",
            "Query.thing(id) takes Int!, the contract says ID!",
        ),
        (
            "thing(id: ID!): Thing",
            "thing(id: ID!, n: Int!): Thing",
            "Query.thing(n) is new and has to be given",
        ),
        ("limit: Int", "limit: Int!", "Query.things(limit) takes Int!, the contract says Int"),
        ("[Thing]", "Thing", "Query.things answers Thing, the contract says [Thing]"),
        ("[Thing]", "[[Thing]]", "Query.things answers [[Thing]], the contract says [Thing]"),
        ("name: String!", "name: String", "Thing.name answers String, the contract says String!"),
        ("name: String!", "name: Int!", "Thing.name answers Int!, the contract says String!"),
        ("OPEN SHUT", "OPEN", "State.SHUT is gone"),
        ("a: Int!, b: String", "a: Int!", "In(b) is gone"),
        ("a: Int!, b: String", "a: Int!, b: String, c: Int!", "In(c) is new and has to be given"),
        ("scalar When", "", "When is gone"),
        ("scalar When", "enum When { A }", "When is of another kind"),
    ] {
        assert_eq!(after(from, to), [said], "{to}");
    }
}
