//! What holds for the next run beside its code and its targets: with how much care it is begun.

use crate::engine::rollout::Steps;

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Care {
    /// A run on more hosts than this is asked about first; 0: never.
    pub confirm_over: usize,
    /// The steps that runs are cut into; none: all hosts at once.
    pub steps: Option<Steps>,
    /// When a module is saved that the last run used, it is run again.
    pub on_save: bool,
}
