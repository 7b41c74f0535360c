//! What hosts wrote: a bounded store, read by sequence number, so that a reader's place stays when old lines go.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::Serialize;

use crate::engine::command::RunId;
use crate::engine::event::{self, Line, Millis, Record, Stream};
use crate::engine::target::TargetId;

/// A stored line is cut here, in bytes, and goes on as a new one, so that one endless line cannot fill the memory.
const LONGEST: usize = 64 * 1024;
/// What a line costs beside its text, in bytes, as the caps count it.
const OVERHEAD: usize = 96;

/// The number of a line: later lines have larger ones, and none is given twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Seq(pub u64);

/// A line that is kept. Its text may still hold escapes: draw it through the renderer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stored {
    /// Its number.
    pub seq: Seq,
    /// Who wrote it.
    pub target: TargetId,
    /// In which run, where that is known.
    pub run: Option<RunId>,
    /// When its first part arrived.
    pub at: Millis,
    /// By which pipe.
    pub stream: Stream,
    /// Its text; after a `\r`, what was written last.
    pub text: String,
    /// What else it says, if it is a record of `logging`.
    pub record: Option<Box<Record>>,
    /// It had no newline yet.
    pub partial: bool,
    /// It goes on a line that was too long to be kept as one.
    pub continued: bool,
    /// How many lines of this target are missing right before it.
    pub gap: u64,
    /// A `\r` came last: what follows takes the place of the text.
    #[serde(skip)]
    returned: bool,
}

impl Stored {
    fn cost(&self) -> usize {
        let record = self.record.as_deref();
        self.text.len()
            + OVERHEAD
            + record.map_or(0, |record| OVERHEAD + record.level.len() + record.logger.len())
    }

    /// The line as people read it, with a record's level and logger before its text.
    pub fn shown(&self) -> Cow<'_, str> {
        event::shown(self.record.as_deref(), &self.text)
    }

    /// How bad it is, if it is a record.
    pub fn severity(&self) -> Option<i64> {
        self.record.as_ref().map(|record| record.severity)
    }

    /// Writes as a terminal's line would show it: what follows a `\r` takes the place of what stood there.
    fn write(&mut self, text: &str) {
        for (part, piece) in text.split('\r').enumerate() {
            self.returned |= part > 0;
            if piece.is_empty() {
                continue;
            }
            if std::mem::take(&mut self.returned) {
                self.text.clear();
            }
            self.text.push_str(piece);
        }
    }
}

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Lines of one target.
    pub lines: usize,
    /// Bytes of one target.
    pub bytes: usize,
    /// Bytes of all targets.
    pub total: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self { lines: 10_000, bytes: 4 << 20, total: 256 << 20 }
    }
}

/// Whose lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scope {
    /// All of them, in the order of arrival.
    #[default]
    All,
    /// One target's.
    Target(TargetId),
    /// Those of one run.
    Run(RunId),
}

impl Scope {
    fn holds(self, line: &Stored) -> bool {
        match self {
            Self::All => true,
            Self::Target(target) => line.target == target,
            Self::Run(run) => line.run == Some(run),
        }
    }
}

/// One target's share.
#[derive(Debug, Default)]
struct Share {
    seqs: VecDeque<Seq>,
    bytes: usize,
    /// The line of each pipe that is still open.
    open: HashMap<Stream, Seq>,
    /// Lines that went missing before they came here and were not told of by a line yet.
    gap: u64,
    dropped: u64,
    evicted: u64,
}

/// The lines of all targets.
#[derive(Debug, Default)]
pub struct Lines {
    caps: Caps,
    kept: BTreeMap<Seq, Stored>,
    shares: HashMap<TargetId, Share>,
    bytes: usize,
    next: Seq,
}

impl Lines {
    /// With other caps than the default ones.
    pub fn new(caps: Caps) -> Self {
        Self { caps, ..Self::default() }
    }

    /// Takes in lines of a target; `dropped` went missing before the first of them.
    pub fn push(&mut self, target: TargetId, run: Option<RunId>, lines: Vec<Line>, dropped: u64) {
        let share = self.shares.entry(target).or_default();
        share.gap += dropped;
        share.dropped += dropped;
        if dropped > 0 {
            // What follows belongs to another line; the rest of the open ones is among those dropped.
            for (_, seq) in share.open.drain() {
                if let Some(line) = self.kept.get_mut(&seq) {
                    line.partial = false;
                }
            }
        }
        for line in lines {
            self.put(target, run, &line);
            self.shrink(target);
        }
    }

    fn put(&mut self, target: TargetId, run: Option<RunId>, line: &Line) {
        let share = self.shares.entry(target).or_default();
        let open = share.open.remove(&line.stream);
        let stored = match open.and_then(|seq| self.kept.get_mut(&seq)) {
            Some(stored) if stored.text.len() + line.text.len() <= LONGEST => {
                self.bytes -= stored.cost();
                share.bytes -= stored.cost();
                stored
            }
            full => {
                let continued = full.is_some();
                if let Some(full) = full {
                    full.partial = false;
                }
                let seq = self.next;
                self.next = Seq(seq.0 + 1);
                share.seqs.push_back(seq);
                self.kept.entry(seq).or_insert(Stored {
                    seq,
                    target,
                    run,
                    at: line.at,
                    stream: line.stream,
                    text: String::new(),
                    record: line.record.clone(),
                    partial: true,
                    continued,
                    gap: std::mem::take(&mut share.gap),
                    returned: false,
                })
            }
        };
        stored.write(&line.text);
        stored.partial = line.partial;
        if line.partial {
            share.open.insert(line.stream, stored.seq);
        }
        self.bytes += stored.cost();
        share.bytes += stored.cost();
    }

