use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn names(text: &str) -> Vec<String> {
    expand(text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn brackets_expand_in_order() {
    assert_eq!(names("web1"), ["web1"]);
    assert_eq!(names("web[1-3,7]"), ["web1", "web2", "web3", "web7"]);
    assert_eq!(names("web[08-11]"), ["web08", "web09", "web10", "web11"]);
    assert_eq!(names("w[099-101]"), ["w099", "w100", "w101"]);
    assert_eq!(names("w[01-100]").len(), 100);
    assert_eq!(names("w[0-10/5]"), ["w0", "w5", "w10"]);
    assert_eq!(names("r[1-2]-ib[0-1]"), ["r1-ib0", "r1-ib1", "r2-ib0", "r2-ib1"]);
    assert_eq!(names("ops@web[1-2]:22"), ["ops@web1:22", "ops@web2:22"]);
    assert_eq!(names("a[1,3], b ,a1"), ["a1", "a3", "b"], "each name once");
    assert_eq!(names("docker:app[1-2]?python=/x"), ["docker:app1?python=/x", "docker:app2?python=/x"]);
}

#[test]
fn quotes_and_ipv6_are_no_node_sets() {
    for text in ["[::1]:22", "ops@[fe80::1%eth0]", r#"cmd:"sh -c '[ -e x ], \"[1-2]\"'""#, "docker:\"a,b\""] {
        assert_eq!(names(text), [text]);
    }
    assert_eq!(names("[::1]:[22-23]"), ["[::1]:22", "[::1]:23"]);
}

#[test]
fn what_is_no_node_set_is_refused_at_its_place() {
    for (text, column, words) in [
        ("web[1-3", 4, "not closed"),
        ("web1]", 5, "never opened"),
        ("web[a-c]", 5, "numbers and ranges"),
        ("web[1,]", 7, "numbers and ranges"),
        ("web[]", 5, "numbers and ranges"),
        ("web[1-2-3]", 5, "numbers and ranges"),
        ("web[5-1]", 5, "smaller"),
        ("web[1,2-4/0]", 7, "step"),
        ("web[1-03]", 5, "leading zeros"),
        ("a,,b", 3, "missing"),
        ("a, web[x]", 8, "numbers and ranges"),
        ("", 1, "missing"),
        ("web[0-100000]", 1, "more than 100000"),
        ("a,web[0-99999]", 3, "more than 100000"),
        ("[0-999][0-999]", 1, "more than 100000"),
        ("[0-999999999999999999][0-999999999999999999]", 1, "more than 100000"),
        ("web[0-9999999999999999999]", 5, "numbers and ranges"),
    ] {
        let error = expand(text).expect_err(text);
        assert!(error.why.contains(words), "{error}");
        assert_eq!(error.at + 1, column, "{error}");
    }
    assert!(expand(&format!("{}[1-99999]", "x".repeat(4096))).is_err(), "many long names are refused too");
    assert_eq!(names("w[1-100000]").len(), MOST_NAMES);
}

#[test]
fn names_fold_as_a_person_would_write_them() {
    for (given, folded) in [
        ("web1", "web1"),
        ("web[1-17,19]", "web[1-17,19]"),
        ("web10,web9,web8", "web[8-10]"),
        ("web[01-20]", "web[01-20]"),
        ("web[098-101]", "web[098-101]"),
        ("web1,web01", "web[1,01]"),
        ("r[1-2]-ib[0-1]", "r[1-2]-ib[0-1]"),
        ("r1-ib[0-1],r2-ib0", "r1-ib[0-1],r2-ib0"),
        ("db1,web[1-2],docker:cache,local", "db1,docker:cache,local,web[1-2]"),
        ("web2.example.com,web10.example.com", "web[2,10].example.com"),
        ("ops@web[1-2]:2222", "ops@web[1-2]:2222"),
        ("10.0.0.[1-9]", "10.0.0.[1-9]"),
        ("[::1]:[22-23]", "[::1]:[22-23]"),
        ("docker:\"shop/web1\",docker:\"shop/web2\"", "docker:\"shop/web1\",docker:\"shop/web2\""),
    ] {
        assert_eq!(fold(names(given)), folded, "{given}");
    }
    assert_eq!(fold(Vec::<String>::new()), "");
    assert_eq!(fold(["a", "a"]), "a");
}

#[test]
fn numbers_in_names_sort_as_numbers() {
    let mut names =
        ["web10", "web2", "web1", "web01", "db", "web2.b10", "web2.b9", "web", "web99999999999999999999"];
    names.sort_by(|left, right| natural_cmp(left, right));
    assert_eq!(
        names,
        ["db", "web", "web01", "web1", "web2", "web2.b9", "web2.b10", "web10", "web99999999999999999999"]
    );
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        // Few shapes and small numbers, so that names meet.
        ("[ab]{0,1}", 0..12_u32, 1..4_usize, "[-.]b?", 0..5_u32)
            .prop_map(|(head, one, width, mid, two)| format!("{head}{one:0width$}{mid}{two}")),
        "[a-b0-2]{1,6}",
        "(ops@)?\\[::[0-9]\\](:[12][0-9])?",
        "docker:\"[a,\\[\\]0-9 ]{1,4}\"",
        "[é0-9]{1,24}",
    ]
}

proptest! {
    #[test]
    fn expand_undoes_fold(names in proptest::collection::btree_set(name(), 0..60)) {
        let folded = fold(&names);
        let back: BTreeSet<String> = if names.is_empty() { BTreeSet::new() } else {
            expand(&folded).map_err(|error| TestCaseError::fail(error.to_string()))?.into_iter().collect()
        };
        prop_assert_eq!(back, names, "{}", folded);
    }

    #[test]
    fn any_text_expands_or_is_refused_at_a_place_in_it(text in "[a0-9,/\\[\\]\"\\\\ :é-]{0,16}") {
        match expand(&text) {
            Ok(names) => prop_assert!(!names.is_empty() && names.len() <= MOST_NAMES),
            Err(error) => prop_assert!(error.at <= text.chars().count()),
        }
    }

    #[test]
    fn natural_order_is_an_order(a in "[a0-9]{0,5}", b in "[a0-9]{0,5}", c in "[a0-9]{0,5}") {
        use std::cmp::Ordering::{Equal, Greater};
        prop_assert_eq!(natural_cmp(&a, &b), natural_cmp(&b, &a).reverse());
        prop_assert_eq!(natural_cmp(&a, &b) == Equal, a == b);
        if natural_cmp(&a, &b) != Greater && natural_cmp(&b, &c) != Greater {
            prop_assert_ne!(natural_cmp(&a, &c), Greater);
        }
    }
}
