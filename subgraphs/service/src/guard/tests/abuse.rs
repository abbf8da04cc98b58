//! Documents that bring engines down. Each is refused, and so fast that the refusal is no lever either.

use std::time::{Duration, Instant};

use super::super::*;
use super::check;

/// In a debug build on a busy machine; a release build needs a hundredth of it.
const NO_TIME: Duration = Duration::from_millis(500);

fn refused(what: &str, document: &str) -> Refusal {
    let started = Instant::now();
    // Long documents are refused for their length already; here it is their form that counts.
    let limits = Limits { document_bytes: usize::MAX, ..Limits::default() };
    let refusal = check_document(document, &limits).err().unwrap_or_else(|| panic!("{what} passed"));
    assert!(started.elapsed() < NO_TIME, "{what} took {:?}", started.elapsed());
    refusal
}

/// `depth` fragments, each spreading the next `width` times: `width` to the power of `depth` fields.
fn doubling(depth: usize, width: usize, way: impl Fn(usize) -> String) -> String {
    let mut document = "query{...f0}".to_owned();
    for at in 0..depth {
        let body = if at + 1 == depth { "__typename".to_owned() } else { way(at + 1).repeat(width) };
        document += &format!("fragment f{at} on Query{{{body}}}");
    }
    document
}

#[test]
fn fragments_that_double_are_refused_however_they_are_written() {
    let spread = |at: usize| format!("...f{at} ");
    for (depth, width) in [(15, 2), (20, 2), (24, 2), (60, 2), (90, 2), (9, 3), (4, 40), (99, 5)] {
        let document = doubling(depth, width, spread);
        let refusal = refused("doubling", &document);
        assert!(
            matches!(refusal, Refusal::TooComplex { what: "selections", .. }),
            "{depth}×{width}: {refusal}"
        );
    }
    let aliased = doubling(30, 2, |at| format!("a{at}:__typename ...f{at} "));
    refused("doubling with aliases", &aliased);
    let inline = doubling(30, 2, |at| format!("...on Query{{...f{at}}} "));
    refused("doubling through inline fragments", &inline);
    let nested = doubling(30, 2, |at| format!("a{{...f{at}}} "));
    refused("doubling through fields", &nested);
    let conditional = doubling(30, 2, |at| format!("...f{at}@include(if:false) "));
    refused("doubling behind conditions", &conditional);
    // The same without any operation that uses it: engines validate it all the same.
    let unused = doubling(30, 2, spread).replacen("query{...f0}", "query{__typename}", 1);
    refused("doubling in unused fragments", &unused);
}

#[test]
fn a_document_of_under_nine_hundred_bytes_is_enough_and_is_refused() {
    let document = doubling(22, 2, |at| format!("...f{at} "));
    assert!(document.len() < 900, "{}", document.len());
    refused("the short one", &document);
}

#[test]
fn circles_are_refused() {
    for document in [
        "{...a} fragment a on Query{...a}",
        "{...a} fragment a on Query{...b} fragment b on Query{...a}",
        "{b} fragment a on Query{x{...a}}",
        "{...a} fragment a on Query{...b} fragment b on Query{...c} fragment c on Query{...b}",
    ] {
        assert!(matches!(refused("a circle", document), Refusal::FragmentCycle(_)), "{document}");
    }
    let ring: String = (0..90).map(|at| format!("fragment f{at} on Q{{...f{}}}", (at + 1) % 90)).collect();
    assert!(matches!(refused("a ring", &format!("{{...f0}}{ring}")), Refusal::FragmentCycle(_)));
}

#[test]
fn depth_is_refused_in_every_form() {
    let nest =
        |open: &str, close: &str, times: usize| format!("{}{}", open.repeat(times), close.repeat(times));
    let deep = [
        ("selections", format!("{{a{}}}", nest("{a", "}", 100_000))),
        ("unclosed selections", "{a".repeat(100_000)),
        ("inline fragments", format!("{{{}a{}}}", "...{".repeat(100_000), "}".repeat(100_000))),
        ("lists", format!("{{a(b:{})}}", nest("[", "]", 100_000))),
        ("unclosed lists", format!("{{a(b:{}", "[".repeat(500_000))),
        ("objects", format!("{{a(b:{}1{})}}", "{c:".repeat(100_000), "}".repeat(100_000))),
        ("types", format!("query($a:{}Int{}){{a}}", "[".repeat(100_000), "]".repeat(100_000))),
        ("defaults", format!("query($a:Int={}){{a}}", nest("[", "]", 100_000))),
        ("directive arguments", format!("{{a@b(c:{})}}", nest("[", "]", 100_000))),
    ];
    for (what, document) in &deep {
        let refusal = refused(what, document);
        assert!(
            matches!(refusal, Refusal::TooDeep { .. } | Refusal::TooManyTokens { .. }),
            "{what}: {refusal}"
        );
    }
    let chain: String = (0..99).map(|at| format!("fragment f{at} on Q{{a{{...f{}}}}}", at + 1)).collect();
    let chain = format!("{{...f0}}{chain}fragment f99 on Q{{a}}");
    assert!(matches!(
        refused("a chain of fragments", &chain),
        Refusal::TooComplex { .. } | Refusal::TooDeep { .. }
    ));
    // Fragments nested in inline fragments nested in fragments recurse without ever going down a field.
    let level =
        |at: usize| format!("fragment f{at} on Q{{{}...f{}{}}}", "...{".repeat(40), at + 1, "}".repeat(40));
    let flat: String = (0..60).map(level).collect();
    let flat = format!("{{...f0}}{flat}fragment f60 on Q{{a}}");
    assert!(matches!(refused("nesting without depth", &flat), Refusal::TooDeep { .. }));
}

