//! How much may be under way: as little as keeps the line busy, so that a small call beside it never waits for much.
//!
//! Twice the product of rate and round trip, as congestion control by bottleneck bandwidth and round trip has it (BBR,
//! Cardwell and others, 2016), between the window that every channel has and [`WIDEST`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::wire::frame::WINDOW;

/// The widest window, in bytes: all that a transfer may make either end hold.
pub const WIDEST: u32 = 4 * 1024 * 1024;
/// How often the rate is looked at.
const SPELL: Duration = Duration::from_millis(50);

/// The shortest round trip of a link that was ever seen: what a ping takes while nothing is in its way.
#[derive(Debug, Clone)]
pub struct RoundTrip(Arc<AtomicU64>);

impl Default for RoundTrip {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(u64::MAX)))
    }
}

impl RoundTrip {
    /// A ping took so long.
    pub fn took(&self, time: Duration) {
        self.0.fetch_min(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn shortest(&self) -> Duration {
        match self.0.load(Ordering::Relaxed) {
            u64::MAX => Duration::ZERO,
            micros => Duration::from_micros(micros),
        }
    }
}

/// A channel's window.
#[derive(Debug)]
pub struct Window {
    trip: RoundTrip,
    width: u32,
    since: Instant,
    bytes: u64,
}

impl Window {
    /// As wide as any channel's, on a link with these round trips.
    pub fn new(trip: RoundTrip) -> Self {
        Self { trip, width: WINDOW, since: Instant::now(), bytes: 0 }
    }

    /// So many bytes have passed at this moment; by how many it is to be wider from now on.
    pub fn passed(&mut self, bytes: usize, now: Instant) -> u32 {
        self.bytes += bytes as u64;
        let (trip, time) = (self.trip.shortest(), now.saturating_duration_since(self.since));
        if time < SPELL.max(trip) {
            return 0;
        }
        let wanted = 2 * u128::from(self.bytes) * trip.as_micros() / time.as_micros().max(1);
        (self.since, self.bytes) = (now, 0);
        let wider = u32::try_from(wanted).unwrap_or(WIDEST).clamp(self.width, WIDEST.max(self.width));
        let grown = wider - self.width;
        self.width = wider;
        grown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The width after so many windows, each of which takes a round trip or what the line's rate allows.
    fn after(rounds: u32, trip: Duration, rate: f64) -> u32 {
        let known = RoundTrip::default();
        known.took(trip);
        let mut window = Window::new(known);
        let mut now = window.since;
        for _ in 0..rounds {
            let bytes = window.width as usize;
            now += trip.max(Duration::from_secs_f64(bytes as f64 / rate));
            window.passed(bytes, now);
        }
        window.width
    }

    #[test]
    fn a_short_line_keeps_the_smallest_and_a_long_one_is_filled() {
        assert_eq!(after(50, Duration::from_micros(300), 2e8), WINDOW);
        let long = after(50, Duration::from_millis(100), 1e7);
        assert!((1_900_000..2_200_000).contains(&long), "{long}");
        assert_eq!(after(50, Duration::from_millis(300), 1e9), WIDEST);
    }

    #[test]
    fn nothing_is_known_of_a_line_that_was_never_measured() {
        let mut window = Window::new(RoundTrip::default());
        let later = window.since + Duration::from_secs(1);
        assert_eq!(window.passed(1 << 30, later), 0);
    }
}
