//! What a put or a fetch carries, as a person names it: the same on every target, but for where a fetched file goes.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::link::files::{self, Carry};
use crate::shell_words;

/// Which way files go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// From here to the targets.
    Put,
    /// From the targets to here.
    Fetch,
}

/// A file or a folder that is put or fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Files {
    /// Which way.
    pub way: Way,
    /// The path here, absolute: of what is put, or the template of where what is fetched goes.
    pub local: PathBuf,
    /// The path on the targets.
    pub remote: String,
    /// Whether what the source has not is removed.
    pub delete: bool,
    /// As it is written in the editor.
    pub text: String,
}

impl Files {
    /// From the words of a person. A path that ends with `/` is a folder into which the thing goes, under its own name.
    ///
    /// # Errors
    /// A path that names nothing that could be carried, in a sentence.
    pub fn new(way: Way, local: &str, remote: &str, delete: bool) -> Result<Self, String> {
        if local.is_empty() || remote.is_empty() {
            return Err("a path is empty".to_owned());
        }
        let (word, first, second) = match way {
            Way::Put => ("put", local, remote),
            Way::Fetch => ("fetch", remote, local),
        };
        let flag = if delete { " --delete" } else { "" };
        let words = shell_words::join(&[first.to_owned(), second.to_owned()]);
        let text = format!("%{word} {words}{flag}");
        let home =
            Path::new(local).strip_prefix("~").ok().and_then(|rest| Some(crate::paths::home()?.join(rest)));
        let path = home.as_deref().unwrap_or(Path::new(local));
        let mut here = std::path::absolute(path).map_err(|error| format!("{local}: {error}"))?;
        let mut there = remote.to_owned();
        match way {
            Way::Put => {
                let name = here.file_name().and_then(|name| name.to_str());
                if remote.ends_with('/') {
                    there += name.ok_or_else(|| format!("{local} has no name to go by in {remote}"))?;
                }
            }
            Way::Fetch => {
                let name = remote.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
                let named = local.contains("{host}") && !local.ends_with('/');
                if !named {
                    if matches!(name, "" | "." | ".." | "~") {
                        return Err(format!(
                            "{remote} has no name to go by here: give one, with {{host}} in it"
                        ));
                    }
                    if !local.contains("{host}") {
                        here.push("{host}");
                    }
                    here.push(name);
                }
            }
        }
        Ok(Self { way, local: here, remote: there, delete, text })
    }

    /// From the editor's text, which is nothing but `%put LOCAL REMOTE` or `%fetch REMOTE LOCAL`, quoted as in a shell, with
    /// `--delete` if it is meant. None: it is something else. An error is a sentence that says what is wrong with it.
    pub fn read(text: &str) -> Option<Result<Self, String>> {
        let text = text.trim();
        let (word, rest) = text.split_once([' ', '\n']).unwrap_or((text, ""));
        let way = match word {
            "%put" => Way::Put,
            "%fetch" => Way::Fetch,
            _ => return None,
        };
        Some(Self::words(way, rest))
    }

    fn words(way: Way, rest: &str) -> Result<Self, String> {
        if rest.contains('\n') {
            return Err("%put and %fetch stand alone, on one line".to_owned());
        }
        let words = shell_words::split(rest).map_err(|(_, what)| format!("a {what} is not closed"))?;
        let (flags, paths): (Vec<_>, Vec<_>) = words.iter().partition(|word| *word == "--delete");
        match (way, &paths[..]) {
            (Way::Put, [local, remote]) | (Way::Fetch, [remote, local]) => {
                Self::new(way, local, remote, !flags.is_empty())
            }
            (Way::Put, _) => Err("it is %put LOCAL REMOTE".to_owned()),
            (Way::Fetch, _) => Err("it is %fetch REMOTE LOCAL".to_owned()),
        }
    }

