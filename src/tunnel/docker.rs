//! Containers: into a running one, or a throwaway one. Over the engine's socket, without a docker process for each.
//!
//! A shell in the container finds the interpreter. Where there is no shell (images that hold nothing but their program) the
//! names of interpreters are tried one by one; the runtime says at once which programs are not there.

mod contained;
mod failures;

use std::collections::HashMap;

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{
    AttachContainerOptions, CreateContainerOptions, ListContainersOptions, StartContainerOptions,
};
use futures_util::{StreamExt, stream};
use tokio::sync::oneshot;

pub use contained::Contained;
pub(in crate::tunnel) use failures::no_program;

use crate::tunnel::docker::contained::{Output, PIPE, What, exit_code, pipes, remove};
use crate::tunnel::docker::failures::{
    Missed, failure, no_container, no_exec, no_such, nothing_to_start, refused, words,
};
use crate::tunnel::docker_engine;
use crate::tunnel::failure::{Failure, Stage};
use crate::tunnel::interpreter;
use crate::tunnel::pipes::Pipes;

/// Marks the containers that are ours, so that nobody takes them for targets.
pub const LABEL: &str = "hailer.throwaway";

/// What is tried where there is no shell. Few, since each costs a container or an exec; `python=` names another.
const WITHOUT_SHELL: &[&str] = &["python3", "python", "python2"];

/// Starts an interpreter in a running container: its name, its id, or `project/service` of a composed one.
///
/// Returns when the far side has said its first word, which stage 0 does before it reads anything.
///
/// # Errors
/// No engine, no such container, one that does not run, or one with neither shell nor Python.
pub async fn exec(container: &str, python: Option<&str>, stage0: &str) -> Result<Pipes, Failure> {
    let docker = docker_engine::connect().map_err(|why| failure(Stage::Start, why))?;
    let name = resolve(&docker, container).await?;
    let mut last = String::new();
    for words in starts(python, stage0) {
        match exec_words(&docker, &name, words).await {
            Ok(pipes) => return Ok(pipes),
            Err(Missed::NoProgram(said)) => last = said,
            Err(Missed::Failed(failure)) => return Err(failure),
        }
    }
    Err(nothing_to_start(python, last))
}

/// Starts an interpreter in a container made for it. Where `rm` is set the engine removes it when the interpreter ends,
/// which it does when its input ends: also when this program is killed. When nobody waits for the start any more, what
/// was started is ended again.
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
    let new = New { image: image.to_owned(), name: name.map(str::to_owned), rm };
    let (python, stage0) = (python.map(str::to_owned), stage0.to_owned());
    let (done, started) = oneshot::channel();
    // A task of its own: one that is dropped between making a container and starting it would leave it behind.
    tokio::spawn(async move {
        if let Err(Ok(nobody_s)) = done.send(new.start(&docker, python.as_deref(), &stage0).await) {
            nobody_s.close(0).await;
        }
    });
    started.await.unwrap_or_else(|_| Err(failure(Stage::Start, "this program is ending".to_owned())))
}

/// The words that may start an interpreter, in the order in which they are tried.
fn starts(python: Option<&str>, stage0: &str) -> Vec<Vec<String>> {
    let direct = python.map_or_else(|| WITHOUT_SHELL.to_vec(), |python| vec![python]);
    let mut starts = vec![interpreter::find_and_start(python, stage0)];
    starts.extend(direct.into_iter().map(|python| interpreter::start(python, stage0)));
    starts
}

async fn exec_words(docker: &Docker, container: &str, cmd: Vec<String>) -> Result<Pipes, Missed> {
    let options = CreateExecOptions {
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        cmd: Some(cmd),
        ..CreateExecOptions::default()
    };
    let id = match docker.create_exec(container, options).await {
        Ok(created) => created.id,
        Err(error) => return Err(no_exec(docker, container, &error).await.into()),
    };
    let start = StartExecOptions { detach: false, tty: false, output_capacity: Some(PIPE) };
    let (output, input) = match docker.start_exec(&id, Some(start)).await {
        Ok(StartExecResults::Attached { output, input }) => (output, input),
        Ok(StartExecResults::Detached) => {
            return Err(failure(Stage::Connect, "the engine gave no pipes".to_owned()).into());
        }
        Err(error) if no_program(&words(&error)) => return Err(Missed::NoProgram(words(&error))),
        Err(error) => {
            let why = format!("the engine starts nothing in {container}");
            return Err(refused(Stage::Connect, why, &error).into());
        }
    };
    let output = heard(output).await?;
    Ok(pipes(docker.clone(), What::Exec { id }, input, output))
}

