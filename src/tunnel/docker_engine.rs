//! The Docker engine of the current context, found as the docker command finds it.

mod context;
mod transport;

use std::env;
use std::io;
use std::os::unix::net::UnixStream;

use bollard::Docker;

use crate::tunnel::docker_engine::context::Endpoint;

/// A client of the current context's engine. No word is exchanged yet.
///
/// # Errors
/// A sentence: the engine is not there, may not be spoken to, or is reached by a way that is not known.
pub fn connect() -> Result<Docker, String> {
    let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_path_buf());
    let endpoint = context::endpoint(set, home.as_deref())?;
    if let Endpoint::Unix(path) = &endpoint {
        look_at(path)?;
    }
    let name = endpoint.to_string();
    transport::client(endpoint)
        .map_err(|error| format!("the docker engine {name} cannot be spoken to: {error}"))
}

/// Whether an engine's socket can be opened at all.
fn look_at(path: &str) -> Result<(), String> {
    match UnixStream::connect(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(format!(
            "{path} may not be opened by this user; the group docker may: sudo usermod -aG docker $USER"
        )),
        Err(error) => Err(format!("no Docker engine answers at {path}: {error}")),
    }
}
