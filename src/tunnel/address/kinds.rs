//! What follows the name of a kind, kind by kind.

use super::parse::{NO_CONTAINER_NAME, Parser, Piece, Result, is_container_name};
use super::{By, Inside, Pod, Way};
use crate::shell_words;

impl Parser<'_> {
    pub(super) fn if_more(&mut self, colon: bool, kind: &str, what: &str) -> Result<Option<String>> {
        Ok(if colon { Some(self.rest_of(kind, what)?.text) } else { None })
    }

    pub(super) fn become_user(&mut self, by: By, colon: bool) -> Result<Way> {
        let at = self.at;
        let user = self.if_more(colon, by.program(), "user")?;
        let user = user.map(|user| self.user(&user, at)).transpose()?;
        Ok(Way::Become { by, user })
    }

    pub(super) fn podman(&mut self) -> Result<String> {
        let piece = self.rest_of("podman", "container")?;
        if is_container_name(&piece.text) {
            return Ok(piece.text);
        }
        Err(self.wrong(piece.at, NO_CONTAINER_NAME))
    }

    /// `[[context/]namespace/]pod`, or all three and a container.
    pub(super) fn kube(&mut self) -> Result<Way> {
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

    pub(super) fn nsenter(&mut self) -> Result<Way> {
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

    pub(super) fn tcp(&mut self) -> Result<Way> {
        let Piece { at, text } = self.rest_of("tcp", "host")?;
        let (host, port) = self.host_and_port(&text, at)?;
        let Some(port) = port else {
            return Err(self.wrong(at, "write tcp:HOST:PORT; here the port is missing"));
        };
        let port = self.port(port, at + text.len() - port.len())?;
        Ok(Way::Tcp { host, port, tls: None })
    }

    /// What follows a kind.
    pub(super) fn rest_of(&mut self, kind: &str, what: &str) -> Result<Piece> {
        let piece = self.piece(&['/', '?'])?;
        if piece.text.trim().is_empty() {
            return Err(self
                .wrong(piece.at, format!("{kind}: names no {what}; write {kind}:{}", what.to_uppercase())));
        }
        Ok(piece)
    }

    /// A container's name or id, or `project/service`.
    pub(super) fn container(&mut self) -> Result<String> {
        let piece = self.rest_of("docker", "container")?;
        let parts = piece.text.split('/');
        if parts.clone().count() <= 2 && parts.clone().all(is_container_name) {
            return Ok(piece.text);
        }
        let why = "a container is named by letters, digits, `_`, `.` and `-`, the first a letter or digit, \
                   or as docker:\"project/service\"";
        Err(self.wrong(piece.at, why))
    }

    pub(super) fn image(&mut self) -> Result<String> {
        let Piece { at, text } = self.rest_of("docker-run", "image")?;
        if text.starts_with('-') || text.contains(char::is_whitespace) {
            return Err(self.wrong(at, "no image begins with `-` or holds a blank"));
        }
        Ok(text)
    }

    pub(super) fn command(&mut self) -> Result<Way> {
        let piece = self.rest_of("cmd", "command")?;
        let words = self.words(&piece)?;
        if words.first().is_none_or(String::is_empty) {
            return Err(self.wrong(piece.at, "cmd: names no program"));
        }
        Ok(Way::Command { words })
    }

    pub(super) fn words(&self, piece: &Piece) -> Result<Vec<String>> {
        shell_words::split(&piece.text)
            .map_err(|(at, what)| self.wrong(piece.at + at, format!("this {what} is not closed")))
    }
}
