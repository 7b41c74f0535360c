//! The end of the socket that knows whom to ask.

use std::env;
use std::fmt::Write;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::geteuid;
use rustix::rand::{GetRandomFlags, getrandom};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::{QUESTION, is_private};
use crate::tunnel::prompt::{Asked, Helper};
use crate::tunnel::secret::Secret;

/// How many may wait for an answer at the same time. More are sent away.
const WAITING: usize = 1024;
/// How long a client may take to say its question, and to take its answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait where no connection can be accepted, as when no file can be opened.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes the questions of our helpers until it is dropped, which removes the socket and its folder.
#[derive(Debug)]
pub struct Server {
    /// What ssh needs to reach it.
    pub helper: Helper,
    task: JoinHandle<()>,
    _folder: Folder,
}

/// A folder that only this user can enter.
#[derive(Debug)]
struct Folder(PathBuf);

/// Makes a socket that only this user can reach, and sends on what is asked there. `program` is ours, for ssh to run; none:
/// the one that is running. To be called within a runtime.
///
/// # Errors
/// There is no runtime, no place for the socket, or no name of our own program.
pub fn listen(questions: mpsc::UnboundedSender<Asked>, program: Option<PathBuf>) -> io::Result<Server> {
    let runtime = tokio::runtime::Handle::try_current().map_err(io::Error::other)?;
    let program = program.map_or_else(env::current_exe, Ok)?;
    let folder = Folder::new()?;
    let socket = folder.0.join("ask");
    let listener = UnixListener::bind(&socket)?;
    fs::set_permissions(&socket, Permissions::from_mode(0o600))?;
    let task = runtime.spawn(serve(listener, questions));
    Ok(Server { helper: Helper { program, socket }, task, _folder: folder })
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Folder {
    fn new() -> io::Result<Self> {
        let mut random = [0; 8];
        getrandom(&mut random, GetRandomFlags::empty())?;
        let name = random.iter().fold("hailer-".to_owned(), |mut name, byte| {
            let _ = write!(name, "{byte:02x}");
            name
        });
        let path = parent()?.join(name);
        // It fails where anything of that name is there already.
        DirBuilder::new().mode(0o700).create(&path)?;
        let folder = Self(path);
        if is_private(&folder.0) { Ok(folder) } else { Err(refused(&folder.0)) }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing but the socket is ever in it.
        let _ = fs::remove_file(self.0.join("ask"));
        let _ = fs::remove_dir(&self.0);
    }
}

/// Where the folder is to be: where this user's sockets are, else among the temporary files.
fn parent() -> io::Result<PathBuf> {
    let own = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    if let Some(own) = own.filter(|own| own.is_absolute() && is_private(own)) {
        return Ok(own);
    }
    let temporary = env::temp_dir();
    if nobody_can_replace(&temporary)? { Ok(temporary) } else { Err(refused(&temporary)) }
}

/// Whether what we make in this folder stays ours: nobody else can write there, or only to what is theirs.
fn nobody_can_replace(folder: &Path) -> io::Result<bool> {
    let about = folder.metadata()?;
    let (shared, sticky) = (about.mode() & 0o022 != 0, about.mode() & 0o1000 != 0);
    Ok(about.is_dir() && [0, geteuid().as_raw()].contains(&about.uid()) && (sticky || !shared))
}

fn refused(folder: &Path) -> io::Error {
    let why = format!("{} is not safe from other users", folder.display());
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

/// Accepts for ever. Those who wait end with it.
async fn serve(listener: UnixListener, questions: mpsc::UnboundedSender<Asked>) {
    let mut waiting = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((client, _)) => {
                while waiting.try_join_next().is_some() {}
                if waiting.len() < WAITING && is_ours(&client) {
                    waiting.spawn(take(client, questions.clone()));
                }
            }
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// Whether the same user is at the other end.
fn is_ours(client: &UnixStream) -> bool {
    client.peer_cred().is_ok_and(|peer| peer.uid() == geteuid().as_raw())
}

/// Takes one question, and what is answered back. None: there was no answer, or nobody to take it.
async fn take(mut client: UnixStream, questions: mpsc::UnboundedSender<Asked>) -> Option<()> {
    let (reply, answer) = oneshot::channel();
    let asked = timeout(PATIENCE, question(&mut client, reply)).await.ok().flatten()?;
    questions.send(asked).ok()?;
    // A client that hangs up waits no more: whoever holds the question sees that its reply is closed.
    let secret = tokio::select! {
        answer = answer => answer.ok()?,
        _ = client.read_u8() => return None,
    };
    let send = async {
        client.write_all(secret.reveal().as_bytes()).await?;
        client.write_all(b"\n").await
    };
    timeout(PATIENCE, send).await.ok()?.ok()
}

/// Reads a question.
async fn question(client: &mut UnixStream, reply: oneshot::Sender<Secret>) -> Option<Asked> {
    let mut reader = BufReader::new(client.take(QUESTION));
    let mut next = async || {
        let mut part = Vec::new();
        reader.read_until(0, &mut part).await.ok()?;
        (part.pop() == Some(0)).then(|| String::from_utf8_lossy(&part).into_owned())
    };
    let link = next().await?.parse().ok()?;
    let notice = next().await? == "none";
    Some(Asked { link, text: next().await?, notice, reply })
}
