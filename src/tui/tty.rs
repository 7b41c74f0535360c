//! The real terminal's side of the loop: its events, its screen, `$EDITOR`, sleep.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::Duration;

use futures_util::StreamExt;
use ratatui::crossterm::event::{Event, EventStream};
use rustix::process::{Signal, kill_current_process_group};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use crate::tui::app::App;
use crate::tui::shell::Desk;
use crate::tui::terminal::Screen;

/// How long a sleep is waited for that nobody grants: a process without a shell above it cannot be stopped.
const NO_SLEEP: Duration = Duration::from_millis(300);

/// The terminal.
#[derive(Debug)]
pub struct Tty {
    screen: Screen,
    /// None while somebody else reads the terminal: two readers would share the keys.
    events: Option<EventStream>,
}

impl Tty {
    /// Reads and draws on this screen.
    pub fn new(screen: Screen) -> Self {
        Self { screen, events: None }
    }

    fn give_back(&mut self) {
        self.events = None;
        self.screen.leave();
    }
}

impl Desk for Tty {
    async fn input(&mut self) -> Option<io::Result<Event>> {
        let input = self.events.get_or_insert_with(EventStream::new).next().await;
        panic_if_asked();
        input
    }

    fn draw(&mut self, app: &App) -> io::Result<()> {
        self.screen.draw(app)
    }

    fn repaint(&mut self) -> io::Result<()> {
        self.screen.repaint()
    }

    fn copy(&mut self, text: &str) -> Result<usize, String> {
        self.screen.copy(text)
    }

    async fn edit(&mut self, text: String) -> Result<String, String> {
        self.give_back();
        let edited = edit(&text).await;
        let again = self.screen.enter_again();
        again.map_err(|error| format!("the terminal could not be taken again: {error}"))?;
        edited
    }

    async fn suspend(&mut self) -> io::Result<()> {
        self.give_back();
        let mut awake = signal(SignalKind::from_raw(Signal::CONT.as_raw()))?;
        // The whole group, since a wrapper (cargo run, a script) must stop with us for the shell to take over.
        kill_current_process_group(Signal::TSTP)?;
        let _ = timeout(NO_SLEEP, awake.recv()).await;
        self.screen.enter_again()
    }
}

/// Lets a test see what a panic leaves of the terminal: in a build for development, and no other, the first key ends the
/// console so if `HAILER_PANIC` is `screen`.
fn panic_if_asked() {
    assert!(
        !cfg!(debug_assertions) || env::var("HAILER_PANIC").as_deref() != Ok("screen"),
        "HAILER_PANIC asks for it"
    );
}

/// The text after `$VISUAL` or `$EDITOR` has changed it. It stands in a file that only its owner can read, and that is gone
/// afterwards.
async fn edit(text: &str) -> Result<String, String> {
    let editor = ["VISUAL", "EDITOR"].into_iter().find_map(|name| env::var(name).ok());
    let editor = editor.filter(|editor| !editor.trim().is_empty()).unwrap_or_else(|| "vi".to_owned());
    let path = env::temp_dir().join(format!("hailer-{}.py", std::process::id()));
    let told = |error: io::Error| format!("{}: {error}", path.display());
    write_private(&path, text).map_err(told)?;
    let status = Command::new("/bin/sh")
        .args(["-c", &format!("exec {editor} \"$1\""), "sh"])
        .arg(&path)
        .stdin(Stdio::inherit())
        .stdout(Stdio::inherit())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .status()
        .await;
    let edited = match status {
        Ok(status) if status.success() => fs::read_to_string(&path).map_err(told),
        Ok(status) => Err(format!("{editor} ended with {status}: the code is as it was")),
        Err(error) => Err(format!("{editor} could not be started: {error}")),
    };
    let _ = fs::remove_file(&path);
    edited
}

/// Writes a new file; one that is there already, as a trap of another user's may be, is refused.
fn write_private(path: &std::path::Path, text: &str) -> io::Result<()> {
    use std::io::Write;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())
}
