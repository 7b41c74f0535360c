//! `hailer script`: a whole program in an agent of this machine, which reaches other hosts. It prints, and leaves, as a
//! program of its own would; what other hosts write goes to standard error, prefixed.

use crate::engine::event::Cell;
use crate::engine::target::TargetId;
use crate::print::form::{Form, Said, Summary, Who};
use crate::print::harmless::harmless;
use crate::print::outcome::OK;
use crate::print::text::plain;
use crate::print::words;
use crate::wire::value::Value;

/// The agent that runs it: the only target that is named.
const OWN: TargetId = TargetId(0);

/// Prints what a script says, and keeps what it leaves with.
#[derive(Debug)]
pub struct Script {
    /// Standard output is a terminal: what came from hosts may be in it.
    terminal: bool,
    left: Option<u8>,
}

impl Script {
    /// To a terminal or not.
    pub fn new(terminal: bool) -> Self {
        Self { terminal, left: None }
    }
}

impl Form for Script {
    fn item(&mut self, who: Who<'_>, value: &Value, said: &mut Said) {
        if who.id == OWN {
            let text = plain(value);
            said.out.push_str(&if self.terminal { harmless(&text) } else { text.into() });
            said.out.push('\n');
        }
    }

    fn cell(&mut self, who: Who<'_>, cell: &Cell, _seconds: f64, said: &mut Said) {
        match cell {
            Cell::Value { value } => {
                let code = value.as_i64().and_then(|code| u8::try_from(code).ok());
                self.left = Some(code.unwrap_or(OK));
            }
            failed => words::failure(who.name, failed, &mut said.err),
        }
    }

    fn end(&mut self, _summary: &Summary<'_>, _said: &mut Said) {}

    fn left(&self) -> Option<u8> {
        self.left
    }

    fn owns(&self, target: TargetId) -> bool {
        target == OWN
    }
}
