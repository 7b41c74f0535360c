//! From a node set to its names.

use std::collections::HashSet;

use crate::inventory::nodeset::{MOST_DIGITS, literal};
use crate::tunnel::address::AddressError;

/// The most names that one text may stand for.
pub const MOST_NAMES: usize = 100_000;

/// The most bytes that the names of one text may take.
const MOST_BYTES: usize = 32 << 20;

/// The names that a text stands for, in its order, each once.
///
/// # Errors
/// What is no node set, and where; or more than [`MOST_NAMES`].
pub fn expand(text: &str) -> Result<Vec<String>, AddressError> {
    let mut names = Vec::new();
    let mut seen = HashSet::new();
    let mut bytes = 0;
    for (at, part) in parts(text) {
        let trimmed = part.trim();
        let at = at + part.len() - part.trim_start().len();
        if trimmed.is_empty() {
            return Err(AddressError::new(text, at, "here a name is missing"));
        }
        for name in expand_part(text, at, trimmed)? {
            bytes += name.len();
            if names.len() >= MOST_NAMES || bytes > MOST_BYTES {
                return Err(too_many(text, at));
            }
            if seen.insert(name.clone()) {
                names.push(name);
            }
        }
    }
    Ok(names)
}

/// The text cut at the commas that stand outside brackets and quotes, each part with its place.
fn parts(text: &str) -> Vec<(usize, &str)> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut at = 0;
    let mut depth = 0_usize;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(length) = literal(rest) {
            at += length;
            continue;
        }
        let char = rest.chars().next().unwrap_or_default();
        match char {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push((start, text.get(start..at).unwrap_or("")));
                start = at + 1;
            }
            _ => {}
        }
        at += char.len_utf8();
    }
    parts.push((start, text.get(start..).unwrap_or("")));
    parts
}

/// A piece of one name.
enum Piece<'a> {
    Text(&'a str),
    Ranges(Vec<Range>),
}

/// Numbers from `first` to `last`, both included.
struct Range {
    first: u64,
    last: u64,
    step: u64,
    /// Fewer digits than this are filled up with zeros.
    width: usize,
}

impl Range {
    fn count(&self) -> u64 {
        ((self.last - self.first) / self.step).saturating_add(1)
    }

    fn numbers(&self) -> impl Iterator<Item = String> + '_ {
        (0..self.count())
            .map(|index| format!("{:0width$}", self.first + index * self.step, width = self.width))
    }
}

fn too_many(text: &str, at: usize) -> AddressError {
    AddressError::new(
        text,
        at,
        format!("this stands for more than {MOST_NAMES} names, or for very long ones; name fewer"),
    )
}

/// One part without commas outside brackets; `at` is its place in `text`.
fn expand_part(text: &str, at: usize, part: &str) -> Result<Vec<String>, AddressError> {
    let pieces = pieces(text, at, part)?;
    let count = pieces.iter().try_fold(1_usize, |count, piece| match piece {
        Piece::Text(_) => Some(count),
        Piece::Ranges(ranges) => {
            let numbers = ranges.iter().try_fold(0, |sum: u64, range| sum.checked_add(range.count()))?;
            count.checked_mul(usize::try_from(numbers).ok()?)
        }
    });
    // Before anything is built: the size is that of the answer, not of the question.
    let fits = |count: &usize| *count <= MOST_NAMES && count.saturating_mul(part.len()) <= MOST_BYTES;
    count.filter(fits).ok_or_else(|| too_many(text, at))?;
    let mut names = vec![String::new()];
    for piece in pieces {
        match piece {
            Piece::Text(piece) => names.iter_mut().for_each(|name| name.push_str(piece)),
            Piece::Ranges(ranges) => {
                let numbers: Vec<String> = ranges.iter().flat_map(Range::numbers).collect();
                let longer = |name: &String| {
                    numbers.iter().map(|number| format!("{name}{number}")).collect::<Vec<_>>()
                };
                names = names.iter().flat_map(longer).collect();
            }
        }
    }
    Ok(names)
}

fn pieces<'a>(text: &str, at: usize, part: &'a str) -> Result<Vec<Piece<'a>>, AddressError> {
    let mut pieces = Vec::new();
    let mut offset = 0;
    while let Some(rest) = part.get(offset..).filter(|rest| !rest.is_empty()) {
        let plain = literal(rest).unwrap_or_else(|| rest.find(['[', ']', '"']).unwrap_or(rest.len()));
        if plain > 0 {
            pieces.push(Piece::Text(rest.get(..plain).unwrap_or(rest)));
            offset += plain;
            continue;
        }
        let Some(inside) = rest.strip_prefix('[') else {
            return Err(AddressError::new(text, at + offset, "this bracket was never opened"));
        };
        let Some((inside, _)) = inside.split_once(']') else {
            return Err(AddressError::new(text, at + offset, "this bracket is not closed"));
        };
        pieces.push(Piece::Ranges(ranges(text, at + offset + 1, inside)?));
        offset += inside.len() + 2;
    }
    Ok(pieces)
}

/// What stands in one bracket.
fn ranges(text: &str, mut at: usize, inside: &str) -> Result<Vec<Range>, AddressError> {
    let mut ranges = Vec::new();
    for one in inside.split(',') {
        ranges.push(range(one).map_err(|why| AddressError::new(text, at, why))?);
        at += one.len() + 1;
    }
    Ok(ranges)
}

/// `7`, `01-20`, `0-10/2`.
fn range(text: &str) -> Result<Range, &'static str> {
    let (numbers, step) = text.split_once('/').map_or((text, "1"), |(numbers, step)| (numbers, step));
    let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
    let number = |digits: &str| {
        let fits =
            (1..=MOST_DIGITS).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| digits.parse::<u64>().ok()).flatten()
    };
    let (Some(from), Some(to), Some(step)) = (number(first), number(last), number(step)) else {
        return Err(
            "a bracket holds numbers and ranges, such as [1-9,12] or [0-10/2]; other brackets stand in quotes",
        );
    };
    let padded = |digits: &str| digits.len() > 1 && digits.starts_with('0');
    if padded(last) && last.len() != first.len() {
        return Err("both ends of a range with leading zeros have the same number of digits");
    }
    if step == 0 {
        return Err("a step is at least 1");
    }
    if from > to {
        return Err("a range runs from the smaller number to the larger");
    }
    Ok(Range { first: from, last: to, step, width: if padded(first) { first.len() } else { 0 } })
}
