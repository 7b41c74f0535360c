//! The engine: supervises links and runs. Async, no screen. Front ends send it [`command::Command`]s and are told
//! [`event::Event`]s; they use nothing else of it.

pub mod clock;
pub mod code;
pub mod command;
mod credentials;
pub mod event;
pub mod files;
mod lines;
mod outbox;
mod pace;
mod passages;
mod registry;
pub mod rollout;
mod runs;
mod serving;
mod supervisor;
pub mod target;
mod transfers;
pub mod wish;
mod worker;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use tokio::sync::mpsc;

use crate::engine::command::Command;
use crate::engine::event::Event;
pub use crate::engine::supervisor::Seating;
use crate::engine::supervisor::Supervisor;
use crate::inventory::{Discover, Found};
use crate::library::Library;
use crate::link::opening::Options;

/// How many hosts may lie on a path that code opens, unless it is said otherwise: code that starts itself elsewhere comes
/// to an end. chopsticks has the same limit, for the same reason.
pub const DEPTH_LIMIT: usize = 2;
/// Batches of events that may wait for the front end. What it does not take piles up in the outbox, which is bounded.
const BATCHES: usize = 2;

/// What an engine begins with.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Targets that are known from the start. They get the numbers 0, 1, … in this order; names must differ.
    pub targets: Vec<Found>,
    /// Whether those are connected at once.
    pub connect: bool,
    /// Where more targets are looked for.
    pub discover: Discover,
    /// How links are opened.
    pub opening: Options,
    /// How many links may at most be opened at the same time.
    pub connects_at_once: usize,
    /// How many hosts may lie on a path that code opens: see [`DEPTH_LIMIT`].
    pub depth_limit: usize,
    /// Modules that go along with code that imports them.
    pub library: Arc<Library>,
    /// How many links of this machine's own may be open at once.
    pub seating: Seating,
    /// Whether links that were lost come back by themselves.
    pub reconnect: bool,
    /// Our own program, which ssh runs when it has a question; none: the one that is running.
    pub program: Option<PathBuf>,
}

/// How a front end speaks to the engine. The engine ends when all handles are gone.
#[derive(Debug, Clone)]
pub struct EngineHandle {
    commands: mpsc::UnboundedSender<Command>,
}

impl EngineHandle {
    /// Asks for something. Never blocks; after the end of the engine nothing happens.
    pub fn send(&self, command: Command) {
        // People type commands: there are never enough of them to need a bound.
        let _ = self.commands.send(command);
    }
}

/// The engine.
#[derive(Debug)]
pub struct Engine;

impl Engine {
    /// Starts an engine in a thread of its own, so that no work of its delays a key.
    ///
    /// The receiver ends when the engine has closed everything.
    ///
    /// # Errors
    /// The system gives no thread, or no event queue.
    pub fn start(config: EngineConfig) -> io::Result<(EngineHandle, mpsc::Receiver<Vec<Event>>)> {
        let (commands, asked) = mpsc::unbounded_channel();
        let (tell, events) = mpsc::channel(BATCHES);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new()
            .name("engine".to_owned())
            .spawn(move || runtime.block_on(Supervisor::new(config).supervise(asked, tell)))?;
        Ok((EngineHandle { commands }, events))
    }
}
