//! Pods, by a real kubectl. It talks to tests/support/kube.py, which is as much of an API server as `kubectl exec` needs, and
//! whose pods are containers of the fleet.
//!
//! Needs the fleet, kubectl and openssl; without them it says SKIPPED.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod support;

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Fleet, Ran, fleet};
use tempfile::TempDir;

/// Which protocol kubectl takes: the one that it takes by itself, or the one that all of them know.
const PROTOCOL: &str = "KUBECTL_REMOTE_COMMAND_WEBSOCKETS";

/// An API server, and what kubectl has to know of it.
struct Cluster {
    fleet: Fleet,
    folder: TempDir,
    server: Child,
}

impl Cluster {
    /// None where it has no parts to be made of, which is said; with CI set that is a failure.
    fn start() -> Option<Self> {
        let fleet = fleet()?;
        for (program, words) in [("kubectl", ["version", "--client"].as_slice()), ("openssl", &["version"])] {
            let there = Command::new(program).args(words).env("KUBECONFIG", "/dev/null").output();
            if !there.is_ok_and(|output| output.status.success()) {
                assert!(env::var_os("CI").is_none(), "there is no {program}");
                eprintln!("SKIPPED: there is no {program}");
                return None;
            }
        }
        let folder = tempfile::tempdir().expect("a folder");
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/kube.py");
        let mut server = Command::new("python3");
        server.arg(program).arg(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = server.spawn().expect("python3");
        let mut line = String::new();
        let said = server.stdout.take().expect("its output");
        BufReader::new(said).read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n");
        Some(Self { fleet, folder, server })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program, with this cluster as kubectl's only one.
    fn hailer(&self) -> Command {
        let mut command = self.fleet.hailer();
        command.env("KUBECONFIG", self.file("config")).env("HOME", self.folder.path());
        command.env("KUBECACHEDIR", self.file("cache"));
        command
    }

    fn run(&self, environment: &[(&str, &str)], targets: &[&str], code: &str) -> Ran {
        let mut command = self.hailer();
        command.envs(environment.iter().copied()).args(["run", "--json", "--timeout", "60"]);
        command.args(targets.iter().flat_map(|target| ["-t", *target])).arg(code);
        Ran::of(command.output().expect("hailer"))
    }

    /// The protocols that were spoken so far, in order.
    fn spoken(&self) -> Vec<String> {
        let text = fs::read_to_string(self.file("spoken")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn pods_are_reached_over_both_protocols() {
    let Some(cluster) = Cluster::start() else { return };
    let ways = [
        ("kube:c1", "c1"),
        ("kube:\"fleet/c2\"", "c2"),
        ("kube:pair?container=side", "c2"),
        ("kube:\"fleet/fleet/pair/app\"", "c1"),
        ("kube:c3/su:ops", "c3"),
        ("local:two/kube:c4", "c4"),
        ("kube:minimal", "minimal"),
    ];
    let targets: Vec<&str> = ways.iter().map(|(target, _)| *target).collect();
    let code = "import os, sys\nsys.stderr.write('said\\n')\n[os.uname()[1], 'x' * 300000]";
    let check = |environment: &[(&str, &str)]| {
        let ran = cluster.run(environment, &targets, code);
        for (target, host) in ways {
            let cell = ran.cell(target);
            assert_eq!(cell["value"][0], host, "{target}: {cell} {}", ran.stderr);
            assert_eq!(cell["value"][1].as_str().map(str::len), Some(300_000), "{target}");
            let said = format!("{target} │ said");
            assert!(ran.stderr.lines().any(|line| line == said), "{target} said nothing: {}", ran.stderr);
        }
        assert_eq!(ran.code, Some(0));
    };
    check(&[]);
    let first = cluster.spoken();
    check(&[(PROTOCOL, "false")]);
    let both = cluster.spoken();
    eprintln!("kubectl speaks {} by itself", first[0]);
    assert!(first.len() >= ways.len() && both[first.len()..].iter().all(|name| name == "Spdy"), "{both:?}");
}

#[test]
fn what_kubectl_does_not_do_is_told_by_stage() {
    let Some(cluster) = Cluster::start() else { return };
    let ways = [
        ("kube:none", "connect", "no such pod", "pods \"none\" not found"),
        ("kube:\"other/c1\"", "connect", "check context and namespace", "\"other\" not found"),
        ("kube:c1?container=none", "connect", "no such container", "none is not valid for pod c1"),
        ("kube:c1?context=stranger", "login", "does not know who we are", "Unauthorized"),
        ("kube:c1?context=guest", "login", "may not do that", "User \"guest\" cannot get"),
        ("kube:c1?context=untrusted", "host-key", "nothing was sent", "unknown authority"),
        ("kube:c1?context=down", "connect", "no API server listens", "127.0.0.1:1 was refused"),
        ("kube:c1?context=nowhere", "start", "kubectl config get-contexts", "nowhere"),
        ("kube:nopython", "interpreter", "no Python was found", "tried python3"),
        ("kube:bare", "interpreter", "no shell", "executable file not found"),
        ("kube:c1?python=/opt/none", "interpreter", "the Python that was named", "no such file"),
    ];
    let targets: Vec<&str> = ways.iter().map(|(target, ..)| *target).chain(["kube:c1"]).collect();
    let ran = cluster.run(&[], &targets, "6 * 7");
    for (target, stage, why, said) in ways {
        let cell = ran.cell(target);
        assert_eq!((&cell["state"], &cell["stage"]), (&json!("unreachable"), &json!(stage)), "{cell}");
        let text = |name: &str| cell[name].as_str().unwrap_or_default();
        assert!(text("why").contains(why) && text("said").contains(said), "{cell}");
    }
    assert_eq!(ran.cell("kube:c1")["value"], 42);
    let empty = cluster.file("empty");
    fs::create_dir(&empty).expect("a folder");
    let ran = cluster.run(&[("PATH", &empty.display().to_string())], &["kube:c1"], "1");
    let cell = ran.cell("kube:c1");
    assert_eq!(cell["why"], "there is no program kubectl on this machine", "{cell}");
    assert_eq!(cell["stage"], "start");
}

#[test]
fn a_pod_is_lost_with_its_api_server_and_nothing_runs_on_in_it() {
    let Some(mut cluster) = Cluster::start() else { return };
    let mut command = cluster.hailer();
    let code = "import os, time\nemit(os.getpid())\ntime.sleep(600)";
    command.args(["run", "--json", "-t", "kube:c5", code]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("hailer");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut next =
        || -> Value { serde_json::from_str(&lines.next().expect("a line").expect("text")).expect("JSON") };
    let process = next()["item"].as_u64().expect("a process");
    cluster.server.kill().expect("an end");
    let cell = next();
    assert_eq!(cell["state"], "lost", "{cell}");
    assert!(cell["why"].as_str().is_some_and(|why| why.contains("its process ended")), "{cell}");
    assert_eq!(child.wait().expect("an end").code(), Some(3));
    let stat = format!("/proc/{process}/stat");
    let runs = || {
        let output =
            Command::new("docker").args(["exec", "hailer-c5", "cat", &stat]).output().expect("docker");
        output.status.success() && !String::from_utf8_lossy(&output.stdout).contains(") Z ")
    };
    let end = Instant::now() + Duration::from_secs(20);
    while runs() {
        assert!(Instant::now() < end, "process {process} runs on in hailer-c5");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn code_reaches_pods_too() {
    let Some(cluster) = Cluster::start() else { return };
    let script = cluster.file("pods.py");
    let text = "import socket\n\
        from hailer import Group, Kube, Local, RemoteException, Sudo\n\
        pods = Group([Kube('c1'), Kube('pair', container='side'), Kube('c3', namespace='fleet', context='fleet')])\n\
        with pods:\n    print(sorted(pods.call(socket.gethostname).values()))\n\
        print(Sudo('ops', via=Kube('c4', via=Local('two'))).call(socket.gethostname))\n\
        try:\n    Kube('none').connect()\n\
        except RemoteException as error:\n    print(error.stage)\n";
    fs::write(&script, text).expect("a script");
    let output = cluster.hailer().arg("script").args(["--depth", "3"]).arg(script).output().expect("hailer");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(out, "['c1', 'c2', 'c3']\nc4\nconnect\n", "{err}");
    assert_eq!(output.status.code(), Some(0), "{err}");
}
