//! put and fetch over ssh beside `ssh host cat`, in one run: the rate, the memory of both ends, and a small call beside them.
//!
//! `cargo bench --bench files`; `HAILER_BENCH_MIB=1024` for more than 64 MiB. Needs the test fleet (`tests/fleet/fleet up`).
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::time::{Duration, Instant};

use hailer::engine::code::Code;
use hailer::engine::command::{Command, RunId, RunSpec};
use hailer::engine::event::{Cell, Event, RunChange};
use hailer::engine::files::{Files, Way};
use hailer::engine::target::TargetId;
use hailer::engine::{Engine, EngineConfig, EngineHandle, Seating};
use hailer::inventory::{self, Discover};
use hailer::link::mux::Caps;
use hailer::link::opening::Options;
use hailer::tunnel::Defaults;
use support::{median, millis, percentile};
use tokio::sync::mpsc::Receiver;

const ROUNDS: usize = 5;
const HOST: TargetId = TargetId(0);
/// The most that an agent ever held, in KiB.
const PEAK: &str = "[int(l.split()[1]) for l in open('/proc/self/status') if l.startswith('VmHWM')][0]";

fn main() {
    let Some(ssh) = support::ssh() else {
        eprintln!("SKIPPED: no test fleet; run tests/fleet/fleet up");
        return;
    };
    let mebibytes: usize =
        std::env::var("HAILER_BENCH_MIB").ok().and_then(|text| text.parse().ok()).unwrap_or(64);
    let place = tempfile::tempdir().expect("a folder");
    let (from, there) = (place.path().join("from"), place.path().join("there"));
    noise(&from, mebibytes);
    let mut bench = Bench::start(&ssh);
    bench.run("0".into());
    let before = (peak(), bench.peak());
    println!(
        "| what | MiB/s | `ssh cat`, MiB/s | ratio | call beside it: p50, p99 ms |\n| --- | --- | --- | --- | --- |"
    );
    for way in [Way::Put, Way::Fetch] {
        let (mut ours, mut floors, mut calls) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            floors.push(floor(&ssh, way, &from, &place.path().join("floor")));
            ours.push(bench.carry(way, &from, &there, None));
            bench.carry(way, &from, &there, Some(&mut calls));
        }
        let rate = |times: &[Duration]| mebibytes as f64 / median(times).as_secs_f64();
        let (our_rate, floor_rate) = (rate(&ours), rate(&floors));
        let (p50, p99) = (millis(percentile(&calls, 50)), millis(percentile(&calls, 99)));
        let ratio = our_rate / floor_rate;
        println!(
            "| {way:?}, {mebibytes} MiB | {our_rate:.0} | {floor_rate:.0} | {ratio:.2} | {p50}, {p99} of {} |",
            calls.len()
        );
    }
    let after = (peak(), bench.peak());
    println!(
        "\nMemory, KiB at the peak: controller {} (before the first file {}), agent {} ({})",
        after.0, before.0, after.1, before.1
    );
}

/// An engine with one host.
struct Bench {
    handle: EngineHandle,
    events: Receiver<Vec<Event>>,
    runs: u32,
}

impl Bench {
    fn start(ssh: &support::Ssh) -> Self {
        let opening = Options {
            timeout: Duration::from_secs(20),
            defaults: Defaults { python: None, ssh_options: ssh.options() },
            caps: Caps::default(),
            silence: None,
        };
        let config = EngineConfig {
            targets: inventory::named(&ssh.target).expect("a target"),
            connect: true,
            discover: Discover::default(),
            opening,
            connects_at_once: 1,
            depth_limit: 2,
            program: None,
            seating: Seating::default(),
            library: std::sync::Arc::default(),
            reconnect: false,
        };
        let (handle, events) = Engine::start(config).expect("an engine");
        Self { handle, events, runs: 0 }
    }

    fn begin(&mut self, code: Code) -> RunId {
        self.runs += 1;
        let id = RunId(self.runs);
        self.handle.send(Command::Run(RunSpec::new(id, code, vec![HOST])));
        id
    }

