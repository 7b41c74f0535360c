//! Where names come from: what a person types, the aliases of the ssh configuration, running containers.

pub mod docker;
pub mod nodeset;
pub mod protected;
pub mod ssh_config;

use std::path::PathBuf;

use tokio::sync::mpsc;

use crate::engine::target::{Kind, Origin};
use crate::inventory::ssh_config::Alias;
use crate::tunnel::address::{Address, By, Hop, Way};

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
    /// A target on the way to another.
    pub fn on_the_way(address: Address) -> Self {
        Self {
            name: address.to_string(),
            kind: kind(&address),
            address,
            origin: Origin::Hop,
            about: String::new(),
        }
    }

    /// The target at this address, called as it is written.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the address.
    pub fn at(text: &str, origin: Origin) -> Result<Self, String> {
        let address: Address = text.parse().map_err(|error| format!("{error}"))?;
        let kind = kind(&address);
        Ok(Self { name: text.to_owned(), address, kind, origin, about: String::new() })
    }

    /// An alias of the ssh configuration, called as it would be typed here. None: no host can be called so.
    fn alias(alias: &Alias) -> Option<Self> {
        let way = Way::Ssh { user: None, host: alias.name.clone(), port: None };
        let address = Address { hops: vec![Hop::to(way)] };
        let name = address.to_string();
        (name.parse().as_ref() == Ok(&address)).then(|| Self {
            name,
            address,
            kind: Kind::Ssh,
            origin: Origin::SshConfig,
            about: alias.host.clone().unwrap_or_default(),
        })
    }
}

fn kind(address: &Address) -> Kind {
    match address.hops.last().map(|hop| &hop.way) {
        Some(Way::Local { .. }) => Kind::Local,
        Some(Way::Docker { .. }) => Kind::Docker,
        Some(Way::DockerRun { .. }) => Kind::DockerRun,
        Some(Way::Podman { .. }) => Kind::Podman,
        Some(Way::Kube(_)) => Kind::Kube,
        Some(Way::Nsenter(_)) => Kind::Nsenter,
        Some(Way::Become { by: By::Sudo, .. }) => Kind::Sudo,
        Some(Way::Become { by: By::Su, .. }) => Kind::Su,
        Some(Way::Become { by: By::Doas, .. }) => Kind::Doas,
        Some(Way::Command { .. }) => Kind::Command,
        Some(Way::Tcp { .. }) => Kind::Tcp,
        Some(Way::Unix { .. }) => Kind::Unix,
        Some(Way::Ssh { .. }) | None => Kind::Ssh,
    }
}

/// Looks once in every source that is asked for.
pub async fn now(discover: &Discover) -> Vec<Change> {
    let ssh = async {
        match discover.ssh.clone() {
            Some(path) => list_aliases(path).await,
            None => Vec::new(),
        }
    };
    let docker = async { if discover.docker { docker::now().await } else { Vec::new() } };
    let (mut found, containers) = tokio::join!(ssh, docker);
    found.extend(containers);
    found
}

/// Looks in every source that is asked for, now and as long as the receiver lives. Needs a tokio runtime.
pub fn watch(discover: &Discover) -> mpsc::Receiver<Change> {
    let (changes, receiver) = mpsc::channel(CHANGES);
    if let Some(path) = discover.ssh.clone() {
        let changes = changes.clone();
        tokio::spawn(async move {
            for change in list_aliases(path).await {
                if changes.send(change).await.is_err() {
                    return;
                }
            }
        });
    }
    if discover.docker {
        tokio::spawn(docker::watch(changes));
    }
    receiver
}

async fn list_aliases(path: PathBuf) -> Vec<Change> {
    let read = tokio::task::spawn_blocking(move || ssh_config::aliases(&path)).await;
    let (aliases, notices) = read.unwrap_or_default();
    let found = aliases.iter().map(|alias| match Found::alias(alias) {
        Some(found) => Change::Found(found),
        None => {
            Change::Notice(format!("the ssh alias {:?} is no name of a host, and is left out", alias.name))
        }
    });
    notices.into_iter().map(Change::Notice).chain(found).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_becomes_targets() {
        let found = named("ops@web[1-2]:22,docker:cache,local").unwrap();
        let seen: Vec<_> = found.iter().map(|found| (found.name.as_str(), found.kind)).collect();
        let expected = [
            ("ops@web1:22", Kind::Ssh),
            ("ops@web2:22", Kind::Ssh),
            ("docker:cache", Kind::Docker),
            ("local", Kind::Local),
        ];
        assert_eq!(seen, expected);
        assert!(named("").unwrap_err().contains("missing"));
        assert!(named("web[1-2]?prot=1").unwrap_err().contains("did you mean port"));
    }

    #[test]
    fn an_alias_is_named_as_it_would_be_typed() {
        let name = |alias: &str| {
            let alias = Alias { name: alias.to_owned(), host: Some("10.0.0.1".to_owned()) };
            Found::alias(&alias).map(|found| (found.name, found.about))
        };
        let at = |name: &str| Some((name.to_owned(), "10.0.0.1".to_owned()));
        assert_eq!(name("web1"), at("web1"));
        assert_eq!(name("local"), at("ssh:local"), "this machine has that name already");
        for odd in ["a b", "a/b", "a,b", "web:1", "-x", "$(x)"] {
            assert_eq!(name(odd), None, "{odd}");
        }
    }

    #[tokio::test]
    async fn aliases_are_found_and_the_watch_ends_when_that_was_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        std::fs::write(&path, "Host web1 a/b\n").unwrap();
        let mut changes = watch(&Discover { ssh: Some(path), docker: false });
        assert!(matches!(changes.recv().await, Some(Change::Found(found)) if found.name == "web1"));
        assert!(matches!(changes.recv().await, Some(Change::Notice(text)) if text.contains("a/b")));
        assert_eq!(changes.recv().await, None);
    }
}
