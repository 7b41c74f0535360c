//! Number 9 of the acceptance list, imports, on this machine's Pythons: modules of a library go with the calls that import them.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

#[path = "support/pythons.rs"]
#[allow(dead_code)]
mod pythons;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hailer::engine::command::{Command, RunId, RunSpec};
use hailer::engine::event::{Cell, Event, RunChange, TargetChange};
use hailer::engine::target::{LinkState, TargetId};
use hailer::engine::{Engine, EngineConfig, EngineHandle, Seating};
use hailer::inventory::{self, Discover};
use hailer::library::Library;
use hailer::library::place::{Place, Wins};
use hailer::link::mux::Caps;
use hailer::link::opening::Options;
use hailer::tunnel::Defaults;
use pythons::pythons;
use tempfile::TempDir;
use tokio::sync::mpsc::Receiver;

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let new = path.with_extension("new");
        fs::write(&new, text).unwrap();
        fs::rename(&new, &path).unwrap();
    }
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), files);
    folder
}

/// The program, with no configuration of a person's.
fn hailer(words: &[&str]) -> (String, String, i32) {
    let output =
        Process::new(env!("CARGO_BIN_EXE_hailer")).arg("--no-config").args(words).output().expect("hailer");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code().unwrap_or(-1))
}

/// An engine with a library, and this machine as its targets.
struct Bench {
    handle: EngineHandle,
    events: Receiver<Vec<Event>>,
    waiting: Vec<Event>,
    runs: u32,
}

impl Bench {
    fn new(targets: &str, library: &Path, python: Option<String>) -> Self {
        let place = Place::at(library, Wins::Usual).unwrap();
        let config = EngineConfig {
            targets: inventory::named(targets).expect("targets"),
            connect: true,
            discover: Discover::default(),
            opening: Options {
                timeout: Duration::from_mins(1),
                defaults: Defaults { python, ..Defaults::default() },
                caps: Caps::default(),
                silence: None,
            },
            connects_at_once: 8,
            library: Arc::new(Library::new(vec![place])),
            depth_limit: 2,
            seating: Seating::default(),
            reconnect: false,
            program: None,
        };
        let (handle, events) = Engine::start(config).expect("an engine");
        Self { handle, events, waiting: Vec::new(), runs: 0 }
    }

    fn start(&mut self, code: &str, targets: u32, fanout: Option<usize>) -> RunId {
        self.runs += 1;
        let id = RunId(self.runs);
        let targets = (0..targets).map(TargetId).collect();
        let spec =
            RunSpec { id, code: code.into(), targets, timeout: None, fanout, steps: None, guard: false };
        self.handle.send(Command::Run(spec));
        id
    }

    fn next(&mut self) -> Event {
        while self.waiting.is_empty() {
            let mut batch = self.events.blocking_recv().expect("the engine ended");
            batch.reverse();
            self.waiting = batch;
        }
        self.waiting.pop().unwrap()
    }

    /// The values of a run, in their order of arrival.
    fn finish(&mut self, run: RunId) -> Vec<String> {
        let mut values = Vec::new();
        loop {
            match self.next() {
                Event::Run { id, change: RunChange::Cell { cell, .. }, .. }
                    if id == run && cell.is_final() =>
                {
                    values.push(match cell {
                        Cell::Value { value } => value.repr(1000),
                        Cell::Raised { error } => format!("{}: {}", error.kind, error.message),
                        other => panic!("{other:?}"),
                    });
                }
                Event::Run { id, change: RunChange::Finished, .. } if id == run => return values,
                _ => {}
            }
        }
    }

    fn one(&mut self, code: &str) -> String {
        let run = self.start(code, 1, None);
        self.finish(run).remove(0)
    }
}

