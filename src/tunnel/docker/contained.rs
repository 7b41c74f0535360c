//! Something that runs in a container: its pipes, its end.

use std::pin::{Pin, pin};
use std::time::Duration;

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::query_parameters::{KillContainerOptions, RemoveContainerOptions, WaitContainerOptions};
use futures_util::{Stream, StreamExt};
use tokio::io::{AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::tunnel::pipes::{Ending, Pipes, Process};

/// How many bytes of a pipe may wait to be read.
pub(super) const PIPE: usize = 64 * 1024;

/// How long the engine may take to remove a container that has ended.
const REMOVAL: Duration = Duration::from_secs(3);

/// What the engine joins us to: one way in, one stream of both outputs.
pub(super) type Input = Pin<Box<dyn AsyncWrite + Send>>;
pub(super) type Output = Pin<Box<dyn Stream<Item = Result<LogOutput, Error>> + Send>>;

/// Something that runs in a container.
#[derive(Debug)]
pub struct Contained {
    docker: Docker,
    what: What,
    pump: JoinHandle<()>,
    /// How it ended, once that was asked: a task's outcome can be taken once only.
    ending: Option<Ending>,
}

#[derive(Debug)]
pub(super) enum What {
    /// A process in a container that is not ours.
    Exec { id: String },
    /// A container of ours, and what waits for its exit code.
    Run { id: String, rm: bool, code: JoinHandle<Option<i32>> },
}

impl Contained {
    /// Waits for the end. May be asked again, and given up half-way.
    pub async fn ended(&mut self) -> Ending {
        if let Some(ending) = self.ending {
            return ending;
        }
        if !self.pump.is_finished() {
            let _ = (&mut self.pump).await;
        }
        let code = match &mut self.what {
            What::Exec { id } => {
                let state = self.docker.inspect_exec(id).await;
                state.ok().and_then(|state| state.exit_code).and_then(|code| i32::try_from(code).ok())
            }
            What::Run { code, .. } => code.await.ok().flatten(),
        };
        let ending = code.map_or(Ending::Unknown, Ending::Code);
        self.ending = Some(ending);
        ending
    }

    /// Ends it now. Of a throwaway container nothing is left, unless it was to stay; in another, the interpreter ends
    /// with its input: the engine has no way to end a single process.
    pub async fn kill(&mut self) {
        self.pump.abort();
        if let What::Run { id, rm, code } = &mut self.what {
            end(&self.docker, id, *rm).await;
            if !code.is_finished() {
                let _ = timeout(REMOVAL, code).await; // the engine may answer before all is done
            }
        }
    }
}

impl Drop for Contained {
    fn drop(&mut self) {
        self.pump.abort();
        // A start that failed half-way is dropped and not closed: its container must not wait for ever.
        if let What::Run { id, rm, code } = &self.what
            && !code.is_finished()
            && let Ok(runtime) = Handle::try_current()
        {
            let (docker, id, rm) = (self.docker.clone(), id.clone(), *rm);
            runtime.spawn(async move { end(&docker, &id, rm).await });
        }
    }
}

/// Ends a container. That it may have ended already, or be gone, is as well.
async fn end(docker: &Docker, id: &str, rm: bool) {
    if rm {
        remove(docker, id).await;
    } else {
        let _ = docker.kill_container(id, None::<KillContainerOptions>).await;
    }
}

/// Removes a container, running or not.
pub(super) async fn remove(docker: &Docker, id: &str) {
    let force = RemoveContainerOptions { force: true, v: true, ..RemoveContainerOptions::default() };
    let _ = docker.remove_container(id, Some(force)).await;
}

/// A container's exit code, once it has one; of one that removes itself, once its name is free again.
pub(super) async fn exit_code(docker: Docker, id: String, rm: bool) -> Option<i32> {
    // Asked before the start: a container that removes itself tells its code to those that wait already.
    let options = WaitContainerOptions { condition: if rm { "removed" } else { "next-exit" }.to_owned() };
    let code = match pin!(docker.wait_container(&id, Some(options))).next().await? {
        Ok(response) => response.status_code,
        Err(Error::DockerContainerWaitError { code, .. }) => code,
        Err(_) => return None,
    };
    i32::try_from(code).ok()
}

/// The engine's one stream becomes two pipes.
pub(super) fn pipes(docker: Docker, what: What, input: Input, output: Output) -> Pipes {
    let (out, stdout) = tokio::io::duplex(PIPE);
    let (err, stderr) = tokio::io::duplex(PIPE);
    let pump = tokio::spawn(pump(output, out, err));
    let process = Process::Container(Box::new(Contained { docker, what, pump, ending: None }));
    Pipes {
        stdin: Box::new(input),
        stdout: Box::new(stdout),
        stderr: Box::new(stderr),
        process,
        terminal: None,
        reads_lines: false,
    }
}

async fn pump(mut output: Output, mut out: DuplexStream, mut err: DuplexStream) {
    while let Some(Ok(part)) = output.next().await {
        let written = match part {
            LogOutput::StdErr { message } => err.write_all(&message).await,
            LogOutput::StdOut { message } | LogOutput::Console { message } => out.write_all(&message).await,
            LogOutput::StdIn { .. } => Ok(()),
        };
        if written.is_err() {
            return; // nobody reads any more
        }
    }
}
