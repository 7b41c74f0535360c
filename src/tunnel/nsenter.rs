//! This machine's Python inside the namespaces of another process: for containers that have neither Python nor shell.
//!
//! Nothing of the container is loaded or executed: see `agent/enter.py`, which is sent before the agent.

use crate::tunnel::address::Inside;
use crate::tunnel::interpreter;

/// The words that start it.
pub fn argv(inside: &Inside, python: Option<&str>, stage0: &str) -> Vec<String> {
    let target = match inside {
        Inside::Pid(pid) => pid.to_string(),
        Inside::Container { engine, name } => format!("{engine}:{name}"),
    };
    // A checked name, and a number, need no quoting.
    interpreter::find_and_start(python, &format!("target=\"{target}\";{stage0}"))
}
