//! The words that take a hop, on whichever machine they are run.

use crate::tunnel::Start;
use crate::tunnel::address::{Hop, Way};
use crate::tunnel::interpreter::{self, find_and_start};
use crate::tunnel::{command, docker_command, kubectl, ssh, user};

/// A program to run, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Whether it needs a terminal of its own, on which it may ask.
    pub terminal: bool,
}

/// The words for this hop.
pub fn of(hop: &Hop, start: Start<'_>) -> Words {
    let python = start.python(hop);
    let find = || find_and_start(python, start.stage0);
    // Into a container a person's own interpreter is started as it is: there may be no shell.
    let contained = || match python {
        Some(python) => interpreter::start(python, start.stage0),
        None => find(),
    };
    let (argv, terminal) = match &hop.way {
        // A socket is opened, not run; the grammar has it as the first hop only.
        Way::Local { .. } | Way::Tcp { .. } | Way::Unix { .. } | Way::Nsenter(_) => (find(), false),
        Way::Ssh { user, host, port } => {
            let to = ssh::To { user: user.as_deref(), host, port: *port };
            (ssh::argv(&to, &hop.options, &[], python, start, ssh::Asks::Terminal), true)
        }
        Way::Docker { container } => (docker_command::exec("docker", container, &contained()), false),
        Way::Podman { container } => (docker_command::exec("podman", container, &contained()), false),
        Way::DockerRun { image, name, rm } => {
            (docker_command::run(image, name.as_deref(), *rm, &contained()), false)
        }
        Way::Kube(pod) => (kubectl::argv(pod, &contained()), false),
        Way::Become { by, user } => (user::argv(*by, user.as_deref(), &find()), true),
        Way::Command { words } => (command::argv(words, python, start.stage0), false),
    };
    Words { argv, terminal }
}
