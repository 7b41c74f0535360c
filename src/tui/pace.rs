//! When to draw: two clocks. A frame after a key comes at once, frames for data alone come seldom, so that a flood of
//! lines neither delays the keys nor fills a slow terminal with frames that nobody can read.

use std::time::{Duration, Instant};

/// The least time between a frame and one that a key asked for.
const ATTENTIVE: Duration = Duration::from_millis(16);
/// The least time between a frame and one that only data asked for.
const AMBIENT: Duration = Duration::from_millis(100);

/// Who wants a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Want {
    /// Something that has changed by itself.
    Data,
    /// The person.
    Key,
}

/// The two clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    last: Option<Instant>,
    want: Option<Want>,
}

impl Pace {
    /// Somebody wants a frame.
    pub fn wants(&mut self, want: Want) {
        self.want = self.want.max(Some(want));
    }

    /// How long to wait until the next frame: zero means now, none that nobody wants one.
    pub fn wait(&self, now: Instant) -> Option<Duration> {
        let gap = match self.want? {
            Want::Data => AMBIENT,
            Want::Key => ATTENTIVE,
        };
        Some(self.last.map_or(Duration::ZERO, |last| (last + gap).saturating_duration_since(now)))
    }

    /// A frame has been drawn.
    pub fn drawn(&mut self, now: Instant) {
        *self = Self { last: Some(now), want: None };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn nobody_wants_anything_and_nothing_is_waited_for() {
        let start = Instant::now();
        let mut pace = Pace::default();
        assert_eq!(pace.wait(start), None);
        pace.wants(Want::Data);
        assert_eq!(pace.wait(start), Some(ms(0)));
        pace.drawn(start);
        assert_eq!(pace.wait(start + ms(1000)), None);
    }

    #[test]
    fn data_waits_long_and_a_key_overtakes_it() {
        let start = Instant::now();
        let mut pace = Pace::default();
        pace.drawn(start);
        pace.wants(Want::Data);
        assert_eq!(pace.wait(start + ms(10)), Some(ms(90)));
        pace.wants(Want::Key);
        assert_eq!(pace.wait(start + ms(10)), Some(ms(6)));
        pace.wants(Want::Data);
        assert_eq!(pace.wait(start + ms(20)), Some(ms(0)));
    }

    #[test]
    fn a_frame_for_data_does_not_hold_up_a_key_for_longer_than_a_frame() {
        let start = Instant::now();
        let mut pace = Pace::default();
        for step in 0..10 {
            let now = start + ms(step * 100);
            pace.wants(Want::Data);
            assert_eq!(pace.wait(now), Some(ms(0)));
            pace.drawn(now);
            pace.wants(Want::Key);
            assert_eq!(pace.wait(now + ms(16)), Some(ms(0)));
            pace = Pace { want: None, ..pace };
        }
    }
}
