//! The Docker engine of the current context, found as the docker command finds it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use bollard::{API_DEFAULT_VERSION, Docker};
use serde_json::Value;

/// Where the engine is when nobody says otherwise.
const DEFAULT: &str = "unix:///var/run/docker.sock";
/// How long an answer of the engine may take, in seconds.
const TIMEOUT: u64 = 30;

/// A client of the current context's engine. No word is exchanged yet.
///
/// # Errors
/// A sentence: the engine is not there, may not be spoken to, or is reached by a way that is not there yet.
pub fn connect() -> Result<Docker, String> {
    let endpoint = endpoint()?;
    let Some(path) = endpoint.strip_prefix("unix://") else {
        return Err(format!(
            "the docker context's engine is {endpoint}; only engines behind a unix socket are there yet: \
             cmd:\"docker exec -i NAME sh\" goes through the docker command"
        ));
    };
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

/// The engine's address: `DOCKER_HOST`, or that of the context named by `DOCKER_CONTEXT` or the docker configuration.
fn endpoint() -> Result<String, String> {
    let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(host) = set("DOCKER_HOST") {
        return Ok(host);
    }
    let home = || directories::BaseDirs::new().map(|dirs| dirs.home_dir().join(".docker"));
    // Without a home there is no configuration: never the one of the working directory.
    let Some(dir) = set("DOCKER_CONFIG").map(PathBuf::from).or_else(home) else {
        return Ok(DEFAULT.to_owned());
    };
    let current = || read(&dir.join("config.json"))?.get("currentContext")?.as_str().map(str::to_owned);
    match set("DOCKER_CONTEXT").or_else(current).as_deref() {
        None | Some("" | "default") => Ok(DEFAULT.to_owned()),
        Some(name) => context(&dir, name)
            .ok_or_else(|| format!("there is no docker context {name:?}; see docker context ls")),
    }
}

/// A context's engine. Its folder is named by a hash of its name, so all are looked through.
fn context(dir: &Path, name: &str) -> Option<String> {
    let contexts = fs::read_dir(dir.join("contexts/meta")).ok()?;
    contexts.flatten().find_map(|entry| {
        let meta = read(&entry.path().join("meta.json"))?;
        let host = meta.pointer("/Endpoints/docker/Host")?.as_str()?.to_owned();
        (meta.get("Name")?.as_str()? == name).then_some(host)
    })
}

fn read(path: &Path) -> Option<Value> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_found_by_its_name() {
        let dir = tempfile::tempdir().unwrap();
        for (folder, name, host) in [("a1", "far", "ssh://far"), ("b2", "near", "unix:///run/near.sock")] {
            let folder = dir.path().join("contexts/meta").join(folder);
            fs::create_dir_all(&folder).unwrap();
            let meta = format!(r#"{{"Name":"{name}","Endpoints":{{"docker":{{"Host":"{host}"}}}}}}"#);
            fs::write(folder.join("meta.json"), meta).unwrap();
        }
        assert_eq!(context(dir.path(), "near").as_deref(), Some("unix:///run/near.sock"));
        assert_eq!(context(dir.path(), "none"), None);
    }
}
