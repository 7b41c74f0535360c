//! The terminal of the person who started a headless run, whatever its standard streams are: a line is asked for there
//! while everything else goes on, and however that ends the terminal is left as it was.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use tokio::net::unix::pipe::{Receiver, Sender};
use zeroize::{Zeroize, Zeroizing};

/// The longest line, in bytes.
pub const LONGEST: usize = 512;

/// One line that is asked for. Dropped before it has come, it is not waited for any more.
#[derive(Debug)]
pub struct Prompt {
    terminal: File,
    /// The same terminal twice more, read and written as any named pipe is.
    keys: Receiver,
    screen: Sender,
    before: Termios,
    /// What is still to be shown.
    words: Vec<u8>,
    /// Its memory is there from the start: a line that grew would leave copies behind.
    line: Zeroizing<Vec<u8>>,
    over: bool,
}

/// Why there is no line.
#[derive(Debug, PartialEq, Eq)]
pub enum NoLine {
    /// The person ended it (Ctrl-D), or the terminal is gone.
    Ended,
    /// It is longer than [`LONGEST`].
    TooLong,
    /// It is no UTF-8.
    NoText,
}

impl Prompt {
    /// Opens the terminal to ask there with these words; what is typed is shown or not. What was typed before is discarded:
    /// it was meant for something else. Needs a tokio runtime.
    ///
    /// # Errors
    /// There is no terminal.
    pub fn open(path: &Path, words: String, shown: bool) -> io::Result<Self> {
        let flags = (OFlags::NOCTTY | OFlags::NONBLOCK).bits().cast_signed();
        let terminal = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?;
        let before = tcgetattr(&terminal)?;
        let keys = Receiver::from_file_unchecked(terminal.try_clone()?)?;
        let screen = Sender::from_file_unchecked(terminal.try_clone()?)?;
        let mut asking = before.clone();
        if !shown {
            asking.local_modes.remove(LocalModes::ECHO);
            asking.local_modes.insert(LocalModes::ECHONL);
        }
        asking.special_codes[SpecialCodeIndex::VSUSP] = 0; // no sleep with a terminal that shows nothing
        let line = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
        let mut prompt =
            Self { terminal, keys, screen, before, words: words.into_bytes(), line, over: false };
        // From here on it is set back when this is dropped.
        tcsetattr(&prompt.terminal, OptionalActions::Flush, &asking)?;
        // What does not fit into a terminal that is held up follows while the line is waited for.
        let shown = prompt.terminal.write(&prompt.words).unwrap_or(0);
        prompt.words.drain(..shown);
        Ok(prompt)
    }

    /// The line, without its end. May be dropped and called again: nothing that was typed is lost.
    pub async fn line(&mut self) -> Result<String, NoLine> {
        self.show().await.map_err(|_| NoLine::Ended)?;
        let mut chunk = Zeroizing::new([0; LONGEST]);
        loop {
            self.keys.readable().await.map_err(|_| NoLine::Ended)?;
            let count = match self.keys.try_read(&mut chunk[..]) {
                Ok(count @ 1..) => count,
                Err(error) if is_passing(&error) => continue,
                _ => return Err(NoLine::Ended),
            };
            let text = &chunk[..count];
            let end = text.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let room = LONGEST + 1 - self.line.len();
            self.line.extend(&text[..end.unwrap_or(count).min(room)]);
            if end.is_some() {
                self.over = true;
                return text_of(std::mem::take(&mut *self.line));
            }
        }
    }

    async fn show(&mut self) -> io::Result<()> {
        while !self.words.is_empty() {
            self.screen.writable().await?;
            match self.screen.try_write(&self.words) {
                Ok(written) => drop(self.words.drain(..written)),
                Err(error) if is_passing(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Drop for Prompt {
    fn drop(&mut self) {
        if !self.over {
            let _ = self.terminal.write(b"\n"); // whatever is written next begins a line of its own
        }
        // Half a password must not be left to the shell either.
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}

/// Whether it is to be tried again.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

fn text_of(line: Vec<u8>) -> Result<String, NoLine> {
    let mut line = Zeroizing::new(line);
    if line.len() > LONGEST {
        return Err(NoLine::TooLong);
    }
    String::from_utf8(std::mem::take(&mut *line)).map_err(|error| {
        error.into_bytes().zeroize();
        NoLine::NoText
    })
}
