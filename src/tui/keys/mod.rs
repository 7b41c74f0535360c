//! Keys: what a chord is, and which action it asks for in which place.

mod chord;
mod keymap;

pub use chord::{Chord, ChordError, macro_keys};
pub use keymap::{KeyError, Keymap, Overrides};
