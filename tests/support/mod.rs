//! What the tests of the real thing share: the fleet that `tests/fleet/fleet up` brought up, and the program.
#![allow(dead_code, clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The hosts that are up.
pub struct Fleet {
    state: PathBuf,
    /// As they stand in fleet.json.
    pub hosts: Vec<Host>,
}

/// One host, and what is to be expected of it.
pub struct Host {
    /// What to type to reach it.
    pub target: String,
    /// Its Python, or None where it cannot be reached.
    pub python: Option<String>,
    /// How far a connect comes, where it fails.
    pub stage: Option<String>,
    /// What it is.
    pub about: String,
}

/// The fleet. None where it is not up, which is said; with CI set that is a failure.
pub fn fleet() -> Option<Fleet> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let state = env::var_os("HAILER_FLEET").map_or_else(|| root.join("target/fleet"), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(state.join("fleet.json")) else {
        assert!(env::var_os("CI").is_none(), "no fleet in {}: run tests/fleet/fleet up", state.display());
        eprintln!("SKIPPED: no test fleet: run tests/fleet/fleet up");
        return None;
    };
    let list: Vec<Value> = serde_json::from_str(&text).expect("fleet.json");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let host = |entry: &Value| Host {
        target: text(&entry["target"]).expect("a target"),
        python: text(&entry["python"]),
        stage: text(&entry["stage"]),
        about: text(&entry["about"]).unwrap_or_default(),
    };
    Some(Fleet { hosts: list.iter().map(host).collect(), state })
}

impl Fleet {
    /// The program, with the fleet's ssh configuration and none of the user's own.
    pub fn hailer(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hailer"));
        command.args(["--no-config", "--ssh-option=-F"]);
        command.arg(format!("--ssh-option={}", self.ssh_config().display()));
        command
    }

    /// Its ssh configuration.
    pub fn ssh_config(&self) -> PathBuf {
        self.file("ssh_config")
    }

    /// One of its files, such as `keys/host_key.pub`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.state.join(name)
    }

    /// `hailer run --json` of some code on these targets: its lines, the summary apart, and its exit code. Connects have time
    /// enough for any machine, unless `more` says otherwise.
    pub fn run(&self, targets: &[&str], more: &[&str], code: &str) -> Ran {
        let mut command = self.hailer();
        command.args(["run", "--json"]).args(more);
        if !more.contains(&"--connect-timeout") {
            command.args(["--connect-timeout", "60s"]);
        }
        command.args(targets.iter().flat_map(|target| ["-t", *target])).arg(code);
        Ran::of(command.output().expect("hailer"))
    }

    /// Whether a target of this name is up.
    pub fn has(&self, target: &str) -> bool {
        self.hosts.iter().any(|host| host.target == target)
    }
}

/// What a headless run said.
pub struct Ran {
    /// Its JSON lines but the last.
    pub lines: Vec<Value>,
    /// The last one.
    pub summary: Value,
    /// Standard error.
    pub stderr: String,
    /// The exit code.
    pub code: Option<i32>,
}

impl Ran {
    /// Of a command that was `hailer run --json`.
    pub fn of(output: Output) -> Self {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
        let parse = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}\n{stderr}"))
        };
        let mut lines: Vec<Value> = text.lines().map(parse).collect();
        let summary = lines.pop().unwrap_or_else(|| panic!("no line at all; {stderr}"));
        Self { lines, summary, code: output.status.code(), stderr }
    }

    /// The one line with a state that a target has.
    pub fn cell(&self, target: &str) -> &Value {
        let mut cells =
            self.lines.iter().filter(|line| line["target"] == target && line.get("state").is_some());
        let cell = cells.next().unwrap_or_else(|| panic!("{target} has no cell; {}", self.stderr));
        assert!(cells.next().is_none(), "{target} has two cells");
        cell
    }
}
