//! What an engine's refusals mean.

use bollard::Docker;
use bollard::errors::Error;
use bollard::query_parameters::ListContainersOptions;

use crate::tunnel::address::nearest;
use crate::tunnel::failure::{Failure, Stage};

/// Why one attempt to start a program in a container came to nothing.
pub(super) enum Missed {
    /// There is no such program in it; these are the engine's words.
    NoProgram(String),
    /// Anything else; another program would fail the same way.
    Failed(Failure),
}

impl From<Failure> for Missed {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Whether these are an engine's words for a program that is not in the container. They come from the runtime below it
/// (runc, crun), so that they are alike on all engines.
pub(in crate::tunnel) fn no_program(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    said.contains("oci runtime")
        && (said.contains("executable file") && said.contains("not found")
            || said.contains("no such file or directory"))
}

/// No program that we know of could be started.
pub(super) fn nothing_to_start(python: Option<&str>, said: String) -> Failure {
    let why = match python {
        Some(python) => format!("the container has no shell, and {python} is not in it"),
        None => {
            "the container has neither a shell nor a Python that is found without one; name one with python="
                .to_owned()
        }
    };
    Failure { stage: Stage::Interpreter, why, said }
}

/// The engine takes no exec for this container.
pub(super) async fn no_exec(docker: &Docker, container: &str, error: &Error) -> Failure {
    match error {
        Error::DockerResponseServerError { status_code: 404, .. } => no_such(docker, container).await,
        Error::DockerResponseServerError { status_code: 409, message } if message.contains("is paused") => {
            let why = format!("the container {container} is paused; docker unpause {container} wakes it");
            refused(Stage::Connect, why, error)
        }
        Error::DockerResponseServerError { status_code: 409, .. } => {
            let why = format!("the container {container} does not run; docker start {container} starts it");
            refused(Stage::Connect, why, error)
        }
        _ => refused(Stage::Start, "the engine does not take the request".to_owned(), error),
    }
}

/// No container is called so.
pub(super) async fn no_such(docker: &Docker, container: &str) -> Failure {
    let list = docker.list_containers(None::<ListContainersOptions>).await.unwrap_or_default();
    let names: Vec<String> = list.into_iter().flat_map(|found| found.names.unwrap_or_default()).collect();
    let hint = match nearest(container, names.iter().map(|name| name.trim_start_matches('/'))) {
        Some(near) => format!("did you mean {near}?"),
        None => "see docker ps".to_owned(),
    };
    failure(Stage::Connect, format!("there is no container {container}; {hint}"))
}

/// The engine makes no container of this image.
pub(super) fn no_container(image: &str, name: Option<&str>, error: &Error) -> Failure {
    let why = match (error, name) {
        (Error::DockerResponseServerError { status_code: 404, .. }, _) => {
            format!("there is no image {image} here; fetch it with docker pull {image}")
        }
        (Error::DockerResponseServerError { status_code: 409, .. }, Some(name)) => {
            format!(
                "the name {name} is already in use; take another with name=, or remove it with docker rm {name}"
            )
        }
        _ => "the engine does not make the container".to_owned(),
    };
    refused(Stage::Connect, why, error)
}

/// A failure with the engine's own words.
pub(super) fn refused(stage: Stage, why: String, error: &Error) -> Failure {
    if let Some(failure) = unreached(error) {
        return failure.clone();
    }
    Failure { stage, why, said: words(error) }
}

/// The failure to reach an engine on another machine.
fn unreached(error: &Error) -> Option<&Failure> {
    let Error::IOError { err } = error else { return None };
    err.get_ref()?.downcast_ref()
}

/// What the engine said.
pub(super) fn words(error: &Error) -> String {
    match error {
        Error::DockerResponseServerError { message, .. } => message.clone(),
        other => other.to_string(),
    }
}

/// A failure that needs no more words.
pub(super) fn failure(stage: Stage, why: String) -> Failure {
    Failure { stage, why, said: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_told_from_other_refusals() {
        for said in [
            "OCI runtime exec failed: exec failed: unable to start container process: exec: \"sh\": executable file not \
             found in $PATH: unknown",
            "OCI runtime exec failed: exec failed: unable to start container process: exec: \"/opt/py\": stat /opt/py: no \
             such file or directory: unknown",
            "crun: executable file `sh` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a \
             command that was not found",
        ] {
            assert!(no_program(said), "{said}");
        }
        assert!(!no_program("OCI runtime exec failed: exec failed: cannot exec in a stopped container"));
        assert!(!no_program("sh: 1: python3: not found"));
    }
}
