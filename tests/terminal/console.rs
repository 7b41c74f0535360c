//! A console in a home of its own, which nothing of this machine's configuration reaches.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::pty::Screen;

pub const F5: &str = "\x1b[15~";
pub const CTRL_C: &str = "\x03";
pub const CTRL_Z: &str = "\x1a";
pub const NOTHING_RAN: &str = "Nothing has run yet";

/// How long processes may take to go once nobody needs them.
const GOING: Duration = Duration::from_secs(30);

pub struct Console {
    pub screen: Screen,
    pub home: TempDir,
}

impl Console {
    /// With `local` as its one target, once that is ready.
    pub fn ready() -> Self {
        let console = Self::start(&["--no-config", "local"], &[], 100, 30);
        console.screen.wait_for("1 ready");
        console
    }

    pub fn start(arguments: &[&str], env: &[(&str, &str)], columns: u16, rows: u16) -> Self {
        Self::of(hailer(), arguments, env, columns, rows)
    }

    /// Another program, which may start a console in turn.
    pub fn of(program: &Path, arguments: &[&str], env: &[(&str, &str)], columns: u16, rows: u16) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().to_str().expect("a plain name");
        let docker = format!("unix://{path}/no-docker.sock");
        let own = [("HOME", path), ("DOCKER_HOST", docker.as_str())];
        let env: Vec<_> = own.iter().chain(env).copied().collect();
        Self { screen: Screen::start(program, arguments, &env, columns, rows), home }
    }

    /// Types code and runs it.
    pub fn run(&self, code: &str) {
        self.screen.keys(code);
        self.screen.wait_for(&code[code.len().saturating_sub(40)..]);
        self.screen.keys(F5);
    }

    /// Quits; its exit code.
    pub fn quit(&mut self) -> u32 {
        self.screen.keys("\x11");
        self.screen.ended()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.screen.pid().cast_signed()).expect("a process");
        kill_process(pid, signal).expect("a signal");
    }

    /// The processes of this console, itself included: those that live in its home.
    pub fn processes(&self) -> Vec<Pid> {
        let home = format!("HOME={}", self.home.path().display());
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").expect("/proc").flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            // Not readable: somebody else's, or gone meanwhile.
            let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
            if environment.split(|byte| *byte == 0).any(|variable| variable == home.as_bytes()) {
                found.extend(Pid::from_raw(pid));
            }
        }
        found
    }

    /// Waits until no process of this console is left.
    pub fn all_gone(&self) {
        let end = Instant::now() + GOING;
        while !self.processes().is_empty() {
            assert!(Instant::now() < end, "still there: {:?}", self.processes());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Console {
    /// A test that failed leaves nothing behind either.
    fn drop(&mut self) {
        for pid in self.processes() {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

pub fn hailer() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_hailer"))
}

/// A file in the console's home or elsewhere that can be executed.
pub fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(name);
    fs::write(&path, text).expect("a script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a script");
    path
}
