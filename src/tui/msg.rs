//! What reaches the application, what it wants done, and what a pane asks of it. Plain data.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::engine::code::{Code, Script};
use crate::engine::command::{Command, RunId};
use crate::engine::event::{Event, Level};
use crate::engine::rollout::Steps;
use crate::engine::target::TargetId;
use crate::model::select::Selection;

/// One thing that happened. What is printed of it says nothing of what was typed, which may have been a password.
#[derive(Clone)]
pub enum Msg {
    /// A key, a paste, a new size, the mouse.
    Input(ratatui::crossterm::event::Event),
    /// News of the engine.
    Engine(Vec<Event>),
    /// The engine has closed everything; nothing more will come.
    EngineClosed,
    /// Time has passed.
    Clock,
    /// The system asks the console to go.
    Signal(Signal),
    /// `$EDITOR` came back with this text, or why it did not.
    Edited(Result<String, String>),
    /// The script that was asked for, or why it cannot be had.
    Script(Result<Script, String>),
    /// Text was handed to the terminal's clipboard: so many bytes; or why it was not.
    Copied(Result<usize, String>),
}

impl fmt::Debug for Msg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(_) => f.write_str("Input"),
            Self::Engine(events) => f.debug_tuple("Engine").field(events).finish(),
            Self::EngineClosed => f.write_str("EngineClosed"),
            Self::Clock => f.write_str("Clock"),
            Self::Signal(signal) => f.debug_tuple("Signal").field(signal).finish(),
            Self::Edited(edited) => f.debug_tuple("Edited").field(edited).finish(),
            Self::Script(read) => f.debug_tuple("Script").field(read).finish(),
            Self::Copied(copied) => f.debug_tuple("Copied").field(copied).finish(),
        }
    }
}

/// A signal that ends the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signal {
    /// SIGTERM
    Terminate,
    /// SIGHUP: the terminal is gone.
    HangUp,
    /// SIGINT that no key brought.
    Interrupt,
}

/// What the application wants done by the task that owns the terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Hand this to the engine.
    Engine(Command),
    /// Put this into the terminal's clipboard.
    Copy(String),
    /// Let `$EDITOR` change this text.
    Edit(String),
    /// Read this script.
    ReadScript {
        /// Where it lies; `~/` is the person's home.
        path: PathBuf,
        /// What it is to get.
        arguments: Vec<String>,
    },
    /// Give the terminal back and sleep.
    Suspend,
    /// Paint every cell again.
    Repaint,
    /// Restore the terminal and end.
    Quit(Outcome),
}

/// How the console ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// As the person wished.
    Done,
    /// The engine ended by itself, which it never should.
    EngineGone,
    /// A signal ended it.
    Signalled(Signal),
}

impl Outcome {
    /// The exit status of the program; an error where the console ended as it never should.
    pub fn status(self) -> Result<u8, &'static str> {
        match self {
            Self::Done => Ok(0),
            Self::EngineGone => {
                Err("the engine ended by itself, which is a fault of hailer's; please report it")
            }
            Self::Signalled(Signal::HangUp) => Ok(128 + 1),
            Self::Signalled(Signal::Interrupt) => Ok(128 + 2),
            Self::Signalled(Signal::Terminate) => Ok(128 + 15),
        }
    }
}

/// What a pane or an overlay asks of the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Hand this to the engine.
    Engine(Command),
    /// Run code on these targets; the application asks back where there are many.
    Run {
        /// What they run.
        code: Code,
        /// Where.
        targets: Vec<TargetId>,
    },
    /// Cut the runs to come into these steps, or into none.
    Steps(Option<Steps>),
    /// Make this the selection.
    Select(Selection),
    /// Open the details of this.
    Details(Subject),
    /// Show the lines of one host, or of all.
    Lines(Option<TargetId>),
    /// Put this into the terminal's clipboard.
    Copy(String),
    /// Tell the person.
    Notice(Level, String),
}

/// What the details overlay shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A target and its link.
    Target(TargetId),
    /// A target's answer in a run.
    Cell(RunId, TargetId),
}
