//! One entry of the library: a folder, a single file, or an archive, as a tree of files.

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::library::wheel::Index;

/// The largest text of a module, in bytes.
pub const LARGEST_TEXT: u64 = 4 << 20;
/// The largest other file, in bytes.
pub const LARGEST_DATA: u64 = 8 << 20;
/// How many files of a package are listed; more are only found by name.
pub const LISTED: usize = 1000;
/// How deep a package's folders are listed.
const DEEPEST: usize = 8;
/// How many names at the root of one entry are looked at.
const ROOTS: usize = 4096;

/// Who wins where the library and the host both have a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wins {
    /// The library, even over the standard library.
    First,
    /// The standard library, then the library, then what else the host has.
    Usual,
    /// The host.
    Last,
    /// As usual, but on the host that runs the script which lies beside these modules: there they are as they lie.
    Script,
}

impl Wins {
    /// As the agent is told.
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Usual => "usual",
            Self::Last => "last",
            Self::Script => "script",
        }
    }
}

/// What tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether the file was put there, or written to, after this moment.
    pub fn is_after(&self, moment: SystemTime) -> bool {
        let (seconds, rest) = self.changed;
        let since = Duration::new(
            u64::try_from(seconds).unwrap_or_default(),
            u32::try_from(rest).unwrap_or_default(),
        );
        SystemTime::UNIX_EPOCH + since > moment
    }
}

/// One entry of the library.
#[derive(Debug)]
pub struct Place {
    /// Where it lies.
    pub path: PathBuf,
    /// Whether it goes before the host's own modules.
    pub wins: Wins,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Folder,
    /// A module of its own; its name is the file's.
    File {
        name: String,
    },
    Archive {
        index: Mutex<Option<(Stamp, Arc<Index>)>>,
    },
}

impl Place {
    /// An entry as people write it: a path, or `first=PATH`, `last=PATH`.
    ///
    /// # Errors
    /// What is wrong with it, and what to do.
    pub fn named(text: &str) -> Result<Self, String> {
        let (wins, path) = match text.split_once('=') {
            Some(("first", path)) => (Wins::First, path),
            Some(("last", path)) => (Wins::Last, path),
            _ => (Wins::Usual, text),
        };
        let home =
            Path::new(path).strip_prefix("~").ok().and_then(|rest| Some(crate::paths::home()?.join(rest)));
        let path = home.unwrap_or_else(|| PathBuf::from(path));
        Self::at(&path, wins).map_err(|why| format!("the library's {}: {why}", path.display()))
    }

