//! A value as rows: containers open and close, and only what is open is looked at.

use std::collections::HashSet;

use crate::wire::value::{Node, Value};

/// The way from the whole value to a part of it: the index at each step.
pub(super) type Path = Vec<u32>;

/// The most parts of one container that are shown.
const PARTS: usize = 1_000;
/// The most rows of a whole value.
const ROWS: usize = 5_000;
/// Containers down to this depth are open unless they are large.
const OPEN_DEPTH: usize = 2;
/// More parts than this are large.
const LARGE: usize = 40;
/// The longest key that is shown, in characters.
const KEY: usize = 60;
/// The most of a part that is shown in its row, in characters. The whole value's own row has no such bound but the next.
const SHOWN: usize = 2_000;
/// The most of a value that is shown at all, in characters.
const LONGEST: usize = 100_000;

/// One row of the tree.
#[derive(Debug, Clone)]
pub(super) struct Branch {
    pub path: Path,
    /// What it is called in its container; empty at the root.
    pub key: String,
    /// Its repr, or what is known of a container. Remote text.
    pub text: String,
    /// Whether it is open; none where there is nothing to open.
    pub open: Option<bool>,
    pub value: Value,
}

/// Which containers are not as they are at first.
#[derive(Debug, Default)]
pub(super) struct Tree {
    turned: HashSet<Path>,
}

impl Tree {
    pub(super) fn turn(&mut self, path: &[u32]) {
        if !self.turned.remove(path) {
            self.turned.insert(path.to_vec());
        }
    }

    /// The rows of a value, and whether there would be more.
    pub(super) fn rows(&self, value: &Value) -> (Vec<Branch>, bool) {
        let mut rows = Vec::new();
        let cut = self.walk(value, String::new(), Vec::new(), &mut rows);
        (rows, cut)
    }

    fn walk(&self, value: &Value, key: String, path: Path, rows: &mut Vec<Branch>) -> bool {
        if rows.len() >= ROWS {
            return true;
        }
        let limit = if path.is_empty() { LONGEST } else { SHOWN };
        let parts = parts(value);
        let Some(parts) = parts.filter(|parts| !parts.is_empty()) else {
            let text = value.repr(limit);
            rows.push(Branch { path, key, text, open: None, value: value.clone() });
            return false;
        };
        let at_first = path.len() < OPEN_DEPTH && (parts.len() <= LARGE || path.is_empty());
        let open = at_first != self.turned.contains(&path);
        let about = format!("{} ({})", value.type_name(), parts.len());
        let text = if open { about } else { format!("{about} {}", value.repr(KEY)) };
        rows.push(Branch { path: path.clone(), key, text, open: Some(open), value: value.clone() });
        if !open {
            return false;
        }
        if let Some(text) = value.as_str() {
            return lines(text, &path, rows);
        }
        let mut cut = parts.len() > PARTS;
        for (at, (key, part)) in (0..).zip(parts.into_iter().take(PARTS)) {
            let mut path = path.clone();
            path.push(at);
            cut |= self.walk(&part, key, path, rows);
            if rows.len() >= ROWS {
                return true;
            }
        }
        cut
    }
}

/// The lines of a text, as they are.
fn lines(text: &str, path: &[u32], rows: &mut Vec<Branch>) -> bool {
    for (at, line) in (0..).zip(text.lines().take(PARTS)) {
        let path = path.iter().copied().chain([at]).collect();
        rows.push(Branch { path, key: String::new(), text: line.to_owned(), open: None, value: line.into() });
    }
    text.lines().nth(PARTS).is_some()
}

/// What a value is made of, with names: fields, items, pairs, the lines of a text.
fn parts(value: &Value) -> Option<Vec<(String, Value)>> {
    if let Some(fields) = value.fields() {
        return Some(fields);
    }
    match value.node() {
        Node::Dict(pairs) => {
            let pair = |(key, part): &(_, _)| (value.at(*key).repr(KEY), value.at(*part));
            Some(pairs.iter().map(pair).collect())
        }
        Node::Str(_) => {
            let text = value.as_str().filter(|text| text.trim_end().contains('\n'))?;
            let numbered = |(at, line): (usize, &str)| ((at + 1).to_string(), Value::from(line));
            Some(text.lines().take(PARTS + 1).enumerate().map(numbered).collect())
        }
        _ => {
            let items = value.items()?;
            Some(items.into_iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect())
        }
    }
}
