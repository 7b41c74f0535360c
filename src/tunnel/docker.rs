//! Containers: into a running one, or a throwaway one. Over the engine's socket, without a docker process for each.

use std::collections::HashMap;

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{
    AttachContainerOptions, CreateContainerOptions, ListContainersOptions, RemoveContainerOptions,
    StartContainerOptions, WaitContainerOptions,
};
use futures_util::{Stream, StreamExt};
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;

use crate::tunnel::address::nearest;
use crate::tunnel::docker_engine;
use crate::tunnel::failure::{Failure, Stage};
use crate::tunnel::interpreter;
use crate::tunnel::pipes::{Ending, Pipes, Process};

/// Marks the containers that are ours, so that nobody takes them for targets.
pub const LABEL: &str = "hailer.throwaway";
/// How many bytes of a pipe may wait to be read.
const PIPE: usize = 64 * 1024;

/// Something that runs in a container.
#[derive(Debug)]
pub struct Contained {
    docker: Docker,
    what: What,
    pump: JoinHandle<()>,
}

#[derive(Debug)]
enum What {
    Exec { id: String },
    Run { id: String, code: JoinHandle<Option<i32>> },
}

/// Starts an interpreter in a running container.
///
/// # Errors
/// No engine, no such container, or one that does not run.
pub async fn exec(container: &str, python: Option<&str>, stage0: &str) -> Result<Pipes, Failure> {
    let docker = docker_engine::connect().map_err(|why| failure(Stage::Start, why))?;
    let name = composed(&docker, container).await?;
    let options = CreateExecOptions {
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        cmd: Some(interpreter::find_and_start(python, stage0)),
        ..CreateExecOptions::default()
    };
    let id = match docker.create_exec(&name, options).await {
        Ok(created) => created.id,
        Err(error) => return Err(no_exec(&docker, container, &error).await),
    };
    let start = StartExecOptions { detach: false, tty: false, output_capacity: Some(PIPE) };
    match docker.start_exec(&id, Some(start)).await {
        Ok(StartExecResults::Attached { output, input }) => {
            Ok(pipes(docker, What::Exec { id }, input, output))
        }
        Ok(StartExecResults::Detached) => Err(failure(Stage::Connect, "the engine gave no pipes".to_owned())),
        Err(error) => {
            Err(refused(Stage::Connect, format!("the engine starts nothing in {container}"), &error))
        }
    }
}

/// Starts an interpreter in a container made for it. Where `rm` is set the engine removes it when the interpreter ends,
/// which it does when its input ends: also when this program is killed.
///
/// # Errors
/// No engine, no such image, or the container cannot be started.
pub async fn run(
    image: &str,
    name: Option<&str>,
    rm: bool,
    python: Option<&str>,
    stage0: &str,
) -> Result<Pipes, Failure> {
    let docker = docker_engine::connect().map_err(|why| failure(Stage::Start, why))?;
    let mut words = interpreter::find_and_start(python, stage0);
    let arguments = words.split_off(1);
    let body = ContainerCreateBody {
        image: Some(image.to_owned()),
        entrypoint: Some(words),
        cmd: Some(arguments),
        open_stdin: Some(true),
        stdin_once: Some(true),
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        labels: Some(HashMap::from([(LABEL.to_owned(), "1".to_owned())])),
        host_config: Some(HostConfig { auto_remove: Some(rm), ..HostConfig::default() }),
        ..ContainerCreateBody::default()
    };
    let options =
        CreateContainerOptions { name: name.map(str::to_owned), ..CreateContainerOptions::default() };
    let created = docker.create_container(Some(options), body).await;
    let id = created.map_err(|error| no_container(image, &error))?.id;
    let started = start(&docker, &id).await;
    if started.is_err() {
        remove(&docker, &id).await;
    }
    started
}

async fn start(docker: &Docker, id: &str) -> Result<Pipes, Failure> {
    let error =
        |error: Error| refused(Stage::Connect, "the engine does not start the container".to_owned(), &error);
    let all = AttachContainerOptions {
        stream: true,
        stdin: true,
        stdout: true,
        stderr: true,
        ..Default::default()
    };
    let attached = docker.attach_container(id, Some(all)).await.map_err(error)?;
    let code = tokio::spawn(exit_code(docker.clone(), id.to_owned()));
    docker.start_container(id, None::<StartContainerOptions>).await.map_err(error)?;
    let what = What::Run { id: id.to_owned(), code };
    Ok(pipes(docker.clone(), what, attached.input, attached.output))
}

async fn exit_code(docker: Docker, id: String) -> Option<i32> {
    // Asked before the start: a container that removes itself tells its code to those that wait already.
    let options = WaitContainerOptions { condition: "next-exit".to_owned() };
    let code = match std::pin::pin!(docker.wait_container(&id, Some(options))).next().await? {
        Ok(response) => response.status_code,
        Err(Error::DockerContainerWaitError { code, .. }) => code,
        Err(_) => return None,
    };
    i32::try_from(code).ok()
}

