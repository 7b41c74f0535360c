//! A link that is up: the [`Mux`] and its pipes.

use std::collections::VecDeque;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::link::health::Came;
use crate::link::mux::{Heard, Mux};
use crate::tunnel::pipes::{Ending, Pipes};
use crate::wire::frame::Breach;

/// How much is read at once, in bytes.
pub(super) const READ: usize = 64 * 1024;

/// One thing that came over a link.
#[derive(Debug)]
pub enum Turn {
    /// The agent said something.
    Heard(Heard),
    /// Bytes of standard error.
    Stderr(Vec<u8>),
}

/// Why a link is no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The peer broke the grammar.
    Breach(Breach),
    /// The pipes ended; [`Connection::last_words`] tells more.
    Closed,
}

/// A link that is up.
#[derive(Debug)]
pub struct Connection {
    mux: Mux,
    pipes: Pipes,
    heard: VecDeque<Heard>,
    breach: Option<Breach>,
    batch: Vec<Heard>,
    input: Vec<u8>,
    words: Vec<u8>,
    /// What was taken from the mux and is not yet written.
    output: Bytes,
    stderr_open: bool,
    came: Came,
}

impl Connection {
    pub(super) fn new(mux: Mux, pipes: Pipes, heard: Vec<Heard>) -> Self {
        Self {
            mux,
            pipes,
            heard: heard.into(),
            breach: None,
            batch: Vec::new(),
            input: Vec::with_capacity(READ),
            words: Vec::with_capacity(READ),
            output: Bytes::new(),
            stderr_open: true,
            came: Came::default(),
        }
    }

    /// Its channels: requests made there are written by the next [`Connection::turn`].
    pub fn mux(&mut self) -> &mut Mux {
        &mut self.mux
    }

    /// How much has come since it came up. A part of a message counts too: a long one on a slow way shows life.
    pub fn came(&self) -> Came {
        self.came
    }

    /// Writes what is to be written, and waits for the next thing that comes. Cancel-safe: nothing read is lost.
    ///
    /// # Errors
    /// The link is no more.
    pub async fn turn(&mut self) -> Result<Turn, Ended> {
        loop {
            if let Some(heard) = self.heard.pop_front() {
                return Ok(Turn::Heard(heard));
            }
            if let Some(breach) = &self.breach {
                return Err(Ended::Breach(breach.clone()));
            }
            if self.output.is_empty() {
                self.output = self.mux.take_output().into();
            }
            let Pipes { stdin, stdout, stderr, .. } = &mut self.pipes;
            // In no order: neither a flood on one pipe nor a full one keeps the others waiting. Nothing is awaited in an
            // arm, since whoever waits here may turn to something else at any time.
            tokio::select! {
                written = stdin.write_buf(&mut self.output), if !self.output.is_empty() => match written {
                    Ok(0) | Err(_) => return Err(Ended::Closed),
                    Ok(_) => {}
                },
                read = stdout.read_buf(&mut self.input) => match read {
                    Ok(0) | Err(_) => return Err(Ended::Closed),
                    Ok(bytes) => {
                        self.came.frames += bytes as u64;
                        self.take_in();
                    }
                },
                // A buffer with room: into an empty one only 64 bytes would be read at once.
                read = stderr.read_buf(&mut self.words), if self.stderr_open => match read {
                    Ok(0) | Err(_) => self.stderr_open = false,
                    Ok(bytes) => {
                        self.came.signs += bytes as u64;
                        return Ok(Turn::Stderr(self.words.drain(..).collect()));
                    }
                },
            }
        }
    }

    /// Hears what is whole; what was whole before a breach is heard before the breach ends the link.
    fn take_in(&mut self) {
        self.breach = self.mux.receive(&self.input, &mut self.batch).err();
        self.input.clear();
        self.heard.extend(self.batch.drain(..));
    }

    /// Lets go of the far side: closes its input, gives it a moment, and ends the process here. What it still said on
    /// standard error is given back.
    pub async fn close(self) -> Vec<u8> {
        self.pipes.close(READ as u64).await
    }

    /// What one that is closed still says on standard error, and how its process ended.
    pub async fn last_words(&mut self) -> (Vec<u8>, Ending) {
        self.pipes.last_words(READ as u64).await
    }
}
