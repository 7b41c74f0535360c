//! Sentences for the person: the newest, a bounded number of them.

use std::collections::VecDeque;

use serde::Serialize;

use crate::engine::event::{Level, Millis};

/// How many are kept.
const KEPT: usize = 500;

/// One sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// When.
    pub at: Millis,
    /// How bad.
    pub level: Level,
    /// The sentence.
    pub text: String,
}

/// The newest notices, oldest first.
#[derive(Debug, Default)]
pub struct Notices {
    kept: VecDeque<Notice>,
    dropped: u64,
}

impl Notices {
    /// Adds one; the oldest gives way.
    pub fn push(&mut self, notice: Notice) {
        if self.kept.len() == KEPT {
            self.kept.pop_front();
            self.dropped += 1;
        }
        self.kept.push_back(notice);
    }

    /// The kept ones, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Notice> + ExactSizeIterator {
        self.kept.iter()
    }

    /// The newest one.
    pub fn latest(&self) -> Option<&Notice> {
        self.kept.back()
    }

    /// How many there ever were. One that was seen at count `n` is number `n`.
    pub fn total(&self) -> u64 {
        self.dropped + self.kept.len() as u64
    }

    /// How many were dropped because newer ones came.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}
