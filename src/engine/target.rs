//! What a run can be aimed at: a target, its way in, the state of its link.

use std::fmt;

use serde::Serialize;

use crate::engine::event::Millis;
pub use crate::link::agent::AgentInfo;
use crate::tunnel::Failure;

/// Ours, sequential, never used twice. Names are attributes, and may come again for another target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct TargetId(pub u32);

/// One thing that a Python can be reached on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Target {
    /// Its number.
    pub id: TargetId,
    /// What people call it, as typed or found: `web1`, `docker:cache`.
    pub name: String,
    /// The way in.
    pub kind: Kind,
    /// Where the name came from.
    pub origin: Origin,
    /// One line more about it: a container's image, a host's address. May be empty.
    pub about: String,
    /// The target through which it is reached, if there is one.
    pub through: Option<TargetId>,
}

/// The kind of the last hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A Python on this machine.
    Local,
    /// The system's ssh.
    Ssh,
    /// Exec into a running container.
    Docker,
    /// A throwaway container.
    DockerRun,
    /// Exec into a running container of podman's.
    Podman,
    /// `kubectl exec`
    Kube,
    /// Inside the namespaces of a process.
    Nsenter,
    /// Another user, by sudo.
    Sudo,
    /// Another user, by su.
    Su,
    /// Another user, by doas.
    Doas,
    /// Any command that relays.
    Command,
    /// A TCP port.
    Tcp,
    /// A socket of this machine.
    Unix,
}

/// Where a target's name came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Always there.
    BuiltIn,
    /// Named on the command line or typed.
    Named,
    /// A literal alias of an ssh configuration.
    SshConfig,
    /// A running container of the current Docker context.
    Docker,
    /// On the way to another one that was named.
    Hop,
    /// Opened by code on a host.
    Code,
}

/// The state of a target's link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum LinkState {
    /// Known, nobody asked for it yet.
    Idle,
    /// Waits for its turn to connect.
    Queued,
    /// The way in is being opened.
    Connecting,
    /// An interpreter answered; the agent is being sent.
    Booting,
    /// Ready for calls.
    Ready(AgentInfo),
    /// Could not be reached.
    Unreachable(Failure),
    /// Was ready; the link ended.
    Lost {
        /// Why, in a sentence.
        why: String,
    },
    /// It was up and was lost; it is tried again.
    Retrying {
        /// Why it is not up, in a sentence.
        why: String,
        /// When it is tried next.
        at: Millis,
    },
    /// Closed because it was asked for.
    Closed,
}

impl fmt::Display for TargetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}
