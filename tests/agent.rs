//! The agent under every Python at hand: runs tests/agent/run.py with each, on the payload that this build sends.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use hailer::link::payload::{self, Codec};

/// The Pythons of this machine by version: the system's own, those on the path, those of pyenv.
fn pythons() -> BTreeMap<String, PathBuf> {
    let mut found: Vec<PathBuf> = vec!["/usr/bin/python3".into(), "python3".into(), "python2.7".into()];
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let pyenv = env::var_os("PYENV_ROOT").map_or_else(|| home.join(".pyenv"), PathBuf::from);
    let versions = fs::read_dir(pyenv.join("versions")).into_iter().flatten().flatten();
    found.extend(versions.map(|version| version.path().join("bin/python")));
    let version = |python: &PathBuf| {
        let code = "import sys; print(\"%d.%02d %s\" % (sys.version_info[:2] + (sys.executable,)))";
        let output =
            Command::new(python).args(["-c", code]).output().ok().filter(|output| output.status.success())?;
        let text = String::from_utf8(output.stdout).ok()?;
        let (version, executable) = text.trim().split_once(' ')?;
        Some((version.to_owned(), PathBuf::from(executable)))
    };
    // The first of a version is taken: Debian's own before others.
    let mut pythons = BTreeMap::new();
    for (version, python) in found.iter().filter_map(version) {
        pythons.entry(version).or_insert(python);
    }
    pythons
}

fn write_payload(folder: &Path) {
    let files = [
        ("core.zlib", payload::core(Codec::Zlib)),
        ("core.py", payload::core(Codec::Raw)),
        ("stage0.py", payload::stage0(Codec::Zlib).as_bytes()),
        ("stage0_raw.py", payload::stage0(Codec::Raw).as_bytes()),
    ];
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).expect("a file");
    }
    for name in payload::modules() {
        let source = payload::module(&format!("hailer.{name}")).expect("a module");
        fs::write(folder.join(format!("{name}.py")), source).expect("a file");
    }
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