#[test]
fn width_is_refused_in_every_form() {
    let many = |what: &str, times: usize| what.repeat(times);
    for (what, document) in [
        ("fields", format!("{{{}}}", many("a ", 100_000))),
        ("aliases", format!("{{x{{{}}}}}", (0..3_000).map(|at| format!("a{at}:b ")).collect::<String>())),
        ("root fields", format!("{{{}}}", (0..65).map(|at| format!("a{at} ")).collect::<String>())),
        ("directives", format!("{{a{}}}", many("@b", 3_000))),
        ("directives on one variable", format!("query($a:Int{}){{a}}", many("@b", 3_000))),
        (
            "directives through fragments",
            format!("{{{}}}fragment F on Q{{a{}}}", many("...F ", 20), many("@b", 20)),
        ),
        ("operations", (0..5_000).map(|at| format!("query q{at}{{a}}")).collect()),
        ("fragments", (0..5_000).map(|at| format!("fragment f{at} on Q{{a}}")).collect()),
        (
            "variables",
            format!("query({}){{a}}", (0..5_000).map(|at| format!("$v{at}:Int ")).collect::<String>()),
        ),
        ("arguments", format!("{{a({})}}", (0..5_000).map(|at| format!("v{at}:1 ")).collect::<String>())),
        ("list entries", format!("{{a(b:[{}])}}", many("1,", 200_000))),
        ("commas and comments", format!("{{{}a a a}}{{", many(",#\n", 300_000))),
        ("aliases through fragments", format!("{{x{{{}}}}}fragment F on Q{{b:a}}", many("...F ", 600))),
    ] {
        refused(what, &document);
    }
}

#[test]
fn one_name_for_two_fragments_is_refused() {
    // Otherwise the guard might measure one of them and the engine walk the other.
    let refusal = refused("a double", "{...a} fragment a on Q{b} fragment a on Q{c}");
    assert_eq!(refusal, Refusal::DuplicateFragment("a".into()));
}

#[test]
fn an_introspection_that_goes_in_circles_is_refused() {
    let circle = |times: usize, inner: &str| {
        let (open, close) = ("fields{type{ofType{".repeat(times), "}}}".repeat(times));
        format!("{{__schema{{types{{{open}{inner}{close}}}}}}}")
    };
    assert!(check(&circle(2, "name")).is_ok());
    for (what, document) in [
        ("fields of fields of fields", circle(5, "name")),
        ("names under many aliases", circle(2, &(0..400).map(|at| format!("a{at}:name ")).collect::<String>())),
        ("through __type", circle(6, "name").replacen("__schema", "__type(name:\"T\")", 1)),
        ("possible types", format!("{{__schema{{types{{{}name{}}}}}}}", "possibleTypes{interfaces{".repeat(3), "}}".repeat(3))),
        (
            "through fragments",
            "{__schema{types{...A}}} fragment A on __Type{fields{type{...B}}} fragment B on __Type{fields{type{...C}}} \
             fragment C on __Type{fields{args{type{fields{args{name}}}}}}"
                .to_owned(),
        ),
    ] {
        let refusal = refused(what, &document);
        assert!(matches!(refusal, Refusal::TooComplex { what: "introspected fields", .. }), "{what}: {refusal}");
    }
    // The same words in a schema of somebody's own are just words.
    assert!(check("{ types { fields { args { fields { args { fields { args { a } } } } } } } }").is_ok());
}

#[test]
fn a_long_document_is_refused_although_it_is_one_token() {
    let document = format!("{{a(b:\"{}\")}}", "x".repeat(900_000));
    assert_eq!(check(&document), Err(Refusal::DocumentTooLong { limit: 128 * 1024 }));
}
