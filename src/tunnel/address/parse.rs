//! Reading addresses.

use super::{Address, AddressError, Hop, Options, Way};

/// All kinds of hops, those that are not there yet too: their names are taken.
pub(super) const KINDS: &[&str] = &[
    "local",
    "ssh",
    "docker",
    "docker-run",
    "cmd",
    "podman",
    "kube",
    "nsenter",
    "sudo",
    "su",
    "doas",
    "tcp",
    "unix",
];
const OPTIONS: &[&str] = &["python", "identity", "ssh_option", "name", "rm"];

type Result<T> = std::result::Result<T, AddressError>;

pub(super) fn address(text: &str) -> Result<Address> {
    let chars: Vec<char> = text.chars().collect();
    let mut reader = Reader { text, chars, at: 0 };
    if let Some(at) = reader.chars.iter().position(|c| c.is_control()) {
        return Err(AddressError { text: text.to_owned(), at, why: "a control character".to_owned() });
    }
    let mut hops = vec![reader.hop()?];
    while reader.take('/') {
        hops.push(reader.hop()?);
    }
    match reader.peek() {
        None => Ok(Address { hops }),
        Some(c) => {
            Err(reader.error(format!("{c:?} is not expected here; put what holds it in double quotes")))
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    chars: Vec<char>,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self, c: char) -> bool {
        let there = self.peek() == Some(c);
        self.at += usize::from(there);
        there
    }

    fn error(&self, why: impl Into<String>) -> AddressError {
        AddressError { text: self.text.to_owned(), at: self.at, why: why.into() }
    }

    /// Up to one of these, or the end.
    fn until(&mut self, ends: &str) -> String {
        let start = self.at;
        while self.peek().is_some_and(|c| !ends.contains(c)) {
            self.at += 1;
        }
        self.chars[start..self.at].iter().collect()
    }

    /// In quotes, or up to one of these.
    fn quoted_or_until(&mut self, ends: &str) -> Result<String> {
        let start = self.at;
        if !self.take('"') {
            return Ok(self.until(ends));
        }
        let mut text = String::new();
        loop {
            match self.peek() {
                Some('"') => break,
                Some('\\') if matches!(self.chars.get(self.at + 1), Some('"' | '\\')) => {
                    self.at += 1;
                    text.extend(self.peek());
                }
                Some(c) => text.push(c),
                None => {
                    self.at = start;
                    return Err(self.error("this has no closing quote"));
                }
            }
            self.at += 1;
        }
        self.at += 1;
        Ok(text)
    }

    fn hop(&mut self) -> Result<Hop> {
        let start = self.at;
        let word = if self.peek() == Some('[') { String::new() } else { self.until(":?/@") };
        let is_kind = KINDS.contains(&word.as_str()) && self.peek() != Some('@');
        let mut way = if is_kind {
            let rest = if self.take(':') { Some(self.rest(&word)?) } else { None };
            self.way(start, &word, rest)?
        } else {
            self.at = start;
            let end = self.until("?/");
            self.ssh(start, &end)?
        };
        let options = if self.take('?') { self.options(&mut way)? } else { Options::default() };
        Ok(Hop { way, options })
    }

    fn rest(&mut self, kind: &str) -> Result<String> {
        self.quoted_or_until(if kind == "ssh" { "?/" } else { "?/ ,\"" })
    }

    fn way(&self, start: usize, kind: &str, rest: Option<String>) -> Result<Way> {
        let needs = |form: &str| {
            let why = format!("{kind} needs to know more: {form}");
            rest.clone()
                .filter(|rest| !rest.is_empty())
                .ok_or_else(|| AddressError { at: start, ..self.error(why) })
        };
        Ok(match kind {
            "local" => Way::Local { name: rest },
            "ssh" => return self.ssh(start, &needs("ssh:HOST")?),
            "docker" => Way::Docker { container: needs("docker:NAME")? },
            "docker-run" => Way::DockerRun { image: needs("docker-run:IMAGE")?, name: None, rm: true },
            "cmd" => {
                let words = words(&needs("cmd:\"COMMAND\"")?).map_err(|why| self.error(why))?;
                if words.is_empty() {
                    return Err(self.error("cmd needs to know more: cmd:\"COMMAND\""));
                }
                Way::Command { words }
            }
            _ => {
                let why = format!(
                    "{kind} is a kind of hop that is not there yet; a host of that name is ssh:{kind}"
                );
                return Err(AddressError { at: start, ..self.error(why) });
            }
        })
    }

    fn ssh(&self, start: usize, text: &str) -> Result<Way> {
        let error = |why: &str| AddressError { at: start, ..self.error(why) };
        let (user, rest) = match text.rsplit_once('@') {
            Some((user, rest)) => (Some(user.to_owned()), rest),
            None => (None, text),
        };
        let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, "")) => (host, None),
            Some((host, port)) => {
                (host, Some(port.strip_prefix(':').ok_or_else(|| error("a port is :PORT"))?))
            }
            None => rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port))),
        };
        let port = port.map(str::parse::<u16>).transpose();
        let port = port
            .map_err(|_| error("a port is a number from 1 to 65535; an IPv6 address stands in [brackets]"))?;
        if host.is_empty() || user.as_deref() == Some("") {
            return Err(error("the name is empty"));
        }
        if host.starts_with('-') || user.as_deref().is_some_and(|user| user.starts_with('-')) {
            return Err(error("a name that begins with - would be taken for an option"));
        }
        if let Some(c) = text.chars().find(|c| c.is_whitespace() || "\"'\\,&".contains(*c)) {
            return Err(error(&format!("{c:?} is in no host's name")));
        }
        Ok(Way::Ssh { user, host: host.to_owned(), port })
    }

    fn options(&mut self, way: &mut Way) -> Result<Options> {
        let mut options = Options::default();
        loop {
            let start = self.at;
            let key = self.until("=&/");
            let value = if self.take('=') {
                let path = self.peek() == Some('/');
                self.quoted_or_until(if path { "&" } else { "&/" })?
            } else {
                String::new()
            };
            if value.is_empty() && OPTIONS.contains(&key.as_str()) {
                return Err(AddressError {
                    at: start,
                    ..self.error(format!("{key} needs a value: {key}=…"))
                });
            }
            match (key.as_str(), &mut *way) {
                ("python", _) => options.python = Some(value),
                ("identity", _) => options.identity = Some(value.into()),
                ("ssh_option", _) => options.ssh_options.push(value),
                ("name", Way::DockerRun { name, .. }) => *name = Some(value),
                ("rm", Way::DockerRun { rm, .. }) => {
                    *rm = value.parse().map_err(|_| self.error("rm is true or false"))?;
                }
                _ => return Err(AddressError { at: start, ..self.error(unknown(&key)) }),
            }
            if !self.take('&') {
                return Ok(options);
            }
        }
    }
}

