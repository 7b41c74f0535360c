//! Ways in, in words.

use crate::engine::target::Kind;

/// How a target of this kind is reached.
pub fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::Local => "a Python on this machine",
        Kind::Ssh => "the system's ssh",
        Kind::Docker => "exec into a running container",
        Kind::DockerRun => "a throwaway container",
        Kind::Podman => "exec into a running container of podman's",
        Kind::Kube => "kubectl exec into a pod",
        Kind::Nsenter => "its machine's Python, inside the namespaces of a process",
        Kind::Sudo => "another user, by sudo",
        Kind::Su => "another user, by su",
        Kind::Doas => "another user, by doas",
        Kind::Command => "a command that relays",
        Kind::Tcp => "a TCP port",
        Kind::Unix => "a socket of this machine",
    }
}
