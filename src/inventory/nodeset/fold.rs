//! From names to the node set that stands for them.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use crate::inventory::nodeset::{MOST_DIGITS, literal, natural_cmp};

/// The folded form of names: `web[1-17,19]`. Natural order; each name once.
///
/// [`expand`](super::expand()) gives the same set back, as long as the names are ones that it gives out: not empty, without blanks,
/// commas and brackets outside quotes.
pub fn fold<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let names: Vec<S> = names.into_iter().collect();
    let mut shapes: BTreeMap<Vec<&str>, Vec<Vec<Numbers<'_>>>> = BTreeMap::new();
    for name in &names {
        let (texts, numbers) = shape(name.as_ref());
        shapes
            .entry(texts)
            .or_default()
            .push(numbers.into_iter().map(|number| BTreeSet::from([number])).collect());
    }
    let mut folded: Vec<(String, String)> = Vec::new();
    for (texts, mut rows) in shapes {
        let slots = texts.len() - 1;
        for slot in (0..slots).rev() {
            rows = merge(rows, slot);
        }
        rows.truncate(if slots == 0 { 1 } else { usize::MAX });
        folded.extend(rows.iter().map(|row| (first(&texts, row), written(&texts, row))));
    }
    folded.sort_by(|(left, _), (right, _)| natural_cmp(left, right));
    folded.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(",")
}

/// The numbers in one place of names, in the order in which they are written.
type Numbers<'a> = BTreeSet<Number<'a>>;

/// A number, ordered by value and then by length, and its digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Number<'a> {
    value: u64,
    length: usize,
    digits: &'a str,
}

/// A name's texts and the numbers between them: always one text more than numbers.
fn shape(name: &str) -> (Vec<&str>, Vec<Number<'_>>) {
    let (mut texts, mut numbers) = (Vec::new(), Vec::new());
    let (mut start, mut at) = (0, 0);
    while let Some(rest) = name.get(at..).filter(|rest| !rest.is_empty()) {
        let digits = rest.find(|char: char| !char.is_ascii_digit()).unwrap_or(rest.len());
        let number =
            rest.get(..digits).filter(|_| digits <= MOST_DIGITS).and_then(|digits| digits.parse().ok());
        if let Some(value) = number {
            texts.push(name.get(start..at).unwrap_or(""));
            numbers.push(Number { value, length: digits, digits: rest.get(..digits).unwrap_or("") });
            start = at + digits;
        }
        let next = rest.chars().next().map_or(1, char::len_utf8);
        at += digits.max(literal(rest).unwrap_or(next));
    }
    texts.push(name.get(start..).unwrap_or(""));
    (texts, numbers)
}

/// Rows that are equal but for what stands in `slot` become one.
fn merge<'a>(rows: Vec<Vec<Numbers<'a>>>, slot: usize) -> Vec<Vec<Numbers<'a>>> {
    let mut merged: BTreeMap<Vec<Numbers<'a>>, Numbers<'a>> = BTreeMap::new();
    for mut row in rows {
        let numbers = row.remove(slot);
        merged.entry(row).or_default().extend(numbers);
    }
    let with_slot = |(mut row, numbers): (Vec<_>, _)| {
        row.insert(slot, numbers);
        row
    };
    merged.into_iter().map(with_slot).collect()
}

/// The first name of a row, by which rows are sorted.
fn first(texts: &[&str], row: &[Numbers<'_>]) -> String {
    join(
        texts,
        row.iter().map(|numbers| numbers.first().map_or(String::new(), |number| number.digits.to_owned())),
    )
}

fn written(texts: &[&str], row: &[Numbers<'_>]) -> String {
    join(texts, row.iter().map(bracket))
}

fn join(texts: &[&str], between: impl Iterator<Item = String>) -> String {
    let mut name = String::new();
    for (text, number) in texts.iter().zip(between.chain(iter::once(String::new()))) {
        name.push_str(text);
        name.push_str(&number);
    }
    name
}

/// `7`, or `[1-17,19]`.
fn bracket(numbers: &Numbers<'_>) -> String {
    let mut runs: Vec<(Number<'_>, Number<'_>)> = Vec::new();
    for &number in numbers {
        match runs.last_mut() {
            Some((first, last)) if follows(*first, *last, number) => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let run = |(first, last): &(Number<'_>, Number<'_>)| {
        if first == last { first.digits.to_owned() } else { format!("{}-{}", first.digits, last.digits) }
    };
    match runs.as_slice() {
        [only] if numbers.len() == 1 => run(only),
        _ => format!("[{}]", runs.iter().map(run).collect::<Vec<_>>().join(",")),
    }
}

/// Whether a range that begins with `first` and ends with `last` can go on with `next`.
fn follows(first: Number<'_>, last: Number<'_>, next: Number<'_>) -> bool {
    let width = if first.digits.starts_with('0') { first.length } else { 1 };
    let plain = next.value.checked_ilog10().unwrap_or(0) as usize + 1;
    next.value == last.value + 1 && next.length == plain.max(width)
}
