//! An agent inside a hostile container's namespaces, under several Pythons: runs tests/agent/inside.py with each.
//!
//! Needs an engine, a C compiler and root; without them it says SKIPPED.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

#[path = "support/pythons.rs"]
mod pythons;

use std::env;
use std::path::Path;
use std::process::Command;

use hailer::link::payload::{Codec, entering_stage0};
use pythons::{pythons, write_payload};
use serde_json::Value;

/// A C library, a shell and `sleep`; no Python.
const IMAGE: &str = "hailer-test/nopython";
/// The oldest ones, Debian's, and the newest: the others differ from them in nothing that counts here.
const VERSIONS: &[&str] = &["2.07", "3.06", "3.11", "3.13"];

/// What is missing for these tests, if anything is.
fn missing() -> Option<&'static str> {
    let works = |program: &str, arguments: &[&str]| {
        Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
    };
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    [
        (root, "root's rights"),
        (works("docker", &["info"]), "a Docker engine that answers"),
        (works("cc", &["--version"]), "a C compiler"),
        (works("unshare", &["-Um", "true"]), "unshare, or user namespaces"),
    ]
    .into_iter()
    .find_map(|(there, what)| (!there).then_some(what))
}

fn make_image() {
    let there = Command::new("docker").args(["image", "inspect", IMAGE]).output().expect("docker");
    if !there.status.success() {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docker/image.sh");
        let made = Command::new(script).args([IMAGE, "sh"]).status();
        assert!(made.expect("the script starts").success(), "{IMAGE} could not be made");
    }
}

#[test]
fn nothing_of_a_hostile_container_is_loaded_or_run() {
    if let Some(what) = missing() {
        println!("SKIPPED: there is no {what}");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    make_image();
    let folder = tempfile::tempdir().expect("a folder");
    write_payload(folder.path());
    let mut failed = Vec::new();
    let mut ran = 0;
    for (version, python) in pythons().iter().filter(|(version, _)| VERSIONS.contains(&version.as_str())) {
        let output = Command::new(python)
            .arg("-B")
            .arg(root.join("tests/agent/inside.py"))
            .env("HAILER_PAYLOAD", folder.path())
            .env("HAILER_IMAGE", IMAGE)
            .output()
            .expect("a Python");
        let said = String::from_utf8_lossy(&output.stderr);
        println!("Python {version}: {}", said.trim_end().lines().last().unwrap_or_default());
        ran += 1;
        if !output.status.success() {
            failed.push(format!("== Python {version}\n{said}"));
        }
    }
    assert!(ran > 0, "none of the Pythons {VERSIONS:?} is here");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// A container that runs until it is dropped.
struct Container(String);

impl Drop for Container {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rm", "-f", &self.0]).output();
    }
}

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().expect("docker");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The first line of `hailer run --json` on a target.
fn hailer(target: &str, code: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hailer"));
    let output = command.args(["--no-config", "run", "--json", "-t", target, code]).output().expect("hailer");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text
        .lines()
        .next()
        .unwrap_or_else(|| panic!("{target}: {}", String::from_utf8_lossy(&output.stderr)));
    serde_json::from_str(line).expect("a line of JSON")
}

#[test]
fn the_program_enters_by_process_and_by_container() {
    if let Some(what) = missing() {
        println!("SKIPPED: there is no {what}");
        return;
    }
    make_image();
    let container = Container(format!("hailer-test-nsenter-{}", std::process::id()));
    let start = ["run", "-d", "--pull", "never", "--network", "none", "--name", &container.0, IMAGE];
    docker(&start);
    let pid = docker(&["inspect", "--format", "{{.State.Pid}}", &container.0]);
    let host = docker(&["inspect", "--format", "{{.Config.Hostname}}", &container.0]);
    for target in [format!("nsenter:docker:{}", container.0), format!("nsenter:{pid}")] {
        let cell = hailer(&target, "import os, json; os.uname()[1] + str(os.path.exists('/.dockerenv'))");
        assert_eq!(cell["value"], format!("{host}True"), "{cell}");
    }
    docker(&["stop", "-t", "0", &container.0]);
    for (target, why) in [
        (format!("nsenter:docker:{}", container.0), "is not running"),
        ("nsenter:docker:hailer-no-such".to_owned(), "hailer-no-such"),
        ("nsenter:2147483647".to_owned(), "there is no process 2147483647"),
    ] {
        let cell = hailer(&target, "1");
        assert_eq!(cell["stage"], "connect", "{cell}");
        assert!(cell["why"].as_str().is_some_and(|said| said.contains(why)), "{cell}");
    }
}

#[test]
fn only_processes_and_containers_are_named_to_stage_zero() {
    for whose in ["1", "123456", "docker:web-1", "docker:1f3a", "podman:a.b_c"] {
        let text = entering_stage0(Codec::Zlib, whose).unwrap_or_else(|| panic!("{whose} is refused"));
        assert!(text.starts_with(&format!("target=\"{whose}\";import ")), "{text}");
        assert!(!text.contains(['\'', '\\', '!', '$', '`', '\n']), "some shell would not pass on {text}");
    }
    for whose in [
        "",
        "-1",
        "web",
        "docker:",
        "docker:a b",
        "docker:a\"b",
        "docker:a/b",
        "lxc:a",
        "docker:a:b",
        "docker:$a",
    ] {
        assert_eq!(entering_stage0(Codec::Raw, whose), None, "{whose}");
    }
}
