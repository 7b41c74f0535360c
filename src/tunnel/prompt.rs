//! Questions on the way in: who asks, and how an answer comes back.

use std::path::PathBuf;

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

impl Asker {
    /// Asks, and waits as long as it takes. None: nobody will answer.
    pub async fn ask(&self, text: String) -> Option<Secret> {
        let (reply, answer) = oneshot::channel();
        self.questions.send(Asked { link: self.link, text, reply }).ok()?;
        answer.await.ok()
    }
}