async fn remove(docker: &Docker, id: &str) {
    let force = RemoveContainerOptions { force: true, v: true, ..RemoveContainerOptions::default() };
    // It may be gone already, which is as well.
    let _ = docker.remove_container(id, Some(force)).await;
}

/// The engine's one stream becomes two pipes.
fn pipes(
    docker: Docker,
    what: What,
    input: std::pin::Pin<Box<dyn tokio::io::AsyncWrite + Send>>,
    output: impl Stream<Item = Result<LogOutput, Error>> + Send + Unpin + 'static,
) -> Pipes {
    let (out, stdout) = tokio::io::duplex(PIPE);
    let (err, stderr) = tokio::io::duplex(PIPE);
    let pump = tokio::spawn(pump(output, out, err));
    let process = Process::Container(Box::new(Contained { docker, what, pump }));
    Pipes { stdin: Box::new(input), stdout: Box::new(stdout), stderr: Box::new(stderr), process }
}

async fn pump(
    mut output: impl Stream<Item = Result<LogOutput, Error>> + Unpin,
    mut out: DuplexStream,
    mut err: DuplexStream,
) {
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

impl Contained {
    /// Waits for the end.
    pub async fn ended(&mut self) -> Ending {
        let _ = (&mut self.pump).await;
        let code = match &mut self.what {
            What::Exec { id } => {
                let state = self.docker.inspect_exec(id).await;
                state.ok().and_then(|state| state.exit_code).and_then(|code| i32::try_from(code).ok())
            }
            What::Run { code, .. } => code.await.ok().flatten(),
        };
        code.map_or(Ending::Unknown, Ending::Code)
    }

    /// Ends it now: a throwaway container is removed; in a running one, the interpreter ends with its input.
    pub async fn kill(&mut self) {
        self.pump.abort();
        if let What::Run { id, .. } = &self.what {
            remove(&self.docker, id).await;
        }
    }
}

impl Drop for Contained {
    fn drop(&mut self) {
        self.pump.abort();
    }
}

/// The container that a name stands for: `project/service` is looked up among the composed ones.
async fn composed(docker: &Docker, name: &str) -> Result<String, Failure> {
    let Some((project, service)) = name.split_once('/') else { return Ok(name.to_owned()) };
    let labels = vec![
        format!("com.docker.compose.project={project}"),
        format!("com.docker.compose.service={service}"),
    ];
    let filters = Some(HashMap::from([("label".to_owned(), labels)]));
    let options = ListContainersOptions { filters, ..ListContainersOptions::default() };
    let found = docker.list_containers(Some(options)).await;
    let found = found
        .map_err(|error| refused(Stage::Start, "the engine does not list containers".to_owned(), &error))?;
    let id = found.into_iter().find_map(|container| container.id);
    id.ok_or_else(|| {
        failure(Stage::Connect, format!("no container of service {service} of project {project} runs"))
    })
}

async fn no_exec(docker: &Docker, container: &str, error: &Error) -> Failure {
    match error {
        Error::DockerResponseServerError { status_code: 404, .. } => {
            let names = running(docker).await;
            let hint = match nearest(container, names.iter().map(String::as_str)) {
                Some(near) => format!("; did you mean {near}?"),
                None => "; see docker ps".to_owned(),
            };
            refused(Stage::Connect, format!("there is no container {container}{hint}"), error)
        }
        Error::DockerResponseServerError { status_code: 409, .. } => {
            refused(Stage::Connect, format!("the container {container} does not run"), error)
        }
        _ => refused(Stage::Start, "the engine does not take the request".to_owned(), error),
    }
}

async fn running(docker: &Docker) -> Vec<String> {
    let list = docker.list_containers(None::<ListContainersOptions>).await.unwrap_or_default();
    list.into_iter()
        .flat_map(|found| found.names.unwrap_or_default())
        .map(|name| name.trim_start_matches('/').to_owned())
        .collect()
}

fn no_container(image: &str, error: &Error) -> Failure {
    match error {
        Error::DockerResponseServerError { status_code: 404, .. } => refused(
            Stage::Connect,
            format!("there is no image {image} here; fetch it with docker pull {image}"),
            error,
        ),
        _ => refused(Stage::Connect, "the engine does not make the container".to_owned(), error),
    }
}

fn refused(stage: Stage, why: String, error: &Error) -> Failure {
    let said = match error {
        Error::DockerResponseServerError { message, .. } => message.clone(),
        other => other.to_string(),
    };
    Failure { stage, why, said }
}

fn failure(stage: Stage, why: String) -> Failure {
    Failure { stage, why, said: String::new() }
}
