//! Natural order of names, and their folded form. Gives way to `inventory::nodeset` as soon as that is there.

use std::cmp::Ordering;

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    /// Digits without leading zeros; more of them are a larger number.
    Number(usize, &'a str),
    Text(&'a str),
}

/// `web2` before `web10`: runs of digits count as numbers; equal ones are told apart by their text.
pub fn compare(left: &str, right: &str) -> Ordering {
    parts(left).cmp(parts(right)).then_with(|| left.cmp(right))
}

fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    runs(text).map(|run| {
        if run.starts_with(|first: char| first.is_ascii_digit()) {
            let number = run.trim_start_matches('0');
            Part::Number(number.len(), number)
        } else {
            Part::Text(run)
        }
    })
}

/// The text cut wherever digits begin or end.
fn runs(mut rest: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let digits = rest.chars().next()?.is_ascii_digit();
        let end = rest.find(|char: char| char.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        rest = after;
        Some(run)
    })
}

/// Names in natural order, joined by commas.
pub fn fold<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let mut names: Vec<S> = names.into_iter().collect();
    names.sort_by(|left, right| compare(left.as_ref(), right.as_ref()));
    names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(",")
}
