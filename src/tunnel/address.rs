//! Addresses: how a person writes the way to an interpreter.
//!
//! ```text
//! target = hop ("/" hop)*
//! hop    = kind [":" rest] ["?" option ("&" option)*]
//! ```
//!
//! A hop whose text before `:` is no kind is ssh: `web1`, `ops@web1:2222`, `[::1]:22`. `local` alone is a kind. A rest or a
//! value that holds `/`, `,`, `?`, `&` or a blank stands in double quotes, in which `\"` and `\\` mean what they do in
//! C; an option's value that begins with `/`, `./` or `~/` is a path and goes on to the next `&`.

mod kinds;
mod nearest;
mod options;
mod parse;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

pub use nearest::nearest;
use thiserror::Error;

use crate::shell_words;

/// The way to an interpreter, from the outside in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// At least one.
    pub hops: Vec<Hop>,
}

/// One step of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// How it is taken.
    pub way: Way,
    /// What was asked for besides.
    pub options: Options,
}

/// How a step is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// A Python on this machine.
    Local {
        /// What to call it.
        name: Option<String>,
    },
    /// The system's ssh.
    Ssh {
        /// The user, in place of the configuration's.
        user: Option<String>,
        /// The host, or an alias of it.
        host: String,
        /// The port, in place of the configuration's. Never 0.
        port: Option<u16>,
    },
    /// Into a running container.
    Docker {
        /// Its name or id, or `project/service` of a composed one.
        container: String,
    },
    /// A throwaway container.
    DockerRun {
        /// Its image.
        image: String,
        /// What to call it.
        name: Option<String>,
        /// Whether it is removed at the end.
        rm: bool,
    },
    /// Into a running container of podman's.
    Podman {
        /// Its name or id.
        container: String,
    },
    /// Into a container of a Kubernetes pod, by `kubectl exec`.
    Kube(Pod),
    /// The Python of the machine one stands on, inside the namespaces of one of its processes.
    Nsenter(Inside),
    /// Another user of the same machine.
    Become {
        /// By which program.
        by: By,
        /// Which user; the superuser where none is named.
        user: Option<String>,
    },
    /// Any command that relays.
    Command {
        /// Its words.
        words: Vec<String>,
    },
    /// A TCP port where something relays to a Python.
    Tcp {
        /// A name or an IP address.
        host: String,
        /// Never 0.
        port: u16,
        /// How the connection is kept private; none: it is not.
        tls: Option<Tls>,
    },
    /// A socket of this machine where something relays to a Python.
    Unix {
        /// Its path.
        path: String,
    },
}

/// A Kubernetes pod, and where it is: what is not named is what kubectl takes by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// The context of the configuration.
    pub context: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub pod: String,
    /// Which of its containers.
    pub container: Option<String>,
}

/// Whose namespaces are entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inside {
    /// Those of the process with this number.
    Pid(u32),
    /// Those of a container's first process.
    Container {
        /// The command that knows it: `docker` or `podman`.
        engine: &'static str,
        /// Its name or id.
        name: String,
    },
}

/// The programs by which one becomes another user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// sudo
    Sudo,
    /// su
    Su,
    /// doas
    Doas,
}

/// How a TCP connection is kept private. The server's certificate is always verified.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// A file of authorities to trust, in place of the system's (PEM).
    pub ca: Option<PathBuf>,
    /// Our own certificate, and the file of its key (PEM).
    pub identity: Option<(PathBuf, PathBuf)>,
    /// The name that the certificate must have, in place of the host's.
    pub name: Option<String>,
}

/// What may be asked for at any hop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The interpreter, in place of looking for one.
    pub python: Option<String>,
    /// The key file for ssh.
    pub identity: Option<PathBuf>,
    /// More arguments for ssh.
    pub ssh_options: Vec<String>,
}

/// What is wrong with an address, or with a node set of them.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?}, at character {}: {why}", at + 1)]
pub struct AddressError {
    /// The address.
    pub text: String,
    /// Where, in characters from 0.
    pub at: usize,
    /// What, and what to do.
    pub why: String,
}

impl AddressError {
    /// `why` is wrong at this byte of the text.
    pub fn new(text: &str, byte: usize, why: impl Into<String>) -> Self {
        let before = text.get(..text.floor_char_boundary(byte)).unwrap_or(text);
        Self { text: text.to_owned(), at: before.chars().count(), why: why.into() }
    }
}

impl Hop {
    fn is_here(&self) -> bool {
        self.way == Way::Local { name: None }
    }

    /// A step with nothing asked for besides.
    pub fn to(way: Way) -> Self {
        Self { way, options: Options::default() }
    }
}

impl Address {
    /// The way to the machine from which the last hop is taken. None: that is this machine, and no agent is needed there.
    ///
    /// Another user, or the namespaces of a process, are reached from an agent: that of this machine where no other is
    /// named.
    pub fn outer(&self) -> Option<Self> {
        let (last, before) = self.hops.split_last()?;
        match before {
            [] if last.way.needs_agent() => Some(Self { hops: vec![Hop::to(Way::Local { name: None })] }),
            [] => None,
            // What an agent on this machine would start, this program starts itself.
            [local] if local.is_here() && !last.way.needs_agent() => None,
            _ => Some(Self { hops: before.to_vec() }),
        }
    }