    /// The entry at a path.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn at(path: &Path, wins: Wins) -> Result<Self, String> {
        let path = std::path::absolute(path).map_err(|error| error.to_string())?;
        let metadata = fs::metadata(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
            _ => error.to_string(),
        })?;
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default().to_ascii_lowercase();
        let kind = if metadata.is_dir() {
            Kind::Folder
        } else if !metadata.is_file() {
            return Err("this is neither a file nor a folder".to_owned());
        } else {
            match end.as_str() {
                "py" => {
                    let stem = &name[..name.len() - 3];
                    if !is_identifier(stem) {
                        return Err(format!(
                            "{stem} is no name that Python can import; give the file another"
                        ));
                    }
                    Kind::File { name: name.to_owned() }
                }
                "whl" | "zip" | "pyz" => Kind::Archive { index: Mutex::new(None) },
                "so" | "pyd" => {
                    return Err("this is a C extension: only pure Python can be sent to hosts".to_owned());
                }
                "gz" | "bz2" | "xz" | "tgz" => {
                    return Err(
                        "this is a source archive: make a wheel of it (pip wheel), or unpack it".to_owned()
                    );
                }
                _ => return Err("a library is a folder, a .py file, a wheel or a zip".to_owned()),
            }
        };
        let place = Self { path, wins, kind };
        if let Kind::Archive { .. } = place.kind {
            place.index()?;
        }
        Ok(place)
    }

    /// What is in the archive now.
    fn index(&self) -> Result<Arc<Index>, String> {
        let Kind::Archive { index } = &self.kind else { return Ok(Arc::default()) };
        let stamp = Stamp::of(&fs::metadata(&self.path).map_err(|error| error.to_string())?);
        let mut index = index.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, index)) = &*index
            && *known == stamp
        {
            return Ok(Arc::clone(index));
        }
        let read = Arc::new(Index::read(&self.path)?);
        *index = Some((stamp, Arc::clone(&read)));
        Ok(read)
    }

    fn real(&self, path: &str) -> PathBuf {
        match &self.kind {
            Kind::Folder => self.path.join(path),
            Kind::File { .. } | Kind::Archive { .. } => self.path.clone(),
        }
    }

    /// The file's path as people know it.
    pub fn shown(&self, path: &str) -> String {
        match &self.kind {
            Kind::Archive { .. } => format!("{} in {}", path, self.path.display()),
            _ => self.real(path).display().to_string(),
        }
    }

    /// The state of a file; None where it is no regular file.
    pub fn stamp(&self, path: &str) -> Option<Stamp> {
        match &self.kind {
            Kind::Folder => {}
            Kind::File { name } if name == path => {}
            Kind::Archive { .. } if self.index().ok()?.is_file(path) => {}
            Kind::File { .. } | Kind::Archive { .. } => return None,
        }
        fs::metadata(self.real(path)).ok().filter(Metadata::is_file).map(|metadata| Stamp::of(&metadata))
    }

    /// Whether this is a folder.
    pub fn is_folder(&self, path: &str) -> bool {
        match &self.kind {
            Kind::Folder => self.real(path).is_dir(),
            Kind::File { .. } => path.is_empty(),
            Kind::Archive { .. } => self.index().is_ok_and(|index| index.is_folder(path)),
        }
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// As words, with its path.
    pub fn read(&self, path: &str, largest: u64) -> Result<Vec<u8>, String> {
        let bytes = match &self.kind {
            Kind::Archive { .. } => self.index().and_then(|index| index.content(&self.path, path, largest)),
            _ => read(&self.real(path), largest),
        };
        bytes.map_err(|why| format!("{}: {why}", self.shown(path)))
    }

    /// The names directly in a folder, a `/` behind those of folders; in no order.
    fn names(&self, folder: &str) -> Vec<String> {
        match &self.kind {
            Kind::File { name } if folder.is_empty() => vec![name.clone()],
            Kind::File { .. } => Vec::new(),
            Kind::Folder => {
                let Ok(entries) = fs::read_dir(self.real(folder)) else { return Vec::new() };
                let name = |entry: fs::DirEntry| {
                    let name = entry.file_name().into_string().ok()?;
                    let end = if fs::metadata(entry.path()).ok()?.is_dir() { "/" } else { "" };
                    Some(name + end)
                };
                entries.take(ROOTS).filter_map(|entry| name(entry.ok()?)).collect()
            }
            Kind::Archive { .. } => {
                let Ok(index) = self.index() else { return Vec::new() };
                let first = |path: &str| match path.split_once('/') {
                    Some((folder, _)) => format!("{folder}/"),
                    None => path.to_owned(),
                };
                index.below(folder).map(first).collect::<BTreeSet<_>>().into_iter().take(ROOTS).collect()
            }
        }
    }

    /// The names that can be imported from its root.
    pub fn roots(&self) -> BTreeSet<String> {
        let mut roots = BTreeSet::new();
        for name in self.names("") {
            let (stem, is_root) = match name.strip_suffix('/') {
                Some(folder) => (folder, is_identifier(folder) && self.holds_modules(folder)),
                None => (name.split('.').next().unwrap_or_default(), is_module(&name)),
            };
            if is_root && is_identifier(stem) {
                roots.insert(stem.to_owned());
            }
        }
        roots
    }

    /// Whether a folder is a package, or holds some: a module in it, or a folder with one.
    fn holds_modules(&self, folder: &str) -> bool {
        let names = self.names(folder);
        names.iter().any(|name| is_module(name))
            || names
                .iter()
                .filter_map(|name| name.strip_suffix('/'))
                .filter(|name| is_identifier(name))
                .any(|inner| self.names(&format!("{folder}/{inner}")).iter().any(|name| is_module(name)))
    }

    /// What lies in a package's folder, with paths from there, in order; `...` last where that is not all.
    pub fn listing(&self, folder: &str) -> Vec<String> {
        let mut found = Vec::new();
        match &self.kind {
            Kind::File { .. } => {}
            Kind::Archive { .. } => {
                if let Ok(index) = self.index() {
                    found.extend(
                        index.below(folder).filter(|path| is_plain(path)).take(LISTED + 1).map(str::to_owned),
                    );
                }
            }
            Kind::Folder => list(&self.real(folder), "", 0, &mut found),
        }
        found.sort();
        if found.len() > LISTED {
            found.truncate(LISTED);
            found.push("...".to_owned());
        }
        found
    }

    /// The extension that Python would load under this path, which has no end: `ops/fast.cpython-311-x86_64-linux-gnu.so`.
    pub fn extension(&self, path: &str) -> Option<String> {
        let (folder, stem) = path.rsplit_once('/').unwrap_or(("", path));
        self.names(folder).into_iter().find(|name| {
            let rest = name.strip_prefix(stem).unwrap_or_default();
            rest.starts_with('.') && matches!(end_of(rest), "so" | "pyd")
        })
    }
}

fn read(path: &Path, largest: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(largest + 1).read_to_end(&mut bytes));
    read.map_err(|error| error.to_string())?;
    if bytes.len() as u64 > largest {
        return Err(format!("more than {largest} bytes"));
    }
    Ok(bytes)
}

/// Lists a folder. Links to folders are not followed: they may lead in a circle.
fn list(folder: &Path, prefix: &str, depth: usize, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else { continue };
        if found.len() > LISTED || !is_plain(&name) {
            continue;
        }
        let path = format!("{prefix}{name}");
        if kind.is_dir() {
            if depth < DEEPEST {
                list(&entry.path(), &format!("{path}/"), depth + 1, found);
            }
        } else if kind.is_file() || entry.path().is_file() {
            found.push(path);
        }
    }
}

/// A path that stays inside its folder, fits into a line of a parcel, and is worth telling: nothing hidden.
pub fn is_plain(path: &str) -> bool {
    !path.contains(|c: char| c.is_control())
        && !path.split('/').any(|part| part == "__pycache__" || part.starts_with('.') || part.is_empty())
        && end_of(path) != "pyc"
}

fn is_module(name: &str) -> bool {
    matches!(end_of(name), "py" | "so" | "pyd")
}

/// What stands behind the last dot.
fn end_of(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, end)| end)
}

/// Whether this can be one part of a module's name.
pub fn is_identifier(name: &str) -> bool {
    name.len() <= 255
        && name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}
