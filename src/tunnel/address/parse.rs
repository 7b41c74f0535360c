//! From text to [`Address`].

use std::net::Ipv6Addr;

use super::{Address, AddressError, By, Hop, Inside, Options, Pod, Way};
use crate::shell_words;

pub(super) type Result<T> = std::result::Result<T, AddressError>;

/// The kinds. A host that is called like one is `ssh:NAME`.
const KINDS: &[&str] = &[
    "local",
    "ssh",
    "docker",
    "docker-run",
    "podman",
    "kube",
    "nsenter",
    "sudo",
    "su",
    "doas",
    "cmd",
    "tcp",
    "unix",
];

/// Those that need nothing after them.
const ALONE: &[&str] = &["local", "sudo", "su", "doas"];

/// What is wrong with a container's name.
pub(super) const NO_CONTAINER_NAME: &str =
    "a container's name is letters, digits, `_`, `.` and `-`, the first a letter or digit";

/// Characters that ssh itself refuses in a host or user, and those that mean something in a target.
const NOT_IN_HOSTS: &str = "'`\"$\\;&<>|(){}[]*!?,/@=#%~^";

/// Whether a rest or value that holds this stands in quotes.
pub(super) fn needs_quotes(char: char) -> bool {
    matches!(char, '/' | ',' | '?' | '&' | '"') || char.is_whitespace()
}

/// Whether a word is the name of a kind.
pub(super) fn is_kind(word: &str) -> bool {
    KINDS.contains(&word)
}

/// Reads one target. Node sets are not expanded here.
pub(super) fn address(text: &str) -> Result<Address> {
    let mut parser = Parser { text, at: 0 };
    if let Some((at, char)) = text.char_indices().find(|(_, char)| char.is_control()) {
        return Err(parser.wrong(at, format!("the control character {char:?} cannot be in a target")));
    }
    let mut hops = Vec::new();
    loop {
        parser.hop(&mut hops)?;
        if !parser.take('/') {
            return Ok(Address { hops });
        }
    }
}

pub(super) struct Parser<'a> {
    text: &'a str,
    /// The byte offset of what is read next.
    pub(super) at: usize,
}

/// A piece of the text, unquoted, and where it began.
pub(super) struct Piece {
    pub(super) at: usize,
    pub(super) text: String,
}

impl<'a> Parser<'a> {
    pub(super) fn wrong(&self, at: usize, why: impl Into<String>) -> AddressError {
        AddressError::new(self.text, at, why)
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub(super) fn take(&mut self, char: char) -> bool {
        let there = self.rest().starts_with(char);
        self.at += if there { char.len_utf8() } else { 0 };
        there
    }

    /// Up to one of these characters, or the end.
    pub(super) fn until(&mut self, stops: &[char]) -> &'a str {
        let rest = self.rest();
        let read = rest.find(stops).map_or(rest, |end| rest.split_at(end).0);
        self.at += read.len();
        read
    }

    /// Reads one hop, or two: `web1?sudo` is `web1/sudo`.
    fn hop(&mut self, hops: &mut Vec<Hop>) -> Result<()> {
        let start = self.at;
        let mut way = self.way()?;
        self.check_place(&way, hops.len(), start)?;
        let mut options = Options::default();
        let mut then = None;
        if self.take('?') {
            then = self.options(&mut way, &mut options)?;
        }
        if !self.rest().is_empty() && !self.rest().starts_with('/') {
            return Err(self.wrong(
                self.at,
                "here a target ends; what follows it is `?` with options, or `/` with the next hop",
            ));
        }
        let python = options.python.clone();
        hops.push(Hop { way, options });
        hops.extend(then.map(|way| Hop { way, options: Options { python, ..Options::default() } }));
        Ok(())
    }

    fn way(&mut self) -> Result<Way> {
        let start = self.at;
        let word = self.until(&[':', '/', '?', '"']);
        let colon = self.take(':');
        if !colon && is_kind(word) && !ALONE.contains(&word) {
            let why = format!("{word} needs to know more: {word}:…; a host of that name is ssh:{word}");
            return Err(self.wrong(start, why));
        }
        Ok(match word {
            "local" => Way::Local { name: self.if_more(colon, "local", "name")? },
            "sudo" => self.become_user(By::Sudo, colon)?,
            "su" => self.become_user(By::Su, colon)?,
            "doas" => self.become_user(By::Doas, colon)?,
            "docker" => Way::Docker { container: self.container()? },
            "podman" => Way::Podman { container: self.podman()? },
            "docker-run" => Way::DockerRun { image: self.image()?, name: None, rm: true },
            "kube" => self.kube()?,
            "nsenter" => self.nsenter()?,
            "cmd" => self.command()?,
            "tcp" => self.tcp()?,
            "unix" => Way::Unix { path: self.rest_of("unix", "path")?.text },
            "ssh" => self.ssh()?,
            _ => {
                self.at = start;
                self.ssh()?
            }
        })
    }

