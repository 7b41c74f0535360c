//! A real Docker engine elsewhere: behind TCP, behind TLS, behind ssh; by the environment and by contexts.
//!
//! The engine is this machine's own, reached through relays. Without an engine or a relay each test says SKIPPED.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

#[path = "support/sockets.rs"]
mod sockets;
mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use sockets::{Authority, Relay, free_port, relays};
use tempfile::TempDir;

const IMAGE: &str = "hailer-test/full";
const ENGINE: &str = "UNIX-CONNECT:/var/run/docker.sock";

/// Whether there are an engine, an image, and a relay; says SKIPPED if not.
fn engine() -> bool {
    if docker(&["info"]).is_none() {
        println!("SKIPPED: no Docker engine answers");
        return false;
    }
    if docker(&["image", "inspect", IMAGE]).is_none() {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docker/image.sh");
        let made = Command::new(script).args([IMAGE, "sh", "python"]).output().expect("the script starts");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    relays()
}

fn docker(arguments: &[&str]) -> Option<String> {
    let output = Command::new("docker").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A container that runs until it is dropped.
struct Container(String);

impl Container {
    fn start(name: &str) -> Self {
        let name = format!("hailer-test-{name}-{}", std::process::id());
        let start = ["run", "-d", "--pull", "never", "--network", "none", "--name", &name, IMAGE];
        docker(&start).unwrap_or_else(|| panic!("{name} starts"));
        Self(name)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        docker(&["rm", "-f", &self.0]);
    }
}

/// The program, where these variables and no others name an engine.
fn hailer(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hailer"));
    for name in ["HOST", "CONTEXT", "CONFIG", "TLS", "TLS_VERIFY", "CERT_PATH"] {
        command.env_remove(format!("DOCKER_{name}"));
    }
    command.envs(variables.iter().copied()).arg("--no-config");
    command
}

/// What a run on a target comes to.
fn run(variables: &[(&str, &str)], target: &str) -> Value {
    let mut command = hailer(variables);
    // More than what any buffer on the way holds, in both directions.
    let code = format!("import platform; '{}' and [platform.node(), 'y' * 3000000]", "x".repeat(100_000));
    let output = command.args(["run", "--json", "--connect-timeout", "30s", "-t", target, &code]).output();
    let output: Output = output.expect("hailer");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let first = text.lines().next().unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    serde_json::from_str(first).expect(first)
}

#[track_caller]
fn assert_answers(variables: &[(&str, &str)], container: &str) {
    let cell = run(variables, &format!("docker:{container}"));
    let node = docker(&["inspect", "-f", "{{.Config.Hostname}}", container]).expect("a container");
    assert_eq!(cell["value"][0], node.as_str(), "{cell}");
    assert_eq!(cell["value"][1].as_str().map(str::len), Some(3_000_000));
    let hosts = hailer(variables).arg("hosts").output().expect("hailer");
    let hosts = String::from_utf8_lossy(&hosts.stdout).into_owned();
    assert!(hosts.contains(container), "it is not listed: {hosts}");
}

#[track_caller]
fn assert_refused(variables: &[(&str, &str)], stage: &str, why: &str) {
    let cell = run(variables, "docker:none");
    let reason = cell["why"].as_str().unwrap_or_else(|| panic!("{cell}"));
    assert!(cell["stage"] == stage && reason.contains(why), "{cell}");
}

/// An engine behind TLS, and the folders with what its clients need.
struct Private {
    relay: Relay,
    authority: Authority,
    clients: TempDir,
}

impl Private {
    fn start() -> Self {
        let authority = Authority::new("engines");
        authority.sign("server", "IP:127.0.0.1,DNS:localhost");
        authority.sign("client", "DNS:client.example");
        let file = |name: &str| authority.file(name).display().to_string();
        let options = format!(
            ",cert={},key={},cafile={},verify=1",
            file("server.pem"),
            file("server.key"),
            file("ca.pem")
        );
        let relay = Relay::tcp("OPENSSL-LISTEN", &options, ENGINE);
        Self { relay, authority, clients: tempfile::tempdir().unwrap() }
    }

    /// A folder as the docker command wants it, with some of these files: `ca.pem`, `cert.pem`, `key.pem`.
    fn files(&self, name: &str, files: &[(&str, &Path)]) -> String {
        let dir = self.clients.path().join(name);
        fs::create_dir(&dir).unwrap();
        for (name, from) in files {
            fs::copy(from, dir.join(name)).unwrap();
        }
        dir.display().to_string()
    }

    fn address(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.relay.port)
    }
}

/// What names an engine behind TLS, and the folder with our files.
fn private_variables<'a>(address: &'a str, files: &'a str) -> [(&'static str, &'a str); 3] {
    [("DOCKER_HOST", address), ("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", files)]
}

