//! Chains of real hosts that break in every place: one end for each target, nothing left running, the others go on.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod support;

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::{Fleet, fleet};

const OUTER: &str = "h1";
const INNER: &str = "h1/docker:hailer-c1";
const DEEP: &str = "h1/docker:hailer-c1/sudo:ops";

/// Tells its process's number, and then waits.
const WAITS: &str = "import os, time\nemit(os.getpid())\ntime.sleep(120)";

fn runs(container: &str, process: u64) -> bool {
    let path = format!("/proc/{process}/stat");
    let output = Command::new("docker").args(["exec", container, "cat", &path]).output().expect("docker");
    output.status.success() && !String::from_utf8_lossy(&output.stdout).contains(") Z ")
}

/// Waits until none of these runs any more; those that do.
fn left(processes: &[(&'static str, u64)]) -> Vec<(&'static str, u64)> {
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        let left: Vec<_> = processes.iter().copied().filter(|(host, process)| runs(host, *process)).collect();
        if left.is_empty() || Instant::now() > until {
            return left;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Where a target's processes are seen.
fn container(target: &str) -> &'static str {
    if target == OUTER { "hailer-h1" } else { "hailer-c1" }
}

/// A run that is under way, and what it says.
struct Running {
    hailer: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(fleet: &Fleet, targets: &[&str], code: &str) -> Self {
        let mut command = fleet.hailer();
        command.args(["run", "--json", "--connect-timeout", "60s"]);
        command.args(targets.iter().flat_map(|target| ["-t", *target])).arg(code);
        let mut hailer = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("hailer");
        let lines = BufReader::new(hailer.stdout.take().expect("its output")).lines();
        Self { hailer, lines }
    }

    fn next(&mut self) -> Value {
        let line = self.lines.next().expect("one more line").expect("text");
        serde_json::from_str(&line).expect("JSON")
    }

    /// Waits until so many targets have told their process; those, by target.
    fn processes(&mut self, count: usize) -> Vec<(String, u64)> {
        let mut found = Vec::new();
        while found.len() < count {
            let line = self.next();
            if let Some(process) = line["item"].as_u64() {
                found.push((line["target"].as_str().expect("a target").to_owned(), process));
            }
        }
        found
    }

    /// The next state that a target of these comes to.
    fn cell(&mut self, of: &[&str]) -> Value {
        loop {
            let line = self.next();
            let target = line["target"].as_str().unwrap_or_default();
            if line.get("state").is_some() && of.contains(&target) {
                return line;
            }
        }
    }
}

/// These processes, by where they are seen.
fn seen(processes: &[(String, u64)]) -> Vec<(&'static str, u64)> {
    processes.iter().map(|(target, process)| (container(target), *process)).collect()
}

/// Starts a run on the whole chain, waits until all of it runs, and ends the program by this signal.
fn ended_by(fleet: &Fleet, signal: &str) -> Vec<(&'static str, u64)> {
    let mut run = Running::start(fleet, &[OUTER, INNER, DEEP], WAITS);
    let processes = run.processes(3);
    let killed = Command::new("kill").args([signal, &run.hailer.id().to_string()]).status();
    assert!(killed.expect("kill").success());
    run.hailer.wait().expect("an end");
    seen(&processes)
}

/// Runs something in a container.
fn in_container(container: &str, words: &[&str]) {
    let status = Command::new("docker").args(["exec", container]).args(words).status();
    assert!(status.expect("docker").success(), "{words:?}");
}

#[test]
fn nothing_is_left_running_when_the_program_is_ended() {
    let Some(fleet) = fleet() else { return };
    for signal in ["-KILL", "-TERM"] {
        let processes = ended_by(&fleet, signal);
        assert_eq!(left(&processes), [], "{signal}");
    }
}

#[test]
fn a_host_that_is_lost_takes_those_beyond_it_along_once() {
    let Some(fleet) = fleet() else { return };
    let go_on = format!("/tmp/go-on-{}", std::process::id());
    let code = format!(
        "import os, time\nemit(os.getpid())\nend = time.time() + 120\n\
         while not os.path.exists('{go_on}') and time.time() < end: time.sleep(0.05)\n'went on'"
    );
    let mut run = Running::start(&fleet, &[OUTER, INNER, DEEP, "h2"], &code);
    let mut processes = run.processes(4);
    processes.retain(|(target, _)| target != "h2");
    let (_, outer) = processes.iter().find(|(target, _)| target == OUTER).expect("its process");
    in_container("hailer-h1", &["kill", "-9", &outer.to_string()]);
    let mut lost = Vec::new();
    for _ in 0..3 {
        let cell = run.cell(&[OUTER, INNER, DEEP, "h2"]);
        assert_eq!(cell["state"], "lost", "{cell}");
        let why = cell["why"].as_str().expect("a reason");
        assert!(cell["target"] == OUTER || why.contains("on the way, h1"), "{cell}");
        lost.push(cell["target"].as_str().expect("a target").to_owned());
    }
    lost.sort();
    assert_eq!(lost, [OUTER, INNER, DEEP], "each once");
    in_container("hailer-h2", &["touch", &go_on]);
    assert_eq!(run.cell(&[OUTER, INNER, DEEP, "h2"])["value"], "went on");
    in_container("hailer-h2", &["rm", &go_on]);
    assert_eq!(run.next()["targets"], 4);
    assert_eq!(left(&seen(&processes)), []);
}

#[test]
fn a_flood_from_one_host_leaves_the_others_behind_the_same_one_quick() {
    let Some(fleet) = fleet() else { return };
    // The flood ends only when the others have answered.
    let enough = format!("/tmp/enough-{}", std::process::id());
    let code = format!(
        "import os, socket, time\nend = time.time() + 100\n\
         while socket.gethostname() == 'c1' and time.time() < end and not os.path.exists('{enough}'): emit('x' * 60000)\n\
         emit('through')"
    );
    let quick = ["h1/docker:hailer-c2", "h1/docker:hailer-c3"];
    let mut run = Running::start(&fleet, &[&[INNER], &quick[..]].concat(), &code);
    for _ in quick {
        let cell = run.cell(&[INNER, quick[0], quick[1]]);
        assert!(cell["state"] == "value" && cell["target"] != INNER, "{cell}");
        // Beside a flood of 60 kB items; a link that is held up by it would take until its end.
        assert!(cell["seconds"].as_f64().is_some_and(|seconds| seconds < 50.0), "{cell}");
    }
    in_container("hailer-c1", &["touch", &enough]);
    assert_eq!(run.cell(&[INNER])["state"], "value");
    in_container("hailer-c1", &["rm", &enough]);
    run.hailer.wait().expect("an end");
}

#[test]
fn code_whose_hosts_all_fail_leaves_its_own_as_it_was() {
    let Some(fleet) = fleet() else { return };
    let code = "import os, time\nfrom hailer import Docker, RemoteException\n\
        def failures(count):\n    n = 0\n    for at in range(count):\n        try:\n            \
        with Docker('hailer-absent-%d' % (at % 7)) as tunnel: tunnel.call(len, 'x')\n        \
        except RemoteException: n += 1\n    return n\n\
        failures(1)\nbefore = len(os.listdir('/proc/self/fd'))\nfailed = failures(40)\n\
        with Docker('hailer-c1') as tunnel: worked = tunnel.call(len, 'four')\n\
        end = time.time() + 10\n\
        while len(os.listdir('/proc/self/fd')) > before and time.time() < end: time.sleep(0.05)\n\
        (failed, worked, len(os.listdir('/proc/self/fd')) - before)";
    let ran = fleet.run(&[OUTER], &["--timeout", "100"], code);
    assert_eq!(ran.cell(OUTER)["repr"], "(40, 4, 0)", "{}", ran.cell(OUTER));
}
