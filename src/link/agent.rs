//! What an agent says of itself.

use serde::Serialize;

/// What the agent says of itself in its hello. All text comes from the far side: draw it through the renderer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AgentInfo {
    /// (major, minor, micro)
    pub python: (u8, u8, u8),
    /// `CPython`, `PyPy`
    pub implementation: String,
    /// Path of the interpreter.
    pub executable: String,
    /// Process id over there.
    pub pid: u32,
    /// Its own host name.
    pub host: String,
    /// The user it runs as, a number where there is no name.
    pub user: String,
    /// `linux`
    pub platform: String,
}
