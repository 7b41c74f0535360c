//! One run: a cell for every target, from the first instant.

use std::collections::HashMap;
use std::time::Duration;

use crate::engine::command::RunSpec;
use crate::engine::event::{Millis, Phase, RunChange};
use crate::engine::target::TargetId;
use crate::model::cell::{CellEntry, Progress};
use crate::model::columns::Columns;
use crate::model::fleet::Fleet;
use crate::model::fold::{Fold, Group, Role};
use crate::model::state::{Counts, State};

/// What one run has said so far.
#[derive(Debug)]
pub struct Run {
    /// What was asked.
    pub spec: RunSpec,
    /// When it began.
    pub started: Millis,
    /// When every cell was final.
    pub finished: Option<Millis>,
    /// Where it is, if it is cut into several steps.
    pub phase: Option<Phase>,
    cells: Vec<CellEntry>,
    rows: HashMap<TargetId, usize>,
    fold: Fold,
    columns: Columns,
    version: u64,
    ignored: u64,
}

impl Run {
    /// Begins: every target of the spec is queued. A target that is named twice has one cell.
    pub fn start(spec: RunSpec, at: Millis, fleet: &Fleet) -> Self {
        let mut rows = HashMap::with_capacity(spec.targets.len());
        let mut cells = Vec::with_capacity(spec.targets.len());
        for target in &spec.targets {
            rows.entry(*target).or_insert_with(|| {
                cells.push(CellEntry::queued(*target, fleet.name(*target), at));
                cells.len() - 1
            });
        }
        let fold = Fold::new(&cells);
        let columns = Columns::default();
        Self {
            spec,
            started: at,
            finished: None,
            phase: None,
            cells,
            rows,
            fold,
            columns,
            version: 0,
            ignored: 0,
        }
    }

    /// Takes in what happened. What is about a final cell or an unknown target is counted and ignored.
    pub fn apply(&mut self, at: Millis, change: RunChange) {
        self.version += 1;
        let taken = match change {
            RunChange::Started(_) => false,
            RunChange::Finished if self.finished.is_some() => false,
            RunChange::Finished => {
                self.finished = Some(at);
                true
            }
            RunChange::Step(phase) => {
                self.phase = Some(phase);
                true
            }
            RunChange::Cell { target, cell } => self.with_open(target, |entry| entry.enter(cell, at)),
            RunChange::Item { target, value } => self.with_open(target, |entry| entry.item(value, at)),
            RunChange::Warning { target, text } => self.with_open(target, |entry| entry.warning(text, at)),
            RunChange::Progress { target, done, total, text } => {
                self.with_open(target, |entry| entry.progress(Progress { done, total, text, at }))
            }
        };
        self.ignored += u64::from(!taken);
    }

    /// Changes a cell that is not final; false where there is no such cell.
    fn with_open(&mut self, target: TargetId, change: impl FnOnce(&mut CellEntry)) -> bool {
        let Some(row) = self.rows.get(&target) else { return false };
        let Some(entry) = self.cells.get_mut(*row).filter(|entry| !entry.cell.is_final()) else {
            return false;
        };
        change(entry);
        let first = self.fold.update(*row, entry);
        if let (true, Some(value)) = (first, entry.value()) {
            self.columns.learn(value); // equal answers have equal fields
        }
        true
    }

    /// All cells, in the order of the spec.
    pub fn cells(&self) -> &[CellEntry] {
        &self.cells
    }

    /// A target's cell.
    pub fn cell(&self, target: TargetId) -> Option<&CellEntry> {
        self.cells.get(*self.rows.get(&target)?)
    }

    /// How many cells are in which state.
    pub fn counts(&self) -> Counts<State> {
        self.cells.iter().map(CellEntry::state).collect()
    }

    /// The targets whose cells are in a state that `wanted` says yes to, in the order of the spec.
    pub fn targets(&self, wanted: impl Fn(State) -> bool) -> Vec<TargetId> {
        self.cells.iter().filter(|entry| wanted(entry.state())).map(|entry| entry.target).collect()
    }

    /// The cells whose calls run, those first that began first; at most `count`.
    pub fn slowest(&self, count: usize) -> Vec<&CellEntry> {
        let mut running: Vec<_> = self.cells.iter().filter(|entry| entry.state() == State::Running).collect();
        running.sort_by_key(|entry| entry.started);
        running.truncate(count);
        running
    }

    /// Equal answers as groups: failures, then outliers, the largest group of values, then what is under way.
    pub fn groups(&self) -> Vec<Group<'_>> {
        self.fold.groups(&self.cells)
    }

    /// The cell to compare others with: one of the largest group of values.
    pub fn reference(&self) -> Option<&CellEntry> {
        self.groups().iter().find(|group| group.role == Role::Majority).map(|group| group.sample)
    }

    /// What the answers so far have for columns.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Whether something may still happen.
    pub fn is_active(&self) -> bool {
        self.finished.is_none()
    }

    /// Whether it waits for a person before its next step.
    pub fn is_held(&self) -> bool {
        self.is_active() && self.phase.is_some_and(|phase| phase.waits)
    }

    /// How long it has taken, or took.
    pub fn elapsed(&self, now: Millis) -> Duration {
        self.finished.unwrap_or(now).since(self.started)
    }

    /// How many events came too late, twice, or about nobody.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    /// Grows with every event about this run: the same number means that nothing has changed.
    pub fn version(&self) -> u64 {
        self.version
    }
}

#[cfg(test)]
#[path = "run_test.rs"]
mod tests;
