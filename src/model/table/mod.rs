//! A run as a table: which rows are there, and in which order. Texts are only made for the rows that are looked at.

mod look;
mod order;
mod stats;

use std::ops::Range;

use serde::Serialize;

use crate::engine::event::Millis;
use crate::engine::target::TargetId;
use crate::model::cell::CellEntry;
use crate::model::columns::Column;
use crate::model::filter::Filter;
use crate::model::fold::names;
use crate::model::run::Run;
pub use look::Shown;
use look::{Searched, number, show};
use order::Place;
pub use order::{Failures, Sort};
pub use stats::Stats;

/// What a row stands for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub enum By {
    /// One target.
    #[default]
    Target,
    /// All targets with equal answers.
    Group,
}

/// How a run is looked at.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// What a row stands for.
    pub by: By,
    /// The order; none: that of the run, or of the groups.
    pub sort: Option<Sort>,
    /// Where failures stand in it.
    pub failures: Failures,
    /// Which rows are shown.
    pub filter: Filter,
}

/// The rows of a run in a view. Stays right until the run's version or the view changes.
#[derive(Debug, Clone, Default)]
pub struct Table {
    columns: Vec<Column>,
    /// For each row its places among the cells of the run, ascending; never none.
    rows: Vec<Vec<usize>>,
    hidden: usize,
    hidden_failures: usize,
}

/// One row, made to be shown.
#[derive(Debug, Clone)]
pub struct TableRow<'a> {
    /// The cell that stands for all.
    pub sample: &'a CellEntry,
    /// The targets, in the order of the run. The first one names the row: a cursor keeps it.
    pub targets: Vec<TargetId>,
    /// Their names, folded.
    pub names: String,
    /// One for each column that was asked for.
    pub cells: Vec<Shown>,
}

impl Table {
    /// The run in this view. `now` is the moment for the times of calls that still run.
    pub fn build(run: &Run, view: &View, now: Millis) -> Self {
        let rows = match view.by {
            By::Target => (0..run.cells().len()).map(|row| vec![row]).collect(),
            By::Group => run.groups().iter().map(|group| group.rows().to_vec()).collect(),
        };
        let mut table = Self { columns: run.columns().all(), rows, hidden: 0, hidden_failures: 0 };
        if !view.filter.is_empty() {
            table.hide(run, &view.filter, now);
        }
        if let Some(sort) = &view.sort {
            table.rows.sort_by_cached_key(|row| Place::of(&run.cells()[row[0]], sort, view.failures, now));
        }
        table
    }

    fn hide(&mut self, run: &Run, filter: &Filter, now: Millis) {
        let Self { columns, rows, hidden, hidden_failures } = self;
        for row in &mut *rows {
            row.retain(|place| {
                let entry = &run.cells()[*place];
                let shown = filter.matches(&Searched { entry, columns, now });
                *hidden += usize::from(!shown);
                *hidden_failures += usize::from(!shown && entry.state().is_failure());
                shown
            });
        }
        rows.retain(|row| !row.is_empty());
    }

    /// The columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many targets the filter hides.
    pub fn hidden(&self) -> usize {
        self.hidden
    }

    /// How many of these failed.
    pub fn hidden_failures(&self) -> usize {
        self.hidden_failures
    }

    /// The targets of a row, in the order of the run.
    pub fn targets(&self, run: &Run, row: usize) -> Vec<TargetId> {
        self.entries(run, row).map(|entry| entry.target).collect()
    }

    /// The row that this target is in, if it is in view.
    pub fn row_of(&self, run: &Run, target: TargetId) -> Option<usize> {
        (0..self.rows.len()).find(|row| self.entries(run, *row).any(|entry| entry.target == target))
    }

    fn entries<'a>(&self, run: &'a Run, row: usize) -> impl Iterator<Item = &'a CellEntry> {
        self.rows.get(row).into_iter().flatten().filter_map(|place| run.cells().get(*place))
    }

    /// These rows with all columns, made to be shown; each text has at most `limit` characters. Rows that are not
    /// there are left out.
    pub fn rows<'a>(
        &self,
        run: &'a Run,
        range: Range<usize>,
        limit: usize,
        now: Millis,
    ) -> Vec<TableRow<'a>> {
        self.slice(run, range, &self.columns, limit, now)
    }

    /// As [`Table::rows`], with these columns alone.
    pub fn slice<'a>(
        &self,
        run: &'a Run,
        range: Range<usize>,
        columns: &[Column],
        limit: usize,
        now: Millis,
    ) -> Vec<TableRow<'a>> {
        let range = range.start..range.end.min(self.rows.len());
        let made = |row| {
            let entries: Vec<&CellEntry> = self.entries(run, row).collect();
            let sample = *entries.first()?;
            let names = names(&entries);
            let show = |column: &Column| match column {
                Column::Host => Shown { value: None, text: names.clone() },
                column => show(sample, column, limit, now),
            };
            let cells = columns.iter().map(show).collect();
            Some(TableRow {
                sample,
                targets: entries.iter().map(|entry| entry.target).collect(),
                names,
                cells,
            })
        };
        range.filter_map(made).collect()
    }

    /// What the numbers of a column come to, over all targets in view; none where no number is there.
    pub fn stats(&self, run: &Run, column: &Column, now: Millis) -> Option<Stats> {
        let entries = self.rows.iter().flatten().filter_map(|place| run.cells().get(*place));
        Stats::of(entries.filter_map(|entry| number(entry, column, now)))
    }
}

#[cfg(test)]
#[path = "table_test.rs"]
mod tests;