fn unknown(key: &str) -> String {
    match nearest(key, OPTIONS.iter().copied()) {
        _ if key == "name" || key == "rm" => format!("{key} is for docker-run"),
        Some(near) => format!("there is no option {key}; did you mean {near}?"),
        None => format!("there is no option {key}; there are {}", OPTIONS.join(", ")),
    }
}

/// The one of `words` that a mistyped `word` most likely means; none where none is near.
pub fn nearest<'a>(word: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = words.map(|known| (distance(known, word), known)).min()?;
    (near.0 <= 1 + word.chars().count() / 4).then_some(near.1)
}

/// How many letters are to be changed, added or taken away to make one word of the other (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let change = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

/// A line's words as a shell would split them: quotes and backslashes, nothing expanded.
fn words(line: &str) -> std::result::Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' => words.extend(word.take()),
            '\'' => loop {
                match chars.next() {
                    Some('\'') => break word.get_or_insert_default().push_str(""),
                    Some(c) => word.get_or_insert_default().push(c),
                    None => return Err("a ' in the command has no closing one"),
                }
            },
            '"' => loop {
                match chars.next() {
                    Some('"') => break word.get_or_insert_default().push_str(""),
                    Some('\\') => word.get_or_insert_default().extend(chars.next()),
                    Some(c) => word.get_or_insert_default().push(c),
                    None => return Err("a \" in the command has no closing one"),
                }
            },
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}
