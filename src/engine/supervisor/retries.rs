//! Links that were up and were lost come back by themselves, later and later, and never all at once. What ran on them does
//! not: nothing is run again that nobody asked for.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::Supervisor;
use crate::engine::pace;
use crate::engine::target::{LinkState, Origin, TargetId};
use crate::tunnel::Stage;

/// The pause before the first attempt. Each further one doubles it.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST: Duration = Duration::from_mins(1);
/// A link that was up for so long was a good one: its next loss begins anew.
const GOOD: Duration = Duration::from_secs(30);

/// What is known of a target whose link was up.
#[derive(Debug)]
struct Retry {
    /// Attempts since it was last up for a while.
    attempts: u32,
    /// Since when it is up.
    up: Option<Instant>,
    /// When it is tried next.
    next: Option<Instant>,
}

/// Those that come back.
#[derive(Debug, Default)]
pub(super) struct Retries(HashMap<TargetId, Retry>);

impl Retries {
    /// When the next one is to be tried.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.values().filter_map(|retry| retry.next).min()
    }

    fn came_up(&mut self, target: TargetId, now: Instant) {
        let retry = self.0.entry(target).or_insert(Retry { attempts: 0, up: None, next: None });
        (retry.up, retry.next) = (Some(now), None);
    }

    /// It went, or could not be reached again: in how long it is tried. None: it was never up.
    fn went(&mut self, target: TargetId, now: Instant) -> Option<Duration> {
        let retry = self.0.get_mut(&target)?;
        if retry.up.take().is_some_and(|up| now - up >= GOOD) {
            retry.attempts = 0;
        }
        let pause = FIRST.saturating_mul(1 << retry.attempts.min(16)).min(LONGEST);
        retry.attempts = retry.attempts.saturating_add(1);
        let pause = pace::about(pause);
        retry.next = Some(now + pause);
        Some(pause)
    }

    fn forget(&mut self, target: TargetId) {
        self.0.remove(&target);
    }

    fn due(&mut self, now: Instant) -> Vec<TargetId> {
        let due = |retry: &Retry| retry.next.is_some_and(|next| next <= now);
        let mut found: Vec<_> = self.0.iter().filter(|(_, retry)| due(retry)).map(|(id, _)| *id).collect();
        found.sort_unstable();
        for target in &found {
            if let Some(retry) = self.0.get_mut(target) {
                retry.next = None;
            }
        }
        found
    }
}

impl Supervisor {
    /// What a link's state means for its coming back.
    pub(super) fn heed_loss(&mut self, target: TargetId, state: &LinkState) {
        // Hosts that code opened come back only when that code asks for them.
        let persons = self.registry.get(target).is_some_and(|known| known.origin != Origin::Code);
        if !self.config.reconnect || !persons {
            return;
        }
        let now = Instant::now();
        let why = match state {
            LinkState::Ready(_) => return self.retries.came_up(target, now),
            LinkState::Lost { why } => why.clone(),
            LinkState::Unreachable(failure) if may_pass(failure.stage) => failure.to_string(),
            LinkState::Unreachable(_) | LinkState::Closed => return self.retries.forget(target),
            _ => return,
        };
        if let Some(pause) = self.retries.went(target, now) {
            let at = self.clock.after(pause);
            self.state(target, LinkState::Retrying { why, at });
        }
    }

    /// Tries those whose time has come.
    pub(super) fn try_again(&mut self) {
        for target in self.retries.due(Instant::now()) {
            self.connect(target);
        }
    }

    /// This one is back, as its container says: there is no need to wait.
    pub(super) fn is_back(&mut self, target: TargetId) {
        if matches!(self.states.get(&target), Some(LinkState::Retrying { .. })) {
            self.connect(target);
        }
    }

    /// It is not to come back. Whether it was about to.
    pub(super) fn give_up(&mut self, target: TargetId) -> bool {
        self.retries.forget(target);
        matches!(self.states.get(&target), Some(LinkState::Retrying { .. }))
    }
}

/// Whether a failure at this stage may pass by itself. A key that changed or a password that was refused does not, and asking
/// again and again may lock an account.
fn may_pass(stage: Stage) -> bool {
    match stage {
        Stage::Resolve | Stage::Start | Stage::Connect | Stage::Busy | Stage::Boot => true,
        Stage::HostKey | Stage::Login | Stage::Interpreter => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB1: TargetId = TargetId(1);

    #[test]
    fn one_that_was_never_up_is_not_tried_again() {
        assert_eq!(Retries::default().went(WEB1, Instant::now()), None);
    }

    #[test]
    fn pauses_grow_to_their_limit_and_begin_anew_after_a_good_time() {
        let (mut retries, mut now) = (Retries::default(), Instant::now());
        retries.came_up(WEB1, now);
        let pauses: Vec<_> = (0..12).filter_map(|_| retries.went(WEB1, now)).collect();
        assert_eq!(pauses.len(), 12);
        assert!(pauses[0] >= FIRST / 2 && pauses[0] <= FIRST * 3 / 2, "{pauses:?}");
        assert!(pauses[11] >= LONGEST / 2 && pauses[11] <= LONGEST * 3 / 2, "{pauses:?}");
        // Up for a moment only: it goes on where it was.
        retries.came_up(WEB1, now);
        assert!(retries.went(WEB1, now).is_some_and(|pause| pause >= LONGEST / 2));
        retries.came_up(WEB1, now);
        now += GOOD;
        assert!(retries.went(WEB1, now).is_some_and(|pause| pause <= FIRST * 3 / 2));
    }

    #[test]
    fn each_is_due_once() {
        let (mut retries, now) = (Retries::default(), Instant::now());
        retries.came_up(WEB1, now);
        assert_eq!(retries.next(), None);
        let pause = retries.went(WEB1, now).expect("it was up");
        assert_eq!(retries.next(), Some(now + pause));
        assert!(retries.due(now).is_empty());
        assert_eq!(retries.due(now + pause), [WEB1]);
        assert!(retries.due(now + pause).is_empty() && retries.next().is_none());
    }
}
