//! The order that people expect of names with numbers in them.

use std::cmp::Ordering;
use std::iter;

/// Natural order: `web2` before `web10`. Runs of digits count as numbers; equal ones are told apart by their text.
pub fn natural_cmp(left: &str, right: &str) -> Ordering {
    runs(left).cmp(runs(right)).then_with(|| left.cmp(right))
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Run<'a> {
    /// Digits without leading zeros, their count first: more of them are a larger number.
    Number(usize, &'a str),
    Text(&'a str),
}

/// The text cut wherever digits begin or end.
fn runs(mut rest: &str) -> impl Iterator<Item = Run<'_>> {
    iter::from_fn(move || {
        let digits = rest.chars().next()?.is_ascii_digit();
        let end = rest.find(|char: char| char.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        rest = after;
        let number = run.trim_start_matches('0');
        Some(if digits { Run::Number(number.len(), number) } else { Run::Text(run) })
    })
}