    /// What is carried to or from the target of this name.
    pub fn carry(&self, target: &str) -> Carry {
        let delete = self.delete;
        match self.way {
            Way::Put => Carry::Put { local: self.local.clone(), delete },
            Way::Fetch => {
                let local = self.local.to_string_lossy().replace("{host}", &as_name(target));
                Carry::Fetch { local: local.into(), delete }
            }
        }
    }

    /// The Python text that a host runs for its end.
    pub fn python(&self) -> String {
        files::python(self.way == Way::Put, self.remote.as_bytes(), self.delete)
    }
}

/// A target's name as that of a folder. No two targets have the same: what no plain name holds is written as `%2F`.
fn as_name(target: &str) -> String {
    use std::fmt::Write as _; // writing to a String cannot fail
    let mut name = String::with_capacity(target.len());
    for (at, c) in target.char_indices() {
        let plain = c.is_alphanumeric() || matches!(c, '-' | '_' | '@' | ':' | '+' | ',' | '=');
        if plain || c == '.' && at > 0 {
            name.push(c);
        } else {
            let mut bytes = [0; 4];
            c.encode_utf8(&mut bytes).bytes().for_each(|byte| {
                let _ = write!(name, "%{byte:02X}");
            });
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetched(local: &str, remote: &str, target: &str) -> String {
        match Files::new(Way::Fetch, local, remote, false).unwrap().carry(target) {
            Carry::Fetch { local, .. } => local.to_string_lossy().into_owned(),
            Carry::Put { .. } => unreachable!("a fetch"),
        }
    }

    #[test]
    fn fetched_files_lie_apart() {
        for (local, remote, path) in [
            ("/b", "/etc/hosts", "/b/web1/hosts"),
            ("/b/", "/etc/", "/b/web1/etc"),
            ("/b/{host}.conf", "/etc/app.conf", "/b/web1.conf"),
            ("/b/{host}/", "/etc/app.conf", "/b/web1/app.conf"),
            ("/{host}/x", "..", "/web1/x"),
        ] {
            assert_eq!(fetched(local, remote, "web1"), path, "{local} {remote}");
        }
        assert!(Files::new(Way::Fetch, "/b", "~", false).is_err());
        assert!(Files::new(Way::Fetch, "/b", "/x/..", false).is_err());
    }

    #[test]
    fn no_targets_name_leads_astray_and_no_two_are_the_same() {
        let names =
            ["..", ".", "a/b", "a%2Fb", "../../etc", "docker:app", "bastion/web1", "a b", "a?x=y", "{host}"];
        let folders: std::collections::HashSet<String> = names.iter().map(|name| as_name(name)).collect();
        assert_eq!(folders.len(), names.len());
        assert!(folders.iter().all(|name| !name.contains('/') && name != ".." && name != "."), "{folders:?}");
        assert_eq!(as_name("web1.example.org"), "web1.example.org");
    }

    #[test]
    fn a_folder_to_put_into_is_one_that_ends_so() {
        let put = |local, remote| Files::new(Way::Put, local, remote, false).unwrap();
        assert_eq!(put("/x/a.conf", "/etc/").remote, "/etc/a.conf");
        assert_eq!(put("/x/a.conf", "/etc/b.conf").remote, "/etc/b.conf");
        assert_eq!(put("/x/a b", "/etc/b").text, "%put '/x/a b' /etc/b");
    }

    #[test]
    fn what_is_written_in_the_editor_is_read_again() {
        for text in ["%put '/x/a b' /etc/b", "%fetch /etc/hosts /b/{host}.x --delete"] {
            let read = Files::read(&format!("  {text}\n")).expect("a line of ours").expect("two paths");
            assert_eq!(read.text, text);
            assert_eq!(read.delete, text.contains("--delete"));
        }
        assert_eq!(Files::read("%puts a b"), None);
        assert_eq!(Files::read("x = 1 %put"), None);
        for wrong in ["%put a", "%put", "%fetch a b c", "%put a 'b", "%put a b\nx = 1"] {
            assert!(Files::read(wrong).expect("a line of ours").is_err(), "{wrong}");
        }
    }
}
