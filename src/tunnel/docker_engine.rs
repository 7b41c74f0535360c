//! The Docker engine of the current context, found as the docker command finds it.

mod context;
mod transport;

use std::env;

use bollard::{API_DEFAULT_VERSION, Docker};

use crate::tunnel::docker_engine::context::Endpoint;

/// How long an answer of the engine may take, in seconds.
const TIMEOUT: u64 = 30;

/// A client of the current context's engine. No word is exchanged yet.
///
/// # Errors
/// A sentence: the engine is not there, may not be spoken to, or is reached by a way that is not known.
pub fn connect() -> Result<Docker, String> {
    let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_path_buf());
    let endpoint = context::endpoint(set, home.as_deref())?;
    match &endpoint {
        Endpoint::Unix(path) => unix(path),
        Endpoint::Tcp { .. } | Endpoint::Ssh { .. } => {
            let name = endpoint.to_string();
            transport::client(endpoint)
                .map_err(|error| format!("the docker engine {name} cannot be spoken to: {error}"))
        }
    }
}

fn unix(path: &str) -> Result<Docker, String> {
    if let Err(error) = std::os::unix::net::UnixStream::connect(path) {
        return Err(match error.kind() {
            std::io::ErrorKind::PermissionDenied => {
                format!(
                    "{path} may not be opened by this user; the group docker may: sudo usermod -aG docker $USER"
                )
            }
            _ => format!("no Docker engine answers at {path}: {error}"),
        });
    }
    let negotiable = Docker::connect_with_unix(path, TIMEOUT, API_DEFAULT_VERSION);
    negotiable.map_err(|error| format!("no Docker engine answers at {path}: {error}"))
}
