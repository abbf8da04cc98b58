//! What holds for every document.

use std::fmt::Write;
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::*;
use super::{INTROSPECTION, boundless};

/// Pieces of which GraphQL is made, and of which it is not.
const PIECES: [&str; 34] = [
    "{", "}", "(", ")", "[", "]", ":", "$", "@", "!", "=", "|", "&", "...", "..", "on", "query", "mutation",
    "fragment", "a", "F", "\"", "\"\"\"", "\\", "\n", "#", ",", "1.5e3", "-", "é", "\u{feff}", "true", "{a}",
    "...F",
];

/// A document of fragments that spread only later ones, with what a naive expansion of it would count.
#[derive(Debug, Clone)]
struct Tree {
    text: String,
    selections: u64,
    depth: usize,
    aliases: u64,
}

/// A selection in a generated definition.
#[derive(Debug, Clone)]
enum Piece {
    Field { alias: bool, inner: Vec<Piece> },
    Inline(Vec<Piece>),
    Spread(usize),
}

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(|alias| Piece::Field { alias, inner: Vec::new() }),
        (0..6_usize).prop_map(Piece::Spread),
    ];
    let piece = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (any::<bool>(), vec(inner.clone(), 1..3))
                .prop_map(|(alias, inner)| Piece::Field { alias, inner }),
            vec(inner, 1..3).prop_map(Piece::Inline),
        ]
    });
    vec(piece, 1..4)
}

fn write(out: &mut String, pieces: &[Piece], own: usize, last: usize) {
    for piece in pieces {
        match piece {
            Piece::Field { alias, inner } => {
                out.push_str(if *alias { " x:a" } else { " a" });
                if !inner.is_empty() {
                    out.push('{');
                    write(out, inner, own, last);
                    out.push('}');
                }
            }
            Piece::Inline(inner) => {
                out.push_str(" ...on T{");
                write(out, inner, own, last);
                out.push('}');
            }
            Piece::Spread(to) => match target(*to, own, last) {
                Some(to) => write!(out, " ...F{to}").unwrap(),
                None => out.push_str(" b"),
            },
        }
    }
}

/// Fragments spread later ones only, so that there is no circle.
fn target(to: usize, own: usize, last: usize) -> Option<usize> {
    let to = own + 1 + to;
    (to <= last).then_some(to)
}

/// Counts as an engine would: by writing everything out.
fn expand(bodies: &[Vec<Piece>], pieces: &[Piece], own: usize, depth: usize, tree: &mut Tree) {
    tree.depth = tree.depth.max(depth);
    let last = bodies.len() - 1;
    for piece in pieces {
        tree.selections += 1;
        match piece {
            Piece::Field { alias, inner } => {
                tree.aliases += u64::from(*alias);
                if !inner.is_empty() {
                    expand(bodies, inner, own, depth + 1, tree);
                }
            }
            Piece::Inline(inner) => expand(bodies, inner, own, depth, tree),
            Piece::Spread(to) => {
                if let Some(to) = target(*to, own, last) {
                    expand(bodies, &bodies[to], to, depth, tree);
                }
            }
        }
    }
}

fn tree() -> impl Strategy<Value = Tree> {
    vec(pieces(), 1..7).prop_map(|bodies| {
        let last = bodies.len() - 1;
        let mut text = String::new();
        for (own, body) in bodies.iter().enumerate() {
            match own {
                0 => text.push('{'),
                _ => write!(text, "fragment F{own} on T{{").unwrap(),
            }
            write(&mut text, body, own, last);
            text.push('}');
        }
        let mut tree = Tree { text, selections: 0, depth: 0, aliases: 0 };
        expand(&bodies, &bodies[0], 0, 1, &mut tree);
        tree
    })
}

proptest! {
    #[test]
    fn no_text_makes_the_guard_panic(text in any::<String>()) {
        let _ = check_document(&text, &boundless());
        let _ = check_body(text.as_bytes(), &Limits::default());
    }

    #[test]
    fn no_mixture_of_tokens_makes_the_guard_panic(pieces in vec(0..PIECES.len(), 0..200)) {
        let text: String = pieces.into_iter().map(|at| PIECES[at]).collect();
        let _ = check_document(&text, &boundless());
        let _ = check_document(&text, &Limits::default());
    }

    #[test]
    fn no_damage_to_an_honest_document_makes_the_guard_panic(at in 0..INTROSPECTION.len(), piece in 0..PIECES.len()) {
        let mut text = INTROSPECTION.to_owned();
        text.replace_range(at..=at, PIECES[piece]);
        let _ = check_document(&text, &Limits::default());
    }

    #[test]
    fn counting_once_per_fragment_counts_what_writing_out_would(tree in tree()) {
        let facts = check_document(&tree.text, &boundless()).unwrap();
        prop_assert_eq!(facts.selections, tree.selections, "{}", tree.text);
        // Fragments that nothing uses may be larger than the operation; they are held against the limits too.
        let held = |limits: Limits| check_document(&tree.text, &limits).is_ok();
        let selections = |selections| held(Limits { selections, ..boundless() });
        prop_assert!(!selections(tree.selections) || !selections(tree.selections - 1));
        let depth = |depth| held(Limits { depth, ..boundless() });
        prop_assert!(tree.depth == 1 || !depth(tree.depth) || !depth(tree.depth - 1));
        let aliases = |aliases| held(Limits { aliases, ..boundless() });
        prop_assert!(tree.aliases == 0 || !aliases(tree.aliases) || !aliases(tree.aliases - 1));
    }
}

/// Documents of any size in forms that tempt a scanner to look twice.
fn sized(form: usize, bytes: usize) -> String {
    let fill = |piece: &str| piece.repeat(bytes / piece.len());
    match form {
        0 => format!("{{{}}}", fill("a ")),
        1 => format!("{{a(b:\"{}\")}}", fill("\\\"")),
        2 => format!("{{a(b:\"\"\"{}\"\"\")}}", fill("\\\"\"\" \"\" ")),
        3 => format!("{}{{a}}", fill("#\"\"\"{\n")),
        4 => format!("{{a(b:{}{})}}", "[".repeat(bytes / 2), "]".repeat(bytes / 2)),
        5 => {
            (0..bytes / 40)
                .map(|at| format!("fragment f{at:08} on Q{{...f{:08}}}", at + 1))
                .collect::<String>()
                + "{a}"
        }
        6 => format!("{{{}}}{}", fill("...F "), "fragment F on Q{a}"),
        7 => format!("{}a{}", "{a".repeat(bytes / 3), "}".repeat(bytes / 3)),
        _ => format!("{{{}}}", fill("a:b@c(d:1)")),
    }
}

#[test]
fn the_cost_is_linear_up_to_two_megabytes() {
    for form in 0..9 {
        let document = sized(form, 2 * 1024 * 1024);
        let started = Instant::now();
        let _ = check_document(&document, &boundless());
        // Read once it takes a tenth of a second in a debug build; looked at again for every byte, it would take hours.
        // Nothing in between needs telling apart, so that a busy machine cannot fail this.
        assert!(started.elapsed() < Duration::from_secs(10), "form {form}: {:?}", started.elapsed());
    }
}
