//! `--table`: when the run is over, one row a target, the columns of the console's grid.

use unicode_width::UnicodeWidthStr;

use crate::engine::event::Cell;
use crate::model::remote_text::plain;
use crate::model::run::Run;
use crate::model::table::{self, Shown, View};
use crate::print::form::{Form, Said, Summary, Who};
use crate::print::text::{Prefix, Text};
use crate::print::words;
use crate::wire::value::Value;

/// The widest that one column's text may be, in characters.
const WIDEST: usize = 60;

/// Prints a table. Items of streams, and failures at their full length, are printed as they come.
#[derive(Debug)]
pub struct Table {
    items: Text,
}

impl Table {
    /// To a terminal or not.
    pub fn new(terminal: bool) -> Self {
        Self { items: Text::new(Prefix::Name, terminal) }
    }
}

impl Form for Table {
    fn item(&mut self, who: Who<'_>, value: &Value, said: &mut Said) {
        self.items.item(who, value, said);
    }

    fn cell(&mut self, who: Who<'_>, cell: &Cell, _seconds: f64, said: &mut Said) {
        if !matches!(cell, Cell::Value { .. }) {
            words::failure(who.name, cell, &mut said.err);
        }
    }

    fn end(&mut self, summary: &Summary<'_>, said: &mut Said) {
        if let Some(run) = summary.run {
            print(&rows(run), &mut said.out);
        }
        words::summary(summary, &mut said.err);
    }

    fn looks_back(&self) -> bool {
        true
    }
}

/// One text, and whether it stands at the right, as numbers do.
type Field = (String, bool);

/// The titles, and then each target's fields.
fn rows(run: &Run) -> Vec<Vec<Field>> {
    let now = run.finished.unwrap_or(run.started);
    let table = table::Table::build(run, &View::default(), now);
    let titles = table.columns().iter().map(|column| (line(column.title()), false)).collect();
    let rows = table.rows(run, 0..table.len(), WIDEST, now);
    let fields = |shown: &Shown| {
        let number = shown.value.as_ref().is_some_and(|value| value.number().is_some());
        (line(&shown.text), number)
    };
    std::iter::once(titles).chain(rows.iter().map(|row| row.cells.iter().map(fields).collect())).collect()
}

/// Text as one line that no terminal obeys.
fn line(text: &str) -> String {
    plain(text).into_owned()
}

fn print(rows: &[Vec<Field>], to: &mut String) {
    let columns = rows.first().map_or(0, Vec::len);
    let widest = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|(text, _)| text.width()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    for row in rows {
        let start = to.len();
        for ((text, right), width) in row.iter().zip(&widths) {
            let gap = if to.len() == start { "" } else { "  " };
            let pad = " ".repeat(width.saturating_sub(text.width()));
            let (left, after) = if *right { (pad.as_str(), "") } else { ("", pad.as_str()) };
            to.extend([gap, left, text.as_str(), after]);
        }
        to.truncate(to.trim_end_matches(' ').len());
        to.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_texts_and_numbers_stand_right() {
        let left = |text: &str| (text.to_owned(), false);
        let right = |text: &str| (text.to_owned(), true);
        let rows = [
            vec![left("host"), left("free"), left("name")],
            vec![left("web1"), right("7"), left("漢字")],
            vec![left("a-longer-one"), right("1234567"), left("")],
        ];
        let mut to = String::new();
        print(&rows, &mut to);
        assert_eq!(to, "host          free     name\nweb1                7  漢字\na-longer-one  1234567\n");
    }

    #[test]
    fn a_text_is_one_line() {
        assert_eq!(line("a\nb\u{1b}"), "a␊b␛");
    }
}
