//! Which engine is the current one, and how it is reached: by the environment, or by the docker configuration.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::tunnel::address::Tls;

/// Where the engine is when nobody says otherwise.
const DEFAULT: &str = "unix:///var/run/docker.sock";

/// An engine's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// A socket of this machine.
    Unix(String),
    /// A port of a host.
    Tcp { host: String, port: u16, tls: Option<Tls> },
    /// The engine of a host that ssh reaches; its docker command relays to it.
    Ssh { user: Option<String>, host: String, port: Option<u16>, socket: Option<String> },
}

/// The engine's address: `DOCKER_HOST`, or that of the context named by `DOCKER_CONTEXT` or the docker configuration.
/// `set` gives the variables of the environment that are not empty.
pub(super) fn endpoint(
    set: impl Fn(&str) -> Option<String>,
    home: Option<&Path>,
) -> Result<Endpoint, String> {
    // Without a home there is no configuration: never the one of the working directory.
    let dir = set("DOCKER_CONFIG").map(PathBuf::from).or_else(|| Some(home?.join(".docker")));
    if let Some(host) = set("DOCKER_HOST") {
        let files = set("DOCKER_CERT_PATH").map(PathBuf::from).or_else(|| dir.clone());
        let tls = match (set("DOCKER_TLS_VERIFY"), set("DOCKER_TLS")) {
            (Some(_), _) => Some(files.map(|files| material(&files)).unwrap_or_default()),
            (None, Some(_)) => return Err(unverified("DOCKER_TLS", "set DOCKER_TLS_VERIFY=1")),
            (None, None) => None,
        };
        return parse(&host, tls);
    }
    let current =
        || read(&dir.as_ref()?.join("config.json"))?.get("currentContext")?.as_str().map(str::to_owned);
    match set("DOCKER_CONTEXT").or_else(current).as_deref() {
        None | Some("" | "default") => parse(DEFAULT, None),
        Some(name) => dir
            .as_ref()
            .and_then(|dir| context(dir, name))
            .unwrap_or_else(|| Err(format!("there is no docker context {name:?}; see docker context ls"))),
    }
}

/// A context's engine. Its folder is named by a hash of its name, so all are looked through.
fn context(dir: &Path, name: &str) -> Option<Result<Endpoint, String>> {
    let contexts = fs::read_dir(dir.join("contexts/meta")).ok()?;
    contexts.flatten().find_map(|entry| {
        let meta = read(&entry.path().join("meta.json"))?;
        if meta.get("Name")?.as_str()? != name {
            return None;
        }
        let engine = meta.pointer("/Endpoints/docker")?;
        let host = engine.get("Host")?.as_str()?;
        if engine.get("SkipTLSVerify").and_then(Value::as_bool) == Some(true) {
            return Some(Err(unverified(
                &format!("the docker context {name}"),
                "give it the engine's ca.pem",
            )));
        }
        let files = dir.join("contexts/tls").join(entry.file_name()).join("docker");
        Some(parse(host, files.is_dir().then(|| material(&files))))
    })
}

/// The files of a folder as the docker command names them, as many as are there.
fn material(dir: &Path) -> Tls {
    let file = |name: &str| Some(dir.join(name)).filter(|path| path.is_file());
    Tls { ca: file("ca.pem"), identity: file("cert.pem").zip(file("key.pem")), name: None }
}

fn unverified(what: &str, instead: &str) -> String {
    format!(
        "{what} asks for TLS without a look at the engine's certificate, which is no protection; {instead}"
    )
}

/// An address as docker writes it, with what is known of its TLS.
fn parse(text: &str, tls: Option<Tls>) -> Result<Endpoint, String> {
    let unknown = || {
        format!(
            "the docker engine's address is {text:?}; unix://PATH, tcp://HOST:PORT, http://, https:// and \
             ssh://[USER@]HOST[:PORT] are known"
        )
    };
    let (scheme, rest) = text.split_once("://").ok_or_else(unknown)?;
    if scheme == "unix" {
        return Ok(Endpoint::Unix(rest.to_owned()));
    }
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let (host, port) = host_and_port(authority).ok_or_else(unknown)?;
    let tls = if scheme == "https" { Some(tls.unwrap_or_default()) } else { tls };
    match scheme {
        "tcp" | "https" | "http" if path.len() <= 1 => {
            let tls = tls.filter(|_| scheme != "http");
            let port = port.unwrap_or(if tls.is_some() { 2376 } else { 2375 });
            Ok(Endpoint::Tcp { host, port, tls })
        }
        "ssh" => {
            let (user, host) = match host.rsplit_once('@') {
                Some((user, host)) => (Some(user.to_owned()), host.to_owned()),
                None => (None, host),
            };
            let socket = (path.len() > 1).then(|| path.to_owned());
            // What begins with a hyphen ssh would take for an option.
            if host.is_empty() || host.starts_with('-') {
                Err(unknown())
            } else {
                Ok(Endpoint::Ssh { user, host, port, socket })
            }
        }
        _ => Err(unknown()),
    }
}

/// `host`, `host:port`, `[::1]:port`.
fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().ok()?)),
        _ => (text, None),
    };
    let host = host.replace(['[', ']'], "");
    (!host.is_empty()).then_some((host, port))
}

