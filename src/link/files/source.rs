//! put: what lies here is told of, in order, and what the host has not is sent.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use rustix::fs::OFlags;

use crate::link::files::line::{Line, nonsense};
use crate::link::files::part::because;
use crate::link::files::sha256::Sha256;
use crate::link::files::tally::{Done, Meter};
use crate::link::files::{AHEAD, Stop};
use crate::wire::frame::MAX_PAYLOAD;
use crate::wire::value::Value;

/// How many names one order holds.
const NAMES: usize = 200;

/// Sends a file or a folder.
///
/// # Errors
/// The far side or the link ended it, or what was named cannot be read.
pub fn put(line: &mut Line, meter: &mut Meter, local: &Path, delete: bool) -> Result<Done, Stop> {
    let mut source =
        Source { line, meter, root: local, delete, waiting: VecDeque::new(), done: Done::default() };
    source.done.here(local);
    source.line.answer("ready")?;
    if let Err(error) = source.tell() {
        match error {
            // What is under way there is to be cleared away before anything ends.
            Trouble::Here(error) => source.done.fail(b"", &because(&error)),
            Trouble::Stop(stop) => return Err(stop),
        }
    }
    source.line.order(["over".into()])?;
    let answer = source.line.over()?;
    let mut done = source.done;
    let number =
        |name| answer.get_field(name).and_then(|value| u64::try_from(value.as_i64()?).ok()).unwrap_or(0);
    (done.changed, done.deleted) = (number("changed"), number("deleted"));
    done.remote = path_of(&answer);
    Ok(done)
}

/// The path in a host's answer.
pub(super) fn path_of(answer: &Value) -> String {
    let path = answer.get_field("path");
    path.as_ref()
        .and_then(Value::as_bytes)
        .map(|path| String::from_utf8_lossy(path).into_owned())
        .unwrap_or_default()
}

/// Why something does not go on.
enum Trouble {
    Here(io::Error),
    Stop(Stop),
}

impl From<Stop> for Trouble {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Here(error)
    }
}

struct Source<'a> {
    line: &'a mut Line,
    meter: &'a mut Meter,
    root: &'a Path,
    delete: bool,
    /// Announced, and not yet answered.
    waiting: VecDeque<(Vec<u8>, Metadata)>,
    done: Done,
}

/// A folder that is being told of.
struct Open {
    path: Vec<u8>,
    /// The names that are still to come, the next one last.
    names: Vec<Vec<u8>>,
    /// All of them are known.
    whole: bool,
}

