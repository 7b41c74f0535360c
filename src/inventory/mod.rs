//! Where names come from: what a person types, the aliases of the ssh configuration, running containers.

pub mod docker;
pub mod nodeset;
pub mod ssh_config;

use std::path::PathBuf;

use tokio::sync::mpsc;

use crate::engine::target::{Kind, Origin};
use crate::tunnel::address::{Address, Hop, Way};

/// Changes that may wait to be heard.
const CHANGES: usize = 256;

/// A target, as a source knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What to call it. The same name is the same target.
    pub name: String,
    /// The way in.
    pub address: Address,
    /// The kind of its last hop.
    pub kind: Kind,
    /// Which source.
    pub origin: Origin,
    /// One line more about it; may be empty.
    pub about: String,
}

/// Where targets are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discover {
    /// The ssh configuration whose aliases are listed.
    pub ssh: Option<PathBuf>,
    /// Whether running containers of the current Docker context are listed, and kept up to date.
    pub docker: bool,
}

/// What a source has found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A target is there.
    Found(Found),
    /// The target of this name is gone.
    Gone {
        /// Its name.
        name: String,
    },
    /// Something that a person should know, in a sentence.
    Notice(String),
}

/// The targets that a text stands for: node sets are written out, and each name is read as an address.
///
/// # Errors
/// A sentence that says what is wrong with which name.
pub fn named(text: &str) -> Result<Vec<Found>, String> {
    let names = nodeset::expand(text).map_err(|error| error.to_string())?;
    names.into_iter().map(|name| Found::at(&name, Origin::Named)).collect()
}

/// This machine, which is always there.
pub fn this_machine() -> Found {
    let address = Address { hops: vec![Hop::to(Way::Local { name: None })] };
    let about = "this machine".to_owned();
    Found { name: "local".to_owned(), address, kind: Kind::Local, origin: Origin::BuiltIn, about }
}

impl Found {
    /// The target at this address, called as it is written.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the address.
    pub fn at(text: &str, origin: Origin) -> Result<Self, String> {
        let address: Address = text.parse().map_err(|error| format!("{error}"))?;
        let kind = kind(&address);
        Ok(Self { name: text.to_owned(), address, kind, origin, about: String::new() })
    }
}

fn kind(address: &Address) -> Kind {
    match address.hops.last().map(|hop| &hop.way) {
        Some(Way::Local { .. }) => Kind::Local,
        Some(Way::Docker { .. }) => Kind::Docker,
        Some(Way::DockerRun { .. }) => Kind::DockerRun,
        Some(Way::Command { .. }) => Kind::Command,
        Some(Way::Ssh { .. }) | None => Kind::Ssh,
    }
}

/// Looks in every source that is asked for, now and as long as the receiver lives. Needs a tokio runtime.
pub fn watch(discover: &Discover) -> mpsc::Receiver<Change> {
    let (changes, receiver) = mpsc::channel(CHANGES);
    if let Some(path) = discover.ssh.clone() {
        tokio::spawn(list_aliases(path, changes.clone()));
    }
    if discover.docker {
        tokio::spawn(docker::watch(changes));
    }
    receiver
}

async fn list_aliases(path: PathBuf, changes: mpsc::Sender<Change>) {
    let Ok((aliases, notices)) = tokio::task::spawn_blocking(move || ssh_config::aliases(&path)).await else {
        return;
    };
    for notice in notices {
        let _ = changes.send(Change::Notice(notice)).await;
    }
    for alias in aliases {
        let way = Way::Ssh { user: None, host: alias.name.clone(), port: None };
        let address = Address { hops: vec![Hop::to(way)] };
        let about = alias.host.unwrap_or_default();
        let found = Found { name: alias.name, address, kind: Kind::Ssh, origin: Origin::SshConfig, about };
        if changes.send(Change::Found(found)).await.is_err() {
            return;
        }
    }
}
