//! Writing to standard output and error without holding up the links: a reader that is slow holds up only us.

use std::io::{self, Write};

use tokio::task::JoinHandle;

use crate::print::form::Said;

/// At most one piece of text on its way out.
#[derive(Debug, Default)]
pub struct Writer {
    under_way: Option<JoinHandle<io::Result<()>>>,
}

impl Writer {
    /// Whether a piece is on its way, so that no other may be given.
    pub fn is_busy(&self) -> bool {
        self.under_way.is_some()
    }

    /// Begins to write. Each call's text is written and flushed whole.
    pub fn write(&mut self, said: Said) {
        if !said.is_empty() {
            self.under_way = Some(tokio::task::spawn_blocking(move || write(&said)));
        }
    }

    /// Waits until the piece that is on its way is written; for ever, where there is none.
    pub async fn written(&mut self) -> io::Result<()> {
        let Some(writing) = self.under_way.as_mut() else { return std::future::pending().await };
        let written = writing.await;
        self.under_way = None;
        written.map_err(io::Error::other)?
    }
}

/// Writes and flushes. A standard error that is closed takes nothing away from the results.
fn write(said: &Said) -> io::Result<()> {
    if !said.err.is_empty() {
        say(&said.err);
    }
    let mut out = io::stdout().lock();
    out.write_all(said.out.as_bytes())?;
    out.flush()?;
    if !said.after.is_empty() {
        say(&said.after);
    }
    Ok(())
}

/// Writes a sentence of ours to standard error. One that is closed is no reason to stop.
pub fn say(text: &str) {
    let mut err = io::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

/// Writes text of ours to standard output. A reader that has gone is no error.
///
/// # Errors
/// Anything else that the system says.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