fn read(path: &Path) -> Option<Value> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bracketed = |host: &String| if host.contains(':') { format!("[{host}]") } else { host.clone() };
        match self {
            Self::Unix(path) => write!(f, "unix://{path}"),
            Self::Tcp { host, port, .. } => write!(f, "tcp://{}:{port}", bracketed(host)),
            Self::Ssh { user, host, port, .. } => {
                let user = user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
                let port = port.map(|port| format!(":{port}")).unwrap_or_default();
                write!(f, "ssh://{user}{}{port}", bracketed(host))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The endpoint with these variables, and this home.
    fn found(variables: &[(&str, &str)], home: Option<&Path>) -> Result<Endpoint, String> {
        let set =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        endpoint(set, home)
    }

    /// Its name.
    fn named(variables: &[(&str, &str)], home: Option<&Path>) -> String {
        found(variables, home).unwrap_or_else(|why| panic!("{why}")).to_string()
    }

    /// A home with two contexts, one of them with certificates.
    fn home() -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join(".docker");
        for (folder, name, more) in [
            ("a1", "far", r#""Host":"ssh://ops@far:2222""#),
            ("b2", "near", r#""Host":"unix:///run/near.sock""#),
            ("c3", "tls", r#""Host":"tcp://build:2376","SkipTLSVerify":false"#),
            ("d4", "blind", r#""Host":"tcp://build:2376","SkipTLSVerify":true"#),
        ] {
            let folder = dir.join("contexts/meta").join(folder);
            fs::create_dir_all(&folder).unwrap();
            let meta = format!(r#"{{"Name":"{name}","Endpoints":{{"docker":{{{more}}}}}}}"#);
            fs::write(folder.join("meta.json"), meta).unwrap();
        }
        fs::create_dir_all(dir.join("contexts/meta/broken")).unwrap();
        fs::write(dir.join("contexts/meta/broken/meta.json"), "{").unwrap();
        let files = dir.join("contexts/tls/c3/docker");
        fs::create_dir_all(&files).unwrap();
        for name in ["ca.pem", "cert.pem", "key.pem"] {
            fs::write(files.join(name), "").unwrap();
        }
        home
    }

    #[test]
    fn the_engine_is_found_as_the_docker_command_finds_it() {
        let home = home();
        let dir = home.path().join(".docker");
        let at = Some(home.path());
        assert_eq!(named(&[], at), DEFAULT, "no configuration");
        fs::write(dir.join("config.json"), r#"{"currentContext":"near"}"#).unwrap();
        assert_eq!(named(&[], at), "unix:///run/near.sock");
        assert_eq!(named(&[("DOCKER_CONTEXT", "far")], at), "ssh://ops@far:2222");
        assert_eq!(named(&[("DOCKER_CONTEXT", "default")], at), DEFAULT);
        let both = [("DOCKER_CONTEXT", "far"), ("DOCKER_HOST", "tcp://h")];
        assert_eq!(named(&both, at), "tcp://h:2375", "DOCKER_HOST wins");
        let elsewhere = dir.to_string_lossy().into_owned();
        assert_eq!(named(&[("DOCKER_CONFIG", &elsewhere)], None), "unix:///run/near.sock");
        assert!(found(&[("DOCKER_CONTEXT", "none")], at).unwrap_err().contains("no docker context \"none\""));
        assert_eq!(named(&[], None), DEFAULT, "no home");
    }

    #[test]
    fn tls_is_asked_for_by_a_context_s_files_or_the_environment_and_never_unverified() {
        let home = home();
        let at = Some(home.path());
        let files = home.path().join(".docker/contexts/tls/c3/docker");
        let tls = material(&files);
        assert!(tls.ca.is_some() && tls.identity.is_some());
        let build = |tls| Ok(Endpoint::Tcp { host: "build".to_owned(), port: 2376, tls });
        assert_eq!(found(&[("DOCKER_CONTEXT", "tls")], at), build(Some(tls.clone())));
        assert!(found(&[("DOCKER_CONTEXT", "blind")], at).unwrap_err().contains("without a look"));

        let files = files.to_string_lossy().into_owned();
        let host = ("DOCKER_HOST", "tcp://build");
        let verify = ("DOCKER_TLS_VERIFY", "1");
        assert_eq!(found(&[host, verify, ("DOCKER_CERT_PATH", &files)], at), build(Some(tls)));
        assert_eq!(found(&[host, verify], at), build(Some(Tls::default())), "the system's authorities");
        assert_eq!(found(&[("DOCKER_HOST", "https://build:2376")], at), build(Some(Tls::default())));
        assert_eq!(found(&[("DOCKER_HOST", "tcp://build:2376/")], at), build(None));
        assert!(found(&[host, ("DOCKER_TLS", "1")], at).unwrap_err().contains("DOCKER_TLS_VERIFY=1"));
    }

    #[test]
    fn addresses_are_read_as_docker_writes_them() {
        for (text, written) in [
            ("tcp://[::1]:99", "tcp://[::1]:99"),
            ("tcp://[::1]", "tcp://[::1]:2375"),
            ("http://h:80", "tcp://h:80"),
            ("ssh://far", "ssh://far"),
            ("ssh://me@far:22/run/docker.sock", "ssh://me@far:22"),
        ] {
            assert_eq!(parse(text, None).map(|endpoint| endpoint.to_string()).as_deref(), Ok(written));
        }
        for text in
            ["", "h:2375", "npipe:////./pipe/docker", "tcp://", "tcp://h:x", "tcp://h/base", "ssh://-oX"]
        {
            assert!(parse(text, None).is_err_and(|why| why.contains("are known")), "{text}");
        }
    }
}
