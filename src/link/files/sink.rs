//! fetch: what a host tells of is taken in here. The host is not trusted: it has no say in where anything goes, in more than
//! the plain bits of a mode, and it makes no devices, no links that lead out, and no files with more than it announced.

use std::collections::{HashSet, VecDeque};
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};

use crate::link::files::folder::{Astray, Root, names, remove, stays_inside};
use crate::link::files::line::{Line, Word, nonsense};
use crate::link::files::part::{Part, Place, because};
use crate::link::files::source::{digest, path_of};
use crate::link::files::tally::{Done, Meter};
use crate::link::files::{AHEAD, Stop};
use crate::wire::value::Value;

/// The most that a file may hold of which the host's system knows no size, as in /proc.
const SIZELESS: u64 = 64 << 20;
/// The most names that a folder may have for the others to be removed.
const NAMES: usize = 1_000_000;

/// Takes in a file or a folder.
///
/// # Errors
/// The far side or the link ended it, or something failed here.
pub fn fetch(line: &mut Line, meter: &mut Meter, local: &Path, delete: bool) -> Result<Done, Stop> {
    let root = Root::new(local).map_err(|error| failed(local, b"", &error))?;
    let mut done = Done::default();
    done.here(local);
    let mut sink = Sink {
        line,
        meter,
        local: local.to_owned(),
        root,
        delete,
        waiting: VecDeque::new(),
        kept: Vec::new(),
        done,
    };
    let end = loop {
        match sink.line.hear() {
            Ok(Word::Order(words)) => sink.take(&words)?,
            Ok(Word::Bytes(_)) => return Err(nonsense("bytes of no file")),
            Err(Stop::Lost) => {
                sink.waiting.drain(..).filter_map(|waiting| waiting.part).for_each(Part::leave);
                return Err(Stop::Lost);
            }
            Err(Stop::Over(crate::link::call::Outcome::Value(end))) => break end,
            Err(stop) => return Err(stop),
        }
    };
    if !sink.waiting.is_empty() {
        return Err(nonsense("an end before the last file"));
    }
    sink.root.settle().map_err(|error| failed(local, b"", &error))?;
    let mut done = sink.done;
    done.remote = path_of(&end);
    Ok(done)
}

struct Sink<'a> {
    line: &'a mut Line,
    meter: &'a mut Meter,
    local: PathBuf,
    root: Root,
    waiting: VecDeque<Waiting>,
    /// Whether a person asked for what the host has not to go.
    delete: bool,
    /// Folders on the way down, and the names that stay in them.
    kept: Vec<(Vec<u8>, HashSet<OsString>)>,
    done: Done,
}

/// A file that was announced.
struct Waiting {
    path: Vec<u8>,
    place: Place,
    size: u64,
    mode: u32,
    about: Option<Stat>,
    /// The SHA-256 of the one that is there.
    have: Option<String>,
    part: Option<Part>,
}

/// What is wrong with an order, for whoever reads it.
fn unknown() -> Stop {
    nonsense("an order that is none")
}

