//! Where fetched files go. Each path is taken apart and checked here, and its folders are opened one after the other from
//! the one that a person named, following no link: whatever a host says, nothing is written outside.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};

use crate::link::files::part::Place;

/// How deep a tree may be.
const DEEPEST: usize = 200;
/// How a folder is opened.
const FLAGS: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// What a person named, file or folder, and the folder it lies in.
#[derive(Debug)]
pub struct Root {
    place: Place,
    /// Once it is known to be a folder.
    top: Option<Rc<OwnedFd>>,
    /// The folder that was used last, since files come folder by folder.
    last: Option<(Vec<u8>, Rc<OwnedFd>)>,
    /// Modes that folders are to have in the end, in which nothing can be written.
    modes: Vec<(Rc<OwnedFd>, u32)>,
}

/// Why a path leads nowhere.
#[derive(Debug)]
pub enum Astray {
    /// No file may be called so.
    Name,
    /// What the system says.
    System(io::Error),
}

impl From<io::Error> for Astray {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl From<rustix::io::Errno> for Astray {
    fn from(error: rustix::io::Errno) -> Self {
        Self::System(error.into())
    }
}

impl Root {
    /// Makes the folders on the way to it. It itself need not be there.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let (folder, name) = match (path.parent(), path.file_name()) {
            (Some(folder), Some(name)) => (folder.to_owned(), name.to_owned()),
            _ => (PathBuf::from("/"), OsString::from(".")),
        };
        fs::create_dir_all(&folder)?;
        let folder = Rc::new(rustix::fs::openat(CWD, &folder, FLAGS, Mode::empty())?);
        Ok(Self { place: Place { folder, name }, top: None, last: None, modes: Vec::new() })
    }

    /// Makes a folder, or takes the one that is there. True: it is new.
    ///
    /// # Errors
    /// The path is none, or what the system says.
    pub fn make(&mut self, path: &[u8], mode: u32) -> Result<bool, Astray> {
        let Place { folder, name } = self.place(path)?;
        let new = match rustix::fs::mkdirat(&folder, &name, Mode::from_raw_mode(0o700)) {
            Ok(()) => true,
            Err(rustix::io::Errno::EXIST) => false,
            Err(error) => return Err(error.into()),
        };
        // The one that a person named may be a link of theirs.
        let follow = if path.is_empty() { OFlags::empty() } else { OFlags::NOFOLLOW };
        let inside = Rc::new(rustix::fs::openat(&folder, &name, FLAGS | follow, Mode::empty())?);
        if mode & 0o700 == 0o700 {
            rustix::fs::fchmod(&inside, Mode::from_raw_mode(mode))?;
        } else {
            self.modes.push((Rc::clone(&inside), mode));
        }
        if path.is_empty() {
            self.top = Some(Rc::clone(&inside));
        }
        self.last = Some((path.to_vec(), inside));
        Ok(new)
    }

    /// Where a path lies: the empty one is what a person named.
    ///
    /// # Errors
    /// The path is none, or one of its folders is not there, or is a link.
    pub fn place(&mut self, path: &[u8]) -> Result<Place, Astray> {
        if path.is_empty() {
            return Ok(self.place.clone());
        }
        let (folder, name) = match path.iter().rposition(|byte| *byte == b'/') {
            Some(at) => (&path[..at], &path[at + 1..]),
            None => (&path[..0], path),
        };
        check(name)?;
        Ok(Place { folder: self.folder(folder)?, name: OsStr::from_bytes(name).to_owned() })
    }

    /// Opens a folder of the tree.
    ///
    /// # Errors
    /// As [`Root::place`].
    pub fn folder(&mut self, path: &[u8]) -> Result<Rc<OwnedFd>, Astray> {
        if let Some((last, folder)) = &self.last
            && last == path
        {
            return Ok(Rc::clone(folder));
        }
        let Some(top) = &self.top else { return Err(Astray::Name) };
        let mut folder = Rc::clone(top);
        if !path.is_empty() {
            for (depth, name) in path.split(|byte| *byte == b'/').enumerate() {
                check(name)?;
                if depth > DEEPEST {
                    return Err(Astray::Name);
                }
                let flags = FLAGS | OFlags::NOFOLLOW;
                folder = Rc::new(rustix::fs::openat(&folder, OsStr::from_bytes(name), flags, Mode::empty())?);
            }
        }
        self.last = Some((path.to_vec(), Rc::clone(&folder)));
        Ok(folder)
    }

    /// Gives folders the modes that had to wait, and brings the names to the disk.
    ///
    /// # Errors
    /// What the system says.
    pub fn settle(&mut self) -> io::Result<()> {
        while let Some((folder, mode)) = self.modes.pop() {
            rustix::fs::fchmod(&folder, Mode::from_raw_mode(mode))?;
        }
        for folder in [Some(&self.place.folder), self.top.as_ref()].into_iter().flatten() {
            let _ = rustix::fs::fsync(folder); // some file systems have no such thing
        }
        Ok(())
    }
}

