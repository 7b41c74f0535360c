//! The engine's clock: wall time at the start, and from there on a clock that never goes back.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::engine::event::Millis;

/// Reads [`Millis`].
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    epoch: u64,
    start: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { epoch: epoch.as_millis() as u64, start: Instant::now() }
    }

    /// The moment that was so long ago.
    pub fn before(&self, ago: Duration) -> Millis {
        Millis(self.now().0.saturating_sub(ago.as_millis() as u64))
    }

    /// The moment that comes in so long.
    pub fn after(&self, wait: Duration) -> Millis {
        Millis(self.now().0.saturating_add(wait.as_millis() as u64))
    }

    /// The moment it is.
    pub fn now(&self) -> Millis {
        Millis(self.epoch + self.start.elapsed().as_millis() as u64)
    }
}

/// How long this machine has slept since it was started: the one clock that counts sleep, less the one that does not. Neither
/// jumps when somebody sets the time.
#[cfg(target_os = "linux")]
pub fn slept() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let read = |clock| Duration::try_from(clock_gettime(clock)).unwrap_or_default();
    read(ClockId::Boottime).saturating_sub(read(ClockId::Monotonic))
}

/// Not known here.
#[cfg(not(target_os = "linux"))]
pub fn slept() -> Duration {
    Duration::ZERO
}
