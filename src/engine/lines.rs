//! Bytes of a pipe become lines: whole ones at once, a rest without newline when it has waited long enough.

use crate::engine::event::{Line, Millis, Record, Stream};
use crate::link::record::Logged;

/// A line longer than this, in bytes, comes in pieces marked partial.
const LONGEST: usize = 64 * 1024;

/// Cuts one pipe's bytes into lines.
#[derive(Debug)]
pub struct Cutter {
    stream: Stream,
    rest: Vec<u8>,
}

impl Cutter {
    /// For this pipe.
    pub fn new(stream: Stream) -> Self {
        Self { stream, rest: Vec::new() }
    }

    /// Takes in bytes that arrived at `at`, and appends the lines that are whole now.
    pub fn feed(&mut self, bytes: &[u8], at: Millis, lines: &mut Vec<Line>) {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            let piece = &bytes[start..end];
            start = end + 1;
            if self.rest.is_empty() {
                self.push(piece, at, lines);
            } else {
                let mut rest = std::mem::take(&mut self.rest);
                rest.extend_from_slice(piece);
                self.push(&rest, at, lines);
            }
        }
        self.rest.extend_from_slice(&bytes[start..]);
        while self.rest.len() > LONGEST {
            let tail = self.rest.split_off(boundary(&self.rest));
            let head = std::mem::replace(&mut self.rest, tail);
            lines.push(self.line(&head, at, true));
        }
    }

    /// The rest without newline, if there is one, as a partial line.
    pub fn flush(&mut self, at: Millis) -> Option<Line> {
        if self.rest.is_empty() {
            return None;
        }
        let rest = std::mem::take(&mut self.rest);
        Some(self.line(&rest, at, true))
    }

    fn push(&self, mut bytes: &[u8], at: Millis, lines: &mut Vec<Line>) {
        while bytes.len() > LONGEST {
            let (head, tail) = bytes.split_at(boundary(bytes));
            lines.push(self.line(head, at, true));
            bytes = tail;
        }
        lines.push(self.line(bytes.strip_suffix(b"\r").unwrap_or(bytes), at, false));
    }

    fn line(&self, bytes: &[u8], at: Millis, partial: bool) -> Line {
        Line { at, stream: self.stream, text: String::from_utf8_lossy(bytes).into(), partial, record: None }
    }
}

/// The lines of a record, each with what the record says of itself.
pub fn of_record(told: Logged, at: Millis) -> Vec<Line> {
    let Logged { record, text, dropped } = told;
    let line = |text: &str, record: Record| {
        let (text, record) = (text.strip_suffix('\r').unwrap_or(text).into(), Some(Box::new(record)));
        Line { at, stream: Stream::Log, text, partial: false, record }
    };
    let missing = (dropped > 0).then(|| {
        let (severity, level, logger) = (30, "WARNING".into(), "hailer".into());
        let text = format!("{dropped} records were dropped: they came faster than they could be sent");
        line(&text, Record { severity, level, logger, ..record.clone() })
    });
    let all = text.split('\n').enumerate();
    let all = all.map(|(at, text)| line(text, Record { goes_on: at > 0, ..record.clone() }));
    missing.into_iter().chain(all).collect()
}

/// Where a piece of at most [`LONGEST`] bytes ends without cutting a character in two.
fn boundary(bytes: &[u8]) -> usize {
    let starts = |at: &usize| bytes.get(*at).is_none_or(|byte| byte & 0xc0 != 0x80);
    (LONGEST - 3..=LONGEST).rev().find(starts).unwrap_or(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(chunks: &[&[u8]]) -> Vec<(String, bool)> {
        let mut cutter = Cutter::new(Stream::Stderr);
        let mut lines = Vec::new();
        for chunk in chunks {
            cutter.feed(chunk, Millis(1), &mut lines);
        }
        lines.extend(cutter.flush(Millis(2)));
        lines.into_iter().map(|line| (line.text.into(), line.partial)).collect()
    }

    #[test]
    fn lines_are_whole_and_the_rest_is_partial() {
        let whole = |text: &str| (text.to_owned(), false);
        assert_eq!(cut(&[b"a\nb", b"c\r\n\nd"]), [whole("a"), whole("bc"), whole(""), ("d".into(), true)]);
        assert_eq!(cut(&[b"\xff\xfe\n"]), [whole("\u{fffd}\u{fffd}")]);
    }

    #[test]
    fn a_record_of_several_lines_says_of_each_what_it_is() {
        let record =
            Record { severity: 40, level: "ERROR".into(), logger: "app".into(), made: 5, goes_on: false };
        let text = "it failed\nTraceback".to_owned();
        let lines = of_record(Logged { record, text, dropped: 3 }, Millis(7));
        let shown: Vec<_> = lines.iter().map(|line| line.shown().into_owned()).collect();
        let dropped = "WARNING hailer: 3 records were dropped: they came faster than they could be sent";
        assert_eq!(shown, [dropped, "ERROR app: it failed", "Traceback"]);
        let severities = lines.iter().filter_map(|line| line.record.as_ref()).map(|record| record.severity);
        assert_eq!(severities.collect::<Vec<_>>(), [30, 40, 40]);
        assert!(lines.iter().all(|line| line.stream == Stream::Log && line.at == Millis(7) && !line.partial));
    }

    #[test]
    fn a_line_without_end_comes_in_pieces_that_are_characters() {
        let text = "é".repeat(100_000);
        let pieces = cut(&[text.as_bytes()]);
        assert!(pieces.iter().all(|(piece, partial)| *partial && piece.len() <= LONGEST));
        assert_eq!(pieces.into_iter().map(|(piece, _)| piece).collect::<String>(), text);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_doubled(text in "[a-z\n]{0,300}", at in 0_usize..300) {
            let (head, tail) = text.as_bytes().split_at(at.min(text.len()));
            let joined: String = cut(&[head, tail]).into_iter()
                .map(|(line, partial)| if partial { line } else { line + "\n" }).collect();
            prop_assert_eq!(joined, text);
        }
    }
}
