//! Whether the far side of a link still lives: it answers, it is busy, it is silent, or it is to be given up. No I/O.
//!
//! A link is looked at every few seconds, and asked for an answer each time. What counts is what came since the look
//! before: frames say that the interpreter goes on; anything else says that the way there and a process at its end
//! still are. An interpreter that holds its lock (the GIL) for long is busy, not gone.
//!
//! That two looks lie far apart says that it was we who did not look: stopped, asleep, or kept from reading. Then nothing is
//! concluded from what did not come meanwhile.

use std::time::{Duration, Instant};

use serde::Serialize;

/// How often a link is looked at that answers.
const LOOK: Duration = Duration::from_secs(5);
/// How often one that does not, so that its age is told by the second.
const CLOSE_LOOK: Duration = Duration::from_secs(1);
/// How long a link that does not answer may last once this machine has been asleep: most are dead by then.
const AFTER_SLEEP: Duration = Duration::from_secs(10);
/// How many times as long it may be silent while code runs there, which can keep its interpreter from answering.
const AT_WORK: u32 = 4;
/// A sleep that is shorter than this is none that ends connections.
const SLEEP: Duration = Duration::from_secs(5);

/// How the far side of a link that is up does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// It answers.
    #[default]
    Well,
    /// It does not answer, and shows that it lives: code that holds the interpreter's lock runs there.
    Busy,
    /// Nothing comes.
    Silent,
}

/// What a look has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It does so, since this long.
    Is(Health, Duration),
    /// It was silent for this long, which is longer than it may be.
    Gone(Duration),
}

/// What came over a link so far, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Came {
    /// Frames.
    pub frames: u64,
    /// Anything else that shows life.
    pub signs: u64,
}

/// The memory of the looks.
#[derive(Debug)]
pub struct Watch {
    /// How long it may be silent.
    limit: Option<Duration>,
    came: Came,
    answered: Instant,
    alive: Instant,
    looked: Instant,
    /// How long this machine had slept, at the last look.
    slept: Duration,
    /// It has not answered since this machine woke up.
    woken: bool,
}

impl Watch {
    /// A link that has just come up, and how long it may be silent; None: for ever.
    pub fn new(limit: Option<Duration>, now: Instant, slept: Duration) -> Self {
        let came = Came::default();
        Self { limit, came, answered: now, alive: now, looked: now, slept, woken: false }
    }

    /// When it is to be looked at next.
    pub fn next_look(&self) -> Instant {
        self.looked + if self.answered < self.looked { CLOSE_LOOK } else { LOOK }
    }

    /// Looks: so much has come in all, this machine has slept for so long in all, and code runs there or not.
    pub fn look(&mut self, now: Instant, came: Came, slept: Duration, at_work: bool) -> Verdict {
        let due = self.next_look();
        let late = now.saturating_duration_since(due) > LOOK;
        self.woken |= slept.saturating_sub(self.slept) > SLEEP;
        if came.frames != self.came.frames || late {
            self.answered = now;
            self.woken &= late;
        }
        if came != self.came || late {
            self.alive = now;
        }
        (self.came, self.looked, self.slept) = (came, now, slept);
        let (unanswered, silent) = (now - self.answered, now - self.alive);
        let limit = match (self.limit, self.woken) {
            (limit, false) => limit,
            (limit, true) => Some(limit.map_or(AFTER_SLEEP, |limit| limit.min(AFTER_SLEEP))),
        };
        let limit = limit.map(|limit| if at_work { limit * AT_WORK } else { limit });
        match () {
            () if limit.is_some_and(|limit| silent >= limit) => Verdict::Gone(silent),
            () if unanswered.is_zero() => Verdict::Is(Health::Well, unanswered),
            () if silent < LOOK => Verdict::Is(Health::Busy, unanswered),
            () => Verdict::Is(Health::Silent, silent),
        }
    }
}

#[cfg(test)]
#[path = "health_test.rs"]
mod tests;