/// The output, once its first part is here. That part may be the runtime's, which says on our standard output what it
/// cannot start.
async fn heard(mut output: Output) -> Result<Output, Missed> {
    let first = output.next().await;
    if let Some(Ok(LogOutput::StdOut { message } | LogOutput::Console { message })) = &first
        && message.starts_with(b"OCI runtime")
    {
        let said = String::from_utf8_lossy(message).trim().to_owned();
        if no_program(&said) {
            return Err(Missed::NoProgram(said));
        }
        let why = "the container's runtime does not start a program in it".to_owned();
        return Err(Failure { stage: Stage::Connect, why, said }.into());
    }
    Ok(stream::iter(first).chain(output).boxed())
}

/// A container that is to be made.
struct New {
    image: String,
    name: Option<String>,
    rm: bool,
}

impl New {
    async fn start(&self, docker: &Docker, python: Option<&str>, stage0: &str) -> Result<Pipes, Failure> {
        let mut last = String::new();
        for words in starts(python, stage0) {
            let id = self.create(docker, words).await?;
            let missed = match self.attach_and_start(docker, &id).await {
                Ok(pipes) => return Ok(pipes),
                Err(missed) => missed,
            };
            remove(docker, &id).await;
            match missed {
                Missed::NoProgram(said) => last = said,
                Missed::Failed(failure) => return Err(failure),
            }
        }
        Err(nothing_to_start(python, last))
    }

    async fn create(&self, docker: &Docker, mut words: Vec<String>) -> Result<String, Failure> {
        let arguments = words.split_off(1);
        let body = ContainerCreateBody {
            image: Some(self.image.clone()),
            entrypoint: Some(words),
            cmd: Some(arguments),
            open_stdin: Some(true),
            stdin_once: Some(true),
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            labels: Some(HashMap::from([(LABEL.to_owned(), "1".to_owned())])),
            host_config: Some(HostConfig { auto_remove: Some(self.rm), ..HostConfig::default() }),
            ..ContainerCreateBody::default()
        };
        let options = CreateContainerOptions { name: self.name.clone(), ..CreateContainerOptions::default() };
        let created = docker.create_container(Some(options), body).await;
        created
            .map(|created| created.id)
            .map_err(|error| no_container(&self.image, self.name.as_deref(), &error))
    }

    async fn attach_and_start(&self, docker: &Docker, id: &str) -> Result<Pipes, Missed> {
        let missed = |error| {
            let said = words(&error);
            if no_program(&said) {
                return Missed::NoProgram(said);
            }
            refused(Stage::Connect, "the engine does not start the container".to_owned(), &error).into()
        };
        let all = AttachContainerOptions {
            stream: true,
            stdin: true,
            stdout: true,
            stderr: true,
            ..AttachContainerOptions::default()
        };
        let attached = docker.attach_container(id, Some(all)).await.map_err(missed)?;
        let code = tokio::spawn(exit_code(docker.clone(), id.to_owned(), self.rm));
        docker.start_container(id, None::<StartContainerOptions>).await.map_err(missed)?;
        let what = What::Run { id: id.to_owned(), rm: self.rm, code };
        Ok(pipes(docker.clone(), what, attached.input, attached.output))
    }
}

/// The container that a name stands for, as the engine may be asked for it: `project/service` is looked up among the
/// composed ones, of which the first by name is taken.
async fn resolve(docker: &Docker, name: &str) -> Result<String, Failure> {
    let Some((project, service)) = name.split_once('/') else {
        // The name becomes a part of a path: nothing but a name may be in it.
        let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        let is_name = name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain);
        return if is_name { Ok(name.to_owned()) } else { Err(no_such(docker, name).await) };
    };
    let labels = vec![
        format!("com.docker.compose.project={project}"),
        format!("com.docker.compose.service={service}"),
    ];
    let filters = Some(HashMap::from([("label".to_owned(), labels)]));
    let options = ListContainersOptions { filters, ..ListContainersOptions::default() };
    let found = docker.list_containers(Some(options)).await;
    let found = found
        .map_err(|error| refused(Stage::Start, "the engine does not list containers".to_owned(), &error))?;
    let first = found.into_iter().min_by(|left, right| left.names.cmp(&right.names));
    first.and_then(|container| container.id).ok_or_else(|| {
        failure(Stage::Connect, format!("no container of service {service} of project {project} runs"))
    })
}