#[test]
fn every_python_imports_from_a_folder_a_file_and_a_zip() {
    let lib = folder(&[
        ("ops/__init__.py", ""),
        (
            "ops/disk.py",
            "from .sub import deep\nfrom . import util\ndef told(): return deep.text(), util.boom\n",
        ),
        ("ops/util.py", "def boom():\n    raise ValueError('no')  # here\n"),
        (
            "ops/sub/deep.py",
            "import pkgutil\ndef text(): return pkgutil.get_data('ops', 'note.txt').decode()\n",
        ),
        ("ops/note.txt", "from a file"),
        (
            "alone.py",
            "x = 'alone'\nif __name__ == '__main__':\n    raise SystemExit('the guard does not hold')\n",
        ),
        ("not_here/old.py", "print 'x'"),
    ]);
    let zip = lib.path().join("zipped.zip");
    let mut archive = zip::ZipWriter::new(fs::File::create(&zip).unwrap());
    for (name, text) in [("zipped/__init__.py", "from . import inner"), ("zipped/inner.py", "y = 'zipped'")] {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut archive, text.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
    let (lib_path, file) = (lib.path().to_str().unwrap(), lib.path().join("alone.py"));
    for (version, python) in pythons() {
        let words = ["--lib", file.to_str().unwrap(), "--lib", zip.to_str().unwrap(), "--lib", lib_path];
        let code = "import alone, zipped\nfrom ops.disk import told\nt = told()\nprint(t[0], alone.x, zipped.inner.y)\nt[1]()";
        let python = python.to_str().unwrap();
        let (out, err, status) =
            hailer(&[&words[..], &["--python", python, "run", "--follow", code]].concat());
        let said = format!("{out}{err}");
        assert_eq!(status, 1, "{version}: {said}");
        for word in [
            "from a file",
            "alone",
            "zipped",
            "<lib>/ops/util.py\", line 2",
            "raise ValueError('no')  # here",
        ] {
            assert!(said.contains(word), "{version}: no {word} in {said}");
        }
        assert!(!said.contains("importlib"), "{version}: {said}");
    }
}

#[test]
fn a_saved_file_is_what_the_next_run_uses_everywhere_and_no_run_mixes() {
    let lib = folder(&[
        ("shared.py", "import other\ndef text(): return 'one', other.text\n"),
        ("other.py", "text = 'one'"),
    ]);
    let mut bench = Bench::new("local", lib.path(), None);
    assert_eq!(bench.one("from shared import text\ntext()"), "('one', 'one')");
    write(lib.path(), &[("other.py", "text = 'two'")]);
    // What the session has a name for is the newer one too, though this text imports nothing.
    assert_eq!(bench.one("text()"), "('one', 'two')");
    // The first call waits until the file was saved; the second target begins after that, in the same run.
    let gate = lib.path().join("gate");
    write(lib.path(), &[("shared.py", "text = 'before'"), ("other.py", "text = 'before'")]);
    let code =
        format!("import os, time, shared\nwhile not os.path.exists({gate:?}): time.sleep(0.01)\nshared.text");
    let run = bench.start(&code, 1, None);
    while !matches!(bench.next(), Event::Run { id, change: RunChange::Cell { cell: Cell::Running, .. }, .. } if id == run)
    {
    }
    write(lib.path(), &[("shared.py", "text = 'after'"), ("gate", "")]);
    assert_eq!(bench.finish(run), ["'before'"]);
    assert_eq!(bench.one("import shared\nshared.text"), "'after'");
}

#[test]
fn a_host_that_has_an_older_text_is_told_of_until_it_has_the_newer() {
    let lib = folder(&[("shared.py", "text = 1"), ("other.py", "")]);
    let mut bench = Bench::new("local", lib.path(), None);
    let told = |bench: &mut Bench| loop {
        if let Event::Target { change: TargetChange::Outdated(outdated), .. } = bench.next() {
            return outdated;
        }
    };
    assert_eq!(bench.one("import shared\nshared.text"), "1");
    write(lib.path(), &[("other.py", "x = 2"), ("shared.py", "text = 2")]);
    assert!(told(&mut bench));
    assert_eq!(bench.one("shared.text"), "2");
    assert!(!told(&mut bench));
}

#[test]
fn a_run_takes_one_text_to_all_of_its_targets() {
    let lib = folder(&[("shared.py", "text = 'before'")]);
    let mut bench = Bench::new("cmd:\"env A=1\",cmd:\"env B=1\"", lib.path(), None);
    let gate = lib.path().join("gate");
    let code =
        format!("import os, time, shared\nwhile not os.path.exists({gate:?}): time.sleep(0.01)\nshared.text");
    let run = bench.start(&code, 2, Some(1));
    while !matches!(bench.next(), Event::Run { id, change: RunChange::Cell { cell: Cell::Running, .. }, .. } if id == run)
    {
    }
    write(lib.path(), &[("shared.py", "text = 'after'"), ("gate", "")]);
    assert_eq!(bench.finish(run), ["'before'", "'before'"]);
    let next = bench.start("import shared\nshared.text", 2, None);
    assert_eq!(bench.finish(next), ["'after'", "'after'"]);
}

#[test]
fn fifty_modules_take_one_round_trip_and_the_second_call_none_of_them() {
    const DELAY: Duration = Duration::from_millis(300);
    let lib = folder(&[("pack/__init__.py", "")]);
    for at in 0..50 {
        let next = if at < 49 { format!("from . import m{}\n", at + 1) } else { String::new() };
        write(lib.path(), &[(&format!("pack/m{at}.py"), &format!("{next}x = {at}\n"))]);
    }
    // A Python at the far end of a slow link.
    let slow = lib.path().join("slow-python");
    let (_, python) = pythons().pop_last().expect("a Python");
    let lag = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/lag.py");
    let line = format!(
        "#!/bin/sh\nexec {0} {1} {2} {0} \"$@\"\n",
        python.display(),
        lag.display(),
        DELAY.as_secs_f64()
    );
    fs::write(&slow, line).unwrap();
    fs::set_permissions(&slow, fs::Permissions::from_mode(0o755)).unwrap();
    let mut bench = Bench::new("local", lib.path(), Some(slow.display().to_string()));
    // It is up before the clock starts: the first call is of a link that has nothing of the library.
    while !matches!(bench.next(), Event::Target { change: TargetChange::Link(LinkState::Ready(_)), .. }) {}
    for code in ["import pack.m0\npack.m49.x", "pack.m0.x + pack.m49.x"] {
        let begun = Instant::now();
        assert_eq!(bench.one(code), "49");
        let took = begun.elapsed();
        assert!(took >= 2 * DELAY, "the link is not slow: {took:?}");
        assert!(took < 4 * DELAY, "more than one round trip: {took:?}");
    }
}

#[test]
fn functions_are_called_by_name_with_typed_arguments() {
    let lib = folder(&[
        ("ops/__init__.py", "from .disk import biggest as big\n"),
        (
            "ops/disk.py",
            "'''About disks.'''\ndef biggest(path: str, n: int = 3, *, deep=False):\n    '''The biggest files.\n\n    \
             Of a folder.\n    '''\n    return [path, n, deep]\nclass Disk:\n    @staticmethod\n    def free(path='/'): return path\n",
        ),
    ]);
    let run = |words: &[&str]| hailer(&[&["--lib", lib.path().to_str().unwrap(), "run"], words].concat());
    let (out, err, status) = run(&["-m", "ops.disk.biggest", "/var", "--n", "5", "--deep"]);
    assert_eq!((out.trim(), status), ("['/var', 5, True]", 0), "{err}");
    assert_eq!(run(&["--json", "-m", "ops.big", "7"]).2, 0);
    assert_eq!(run(&["-m", "ops.disk.Disk.free", "--path=/x"]).0.trim(), "/x");
    assert_eq!(run(&["-m", "operator.add", "2", "3"]).0.trim(), "5");
    // No host is touched for these.
    let nowhere = ["-t", "tcp:127.0.0.1:1"];
    let (out, _, status) = run(&[&nowhere[..], &["-m", "ops.disk.biggest", "--help"]].concat());
    assert_eq!(status, 0);
    for word in [
        "ops.disk.biggest(path: str, n: int = 3, *, deep=False)",
        "The biggest files.\n\nOf a folder.",
        "--deep",
        "ops/disk.py, line 2",
    ] {
        assert!(out.contains(word), "no {word} in {out}");
    }
    assert!(run(&["-m", "ops.disk", "--help"]).0.contains("ops.disk.biggest  The biggest files."));
    let (_, err, status) = run(&[&nowhere[..], &["-m", "ops.disk.biggest", "/var", "--n", "many"]].concat());
    assert!(status == 2 && err.contains("--n: \"many\" is no int"), "{err}");
    let (_, err, status) = run(&["-m", "ops.disk.bigest", "/var"]);
    assert!(status == 2 && err.contains("has no bigest") && err.contains("biggest"), "{err}");
}

#[test]
fn what_lies_beside_a_script_is_there_on_the_hosts_that_it_reaches() {
    let lib = folder(&[
        ("helper.py", "from deeper import who\ndef told(x): return who(), x\n"),
        ("deeper.py", "import sys\ndef who(): return __file__.endswith('<lib>/deeper.py') or __file__\n"),
        (
            "main.py",
            "import helper\nfrom hailer import Local\ndef mine(x):\n    import helper\n    return helper.told(x)\n\
                     with Local('far') as far:\n    print(far.call(helper.told, 1))\n    print(far.call(mine, 2))\nprint(helper.told(3)[0] is True)\n",
        ),
    ]);
    let (out, err, status) = hailer(&["script", lib.path().join("main.py").to_str().unwrap()]);
    assert_eq!((out.as_str(), status), ("(True, 1)\n(True, 2)\nFalse\n", 0), "{err}");
}

/// Wheels that tests/wheels fetched. None: they are not there, which is said.
fn wheels() -> Option<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/wheels");
    let wheels = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let wheels: Vec<_> = wheels.filter(|path| path.extension().is_some_and(|end| end == "whl")).collect();
    if wheels.len() < 5 {
        eprintln!(
            "SKIPPED: wheels of other people: {} are in target/wheels; tests/wheels fetches them",
            wheels.len()
        );
        return None;
    }
    Some(wheels)
}

