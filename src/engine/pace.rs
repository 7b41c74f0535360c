//! How many connects may be under way at once from one place, and how long a target that is refused goes on asking.
//!
//! An sshd with many at its door who have not logged in yet hangs up on some of them (`MaxStartups`). That is no reason
//! to call a host unreachable: who was refused gives its turn back, waits, and stands in line again.
//!
//! Connects begin few. Until one is refused, each that comes up makes room for one more; from then on, as many as there
//! is room for make room for one more. A refusal halves the room. And one that took long makes no room: this machine, or
//! what lies behind it, is at its limit, and more at once would only have all of them run out of time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::rand::{GetRandomFlags, getrandom};
use tokio::sync::Semaphore;

/// How many connects begin at once. sshd's own `MaxStartups` lets ten in without a word.
const FIRST: usize = 10;
/// A connect is quick that took less than this part of the time it was given.
const QUICK: u32 = 4;
/// How few connects may be under way at once, however many were refused.
const LEAST: usize = 2;
/// Refusals within this time of a halving are of connects that began before it, and halve nothing.
const SETTLING: Duration = Duration::from_millis(500);
/// So many refusals of one target slow the others down. The rest only tell of the target: it may be refused for ever.
const TELLING: u32 = 3;
/// The pause after the first refusal. Each further one doubles it.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(4);
/// So many refusals while nobody else came up are the end.
const IN_VAIN: u32 = 6;
/// And so is a second one after this time in which nobody else came up.
const SILENCE: Duration = Duration::from_secs(20);
/// As long as others come up, a target goes on for so long, and longer if it had fewer tries than that.
const PATIENCE: Duration = Duration::from_mins(1);

/// The turns to connect from one place. Cheap to clone: all clones are one.
#[derive(Debug, Clone)]
pub struct Pace(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    places: Mutex<Places>,
    free: Semaphore,
}

#[derive(Debug)]
struct Places {
    rate: Rate,
    /// Those taken and those free.
    all: usize,
}

/// The right to have one connect under way. Dropped, it is given back, and tells nothing.
#[derive(Debug)]
#[must_use]
pub struct Turn {
    pace: Pace,
    begun: Instant,
}

impl Pace {
    /// One that never has more than `most` connects under way at once, and always room for one.
    pub fn new(most: usize) -> Self {
        let rate = Rate::new(most);
        let (free, places) = (Semaphore::new(rate.room), Places { all: rate.room, rate });
        Self(Arc::new(Shared { places: Mutex::new(places), free }))
    }

    /// Waits for a turn. Who came first is served first.
    pub async fn turn(&self) -> Turn {
        // The semaphore is never closed, so this is no error.
        if let Ok(place) = self.0.free.acquire().await {
            place.forget(); // given back by `Turn`, if there is still room for it
        }
        Turn { pace: self.clone(), begun: Instant::now() }
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.0.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Its connect came up, of the time that it was given.
    pub fn came_up(self, given: Duration) {
        let now = Instant::now();
        let quick = now.saturating_duration_since(self.begun) < given / QUICK;
        self.pace.places().rate.came_up(now, quick);
    }

    /// Its connect was refused. How long to wait before the next one; none: there is no sense in one.
    pub fn refused(self, refusals: &mut Refusals) -> Option<Duration> {
        let mut places = self.pace.places();
        let now = Instant::now();
        let pause = refusals.one_more(now, places.rate.came_up);
        if refusals.all <= TELLING {
            places.rate.refused(now);
        }
        drop(places);
        pause.map(about)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (free, mut places) = (&self.pace.0.free, self.pace.places());
        places.all -= 1;
        match places.rate.room.checked_sub(places.all) {
            Some(more) => {
                free.add_permits(more);
                places.all += more;
            }
            // Those that are taken go when they are given back.
            None => places.all -= free.forget_permits(places.all - places.rate.room),
        }
    }
}

/// For how many connects there is room, as they fare.
#[derive(Debug)]
struct Rate {
    room: usize,
    most: usize,
    /// How many came up quickly since there was room for one more.
    since: usize,
    halved: Option<Instant>,
    came_up: Option<Instant>,
}

impl Rate {
    fn new(most: usize) -> Self {
        let most = most.clamp(1, Semaphore::MAX_PERMITS);
        Self { room: FIRST.min(most), most, since: 0, halved: None, came_up: None }
    }

    fn came_up(&mut self, now: Instant, quick: bool) {
        self.came_up = Some(now);
        self.since += usize::from(quick);
        let needed = if self.halved.is_none() { 1 } else { self.room };
        if self.since >= needed {
            self.since = 0;
            self.room = self.most.min(self.room + 1);
        }
    }

    fn refused(&mut self, now: Instant) {
        if self.halved.is_none_or(|at| now.saturating_duration_since(at) >= SETTLING) {
            self.halved = Some(now);
            self.since = 0;
            self.room = (self.room / 2).max(LEAST).min(self.most);
        }
    }
}

/// What one target has borne of refusals.
#[derive(Debug, Default)]
pub struct Refusals {
    all: u32,
    first: Option<Instant>,
    /// The last time that another came up, or the first refusal if that was later.
    hope: Option<Instant>,
    /// Refusals since then.
    in_vain: u32,
}

impl Refusals {
    /// One more, when the last that came up did so at `came_up`. How long to wait, if it is worth it.
    fn one_more(&mut self, now: Instant, came_up: Option<Instant>) -> Option<Duration> {
        let first = *self.first.get_or_insert(now);
        let hope = came_up.max(Some(first));
        if hope > self.hope {
            self.in_vain = 0;
        }
        self.hope = hope;
        self.in_vain += 1;
        self.all += 1;
        let since =
            |then: Option<Instant>| then.map_or(Duration::ZERO, |then| now.saturating_duration_since(then));
        let alone = self.in_vain >= IN_VAIN || self.in_vain > 1 && since(hope) >= SILENCE;
        // A target may have stood in line for longer than that: it is to have had its tries, too.
        let long = self.all >= IN_VAIN && since(self.first) >= PATIENCE;
        let doubled = PAUSE.saturating_mul(1 << (self.all - 1).min(8)).min(LONGEST);
        (!alone && !long).then_some(doubled)
    }
}

/// Between a half and one and a half of it, so that those who were refused together do not come back together.
pub(super) fn about(pause: Duration) -> Duration {
    let mut random = [128];
    // Without random bytes it is the middle: another time, but no wrong one.
    let _ = getrandom(&mut random, GetRandomFlags::empty());
    pause / 2 + pause * u32::from(random[0]) / 255
}

#[cfg(test)]
#[path = "pace_test.rs"]
mod tests;
