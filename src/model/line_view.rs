//! A look at the lines: one scope through one filter. Each line is tested once, when it comes, so that a frame costs
//! what it shows and not what is kept.

use std::collections::VecDeque;

use crate::engine::event::Stream;
use crate::model::filter::{Filter, Row};
use crate::model::fleet::Fleet;
use crate::model::lines::{Lines, Scope, Seq, Stored};

/// A line as a filter sees it: columns `host`, `stream` and `text`, of a record also `level` and `logger`.
struct Searched<'a> {
    line: &'a Stored,
    host: &'a str,
}

impl Searched<'_> {
    fn columns(&self) -> [(&'static str, &str); 5] {
        let stream = match self.line.stream {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
            Stream::Tunnel => "tunnel",
            Stream::Log => "log",
        };
        let record = self.line.record.as_ref();
        let (level, logger) = record.map_or(("", ""), |record| (&*record.level, &*record.logger));
        [
            ("host", self.host),
            ("stream", stream),
            ("level", level),
            ("logger", logger),
            ("text", &self.line.text),
        ]
    }
}

impl Row for Searched<'_> {
    fn has(&self, column: &str) -> bool {
        self.columns()[..].has(column)
    }

    fn any(&self, column: Option<&str>, test: &mut dyn FnMut(&str) -> bool) -> bool {
        match column {
            Some(_) => self.columns()[..].any(column, test),
            None => test(&self.line.shown()) || test(self.host),
        }
    }
}

fn passes(filter: &Filter, line: &Stored, fleet: &Fleet) -> bool {
    let host = fleet.get(line.target).map_or("", |entry| &entry.target.name);
    filter.matches(&Searched { line, host })
}

/// Which way to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Towards the newest line.
    Forward,
    /// Towards the oldest line.
    Back,
}

/// The lines of a scope that pass a filter.
#[derive(Debug, Clone, Default)]
pub struct LineView {
    scope: Scope,
    filter: Filter,
    /// Only records that are at least so bad.
    least: Option<i64>,
    /// Those that passed, ascending; some may not be kept any more.
    passed: VecDeque<Seq>,
    /// Lines before this one have been tested.
    tested: Seq,
    /// Lines that were partial when they were tested.
    open: Vec<Seq>,
    /// What [`Lines::evicted`] said when `passed` was last cleared of lines that are not kept.
    evicted: u64,
}

impl LineView {
    /// A look that has seen nothing yet.
    pub fn new(scope: Scope, filter: Filter) -> Self {
        Self { scope, filter, ..Self::default() }
    }

    /// With nothing in view but records that are at least so bad.
    pub fn at_least(self, least: Option<i64>) -> Self {
        Self { least, ..self }
    }

    /// Whether a line is in view.
    fn holds(&self, line: &Stored, fleet: &Fleet) -> bool {
        let bad_enough =
            self.least.is_none_or(|least| line.severity().is_some_and(|severity| severity >= least));
        bad_enough && passes(&self.filter, line, fleet)
    }

    /// Whose lines.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Which of them.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Whether the store's own order serves, without a list of what passed.
    fn shows_all(&self) -> bool {
        self.filter.is_empty() && self.least.is_none() && !matches!(self.scope, Scope::Run(_))
    }

    /// Tests what has come since the last time. To be called before anything is read.
    pub fn refresh(&mut self, lines: &Lines, fleet: &Fleet) {
        if self.shows_all() {
            return;
        }
        self.retest(lines, fleet);
        for line in lines.from(self.scope, self.tested) {
            if self.holds(line, fleet) {
                self.passed.push_back(line.seq);
            }
            if line.partial {
                self.open.push(line.seq);
            }
        }
        self.tested = lines.end();
        let evicted = lines.evicted(self.scope);
        if evicted - self.evicted > self.passed.len() as u64 / 4 {
            self.passed.retain(|seq| lines.get(*seq).is_some());
            self.evicted = evicted;
        }
    }

    /// Partial lines have grown since: tests them again.
    fn retest(&mut self, lines: &Lines, fleet: &Fleet) {
        for seq in std::mem::take(&mut self.open) {
            let Some(line) = lines.get(seq) else { continue };
            match (self.passed.binary_search(&seq), self.holds(line, fleet)) {
                (Err(place), true) => self.passed.insert(place, seq),
                (Ok(place), false) => drop(self.passed.remove(place)),
                (Ok(_), true) | (Err(_), false) => {}
            }
            if line.partial {
                self.open.push(seq);
            }
        }
    }

    /// The lines from `from` on, the oldest first.
    pub fn from<'a>(&'a self, lines: &'a Lines, from: Seq) -> Box<dyn Iterator<Item = &'a Stored> + 'a> {
        if self.shows_all() {
            return lines.from(self.scope, from);
        }
        let first = self.passed.partition_point(|seq| *seq < from);
        Box::new(self.passed.range(first..).filter_map(|seq| lines.get(*seq)))
    }

    /// The lines before `before`, the newest first.
    pub fn before<'a>(&'a self, lines: &'a Lines, before: Seq) -> Box<dyn Iterator<Item = &'a Stored> + 'a> {
        if self.shows_all() {
            return lines.before(self.scope, before);
        }
        let end = self.passed.partition_point(|seq| *seq < before);
        Box::new(self.passed.range(..end).rev().filter_map(|seq| lines.get(*seq)))
    }

    /// The last `count` lines before `before`, the oldest first: a page that ends there.
    pub fn page<'a>(&'a self, lines: &'a Lines, before: Seq, count: usize) -> Vec<&'a Stored> {
        let mut page: Vec<_> = self.before(lines, before).take(count).collect();
        page.reverse();
        page
    }

    /// How many lines have come since this one.
    pub fn newer(&self, lines: &Lines, than: Seq) -> usize {
        if self.shows_all() {
            return lines.newer(self.scope, than);
        }
        self.passed.len() - self.passed.partition_point(|seq| *seq <= than)
    }

    /// The next line in view that `wanted` matches, `from` itself not included.
    pub fn find(
        &self,
        lines: &Lines,
        fleet: &Fleet,
        from: Seq,
        direction: Direction,
        wanted: &Filter,
    ) -> Option<Seq> {
        let mut candidates = match direction {
            Direction::Forward => self.from(lines, Seq(from.0 + 1)),
            Direction::Back => self.before(lines, from),
        };
        candidates.find(|line| passes(wanted, line, fleet)).map(|line| line.seq)
    }
}
