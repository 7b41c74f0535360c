//! The agent under every Python at hand: runs tests/agent/run.py with each, on the payload that this build sends.
//!
//! Each Python is a test of its own, so that what one of them says stands alone.
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

macro_rules! each {
    ($($name:ident $version:literal,)*) => {
        /// Those that have a test below.
        const VERSIONS: &[&str] = &[$($version),*];

        $(#[test]
        fn $name() {
            passes($version);
        })*
    };
}

each! {
    python_2_7 "2.07",
    python_3_6 "3.06",
    python_3_7 "3.07",
    python_3_8 "3.08",
    python_3_9 "3.09",
    python_3_10 "3.10",
    python_3_11 "3.11",
    python_3_12 "3.12",
    python_3_13 "3.13",
    python_3_14 "3.14",
}

fn passes(version: &str) {
    let Some(python) = pythons().remove(version) else {
        eprintln!("SKIPPED: there is no Python {version} on this machine");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    write_payload(folder.path());
    write_templates(folder.path());
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agent/run.py");
    let mut command = Command::new(python);
    let output = command.arg("-B").arg(&run).env("HAILER_PAYLOAD", folder.path()).output().expect("a Python");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    eprintln!("{}", String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default());
}

#[test]
fn there_are_pythons_to_run_it_under() {
    let pythons = pythons();
    let tested = pythons.keys().filter(|version| VERSIONS.contains(&version.as_str())).count();
    assert!(tested > 0, "there is no Python on this machine that the agent runs under: {pythons:?}");
    assert!(tested > 1 || env::var_os("CI").is_none(), "CI has one Python only: {pythons:?}");
}
