//! Addresses: how a person writes the way to an interpreter.
//!
//! ```text
//! target = hop ("/" hop)*
//! hop    = kind [":" rest] ["?" option ("&" option)*]
//! ```
//!
//! A hop whose text before `:` is no kind is ssh: `web1`, `ops@web1:2222`, `[::1]:22`. `local` alone is a kind. A rest or a
//! value that holds `/`, `,`, `?`, `&` or a blank stands in double quotes, in which `\"` and `\\` mean what they do in
//! C; an option's value that begins with `/` is a path and goes on to the next `&`.

mod parse;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

pub use parse::nearest;
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
        /// The port, in place of the configuration's.
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

/// What is wrong with an address.
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
                let bare =
                    parse::KINDS.contains(&host.as_str()) || user.is_none() && host.contains(['/', ' ']);
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
            Way::Command { words } => write!(f, "cmd:{}", always_quoted(&joined(words)))?,
        }
        let Options { python, identity, ssh_options } = &self.options;
        options.extend(python.iter().map(|python| format!("python={}", quoted(python))));
        options.extend(identity.iter().map(|path| format!("identity={}", quoted(&path.to_string_lossy()))));
        options.extend(ssh_options.iter().map(|option| format!("ssh_option={}", quoted(option))));
        if options.is_empty() { Ok(()) } else { write!(f, "?{}", options.join("&")) }
    }
}

/// In double quotes where the grammar needs them.
fn quoted(text: &str) -> String {
    let special = |c: char| c.is_whitespace() || "/,?&\"\\[]".contains(c);
    if text.is_empty() || text.contains(special) { always_quoted(text) } else { text.to_owned() }
}

fn always_quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Words as one line that is split into the same words again.
fn joined(words: &[String]) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:@%+,{}".contains(c);
    let quote = |word: &String| {
        if !word.is_empty() && word.chars().all(plain) {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', "'\\''"))
        }
    };
    words.iter().map(quote).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(text: &str) -> Hop {
        let mut hops = text.parse::<Address>().expect(text).hops;
        assert_eq!(hops.len(), 1, "{text}");
        hops.remove(0)
    }

    fn refused(text: &str) -> String {
        text.parse::<Address>().expect_err(text).to_string()
    }

    fn ssh(user: Option<&str>, host: &str, port: Option<u16>) -> Way {
        Way::Ssh { user: user.map(str::to_owned), host: host.to_owned(), port }
    }

    #[test]
    fn a_word_that_is_no_kind_is_ssh() {
        assert_eq!(parsed("web1").way, ssh(None, "web1", None));
        assert_eq!(parsed("ops@web1:2222").way, ssh(Some("ops"), "web1", Some(2222)));
        assert_eq!(parsed("ssh:local").way, ssh(None, "local", None));
        assert_eq!(parsed("[::1]:22").way, ssh(None, "::1", Some(22)));
        assert_eq!(parsed("local").way, Way::Local { name: None });
    }

    #[test]
    fn quotes_and_options() {
        let hop = parsed(r#"docker-run:"library/python:3.12"?name=w1&rm=false&python=/opt/py/bin/python3"#);
        let image = "library/python:3.12".to_owned();
        assert_eq!(hop.way, Way::DockerRun { image, name: Some("w1".into()), rm: false });
        assert_eq!(hop.options.python.as_deref(), Some("/opt/py/bin/python3"));
        let words = parsed(r#"cmd:"env 'A=x y' python3 \"q\"""#).way;
        assert_eq!(
            words,
            Way::Command { words: ["env", "A=x y", "python3", "q"].map(str::to_owned).to_vec() }
        );
    }

    #[test]
    fn a_chain_reads_from_the_outside_in() {
        let chain: Address = "bastion?python=py3/web1/docker:app".parse().unwrap();
        assert_eq!(chain.hops.len(), 3);
        assert_eq!(chain.hops[1].way, ssh(None, "web1", None));
    }

    #[test]
    fn what_is_wrong_is_said_with_what_to_do() {
        assert!(refused("web1?pyton=x").contains("did you mean python"), "{}", refused("web1?pyton=x"));
        assert!(refused("-oProxyCommand=x").contains("begins with -"));
        assert!(refused("web1:70000").contains("port"));
        assert!(refused("sudo").contains("not there yet"));
        assert!(refused("cmd:\"a").contains("closing quote"));
        assert!(refused("").contains("empty"));
        assert!(refused("a//b").contains("empty"));
        assert!(refused("web\u{7}").contains("control"));
        assert!(refused("docker:").contains("docker:NAME"));
        assert!(refused("web1?rm=maybe").contains("rm"));
    }

    fn hop() -> impl Strategy<Value = Hop> {
        let word = "[a-z][a-z0-9.]{0,8}";
        let text = "[ -~]{1,12}";
        let way =
            prop_oneof![
                proptest::option::of(text).prop_map(|name| Way::Local { name }),
                (proptest::option::of(word), word, proptest::option::of(1_u16..))
                    .prop_map(|(user, host, port)| Way::Ssh { user, host, port }),
                text.prop_map(|container| Way::Docker { container }),
                (text, proptest::option::of(text), any::<bool>())
                    .prop_map(|(image, name, rm)| Way::DockerRun { image, name, rm }),
                proptest::collection::vec(text, 1..4).prop_map(|words| Way::Command { words }),
            ];
        (way, proptest::option::of(text), proptest::collection::vec(text, 0..3)).prop_map(
            |(way, python, ssh_options)| Hop {
                way,
                options: Options { python, identity: None, ssh_options },
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(hops in proptest::collection::vec(hop(), 1..4)) {
            let address = Address { hops };
            let text = address.to_string();
            prop_assert_eq!(text.parse::<Address>(), Ok(address), "{}", text);
        }

        #[test]
        fn nothing_that_is_typed_panics(text in "\\PC{0,40}") {
            let _ = text.parse::<Address>();
        }
    }
}
