//! The literal aliases of an ssh configuration: what a person may type after `ssh`. Patterns and `Match` blocks name
//! nobody; everything else an alias means is left to ssh itself.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// How deep `Include` may go, as in ssh.
const DEPTH: usize = 16;
/// A larger file is no configuration, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024;
/// More aliases are not listed.
const MOST: usize = 10_000;
/// More files are not read: two that include each other twice would be read as often as 2 to the power of the depth.
const MOST_FILES: usize = 1_000;

/// One alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// What is typed.
    pub name: String,
    /// Its `HostName`, if one stands in its own block.
    pub host: Option<String>,
}

/// The aliases of a configuration file, each once, in its order; and what could not be read, in sentences. A file that
/// is not there is empty.
pub fn aliases(path: &Path) -> (Vec<Alias>, Vec<String>) {
    let mut found =
        Reader { home: path.parent().map(Path::to_path_buf).unwrap_or_default(), ..Reader::default() };
    found.file(path, 0);
    (found.aliases, found.notices)
}

#[derive(Default)]
struct Reader {
    /// What relative includes are relative to.
    home: PathBuf,
    aliases: Vec<Alias>,
    notices: Vec<String>,
    files: usize,
}

impl Reader {
    fn file(&mut self, path: &Path, depth: usize) {
        self.files += 1;
        match read(path, depth, self.files) {
            Ok(text) => self.text(&text, depth),
            Err(why) if why.is_empty() => {}
            Err(why) => {
                let notice = format!("{}: {why}", path.display());
                if !self.notices.contains(&notice) {
                    self.notices.push(notice);
                }
            }
        }
    }

    fn text(&mut self, text: &str, depth: usize) {
        // Where in `aliases` those of the block begin that is being read.
        let mut block = self.aliases.len()..self.aliases.len();
        for line in text.lines() {
            let Some((key, words)) = keyword(line) else { continue };
            match key.as_str() {
                "host" => {
                    let start = self.aliases.len();
                    words.iter().filter(|word| is_literal(word)).for_each(|word| self.alias(word));
                    block = start..self.aliases.len();
                }
                "match" => block = self.aliases.len()..self.aliases.len(),
                "hostname" => {
                    // `%h` and its like are for ssh to fill in.
                    let literal = words.first().filter(|word| !word.contains('%'));
                    for alias in self.aliases.get_mut(block.clone()).unwrap_or_default() {
                        alias.host = alias.host.take().or_else(|| literal.cloned());
                    }
                }
                "include" => {
                    let paths: Vec<_> = words.iter().flat_map(|word| self.included(word)).collect();
                    paths.iter().for_each(|path| self.file(path, depth + 1));
                }
                _ => {}
            }
        }
    }

    fn alias(&mut self, name: &str) {
        if self.aliases.len() < MOST && !self.aliases.iter().any(|alias| alias.name == name) {
            self.aliases.push(Alias { name: name.to_owned(), host: None });
        }
    }

    /// The files that an include names, in the order of their names.
    fn included(&self, word: &str) -> Vec<PathBuf> {
        let path = match word.strip_prefix("~/") {
            // `~` is the parent of `.ssh`, which is where the configuration lies.
            Some(rest) => self.home.parent().unwrap_or(&self.home).join(rest),
            None => self.home.join(word),
        };
        let mut paths = vec![PathBuf::new()];
        for part in path.components() {
            let part = part.as_os_str().to_string_lossy().into_owned();
            if part.contains(['*', '?']) {
                paths = paths.iter().flat_map(|dir| matching(dir, &part)).collect();
            } else {
                paths.iter_mut().for_each(|path| path.push(&part));
            }
        }
        paths.retain(|path| path.is_file());
        paths
    }
}

