//! Equal answers as one group (NEEDS 5, 8), kept up to date as cells land.
//!
//! Equal means: the same state, and the same typed value, the same error (type, message, frames) or the same reason.
//! In reasons, which are our own words, the target's name is masked; what the far side said beside them is not
//! compared.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use crate::engine::event::{Cell, Frame};
use crate::engine::target::TargetId;
use crate::inventory::nodeset;
use crate::model::cell::CellEntry;
use crate::model::state::State;
use crate::wire::value::Value;

/// What equal cells have in common.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    Value(u128),
    Raised { kind: String, message: String, frames: Vec<Frame> },
    Other(State, String),
}

impl Key {
    fn of(entry: &CellEntry) -> Self {
        let reason = match &entry.cell {
            Cell::Value { value } => return Self::Value(value.digest()),
            Cell::Raised { error } => {
                let (kind, message) = (error.kind.clone(), error.message.clone());
                return Self::Raised { kind, message, frames: error.frames.clone() };
            }
            Cell::TimedOut { after } => format!("{after:?}"),
            Cell::Lost { why } | Cell::CancelUnconfirmed { why } | Cell::Skipped { why } => {
                mask(why, &entry.name)
            }
            Cell::Unreachable { failure } => {
                format!("{}: {}", failure.stage.name(), mask(&failure.why, &entry.name))
            }
            Cell::Queued | Cell::Connecting | Cell::Booting | Cell::Running | Cell::Cancelled => {
                String::new()
            }
        };
        Self::Other(entry.state(), reason)
    }
}

/// The text with the name left out wherever it stands as a word of its own.
fn mask(text: &str, name: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(name).filter(|_| !name.is_empty()) {
        let (before, after) = (&rest[..at], &rest[at + name.len()..]);
        masked.push_str(before);
        let joined = masked.ends_with(char::is_alphanumeric) || after.starts_with(char::is_alphanumeric);
        masked.push_str(if joined { name } else { "{host}" });
        rest = after;
    }
    masked + rest
}

/// What a group stands for among the others, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It ended without a value.
    Failure,
    /// A value that fewer targets have than the most frequent one.
    Outlier,
    /// A value that no other has more targets than. The first of these is the one to compare with.
    Majority,
    /// Still under way.
    Pending,
}

/// Targets with equal answers.
#[derive(Debug, Clone)]
pub struct Group<'a> {
    cells: &'a [CellEntry],
    rows: &'a [usize],
    /// One of them, for all: the first in the order of the run.
    pub sample: &'a CellEntry,
    /// What it stands for among the others.
    pub role: Role,
}

impl<'a> Group<'a> {
    /// How many targets.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// Their rows in [`Run::cells`](crate::model::run::Run::cells), ascending.
    pub fn rows(&self) -> &'a [usize] {
        self.rows
    }

    /// Their cells, in the order of the run.
    pub fn entries(&self) -> impl Iterator<Item = &'a CellEntry> {
        let cells = self.cells;
        self.rows.iter().filter_map(|row| cells.get(*row))
    }

    /// The targets, in the order of the run.
    pub fn targets(&self) -> Vec<TargetId> {
        self.entries().map(|entry| entry.target).collect()
    }

    /// Their names as a node set, `web[1-17,19]`. Costs more than a look: call it for what is in view.
    pub fn names(&self) -> String {
        names(&self.entries().collect::<Vec<_>>())
    }
}

/// One name as it is, several as a node set.
pub(super) fn names(entries: &[&CellEntry]) -> String {
    match entries {
        [entry] => entry.name.to_string(),
        _ => nodeset::fold(entries.iter().map(|entry| &entry.name)),
    }
}

/// With how many known values a new one is compared before its digest is taken.
const SAMPLES: usize = 4;

/// The groups of one run.
#[derive(Debug)]
pub struct Fold {
    keys: Vec<Arc<Key>>,
    groups: HashMap<Arc<Key>, Vec<usize>>,
    /// Values that came more than once, the last one first. Most answers are the twin of one of them.
    samples: Vec<(Value, Arc<Key>)>,
}

impl Fold {
    /// Groups these cells.
    pub fn new(cells: &[CellEntry]) -> Self {
        let keys = Vec::with_capacity(cells.len());
        let mut fold = Self { keys, groups: HashMap::new(), samples: Vec::new() };
        for (row, entry) in cells.iter().enumerate() {
            let (key, _) = fold.join(entry, row);
            fold.keys.push(key);
        }
        fold
    }

    /// The cell of this row has changed. Tells whether its answer is one that no other row has given so far.
    pub fn update(&mut self, row: usize, entry: &CellEntry) -> bool {
        let Some(old) = self.keys.get(row).map(Arc::clone) else { return false };
        let (key, first) = self.join(entry, row);
        if old != key {
            self.leave(&old, row);
            self.keys[row] = key;
        }
        first
    }

    /// Adds the row to its group. Tells whether it is the first one there.
    fn join(&mut self, entry: &CellEntry, row: usize) -> (Arc<Key>, bool) {
        let key = self.key(entry);
        let rows = self.groups.entry(Arc::clone(&key)).or_default();
        let first = rows.is_empty();
        if let Err(place) = rows.binary_search(&row) {
            rows.insert(place, row);
        }
        (key, first)
    }

    fn key(&mut self, entry: &CellEntry) -> Arc<Key> {
        let twin = |value: &Value| self.samples.iter().find(|(sample, _)| sample.is_twin(value));
        if let Some((_, key)) = entry.value().and_then(twin) {
            return Arc::clone(key);
        }
        let key = Arc::new(Key::of(entry));
        let Some((key, _)) = self.groups.get_key_value(&key) else { return key };
        if let Some(value) = entry.value() {
            self.samples.truncate(SAMPLES - 1);
            self.samples.insert(0, (value.clone(), Arc::clone(key)));
        }
        Arc::clone(key)
    }

    fn leave(&mut self, key: &Arc<Key>, row: usize) {
        let Some(rows) = self.groups.get_mut(key) else { return };
        if let Ok(place) = rows.binary_search(&row) {
            rows.remove(place);
        }
        if rows.is_empty() {
            self.groups.remove(key);
        }
    }

    /// The groups: failures by kind, the largest first; values, the rarest first; what is under way. Groups of the
    /// same size stand in the order of the run, so the order in which cells landed does not matter.
    pub fn groups<'a>(&'a self, cells: &'a [CellEntry]) -> Vec<Group<'a>> {
        let most = self.groups.iter().filter(|(key, _)| matches!(***key, Key::Value(_)));
        let most = most.map(|(_, rows)| rows.len()).max().unwrap_or(0);
        let group = |rows: &'a Vec<usize>| {
            let sample = cells.get(*rows.first()?)?;
            let role = match sample.state() {
                state if !state.is_final() => Role::Pending,
                State::Value if rows.len() < most => Role::Outlier,
                State::Value => Role::Majority,
                _ => Role::Failure,
            };
            Some(Group { cells, rows, sample, role })
        };
        let mut groups: Vec<_> = self.groups.values().filter_map(group).collect();
        groups.sort_by_cached_key(|group| {
            let (size, state) = (group.count(), group.sample.state());
            let by_size = match group.role {
                Role::Failure => (state, 0, Reverse(size)),
                Role::Outlier | Role::Majority => (State::Value, size, Reverse(0)),
                Role::Pending => (state, 0, Reverse(0)),
            };
            (group.role, by_size, group.rows.first())
        });
        groups
    }
}

#[cfg(test)]
#[path = "fold_test.rs"]
mod tests;
