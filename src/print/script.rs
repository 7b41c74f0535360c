//! `hailer script`: a whole program in an agent of this machine, which reaches other hosts. It prints, and leaves, as a
//! program of its own would; what other hosts write goes to standard error, prefixed.

use std::path::Path;

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

/// The Python text that runs a script: its path, its arguments, its text.
pub fn code(path: &Path, arguments: &[String], text: &str) -> String {
    // Each literal is a unicode one on 2.7 too.
    let literal = |text: &str| format!("u{}", Value::from(text).repr(usize::MAX));
    let arguments: Vec<String> = arguments.iter().map(|word| literal(word)).collect();
    let (path, text) = (literal(&path.to_string_lossy()), literal(text));
    format!("__import__(\"hailer.script\").script.run({path}, [{}], {text})", arguments.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_travels_as_one_expression() {
        let code = code(Path::new("a'b.py"), &["-x".to_owned()], "print('é')\n");
        assert_eq!(
            code,
            "__import__(\"hailer.script\").script.run(u\"a'b.py\", [u'-x'], u\"print('é')\\n\")"
        );
    }
}
