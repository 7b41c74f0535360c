//! Tunnels: how to reach an interpreter. Each turns one hop of an address into three byte pipes.
//!
//! # Writing a tunnel
//!
//! A tunnel is one small file with one function that takes what the address says and the text of stage 0, and gives
//! [`pipes::Pipes`] on whose far end an interpreter runs that text, or a [`Failure`] with the stage it came to.
//! Most are an argument vector and no more: see [`ssh`]. A way in of another kind gets a variant of
//! [`address::Way`] and an arm in [`open`].

pub mod address;
pub mod command;
pub mod diagnose;
pub mod docker;
pub mod docker_engine;
pub mod failure;
pub mod interpreter;
pub mod local;
pub mod pipes;
pub mod ssh;

use std::time::Duration;

pub use failure::{Failure, Stage};

use crate::tunnel::address::{Address, Way};
use crate::tunnel::pipes::Pipes;

/// What tunnels use where an address says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Defaults {
    /// The interpreter, in place of looking for one.
    pub python: Option<String>,
    /// More arguments for ssh.
    pub ssh_options: Vec<String>,
}

/// Opens the way to an interpreter that runs `stage0`. `limit` is what the whole may take; tunnels that have a time
/// limit of their own are given it.
///
/// # Errors
/// The tunnel could not be started. Most failures show only later, when the pipes end.
pub async fn open(
    address: &Address,
    defaults: &Defaults,
    stage0: &str,
    limit: Duration,
) -> Result<Pipes, Failure> {
    let [hop] = address.hops.as_slice() else {
        return Err(Failure {
            stage: Stage::Start,
            why: "chains of hops (a/b) are not there yet; a / that belongs to a name stands in double quotes, as in \
                  docker-run:\"library/python\""
                .to_owned(),
            said: String::new(),
        });
    };
    let python = hop.options.python.as_deref().or(defaults.python.as_deref());
    match &hop.way {
        Way::Local { .. } => local::open(python, stage0),
        Way::Ssh { user, host, port } => {
            let to = ssh::To { user: user.as_deref(), host, port: *port };
            spawn(&ssh::argv(&to, &hop.options, defaults, python, stage0, limit))
        }
        Way::Docker { container } => docker::exec(container, python, stage0).await,
        Way::DockerRun { image, name, rm } => docker::run(image, name.as_deref(), *rm, python, stage0).await,
        Way::Command { words } => command::open(words, python, stage0),
    }
}

/// Starts a program of this machine that relays, or says why it cannot be started.
fn spawn(argv: &[String]) -> Result<Pipes, Failure> {
    Pipes::spawn(argv).map_err(|error| {
        let program = argv.first().map_or("", String::as_str);
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => format!("there is no program {program} on this machine"),
            _ => format!("{program} could not be started on this machine: {error}"),
        };
        Failure { stage: Stage::Start, why, said: String::new() }
    })
}
