//! Natural order of names, and their folded form. Gives way to `inventory::nodeset` as soon as that is there.

use std::cmp::Ordering;

/// `web2` before `web10`: runs of digits count as numbers; equal ones are told apart by their text.
pub fn compare(left: &str, right: &str) -> Ordering {
    let (mut a, mut b) = (left.as_bytes(), right.as_bytes());
    loop {
        let (x, y) = (digits(a), digits(b));
        let order = match (x, y, a.first(), b.first()) {
            (0, _, Some(p), Some(q)) | (_, 0, Some(p), Some(q)) => p.cmp(q),
            (0, 0, p, q) => p.cmp(&q),
            (_, _, p, q) if p.is_none() || q.is_none() => p.is_some().cmp(&q.is_some()),
            _ => number(&a[..x]).cmp(&number(&b[..y])),
        };
        if order != Ordering::Equal {
            return order;
        }
        if a.is_empty() {
            return left.cmp(right);
        }
        (a, b) = (&a[x.max(1)..], &b[y.max(1)..]);
    }
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Without leading zeros, by length and then by digits: a number of any size.
fn number(digits: &[u8]) -> (usize, &[u8]) {
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    (digits.len() - zeros, &digits[zeros..])
}

/// Names in natural order, joined by commas.
pub fn fold<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let mut names: Vec<S> = names.into_iter().collect();
    names.sort_by(|a, b| compare(a.as_ref(), b.as_ref()));
    names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(",")
}
