//! Which targets are known: names, numbers, ways in.

use std::collections::HashMap;

use crate::engine::target::{Target, TargetId};
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
        }
        (&self.targets[id.0 as usize].0, new)
    }

    /// Which target has this name.
    pub fn gone(&self, name: &str) -> Option<TargetId> {
        self.names.get(name).copied()
    }

    /// Its way in.
    pub fn address(&self, id: TargetId) -> Option<&Address> {
        self.targets.get(id.0 as usize).map(|(_, address)| address)
    }
}
