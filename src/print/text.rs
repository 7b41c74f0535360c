//! The default form, and `--follow`: each answer as it comes, with its target's name before each line.
//!
//! A str is printed as its text, anything else as its repr. One target's answer stands bare, so that it can be used by a
//! shell; a bare `None` is not printed, as Python's own prompt does not.

use crate::engine::event::Cell;
use crate::print::form::{Form, Said, Summary, Who};
use crate::print::harmless::harmless;
use crate::print::words;
use crate::wire::value::{Node, Value};

/// The longest repr, in characters.
const LONGEST: usize = 16 << 20;

/// How lines of answers begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix {
    /// Not at all: there is one target.
    Bare,
    /// `web1: `
    Name,
    /// `web1 │ `, and what code prints is among the answers.
    Follow,
}

/// Prints answers as they come.
#[derive(Debug)]
pub struct Text {
    prefix: Prefix,
    /// Standard output is a terminal: what hosts say is made harmless.
    terminal: bool,
}

impl Text {
    /// With these prefixes, to a terminal or not.
    pub fn new(prefix: Prefix, terminal: bool) -> Self {
        Self { prefix, terminal }
    }

    fn answer(&self, name: &str, value: &Value, to: &mut String) {
        let text = plain(value);
        let text = if self.terminal { harmless(&text) } else { text.into() };
        let body = text.strip_suffix('\n').unwrap_or(&text);
        let separator = match self.prefix {
            Prefix::Bare => {
                to.push_str(body);
                to.push('\n');
                return;
            }
            Prefix::Name => ": ",
            Prefix::Follow => " │ ",
        };
        let name = harmless(name);
        for line in body.split('\n') {
            to.push_str(&name);
            to.push_str(separator);
            to.push_str(line);
            to.push('\n');
        }
    }
}

impl Form for Text {
    fn item(&mut self, who: Who<'_>, value: &Value, said: &mut Said) {
        self.answer(who.name, value, &mut said.out);
    }

    fn cell(&mut self, who: Who<'_>, cell: &Cell, _seconds: f64, said: &mut Said) {
        match cell {
            Cell::Value { value } if self.prefix != Prefix::Name && matches!(value.node(), Node::None) => {}
            Cell::Value { value } => self.answer(who.name, value, &mut said.out),
            failed => words::failure(who.name, failed, &mut said.err),
        }
    }

    fn end(&mut self, summary: &Summary<'_>, said: &mut Said) {
        if summary.targets > 1 {
            words::summary(summary, &mut said.err);
        }
    }

    fn follows(&self) -> bool {
        self.prefix == Prefix::Follow
    }
}

/// A str's text, or any other value's repr.
pub fn plain(value: &Value) -> String {
    match value.node() {
        Node::Str(text) => String::from_utf8_lossy(&text.0).into_owned(),
        _ => value.repr(LONGEST),
    }
}