/// A configuration file's text, or why there is none; nothing to say of a file that is not there.
fn read(path: &Path, depth: usize, files: usize) -> Result<String, String> {
    if files > MOST_FILES {
        let first = files == MOST_FILES + 1;
        let why =
            format!("more than {MOST_FILES} files are included; this one and those after it are not read");
        return Err(if first { why } else { String::new() });
    }
    if depth > DEPTH {
        return Err(format!("files include each other more than {DEPTH} deep"));
    }
    let text = fs::metadata(path).and_then(|meta| match meta.len() {
        // Reading a pipe could wait for ever.
        _ if !meta.is_file() => Err(io::Error::other("it is no file")),
        size if size > LARGEST => Err(io::Error::other("it is too large to be a configuration")),
        _ => fs::read(path),
    });
    match text {
        Ok(text) => Ok(String::from_utf8_lossy(&text).into_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(String::new()),
        Err(error) => Err(error.to_string()),
    }
}

/// Entries of a folder whose names fit a pattern of `*` and `?`.
fn matching(dir: &Path, pattern: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let hidden = pattern.starts_with('.');
    let mut found: Vec<PathBuf> = entries
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (hidden || !name.starts_with('.')) && fits(pattern, &name)
        })
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((at, from)) = star else { return false };
                star = Some((at, from + 1));
                (p, n) = (at + 1, from + 1);
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// A line's keyword in small letters, and its words. `Key value`, `Key=value`, `"quoted words"`.
fn keyword(line: &str) -> Option<(String, Vec<String>)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = line.find(|c: char| c.is_whitespace() || c == '=')?;
    let (key, rest) = line.split_at(end);
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('=').unwrap_or(rest);
    let mut words = Vec::new();
    let mut rest = rest.trim_start();
    while !rest.is_empty() && !rest.starts_with('#') {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    Some((key.to_ascii_lowercase(), words))
}

/// Whether a word of a `Host` line names one host.
fn is_literal(word: &str) -> bool {
    !word.is_empty()
        && !word.starts_with(['!', '-'])
        && !word.contains(['*', '?'])
        && !word.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &Path) -> Vec<String> {
        aliases(path).0.into_iter().map(|alias| alias.name).collect()
    }

    #[test]
    fn literal_aliases_are_listed_once_and_includes_are_followed() {
        let home = tempfile::tempdir().unwrap();
        let ssh = home.path().join(".ssh");
        fs::create_dir_all(ssh.join("conf.d")).unwrap();
        let config = "# comment\nHost web1 web2 *.lan !bad\r\n\tHostName=10.0.0.1\n\
            Include conf.d/*.conf ~/.ssh/other\nMatch host x\n HostName no\nhost \"db one\" web1\nHostName db\n";
        fs::write(ssh.join("config"), config).unwrap();
        fs::write(ssh.join("conf.d/b.conf"), "Host b\n").unwrap();
        fs::write(ssh.join("conf.d/a.conf"), "Host a\nInclude a.conf\n").unwrap();
        fs::write(ssh.join("conf.d/.hidden.conf"), "Host hidden\n").unwrap();
        fs::write(ssh.join("other"), "HOST other\nInclude config\n").unwrap();
        assert_eq!(names(&ssh.join("config")), ["web1", "web2", "a", "b", "other", "db one"]);
        let (found, notices) = aliases(&ssh.join("config"));
        assert_eq!(found[0].host.as_deref(), Some("10.0.0.1"));
        assert_eq!(found[5].host.as_deref(), Some("db"));
        assert!(notices.iter().any(|notice| notice.contains("16 deep")), "{notices:?}");
    }

    #[test]
    fn files_that_include_each_other_come_to_an_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        fs::write(&path, "Host a\nHostName %h.lan\nInclude config\nInclude *\nHost b\n").unwrap();
        for name in ["one", "two"] {
            fs::write(dir.path().join(name), "Include *\n").unwrap();
        }
        let (found, notices) = aliases(&path);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0].host, None);
        assert!(
            notices.len() <= 6 && notices.iter().any(|notice| notice.contains("1000 files")),
            "{notices:?}"
        );
    }

    #[test]
    fn what_is_not_there_or_no_text_is_survived() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(aliases(&dir.path().join("none")), (Vec::new(), Vec::new()));
        let path = dir.path().join("config");
        fs::write(&path, b"Host \xff\xfe\nHost\nHost=\n=\n\"\nInclude \"\n").unwrap();
        let _ = aliases(&path);
        assert_eq!(aliases(dir.path()).1.len(), 1, "a folder is said to be one");
    }

    #[test]
    fn patterns_fit_as_in_a_shell() {
        assert!(fits("*.conf", "a.conf") && fits("a?c*", "abc") && fits("*a*b", "xxaxxb"));
        assert!(!fits("*.conf", "a.config") && !fits("?", ""));
    }
}
