//! One cell through one column: what is shown there, compared, searched, and counted.

use crate::engine::event::Millis;
use crate::model::cell::{CellEntry, plain};
use crate::model::columns::Column;
use crate::model::filter::Row;
use crate::wire::value::Value;

/// How much of a part of an answer is compared as text and searched, in characters.
const LOOKED_AT: usize = 200;

/// What stands in one column of one row.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// The typed value, where a part of the answer stands here.
    pub value: Option<Value>,
    /// Its text, of bounded length. Remote text: draw it through the renderer.
    pub text: String,
}

/// The part of the answer that stands in this column.
fn part(entry: &CellEntry, column: &Column) -> Option<Value> {
    let value = entry.value()?;
    match column {
        Column::Field(name) => value.get_field(name),
        Column::Value => value.fields().is_none_or(|fields| fields.is_empty()).then(|| value.clone()),
        Column::Host | Column::State | Column::Time => None,
    }
}

/// The number that a cell has in this column: sorted and summed as such.
pub(super) fn number(entry: &CellEntry, column: &Column, now: Millis) -> Option<f64> {
    match column {
        Column::Time => Some(entry.elapsed(now)?.as_secs_f64()),
        column => part(entry, column)?.number(),
    }
}

/// What is shown of a cell in this column.
pub(super) fn show(entry: &CellEntry, column: &Column, limit: usize, now: Millis) -> Shown {
    let value = part(entry, column);
    let text = value.as_ref().map_or_else(|| label(entry, column, limit, now), |value| value.repr(limit));
    Shown { value, text }
}

/// What stands in a column where no part of the answer does.
fn label(entry: &CellEntry, column: &Column, limit: usize, now: Millis) -> String {
    match column {
        Column::Host => entry.name.to_string(),
        Column::State => entry.state().name().to_owned(),
        Column::Time => {
            entry.elapsed(now).map(|time| format!("{:.3}", time.as_secs_f64())).unwrap_or_default()
        }
        Column::Value if entry.value().is_none() => entry.summary(limit),
        Column::Value | Column::Field(_) => String::new(),
    }
}

/// What is compared and searched in a column.
pub(super) fn looked_at(entry: &CellEntry, column: &Column, now: Millis) -> String {
    part(entry, column).map_or_else(|| label(entry, column, LOOKED_AT, now), |value| plain(&value, LOOKED_AT))
}

/// A cell as a filter sees it.
pub(super) struct Searched<'a> {
    pub entry: &'a CellEntry,
    pub columns: &'a [Column],
    pub now: Millis,
}

impl Row for Searched<'_> {
    fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|known| known.title().eq_ignore_ascii_case(column))
    }

    fn any(&self, column: Option<&str>, test: &mut dyn FnMut(&str) -> bool) -> bool {
        let Some(column) = column else {
            return test(&self.entry.name) || test(self.entry.state().name()) || test(&self.entry.searched());
        };
        let named = self.columns.iter().filter(|known| known.title().eq_ignore_ascii_case(column));
        named.map(|column| looked_at(self.entry, column, self.now)).any(|text| test(&text))
    }
}
