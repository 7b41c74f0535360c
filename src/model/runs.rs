//! All runs of this session, a bounded number of them.

use std::collections::BTreeMap;

use crate::engine::command::RunId;
use crate::engine::event::{Millis, RunChange};
use crate::model::fleet::Fleet;
use crate::model::run::Run;

/// How many runs are kept. One that is under way is never dropped.
pub const KEPT: usize = 50;

/// The runs.
#[derive(Debug, Default)]
pub struct Runs {
    kept: BTreeMap<RunId, Run>,
    dropped: u64,
    stray: u64,
}

impl Runs {
    /// Takes in what happened to a run.
    pub fn apply(&mut self, id: RunId, at: Millis, change: RunChange, fleet: &Fleet) {
        match (self.kept.get_mut(&id), change) {
            (Some(run), change) => run.apply(at, change),
            (None, RunChange::Started(spec)) => {
                self.make_room();
                self.kept.insert(id, Run::start(spec, at, fleet));
            }
            (None, _) => self.stray += 1,
        }
    }

    fn make_room(&mut self) {
        while self.kept.len() >= KEPT {
            let oldest = self.kept.iter().find(|(_, run)| !run.is_active()).map(|(id, _)| *id);
            let Some(oldest) = oldest else { return };
            self.kept.remove(&oldest);
            self.dropped += 1;
        }
    }

    /// The run with this number, if it is (still) known.
    pub fn get(&self, id: RunId) -> Option<&Run> {
        self.kept.get(&id)
    }

    /// The run that was started last.
    pub fn latest(&self) -> Option<&Run> {
        self.kept.last_key_value().map(|(_, run)| run)
    }

    /// The kept runs, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (RunId, &Run)> {
        self.kept.iter().map(|(id, run)| (*id, run))
    }

    /// The number that the next run is to have.
    pub fn next_id(&self) -> RunId {
        RunId(self.kept.last_key_value().map_or(0, |(id, _)| id.0).saturating_add(1))
    }

    /// How many runs are under way.
    pub fn active(&self) -> usize {
        self.kept.values().filter(|run| run.is_active()).count()
    }

    /// How many old runs were dropped.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many events were about runs that are not known.
    pub fn stray(&self) -> u64 {
        self.stray
    }
}
