//! The default form of `hailer put` and `hailer fetch`: one line a target, `web1: /etc/app.conf, 12.0 KiB, changed`.

use std::fmt::Write as _; // writing to a String cannot fail

use crate::engine::event::Cell;
use crate::print::form::{Form, Said, Summary, Who};
use crate::print::harmless::harmless;
use crate::print::words;
use crate::wire::value::Value;

/// Prints what became of files.
#[derive(Debug, Default)]
pub struct Files;

impl Form for Files {
    fn item(&mut self, _who: Who<'_>, _value: &Value, _said: &mut Said) {}

    fn cell(&mut self, who: Who<'_>, cell: &Cell, _seconds: f64, said: &mut Said) {
        match cell {
            Cell::Value { value } => {
                let _ = writeln!(said.out, "{}: {}", harmless(who.name), harmless(&outcome(value)));
            }
            failed => {
                let _ = writeln!(said.err, "{}: {}", harmless(who.name), words::headline(failed));
            }
        }
    }

    fn end(&mut self, summary: &Summary<'_>, said: &mut Said) {
        if summary.targets > 1 {
            words::summary(summary, &mut said.err);
        }
    }
}

/// `/etc/app.conf → web1/app.conf, 12.0 KiB, changed`
fn outcome(value: &Value) -> String {
    let text =
        |name| value.get_field(name).and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default();
    let number = |name| value.get_field(name).and_then(|number| number.as_i64());
    let mut line = format!("{}, {}", text("remote_path"), bytes(number("size").unwrap_or(0) as f64));
    if let Some(files) = number("files") {
        let noun = if files == 1 { "file" } else { "files" };
        let _ = write!(line, " in {files} {noun}");
    }
    let changed = value.get_field("changed").and_then(|changed| changed.as_bool()) == Some(true);
    line.push_str(if changed { ", changed" } else { ", as it was" });
    if let (true, Some(moved)) = (changed, number("moved")) {
        let _ = write!(line, " ({} moved)", bytes(moved as f64));
    }
    if let Some(deleted @ 1..) = number("deleted") {
        let _ = write!(line, ", {deleted} removed");
    }
    line
}

/// `812 B`, `12.0 KiB`
pub fn bytes(count: f64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut count, mut unit) = (count, 0);
    while count >= 1024.0 && unit + 1 < UNITS.len() {
        count /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{count} B") } else { format!("{count:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        assert_eq!(
            [0.0, 1023.0, 1536.0, 1e9, 1e18].map(bytes),
            ["0 B", "1023 B", "1.5 KiB", "953.7 MiB", "909494.7 TiB"]
        );
    }
}