    /// Whether this way can be taken at this place of a chain.
    fn check_place(&self, way: &Way, place: usize, at: usize) -> Result<()> {
        if place > 0 && matches!(way, Way::Tcp { .. } | Way::Unix { .. }) {
            return Err(self.wrong(at, "a socket is opened from this machine: it can only be the first hop"));
        }
        Ok(())
    }

    fn if_more(&mut self, colon: bool, kind: &str, what: &str) -> Result<Option<String>> {
        Ok(if colon { Some(self.rest_of(kind, what)?.text) } else { None })
    }

    fn become_user(&mut self, by: By, colon: bool) -> Result<Way> {
        let at = self.at;
        let user = self.if_more(colon, by.program(), "user")?;
        let user = user.map(|user| self.user(&user, at)).transpose()?;
        Ok(Way::Become { by, user })
    }

    fn podman(&mut self) -> Result<String> {
        let piece = self.rest_of("podman", "container")?;
        if is_container_name(&piece.text) {
            return Ok(piece.text);
        }
        Err(self.wrong(piece.at, NO_CONTAINER_NAME))
    }

    /// `[[context/]namespace/]pod`, or all three and a container.
    fn kube(&mut self) -> Result<Way> {
        let piece = self.rest_of("kube", "pod")?;
        let place = |text: &str| Some(text.to_owned());
        let pod = match piece.text.split('/').collect::<Vec<_>>()[..] {
            [pod] => (None, None, pod, None),
            [namespace, pod] => (None, place(namespace), pod, None),
            [context, namespace, pod] => (place(context), place(namespace), pod, None),
            [context, namespace, pod, container] => (place(context), place(namespace), pod, place(container)),
            _ => {
                return Err(
                    self.wrong(piece.at, "a pod is kube:POD, or kube:\"CONTEXT/NAMESPACE/POD/CONTAINER\"")
                );
            }
        };
        let odd = |word: &str| word.is_empty() || word.starts_with('-') || word.contains(char::is_whitespace);
        if piece.text.split('/').any(odd) {
            return Err(self.wrong(piece.at, "no name in kube:… is empty, begins with `-` or holds a blank"));
        }
        let (context, namespace, pod, container) = pod;
        Ok(Way::Kube(Pod { context, namespace, pod: pod.to_owned(), container }))
    }

    fn nsenter(&mut self) -> Result<Way> {
        let piece = self.rest_of("nsenter", "process")?;
        let inside = match piece.text.split_once(':') {
            None => piece.text.parse().ok().filter(|pid| *pid > 0).map(Inside::Pid),
            Some((engine, name)) => ["docker", "podman"]
                .into_iter()
                .find(|known| *known == engine)
                .filter(|_| is_container_name(name))
                .map(|engine| Inside::Container { engine, name: name.to_owned() }),
        };
        let why = "write nsenter:PID with a process number, nsenter:docker:NAME or nsenter:podman:NAME";
        inside.map(Way::Nsenter).ok_or_else(|| self.wrong(piece.at, why))
    }

    fn tcp(&mut self) -> Result<Way> {
        let Piece { at, text } = self.rest_of("tcp", "host")?;
        let (host, port) = self.host_and_port(&text, at)?;
        let Some(port) = port else {
            return Err(self.wrong(at, "write tcp:HOST:PORT; here the port is missing"));
        };
        let port = self.port(port, at + text.len() - port.len())?;
        Ok(Way::Tcp { host, port, tls: None })
    }

    /// What follows a kind.
    fn rest_of(&mut self, kind: &str, what: &str) -> Result<Piece> {
        let piece = self.piece(&['/', '?'])?;
        if piece.text.trim().is_empty() {
            return Err(self
                .wrong(piece.at, format!("{kind}: names no {what}; write {kind}:{}", what.to_uppercase())));
        }
        Ok(piece)
    }

    /// A container's name or id, or `project/service`.
    fn container(&mut self) -> Result<String> {
        let piece = self.rest_of("docker", "container")?;
        let parts = piece.text.split('/');
        if parts.clone().count() <= 2 && parts.clone().all(is_container_name) {
            return Ok(piece.text);
        }
        let why = "a container is named by letters, digits, `_`, `.` and `-`, the first a letter or digit, \
                   or as docker:\"project/service\"";
        Err(self.wrong(piece.at, why))
    }

    fn image(&mut self) -> Result<String> {
        let Piece { at, text } = self.rest_of("docker-run", "image")?;
        if text.starts_with('-') || text.contains(char::is_whitespace) {
            return Err(self.wrong(at, "no image begins with `-` or holds a blank"));
        }
        Ok(text)
    }

    fn command(&mut self) -> Result<Way> {
        let piece = self.rest_of("cmd", "command")?;
        let words = self.words(&piece)?;
        if words.first().is_none_or(String::is_empty) {
            return Err(self.wrong(piece.at, "cmd: names no program"));
        }
        Ok(Way::Command { words })
    }

    fn words(&self, piece: &Piece) -> Result<Vec<String>> {
        shell_words::split(&piece.text)
            .map_err(|(at, what)| self.wrong(piece.at + at, format!("this {what} is not closed")))
    }

