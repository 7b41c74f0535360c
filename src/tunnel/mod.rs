//! Tunnels: how to reach an interpreter. Each turns one hop of an address into three byte pipes.
//!
//! # Writing a tunnel
//!
//! A tunnel is one small file. Most are an argument vector and no more: a function that gives the words of a program
//! which relays its standard input and output to the words of an interpreter, such as [`kubectl::argv`]. To add one:
//!
//! 1. the file, with that function and a test of its words;
//! 2. a variant of [`address::Way`], a line in `address::parse` that reads it, one in its `Display`, and the names of
//!    its options in `address::options`;
//! 3. an arm in [`words::of`], which is how an agent on another machine takes the hop, and how this program does where
//!    [`open`] has no better way.
//!
//! The words are run as they are, without a shell. A program that asks for a password does so on a terminal of its own
//! ([`words::Words::terminal`]), so that standard input belongs to the interpreter from the first byte.
//! `tests/tunnel.rs` writes one, and opens a link over it. A command that nobody wrote a tunnel for is a target all the same: [`command`].

pub mod address;
pub mod askpass;
pub mod command;
pub mod diagnose;
pub mod docker;
pub mod docker_command;
pub mod docker_engine;
pub mod failure;
pub mod host_key;
pub mod interpreter;
pub mod kubectl;
pub mod local;
pub mod nsenter;
pub mod pipes;
pub mod prompt;
pub mod relay;
pub mod secret;
pub mod socket;
pub mod ssh;
pub mod tls;
pub mod user;
pub mod words;

use std::ffi::OsString;
use std::time::Duration;

pub use failure::{Failure, Stage};

use crate::tunnel::address::{Hop, Way};
use crate::tunnel::pipes::Pipes;
use crate::tunnel::prompt::Asker;

/// What tunnels use where an address says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Defaults {
    /// The interpreter, in place of looking for one.
    pub python: Option<String>,
    /// More arguments for ssh.
    pub ssh_options: Vec<String>,
}

/// What a hop is opened with.
#[derive(Debug, Clone, Copy)]
pub struct Start<'a> {
    /// What the tunnels use where the address says nothing.
    pub defaults: &'a Defaults,
    /// What the interpreter is to run.
    pub stage0: &'a str,
    /// What the whole may take; tunnels that have a time limit of their own are given it.
    pub limit: Duration,
    /// Who answers questions; none: nobody does.
    pub asker: Option<&'a Asker>,
}

impl Start<'_> {
    fn python<'h>(&'h self, hop: &'h Hop) -> Option<&'h str> {
        hop.options.python.as_deref().or(self.defaults.python.as_deref())
    }
}

/// Takes a hop from this machine.
///
/// # Errors
/// The tunnel could not be started. Most failures show only later, when the pipes end.
pub async fn open(hop: &Hop, start: Start<'_>) -> Result<Pipes, Failure> {
    let python = start.python(hop);
    match &hop.way {
        Way::Local { .. } => local::open(python, start.stage0),
        Way::Docker { container } => docker::exec(container, python, start.stage0).await,
        Way::DockerRun { image, name, rm } => {
            docker::run(image, name.as_deref(), *rm, python, start.stage0).await
        }
        Way::Ssh { user, host, port } => {
            let to = ssh::To { user: user.as_deref(), host, port: *port };
            let helper = start.asker.and_then(|asker| Some((asker.helper.as_ref()?, asker.link)));
            let asks = if helper.is_some() { ssh::Asks::Helper } else { ssh::Asks::Nobody };
            let argv = ssh::argv(&to, &hop.options, &start.defaults.ssh_options, python, start, asks);
            spawn(&argv, &helper.map(|(helper, link)| askpass::environment(helper, link)).unwrap_or_default())
        }
        Way::Tcp { host, port, tls } => socket::tcp(host, *port, tls.as_ref(), start.limit).await,
        Way::Unix { path } => socket::unix(path).await,
        _ => spawn(&words::of(hop, start).argv, &[]),
    }
}

/// Starts a program of this machine that relays, or says why it cannot be started.
fn spawn(argv: &[String], environment: &[(&str, OsString)]) -> Result<Pipes, Failure> {
    Pipes::spawn(argv, environment).map_err(|error| {
        let program = argv.first().map_or("", String::as_str);
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => format!("there is no program {program} on this machine"),
            _ => format!("{program} could not be started on this machine: {error}"),
        };
        Failure { stage: Stage::Start, why, said: String::new() }
    })
}
