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

#[test]
fn nothing_of_a_hostile_container_is_loaded_or_run() {
    if let Some(what) = missing() {
        println!("SKIPPED: there is no {what}");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let there = Command::new("docker").args(["image", "inspect", IMAGE]).output().expect("docker");
    if !there.status.success() {
        let made = Command::new(root.join("tests/docker/image.sh")).args([IMAGE, "sh"]).status();
        assert!(made.expect("the script starts").success(), "{IMAGE} could not be made");
    }
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
