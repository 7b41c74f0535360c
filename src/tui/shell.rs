//! The loop: one task owns the terminal, takes in what happens, and does what the application wants done. Generic over
//! the terminal and the engine, so that tests drive it with neither.

use std::future::pending;
use std::io;
use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::{Stream, StreamExt};
use ratatui::crossterm::event::Event as Input;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::engine::clock::Clock;
use crate::engine::command::Command;
use crate::engine::event::Event;
use crate::script_file;
use crate::tui::app::App;
use crate::tui::msg::{Effect, Msg, Outcome, Signal};
use crate::tui::pace::{Pace, Want};

/// The longest that the first frame waits for the names that the engine begins with: without them it would tell a person
/// who has named hosts that there are none.
const NAMES: Duration = Duration::from_millis(10);

/// The terminal's side.
pub trait Desk {
    /// The next thing that the person does; none: the terminal is gone. Safe to drop at any point.
    fn input(&mut self) -> impl Future<Output = Option<io::Result<Input>>>;

    /// Draws a frame.
    fn draw(&mut self, app: &App) -> io::Result<()>;

    /// Lets the next frame paint every cell.
    fn repaint(&mut self) -> io::Result<()>;

    /// Puts text into the terminal's clipboard, and says how many bytes.
    fn copy(&mut self, text: &str) -> Result<usize, String>;

    /// Lets `$EDITOR` change a text. Nobody else reads the terminal meanwhile.
    fn edit(&mut self, text: String) -> impl Future<Output = Result<String, String>>;

    /// Gives the terminal back, sleeps, takes it again.
    fn suspend(&mut self) -> impl Future<Output = io::Result<()>>;
}

/// All that the loop is given.
#[derive(Debug)]
pub struct Shell<D, S, C> {
    /// The application.
    pub app: App,
    /// The terminal's side.
    pub desk: D,
    /// Signals that end the console.
    pub signals: S,
    /// Takes commands to the engine. Never blocks.
    pub command: C,
    /// News of the engine.
    pub events: mpsc::Receiver<Vec<Event>>,
    /// Reads the time.
    pub clock: Clock,
}

impl<D: Desk, S: Stream<Item = Signal> + Unpin, C: FnMut(Command)> Shell<D, S, C> {
    /// Runs until the application wants to quit, and says why it did. The application's commands have been handed over
    /// then; the engine may still be closing its links.
    pub async fn run(&mut self) -> io::Result<Outcome> {
        if let Ok(Some(batch)) = timeout(NAMES, self.events.recv()).await {
            self.app.update(self.clock.now(), Msg::Engine(batch));
        }
        let mut pace = Pace::default();
        pace.wants(Want::Key);
        loop {
            let next_frame = pace.wait(Instant::now());
            if next_frame.is_some_and(|wait| wait.is_zero()) {
                self.app.update(self.clock.now(), Msg::Clock);
                self.desk.draw(&self.app)?;
                pace.drawn(Instant::now());
                continue;
            }
            let next_clock = self.app.next_clock();
            // Signals and keys come seldom, so they may go first; data is always there under a flood, so it goes last.
            let (want, msg) = tokio::select! { biased;
                Some(signal) = self.signals.next() => (Want::Key, Msg::Signal(signal)),
                input = self.desk.input() => match input {
                    Some(input) => (Want::Key, Msg::Input(input?)),
                    None => (Want::Key, Msg::Signal(Signal::HangUp)),
                },
                () = after(next_frame) => continue,
                () = after(next_clock) => (Want::Data, Msg::Clock),
                batch = self.events.recv() => (Want::Data, batch.map_or(Msg::EngineClosed, Msg::Engine)),
            };
            pace.wants(want);
            let effects = self.app.update(self.clock.now(), msg);
            if let Some(outcome) = self.perform(effects).await? {
                return Ok(outcome);
            }
        }
    }

    /// Does what the application wants done, and what it wants in turn.
    async fn perform(&mut self, effects: Vec<Effect>) -> io::Result<Option<Outcome>> {
        let mut effects = std::collections::VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            let news = match effect {
                Effect::Engine(command) => {
                    (self.command)(command);
                    continue;
                }
                Effect::Quit(outcome) => return Ok(Some(outcome)),
                Effect::Repaint => {
                    self.desk.repaint()?;
                    continue;
                }
                Effect::Copy(text) => Msg::Copied(self.desk.copy(&text)),
                Effect::Edit(text) => Msg::Edited(self.edit(text).await),
                Effect::ReadScript { path, arguments } => {
                    Msg::Script(script_file::read_at_once(&path, arguments))
                }
                Effect::Suspend => {
                    self.desk.suspend().await?;
                    Msg::Clock
                }
            };
            effects.extend(self.app.update(self.clock.now(), news));
        }
        Ok(None)
    }

    /// While the editor has the terminal, news of the engine are still taken in, so that no host waits for a person.
    async fn edit(&mut self, text: String) -> Result<String, String> {
        let Self { app, desk, events, clock, .. } = self;
        let mut edit = pin!(desk.edit(text));
        loop {
            tokio::select! { biased;
                edited = &mut edit => return edited,
                Some(batch) = events.recv() => {
                    app.update(clock.now(), Msg::Engine(batch));
                }
            }
        }
    }
}

/// After this long; never if it is not said how long.
async fn after(wait: Option<Duration>) {
    match wait {
        Some(wait) => sleep(wait).await,
        None => pending().await,
    }
}

#[cfg(test)]
#[path = "shell_test.rs"]
mod tests;