impl Sink<'_> {
    fn take(&mut self, words: &[Value]) -> Result<(), Stop> {
        let what = words.first().and_then(Value::as_str).ok_or_else(unknown)?;
        let path = || words.get(1).and_then(Value::as_bytes).ok_or_else(unknown);
        let number = |at: usize| {
            words
                .get(at)
                .and_then(Value::as_i64)
                .and_then(|number| u64::try_from(number).ok())
                .ok_or_else(unknown)
        };
        match what {
            "total" => self.meter.total(number(1)?),
            "dir" => self.dir(path()?, number(2)? as u32 & 0o777)?,
            "link" => self.link(path()?, words.get(2).and_then(Value::as_bytes).ok_or_else(unknown)?)?,
            "file" => self.announced(path()?, number(2)?, number(3)? as u32 & 0o777)?,
            "same" => self.same()?,
            "skip" => {
                let waiting = self.next()?;
                let why = words.get(1).and_then(Value::as_str).unwrap_or("it could not be read");
                self.done.fail(&waiting.path, why);
            }
            "write" => self.write(number(1)?)?,
            "note" => {
                let why = words.get(2).and_then(Value::as_str).unwrap_or("it could not be read");
                self.done.fail(path()?, why);
            }
            "keep" => self.keep(path()?, words.get(2).and_then(Value::items).ok_or_else(unknown)?)?,
            "prune" => self.prune(path()?)?,
            _ => return Err(unknown()),
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Waiting, Stop> {
        self.waiting.pop_front().ok_or_else(|| nonsense("a file that was never announced"))
    }

    fn place(&mut self, path: &[u8]) -> Result<Place, Stop> {
        let place = self.root.place(path);
        place.map_err(|astray| self.astray(path, astray))
    }

    fn astray(&self, path: &[u8], astray: Astray) -> Stop {
        match astray {
            Astray::Name => nonsense(&format!("a file called {:?}", String::from_utf8_lossy(path))),
            Astray::System(error) => self.failed(path, &error),
        }
    }

    fn failed(&self, path: &[u8], error: &io::Error) -> Stop {
        failed(&self.local, path, error)
    }

    fn dir(&mut self, path: &[u8], mode: u32) -> Result<(), Stop> {
        self.done.folder = true;
        let new = self.root.make(path, mode);
        self.done.changed += u64::from(new.map_err(|astray| self.astray(path, astray))?);
        Ok(())
    }

    /// A link that leads out of the tree is left out, and told.
    fn link(&mut self, path: &[u8], text: &[u8]) -> Result<(), Stop> {
        let place = self.place(path)?;
        if path.is_empty() || !stays_inside(path, text) {
            let text = String::from_utf8_lossy(text);
            self.done.fail(path, &format!("it is a link that leads out of what is fetched, to {text}"));
            return Ok(());
        }
        let made = || -> io::Result<bool> {
            let text = OsString::from_vec(text.to_vec());
            let there = rustix::fs::readlinkat(&place.folder, &place.name, Vec::new());
            if there.is_ok_and(|there| there.as_bytes() == text.as_bytes()) {
                return Ok(false);
            }
            let beside = place.another()?;
            rustix::fs::symlinkat(&text, &place.folder, &beside)?;
            if let Err(error) = rustix::fs::renameat(&place.folder, &beside, &place.folder, &place.name) {
                let _ = rustix::fs::unlinkat(&place.folder, &beside, AtFlags::empty());
                return Err(error.into());
            }
            Ok(true)
        };
        self.done.changed += u64::from(made().map_err(|error| self.failed(path, &error))?);
        Ok(())
    }

    /// Tells what there is of a file.
    fn announced(&mut self, path: &[u8], size: u64, mode: u32) -> Result<(), Stop> {
        if self.waiting.len() > AHEAD {
            return Err(nonsense("more files announced than may be"));
        }
        let place = self.place(path)?;
        let about = place.about().map_err(|error| self.failed(path, &error))?;
        let kind = about.as_ref().map(|about| FileType::from_raw_mode(about.st_mode));
        if kind == Some(FileType::Directory) {
            return Err(self.failed(path, &io::Error::from(io::ErrorKind::IsADirectory)));
        }
        let same = kind == Some(FileType::RegularFile)
            && about.as_ref().is_some_and(|about| u64::try_from(about.st_size) == Ok(size));
        let have = same.then(|| sha256(&place)).flatten();
        let part = Part::left(&place);
        let text = |text: Option<&str>| text.map_or_else(|| Value::from(()), Value::from);
        let begun = part.as_ref().map(Part::sha256);
        let length = part.as_ref().map_or(0, |part| part.size);
        let answer = [
            "file".into(),
            text(have.as_deref()),
            i64::try_from(length).unwrap_or(0).into(),
            text(begun.as_deref()),
        ];
        self.waiting.push_back(Waiting { path: path.to_vec(), place, size, mode, about, have, part });
        self.line.order(answer)
    }

    fn same(&mut self) -> Result<(), Stop> {
        let waiting = self.next()?;
        let Some(have) = &waiting.have else { return Err(nonsense("a file is the same as none")) };
        if waiting.about.is_some_and(|about| about.st_mode & 0o7777 != waiting.mode) {
            let Place { folder, name } = &waiting.place;
            let open = rustix::fs::openat(folder, name, READ, Mode::empty());
            let set = open.and_then(|file| rustix::fs::fchmod(&file, Mode::from_raw_mode(waiting.mode)));
            set.map_err(|error| self.failed(&waiting.path, &error.into()))?;
            self.done.changed += 1;
        }
        self.meter.add(waiting.size);
        self.done.file(&waiting.path, waiting.size, have);
        Ok(())
    }

    /// Takes in what a file holds, from an offset on.
    fn write(&mut self, offset: u64) -> Result<(), Stop> {
        let Waiting { path, place, size, mode, part, .. } = self.next()?;
        let most = if size == 0 { SIZELESS } else { size };
        if self.done.folder {
            self.meter.name(&path);
        }
        let mut part = match part {
            Some(part) => part,
            None => Part::begin(&place).map_err(|error| self.failed(&path, &error))?,
        };
        if part.size != offset {
            if offset != 0 {
                return Err(nonsense("a file from the middle on"));
            }
            part.restart().map_err(|error| self.failed(&path, &error))?;
        }
        self.meter.add(offset);
        loop {
            let words = match self.line.hear() {
                Ok(Word::Bytes(bytes)) if part.size + bytes.len() as u64 > most => {
                    return Err(nonsense("more bytes than the file was to have"));
                }
                Ok(Word::Bytes(bytes)) => {
                    part.write(&bytes).map_err(|error| self.failed(&path, &error))?;
                    self.meter.add(bytes.len() as u64);
                    self.done.moved += bytes.len() as u64;
                    continue;
                }
                Ok(Word::Order(words)) => words,
                Err(Stop::Lost) => {
                    part.leave();
                    return Err(Stop::Lost);
                }
                Err(stop) => return Err(stop),
            };
            return match words.first().and_then(Value::as_str) {
                Some("end") => self.end(&path, part, mode, &words),
                Some("broken") => {
                    let why = words.get(1).and_then(Value::as_str).unwrap_or("it could not be read");
                    self.done.fail(&path, why);
                    Ok(())
                }
                _ => Err(unknown()),
            };
        }
    }

    fn end(&mut self, path: &[u8], part: Part, mode: u32, words: &[Value]) -> Result<(), Stop> {
        let (size, sha256) = (part.size, part.sha256());
        let told = (words.get(1).and_then(Value::as_i64), words.get(2).and_then(Value::as_str));
        if told != (i64::try_from(size).ok(), Some(&sha256)) {
            self.done.fail(path, &format!("it arrived damaged: {size} bytes, their SHA-256 is {sha256}"));
            return Ok(());
        }
        part.settle(mode).map_err(|error| self.failed(path, &error))?;
        self.done.changed += 1;
        self.done.file(path, size, &sha256);
        Ok(())
    }

    fn keep(&mut self, path: &[u8], some: Vec<Value>) -> Result<(), Stop> {
        if self.kept.iter().map(|(_, names)| names.len()).sum::<usize>() > NAMES {
            return Err(nonsense("too many names"));
        }
        if self.kept.last().is_none_or(|(last, _)| last != path) {
            self.kept.push((path.to_vec(), HashSet::new()));
        }
        let some = some.iter().filter_map(Value::as_bytes).map(|name| OsString::from_vec(name.to_vec()));
        if let Some((_, names)) = self.kept.last_mut() {
            names.extend(some);
        }
        Ok(())
    }

    /// Removes what the host has not, where that was asked for.
    fn prune(&mut self, path: &[u8]) -> Result<(), Stop> {
        if !self.delete {
            return Err(nonsense("files to be removed, which nobody asked for"));
        }
        let kept = self.kept.pop_if(|(last, _)| last == path).map(|(_, names)| names).unwrap_or_default();
        let folder = self.root.folder(path).map_err(|astray| self.astray(path, astray))?;
        for name in names(&folder).map_err(|error| self.failed(path, &error))? {
            if !kept.contains(&name) {
                remove(&folder, &name, 0).map_err(|error| self.failed(path, &error))?;
                self.done.deleted += 1;
            }
        }
        Ok(())
    }
}

const READ: OFlags = OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// The SHA-256 of a file; None where it cannot be read.
fn sha256(place: &Place) -> Option<String> {
    let file = rustix::fs::openat(&place.folder, &place.name, READ, Mode::empty()).ok()?;
    Some(digest(&mut File::from(file), u64::MAX).ok()?.1.hex())
}

/// Something failed on this machine.
fn failed(local: &Path, path: &[u8], error: &io::Error) -> Stop {
    let path = if path.is_empty() { local.to_owned() } else { local.join(std::ffi::OsStr::from_bytes(path)) };
    Stop::Here("hailer.Local", format!("{}: {} (on this machine)", path.display(), because(error)))
}