    fn ssh(&mut self) -> Result<Way> {
        let Piece { at, text } = self.piece(&['/', '?'])?;
        let (user, place) = match text.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, text.as_str()),
        };
        let place_at = at + text.len() - place.len();
        let (host, port) = self.host_and_port(place, place_at)?;
        let user = user.map(|user| self.user(user, at)).transpose()?;
        let port = port.map(|port| self.port(port, at + text.len() - port.len())).transpose()?;
        Ok(Way::Ssh { user, host, port })
    }

    fn host_and_port<'t>(&self, place: &'t str, at: usize) -> Result<(String, Option<&'t str>)> {
        if let Some(bracketed) = place.strip_prefix('[') {
            let Some((address, after)) = bracketed.split_once(']') else {
                return Err(self.wrong(at, "this bracket is not closed"));
            };
            let port = match after.strip_prefix(':') {
                None if !after.is_empty() => {
                    return Err(self.wrong(
                        at + address.len() + 2,
                        "after an address in brackets comes `:` and a port, or nothing",
                    ));
                }
                port => port,
            };
            return Ok((self.ipv6(address, at + 1)?, port));
        }
        let (host, port) = place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port)));
        if port.is_some_and(|port| port.contains(':')) {
            return Err(self.wrong(at, "an IPv6 address stands in brackets: [2001:db8::1]:22"));
        }
        let why = match host.chars().next() {
            None => "here a host is missing",
            Some('-') => "no host begins with `-`",
            Some(_) if host.contains(['[', ']']) => {
                "a bracket in a host is a node set, web[1-9], and it is not complete here"
            }
            Some(_) if host.contains(|c: char| NOT_IN_HOSTS.contains(c) || c.is_whitespace()) => {
                "no host holds blanks or any of the characters '`\"$\\;&<>|(){}*!?,/@=#%~^"
            }
            Some(_) => return Ok((host.to_owned(), port)),
        };
        Err(self.wrong(at, why))
    }

    /// An IPv6 address, with its zone where it has one.
    fn ipv6(&self, text: &str, at: usize) -> Result<String> {
        let (address, zone) =
            text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
        let zone_fits = zone.is_none_or(|zone| {
            !zone.is_empty() && zone.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        });
        if address.parse::<Ipv6Addr>().is_err() || !zone_fits {
            return Err(self.wrong(at, "this is no IPv6 address (and no node set, such as web[1-9])"));
        }
        Ok(text.to_owned())
    }

    pub(super) fn user(&self, user: &str, at: usize) -> Result<String> {
        let why = if user.is_empty() {
            "before `@` a user is missing"
        } else if user.starts_with('-') {
            "no user begins with `-`"
        } else if user.contains(|c: char| "'`\";&<>|(){}[],/?:".contains(c) || c.is_whitespace()) {
            "no user holds blanks or any of the characters '`\";&<>|(){}[],/?:"
        } else {
            return Ok(user.to_owned());
        };
        Err(self.wrong(at, why))
    }

    pub(super) fn port(&self, port: &str, at: usize) -> Result<u16> {
        match port.parse::<u16>() {
            Ok(number) if number > 0 && port.bytes().all(|byte| byte.is_ascii_digit()) => Ok(number),
            _ => Err(self.wrong(at, format!("{port:?} is no port: write a number from 1 to 65535"))),
        }
    }

    /// One rest or value: in double quotes, or plain up to one of `stops`.
    pub(super) fn piece(&mut self, stops: &[char]) -> Result<Piece> {
        let at = self.at;
        if self.take('"') {
            let text = self.quoted(at)?;
            if !self.rest().is_empty() && !self.rest().starts_with(['/', '?', '&']) {
                return Err(self
                    .wrong(self.at, "quotes go round a whole rest or value; nothing may follow them here"));
            }
            return Ok(Piece { at: at + 1, text });
        }
        let text = self.until(stops);
        let odd = text.char_indices().find(|&(_, char)| needs_quotes(char) && char != '/');
        if let Some((offset, char)) = odd {
            return Err(
                self.wrong(at + offset, format!("{char:?} here needs double quotes round the whole: \"…\""))
            );
        }
        Ok(Piece { at, text: text.to_owned() })
    }

    /// What stands before the closing quote.
    fn quoted(&mut self, open: usize) -> Result<String> {
        let mut text = String::new();
        let mut chars = self.rest().char_indices();
        while let Some((offset, char)) = chars.next() {
            match char {
                '"' => {
                    self.at += offset + 1;
                    return Ok(text);
                }
                '\\' => match chars.clone().next() {
                    Some((_, next @ ('"' | '\\'))) => {
                        text.push(next);
                        chars.next();
                    }
                    _ => text.push('\\'),
                },
                inside => text.push(inside),
            }
        }
        Err(self.wrong(open, "this quote is not closed"))
    }
}

/// Whether an engine would let a container be called so.
pub(super) fn is_container_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}
