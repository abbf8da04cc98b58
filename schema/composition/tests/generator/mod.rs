//! Subgraphs of any size that compose: entities owned by one subgraph, extended by another, linked to each other.

use std::fmt::Write as _;

use composition::SubgraphInput;

/// How much to generate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// Subgraphs.
    pub(crate) subgraphs: usize,
    /// Entity types, in all subgraphs together.
    pub(crate) types: usize,
    /// Fields per type in its owner, beside key and links.
    pub(crate) fields: usize,
}

const HEADER: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", \
                      import: [\"@key\", \"@requires\", \"@external\", \"@shareable\"])\n";

/// Generates subgraphs of `shape`.
pub(crate) fn generate(shape: Shape) -> Vec<SubgraphInput> {
    let mut bodies = vec![String::from(HEADER); shape.subgraphs];
    let mut queries = vec![String::new(); shape.subgraphs];
    for ty in 0..shape.types {
        let owner = ty % shape.subgraphs;
        let guest = (ty + 1 + ty / shape.subgraphs) % shape.subgraphs;
        write_owner(&mut bodies[owner], ty, shape);
        if guest != owner {
            write_guest(&mut bodies[guest], ty);
        }
        let _ = writeln!(queries[owner], "  t{ty}(id: ID!): T{ty}");
        // Links go to the next types; a subgraph that does not define one refers to it.
        for target in links(ty, shape) {
            let target_guest = (target + 1 + target / shape.subgraphs) % shape.subgraphs;
            if target % shape.subgraphs != owner && target_guest != owner {
                let stub = format!("type T{target} @key(fields: \"id\", resolvable: false) {{ id: ID! }}\n");
                if !bodies[owner].contains(&stub) {
                    bodies[owner].push_str(&stub);
                }
            }
        }
    }
    let subgraphs = bodies.into_iter().zip(queries).enumerate();
    subgraphs
        .map(|(index, (body, query))| SubgraphInput {
            name: format!("s{index}"),
            url: format!("http://s{index}/graphql"),
            sdl: format!("{body}type Query {{\n  version: String @shareable\n{query}}}\n"),
            source: None,
        })
        .collect()
}

fn links(ty: usize, shape: Shape) -> [usize; 2] {
    [(ty + 1) % shape.types, (ty * 7 + 3) % shape.types]
}

fn write_owner(sdl: &mut String, ty: usize, shape: Shape) {
    let _ = writeln!(sdl, "type T{ty} @key(fields: \"id\") {{\n  id: ID!");
    for field in 0..shape.fields {
        let _ = writeln!(sdl, "  f{field}(first: Int = {field}): String");
    }
    let [next, far] = links(ty, shape);
    let _ = writeln!(sdl, "  next: T{next}\n  far: [T{far}!]\n}}");
}

fn write_guest(sdl: &mut String, ty: usize) {
    let _ = writeln!(
        sdl,
        "type T{ty} @key(fields: \"id\") {{\n  id: ID!\n  f0(first: Int = 0): String @external\n  \
         extra: String @requires(fields: \"f0\")\n}}"
    );
}
