//! `--json`: one object a line, in order of arrival, and nothing else.

use std::fmt::Write as _;

use serde::Serialize;

use crate::engine::event::Cell;
use crate::print::form::{Form, Said, Summary, Who};
use crate::wire::value::Value;

/// How long `repr` may be, in characters; `value` has all of it.
const REPR: usize = 1000;

/// Prints JSON lines.
#[derive(Debug, Default)]
pub struct Json;

impl Form for Json {
    fn item(&mut self, who: Who<'_>, value: &Value, said: &mut Said) {
        push(&ItemLine { target: who.name, item: value }, &mut said.out);
    }

    fn cell(&mut self, who: Who<'_>, cell: &Cell, seconds: f64, said: &mut Said) {
        push(&CellLine::new(who.name, cell, seconds), &mut said.out);
    }

    fn end(&mut self, summary: &Summary<'_>, said: &mut Said) {
        let line =
            SummaryLine { summary: summary.counts, targets: summary.targets, seconds: summary.seconds };
        push(&line, &mut said.out);
    }
}

/// An object as one line. Inside strings, what a terminal could obey is escaped, as JSON allows.
pub fn push(object: &impl Serialize, to: &mut String) {
    // A map with keys that are no strings is all that could fail here, and there is none.
    let Ok(text) = serde_json::to_string(object) else { return };
    if text.contains(is_harmful) {
        for c in text.chars() {
            if is_harmful(c) {
                let _ = write!(to, "\\u{:04x}", u32::from(c));
            } else {
                to.push(c);
            }
        }
    } else {
        to.push_str(&text);
    }
    to.push('\n');
}

#[derive(Serialize)]
struct ItemLine<'a> {
    target: &'a str,
    item: &'a Value,
}

#[derive(Serialize)]
struct SummaryLine<'a> {
    summary: &'a super::outcome::Counts,
    targets: usize,
    seconds: f64,
}

/// Whether a terminal would obey it, or write backwards from there. `serde_json` escapes the other controls itself.
fn is_harmful(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A target's final state. What a state has not is left out.
#[derive(Serialize)]
struct CellLine<'a> {
    target: &'a str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a Value>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorPart<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    said: Option<&'a str>,
    seconds: f64,
}

#[derive(Serialize)]
struct ErrorPart<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    message: &'a str,
    traceback: &'a str,
}

impl<'a> CellLine<'a> {
    fn new(target: &'a str, cell: &'a Cell, seconds: f64) -> Self {
        let mut line = Self {
            target,
            state: cell.name(),
            value: None,
            kind: None,
            repr: None,
            error: None,
            after: None,
            stage: None,
            why: None,
            said: None,
            seconds,
        };
        match cell {
            Cell::Value { value } => {
                line.value = Some(value);
                line.kind = Some(value.type_name());
                line.repr = Some(value.repr(REPR));
            }
            Cell::Raised { error } => {
                line.error = Some(ErrorPart {
                    kind: &error.kind,
                    message: &error.message,
                    traceback: &error.traceback,
                });
            }
            Cell::TimedOut { after } => line.after = Some(after.as_secs_f64()),
            Cell::Unreachable { failure } => {
                line.stage = Some(failure.stage.name());
                line.why = Some(&failure.why);
                line.said = Some(&failure.said);
            }
            Cell::Lost { why } | Cell::CancelUnconfirmed { why } | Cell::Skipped { why } => {
                line.why = Some(why);
            }
            Cell::Queued | Cell::Connecting | Cell::Booting | Cell::Running | Cell::Cancelled => {}
        }
        line
    }
}
