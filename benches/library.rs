//! The first import of a package of fifty modules behind a link of 50 ms each way, and the second call, beside mitogen and
//! chopsticks in the same run.
//!
//! `cargo bench --bench library`. The peers come from pip; where it cannot fetch them, their rows say so.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command as Process;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hailer::engine::command::{Command, RunId, RunSpec};
use hailer::engine::event::{Event, RunChange, TargetChange};
use hailer::engine::target::{LinkState, TargetId};
use hailer::engine::{Engine, EngineConfig, Seating};
use hailer::inventory::{self, Discover};
use hailer::library::Library;
use hailer::library::place::{Place, Wins};
use hailer::link::mux::Caps;
use hailer::link::opening::Options;
use hailer::tunnel::Defaults;

const MODULES: usize = 50;
const DELAY: f64 = 0.05;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let pack = folder.path().join("pack");
    fs::create_dir(&pack).unwrap();
    fs::write(pack.join("__init__.py"), "").unwrap();
    for at in 0..MODULES {
        let next = if at + 1 < MODULES { format!("from . import m{}\n", at + 1) } else { String::new() };
        let answer = "\n\ndef answer():\n    import pack.m49\n    return pack.m49.x\n";
        fs::write(pack.join(format!("m{at}.py")), format!("{next}x = {at}\n{answer}")).unwrap();
    }
    let slow = folder.path().join("slow-python");
    let lag = root.join("tests/support/lag.py");
    fs::write(&slow, format!("#!/bin/sh\nexec python3 {} {DELAY} python3 \"$@\"\n", lag.display())).unwrap();
    fs::set_permissions(&slow, fs::Permissions::from_mode(0o755)).unwrap();
    println!("| {MODULES} modules, {} ms each way | first call, ms | second, ms |", DELAY * 1000.0);
    println!("| --- | --- | --- |");
    let [first, second] = ours(folder.path(), &slow);
    println!("| hailer | {first:.0} | {second:.0} |");
    for peer in ["mitogen", "chopsticks"] {
        match theirs(root, folder.path(), &slow, peer) {
            Ok([first, second]) => println!("| {peer} | {first:.0} | {second:.0} |"),
            Err(why) => println!("| {peer} | SKIPPED: {why} | |"),
        }
    }
    println!("| floor: one round trip | {:.0} | {:.0} |", DELAY * 2000.0, DELAY * 2000.0);
}

fn ours(lib: &Path, python: &Path) -> [f64; 2] {
    let config = EngineConfig {
        targets: inventory::named("local").unwrap(),
        connect: true,
        discover: Discover::default(),
        opening: Options {
            timeout: Duration::from_mins(1),
            defaults: Defaults { python: Some(python.display().to_string()), ..Defaults::default() },
            caps: Caps::default(),
            silence: None,
        },
        connects_at_once: 1,
        library: Arc::new(Library::new(vec![Place::at(lib, Wins::Usual).unwrap()])),
        depth_limit: 2,
        seating: Seating::default(),
        reconnect: false,
        program: None,
    };
    let (engine, mut events) = Engine::start(config).unwrap();
    let is_up = |event: &Event| {
        matches!(event, Event::Target { change: TargetChange::Link(LinkState::Ready(_)), .. })
    };
    while !events.blocking_recv().unwrap().iter().any(is_up) {}
    // As with the others: it is up, and has nothing to do any more, before the clock starts.
    std::thread::sleep(Duration::from_millis(500));
    [1, 2].map(|number| {
        let begun = Instant::now();
        let code = "import pack.m0\npack.m0.answer()";
        engine.send(Command::Run(RunSpec::new(RunId(number), code, vec![TargetId(0)])));
        let is_over = |event: &Event| {
            matches!(event, Event::Run { id, change: RunChange::Finished, .. } if id.0 == number)
        };
        while !events.blocking_recv().unwrap().iter().any(is_over) {}
        begun.elapsed().as_secs_f64() * 1000.0
    })
}

/// What pip installed of a peer does in the same place.
fn theirs(root: &Path, folder: &Path, slow: &Path, peer: &str) -> Result<[f64; 2], String> {
    let last = |bytes: &[u8]| {
        String::from_utf8_lossy(bytes).trim().lines().last().unwrap_or("nothing was said").to_owned()
    };
    let target = folder.join("peers");
    let words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"];
    let pip = Process::new("python3")
        .args(words)
        .arg(&target)
        .arg(peer)
        .output()
        .map_err(|error| error.to_string())?;
    if !pip.status.success() {
        return Err(format!("pip: {}", last(&pip.stderr)));
    }
    let script = root.join("benches/support/peers.py");
    let ran = Process::new("python3").arg(script).arg(peer).args([slow, folder]).output();
    let ran = ran.map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    let mut times = said.lines().filter_map(|line| line.trim().parse::<f64>().ok());
    match (times.next(), times.next()) {
        (Some(first), Some(second)) => Ok([first * 1000.0, second * 1000.0]),
        _ => Err(last(&ran.stderr)),
    }
}
