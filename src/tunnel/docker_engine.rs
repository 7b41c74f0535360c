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
    let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_path_buf());
    let endpoint = endpoint(set, home.as_deref())?;
    let Some(path) = endpoint.strip_prefix("unix://") else {
        return Err(format!(
            "the docker context's engine is {endpoint}; only engines behind a unix socket are there yet: \
             cmd:\"docker exec -i NAME\" goes through the docker command"
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
/// `set` gives the variables of the environment that are not empty.
fn endpoint(set: impl Fn(&str) -> Option<String>, home: Option<&Path>) -> Result<String, String> {
    if let Some(host) = set("DOCKER_HOST") {
        return Ok(host);
    }
    // Without a home there is no configuration: never the one of the working directory.
    let dir = set("DOCKER_CONFIG").map(PathBuf::from).or_else(|| Some(home?.join(".docker")));
    let current =
        || read(&dir.as_ref()?.join("config.json"))?.get("currentContext")?.as_str().map(str::to_owned);
    match set("DOCKER_CONTEXT").or_else(current).as_deref() {
        None | Some("" | "default") => Ok(DEFAULT.to_owned()),
        Some(name) => dir
            .as_ref()
            .and_then(|dir| context(dir, name))
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

    /// The endpoint with these variables, and this home.
    fn found(variables: &[(&str, &str)], home: Option<&Path>) -> Result<String, String> {
        let set =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        endpoint(set, home)
    }

    #[test]
    fn the_engine_is_found_as_the_docker_command_finds_it() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join(".docker");
        for (folder, name, host) in [("a1", "far", "ssh://far"), ("b2", "near", "unix:///run/near.sock")] {
            let folder = dir.join("contexts/meta").join(folder);
            fs::create_dir_all(&folder).unwrap();
            let meta = format!(r#"{{"Name":"{name}","Endpoints":{{"docker":{{"Host":"{host}"}}}}}}"#);
            fs::write(folder.join("meta.json"), meta).unwrap();
        }
        fs::create_dir_all(dir.join("contexts/meta/broken")).unwrap();
        fs::write(dir.join("contexts/meta/broken/meta.json"), "{").unwrap();
        let at = Some(home.path());
        assert_eq!(found(&[], at).as_deref(), Ok(DEFAULT), "no configuration");
        fs::write(dir.join("config.json"), r#"{"currentContext":"near"}"#).unwrap();
        assert_eq!(found(&[], at).as_deref(), Ok("unix:///run/near.sock"));
        assert_eq!(found(&[("DOCKER_CONTEXT", "far")], at).as_deref(), Ok("ssh://far"));
        assert_eq!(found(&[("DOCKER_CONTEXT", "default")], at).as_deref(), Ok(DEFAULT));
        let both = [("DOCKER_CONTEXT", "far"), ("DOCKER_HOST", "tcp://h:2375")];
        assert_eq!(found(&both, at).as_deref(), Ok("tcp://h:2375"), "DOCKER_HOST wins");
        let elsewhere = dir.to_string_lossy().into_owned();
        assert_eq!(found(&[("DOCKER_CONFIG", &elsewhere)], None).as_deref(), Ok("unix:///run/near.sock"));
        assert!(found(&[("DOCKER_CONTEXT", "none")], at).unwrap_err().contains("no docker context \"none\""));
        assert_eq!(found(&[], None).as_deref(), Ok(DEFAULT), "no home");
    }
}
