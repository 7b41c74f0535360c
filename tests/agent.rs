//! The agent under every Python at hand: runs tests/agent/run.py with each, on the payload that this build sends.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

#[path = "support/pythons.rs"]
mod pythons;

use std::env;
use std::path::Path;
use std::process::Command;

use hailer::template;
use pythons::{pythons, write_payload};
use serde_json::{Map, Value};

/// The templates of the table as this side translates them, for `tests/agent/test_15_template.py`.
fn write_templates(folder: &Path) {
    let cases: Vec<Value> = serde_json::from_str(include_str!("template/cases.json")).expect("the table");
    let mut translated = Map::new();
    for case in cases {
        let template = case["template"].as_str().expect("a template");
        // The host itself says what stands outside of a function.
        if case["when"] != "compile"
            && let Ok(code) = template::compile(template)
        {
            translated.insert(template.to_owned(), code.into());
        }
    }
    std::fs::write(folder.join("templates.json"), Value::Object(translated).to_string()).expect("a file");
}

#[test]
fn every_python_passes_the_agents_own_tests() {
    let pythons = pythons();
    assert!(!pythons.is_empty(), "there is no Python on this machine");
    if pythons.len() == 1 {
        assert!(env::var_os("CI").is_none(), "CI has one Python only: {pythons:?}");
        eprintln!("SKIPPED: other Pythons than {pythons:?}: there are none here");
    }
    let folder = tempfile::tempdir().expect("a folder");
    write_payload(folder.path());
    write_templates(folder.path());
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agent/run.py");
    let mut failed = Vec::new();
    // Four at a time: the tests wait more than they work, and their deadlines are wide.
    let all: Vec<_> = pythons.iter().collect();
    for several in all.chunks(4) {
        let children = several.iter().map(|(version, python)| {
            let mut command = Command::new(python);
            command.arg("-B").arg(&run).env("HAILER_PAYLOAD", folder.path());
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            (*version, command.spawn().expect("a Python"))
        });
        for (version, child) in children.collect::<Vec<_>>() {
            let output = child.wait_with_output().expect("a Python");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let last = String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().to_owned();
            eprintln!("Python {version}: {last}");
            if !output.status.success() {
                failed.push(format!("== Python {version}\n{said}"));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
