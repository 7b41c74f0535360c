//! A run as a table: which rows are there, and in which order. Texts are only made for the rows that are looked at.

use std::cmp::Ordering;
use std::ops::Range;

use serde::Serialize;

use crate::engine::event::Millis;
use crate::engine::target::TargetId;
use crate::model::cell::CellEntry;
use crate::model::columns::Column;
use crate::model::filter::{Filter, Row};
use crate::model::natural;
use crate::model::run::Run;
use crate::model::state::State;
use crate::wire::value::Value;

/// How much of a value is compared as text and searched, in characters.
const LOOKED_AT: usize = 2_000;

/// What a row stands for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub enum By {
    /// One target.
    #[default]
    Target,
    /// All targets with equal answers.
    Group,
}

/// Where failures stand when rows are sorted by a column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub enum Failures {
    /// Before all others.
    #[default]
    Top,
    /// After all answers.
    Bottom,
}

/// The order of rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sort {
    /// By what.
    pub column: Column,
    /// The largest first.
    pub descending: bool,
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
    /// Rows of the run; each row of the table has a part of them.
    members: Vec<usize>,
    rows: Vec<Range<usize>>,
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
    /// One for each column.
    pub cells: Vec<Shown>,
}

/// What stands in one column of one row.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// The typed value, where a part of the answer stands here.
    pub value: Option<Value>,
    /// Its text, of bounded length. Remote text: draw it through the renderer.
    pub text: String,
}

/// What the numbers of a column come to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[expect(missing_docs, reason = "each is what its name says")]
pub struct Stats {
    pub count: usize,
    pub min: f64,
    pub median: f64,
    pub p95: f64,
    pub max: f64,
}

impl Table {
    /// The run in this view. `now` is the moment for the times of calls that still run.
    pub fn build(run: &Run, view: &View, now: Millis) -> Self {
        let mut table = Self { columns: run.columns().all(), ..Self::default() };
        let keep = |row: &usize| {
            let entry = &run.cells()[*row];
            view.filter.is_empty() || view.filter.matches(&Searched { entry, columns: &table.columns, now })
        };
        let groups: Vec<Vec<usize>> = match view.by {
            By::Target => (0..run.cells().len()).map(|row| vec![row]).collect(),
            By::Group => run.groups().iter().map(|group| group.rows().to_vec()).collect(),
        };
        let mut rows: Vec<Vec<usize>> = Vec::with_capacity(groups.len());
        for group in groups {
            let (kept, hidden): (Vec<usize>, Vec<usize>) = group.into_iter().partition(keep);
            table.hidden += hidden.len();
            table.hidden_failures +=
                hidden.iter().filter(|row| run.cells()[**row].state().is_failure()).count();
            if !kept.is_empty() {
                rows.push(kept);
            }
        }
        if let Some(sort) = &view.sort {
            rows.sort_by_cached_key(|row| Place::of(&run.cells()[row[0]], sort, view.failures, now));
        }
        for row in rows {
            let start = table.members.len();
            table.members.extend(row);
            table.rows.push(start..table.members.len());
        }
        table
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

    fn entries<'a>(&'a self, run: &'a Run, row: usize) -> impl Iterator<Item = &'a CellEntry> {
        let members =
            self.rows.get(row).and_then(|range| self.members.get(range.clone())).unwrap_or_default();
        members.iter().filter_map(|row| run.cells().get(*row))
    }

    /// These rows, made to be shown; each text has at most `limit` characters. Rows that are not there are left out.
    pub fn rows<'a>(
        &self,
        run: &'a Run,
        range: Range<usize>,
        limit: usize,
        now: Millis,
    ) -> Vec<TableRow<'a>> {
        let members = |row: &Range<usize>| {
            self.members[row.clone()].iter().filter_map(|row| run.cells().get(*row)).collect::<Vec<_>>()
        };
        let end = range.end.min(self.rows.len());
        let rows = self.rows.get(range.start.min(end)..end).unwrap_or_default();
        let show = |row: &Range<usize>| {
            let entries = members(row);
            let sample = *entries.first()?;
            let names = natural::fold(entries.iter().map(|entry| &entry.name));
            let show = |column: &Column| match column {
                Column::Host => Shown { value: None, text: names.clone() },
                column => show(sample, column, limit, now),
            };
            let cells = self.columns.iter().map(show).collect();
            Some(TableRow {
                sample,
                targets: entries.iter().map(|entry| entry.target).collect(),
                names,
                cells,
            })
        };
        rows.iter().filter_map(show).collect()
    }

    /// What the numbers of a column come to, over all targets in view; none where no number is there.
    pub fn stats(&self, run: &Run, column: &Column, now: Millis) -> Option<Stats> {
        let entries = self.members.iter().filter_map(|row| run.cells().get(*row));
        let mut numbers: Vec<f64> = entries
            .filter_map(|entry| number(entry, column, now))
            .filter(|number| !number.is_nan())
            .collect();
        numbers.sort_by(f64::total_cmp);
        let (min, max) = (*numbers.first()?, *numbers.last()?);
        let p95 = numbers[(numbers.len() * 95).div_ceil(100) - 1];
        let middle = numbers.len() / 2;
        let median = if numbers.len() % 2 == 1 {
            numbers[middle]
        } else {
            f64::midpoint(numbers[middle - 1], numbers[middle])
        };
        Some(Stats { count: numbers.len(), min, median, p95, max })
    }
}

