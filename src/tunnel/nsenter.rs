//! This machine's Python inside the namespaces of another process: for containers that have neither Python nor shell.
//!
//! Nothing of the container is loaded or executed: see `agent/enter.py`, which is sent before the agent, and which stage
//! 0 tells whose namespaces are meant. The words that start it are those that start any interpreter.

use crate::tunnel::address::Inside;

/// Whose namespaces, as `agent/enter.py` reads it: a process by its number, or `docker:NAME`.
pub fn target(inside: &Inside) -> String {
    match inside {
        Inside::Pid(pid) => pid.to_string(),
        Inside::Container { engine, name } => format!("{engine}:{name}"),
    }
}
