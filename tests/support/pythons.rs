//! What tests of the agent's own Python need: the Pythons at hand, and what this build sends.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use hailer::link::payload::{self, Codec};

/// The Pythons of this machine by version: the system's own, those on the path, those of pyenv.
pub fn pythons() -> BTreeMap<String, PathBuf> {
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

/// Writes what is sent to start the agent into a folder, for tests/agent/client.py.
pub fn write_payload(folder: &Path) {
    let text = payload::entering_stage0(Codec::Zlib, "1").expect("stage 0");
    let entering_stage0 = text.strip_prefix("target=\"1\";").expect("its target").as_bytes();
    let files = [
        ("core.zlib", payload::core(Codec::Zlib)),
        ("core.py", payload::core(Codec::Raw)),
        ("stage0.py", payload::stage0(Codec::Zlib).as_bytes()),
        ("stage0_raw.py", payload::stage0(Codec::Raw).as_bytes()),
        ("stage0_enter.py", entering_stage0),
        ("enter_core.zlib", payload::entering_core(Codec::Zlib)),
        ("enter_core.py", payload::entering_core(Codec::Raw)),
    ];
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).expect("a file");
    }
    for name in payload::modules() {
        let source = payload::module(&format!("hailer.{name}")).expect("a module");
        fs::write(folder.join(format!("{name}.py")), source).expect("a file");
    }
}