/// The part of the answer that stands in this column.
fn part(entry: &CellEntry, column: &Column) -> Option<Value> {
    let value = entry.value()?;
    match column {
        Column::Field(name) => {
            value.fields()?.into_iter().rev().find_map(|(field, part)| (field == **name).then_some(part))
        }
        Column::Value => value.fields().is_none_or(|fields| fields.is_empty()).then(|| value.clone()),
        Column::Host | Column::State | Column::Time => None,
    }
}

fn number(entry: &CellEntry, column: &Column, now: Millis) -> Option<f64> {
    match column {
        Column::Time => Some(entry.elapsed(now)?.as_secs_f64()),
        column => part(entry, column)?.number(),
    }
}

fn show(entry: &CellEntry, column: &Column, limit: usize, now: Millis) -> Shown {
    let value = part(entry, column);
    let text = match (column, &value) {
        (_, Some(value)) => value.repr(limit),
        (Column::Host, _) => entry.name.to_string(),
        (Column::State, _) => entry.state().name().to_owned(),
        (Column::Time, _) => {
            entry.elapsed(now).map(|time| format!("{:.3}", time.as_secs_f64())).unwrap_or_default()
        }
        (Column::Value, None) if entry.value().is_none() => entry.summary(limit),
        (Column::Value | Column::Field(_), None) => String::new(),
    };
    Shown { value, text }
}

/// A cell as a filter sees it.
struct Searched<'a> {
    entry: &'a CellEntry,
    columns: &'a [Column],
    now: Millis,
}

impl Row for Searched<'_> {
    fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|known| known.title().eq_ignore_ascii_case(column))
    }

    fn any(&self, column: Option<&str>, test: &mut dyn FnMut(&str) -> bool) -> bool {
        let Some(column) = column else {
            return test(&self.entry.name)
                || test(self.entry.state().name())
                || test(&self.entry.summary(LOOKED_AT));
        };
        let named = self.columns.iter().filter(|known| known.title().eq_ignore_ascii_case(column));
        named.map(|column| show(self.entry, column, LOOKED_AT, self.now).text).any(|text| test(&text))
    }
}

/// Where a row stands when rows are sorted. What is under way stands last, whatever the order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    class: u8,
    key: SortKey,
}

#[derive(Debug)]
struct SortKey {
    content: Content,
    descending: bool,
}

#[derive(Debug)]
enum Content {
    Number(f64),
    Text(String),
    Missing,
}

impl Place {
    fn of(entry: &CellEntry, sort: &Sort, failures: Failures, now: Millis) -> Self {
        let class = match (entry.state(), failures) {
            (state, _) if !state.is_final() => 3,
            (State::Value, _) => 1,
            (_, Failures::Top) => 0,
            (_, Failures::Bottom) => 2,
        };
        let content = match number(entry, &sort.column, now) {
            Some(number) => Content::Number(number),
            None => match show(entry, &sort.column, LOOKED_AT, now).text {
                text if text.is_empty() => Content::Missing,
                text => Content::Text(text),
            },
        };
        Self { class, key: SortKey { content, descending: sort.descending } }
    }
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = match (&self.content, &other.content) {
            (Content::Missing, Content::Missing) => return Ordering::Equal,
            (Content::Missing, _) => return Ordering::Greater,
            (_, Content::Missing) => return Ordering::Less,
            (Content::Number(a), Content::Number(b)) => a.total_cmp(b),
            (Content::Number(_), Content::Text(_)) => Ordering::Less,
            (Content::Text(_), Content::Number(_)) => Ordering::Greater,
            (Content::Text(a), Content::Text(b)) => natural::compare(a, b),
        };
        if self.descending { order.reverse() } else { order }
    }
}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for SortKey {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for SortKey {}
