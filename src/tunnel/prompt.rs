//! Questions on the way in: who asks, and how an answer comes back.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use crate::tunnel::secret::Secret;

/// How the questions of one link's way in reach those who know an answer.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The link's number, which its questions bear.
    pub link: u32,
    /// Where they go.
    pub questions: mpsc::UnboundedSender<Asked>,
    /// The program that ssh runs when it has a question, if ssh may ask at all.
    pub helper: Option<Helper>,
    /// Whether somebody is being asked.
    pub patience: Patience,
}

/// Tells a link on its way up that a person is being asked on its behalf, so that its time does not run out meanwhile.
#[derive(Debug, Clone, Default)]
pub struct Patience(Arc<AtomicU32>);

impl Patience {
    /// A question of this link's is open.
    pub fn begin(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// That question is over.
    pub fn end(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether a question is open.
    pub fn is_needed(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

/// How ssh on this machine asks: it runs our own program, which takes the question to a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Helper {
    /// Our own program.
    pub program: PathBuf,
    /// The socket, in a folder that only this user can enter.
    pub socket: PathBuf,
}

/// One question.
#[derive(Debug)]
pub struct Asked {
    /// On the way to which link.
    pub link: u32,
    /// The words of what asks. Remote text.
    pub text: String,
    /// Where the answer goes; dropped: nobody will answer.
    pub reply: oneshot::Sender<Secret>,
}

/// What kind of answer a question wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wants {
    /// A password, a passphrase, a one-time code: typed unseen.
    Secret,
    /// Whether a host's key, which nobody here knows yet, is to be trusted: `yes`, or no answer.
    HostKey,
}

/// What kind of answer the last line of a question wants.
pub fn wants(line: &str) -> Wants {
    if line.contains("continue connecting (yes/no") { Wants::HostKey } else { Wants::Secret }
}

/// What an answer to the last line of a question fits; the same words, the same answer. None: this question alone.
pub fn domain(line: &str) -> Option<String> {
    let lower = line.to_lowercase();
    let once = ["code", "otp", "token", "passcode", "one-time", " pin", "yes/no"];
    if once.iter().any(|word| lower.contains(word)) {
        return None;
    }
    Some(line.trim().to_owned())
}

impl Asker {
    /// Asks. The answer comes when it comes; an error there says that none will.
    pub fn ask(&self, text: String) -> oneshot::Receiver<Secret> {
        let (reply, answer) = oneshot::channel();
        // With nobody there to be asked the reply is dropped, which says so.
        let _ = self.questions.send(Asked { link: self.link, text, reply });
        answer
    }
}
