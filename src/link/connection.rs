//! A link that is up: the [`Mux`] and its pipes.

use std::collections::VecDeque;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

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
    /// The pipes ended.
    Closed {
        /// How its process ended.
        ending: Ending,
        /// What it last said on standard error.
        said: Vec<u8>,
    },
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
    stderr_open: bool,
}

impl Connection {
    pub(super) fn new(mux: Mux, pipes: Pipes, heard: Vec<Heard>) -> Self {
        let input = Vec::with_capacity(READ);
        Self { mux, pipes, heard: heard.into(), breach: None, batch: Vec::new(), input, stderr_open: true }
    }

    /// Its channels: requests made there are written by the next [`Connection::turn`].
    pub fn mux(&mut self) -> &mut Mux {
        &mut self.mux
    }

    /// Writes what is to be written, and waits for the next thing that comes. Cancel-safe.
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
            let Pipes { stdin, stdout, stderr, .. } = &mut self.pipes;
            let output = self.mux.output();
            let mut words = Vec::new();
            // Writing comes first: what waits is small, and a full pipe makes the reads go on meanwhile.
            tokio::select! {
                biased;
                written = stdin.write(output), if !output.is_empty() => match written {
                    Ok(0) | Err(_) => return Err(self.closed().await),
                    Ok(count) => drop(output.drain(..count)),
                },
                read = stdout.read_buf(&mut self.input) => match read {
                    Ok(0) | Err(_) => return Err(self.closed().await),
                    Ok(_) => self.take_in(),
                },
                read = stderr.read_buf(&mut words), if self.stderr_open => match read {
                    Ok(0) | Err(_) => self.stderr_open = false,
                    Ok(_) => return Ok(Turn::Stderr(words)),
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

    async fn closed(&mut self) -> Ended {
        let (said, ending) = self.pipes.last_words(READ as u64).await;
        Ended::Closed { ending, said }
    }
}
