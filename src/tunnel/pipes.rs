//! Three byte pipes, and the process behind them.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::tunnel::docker::Contained;
use crate::tunnel::relay::Relayed;

/// How long a process has to end by itself once its input is closed.
const GRACE: Duration = Duration::from_millis(300);
/// How long an ended one has to say its last words and its exit code, each.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What a tunnel is to those above it.
pub struct Pipes {
    /// Its standard input.
    pub stdin: Box<dyn AsyncWrite + Send + Unpin>,
    /// Its standard output.
    pub stdout: Box<dyn AsyncRead + Send + Unpin>,
    /// Its standard error.
    pub stderr: Box<dyn AsyncRead + Send + Unpin>,
    /// What is behind them. Killed when dropped.
    pub process: Process,
    /// The terminal on which it may ask, if it has one of its own.
    pub terminal: Option<Terminal>,
    /// Where no words could be given to an interpreter: one that reads lines is there already. Stage 0 is then written
    /// first, and nothing else before it has spoken.
    pub reads_lines: bool,
}

/// Our end of a terminal.
pub struct Terminal {
    /// What is typed.
    pub input: Box<dyn AsyncWrite + Send + Unpin>,
    /// What is shown.
    pub output: Box<dyn AsyncRead + Send + Unpin>,
}

/// What is behind three pipes.
#[derive(Debug)]
pub enum Process {
    /// A process of this machine, the leader of its group.
    Child(Box<Group>),
    /// Something that runs in a container.
    Container(Box<Contained>),
    /// A program that another agent started.
    Relayed(Relayed),
    /// Nothing that is known here: the pipes are a socket.
    Socket,
}

/// A process and what it started: a shell's commands, ssh's proxies. All of it is killed when dropped.
#[derive(Debug)]
pub struct Group(Child);

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With this exit code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// It is not known.
    Unknown,
}

impl Pipes {
    /// Starts a program of this machine, in a process group of its own: no Ctrl-C of the terminal reaches it.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn spawn(argv: &[String], environment: &[(&str, OsString)]) -> io::Result<Self> {
        let [program, arguments @ ..] = argv else { return Err(io::ErrorKind::InvalidInput.into()) };
        let mut child = Command::new(program)
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true) // which also sees to it that no zombie is left
            .spawn()?;
        match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
            (Some(stdin), Some(stdout), Some(stderr)) => Ok(Self {
                stdin: Box::new(stdin),
                stdout: Box::new(stdout),
                stderr: Box::new(stderr),
                process: Process::Child(Box::new(Group(child))),
                terminal: None,
                reads_lines: false,
            }),
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// What an ended one still says on standard error (at most `limit` bytes), and how it ended.
    pub async fn last_words(&mut self, limit: u64) -> (Vec<u8>, Ending) {
        let mut words = Vec::new();
        let mut stderr = (&mut self.stderr).take(limit);
        let _ = timeout(LAST_WORDS, stderr.read_to_end(&mut words)).await;
        let ending = timeout(LAST_WORDS, self.process.ended()).await.unwrap_or(Ending::Unknown);
        (words, ending)
    }

    /// Lets go: closes the input, gives the process a moment to end by itself, and ends it. What it still says on
    /// standard error meanwhile (at most `limit` bytes) is given back.
    pub async fn close(self, limit: u64) -> Vec<u8> {
        let Self { mut stdin, stdout, stderr, mut process, .. } = self;
        let mut words = Vec::new();
        let mut stderr = stderr.take(limit);
        let by_itself = async {
            // A socket is closed for writing only when it is told to.
            let _ = stdin.shutdown().await;
            drop((stdin, stdout));
            let _ = stderr.read_to_end(&mut words).await;
            process.ended().await;
        };
        if timeout(GRACE, by_itself).await.is_err() {
            process.kill().await;
        }
        words
    }
}

impl fmt::Debug for Pipes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipes").field("process", &self.process).finish_non_exhaustive()
    }
}

impl Process {
    /// Waits for the end.
    pub async fn ended(&mut self) -> Ending {
        match self {
            Self::Child(group) => group.0.wait().await.map_or(Ending::Unknown, Ending::from),
            Self::Container(contained) => contained.ended().await,
            Self::Relayed(relayed) => relayed.ended().await,
            Self::Socket => Ending::Unknown,
        }
    }

    /// Ends it now.
    pub async fn kill(&mut self) {
        match self {
            Self::Child(group) => {
                group.kill();
                let _ = group.0.wait().await;
            }
            Self::Container(contained) => contained.kill().await,
            Self::Relayed(relayed) => relayed.kill(),
            Self::Socket => {}
        }
    }
}

impl Group {
    /// Ends all of it, unless its leader has ended by itself: what that left behind was meant to stay.
    fn kill(&mut self) {
        let runs = matches!(self.0.try_wait(), Ok(None));
        let leader = self.0.id().filter(|_| runs).and_then(|id| Pid::from_raw(id.cast_signed()));
        if let Some(leader) = leader {
            // An error says that it has ended already.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Ending {
    /// The exit code, if there was one.
    pub fn code(self) -> Option<i32> {
        if let Self::Code(code) = self { Some(code) } else { None }
    }
}

impl From<ExitStatus> for Ending {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, Some(signal)) => Self::Signal(signal),
            (None, None) => Self::Unknown,
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "its process ended with exit code {code}"),
            Self::Signal(signal) => write!(f, "its process was ended by signal {signal}"),
            Self::Unknown => f.write_str("its pipes were closed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shell that waits for a process it started, and that process's number.
    async fn shell() -> (Pipes, u32) {
        let words = ["sh", "-c", "sleep 60 & echo $!; exec 0<&-; wait"].map(str::to_owned);
        let mut pipes = Pipes::spawn(&words, &[]).expect("a shell");
        let mut text = Vec::new();
        while !text.ends_with(b"\n") {
            pipes.stdout.read_buf(&mut text).await.expect("a number");
        }
        (pipes, String::from_utf8_lossy(&text).trim().parse().expect("a number"))
    }

    async fn gone(process: u32) -> bool {
        let state = || std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        for _ in 0..50 {
            let state = state();
            if state.is_empty() || state.contains(") Z ") {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        false
    }

    #[tokio::test]
    async fn what_it_started_ends_with_it_closed_or_dropped() {
        let (pipes, started) = shell().await;
        pipes.close(1000).await;
        assert!(gone(started).await, "{started} outlived its close");
        let (pipes, started) = shell().await;
        drop(pipes);
        assert!(gone(started).await, "{started} outlived its drop");
    }
}