    /// Lets the oldest lines go until all caps hold.
    fn shrink(&mut self, target: TargetId) {
        while let Some(share) = self.shares.get(&target)
            && (share.seqs.len() > self.caps.lines || share.bytes > self.caps.bytes)
        {
            self.evict(target);
        }
        while self.bytes > self.caps.total
            && let Some((_, oldest)) = self.kept.first_key_value()
        {
            self.evict(oldest.target);
        }
    }

    /// Lets the oldest line of this target go.
    fn evict(&mut self, target: TargetId) {
        let Some(share) = self.shares.get_mut(&target) else { return };
        let Some(line) = share.seqs.pop_front().and_then(|seq| self.kept.remove(&seq)) else { return };
        share.bytes -= line.cost();
        self.bytes -= line.cost();
        share.evicted += 1;
    }

    /// The line with this number, if it is still kept.
    pub fn get(&self, seq: Seq) -> Option<&Stored> {
        self.kept.get(&seq)
    }

    /// The number that the next line will have: nothing is newer than this yet.
    pub fn end(&self) -> Seq {
        self.next
    }

    /// The kept lines in this scope from `from` on, the oldest first.
    pub fn from(&self, scope: Scope, from: Seq) -> Box<dyn Iterator<Item = &Stored> + '_> {
        match scope {
            Scope::Target(target) => {
                let seqs = self.shares.get(&target).map(|share| {
                    let first = share.seqs.partition_point(|seq| *seq < from);
                    share.seqs.range(first..)
                });
                Box::new(seqs.into_iter().flatten().filter_map(|seq| self.kept.get(seq)))
            }
            _ => {
                Box::new(self.kept.range(from..).map(|(_, line)| line).filter(move |line| scope.holds(line)))
            }
        }
    }

    /// The kept lines in this scope before `before`, the newest first.
    pub fn before(&self, scope: Scope, before: Seq) -> Box<dyn Iterator<Item = &Stored> + '_> {
        match scope {
            Scope::Target(target) => {
                let seqs = self.shares.get(&target).map(|share| {
                    let end = share.seqs.partition_point(|seq| *seq < before);
                    share.seqs.range(..end).rev()
                });
                Box::new(seqs.into_iter().flatten().filter_map(|seq| self.kept.get(seq)))
            }
            _ => Box::new(
                self.kept.range(..before).rev().map(|(_, line)| line).filter(move |line| scope.holds(line)),
            ),
        }
    }

    /// At most `count` lines from `from` on that `keep` says yes to, the oldest first.
    pub fn slice(
        &self,
        scope: Scope,
        from: Seq,
        count: usize,
        keep: impl Fn(&Stored) -> bool,
    ) -> Vec<&Stored> {
        self.from(scope, from).filter(|line| keep(line)).take(count).collect()
    }

    /// At most `count` of the last lines before `before` that `keep` says yes to, the oldest first.
    pub fn tail(
        &self,
        scope: Scope,
        before: Seq,
        count: usize,
        keep: impl Fn(&Stored) -> bool,
    ) -> Vec<&Stored> {
        let mut lines: Vec<_> = self.before(scope, before).filter(|line| keep(line)).take(count).collect();
        lines.reverse();
        lines
    }

    /// How many lines of this scope are kept.
    pub fn len(&self, scope: Scope) -> usize {
        match scope {
            Scope::All => self.kept.len(),
            Scope::Target(target) => self.shares.get(&target).map_or(0, |share| share.seqs.len()),
            Scope::Run(_) => self.from(scope, Seq(0)).count(),
        }
    }

    /// Whether no line at all is kept.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// How much is kept, in bytes, as the caps count it.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many lines went missing on their way here.
    pub fn dropped(&self, scope: Scope) -> u64 {
        self.sum(scope, |share| share.dropped)
    }

    /// How many lines had to give way to newer ones.
    pub fn evicted(&self, scope: Scope) -> u64 {
        self.sum(scope, |share| share.evicted)
    }

    /// How many lines of this scope have come since this one, those that are not kept any more included where that
    /// is known.
    pub fn newer(&self, scope: Scope, than: Seq) -> usize {
        match scope {
            Scope::All => usize::try_from(self.next.0.saturating_sub(than.0 + 1)).unwrap_or(usize::MAX),
            Scope::Target(target) => self
                .shares
                .get(&target)
                .map_or(0, |share| share.seqs.len() - share.seqs.partition_point(|seq| *seq <= than)),
            Scope::Run(_) => self.from(scope, Seq(than.0 + 1)).count(),
        }
    }

    fn sum(&self, scope: Scope, count: impl Fn(&Share) -> u64) -> u64 {
        match scope {
            Scope::Target(target) => self.shares.get(&target).map_or(0, count),
            Scope::All | Scope::Run(_) => self.shares.values().map(count).sum(),
        }
    }
}

#[cfg(test)]
#[path = "lines_test.rs"]
mod tests;
