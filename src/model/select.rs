//! The selection: which targets the next run is for. Holds numbers, so it survives any change of the rows.

use std::collections::BTreeSet;

use crate::engine::target::TargetId;
use crate::inventory::nodeset;
use crate::model::fleet::Fleet;

/// A set of targets. One that goes stays in it, is not counted while it is gone, and is there again if it comes back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    picked: BTreeSet<TargetId>,
}

impl Selection {
    /// Adds the target, or takes it out.
    pub fn toggle(&mut self, id: TargetId) {
        if !self.picked.remove(&id) {
            self.picked.insert(id);
        }
    }

    /// Adds what lies between two rows of the view, both included. Does nothing if one is not in view.
    pub fn range(&mut self, rows: &[TargetId], from: TargetId, to: TargetId) {
        let row = |id| rows.iter().position(|other| *other == id);
        if let (Some(from), Some(to)) = (row(from), row(to)) {
            self.picked.extend(&rows[from.min(to)..=from.max(to)]);
        }
    }

    /// Adds every row of the view.
    pub fn all(&mut self, rows: &[TargetId]) {
        self.picked.extend(rows);
    }

    /// Takes everything out.
    pub fn none(&mut self) {
        self.picked.clear();
    }

    /// Swaps in and out for the rows of the view; others stay as they are.
    pub fn invert(&mut self, rows: &[TargetId]) {
        for id in rows {
            self.toggle(*id);
        }
    }

    /// Makes exactly these the selection.
    pub fn set(&mut self, ids: impl IntoIterator<Item = TargetId>) {
        self.picked = ids.into_iter().collect();
    }

    /// Whether the target is in it.
    pub fn contains(&self, id: TargetId) -> bool {
        self.picked.contains(&id)
    }

    /// Whether nothing was picked. Picked targets may all be gone: [`Selection::targets`] tells.
    pub fn is_empty(&self) -> bool {
        self.picked.is_empty()
    }

    /// The picked targets that are there, in the order of the fleet: what a run is started with.
    pub fn targets(&self, fleet: &Fleet) -> Vec<TargetId> {
        let there = fleet.iter().filter(|entry| !entry.gone && self.contains(entry.target.id));
        there.map(|entry| entry.target.id).collect()
    }

    /// `12 hosts · web[1-12]`, `11 hosts · web[1-11] · 1 gone`, `no host`.
    pub fn describe(&self, fleet: &Fleet) -> String {
        let there = self.targets(fleet);
        let gone = self.picked.len() - there.len();
        let text = match there.len() {
            0 => "no host".to_owned(),
            1 => format!("1 host · {}", fleet.name(there[0])),
            count => format!("{count} hosts · {}", nodeset::fold(there.iter().map(|id| fleet.name(*id)))),
        };
        if gone > 0 { format!("{text} · {gone} gone") } else { text }
    }
}

#[cfg(test)]
#[path = "select_test.rs"]
mod tests;
