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

mod nearest;
mod options;
mod parse;
#[cfg(test)]
mod tests;
mod words;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

pub use nearest::nearest;
use thiserror::Error;

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
    /// Any command that relays.
    Command {
        /// Its words.
        words: Vec<String>,
    },
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
    /// A step with nothing asked for besides.
    pub fn to(way: Way) -> Self {
        Self { way, options: Options::default() }
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
            Way::Command { words } => write!(f, "cmd:{}", always_quoted(&words::join(words)))?,
        }
        let Options { python, identity, ssh_options } = &self.options;
        options.extend(python.iter().map(|python| format!("python={}", quoted(python))));
        options.extend(identity.iter().map(|path| format!("identity={}", quoted(&path.to_string_lossy()))));
        options.extend(ssh_options.iter().map(|option| format!("ssh_option={}", quoted(option))));
        if options.is_empty() { Ok(()) } else { write!(f, "?{}", options.join("&")) }
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
