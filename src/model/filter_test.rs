use proptest::prelude::*;

use super::*;

const ROW: &[(&str, &str)] =
    &[("host", "Web1.example"), ("state", "raised"), ("value", "no route to 10.0.0.1:22")];

#[test]
fn the_grammar() {
    for (text, expected) in [
        ("", true),
        ("web1", true),
        ("Web1", true),
        ("WEB1", false),
        ("web1 raised", true),
        ("web1 lost", false),
        ("!lost", true),
        ("!raised", false),
        ("!lost !gone", true),
        ("~^web[0-9]", true),
        ("~^route", false),
        ("!~^route", true),
        (r"~\Sroute", false),
        (r"~no\sroute", true),
        (r"~o\Broute", false),
        ("state:raised", true),
        ("STATE:raised", true),
        ("state:web", false),
        ("!state:web", true),
        ("state:~^rais", true),
        ("host:~^rais", false),
        ("10.0.0.1:22", true),
        ("route:", false),
        ("state:", true),
        ("!state:", true),
        ("\"no route\"", true),
        ("\"route no\"", false),
        ("value:\"no route\"", true),
        ("!value:\"no route\"", false),
        ("~\"no +route\"", true),
        ("1.", true),
        ("b.", false),
        ("web?", false),
        ("!", true),
        ("~", true),
        ("!~", true),
        ("\"\"", true),
    ] {
        let filter = Filter::parse(text).unwrap();
        assert_eq!(filter.matches(ROW), expected, "{text:?}");
    }
}

#[test]
fn errors_name_the_place() {
    let why = |text| Filter::parse(text).unwrap_err().to_string();
    assert_eq!(why("web \"no route"), "the quote in `\"no route` is not closed");
    assert!(
        why("web ~a(b").starts_with("`a(b` is no regular expression: unclosed group"),
        "{}",
        why("web ~a(b")
    );
    assert!(why("~(a{1000}){1000}").contains("size limit"), "{}", why("~(a{1000}){1000}"));
}

#[test]
fn hits_are_found_without_overlaps() {
    let hits = |filter: &str, text: &str| Filter::parse(filter).unwrap().hits(text);
    assert_eq!(hits("ab bc !c", "abc x AB"), [0..3, 6..8]);
    assert!(hits("~x*", "abc").is_empty());
    assert!(hits("", "abc").is_empty());
}

#[test]
fn a_plain_text_has_no_columns() {
    assert!(Filter::parse("error:").unwrap().matches("error: gone"));
    assert!(!Filter::parse("error:gone").unwrap().matches("error: gone"));
}

proptest! {
    #[test]
    fn no_text_breaks_it(text in ".{0,40}", line in ".{0,40}") {
        if let Ok(filter) = Filter::parse(&text) {
            filter.matches(line.as_str());
            for hit in filter.hits(&line) {
                prop_assert!(line.is_char_boundary(hit.start) && line.is_char_boundary(hit.end));
            }
        }
    }

    #[test]
    fn negation_turns_every_word_round(word in "[a-c:~]{1,4}", line in "[a-c:]{0,6}") {
        if let (Ok(filter), Ok(negated)) = (Filter::parse(&word), Filter::parse(&format!("!{word}"))) {
            prop_assert!(filter.is_empty() || filter.matches(line.as_str()) != negated.matches(line.as_str()));
        }
    }
}