    /// Whether it is that of this machine's own agent.
    pub fn is_here(&self) -> bool {
        matches!(&self.hops[..], [hop] if hop.is_here())
    }

    /// The hop that is taken from there.
    pub fn last(&self) -> Option<&Hop> {
        self.hops.last()
    }
}

impl Way {
    /// Whether only an agent can take it, since it needs a terminal of its own, or an interpreter.
    fn needs_agent(&self) -> bool {
        matches!(self, Self::Become { .. } | Self::Nsenter(_))
    }
}

impl By {
    /// The program's name, which is the kind's too.
    pub fn program(self) -> &'static str {
        match self {
            Self::Sudo => "sudo",
            Self::Su => "su",
            Self::Doas => "doas",
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        parse::address(text)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, hop) in self.hops.iter().enumerate() {
            if number > 0 {
                f.write_str("/")?;
            }
            hop.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut options = Vec::new();
        match &self.way {
            Way::Local { name: None } => f.write_str("local")?,
            Way::Local { name: Some(name) } => write!(f, "local:{}", quoted(name))?,
            Way::Ssh { user, host, port } => {
                // A checked user and host never need quotes.
                let bare = user.is_none() && parse::is_kind(host);
                f.write_str(if bare { "ssh:" } else { "" })?;
                if let Some(user) = user {
                    write!(f, "{user}@")?;
                }
                if host.contains(':') { write!(f, "[{host}]") } else { f.write_str(host) }?;
                if let Some(port) = port {
                    write!(f, ":{port}")?;
                }
            }
            Way::Docker { container } => write!(f, "docker:{}", quoted(container))?,
            Way::DockerRun { image, name, rm } => {
                write!(f, "docker-run:{}", quoted(image))?;
                options.extend(name.iter().map(|name| format!("name={}", quoted(name))));
                options.extend((!rm).then(|| "rm=false".to_owned()));
            }
            Way::Podman { container } => write!(f, "podman:{}", quoted(container))?,
            Way::Kube(pod) => options.extend(pod.write(f)?),
            Way::Nsenter(Inside::Pid(pid)) => write!(f, "nsenter:{pid}")?,
            Way::Nsenter(Inside::Container { engine, name }) => write!(f, "nsenter:{engine}:{name}")?,
            Way::Become { by, user: None } => f.write_str(by.program())?,
            Way::Become { by, user: Some(user) } => write!(f, "{}:{}", by.program(), quoted(user))?,
            Way::Command { words } => write!(f, "cmd:{}", always_quoted(&shell_words::join(words)))?,
            Way::Tcp { host, port, tls } => {
                let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
                write!(f, "tcp:{host}:{port}")?;
                options.extend(tls.iter().flat_map(Tls::options));
            }
            Way::Unix { path } => write!(f, "unix:{}", always_quoted(path))?,
        }
        let Options { python, identity, ssh_options } = &self.options;
        options.extend(python.iter().map(|python| format!("python={}", quoted(python))));
        options.extend(identity.iter().map(|path| format!("identity={}", quoted(&path.to_string_lossy()))));
        options.extend(ssh_options.iter().map(|option| format!("ssh_option={}", quoted(option))));
        if options.is_empty() { Ok(()) } else { write!(f, "?{}", options.join("&")) }
    }
}

impl Pod {
    /// Writes its places, as many as can be told apart, and gives back what is left for options.
    fn write(&self, f: &mut fmt::Formatter<'_>) -> Result<Vec<String>, fmt::Error> {
        let Self { context, namespace, pod, container } = self;
        let (before, apart) =
            if namespace.is_some() { (context.as_ref(), None) } else { (None, context.as_ref()) };
        let places: Vec<&str> =
            before.into_iter().chain(namespace).chain([pod]).map(String::as_str).collect();
        write!(f, "kube:{}", quoted(&places.join("/")))?;
        let option = |name: &str, value: &String| format!("{name}={}", quoted(value));
        let options = container.iter().map(|name| option("container", name));
        Ok(options.chain(apart.map(|name| option("context", name))).collect())
    }
}

impl Tls {
    fn options(&self) -> Vec<String> {
        let path = |name: &str, path: &PathBuf| format!("{name}={}", quoted(&path.to_string_lossy()));
        let mut options: Vec<_> = self.ca.iter().map(|ca| path("ca", ca)).collect();
        if let Some((cert, key)) = &self.identity {
            options.extend([path("cert", cert), path("key", key)]);
        }
        options.extend(self.name.iter().map(|name| format!("name={}", quoted(name))));
        if options.is_empty() { vec!["tls=true".to_owned()] } else { options }
    }
}

/// In double quotes where the grammar needs them: square brackets would be taken for a node set, and `.` or `~` with the
/// next hop's slash for a path.
fn quoted(text: &str) -> String {
    let special = |c: char| parse::needs_quotes(c) || matches!(c, '[' | ']' | '\\');
    let needs = text.is_empty() || text.contains(special) || matches!(text, "." | "~");
    if needs { always_quoted(text) } else { text.to_owned() }
}

fn always_quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
