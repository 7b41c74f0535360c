//! How many links of this machine's own are open at once: each takes files, and a system gives a process only so many.
//!
//! A link that finds no seat waits for one. Where nobody comes back to a link once its call is over, as in a headless run,
//! one that is idle gives its seat away.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Supervisor;
use crate::engine::event::Level;
use crate::engine::target::{LinkState, TargetId};

/// How many there are, and who gives one away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seating {
    /// So many links of this machine's own at once.
    pub links: usize,
    /// Whether an idle link is closed when another one needs its seat.
    pub idle_links_go: bool,
}

impl Default for Seating {
    fn default() -> Self {
        Self { links: Semaphore::MAX_PERMITS, idle_links_go: false }
    }
}

/// The seats, and who waits for one.
#[derive(Debug)]
pub(super) struct Seats {
    seating: Seating,
    free: Arc<Semaphore>,
    waiting: VecDeque<TargetId>,
    told: bool,
}

impl Seats {
    pub(super) fn new(seating: Seating) -> Self {
        let free = Arc::new(Semaphore::new(seating.links.min(Semaphore::MAX_PERMITS)));
        Self { seating, free, waiting: VecDeque::new(), told: false }
    }

    /// A seat, which is free again when what is returned is dropped: when the link's files are closed.
    pub(super) fn take(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).try_acquire_owned().ok()
    }

    pub(super) fn is_waiting(&self, target: TargetId) -> bool {
        self.waiting.contains(&target)
    }

    /// This one wants no seat any more. Whether it did.
    pub(super) fn wait_no_more(&mut self, target: TargetId) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|waiting| *waiting != target);
        before > self.waiting.len()
    }

    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }
}

impl Supervisor {
    /// A target that found no seat waits for one.
    pub(super) fn wait_for_a_seat(&mut self, target: TargetId) {
        self.seats.waiting.push_back(target);
        self.state(target, LinkState::Queued);
        if !std::mem::replace(&mut self.seats.told, true) {
            let links = self.seats.seating.links;
            self.notice(
                Level::Warning,
                format!(
                    "this system has room for {links} links at once, so the others wait for their turn: \
                     a higher limit of open files (`ulimit -n`) makes room for more"
                ),
            );
        }
    }

    /// Opens the links of those that wait, as far as seats are free; asks idle ones for theirs.
    pub(super) fn seat_who_waits(&mut self) {
        while !self.seats.waiting.is_empty() && self.seats.free.available_permits() > 0 {
            let Some(target) = self.seats.waiting.pop_front() else { return };
            self.connect(target);
        }
        if self.seats.waiting.is_empty() || !self.seats.seating.idle_links_go {
            return;
        }
        // Those that are about to close have their seats still: no more go than are needed.
        let needed = self.seats.waiting.len().saturating_sub(self.closing());
        for idle in self.idle().into_iter().take(needed) {
            self.sever(idle);
        }
    }

    /// Links that were let go of, and whose files are not closed yet.
    fn closing(&self) -> usize {
        self.workers.len().saturating_sub(self.links.len())
    }

    /// Links of this machine's own that no run needs, and nobody beyond them.
    fn idle(&self) -> Vec<TargetId> {
        let ready = self.states.iter().filter(|(_, state)| matches!(state, LinkState::Ready(_)));
        let idle = |target: TargetId| {
            self.links.get(target).is_some()
                && self.registry.get(target).is_some_and(|known| known.through.is_none())
                && !self.runs.needs(target)
                && !self.registry.behind(target).into_iter().any(|behind| self.links.get(behind).is_some())
                && !self.links.is_waited_for(target)
        };
        ready.map(|(target, _)| *target).filter(|target| idle(*target)).collect()
    }
}
