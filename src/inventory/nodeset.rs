//! Node sets: `web[01-20,25]-ib[0-1]` written out as names, and names folded back. Pure; the notation is ClusterShell's.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// The most names that one text may stand for.
pub const LARGEST: usize = 100_000;

/// The names that a text stands for, in its order: brackets are expanded (ranges, lists, steps `[0-10/2]`, padding
/// kept), several of them multiply, and commas outside of brackets separate. What stands in double quotes, or in
/// brackets that hold no range (an IPv6 address), is left as it is.
///
/// # Errors
/// A sentence: a range that runs backwards, a bracket without end, or too many names.
pub fn expand(text: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for part in split(text, ',') {
        let part = part.trim();
        if !part.is_empty() {
            names.extend(expand_one(part, LARGEST - names.len().min(LARGEST))?);
        }
    }
    Ok(names)
}

/// Cut at every `separator` that stands neither in brackets nor in quotes.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0_usize, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            c if c == separator && !quoted && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn expand_one(text: &str, room: usize) -> Result<Vec<String>, String> {
    let mut names = vec![String::new()];
    let mut rest = text;
    while let Some((head, set, tail)) = bracket(rest)? {
        let members = members(set, room)?;
        if names.len().saturating_mul(members.len()) > room {
            return Err(format!("{text:?} stands for more than {LARGEST} names"));
        }
        let each = |name: &String| {
            members.iter().map(move |member| format!("{name}{head}{member}")).collect::<Vec<_>>()
        };
        names = names.iter().flat_map(each).collect();
        rest = tail;
    }
    names.iter_mut().for_each(|name| name.push_str(rest));
    Ok(names)
}

/// The first bracket that holds a set: what stands before it, in it, behind it.
fn bracket(text: &str) -> Result<Option<(&str, &str, &str)>, String> {
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        quoted ^= c == '"';
        if c != '[' || quoted {
            continue;
        }
        let inner = &text[at + 1..];
        let Some(end) = inner.find(']') else { return Err(format!("{text:?} has a [ without its ]")) };
        let set = &inner[..end];
        if !set.is_empty() && set.chars().all(|c| c.is_ascii_digit() || "-,/".contains(c)) {
            return Ok(Some((&text[..at], set, &inner[end + 1..])));
        }
    }
    Ok(None)
}

fn members(set: &str, room: usize) -> Result<Vec<String>, String> {
    let mut members = Vec::new();
    for range in set.split(',') {
        let wrong = || {
            format!("[{set}] holds {range:?}, which is no number, range (1-9) or range with a step (0-10/2)")
        };
        let (range_part, step) = range.split_once('/').unwrap_or((range, "1"));
        let (first, last) = range_part.split_once('-').unwrap_or((range_part, range_part));
        let number = |text: &str| text.parse::<u64>().map_err(|_| wrong());
        let (from, to, step) = (number(first)?, number(last)?, number(step)?);
        if step == 0 {
            return Err(wrong());
        }
        if from > to {
            return Err(format!("[{set}] runs backwards: {range}"));
        }
        if (to - from) / step >= (room - members.len().min(room)) as u64 {
            return Err(format!("[{set}] stands for more than {LARGEST} names"));
        }
        let width = padding(first);
        let mut value = from;
        while value <= to {
            members.push(format!("{value:0width$}"));
            let Some(next) = value.checked_add(step) else { break };
            value = next;
        }
    }
    Ok(members)
}

/// The width that a number is padded to; 0 where it is not.
fn padding(digits: &str) -> usize {
    if digits.len() > 1 && digits.starts_with('0') { digits.len() } else { 0 }
}

/// Names as a node set, in natural order: `web[1-17,19],db1`. Each name's digits fold where most names differ.
pub fn fold<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let mut names: Vec<String> = names.into_iter().map(|name| name.as_ref().to_owned()).collect();
    names.sort_by(|left, right| natural_cmp(left, right));
    names.dedup();
    let mut shapes: BTreeMap<Vec<String>, Vec<&str>> = BTreeMap::new();
    for name in &names {
        let shape =
            runs(name).map(|run| if is_number(run) { "0".to_owned() } else { run.to_owned() }).collect();
        shapes.entry(shape).or_default().push(name);
    }
    let mut folded: Vec<(&str, String)> = shapes.into_values().flat_map(fold_alike).collect();
    folded.sort_by(|(left, _), (right, _)| natural_cmp(left, right));
    folded.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(",")
}

/// Names that differ in their numbers alone, folded; each text with the first name in it.
fn fold_alike(names: Vec<&str>) -> Vec<(&str, String)> {
    let parts: Vec<Vec<&str>> = names.iter().map(|name| runs(name).collect()).collect();
    let numbers = (0..parts[0].len()).filter(|at| is_number(parts[0][*at]));
    let distinct = |at: &usize| {
        let mut values: Vec<&str> = parts.iter().map(|parts| parts[*at]).collect();
        values.sort_unstable();
        values.dedup();
        values.len()
    };
    let Some(varying) = numbers.max_by_key(|at| (distinct(at), *at)) else {
        return names.into_iter().map(|name| (name, name.to_owned())).collect();
    };
    let mut groups: BTreeMap<(String, String), Vec<(&str, &str)>> = BTreeMap::new();
    for (name, parts) in names.iter().zip(&parts) {
        let around = (parts[..varying].concat(), parts[varying + 1..].concat());
        groups.entry(around).or_default().push((name, parts[varying]));
    }
    groups
        .into_iter()
        .map(|((before, after), members)| {
            let set = ranges(members.iter().map(|(_, digits)| *digits));
            let text =
                if members.len() == 1 { members[0].0.to_owned() } else { format!("{before}[{set}]{after}") };
            (members[0].0, text)
        })
        .collect()
}

