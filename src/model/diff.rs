//! Where two values differ, path by path: `cfg.tls.min_version: '1.2' → '1.0'` (NEEDS 6).

use std::collections::{HashMap, HashSet};
use std::fmt;

use crate::wire::value::{Node, Value};

/// How many pairs of nodes are compared at most.
const PAIRS: usize = 100_000;
/// Below this depth, values are compared as a whole.
const DEPTH: usize = 64;
/// How much of a value is shown, in characters.
const SHOWN: usize = 80;

/// One difference. A side without a value does not have this path.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where: `cfg.tls`, `disks[2].free`, `["a key"]`; empty: the values themselves. Remote text.
    pub path: String,
    /// What stands there on the left.
    pub left: Option<Value>,
    /// What stands there on the right.
    pub right: Option<Value>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        let side = |value: &Option<Value>| {
            value.as_ref().map_or_else(|| "(absent)".to_owned(), |value| value.repr(SHOWN))
        };
        write!(f, "{} → {}", side(&self.left), side(&self.right))
    }
}

/// All differences that were found.
#[derive(Debug, Clone, Default)]
pub struct Differences {
    /// In the order of the left value, then what only the right one has.
    pub found: Vec<Difference>,
    /// There may be more: a bound was reached.
    pub cut: bool,
}

/// Compares two values, and names at most `limit` differences.
pub fn diff(left: &Value, right: &Value, limit: usize) -> Differences {
    let mut walk = Walk { limit, pairs: PAIRS, path: String::new(), result: Differences::default() };
    walk.compare(left, right, DEPTH);
    if walk.result.found.is_empty() && !walk.result.cut && left != right {
        walk.tell(Some(left.clone()), Some(right.clone())); // they differ in what has no path
    }
    walk.result
}

struct Walk {
    limit: usize,
    pairs: usize,
    path: String,
    result: Differences,
}

impl Walk {
    fn compare(&mut self, left: &Value, right: &Value, depth: usize) {
        if self.pairs == 0 || self.result.cut {
            self.result.cut = true;
            return;
        }
        self.pairs -= 1;
        let alike = depth > 0 && left.type_name() == right.type_name();
        if alike && let (Some(left), Some(right)) = (keyed(left), keyed(right)) {
            self.compare_keyed(left, right, depth);
        } else if alike && is_set(left) && is_set(right) {
            self.compare_sets(left, right);
        } else if alike && let (Some(left), Some(right)) = (left.items(), right.items()) {
            let index = |(at, value)| (format!("[{at}]"), value);
            let numbered = |items: Vec<Value>| items.into_iter().enumerate().map(index).collect();
            self.compare_keyed(numbered(left), numbered(right), depth);
        } else if left != right {
            self.tell(Some(left.clone()), Some(right.clone()));
        }
    }

    fn compare_keyed(&mut self, left: Vec<(String, Value)>, right: Vec<(String, Value)>, depth: usize) {
        let order: Vec<String> = right.iter().map(|(key, _)| key.clone()).collect();
        let mut right: HashMap<String, Value> = right.into_iter().collect();
        for (key, left) in left {
            let right = right.remove(&key);
            self.under(&key, |walk| match right {
                Some(right) => walk.compare(&left, &right, depth - 1),
                None => walk.tell(Some(left), None),
            });
        }
        for key in order {
            if let Some(right) = right.remove(&key) {
                self.under(&key, |walk| walk.tell(None, Some(right)));
            }
        }
    }

    fn compare_sets(&mut self, left: &Value, right: &Value) {
        let (left, right) = (left.items().unwrap_or_default(), right.items().unwrap_or_default());
        let digests = |items: &[Value]| items.iter().map(Value::digest).collect::<HashSet<_>>();
        let (known_left, known_right) = (digests(&left), digests(&right));
        self.under("{}", |walk| {
            for item in left.into_iter().filter(|item| !known_right.contains(&item.digest())) {
                walk.tell(Some(item), None);
            }
            for item in right.into_iter().filter(|item| !known_left.contains(&item.digest())) {
                walk.tell(None, Some(item));
            }
        });
    }

    /// Goes one step down the path, and back up again.
    fn under(&mut self, step: &str, visit: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        let step = if length == 0 { step.strip_prefix('.').unwrap_or(step) } else { step };
        self.path.push_str(step);
        visit(self);
        self.path.truncate(length);
    }

    fn tell(&mut self, left: Option<Value>, right: Option<Value>) {
        if self.result.found.len() == self.limit {
            self.result.cut = true;
        } else {
            self.result.found.push(Difference { path: self.path.clone(), left, right });
        }
    }
}

fn is_set(value: &Value) -> bool {
    matches!(value.node(), Node::Set(_) | Node::FrozenSet(_))
}

/// The parts of a dict or an instance, each with its step in a path: `.name`, `["a key"]`, `[5]`.
fn keyed(value: &Value) -> Option<Vec<(String, Value)>> {
    if let Some(fields) = value.fields() {
        let step = |(name, part): (String, Value)| {
            let plain = name.chars().all(|char| char.is_alphanumeric() || char == '_');
            (if plain { format!(".{name}") } else { format!("[{name:?}]") }, part)
        };
        return Some(fields.into_iter().map(step).collect());
    }
    let Node::Dict(pairs) = value.node() else { return None };
    let step = |(key, part): &(_, _)| (format!("[{}]", value.at(*key).repr(SHOWN)), value.at(*part));
    Some(pairs.iter().map(step).collect())
}

#[cfg(test)]
#[path = "diff_test.rs"]
mod tests;
