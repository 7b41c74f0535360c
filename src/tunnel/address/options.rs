//! What follows a hop's `?`.

use std::path::PathBuf;

use super::parse::{Parser, Piece, Result, is_container_name};
use super::{Options, Way, nearest};

impl Parser<'_> {
    /// `name=value&name=value`.
    pub(super) fn options(&mut self, way: &mut Way, options: &mut Options) -> Result<()> {
        let mut seen: Vec<&str> = Vec::new();
        loop {
            let at = self.at;
            let name = self.until(&['=', '&', '/', '?', '"']);
            let known = known_options(way);
            if !known.contains(&name) {
                return Err(self.wrong(at, no_such_option(name, known)));
            }
            if seen.contains(&name) && name != "ssh_option" {
                return Err(self.wrong(at, format!("{name} is given twice")));
            }
            seen.push(name);
            if !self.take('=') {
                return Err(self.wrong(self.at, format!("{name} needs a value: {name}=…")));
            }
            let path = ["/", "./", "~/"].iter().any(|start| self.rest().starts_with(start));
            let value = self.piece(if path { &['&'] } else { &['&', '/'] })?;
            if value.text.is_empty() {
                return Err(self.wrong(value.at, format!("{name} needs a value: {name}=…")));
            }
            self.set(way, options, name, value)?;
            if !self.take('&') {
                return Ok(());
            }
        }
    }

    fn set(&self, way: &mut Way, options: &mut Options, name: &str, value: Piece) -> Result<()> {
        match (name, way) {
            ("python", _) if value.text.starts_with('-') => {
                return Err(self.wrong(value.at, "no interpreter begins with `-`"));
            }
            ("python", _) => options.python = Some(value.text),
            ("identity", _) => options.identity = Some(PathBuf::from(value.text)),
            ("ssh_option", _) => options.ssh_options.push(value.text),
            ("user", Way::Ssh { user: user @ None, .. }) => *user = Some(self.user(&value.text, value.at)?),
            ("port", Way::Ssh { port: port @ None, .. }) => *port = Some(self.port(&value.text, value.at)?),
            ("name", Way::DockerRun { name, .. }) => *name = Some(self.container_name(value)?),
            ("rm", Way::DockerRun { rm, .. }) => {
                *rm = value.text.parse().map_err(|_| self.wrong(value.at, "rm is true or false"))?;
            }
            // What is known but fits no line above is a user or port that the address has already.
            _ => return Err(self.wrong(value.at, format!("the {name} is given twice"))),
        }
        Ok(())
    }

    fn container_name(&self, value: Piece) -> Result<String> {
        if is_container_name(&value.text) {
            return Ok(value.text);
        }
        Err(self.wrong(
            value.at,
            "a container's name is letters, digits, `_`, `.` and `-`, the first a letter or digit",
        ))
    }
}

/// The names of the options that a way takes.
fn known_options(way: &Way) -> &'static [&'static str] {
    match way {
        Way::Ssh { .. } => &["identity", "port", "python", "ssh_option", "user"],
        Way::DockerRun { .. } => &["name", "python", "rm"],
        Way::Local { .. } | Way::Docker { .. } | Way::Command { .. } => &["python"],
    }
}

fn no_such_option(name: &str, known: &[&str]) -> String {
    if name == "sudo" {
        return "the option sudo is not there yet; log in as the user that is to run the code".into();
    }
    let known_ones = known.join(", ");
    match nearest(name, known.iter().copied()) {
        Some(near) => {
            format!("there is no option {name:?} here; did you mean {near}? There are: {known_ones}")
        }
        None => format!("there is no option {name:?} here; there are: {known_ones}"),
    }
}