    /// The next run that ends, and how.
    fn next(&mut self) -> Vec<(RunId, Cell)> {
        let batch = self.events.blocking_recv().expect("events");
        batch
            .into_iter()
            .filter_map(|event| match event {
                Event::Run { id, change: RunChange::Cell { cell, .. }, .. } if cell.is_final() => {
                    Some((id, cell))
                }
                _ => None,
            })
            .collect()
    }

    fn run(&mut self, code: Code) -> Cell {
        let id = self.begin(code);
        loop {
            if let Some((_, cell)) = self.next().into_iter().find(|(run, _)| *run == id) {
                return cell;
            }
        }
    }

    fn peak(&mut self) -> i64 {
        match self.run(PEAK.into()) {
            Cell::Value { value } => value.as_i64().expect("a number"),
            other => panic!("{other:?}"),
        }
    }

    /// Carries the file anew, and small calls one after the other beside it if that is asked for.
    fn carry(
        &mut self,
        way: Way,
        from: &Path,
        there: &Path,
        mut calls: Option<&mut Vec<Duration>>,
    ) -> Duration {
        let _ = fs::remove_file(there);
        let name = |path: &Path| path.to_str().expect("a name").to_owned();
        let files = match way {
            Way::Put => Files::new(way, &name(from), &name(there), false),
            Way::Fetch => Files::new(
                way,
                &format!("{}/{{host}}", there.parent().unwrap().display()),
                &name(from),
                false,
            ),
        };
        let files = files.expect("files");
        let _ = fs::remove_file(there.with_file_name("localsshd"));
        let begun = Instant::now();
        let transfer = self.begin(Code::Files(Box::new(files)));
        let mut call = calls.is_some().then(|| (self.begin("1".into()), Instant::now()));
        loop {
            for (run, cell) in self.next() {
                if run == transfer {
                    assert!(matches!(cell, Cell::Value { .. }), "{cell:?}");
                    return begun.elapsed();
                }
                if let (Some((small, since)), Some(calls)) = (call, calls.as_deref_mut())
                    && small == run
                {
                    calls.push(since.elapsed());
                    call = Some((self.begin("1".into()), Instant::now()));
                }
            }
        }
    }
}

/// The same by `ssh host cat`, less what `ssh host true` takes.
fn floor(ssh: &support::Ssh, way: Way, from: &Path, to: &Path) -> Duration {
    let timed = |words: &[&str], input: Option<&Path>| {
        let command = ssh.command(words);
        let begun = Instant::now();
        let mut child = Process::new(&command[0]);
        child
            .args(&command[1..])
            .stdout(Stdio::piped())
            .stdin(input.map_or_else(Stdio::null, |path| fs::File::open(path).unwrap().into()));
        let mut child = child.spawn().expect("ssh");
        let (mut out, mut buffer) = (child.stdout.take().expect("a pipe"), vec![0; 65536]);
        let mut file = fs::File::create(to).expect("a file");
        loop {
            match out.read(&mut buffer).expect("bytes") {
                0 => break,
                count => file.write_all(&buffer[..count]).expect("room"),
            }
        }
        assert!(child.wait().expect("an end").success());
        begun.elapsed()
    };
    let connect = timed(&["true"], None);
    let (from, there) = (from.display().to_string(), format!("{}.there", to.display()));
    let time = match way {
        Way::Fetch => timed(&["cat", &from], None),
        Way::Put => timed(&[&format!("cat > {there}")], Some(Path::new(&from))),
    };
    time.saturating_sub(connect)
}

fn noise(path: &Path, mebibytes: usize) {
    let mut file = fs::File::create(path).expect("a file");
    let (mut seed, mut bytes) = (7_u64, vec![0_u8; 1 << 20]);
    for _ in 0..mebibytes {
        for word in bytes.chunks_exact_mut(8) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            word.copy_from_slice(&seed.to_le_bytes());
        }
        file.write_all(&bytes).expect("room");
    }
}

/// The most that this process ever held, in KiB.
fn peak() -> i64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
