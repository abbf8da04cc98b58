//! Schemas that nobody would write: the subgraphs of a case with a few of their tokens changed.
//!
//! Tokens and not bytes: a byte more or less nearly always ends in the parser, and composition begins behind it.

use crate::random::Random;

/// What is put in where something is to be added.
const PIECES: [&str; 36] = [
    "@key(fields: \"id\")",
    "@key(fields: \"id { id }\", resolvable: false)",
    "@key(fields: \"...\")",
    "@shareable",
    "@external",
    "@inaccessible",
    "@extends",
    "@interfaceObject",
    "@provides(fields: \"id\")",
    "@requires(fields: \"id\")",
    "@requires(fields: \"a { b(c: {d: [1]}) ... on E { f } }\")",
    "@override(from: \"a\")",
    "@override(from: \"b\", label: \"percent(50)\")",
    "@tag(name: \"t\")",
    "@cost(weight: 5)",
    "@listSize(assumedSize: 3, slicingArguments: [\"first\"], sizedFields: [\"id\"])",
    "@authenticated",
    "@requiresScopes(scopes: [[\"a\"]])",
    "@policy(policies: [[\"p\"]])",
    "@context(name: \"c\")",
    "(x: Int @fromContext(field: \"$c { id }\"))",
    "@deprecated(reason: null)",
    "@oneOf",
    "@composeDirective(name: \"@x\")",
    "@link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\", {name: \"@tag\", as: \"@t\"}])",
    "@link(url: \"https://specs.apollo.dev/link/v1.0\", as: \"l\", for: SECURITY)",
    "extend type Query { q: Query }",
    "interface I implements I & J { id: ID! }",
    "union U = U | Query",
    "enum E { A B }",
    "input N { n: N! = {n: {}} }",
    "extend",
    "implements",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{",
    "\u{0}\u{feff}\u{1f600}",
];

/// Changes a few tokens of `sdl`; `others` is where whole stretches may come from.
#[must_use]
pub fn mutated(sdl: &str, others: &[String], random: &mut Random) -> String {
    let mut tokens: Vec<&str> = tokens(sdl);
    // Mostly one: the more is changed, the sooner composition has enough of it.
    for _ in 0..=random.below(4) * random.below(2) {
        let at = random.below(tokens.len());
        match random.below(9) {
            0 => remove(&mut tokens, at, 1),
            1 => {
                let length = random.below(12);
                remove(&mut tokens, at, length);
            }
            2 => {
                let copied: Vec<&str> = tokens.iter().skip(at).take(random.below(20)).copied().collect();
                insert(&mut tokens, random, copied);
            }
            3 | 4 => {
                let piece = random.pick(&PIECES).copied().into_iter().collect();
                insert(&mut tokens, random, piece);
            }
            5 | 6 => replace_by_another(&mut tokens, at, random),
            7 => {
                let other = random.pick(others).map_or("", String::as_str);
                let other = self::tokens(other);
                let from = random.below(other.len());
                let copied = other.into_iter().skip(from).take(random.below(40)).collect();
                insert(&mut tokens, random, copied);
            }
            _ => {
                let other = random.below(tokens.len());
                if at < tokens.len() && other < tokens.len() {
                    tokens.swap(at, other);
                }
            }
        }
    }
    tokens.join(" ")
}

fn remove(tokens: &mut Vec<&str>, at: usize, length: usize) {
    let end = (at + length).min(tokens.len());
    tokens.drain(at.min(end)..end);
}

fn insert<'a>(tokens: &mut Vec<&'a str>, random: &mut Random, added: Vec<&'a str>) {
    let at = random.below(tokens.len() + 1);
    tokens.splice(at..at, added);
}

/// A name for a name, a text for a text: what is most likely to stay a schema.
fn replace_by_another(tokens: &mut [&str], at: usize, random: &mut Random) {
    let Some(&old) = tokens.get(at) else { return };
    let kind = |token: &str| token.chars().next().map(|c| (c.is_alphabetic() || c == '_', c == '"'));
    let alike: Vec<&str> = tokens.iter().filter(|token| kind(token) == kind(old)).copied().collect();
    if let Some(new) = random.pick(&alike) {
        tokens[at] = new;
    }
}

/// The tokens of an SDL, comments left out. Whatever is no GraphQL is a token of one character.
fn tokens(sdl: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = sdl.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' if rest.starts_with("\"\"\"") => rest[3..].find("\"\"\"").map_or(rest.len(), |end| end + 6),
            '"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
            c if c.is_alphanumeric() || c == '_' => {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
            }
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        if first != '#' {
            found.push(token);
        }
        rest = after.trim_start();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sdl_is_taken_apart() {
        let sdl = "# no\n\"\"\"a \"b\" c\"\"\" type A @key(fields: \"x { y }\") { f(a: [Int!]! = 1): B }";
        let expected =
            "\"\"\"a \"b\" c\"\"\"|type|A|@|key|(|fields|:|\"x { y }\"|)|{|f|(|a|:|[|Int|!|]|!|=|1|)|:|B|}";
        assert_eq!(tokens(sdl).join("|"), expected);
        for odd in ["\"", "\"\"\"", "é#", "\u{feff}{"] {
            assert!(!tokens(odd).is_empty(), "{odd:?}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_input() {
        let sdl = "type Query { a: Int b: [String!] }";
        let others = vec!["type T { id: ID! }".to_owned()];
        let run = |seed| {
            let mut random = Random::new(seed);
            (0..50).map(|_| mutated(sdl, &others, &mut random)).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        assert!(run(7).iter().any(|text| text != sdl));
    }
}
