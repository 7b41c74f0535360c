//! How failures and summaries are put into words.

use std::fmt::Write as _; // writing to a String cannot fail

use crate::duration::Span;
use crate::engine::event::Cell;
use crate::print::form::Summary;
use crate::print::harmless::harmless;

/// One line that says how a target failed: `raised ZeroDivisionError: division by zero`.
pub fn headline(cell: &Cell) -> String {
    let state = cell.name();
    let line = match cell {
        Cell::Raised { error } if error.message.is_empty() => format!("{state} {}", error.kind),
        Cell::Raised { error } => format!("{state} {}: {}", error.kind, error.message),
        Cell::TimedOut { after } => format!("{state} after {}", Span(*after)),
        Cell::Lost { why } | Cell::CancelUnconfirmed { why } | Cell::Skipped { why } => {
            format!("{state}: {why}")
        }
        Cell::Unreachable { failure } => format!("{state}: {failure}"),
        _ => state.to_owned(),
    };
    harmless(line.trim_end()).replace('\n', "\n  ")
}

/// What stands below the headline: the traceback, indented.
pub fn details(cell: &Cell) -> String {
    match cell {
        Cell::Raised { error } => {
            let indented = error.traceback.lines().map(|line| format!("  {}\n", harmless(line)));
            indented.collect()
        }
        _ => String::new(),
    }
}

/// A target's failure, with its name and all that is known of it.
pub fn failure(name: &str, cell: &Cell, to: &mut String) {
    let _ = writeln!(to, "{}: {}", harmless(name), headline(cell));
    to.push_str(&details(cell));
}

/// `4 targets: 3 value, 1 raised (1.2 s)`
pub fn summary(summary: &Summary<'_>, to: &mut String) {
    let word = if summary.targets == 1 { "target" } else { "targets" };
    let Summary { targets, counts, seconds, .. } = summary;
    let _ = writeln!(to, "{targets} {word}: {counts} ({seconds:.1} s)");
}
