//! With how much care runs are begun: what is protected, what is asked first, what is refused.

use std::collections::HashSet;

use crate::engine::code::Code;
use crate::engine::rollout::Steps;
use crate::engine::target::{Origin, Target, TargetId};
use crate::inventory::protected::Protected;

/// What holds for the runs to come.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools)] // each is a wish of its own
pub struct Care {
    /// A run on more hosts than this is asked about first; 0: never.
    pub confirm_over: usize,
    /// The steps that runs are cut into; none: all hosts at once.
    pub steps: Option<Steps>,
    /// Runs go under the guard rail.
    pub guard: bool,
    /// Nothing runs.
    pub read_only: bool,
    /// The patterns of protected targets.
    pub protected: Protected,
    /// The configuration could not be read: what it protects is not known, so every run is asked about.
    pub unsure: bool,
    /// The protected ones of those that are known: see [`Care::heed`].
    pub marked: HashSet<TargetId>,
    /// When a module is saved that the last run used, it is run again.
    pub on_save: bool,
}

/// A run that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// What it runs.
    pub code: Code,
    /// Where; of no account where it runs here.
    pub targets: Vec<TargetId>,
    /// In which steps.
    pub steps: Option<Steps>,
    /// Under the guard rail.
    pub guard: bool,
    /// On this machine, whose target the engine knows.
    pub here: bool,
}

/// What a run needs before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Nothing.
    Given,
    /// A person says yes.
    Yes,
    /// A person types how many protected targets it hits.
    Count(usize),
}

impl Care {
    /// Learns of a target.
    pub fn heed(&mut self, id: TargetId, target: &Target) {
        let alias_of = (target.origin == Origin::SshConfig).then_some(target.about.as_str());
        if self.protected.covers(&target.name, alias_of) {
            self.marked.insert(id);
        } else {
            self.marked.remove(&id);
        }
    }

    /// The protected ones of these.
    pub fn protected_of(&self, targets: &[TargetId]) -> Vec<TargetId> {
        if self.marked.is_empty() {
            return Vec::new();
        }
        targets.iter().copied().filter(|id| self.marked.contains(id)).collect()
    }

    /// What this run needs before it begins.
    pub fn consent(&self, intent: &Intent) -> Consent {
        let protected = self.hit_by(intent);
        let many = self.confirm_over > 0 && intent.targets.len() > self.confirm_over;
        // A script reaches hosts of its own, which nobody can count before it does.
        let reaches = intent.code.script().is_some() && !self.protected.is_empty();
        match protected {
            0 if many || reaches || self.unsure => Consent::Yes,
            0 => Consent::Given,
            count => Consent::Count(count),
        }
    }

    /// How many protected targets a run hits.
    pub fn hit_by(&self, intent: &Intent) -> usize {
        if intent.here {
            return usize::from(self.protected.covers("local", None));
        }
        self.protected_of(&intent.targets).len()
    }
}
