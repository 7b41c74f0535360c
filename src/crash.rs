//! What is kept of a panic: a report in the user's own state folder, without anything that a person typed.
//!
//! Hooks belong to the whole process, and so does what the last report was: it is the static of this file.

use std::backtrace::Backtrace;
use std::fmt::Write as _;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::panic::{self, PanicHookInfo};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use crate::paths;

/// How many reports are kept; the oldest go.
const KEPT: usize = 10;
/// The longest that a panic's own words may be in a report, in bytes.
const WORDS: usize = 1000;
/// Where words may begin that come from data, as those of a slice that was cut inside a character do.
const QUOTES: [char; 3] = ['`', '"', '\''];

/// Where the newest report of this process lies.
static NEWEST: Mutex<Option<PathBuf>> = Mutex::new(None);

/// From now on each panic of this process leaves a report, besides what it says on standard error.
pub fn keep_reports() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        record(info);
        report(info);
        if let Some(path) = newest() {
            let _ = writeln!(io::stderr(), "hailer: a report is in {}", path.display());
        }
    }));
}

/// Writes a report of a panic. Nothing happens where there is no place for it: a panic is bad enough.
pub fn record(info: &PanicHookInfo<'_>) {
    let Some(folder) = paths::state() else { return };
    let words = info.payload_as_str().unwrap_or("no words");
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let thread = thread::current();
    let text = text(words, &place, thread.name().unwrap_or("?"), &Backtrace::force_capture().to_string());
    if let (Ok(path), Ok(mut newest)) = (write(&folder, &text), NEWEST.lock()) {
        *newest = Some(path);
    }
}

/// Where the newest report of this process lies, if one was written.
pub fn newest() -> Option<PathBuf> {
    NEWEST.lock().ok().and_then(|newest| newest.clone())
}

/// A report. What the words quote may be a person's or a host's, and is left out.
fn text(words: &str, place: &str, thread: &str, trace: &str) -> String {
    let own = words.split(QUOTES).next().unwrap_or_default();
    let own = &own[..own.floor_char_boundary(WORDS)];
    let left_out = if own.len() < words.len() { "… (the rest is left out: it may quote data)" } else { "" };
    let mut text = format!("hailer {} panicked\n", env!("CARGO_PKG_VERSION"));
    let _ = writeln!(text, "thread: {thread}\nplace: {place}\nwords: {own}{left_out}\n\n{trace}");
    text
}

/// Writes a report that only this user can read, and drops the oldest ones.
fn write(folder: &Path, text: &str) -> io::Result<PathBuf> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let now = jiff::Timestamp::now().as_microsecond();
    let path = folder.join(format!("crash-{now}-{}.log", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    file.write_all(text.as_bytes())?;
    drop_oldest(folder)?;
    Ok(path)
}

fn drop_oldest(folder: &Path) -> io::Result<()> {
    let mut reports: Vec<PathBuf> = fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("crash-")))
        .collect();
    // Their names begin with the time, in as many digits for some centuries to come.
    reports.sort();
    let too_many = reports.len().saturating_sub(KEPT);
    reports[..too_many].iter().try_for_each(fs::remove_file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_report_quotes_nothing() {
        let text =
            text("byte index 3 is not a char boundary; it is inside 'é' of `pass`", "a.rs:1", "main", "");
        assert!(text.contains("byte index 3") && text.contains("a.rs:1"), "{text}");
        assert!(!text.contains("pass"), "{text}");
        let long = super::text(&"é".repeat(WORDS), "", "", "");
        assert!(long.len() < WORDS + 300);
    }

    #[test]
    fn reports_are_their_owners_and_few() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = folder.path().join("state");
        let paths: Vec<_> = (0..KEPT + 3).map(|_| write(&state, "x").expect("a report")).collect();
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&state), mode(&paths[KEPT + 2])), (0o700, 0o600));
        assert_eq!(fs::read_dir(&state).expect("a folder").count(), KEPT);
        assert!(!paths[0].exists());
    }
}
