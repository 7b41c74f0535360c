//! Which targets are known: names, numbers, ways in.

use std::collections::{BTreeMap, HashMap};

use crate::engine::target::{Origin, Target, TargetId};
use crate::inventory::Found;
use crate::tunnel::address::Address;

/// All targets that are known, by number and by name.
#[derive(Debug, Default)]
pub struct Registry {
    targets: BTreeMap<TargetId, (Target, Address)>,
    /// No target has this number or a higher one yet.
    next: u32,
    names: HashMap<String, TargetId>,
}

impl Registry {
    /// Adds what was found, or finds it again by its name. The flag says whether it is new.
    pub fn found(&mut self, found: Found) -> (&Target, bool) {
        let Found { name, address, kind, origin, about } = found;
        let known = self.names.get(&name).copied();
        let id = known.unwrap_or(TargetId(self.next));
        let new = known.is_none();
        if new {
            self.names.insert(name.clone(), id);
            self.next += 1;
        }
        let (target, known) = self.targets.entry(id).or_insert_with(|| {
            let origin = origin.clone();
            (Target { id, name, kind, origin, about: String::new(), through: None }, address.clone())
        });
        // A container of the same name may be another one by now; a name that was typed keeps its origin.
        target.about = about;
        *known = address;
        if matches!(target.origin, Origin::Hop | Origin::Code) {
            target.origin = origin; // until now it was only on the way to others, or what code needed
        }
        (target, new)
    }

    /// What code opened is now on a person's way to others too, and so are those on the way to it.
    pub fn keep(&mut self, id: TargetId) {
        let mut next = Some(id);
        while let Some((target, _)) = next.and_then(|id| self.targets.get_mut(&id))
            && target.origin == Origin::Code
        {
            target.origin = Origin::Hop;
            next = target.through;
        }
    }

    /// Forgets a target. Its number is never used again.
    pub fn forget(&mut self, id: TargetId) {
        if let Some((target, _)) = self.targets.remove(&id) {
            self.names.remove(&target.name);
        }
    }

    /// Says through which target one is reached.
    pub fn put_behind(&mut self, id: TargetId, through: Option<TargetId>) -> Option<&Target> {
        let (target, _) = self.targets.get_mut(&id)?;
        target.through = through;
        Some(target)
    }

    /// The target with this number.
    pub fn get(&self, id: TargetId) -> Option<&Target> {
        self.targets.get(&id).map(|(target, _)| target)
    }

    /// The targets that are reached through this one.
    pub fn behind(&self, id: TargetId) -> Vec<TargetId> {
        let behind = self.targets.values().filter(|(target, _)| target.through == Some(id));
        behind.map(|(target, _)| target.id).collect()
    }

    /// Which target has this name.
    pub fn named(&self, name: &str) -> Option<TargetId> {
        self.names.get(name).copied()
    }

    /// Its way in.
    pub fn address(&self, id: TargetId) -> Option<&Address> {
        self.targets.get(&id).map(|(_, address)| address)
    }
}
