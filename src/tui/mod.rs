//! The full-screen front end.
//!
//! | file | what lives there |
//! | --- | --- |
//! | [`shell`], [`pace`] | the loop, and when it draws |
//! | [`terminal`], [`tty`], `leaving` | the real terminal, and what follows it |
//! | [`app`], [`ui`], [`msg`] | what follows from what happens; no I/O |
//! | [`action`], [`keys`] | the one table of actions, and the keys that ask for them |
//! | [`layout`], [`theme`], [`glyphs`], [`pen`], [`bars`] | where things are and what they look like |
//! | [`pane`], [`overlay`], [`widget`] | the things |

pub mod action;
pub mod app;
pub mod bars;
pub mod care;
pub mod glyphs;
pub mod keys;
pub mod layout;
mod leaving;
pub mod msg;
pub mod overlay;
pub mod pace;
pub mod pane;
pub mod pen;
mod python;
pub mod shell;
pub mod terminal;
pub mod theme;
pub mod tty;
pub mod ui;
pub mod widget;

use std::io;

use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::engine::clock::Clock;
use crate::engine::command::Command;
use crate::engine::event::Event;
use app::{App, Setup};
use msg::{Outcome, Signal};
use shell::Shell;
use terminal::{Screen, Wishes};
use tty::Tty;

/// The console, from the first frame until the terminal is restored and the engine has closed its links.
///
/// # Errors
/// The terminal cannot be used, or the engine ended by itself.
pub async fn run(
    setup: Setup,
    mouse: bool,
    command: impl FnMut(Command),
    events: mpsc::Receiver<Vec<Event>>,
) -> io::Result<Outcome> {
    terminal::restore_on_panic();
    let signals = Box::pin(signals()?);
    let screen = Screen::enter(Wishes::of(mouse, |name| std::env::var(name).ok()))?;
    let clock = Clock::start();
    let app = App::new(setup, screen.size()?, clock.now());
    let mut shell = Shell { app, desk: Tty::new(screen), signals, command, events, clock };
    let outcome = shell.run().await;
    let Shell { app, desk, mut signals, mut command, mut events, .. } = shell;
    drop(desk); // the terminal is restored here, whatever comes
    command(Command::Shutdown);
    leaving::close(app.open_links(), &mut signals, &mut events).await;
    outcome
}

/// The signals that end the console.
fn signals() -> io::Result<impl Stream<Item = Signal>> {
    let terminate = signal(SignalKind::terminate())?;
    let hang_up = signal(SignalKind::hangup())?;
    let interrupt = signal(SignalKind::interrupt())?;
    Ok(unfold((terminate, hang_up, interrupt), |(mut terminate, mut hang_up, mut interrupt)| async {
        let came = tokio::select! {
            _ = terminate.recv() => Signal::Terminate,
            _ = hang_up.recv() => Signal::HangUp,
            _ = interrupt.recv() => Signal::Interrupt,
        };
        Some((came, (terminate, hang_up, interrupt)))
    }))
}
