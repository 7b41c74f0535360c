//! What a front end may ask of the engine. Plain data.

use std::time::Duration;

use serde::Serialize;

use crate::engine::code::Code;
use crate::engine::event::QuestionId;
use crate::engine::rollout::Steps;
use crate::engine::target::TargetId;
pub use crate::tunnel::secret::Secret;

/// The number of a run, given by the front end that starts it, counting from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RunId(pub u32);

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Make these targets known (text of the target grammar, node sets allowed) and, if asked, connect them.
    Add {
        /// What was typed.
        text: String,
        /// Connect them at once.
        connect: bool,
    },
    /// Open the links of these targets. Open ones stay as they are.
    Connect(Vec<TargetId>),
    /// Close the links of these targets.
    Disconnect(Vec<TargetId>),
    /// Run code. Targets that are not connected are connected first.
    Run(RunSpec),
    /// Run code on this machine's own target, which is made known where it is not; the targets of the spec do not count.
    RunHere(RunSpec),
    /// Stop a run, or some targets of it.
    Cancel {
        /// Which run.
        run: RunId,
        /// Which targets; all where none are named.
        only: Option<Vec<TargetId>>,
        /// How.
        how: Interrupt,
    },
    /// A run waits between two steps: go on with it, or give up the targets that have not begun.
    GoOn {
        /// Which run.
        run: RunId,
        /// Go on.
        yes: bool,
    },
    /// Answer a question ([`crate::engine::event::Event::Asked`]); no answer: what asks is to give up.
    Answer {
        /// Which.
        question: QuestionId,
        /// The answer.
        answer: Option<Secret>,
    },
    /// Close everything; the event stream ends when it is done.
    Shutdown,
}

impl Command {
    /// Whether it runs something on a host.
    pub fn runs(&self) -> bool {
        match self {
            Self::Run(_) | Self::RunHere(_) | Self::GoOn { yes: true, .. } => true,
            Self::Add { .. }
            | Self::Connect(_)
            | Self::Disconnect(_)
            | Self::Cancel { .. }
            | Self::GoOn { yes: false, .. }
            | Self::Answer { .. }
            | Self::Shutdown => false,
        }
    }
}

/// How to stop a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interrupt {
    /// KeyboardInterrupt in the call; names of the session are kept.
    Soft,
    /// The link goes, and its process with it.
    Hard,
}

/// One run: what, where, within which bounds. The targets are frozen when it is made (NEEDS 2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunSpec {
    /// Its number.
    pub id: RunId,
    /// What they run.
    pub code: Code,
    /// The targets, in the order they are to be shown. No target twice.
    pub targets: Vec<TargetId>,
    /// The longest a call may take, once it runs; none: as long as it likes.
    pub timeout: Option<Duration>,
    /// How many targets run at the same time; none: all.
    pub fanout: Option<usize>,
    /// The steps it is cut into; none: one.
    pub steps: Option<Steps>,
    /// Run under the guard rail of the far side, which refuses what changes a host.
    pub guard: bool,
}

impl RunSpec {
    /// All targets at once, for as long as it takes.
    pub fn new(id: RunId, code: impl Into<Code>, targets: Vec<TargetId>) -> Self {
        Self { id, code: code.into(), targets, timeout: None, fanout: None, steps: None, guard: false }
    }
}