impl Source<'_> {
    fn tell(&mut self) -> Result<(), Trouble> {
        let about = fs::metadata(self.root)?;
        if about.is_dir() {
            fs::read_dir(self.root)?;
            self.done.folder = true;
            self.meter.total(size_of(self.root));
            self.tree(&about)?;
        } else if about.is_file() {
            File::open(self.root)?;
            self.meter.total(about.len());
            self.announce(Vec::new(), about)?;
        } else {
            return Err(io::Error::other("only plain files and folders can be put").into());
        }
        while !self.waiting.is_empty() {
            self.send()?;
        }
        Ok(())
    }

    /// Tells of a folder and of all in it, in order; no link is followed.
    fn tree(&mut self, about: &Metadata) -> Result<(), Stop> {
        let mut open = vec![self.folder(Vec::new(), about)?];
        while let Some(last) = open.last_mut() {
            let Some(name) = last.names.pop() else {
                let Open { path, whole, .. } =
                    open.pop().unwrap_or(Open { path: Vec::new(), names: Vec::new(), whole: false });
                if self.delete && whole {
                    while !self.waiting.is_empty() {
                        self.send()?;
                    }
                    self.line.order(["prune".into(), (&*path).into()])?;
                }
                continue;
            };
            let path = joined(&last.path, &name);
            let at = self.at(&path);
            match fs::symlink_metadata(&at) {
                Ok(about) if about.is_dir() => open.push(self.folder(path, &about)?),
                Ok(about) if about.is_file() => self.announce(path, about)?,
                Ok(about) if about.is_symlink() => match fs::read_link(&at) {
                    Ok(text) => {
                        let text = text.into_os_string().into_vec();
                        self.line.order(["link".into(), (&*path).into(), (&*text).into()])?;
                    }
                    Err(error) => self.done.fail(&path, &because(&error)),
                },
                Ok(_) => self.done.fail(&path, "it is no plain file, folder or link"),
                Err(error) => self.done.fail(&path, &because(&error)),
            }
        }
        Ok(())
    }

    fn folder(&mut self, path: Vec<u8>, about: &Metadata) -> Result<Open, Stop> {
        self.line.order(["dir".into(), (&*path).into(), mode(about)])?;
        let (mut names, mut whole) = (Vec::new(), true);
        match fs::read_dir(self.at(&path)) {
            Ok(entries) => {
                for entry in entries {
                    match entry {
                        Ok(entry) => names.push(entry.file_name().into_vec()),
                        Err(_) => whole = false,
                    }
                }
            }
            Err(error) => {
                self.done.fail(&path, &because(&error));
                whole = false;
            }
        }
        names.sort_unstable_by(|one, other| other.cmp(one));
        if self.delete && whole {
            for some in names.chunks(NAMES) {
                let some = Value::list(some.iter().map(|name| Value::from(&**name)));
                self.line.order(["keep".into(), (&*path).into(), some])?;
            }
        }
        Ok(Open { path, names, whole })
    }

    fn at(&self, path: &[u8]) -> PathBuf {
        if path.is_empty() { self.root.to_owned() } else { self.root.join(OsStr::from_bytes(path)) }
    }

    fn announce(&mut self, path: Vec<u8>, about: Metadata) -> Result<(), Stop> {
        let size = i64::try_from(about.len()).unwrap_or(i64::MAX);
        self.line.order(["file".into(), (&*path).into(), size.into(), mode(&about)])?;
        self.waiting.push_back((path, about));
        if self.waiting.len() > AHEAD {
            self.send()?;
        }
        Ok(())
    }

    /// Sends the oldest file that was announced, as far as it is needed.
    fn send(&mut self) -> Result<(), Stop> {
        let Some((path, about)) = self.waiting.pop_front() else { return Ok(()) };
        let answer = self.line.answer("file")?; // its first word, and what there is
        let text = |at: usize| answer.get(at).and_then(Value::as_str);
        let offset = answer.get(2).and_then(Value::as_i64).and_then(|size| u64::try_from(size).ok());
        let Some(offset) = offset else { return Err(nonsense("an answer without a size")) };
        if self.done.folder {
            self.meter.name(&path);
        }
        let mut file = match open(&self.at(&path), path.is_empty()) {
            Ok(file) => file,
            Err(error) => {
                self.done.fail(&path, &because(&error));
                return self.line.order(["skip".into()]);
            }
        };
        if let Some(have) = text(1) {
            match digest(&mut file, u64::MAX) {
                Ok((size, found)) if have == found.hex() => {
                    self.meter.add(size);
                    self.done.file(&path, size, have);
                    return self.line.order(["same".into()]);
                }
                _ => {}
            }
        }
        let there = text(3).filter(|_| offset > 0).map(|sha256| (offset, sha256));
        match self.content(&mut file, &about, there) {
            Ok((size, sha256)) => {
                self.done.file(&path, size, &sha256);
                let size = i64::try_from(size).unwrap_or(i64::MAX);
                self.line.order(["end".into(), size.into(), (&*sha256).into()])
            }
            Err(Trouble::Stop(stop)) => Err(stop),
            Err(Trouble::Here(error)) => {
                self.done.fail(&path, &because(&error));
                self.line.order(["broken".into()])
            }
        }
    }

    /// Sends what a file holds, after what is there of it, if that is the same.
    fn content(
        &mut self,
        file: &mut File,
        about: &Metadata,
        there: Option<(u64, &str)>,
    ) -> Result<(u64, String), Trouble> {
        let size = about.len();
        let begun = match there {
            Some((offset, sha256)) => {
                digest(file, offset).ok().filter(|(length, found)| *length == offset && found.hex() == sha256)
            }
            None => None,
        };
        let (mut at, mut found) = begun.unwrap_or_else(|| (0, Sha256::default()));
        self.line.order(["write".into(), i64::try_from(at).unwrap_or(i64::MAX).into()])?;
        file.seek(SeekFrom::Start(at))?;
        self.meter.add(at);
        // A file of /proc has no size: it is read to its end. One that grows is sent as far as it was announced.
        while size == 0 || at < size {
            let most = if size == 0 {
                MAX_PAYLOAD
            } else {
                MAX_PAYLOAD.min(usize::try_from(size - at).unwrap_or(MAX_PAYLOAD))
            };
            let bytes = read(file, most)?;
            if bytes.is_empty() {
                break;
            }
            found.update(&bytes);
            at += bytes.len() as u64;
            self.meter.add(bytes.len() as u64);
            self.done.moved += bytes.len() as u64;
            self.line.bytes(bytes)?;
        }
        let sha256 = found.hex();
        let now = file.metadata()?;
        let touched = (now.len(), now.mtime(), now.mtime_nsec()) != (size, about.mtime(), about.mtime_nsec());
        if at < size
            || size > 0
                && touched
                && !digest(file, at).is_ok_and(|(length, again)| length == at && again.hex() == sha256)
        {
            return Err(io::Error::other("it changed while it was sent").into());
        }
        Ok((at, sha256))
    }
}

/// Some bytes, as many as are asked for but at the end.
fn read(file: &mut File, most: usize) -> io::Result<Bytes> {
    let mut bytes = BytesMut::zeroed(most);
    let mut at = 0;
    while at < most {
        match file.read(&mut bytes[at..]) {
            Ok(0) => break,
            Ok(count) => at += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(at);
    Ok(bytes.freeze())
}

/// The length and the hash of a file's first bytes.
pub(super) fn digest(file: &mut File, most: u64) -> io::Result<(u64, Sha256)> {
    file.seek(SeekFrom::Start(0))?;
    let (mut found, mut size, mut buffer) = (Sha256::default(), 0, vec![0; 4 * MAX_PAYLOAD]);
    while size < most {
        let room = buffer.len().min(usize::try_from(most - size).unwrap_or(usize::MAX));
        match file.read(&mut buffer[..room]) {
            Ok(0) => break,
            Ok(count) => {
                found.update(&buffer[..count]);
                size += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok((size, found))
}

/// Opens a plain file. Only the one that a person named may be a link.
fn open(path: &Path, named: bool) -> io::Result<File> {
    let follow = if named { OFlags::empty() } else { OFlags::NOFOLLOW };
    let flags = (OFlags::NONBLOCK | follow).bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no plain file any more"));
    }
    Ok(file)
}

fn mode(about: &Metadata) -> Value {
    Value::from(i64::from(about.permissions().mode() & 0o7777))
}

fn joined(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}

/// The bytes of all files of a folder, as far as they can be seen.
fn size_of(folder: &Path) -> u64 {
    let (mut size, mut open) = (0, vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for entry in entries.flatten() {
            match entry.metadata() {
                Ok(about) if about.is_dir() => open.push(entry.path()),
                Ok(about) if about.is_file() => size += about.len(),
                _ => {}
            }
        }
    }
    size
}
