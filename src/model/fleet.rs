//! The targets, in natural order, and the state of their links.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::engine::event::{Health, Millis, TargetChange};
use crate::engine::target::{AgentInfo, LinkState, Target, TargetId};
use crate::inventory::nodeset;
use crate::model::state::{Counts, Link};

/// How many targets that are gone stay in view. Containers come and go for as long as the console runs.
const GONE_KEPT: usize = 200;

/// One target.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// What it is.
    pub target: Target,
    /// The state of its link. Where it is gone: the last one.
    pub link: LinkState,
    /// Round trip of the last ping, while the link is ready.
    pub latency: Option<Duration>,
    /// Its container stopped, or its name vanished.
    pub gone: bool,
    /// It has an older text of a module than the library, while the link is ready.
    pub outdated: bool,
    /// How the far side does, and since when, while the link is ready.
    pub health: (Health, Millis),
    /// When the link came into this state, or the target was gone.
    pub since: Millis,
}

impl Entry {
    /// The state in one word.
    pub fn state(&self) -> Link {
        if self.gone { Link::Gone } else { Link::of(&self.link) }
    }

    fn enter(&mut self, link: LinkState, at: Millis) {
        if Link::of(&link) != Link::of(&self.link) {
            self.since = if self.gone { self.since } else { at };
            self.latency = None;
            self.outdated = false;
            self.health = (Health::Well, at);
        }
        self.link = link;
    }

    /// Whether it answers, and has what the library has.
    pub fn is_well(&self) -> bool {
        self.health.0 == Health::Well && !self.outdated
    }

    /// Whether its age is told by the second: it is silent, busy, or about to be tried again.
    pub fn ages(&self) -> bool {
        self.health.0 != Health::Well || matches!(self.link, LinkState::Retrying { .. })
    }

    /// What the agent said of itself, while the link is ready.
    pub fn agent(&self) -> Option<&AgentInfo> {
        match &self.link {
            LinkState::Ready(agent) if !self.gone => Some(agent),
            _ => None,
        }
    }
}

/// All targets.
#[derive(Debug, Default)]
pub struct Fleet {
    entries: HashMap<TargetId, Entry>,
    /// By natural order of the name, then by number.
    order: Vec<TargetId>,
    /// Gone ones, those first that went first.
    gone: VecDeque<TargetId>,
    stray: u64,
}

impl Fleet {
    /// Takes in what happened to a target.
    pub fn apply(&mut self, id: TargetId, at: Millis, change: TargetChange) {
        match change {
            TargetChange::Found(target) => self.found(id, at, target),
            TargetChange::Gone => self.went(id, at),
            TargetChange::Link(link) => self.change(id, |entry| entry.enter(link, at)),
            TargetChange::Health { health, since } => self.change(id, |entry| entry.health = (health, since)),
            TargetChange::Outdated(outdated) => self.change(id, |entry| entry.outdated = outdated),
            TargetChange::Latency(latency) => self.change(id, |entry| entry.latency = Some(latency)),
        }
    }

    fn change(&mut self, id: TargetId, change: impl FnOnce(&mut Entry)) {
        match self.entries.get_mut(&id) {
            Some(entry) => change(entry),
            None => self.stray += 1,
        }
    }

    fn found(&mut self, id: TargetId, at: Millis, target: Target) {
        let target = Target { id, ..target };
        let name = target.name.clone();
        if let Some(entry) = self.entries.get_mut(&id) {
            if entry.gone {
                entry.gone = false;
                entry.since = at;
                self.gone.retain(|gone| *gone != id);
            }
            entry.target = target;
            self.order.retain(|other| *other != id);
        } else {
            let entry = Entry {
                target,
                link: LinkState::Idle,
                latency: None,
                gone: false,
                since: at,
                outdated: false,
                health: (Health::Well, at),
            };
            self.entries.insert(id, entry);
        }
        let place = self.place(&name, id);
        self.order.insert(place, id);
    }

    fn went(&mut self, id: TargetId, at: Millis) {
        match self.entries.get_mut(&id) {
            Some(entry) if entry.gone => return,
            Some(entry) => {
                entry.gone = true;
                entry.latency = None;
                entry.health = (Health::Well, at);
                entry.since = at;
            }
            None => {
                self.stray += 1;
                return;
            }
        }
        self.gone.push_back(id);
        if self.gone.len() > GONE_KEPT
            && let Some(oldest) = self.gone.pop_front()
        {
            self.entries.remove(&oldest);
            self.order.retain(|other| *other != oldest);
        }
    }

    /// Where a target of this name and number belongs in the order.
    fn place(&self, name: &str, id: TargetId) -> usize {
        self.order.partition_point(|other| {
            let before = self.entries.get(other).map_or("", |entry| &entry.target.name);
            nodeset::natural_cmp(before, name).then(other.cmp(&id)).is_lt()
        })
    }

    /// The target with this number.
    pub fn get(&self, id: TargetId) -> Option<&Entry> {
        self.entries.get(&id)
    }

    /// The target that is called this. Where a name came again, the one that is there goes before those gone.
    pub fn named(&self, name: &str) -> Option<&Entry> {
        let first = self.place(name, TargetId(0));
        let entries = self.order.get(first..)?.iter().filter_map(|id| self.entries.get(id));
        entries
            .take_while(|entry| entry.target.name == name)
            .max_by_key(|entry| (!entry.gone, entry.target.id))
    }

    /// What the target with this number is called; `#7` where it is not known (any more).
    pub fn name(&self, id: TargetId) -> Arc<str> {
        self.get(id).map_or_else(|| id.to_string().into(), |entry| entry.target.name.as_str().into())
    }

    /// All targets in natural order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.order.iter().filter_map(|id| self.entries.get(id))
    }

    /// The numbers of all targets in natural order.
    pub fn ids(&self) -> &[TargetId] {
        &self.order
    }

    /// How many targets there are, gone ones among them.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// How many targets are in which state.
    pub fn counts(&self) -> Counts<Link> {
        self.entries.values().map(Entry::state).collect()
    }

    /// How many events were about targets that nobody had told of.
    pub fn stray(&self) -> u64 {
        self.stray
    }
}

#[cfg(test)]
#[path = "fleet_test.rs"]
mod tests;