#[test]
fn an_engine_behind_tcp_is_as_good_as_one_behind_its_socket() {
    if !engine() {
        return;
    }
    let container = Container::start("tcp");
    let relay = Relay::tcp("TCP-LISTEN", "", ENGINE);
    let address = format!("tcp://localhost:{}", relay.port);
    assert_answers(&[("DOCKER_HOST", &address)], &container.0);
    let cell = run(&[("DOCKER_HOST", &address)], &format!("docker-run:\"{IMAGE}\""));
    assert_eq!(cell["state"], "value", "{cell}");
}

#[test]
fn an_engine_behind_tls_sees_our_certificate_and_we_see_its_own() {
    if !engine() {
        return;
    }
    let container = Container::start("tls");
    let private = Private::start();
    let address = private.address();
    let file = |name: &str| private.authority.file(name);
    let (ca, cert, key) = (file("ca.pem"), file("client.pem"), file("client.key"));
    let all = private.files("all", &[("ca.pem", &ca), ("cert.pem", &cert), ("key.pem", &key)]);
    assert_answers(&private_variables(&address, &all), &container.0);
    let nameless = private.files("nameless", &[("ca.pem", &ca)]);
    assert_refused(&private_variables(&address, &nameless), "login", "wants a certificate of ours");
    let misled = private.files("misled", &[("ca.pem", &Authority::new("other").file("ca.pem"))]);
    assert_refused(
        &private_variables(&address, &misled),
        "host-key",
        "no authority that is trusted signed it",
    );

    // The docker command's own context, with copies of the same files.
    let config = private.files("config", &[]);
    let settings =
        format!("host={address},ca={},cert={},key={}", ca.display(), cert.display(), key.display());
    let made = docker(&["--config", &config, "context", "create", "far", "--docker", &settings]);
    assert!(made.is_some(), "docker makes a context");
    assert_answers(&[("DOCKER_CONFIG", &config), ("DOCKER_CONTEXT", "far")], &container.0);
    assert!(docker(&["--config", &config, "context", "use", "far"]).is_some());
    assert_answers(&[("DOCKER_CONFIG", &config)], &container.0);
}

#[test]
fn an_engine_behind_ssh_is_reached_by_the_system_s_ssh() {
    if !engine() {
        return;
    }
    let Some(fleet) = support::fleet() else { return };
    let dir = tempfile::tempdir().unwrap();
    // The real ssh, with the fleet's configuration in place of the user's. What that runs means this machine's engine.
    let ssh = dir.path().join("ssh");
    let script = format!(
        "#!/bin/sh\nunset DOCKER_HOST\nexec /usr/bin/ssh -F '{}' \"$@\"\n",
        fleet.file("ssh_config").display()
    );
    fs::write(&ssh, script).unwrap();
    fs::set_permissions(&ssh, PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());

    let container = Container::start("ssh");
    assert_answers(&[("DOCKER_HOST", "ssh://localsshd"), ("PATH", &path)], &container.0);
    let socket = "ssh://localsshd/var/run/docker.sock";
    assert_answers(&[("DOCKER_HOST", socket), ("PATH", &path)], &container.0);
    let refuses = |host: &str, stage: &str, why: &str| {
        assert_refused(&[("DOCKER_HOST", &format!("ssh://{host}")), ("PATH", &path)], stage, why);
    };
    refuses("refused", "connect", "nothing listens there");
    refuses("refuses-key", "login", "refused every way to log in");
    let cell = run(&[("DOCKER_HOST", "ssh://minimal"), ("PATH", &path)], "docker:none");
    assert!(cell["said"].as_str().is_some_and(|said| said.contains("docker")), "{cell}");
}

#[test]
fn an_engine_that_is_not_there_is_told_with_its_address() {
    let address = format!("tcp://127.0.0.1:{}", free_port());
    assert_refused(
        &[("DOCKER_HOST", &address)],
        "connect",
        &format!("{address} cannot be reached: nothing listens"),
    );
    let far = ("DOCKER_HOST", "tcp://no-such-host.invalid:2375");
    assert_refused(&[far], "resolve", "the name has no address");
    assert_refused(&[("DOCKER_HOST", "npipe:////./pipe/docker")], "start", "are known");
    assert_refused(&[far, ("DOCKER_TLS", "1")], "start", "DOCKER_TLS_VERIFY");
}