/// A name that can only be one of something right in its folder.
fn check(name: &[u8]) -> Result<(), Astray> {
    let wrong = name.is_empty() || name.len() > 255 || matches!(name, b"." | b"..") || name.contains(&0);
    if wrong || name.contains(&b'/') { Err(Astray::Name) } else { Ok(()) }
}

/// Whether a link with this text, so deep in the tree, cannot lead out of it: it may climb at its start alone, where the
/// folders are ours, and not out of the tree.
pub fn stays_inside(path: &[u8], text: &[u8]) -> bool {
    let depth = path.split(|byte| *byte == b'/').count() - 1;
    let words: Vec<&[u8]> = text.split(|byte| *byte == b'/').collect();
    let climbs = words.iter().take_while(|word| **word == b"..").count();
    climbs <= depth && !text.is_empty() && words[climbs..].iter().all(|word| check(word).is_ok())
}

/// The names in a folder.
///
/// # Errors
/// What the system says.
pub fn names(folder: &OwnedFd) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned();
        if name != "." && name != ".." {
            names.push(name);
        }
    }
    Ok(names)
}

/// Removes a name and all below it; no link is followed.
///
/// # Errors
/// What the system says.
pub fn remove(folder: &OwnedFd, name: &OsStr, depth: usize) -> io::Result<()> {
    let about = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(about.st_mode) != FileType::Directory {
        return Ok(rustix::fs::unlinkat(folder, name, AtFlags::empty())?);
    }
    if depth > DEEPEST {
        return Err(io::Error::other("folders deeper than any that is taken"));
    }
    let inside = rustix::fs::openat(folder, name, FLAGS | OFlags::NOFOLLOW, Mode::empty())?;
    for name in names(&inside)? {
        remove(&inside, &name, depth + 1)?;
    }
    Ok(rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_may_climb_at_its_start_and_stay_in_the_tree() {
        for (path, text, stays) in [
            ("a", "b", true),
            ("a", "b/c", true),
            ("d/a", "../b", true),
            ("d/e/a", "../../b/c", true),
            ("a", "../b", false),
            ("d/a", "../../b", false),
            ("a", "/etc/passwd", false),
            ("a", "b/../..", false),
            ("d/a", "e/..", false),
            ("a", "", false),
            ("a", "b//c", false),
        ] {
            assert_eq!(stays_inside(path.as_bytes(), text.as_bytes()), stays, "{path} -> {text}");
        }
    }

    #[test]
    fn no_path_leads_out() {
        let place = tempfile::tempdir().unwrap();
        let tree = place.path().join("tree");
        let mut root = Root::new(&tree).unwrap();
        root.make(b"", 0o755).unwrap();
        std::os::unix::fs::symlink(place.path(), tree.join("out")).unwrap();
        for path in ["..", "../x", "/etc/x", "a/../../x", "out/x", "./x", "a//x", "x/", "a\0b", "."] {
            assert!(root.place(path.as_bytes()).is_err(), "{path:?}");
        }
        assert!(root.make(b"out", 0o755).is_err(), "a link is no folder");
        assert!(root.place(b"fine").is_ok());
    }
}
