//! What hosts write while code runs: `host │ line`, whole lines only, shown harmless.

use std::collections::HashMap;
use std::fmt::Write as _; // writing to a String cannot fail

use crate::engine::event::{Line, Stream};
use crate::engine::target::TargetId;
use crate::print::harmless::harmless;

/// A line that is not whole yet is printed as it is once it is longer than this, in bytes.
const LONGEST: usize = 64 * 1024;

/// The colours of prefixes, one after the other: those that read well on dark and on light.
const COLOURS: [u8; 6] = [36, 33, 32, 35, 34, 31];

/// Puts the parts of lines together, and prefixes them.
#[derive(Debug, Default)]
pub struct Remote {
    colour: bool,
    begun: HashMap<(TargetId, Stream), String>,
}

impl Remote {
    /// With coloured prefixes or without.
    pub fn new(colour: bool) -> Self {
        Self { colour, begun: HashMap::new() }
    }

    /// Takes in what a target wrote, and appends each line that is whole.
    pub fn lines(&mut self, target: TargetId, name: &str, lines: &[Line], dropped: u64, to: &mut String) {
        if dropped > 0 {
            self.write(target, name, &format!("({dropped} lines dropped)"), to);
        }
        for line in lines {
            let key = (target, line.stream);
            match self.begun.remove(&key) {
                Some(begun) => self.part(key, name, begun + &line.text, line.partial, to),
                None if line.partial => self.part(key, name, line.text.to_string(), true, to),
                None => self.write(target, name, &line.shown(), to),
            }
        }
    }

    fn part(&mut self, key: (TargetId, Stream), name: &str, text: String, partial: bool, to: &mut String) {
        if partial && text.len() < LONGEST {
            self.begun.insert(key, text);
        } else {
            self.write(key.0, name, &text, to);
        }
    }

    /// Appends what a target has begun and will not end: its call is over.
    pub fn flush(&mut self, target: TargetId, name: &str, to: &mut String) {
        for stream in [Stream::Stdout, Stream::Stderr, Stream::Tunnel] {
            if let Some(text) = self.begun.remove(&(target, stream)) {
                self.write(target, name, &text, to);
            }
        }
    }

    /// Appends one line with its prefix.
    pub fn write(&self, target: TargetId, name: &str, text: &str, to: &mut String) {
        let name = harmless(name);
        let text = harmless(text);
        let blank = if text.is_empty() { "" } else { " " };
        let _ = if self.colour {
            let colour = COLOURS[target.0 as usize % COLOURS.len()];
            writeln!(to, "\u{1b}[{colour}m{name} │\u{1b}[0m{blank}{text}")
        } else {
            writeln!(to, "{name} │{blank}{text}")
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::{Millis, Record};

    fn line(stream: Stream, text: &str, partial: bool) -> Line {
        Line { at: Millis(0), stream, text: text.into(), partial, record: None }
    }

    #[test]
    fn parts_of_a_line_become_one_line_and_streams_do_not_mix() {
        let (mut remote, mut to) = (Remote::default(), String::new());
        let web = TargetId(1);
        remote.lines(web, "web1", &[line(Stream::Stderr, "50", true)], 0, &mut to);
        remote.lines(web, "web1", &[line(Stream::Stdout, "other", false)], 0, &mut to);
        remote.lines(TargetId(2), "web2", &[line(Stream::Stderr, "whole", false)], 0, &mut to);
        remote.lines(
            web,
            "web1",
            &[line(Stream::Stderr, "%", false), line(Stream::Stderr, "", false)],
            0,
            &mut to,
        );
        assert_eq!(to, "web1 │ other\nweb2 │ whole\nweb1 │ 50%\nweb1 │\n");
    }

    #[test]
    fn a_rest_is_printed_when_the_call_is_over() {
        let (mut remote, mut to) = (Remote::default(), String::new());
        remote.lines(TargetId(1), "web1", &[line(Stream::Stderr, "password: ", true)], 0, &mut to);
        assert_eq!(to, "");
        remote.flush(TargetId(1), "web1", &mut to);
        remote.flush(TargetId(1), "web1", &mut to);
        assert_eq!(to, "web1 │ password: \n");
    }

    #[test]
    fn an_endless_line_is_held_only_up_to_a_limit() {
        let (mut remote, mut to) = (Remote::default(), String::new());
        let piece = "x".repeat(40_000);
        for _ in 0..10 {
            remote.lines(TargetId(1), "w", &[line(Stream::Stderr, &piece, true)], 0, &mut to);
        }
        remote.flush(TargetId(1), "w", &mut to);
        assert_eq!(to.lines().count(), 5);
        assert_eq!(to.matches('x').count(), 400_000);
    }

    #[test]
    fn drops_are_told_and_escapes_shown() {
        let (mut remote, mut to) = (Remote::default(), String::new());
        remote.lines(TargetId(1), "w\u{7}", &[line(Stream::Stderr, "\u{1b}[2Jx\ry", false)], 7, &mut to);
        assert_eq!(to, "w␇ │ (7 lines dropped)\nw␇ │ ␛[2Jx␍y\n");
    }

    #[test]
    fn records_have_their_level_and_logger() {
        let (mut remote, mut to) = (Remote::default(), String::new());
        let record =
            Record { severity: 30, level: "WARNING".into(), logger: "app\u{7}".into(), ..Record::default() };
        let line = Line { record: Some(Box::new(record)), ..line(Stream::Log, "full", false) };
        remote.lines(TargetId(1), "w", &[line], 0, &mut to);
        assert_eq!(to, "w │ WARNING app␇: full\n");
    }

    #[test]
    fn only_the_prefix_is_coloured() {
        let mut to = String::new();
        Remote::new(true).write(TargetId(0), "w", "text", &mut to);
        assert_eq!(to, "\u{1b}[36mw │\u{1b}[0m text\n");
    }
}