#[test]
fn wheels_of_other_people_are_imported_where_they_are_not_installed() {
    let Some(wheels) = wheels() else { return };
    let libs: Vec<String> =
        wheels.iter().flat_map(|path| ["--lib".to_owned(), format!("first={}", path.display())]).collect();
    let libs: Vec<&str> = libs.iter().map(String::as_str).collect();
    for (version, python) in pythons() {
        let old = "import idna, six, urllib3, toml\nfrom six.moves.urllib.parse import quote\nfrom urllib3.util import parse_url\n\
                   [idna.encode(u'b\\xfccher.example').decode(), quote('a b'), parse_url('http://x/y').path, toml.loads('a = 1')['a'],\n \
                   all(m.__file__.startswith('<lib>') for m in (idna, six, urllib3, toml))]";
        let python = python.to_str().unwrap();
        let (out, err, status) = hailer(&[&libs[..], &["--python", python, "run", old]].concat());
        let wanted = ["xn--bcher-kva.example", "a%20b", "/y", "1", "True"];
        assert!(status == 0 && wanted.iter().all(|word| out.contains(word)), "{version}: {out}{err}");
        if version.starts_with('3') && version != "3.06" {
            let code = "import certifi\n[open(certifi.where()).read().count('BEGIN CERTIFICATE') > 100, certifi.__file__]";
            let (out, err, _) = hailer(&[&libs[..], &["--python", python, "run", code]].concat());
            assert!(out.contains("True") && out.contains("<lib>"), "{version}: {out}{err}");
        }
    }
}
