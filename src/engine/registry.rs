//! Which targets are known: names, numbers, ways in.

use std::collections::HashMap;

use crate::engine::target::{Origin, Target, TargetId};
use crate::inventory::Found;
use crate::tunnel::address::Address;

/// All targets that were ever known, by number and by name.
#[derive(Debug, Default)]
pub struct Registry {
    targets: Vec<(Target, Address)>,
    names: HashMap<String, TargetId>,
}

impl Registry {
    /// Adds what was found, or finds it again by its name. The flag says whether it is new.
    pub fn found(&mut self, found: Found) -> (&Target, bool) {
        let Found { name, address, kind, origin, about } = found;
        let known = self.names.get(&name).copied();
        let id = known.unwrap_or(TargetId(self.targets.len() as u32));
        let new = known.is_none();
        if new {
            self.names.insert(name.clone(), id);
            self.targets.push((Target { id, name, kind, origin, about, through: None }, address));
        } else if let Some((target, known)) = self.targets.get_mut(id.0 as usize) {
            // A container of the same name may be another one by now; a name that was typed keeps its origin.
            target.about = about;
            *known = address;
            if target.origin == Origin::Hop {
                target.origin = origin; // until now it was only on the way to others
            }
        }
        (&self.targets[id.0 as usize].0, new)
    }

    /// Says through which target one is reached.
    pub fn put_behind(&mut self, id: TargetId, through: Option<TargetId>) -> Option<&Target> {
        let (target, _) = self.targets.get_mut(id.0 as usize)?;
        target.through = through;
        Some(target)
    }

    /// The target with this number.
    pub fn get(&self, id: TargetId) -> Option<&Target> {
        self.targets.get(id.0 as usize).map(|(target, _)| target)
    }

    /// The targets that are reached through this one.
    pub fn behind(&self, id: TargetId) -> Vec<TargetId> {
        let behind = self.targets.iter().filter(|(target, _)| target.through == Some(id));
        behind.map(|(target, _)| target.id).collect()
    }

    /// Which target has this name.
    pub fn named(&self, name: &str) -> Option<TargetId> {
        self.names.get(name).copied()
    }

    /// Its way in.
    pub fn address(&self, id: TargetId) -> Option<&Address> {
        self.targets.get(id.0 as usize).map(|(_, address)| address)
    }
}
