//! What follows a hop's `?`.

use std::path::PathBuf;

use super::parse::{NO_CONTAINER_NAME, Parser, Piece, Result, is_container_name};
use super::{By, Options, Tls, Way, nearest};

impl Parser<'_> {
    /// `name=value&name=value`. The hop that follows at once, where the option sudo asks for one.
    pub(super) fn options(&mut self, way: &mut Way, options: &mut Options) -> Result<Option<Way>> {
        let mut seen: Vec<&str> = Vec::new();
        let mut then = None;
        let end = loop {
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
            let value = self.value(name)?;
            match (name, value) {
                ("sudo", value) => then = Some(self.sudo(value)?),
                (name, Some(value)) => self.set(way, options, name, value)?,
                (name, None) => return Err(self.wrong(self.at, format!("{name} needs a value: {name}=…"))),
            }
            if !self.take('&') {
                break self.at;
            }
        };
        if matches!(way, Way::Tcp { tls: Some(Tls { identity: Some((cert, key)), .. }), .. }
            if cert.as_os_str().is_empty() || key.as_os_str().is_empty())
        {
            return Err(self.wrong(end, "a certificate of our own needs both: cert=FILE&key=FILE"));
        }
        Ok(then)
    }

    /// What follows an option's name, if anything does.
    fn value(&mut self, name: &str) -> Result<Option<Piece>> {
        if !self.take('=') {
            return Ok(None);
        }
        let path = ["/", "./", "~/"].iter().any(|start| self.rest().starts_with(start));
        let value = self.piece(if path { &['&'] } else { &['&', '/'] })?;
        if value.text.is_empty() {
            return Err(self.wrong(value.at, format!("{name} needs a value: {name}=…")));
        }
        Ok(Some(value))
    }

    fn sudo(&self, value: Option<Piece>) -> Result<Way> {
        let user = match value {
            Some(Piece { text, .. }) if text == "true" => None,
            Some(Piece { at, text }) => Some(self.user(&text, at)?),
            None => None,
        };
        Ok(Way::Become { by: By::Sudo, user })
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
            ("container", Way::Kube(pod)) if pod.container.is_none() => pod.container = Some(value.text),
            ("namespace", Way::Kube(pod)) if pod.namespace.is_none() => pod.namespace = Some(value.text),
            ("context", Way::Kube(pod)) if pod.context.is_none() => pod.context = Some(value.text),
            (name, Way::Tcp { tls, .. }) => self.tls(tls, name, value)?,
            // What is known but fits no line above is a user or port that the address has already.
            _ => return Err(self.wrong(value.at, format!("the {name} is given twice"))),
        }
        Ok(())
    }

    fn container_name(&self, value: Piece) -> Result<String> {
        if is_container_name(&value.text) {
            return Ok(value.text);
        }
        Err(self.wrong(value.at, NO_CONTAINER_NAME))
    }

    fn tls(&self, tls: &mut Option<Tls>, name: &str, value: Piece) -> Result<()> {
        let path = PathBuf::from(&value.text);
        match (name, value.text.as_str()) {
            ("tls", "true") => drop(tls.get_or_insert_default()),
            ("tls", "false") if tls.is_none() => {}
            ("tls", _) => {
                return Err(
                    self.wrong(value.at, "tls is true or false; ca, cert, key and name ask for it too")
                );
            }
            ("ca", _) => tls.get_or_insert_default().ca = Some(path),
            ("cert", _) => tls.get_or_insert_default().identity.get_or_insert_default().0 = path,
            ("key", _) => tls.get_or_insert_default().identity.get_or_insert_default().1 = path,
            _ => tls.get_or_insert_default().name = Some(value.text),
        }
        Ok(())
    }
}

/// The names of the options that a way takes.
fn known_options(way: &Way) -> &'static [&'static str] {
    match way {
        Way::Ssh { .. } => &["identity", "port", "python", "ssh_option", "sudo", "user"],
        Way::DockerRun { .. } => &["name", "python", "rm"],
        Way::Kube(_) => &["container", "context", "namespace", "python"],
        Way::Tcp { .. } => &["ca", "cert", "key", "name", "tls"],
        Way::Unix { .. } => &[],
        Way::Local { .. }
        | Way::Docker { .. }
        | Way::Podman { .. }
        | Way::Nsenter(_)
        | Way::Become { .. }
        | Way::Command { .. } => &["python"],
    }
}

fn no_such_option(name: &str, known: &[&str]) -> String {
    if known.is_empty() {
        return "this kind of hop takes no options".into();
    }
    let known_ones = known.join(", ");
    match nearest(name, known.iter().copied()) {
        Some(near) => {
            format!("there is no option {name:?} here; did you mean {near}? There are: {known_ones}")
        }
        None => format!("there is no option {name:?} here; there are: {known_ones}"),
    }
}
