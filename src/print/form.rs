//! What every form of printing is told.

use crate::engine::event::Cell;
use crate::engine::target::TargetId;
use crate::model::run::Run;
use crate::print::outcome::Counts;
use crate::wire::value::Value;

/// What is to be written, and where.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Said {
    /// To standard output: results.
    pub out: String,
    /// To standard error: what hosts write, and what we have to say.
    pub err: String,
    /// To standard error, after all else: what is drawn anew the next time.
    pub after: String,
}

impl Said {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty() && self.err.is_empty() && self.after.is_empty()
    }
}

/// A target, as it is printed.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// Its number.
    pub id: TargetId,
    /// Its name.
    pub name: &'a str,
}

/// A run that is over.
#[derive(Debug)]
pub struct Summary<'a> {
    /// How many ended how.
    pub counts: &'a Counts,
    /// How many targets there were.
    pub targets: usize,
    /// From the run's start to its end.
    pub seconds: f64,
    /// All its cells, for forms that look back.
    pub run: Option<&'a Run>,
}

/// One way to print a run. Each is told everything in order of arrival.
pub trait Form: std::fmt::Debug {
    /// One item of a stream.
    fn item(&mut self, who: Who<'_>, value: &Value, said: &mut Said);

    /// A target's final state, so many seconds after its call (or else its connect) began.
    fn cell(&mut self, who: Who<'_>, cell: &Cell, seconds: f64, said: &mut Said);

    /// The run is over.
    fn end(&mut self, summary: &Summary<'_>, said: &mut Said);

    /// Whether lines that code prints belong to the results, and are written to standard output as they come.
    fn follows(&self) -> bool {
        false
    }

    /// The exit status, where that is not the counts' affair.
    fn left(&self) -> Option<u8> {
        None
    }

    /// Whether this target's lines are a program's own output, and go where it wrote them, as they are; its progress and its
    /// warnings are lines of its own, too.
    fn owns(&self, _who: TargetId) -> bool {
        false
    }

    /// Whether it needs all cells at the end. Those that do not let a run of any size go by in little memory.
    fn looks_back(&self) -> bool {
        false
    }
}
