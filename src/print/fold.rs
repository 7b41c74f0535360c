//! `--fold`: when the run is over, equal answers once, with the targets that gave them; failures and outliers first.

use std::fmt::Write as _; // writing to a String cannot fail

use crate::engine::event::Cell;
use crate::model::fold::Group;
use crate::print::form::{Form, Said, Summary, Who};
use crate::print::harmless::harmless;
use crate::print::text::{Prefix, Text, plain};
use crate::print::words;
use crate::wire::value::Value;

/// Prints groups. Items of streams are printed as they come: they are no part of the answer.
#[derive(Debug)]
pub struct Fold {
    items: Text,
    terminal: bool,
}

impl Fold {
    /// To a terminal or not.
    pub fn new(terminal: bool) -> Self {
        Self { items: Text::new(Prefix::Name, terminal), terminal }
    }

    fn group(&self, group: &Group<'_>, to: &mut String) {
        let _ = writeln!(to, "{} ({})", harmless(&group.names()), group.count());
        match &group.sample.cell {
            Cell::Value { value } => {
                let text = plain(value);
                let text = if self.terminal { harmless(&text) } else { text.into() };
                for line in text.strip_suffix('\n').unwrap_or(&text).split('\n') {
                    let _ = writeln!(to, "  {line}");
                }
            }
            failed => {
                let _ = writeln!(to, "  {}", words::headline(failed));
                for line in words::details(failed).lines() {
                    let _ = writeln!(to, "  {line}");
                }
            }
        }
    }
}

impl Form for Fold {
    fn item(&mut self, who: Who<'_>, value: &Value, said: &mut Said) {
        self.items.item(who, value, said);
    }

    fn cell(&mut self, _who: Who<'_>, _cell: &Cell, _seconds: f64, _said: &mut Said) {}

    fn end(&mut self, summary: &Summary<'_>, said: &mut Said) {
        for group in summary.run.iter().flat_map(|run| run.groups()) {
            self.group(&group, &mut said.out);
        }
        words::summary(summary, &mut said.err);
    }

    fn looks_back(&self) -> bool {
        true
    }
}
