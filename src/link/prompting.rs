//! A tunnel that asks on a terminal of its own while the link starts: what it shows is a question once it stops in the
//! middle of a line.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::tunnel::pipes::Terminal;
use crate::tunnel::prompt::Asker;
use crate::tunnel::secret::Secret;

/// How long a line must stand still to be a question.
const QUIET: Duration = Duration::from_millis(60);
/// How much of what a terminal shows is kept, in bytes; of more, the end.
const SHOWN: usize = 16 * 1024;

/// A terminal, and whoever answers what is asked there.
pub(super) struct Prompting {
    terminal: Terminal,
    asker: Option<Asker>,
    shown: Vec<u8>,
    /// Up to here it was asked already.
    asked: usize,
    answer: Option<oneshot::Receiver<Secret>>,
    open: bool,
}

/// Nobody answers this question.
#[derive(Debug)]
pub(super) struct Unanswered(pub String);

impl Prompting {
    pub(super) fn new(terminal: Terminal, asker: Option<Asker>) -> Self {
        Self { terminal, asker, shown: Vec::new(), asked: 0, answer: None, open: true }
    }

    /// Everything that was shown.
    pub(super) fn shown(&self) -> &[u8] {
        &self.shown
    }

    /// Waits for questions and passes on answers, until nobody answers one. Cancel-safe.
    pub(super) async fn attend(&mut self) -> Unanswered {
        loop {
            if let Some(answer) = &mut self.answer {
                let answer = answer.await;
                self.answer = None;
                let Ok(secret) = answer else { return Unanswered(self.question()) };
                self.asked = self.shown.len();
                // Small enough for the pipe: this never waits.
                let _ = self.terminal.input.write_all(secret.reveal().as_bytes()).await;
                let _ = self.terminal.input.write_all(b"\n").await;
            }
            let waiting = self.waits();
            tokio::select! {
                read = self.terminal.output.read_buf(&mut self.shown), if self.open => {
                    self.open = matches!(read, Ok(count) if count > 0);
                    let over = self.shown.len().saturating_sub(SHOWN);
                    self.shown.drain(..over);
                    self.asked = self.asked.saturating_sub(over);
                }
                () = sleep(QUIET), if waiting => {
                    let Some(asker) = &self.asker else { return Unanswered(self.question()) };
                    self.answer = Some(asker.ask(self.question()));
                }
                () = std::future::pending(), if !self.open && !waiting => {}
            }
        }
    }

    /// Whether a line that was not asked yet has begun and not ended.
    fn waits(&self) -> bool {
        let new = self.shown.get(self.asked..).unwrap_or_default();
        let line = new.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        line.iter().any(|byte| !byte.is_ascii_whitespace())
    }

    /// What it asks: all that was shown since the last answer.
    fn question(&self) -> String {
        let new = self.shown.get(self.asked..).unwrap_or_default();
        String::from_utf8_lossy(new).replace('\r', "").trim_start().to_owned()
    }
}