/// Numbers in ascending order as ranges.
fn ranges<'a>(numbers: impl Iterator<Item = &'a str>) -> String {
    let mut ranges: Vec<(&str, &str, u64)> = Vec::new();
    for digits in numbers {
        let value = digits.parse().unwrap_or_default();
        match ranges.last_mut() {
            Some((first, last, end))
                if value == *end + 1 && digits == format!("{value:0width$}", width = padding(first)) =>
            {
                (*last, *end) = (digits, value);
            }
            _ => ranges.push((digits, digits, value)),
        }
    }
    let text = |(first, last, _): &(&str, &str, u64)| {
        if first == last { (*first).to_owned() } else { format!("{first}-{last}") }
    };
    ranges.iter().map(text).collect::<Vec<_>>().join(",")
}

/// Natural order: `web2` before `web10`. Runs of digits count as numbers; equal ones are told apart by their text.
pub fn natural_cmp(left: &str, right: &str) -> Ordering {
    parts(left).cmp(parts(right)).then_with(|| left.cmp(right))
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    /// Digits without leading zeros; more of them are a larger number.
    Number(usize, &'a str),
    Text(&'a str),
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

/// Whether a run is a number that can be counted with.
fn is_number(run: &str) -> bool {
    run.starts_with(|first: char| first.is_ascii_digit()) && run.len() < 19
}

/// The text cut wherever digits begin or end.
fn runs(mut rest: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let digits = rest.chars().next()?.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        rest = after;
        Some(run)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn names(text: &str) -> Vec<String> {
        expand(text).expect(text)
    }

    #[test]
    fn sets_are_written_out() {
        assert_eq!(names("web[8-10,3]"), ["web8", "web9", "web10", "web3"]);
        assert_eq!(names("web[08-10]"), ["web08", "web09", "web10"]);
        assert_eq!(names("n[0-6/3]-ib[0-1]"), ["n0-ib0", "n0-ib1", "n3-ib0", "n3-ib1", "n6-ib0", "n6-ib1"]);
        assert_eq!(names("ops@web[1-2]:22, db1"), ["ops@web1:22", "ops@web2:22", "db1"]);
        assert_eq!(names("[::1]:22"), ["[::1]:22"]);
        assert_eq!(names("cmd:\"x [1-2], y\""), ["cmd:\"x [1-2], y\""]);
    }

    #[test]
    fn nonsense_is_refused_in_words() {
        assert!(expand("web[9-1]").unwrap_err().contains("backwards"));
        assert!(expand("web[1-").unwrap_err().contains("without its ]"));
        assert!(expand("web[1-2/0]").unwrap_err().contains("step"));
        assert!(expand("a[1-99999999999]").unwrap_err().contains("more than"));
        assert!(expand("a[1-1000]b[1-1000]").unwrap_err().contains("more than"));
        assert!(expand("a[1-99999999999999999999999]").is_err());
    }

    #[test]
    fn names_are_folded_where_they_differ() {
        assert_eq!(fold(["web10", "web1", "web2", "db1", "web3"]), "db1,web[1-3,10]");
        assert_eq!(fold(["web01", "web02", "web1"]), "web[01,1,02]");
        assert_eq!(fold(["web1.dc2", "web2.dc2"]), "web[1-2].dc2");
        assert_eq!(fold(["a", "a", "b"]), "a,b");
        assert_eq!(fold(Vec::<String>::new()), "");
    }

    proptest! {
        #[test]
        fn a_fold_stands_for_the_same_names(list in proptest::collection::vec("(web|db-)[0-9]{1,3}(\\.dc[12])?", 0..40)) {
            let before: BTreeSet<String> = list.iter().cloned().collect();
            let after: BTreeSet<String> = names(&fold(&list)).into_iter().collect();
            prop_assert_eq!(after, before);
        }

        #[test]
        fn nothing_that_is_typed_panics(text in "[a-z0-9\\[\\],/\"-]{0,30}") {
            let _ = expand(&text);
        }

        #[test]
        fn the_natural_order_is_an_order(a in "[a-z0-9]{0,6}", b in "[a-z0-9]{0,6}", c in "[a-z0-9]{0,6}") {
            prop_assert_eq!(natural_cmp(&a, &b), natural_cmp(&b, &a).reverse());
            if natural_cmp(&a, &b).is_le() && natural_cmp(&b, &c).is_le() {
                prop_assert!(natural_cmp(&a, &c).is_le());
            }
        }
    }
}
