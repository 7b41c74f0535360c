//! Names of states without their contents, and counts of them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::engine::event::Cell;
use crate::engine::target::LinkState;

/// The state of a cell, without what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each stands for the variant of `Cell` with its name")]
pub enum State {
    Queued,
    Connecting,
    Booting,
    Running,
    Value,
    Raised,
    TimedOut,
    Lost,
    Cancelled,
    CancelUnconfirmed,
    Unreachable,
    Skipped,
}

impl State {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 12] = [
        Self::Queued,
        Self::Connecting,
        Self::Booting,
        Self::Running,
        Self::Value,
        Self::Raised,
        Self::TimedOut,
        Self::Lost,
        Self::Cancelled,
        Self::CancelUnconfirmed,
        Self::Unreachable,
        Self::Skipped,
    ];

    /// The state of this cell.
    pub fn of(cell: &Cell) -> Self {
        match cell {
            Cell::Queued => Self::Queued,
            Cell::Connecting => Self::Connecting,
            Cell::Booting => Self::Booting,
            Cell::Running => Self::Running,
            Cell::Value { .. } => Self::Value,
            Cell::Raised { .. } => Self::Raised,
            Cell::TimedOut { .. } => Self::TimedOut,
            Cell::Lost { .. } => Self::Lost,
            Cell::Cancelled => Self::Cancelled,
            Cell::CancelUnconfirmed { .. } => Self::CancelUnconfirmed,
            Cell::Unreachable { .. } => Self::Unreachable,
            Cell::Skipped { .. } => Self::Skipped,
        }
    }

    /// As NEEDS 1, JSON and the screen write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Connecting => "connecting",
            Self::Booting => "booting",
            Self::Running => "running",
            Self::Value => "value",
            Self::Raised => "raised",
            Self::TimedOut => "timed out",
            Self::Lost => "lost",
            Self::Cancelled => "cancelled",
            Self::CancelUnconfirmed => "cancel unconfirmed",
            Self::Unreachable => "unreachable",
            Self::Skipped => "skipped",
        }
    }

    /// Nothing more can happen.
    pub fn is_final(self) -> bool {
        self >= Self::Value
    }

    /// It ended in any other way than with a value.
    pub fn is_failure(self) -> bool {
        self > Self::Value
    }
}

/// The state of a target's link, without what it holds; or that the target is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each stands for the variant of `LinkState` with its name")]
pub enum Link {
    Ready,
    Queued,
    Connecting,
    Booting,
    Unreachable,
    Lost,
    Retrying,
    Idle,
    Closed,
    /// The target's container stopped or its name vanished.
    Gone,
}

impl Link {
    /// The state of this link.
    pub fn of(link: &LinkState) -> Self {
        match link {
            LinkState::Idle => Self::Idle,
            LinkState::Queued => Self::Queued,
            LinkState::Connecting => Self::Connecting,
            LinkState::Booting => Self::Booting,
            LinkState::Ready(_) => Self::Ready,
            LinkState::Unreachable(_) => Self::Unreachable,
            LinkState::Lost { .. } => Self::Lost,
            LinkState::Retrying { .. } => Self::Retrying,
            LinkState::Closed => Self::Closed,
        }
    }

    /// As JSON and the screen write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Queued => "queued",
            Self::Connecting => "connecting",
            Self::Booting => "booting",
            Self::Unreachable => "unreachable",
            Self::Lost => "lost",
            Self::Retrying => "retrying",
            Self::Idle => "idle",
            Self::Closed => "closed",
            Self::Gone => "gone",
        }
    }
}

/// How many things are in which state. The parts add up to the total because each thing is counted once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts<S: Ord>(BTreeMap<S, usize>);

impl<S: Ord + Copy> Counts<S> {
    /// How many are in this state.
    pub fn get(&self, state: S) -> usize {
        self.0.get(&state).copied().unwrap_or(0)
    }

    /// The states that something is in, in the order of the states.
    pub fn iter(&self) -> impl Iterator<Item = (S, usize)> {
        self.0.iter().map(|(state, count)| (*state, *count))
    }

    /// How many things there are.
    pub fn total(&self) -> usize {
        self.0.values().sum()
    }
}

impl Counts<State> {
    /// How many cells are final.
    pub fn done(&self) -> usize {
        self.iter().filter(|(state, _)| state.is_final()).map(|(_, count)| count).sum()
    }

    /// How many cells ended in any other way than with a value.
    pub fn failed(&self) -> usize {
        self.iter().filter(|(state, _)| state.is_failure()).map(|(_, count)| count).sum()
    }
}

impl<S: Ord> FromIterator<S> for Counts<S> {
    fn from_iter<I: IntoIterator<Item = S>>(states: I) -> Self {
        let mut counts = BTreeMap::new();
        for state in states {
            *counts.entry(state).or_insert(0) += 1;
        }
        Self(counts)
    }
}
