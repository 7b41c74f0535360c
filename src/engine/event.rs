//! What the engine tells its front ends. Plain data: the same value feeds the model, `--json`, the journal, the tests.

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;

use crate::engine::command::{RunId, RunSpec};
pub use crate::engine::rollout::Phase;
use crate::engine::target::{LinkState, Target, TargetId};
pub use crate::link::health::Health;
pub use crate::link::raised::{Frame, Raised};
pub use crate::link::record::Record;
use crate::tunnel::Failure;
pub use crate::tunnel::prompt::Wants;
use crate::wire::value::Value;

/// A moment: milliseconds since the Unix epoch, read from a clock that never goes back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Millis(pub u64);

impl Millis {
    /// The time from `earlier` to here; zero if it is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// One thing that happened.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// Something about a target.
    Target {
        /// Which.
        id: TargetId,
        /// When.
        at: Millis,
        /// What.
        change: TargetChange,
    },
    /// Lines that a target wrote. Whole lines, but for `partial` ones. Bounded: what was dropped is counted.
    Lines {
        /// Who wrote them.
        target: TargetId,
        /// In which run, where that is known.
        run: Option<RunId>,
        /// The lines.
        lines: Vec<Line>,
        /// How many lines before these were dropped.
        dropped: u64,
    },
    /// Something about a run. Never dropped.
    Run {
        /// Which.
        id: RunId,
        /// When.
        at: Millis,
        /// What.
        change: RunChange,
    },
    /// A way in asks something, and waits for [`crate::engine::command::Command::Answer`]. Questions are asked one at a
    /// time.
    Asked(Question),
    /// The question with this number is over: it was answered, or nobody waits for it any more.
    Settled(QuestionId),
    /// A sentence for the person.
    Notice {
        /// When.
        at: Millis,
        /// How bad.
        level: Level,
        /// The sentence.
        text: String,
    },
}

/// The number of a question, counting from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct QuestionId(pub u32);

/// What a way in asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Question {
    /// Its number.
    pub id: QuestionId,
    /// On the way to which target.
    pub target: TargetId,
    /// The far side's own words. Remote text: draw it through the renderer.
    pub text: String,
    /// What kind of answer it wants.
    pub wants: Wants,
    /// How many other targets wait for the same answer.
    pub others: usize,
    /// What became of the last answer to the same question, in a sentence: it was refused.
    pub note: Option<String>,
}

/// How bad a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Good to know.
    Info,
    /// Something is not as wished.
    Warning,
    /// Something failed.
    Error,
}

/// What happened to a target.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetChange {
    /// It is known now (or known better: the same id may come again).
    Found(Target),
    /// Its link's state.
    Link(LinkState),
    /// Whether it has an older text of a module than the library: the next run brings it the newer one.
    Outdated(bool),
    /// Round trip of the last ping.
    Latency(Duration),
    /// How the far side of its link does.
    Health {
        /// So.
        health: Health,
        /// Since then.
        since: Millis,
    },
    /// Its container stopped, its name vanished.
    Gone,
}

/// What happened to a run.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunChange {
    /// It began; every target of the spec is in [`Cell::Queued`] from here.
    Started(RunSpec),
    /// A target's cell has a new state.
    Cell {
        /// Whose.
        target: TargetId,
        /// The state.
        cell: Cell,
    },
    /// One item of a target's stream.
    Item {
        /// Whose.
        target: TargetId,
        /// The item.
        value: Value,
    },
    /// `progress(done, total, text)`.
    Progress {
        /// Whose.
        target: TargetId,
        /// So much is done.
        done: f64,
        /// Of so much, if known.
        total: Option<f64>,
        /// With these words, if any.
        text: Option<String>,
    },
    /// `warn(text)`.
    Warning {
        /// Whose.
        target: TargetId,
        /// The words.
        text: String,
    },
    /// A run in steps begins one, or waits after one.
    Step(Phase),
    /// Every cell is final.
    Finished,
}

/// The state of one target in one run (NEEDS 1). Every target of the run has one from the first instant.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Cell {
    /// Waits for its turn.
    Queued,
    /// Its link is being opened.
    Connecting,
    /// The agent is being sent.
    Booting,
    /// Its call runs.
    Running,
    /// It returned.
    Value {
        /// What it returned.
        value: Value,
    },
    /// It raised.
    Raised {
        /// What it raised.
        error: Box<Raised>,
    },
    /// It took longer than allowed.
    TimedOut {
        /// What was allowed.
        after: Duration,
    },
    /// The link ended while the call ran.
    Lost {
        /// Why, in a sentence.
        why: String,
    },
    /// It was stopped, and the far side says so.
    Cancelled,
    /// It was told to stop; the far side never said that it did.
    CancelUnconfirmed {
        /// What is known.
        why: String,
    },
    /// The target could not be reached.
    Unreachable {
        /// How it failed.
        #[serde(flatten)]
        failure: Failure,
    },
    /// It never began: the run was stopped before its turn, or the target cannot be asked this.
    Skipped {
        /// Why, in a sentence.
        why: String,
    },
}

impl Cell {
    /// Whether nothing more can happen to it.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Queued | Self::Connecting | Self::Booting | Self::Running)
    }

    /// The state's name, as NEEDS 1, JSON and the screen write it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Connecting => "connecting",
            Self::Booting => "booting",
            Self::Running => "running",
            Self::Value { .. } => "value",
            Self::Raised { .. } => "raised",
            Self::TimedOut { .. } => "timed out",
            Self::Lost { .. } => "lost",
            Self::Cancelled => "cancelled",
            Self::CancelUnconfirmed { .. } => "cancel unconfirmed",
            Self::Unreachable { .. } => "unreachable",
            Self::Skipped { .. } => "skipped",
        }
    }
}

/// Which of its pipes a line came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stream {
    /// `print` in a call.
    Stdout,
    /// Standard error, of a call or of the host.
    Stderr,
    /// What the way in said: ssh's own messages, a banner.
    Tunnel,
    /// A record of `logging`; always whole lines.
    Log,
}

/// One line that a host wrote. Raw bytes made text (invalid ones become U+FFFD), **not** yet fit to draw: escapes are in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// When it arrived.
    pub at: Millis,
    /// By which pipe.
    pub stream: Stream,
    /// Its text, without the newline.
    pub text: Box<str>,
    /// It had no newline yet; the next line of this target and stream goes on with it.
    pub partial: bool,
    /// What else it says, if it is a record of `logging`.
    pub record: Option<Box<Record>>,
}

impl Line {
    /// The line as people read it, with a record's level and logger before its text.
    pub fn shown(&self) -> Cow<'_, str> {
        shown(self.record.as_deref(), &self.text)
    }
}

/// A line as people read it.
pub fn shown<'a>(record: Option<&Record>, text: &'a str) -> Cow<'a, str> {
    record.map_or(Cow::Borrowed(text), |record| record.shown(text).into())
}
