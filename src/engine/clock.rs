//! The engine's clock: wall time at the start, and from there on a clock that never goes back.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

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

    /// The moment it is.
    pub fn now(&self) -> Millis {
        Millis(self.epoch + self.start.elapsed().as_millis() as u64)
    }
}
