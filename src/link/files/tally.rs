//! How far a transfer is, and what became of it.

use std::path::Path;

use tokio::sync::watch;

use crate::link::files::sha256::Sha256;
use crate::wire::value::Value;

/// How many files that failed are named.
const NAMED: usize = 5;

/// How far a transfer is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// So many bytes are where they are to be.
    pub done: u64,
    /// Of so many, once that is known.
    pub total: Option<u64>,
    /// The file under way, where there are several.
    pub name: String,
}

/// Tells how far a transfer is; whoever wants to know looks when it likes.
#[derive(Debug)]
pub struct Meter {
    told: watch::Sender<Progress>,
}

impl Meter {
    /// One, and where it is looked at.
    pub fn new() -> (Self, watch::Receiver<Progress>) {
        let (told, seen) = watch::channel(Progress::default());
        (Self { told }, seen)
    }

    pub(super) fn total(&mut self, total: u64) {
        self.told.send_modify(|progress| progress.total = Some(total));
    }

    pub(super) fn add(&mut self, bytes: u64) {
        self.told.send_modify(|progress| progress.done = progress.done.saturating_add(bytes));
    }

    pub(super) fn name(&mut self, path: &[u8]) {
        self.told.send_modify(|progress| progress.name = String::from_utf8_lossy(path).into_owned());
    }
}

/// What became of a transfer.
#[derive(Debug, Default)]
pub struct Done {
    /// Where it lies on the host.
    pub remote: String,
    /// Where it lies here.
    pub local: String,
    /// A folder was carried.
    pub folder: bool,
    /// How many files it holds.
    pub files: u64,
    /// All their bytes.
    pub size: u64,
    /// How many bytes travelled.
    pub moved: u64,
    /// How many things are not as they were before.
    pub changed: u64,
    /// How many things were removed.
    pub deleted: u64,
    /// What could not be carried, and why.
    failed: Vec<String>,
    failures: u64,
    checksum: Checksum,
}

/// The SHA-256 of a file, or of all files of a folder.
#[derive(Debug, Default)]
enum Checksum {
    #[default]
    Nothing,
    One(String),
    All(Box<Sha256>),
}

impl Done {
    /// A file is where it is to be. Paths come in order, so that equal folders have equal checksums.
    pub(super) fn file(&mut self, path: &[u8], size: u64, sha256: &str) {
        self.files += 1;
        self.size += size;
        if path.is_empty() {
            self.checksum = Checksum::One(sha256.to_owned());
            return;
        }
        let mut all = match std::mem::take(&mut self.checksum) {
            Checksum::All(all) => all,
            _ => Box::default(),
        };
        all.update(sha256.as_bytes());
        all.update(b"  ");
        all.update(path);
        all.update(b"\0");
        self.checksum = Checksum::All(all);
    }

    /// Something could not be carried.
    pub(super) fn fail(&mut self, path: &[u8], why: &str) {
        self.failures += 1;
        if self.failed.len() < NAMED {
            let path = if path.is_empty() { &self.local } else { &*String::from_utf8_lossy(path) };
            self.failed.push(format!("{path}: {why}"));
        }
    }

    pub(super) fn here(&mut self, path: &Path) {
        self.local = path.to_string_lossy().into_owned();
    }

    /// A sentence that says what is missing, if anything is.
    pub fn incomplete(&self) -> Option<String> {
        if self.failures == 0 {
            return None;
        }
        if !self.folder && self.failures == 1 {
            return self.failed.first().cloned();
        }
        let more = self.failures - self.failed.len() as u64;
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        Some(format!(
            "{} of {} could not be carried, all else was: {}{more}",
            self.failures,
            self.failures + self.files,
            self.failed.join("; ")
        ))
    }

    /// As a run's answer.
    pub fn value(self) -> Value {
        let int = |number: u64| Value::from(i64::try_from(number).unwrap_or(i64::MAX));
        let checksum = match self.checksum {
            Checksum::Nothing => Sha256::default().hex(),
            Checksum::One(sha256) => sha256,
            Checksum::All(all) => all.hex(),
        };
        let mut pairs = vec![
            ("remote_path", Value::from(&*self.remote)),
            ("local_path", Value::from(&*self.local)),
            ("size", int(self.size)),
            ("checksum", Value::from(&*checksum)),
            ("changed", Value::from(self.changed + self.deleted > 0)),
            ("moved", int(self.moved)),
        ];
        if self.folder {
            pairs.push(("files", int(self.files)));
            pairs.push(("deleted", int(self.deleted)));
        }
        Value::dict(pairs.into_iter().map(|(name, value)| (name.into(), value)))
    }
}
