//! A file on its way in: what there is of it lies beside its goal, and takes its place when it is whole, on the disk, verified.
//!
//! As `agent/hailer/part.py` does on the far side: one name from one transfer to the next, so that one that was cut goes
//! on; locked while it is written; and nothing is touched that somebody else may have put there.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::rc::Rc;

use rustix::fs::{AtFlags, FileType, FlockOperation, Mode, OFlags};
use rustix::rand::{GetRandomFlags, getrandom};

use crate::link::files::sha256::Sha256;
use crate::link::files::source::digest;

/// How a part is opened.
const FLAGS: OFlags = OFlags::RDWR.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// A name in a folder that is open.
#[derive(Debug, Clone)]
pub struct Place {
    /// The folder.
    pub folder: Rc<OwnedFd>,
    /// The name.
    pub name: OsString,
}

impl Place {
    /// What the system says of it; no link is followed. None: there is nothing.
    ///
    /// # Errors
    /// What the system says.
    pub fn about(&self) -> io::Result<Option<rustix::fs::Stat>> {
        match rustix::fs::statat(&self.folder, &self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(about) => Ok(Some(about)),
            Err(rustix::io::Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The part's usual name.
    fn beside(&self) -> OsString {
        let name = self.name.as_bytes();
        let mut beside = vec![b'.'];
        beside.extend_from_slice(name.get(..200).unwrap_or(name));
        beside.extend_from_slice(b".hailer~");
        OsString::from_vec(beside)
    }

    /// A name that no other transfer has.
    pub fn another(&self) -> io::Result<OsString> {
        let mut token = [0; 8];
        getrandom(&mut token, GetRandomFlags::empty())?;
        let mut name = self.beside().into_vec();
        name.pop();
        name.extend_from_slice(format!(".{:016x}~", u64::from_ne_bytes(token)).as_bytes());
        Ok(OsString::from_vec(name))
    }
}

/// An open, locked file of ours beside its goal. Dropped, it is removed, unless it was settled or left.
#[derive(Debug)]
pub struct Part {
    goal: Place,
    name: OsString,
    file: File,
    /// How much of it there is.
    pub size: u64,
    found: Sha256,
    /// It is not to be removed.
    stays: bool,
}

impl Part {
    /// What an earlier transfer left, if it is ours and nobody writes it.
    pub fn left(goal: &Place) -> Option<Self> {
        let name = goal.beside();
        let mut file = File::from(rustix::fs::openat(&goal.folder, &name, FLAGS, Mode::empty()).ok()?);
        let about = rustix::fs::fstat(&file).ok()?;
        let ours = FileType::from_raw_mode(about.st_mode) == FileType::RegularFile
            && about.st_uid == rustix::process::geteuid().as_raw()
            && about.st_nlink == 1
            && Mode::from_raw_mode(about.st_mode).intersection(Mode::RWXG | Mode::RWXO).is_empty();
        if !ours || !lock(&file, goal, &name) {
            return None;
        }
        let (size, found) = digest(&mut file, u64::MAX).ok()?;
        Some(Self { goal: goal.clone(), name, file, size, found, stays: false })
    }

    /// A new one. Where the usual name is somebody else's, under another, which no later transfer goes on from.
    ///
    /// # Errors
    /// What the system says.
    pub fn begin(goal: &Place) -> io::Result<Self> {
        for name in [goal.beside(), goal.another()?] {
            let flags = FLAGS | OFlags::CREATE | OFlags::EXCL;
            match rustix::fs::openat(&goal.folder, &name, flags, Mode::from_raw_mode(0o600)) {
                Ok(file) => {
                    let file = File::from(file);
                    if lock(&file, goal, &name) {
                        let found = Sha256::default();
                        return Ok(Self { goal: goal.clone(), name, file, size: 0, found, stays: false });
                    }
                }
                Err(rustix::io::Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(io::Error::other("another transfer writes this file"))
    }

    /// The SHA-256 of what there is.
    pub fn sha256(&self) -> String {
        self.found.hex()
    }

    /// Adds to it.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.found.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Throws away what there is.
    ///
    /// # Errors
    /// What the system says.
    pub fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        io::Seek::rewind(&mut self.file)?;
        (self.size, self.found) = (0, Sha256::default());
        Ok(())
    }

    /// Takes its place, on the disk.
    ///
    /// # Errors
    /// What the system says.
    pub fn settle(mut self, mode: u32) -> io::Result<()> {
        rustix::fs::fchmod(&self.file, Mode::from_raw_mode(mode))?;
        self.file.sync_all()?;
        let Place { folder, name } = &self.goal;
        rustix::fs::renameat(folder, &self.name, folder, name)?;
        self.stays = true;
        Ok(())
    }

    /// Leaves it for the next transfer.
    pub fn leave(mut self) {
        self.stays = true;
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.stays {
            let _ = rustix::fs::unlinkat(&self.goal.folder, &self.name, AtFlags::empty());
        }
    }
}

/// Whether it is ours alone now, and still the file of that name.
fn lock(file: &File, goal: &Place, name: &OsStr) -> bool {
    use rustix::io::Errno;
    match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {
            let open = rustix::fs::fstat(file).map(|about| (about.st_dev, about.st_ino));
            let named = rustix::fs::statat(&goal.folder, name, AtFlags::SYMLINK_NOFOLLOW);
            open.is_ok() && open == named.map(|about| (about.st_dev, about.st_ino))
        }
        // A file system without locks.
        Err(error) => matches!(error, Errno::NOLCK | Errno::NOSYS | Errno::OPNOTSUPP),
    }
}

/// An error of the system without its number.
pub fn because(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}
