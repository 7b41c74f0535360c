//! What one target has said in one run so far.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::Serialize;

use crate::engine::event::{Cell, Millis};
use crate::engine::target::TargetId;
use crate::model::state::State;
use crate::wire::value::Value;

/// How many items of a stream are kept for each target.
pub const ITEMS_KEPT: usize = 1_000;
/// How many warnings are kept for each target.
pub const WARNINGS_KEPT: usize = 100;

/// How much of an answer is searched, in characters.
const SEARCHED: usize = 2_000;

/// The newest of something, a bounded number of them.
#[derive(Debug, Clone, Serialize)]
pub struct Newest<T> {
    kept: VecDeque<T>,
    dropped: u64,
}

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self { kept: VecDeque::new(), dropped: 0 }
    }
}

impl<T> Newest<T> {
    fn push(&mut self, thing: T, cap: usize) {
        if self.kept.len() >= cap {
            self.kept.pop_front();
            self.dropped += 1;
        }
        self.kept.push_back(thing);
    }

    /// The kept ones, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.kept.iter()
    }

    /// The newest one.
    pub fn last(&self) -> Option<&T> {
        self.kept.back()
    }

    /// How many came, dropped ones included.
    pub fn total(&self) -> u64 {
        self.dropped + self.kept.len() as u64
    }

    /// How many old ones were dropped from view.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

/// How far a call says it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Progress {
    /// So much is done.
    pub done: f64,
    /// Of so much, if known.
    pub total: Option<f64>,
    /// With these words, if any. Remote text.
    pub text: Option<String>,
    /// When it said so.
    pub at: Millis,
}

impl Progress {
    /// Between 0 and 1, where a total is known that makes sense.
    pub fn fraction(&self) -> Option<f64> {
        let part = self.done / self.total.filter(|total| *total > 0.0)?;
        part.is_finite().then(|| part.clamp(0.0, 1.0))
    }

    /// `3/10 unpacking`, `3`.
    pub fn describe(&self) -> String {
        let total = self.total.map(|total| format!("/{total}")).unwrap_or_default();
        let text = self.text.as_ref().map(|text| format!(" {text}")).unwrap_or_default();
        format!("{}{total}{text}", self.done)
    }
}

/// One target's cell.
#[derive(Debug, Clone, Serialize)]
pub struct CellEntry {
    /// Whose.
    pub target: TargetId,
    /// What it was called when the run started.
    pub name: Arc<str>,
    /// Its state.
    pub cell: Cell,
    /// When it came into this state.
    pub since: Millis,
    /// When its call began to run, if it did.
    pub started: Option<Millis>,
    /// When it came into its final state.
    pub ended: Option<Millis>,
    /// When it last said anything: a state, an item, progress, a warning.
    pub heard: Millis,
    /// The items of its stream.
    pub items: Newest<Value>,
    /// How far it says it is.
    pub progress: Option<Progress>,
    /// Its warnings. Remote text.
    pub warnings: Newest<String>,
    /// The text of a final cell, made when it is first searched.
    #[serde(skip)]
    searched: OnceLock<Box<str>>,
}

impl CellEntry {
    /// Queued since `at`.
    pub(super) fn queued(target: TargetId, name: Arc<str>, at: Millis) -> Self {
        Self {
            target,
            name,
            cell: Cell::Queued,
            since: at,
            started: None,
            ended: None,
            heard: at,
            items: Newest::default(),
            progress: None,
            warnings: Newest::default(),
            searched: OnceLock::new(),
        }
    }

    /// Its state in one word.
    pub fn state(&self) -> State {
        State::of(&self.cell)
    }

    /// What it returned, if it did.
    pub fn value(&self) -> Option<&Value> {
        match &self.cell {
            Cell::Value { value } => Some(value),
            _ => None,
        }
    }

    /// The answer, or why there is none, in at most `limit` characters. Remote text: draw it through the renderer.
    pub fn summary(&self, limit: usize) -> String {
        let text = match &self.cell {
            Cell::Value { value } => return value.repr(limit),
            Cell::Raised { error } if error.message.is_empty() => error.kind.clone(),
            Cell::Raised { error } => format!("{}: {}", error.kind, error.message),
            Cell::TimedOut { after } => format!("took longer than {after:?}"),
            Cell::Lost { why } | Cell::CancelUnconfirmed { why } | Cell::Skipped { why } => why.clone(),
            Cell::Unreachable { failure } => failure.to_string(),
            Cell::Cancelled | Cell::Queued | Cell::Connecting | Cell::Booting => String::new(),
            Cell::Running => return self.underway(limit),
        };
        cut(text, limit)
    }

    /// The text that a filter searches. A filter is tried with every key that is typed: a final cell's is made once.
    pub(super) fn searched(&self) -> Cow<'_, str> {
        let text = || self.value().map_or_else(|| self.summary(SEARCHED), |value| plain(value, SEARCHED));
        if self.cell.is_final() {
            self.searched.get_or_init(|| text().into()).as_ref().into()
        } else {
            text().into()
        }
    }

    /// What a running call has said last.
    fn underway(&self, limit: usize) -> String {
        match (&self.progress, self.items.last()) {
            (Some(progress), _) => cut(progress.describe(), limit),
            (None, Some(item)) => item.repr(limit),
            (None, None) => String::new(),
        }
    }

    /// How long its call has run, or ran; none where it never began.
    pub fn elapsed(&self, now: Millis) -> Option<Duration> {
        self.started.map(|started| self.ended.unwrap_or(now).since(started))
    }

    /// How long nothing has been heard of it; none where nothing more is to come.
    pub fn silence(&self, now: Millis) -> Option<Duration> {
        self.ended.is_none().then(|| now.since(self.heard))
    }

    pub(super) fn enter(&mut self, cell: Cell, at: Millis) {
        if State::of(&cell) != self.state() {
            self.since = at;
        }
        if matches!(cell, Cell::Running) {
            self.started.get_or_insert(at);
        }
        if cell.is_final() {
            self.ended = Some(at);
        }
        self.cell = cell;
        self.heard = at;
    }

    pub(super) fn item(&mut self, value: Value, at: Millis) {
        self.items.push(value, ITEMS_KEPT);
        self.heard = at;
    }

    pub(super) fn warning(&mut self, text: String, at: Millis) {
        self.warnings.push(text, WARNINGS_KEPT);
        self.heard = at;
    }

    pub(super) fn progress(&mut self, progress: Progress) {
        self.heard = progress.at;
        self.progress = Some(progress);
    }
}

/// A value as one compares and searches it: a str without quotes, anything else as Python shows it.
pub(super) fn plain(value: &Value, limit: usize) -> String {
    match value.as_str() {
        Some(text) => cut(text.chars().take(limit + 1).collect(), limit),
        None => value.repr(limit),
    }
}

/// The text, with `…` after `limit` characters.
fn cut(mut text: String, limit: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(limit) {
        text.truncate(end);
        text.push('…');
    }
    text
}
