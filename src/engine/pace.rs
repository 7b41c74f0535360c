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
/// So many refusals of one target slow the others down; of one that is refused for ever, the rest tell nothing of them.
const TELLING: u32 = 3;
/// The pause after the first refusal. Each further one doubles it.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(4);
/// So many refusals while nobody else came up are the end.
const IN_VAIN: u32 = 6;
/// And so is a refusal after this time in which nobody else came up.
const SILENCE: Duration = Duration::from_secs(20);
/// As long as others come up, a target goes on for at least so long.
const PATIENCE: Duration = Duration::from_secs(60);

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
    pub fn refused(self, patience: &mut Patience) -> Option<Duration> {
        let mut places = self.pace.places();
        let now = Instant::now();
        let pause = patience.refused(now, places.rate.came_up);
        if patience.refusals <= TELLING {
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
pub struct Patience {
    refusals: u32,
    first: Option<Instant>,
    /// The last time that another came up, or the first refusal if that was later.
    hope: Option<Instant>,
    /// Refusals since then.
    in_vain: u32,
}

impl Patience {
    /// One more, when the last that came up did so at `came_up`. How long to wait, if it is worth it.
    fn refused(&mut self, now: Instant, came_up: Option<Instant>) -> Option<Duration> {
        let first = *self.first.get_or_insert(now);
        let hope = came_up.max(Some(first));
        if hope > self.hope {
            self.in_vain = 0;
        }
        self.hope = hope;
        self.in_vain += 1;
        self.refusals += 1;
        let since =
            |then: Option<Instant>| then.map_or(Duration::ZERO, |then| now.saturating_duration_since(then));
        let alone = self.in_vain >= IN_VAIN || self.in_vain > 1 && since(hope) >= SILENCE;
        // A target may have stood in line for longer than that: it is to have had its tries, too.
        let long = self.refusals >= IN_VAIN && since(self.first) >= PATIENCE;
        let doubled = PAUSE.saturating_mul(1 << (self.refusals - 1).min(8)).min(LONGEST);
        (!alone && !long).then_some(doubled)
    }
}

/// Between a half and one and a half of it, so that those who were refused together do not come back together.
fn about(pause: Duration) -> Duration {
    let mut random = [128];
    // Without random bytes it is the middle: another time, but no wrong one.
    let _ = getrandom(&mut random, GetRandomFlags::empty());
    pause / 2 + pause * u32::from(random[0]) / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn room_grows_fast_until_a_refusal_and_slowly_after_it() {
        let (mut rate, now) = (Rate::new(32), Instant::now());
        assert_eq!(rate.room, FIRST);
        for _ in 0..10 {
            rate.came_up(now, true);
        }
        assert_eq!(rate.room, 20);
        rate.refused(now);
        assert_eq!(rate.room, 10);
        for _ in 0..10 + 11 {
            rate.came_up(now, true);
        }
        assert_eq!(rate.room, 12);
        for _ in 0..1000 {
            rate.came_up(now, true);
        }
        assert_eq!(rate.room, 32);
    }

    #[test]
    fn connects_that_take_long_make_no_room() {
        let (mut rate, now) = (Rate::new(32), Instant::now());
        for _ in 0..100 {
            rate.came_up(now, false);
        }
        assert_eq!((rate.room, rate.came_up), (FIRST, Some(now)));
    }

    #[test]
    fn refusals_that_come_together_halve_once_and_never_below_the_least() {
        let (mut rate, now) = (Rate::new(32), Instant::now());
        for after in [0, 10, 499] {
            rate.refused(now + ms(after));
        }
        assert_eq!(rate.room, 5);
        for after in [500, 1000, 1500, 2000] {
            rate.refused(now + ms(after));
        }
        assert_eq!(rate.room, LEAST);
        let mut narrow = Rate::new(0);
        narrow.refused(now);
        assert_eq!(narrow.room, 1);
    }

    #[test]
    fn a_target_that_nobody_gets_past_gives_up_after_six_refusals() {
        let (mut patience, now) = (Patience::default(), Instant::now());
        let pauses: Vec<_> = (0..7).map_while(|at| patience.refused(now + ms(at), None)).collect();
        assert_eq!(pauses, [250, 500, 1000, 2000, 4000].map(ms));
        let mut slow = Patience::default();
        assert!(slow.refused(now, None).is_some() && slow.refused(now + ms(19_000), None).is_some());
        assert_eq!(slow.refused(now + ms(20_000), None), None);
    }

    #[test]
    fn while_others_come_up_it_goes_on_for_a_minute() {
        let (mut patience, now) = (Patience::default(), Instant::now());
        for second in 0..60 {
            let at = now + ms(second * 1000);
            let pause = patience.refused(at, Some(at - ms(1)).filter(|_| second > 0));
            assert!(pause.is_some_and(|pause| pause <= LONGEST), "{second}");
        }
        let at = now + ms(60_000);
        assert_eq!(patience.refused(at, Some(at)), None);
    }

    #[test]
    fn time_in_line_is_no_try() {
        let (mut patience, now) = (Patience::default(), Instant::now());
        for minute in 0..5 {
            let at = now + ms(minute * 60_000);
            assert!(patience.refused(at, Some(at)).is_some(), "{minute}");
        }
    }

    #[test]
    fn pauses_differ_and_stay_near() {
        let pauses: Vec<_> = (0..50).map(|_| about(ms(1000))).collect();
        assert!(pauses.iter().all(|pause| (ms(500)..=ms(1500)).contains(pause)), "{pauses:?}");
        assert!(pauses.iter().any(|pause| *pause != pauses[0]));
    }

    /// How many turns can be had at once.
    async fn at_once(pace: &Pace) -> usize {
        let mut turns = Vec::new();
        while let Ok(turn) = tokio::time::timeout(ms(5), pace.turn()).await {
            turns.push(turn);
        }
        turns.len()
    }

    #[tokio::test]
    async fn there_are_as_many_turns_as_there_is_room() {
        let pace = Pace::new(12);
        assert_eq!(at_once(&pace).await, 10);
        let (first, second) = (pace.turn().await, pace.turn().await);
        first.came_up(LONGEST);
        second.came_up(LONGEST);
        pace.turn().await.came_up(LONGEST);
        assert_eq!(at_once(&pace).await, 12);
        let refused = pace.turn().await;
        let others = [pace.turn().await, pace.turn().await];
        assert!(refused.refused(&mut Patience::default()).is_some());
        assert_eq!(at_once(&pace).await, 4);
        drop(others);
        assert_eq!(at_once(&pace).await, 6);
    }

    #[tokio::test]
    async fn a_halving_holds_when_every_turn_was_taken() {
        let pace = Pace::new(10);
        let mut turns = Vec::new();
        for _ in 0..10 {
            turns.push(pace.turn().await);
        }
        let refused = turns.remove(0).refused(&mut Patience::default());
        assert!(refused.is_some());
        assert_eq!(at_once(&pace).await, 0);
        turns.truncate(5);
        assert_eq!(at_once(&pace).await, 0);
        turns.truncate(4);
        assert_eq!(at_once(&pace).await, 1);
        drop(turns);
        assert_eq!(at_once(&pace).await, 5);
    }
}
