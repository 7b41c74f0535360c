//! The symbolic pickle decoder: a pickle becomes a [`Value`], and nothing is imported, called or constructed.
//!
//! Protocols 2 to 5, as the C picklers of Python 2.7 and 3 write them. A loop without recursion; nothing is allocated
//! because a length says so; what a few bytes could blow up is capped ([`Caps`]). Shared references and cycles stay.
//!
//! **Reductions** whose meaning is certain become plain nodes: `set`, `frozenset`, `bytearray`, `bytes`,
//! `_codecs.encode`, `type(None)`, `copyreg._reconstructor`, `copyreg.__newobj__`. Instances that the versions pickle
//! differently (paths, Fractions, 2.7's dates, deques and `OrderedDict`) take one form. Names of Python 2.7 (`__builtin__`, `exceptions`, `copy_reg`, and `unicode`, `long`, `xrange`) become those of Python 3. A str
//! of 2.7 is a str where it is UTF-8, else a bytes.
//!
//! **What the agent tells** by its reducer, as calls of globals of the module `hailer`:
//!
//! | global | arguments | and then | stands for |
//! | --- | --- | --- | --- |
//! | `_opaque` | module, type, repr | | what cannot be pickled |
//! | `_dataclass` | module, qualified name | a state: dict of its fields in order | a dataclass |
//! | `_named` | module, qualified name, tuple of field names | its values, appended | a named tuple |
//! | `_enum` | module, qualified name, member's name, value | | a member of an enum |
//!
//! State and appended values, not arguments, so that cycles through an instance can be pickled.

mod forms;
mod leaf;
mod machine;
mod reader;
mod reduce;

use thiserror::Error;

use super::value::Value;

/// What a pickle may cost. The defaults take any answer that a person would want to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Length of the pickle in bytes. 256 MiB.
    pub bytes: usize,
    /// Nodes of the value. 16 million.
    pub nodes: usize,
    /// Memo entries. 16 million.
    pub memo: usize,
    /// Values and marks that wait on the stack. 4 million.
    pub stack: usize,
    /// Bytes and references that reductions copy (`set([…])` copies the list's). 256 million.
    pub copies: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self { bytes: 256 << 20, nodes: 16 << 20, memo: 16 << 20, stack: 4 << 20, copies: 256 << 20 }
    }
}

/// Why some bytes are no pickle that we take: where, and what was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("bad pickle at byte {offset}: {what}")]
pub struct PickleError {
    /// Offset of the operation in the pickle.
    pub offset: usize,
    /// A sentence without its full stop.
    pub what: String,
}

/// Decodes one whole pickle.
///
/// # Errors
/// A [`PickleError`] for anything that is not exactly one pickle of protocol 2 to 5 within `caps`.
pub fn decode(bytes: &[u8], caps: &Caps) -> Result<Value, PickleError> {
    machine::Machine::new(bytes, *caps).run()
}

#[cfg(test)]
mod tests;
