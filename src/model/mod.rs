//! What is known, as plain data: fed by events, read by the front ends; no I/O, no clock, no screen.
//!
//! | file | what lives there |
//! | --- | --- |
//! | [`fleet`] | targets in natural order, and the state of their links |
//! | [`select`] | which targets the next run is for |
//! | [`runs`], [`run`], [`cell`] | what runs have said so far, one cell for every target |
//! | [`lines`], [`line_view`] | what hosts wrote, bounded, by sequence number; a filtered look at it |
//! | [`fold`] | equal answers as one group |
//! | [`table`], [`columns`] | a run as columns and rows, sorted and filtered |
//! | [`diff`] | where two values differ |
//! | [`filter`] | the one filter grammar |
//! | [`remote_text`] | text from hosts, made harmless |
//! | [`state`], [`notices`] | names of states and their counts; sentences for the person |
//!
//! Whoever reads keeps a [`TargetId`](crate::engine::target::TargetId), a sequence number or a
//! [`RunId`](crate::engine::command::RunId), never a row.

pub mod cell;
pub mod columns;
pub mod diff;
pub mod filter;
pub mod fleet;
pub mod fold;
pub mod line_view;
pub mod lines;
pub mod notices;
pub mod remote_text;
pub mod run;
pub mod runs;
pub mod select;
mod sgr;
pub mod state;
pub mod table;
#[cfg(test)]
mod testing;

use crate::engine::event::{Event, Question};
use fleet::Fleet;
use lines::Lines;
use notices::{Notice, Notices};
use runs::Runs;

/// Everything that the events so far have told.
#[derive(Debug, Default)]
pub struct Model {
    /// The targets.
    pub fleet: Fleet,
    /// What they wrote.
    pub lines: Lines,
    /// The runs.
    pub runs: Runs,
    /// Sentences for the person.
    pub notices: Notices,
    /// What a way in asks at the moment.
    pub question: Option<Question>,
    version: u64,
}

impl Model {
    /// Knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Knows nothing yet, and will keep so many lines.
    pub fn keeping(lines: lines::Caps) -> Self {
        Self { lines: Lines::new(lines), ..Self::default() }
    }

    /// Takes in one event. Events that make no sense (an unknown target, a final cell) are counted and ignored.
    pub fn apply(&mut self, event: Event) {
        self.version += 1;
        match event {
            Event::Target { id, at, change } => self.fleet.apply(id, at, change),
            Event::Lines { target, run, lines, dropped } => self.lines.push(target, run, lines, dropped),
            Event::Run { id, at, change } => self.runs.apply(id, at, change, &self.fleet),
            Event::Asked(question) => self.question = Some(question),
            Event::Settled(id) => self.question = self.question.take().filter(|question| question.id != id),
            Event::Notice { at, level, text } => self.notices.push(Notice { at, level, text }),
        }
    }

    /// Grows with every event: the same number means that nothing has changed.
    pub fn version(&self) -> u64 {
        self.version
    }
}
