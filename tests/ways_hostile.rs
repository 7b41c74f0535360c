//! Chains of real hosts that break in every place: one end for each target, nothing left running, the others go on.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
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
    let until = Instant::now() + Duration::from_secs(15);
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

/// Starts a run on the whole chain, waits until all of it runs, and ends the program by this signal.
fn ended_by(fleet: &Fleet, signal: &str) -> Vec<(&'static str, u64)> {
    let mut command = fleet.hailer();
    command.args(["run", "--json", "-t", OUTER, "-t", INNER, "-t", DEEP, WAITS]);
    let mut hailer = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("hailer");
    let mut processes = Vec::new();
    for line in BufReader::new(hailer.stdout.take().expect("its output")).lines() {
        let line: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        if let Some(process) = line["item"].as_u64() {
            processes.push((container(line["target"].as_str().expect("a target")), process));
        }
        if processes.len() == 3 {
            let killed = Command::new("kill").args([signal, &hailer.id().to_string()]).status();
            assert!(killed.expect("kill").success());
            break;
        }
    }
    hailer.wait().expect("an end");
    assert_eq!(processes.len(), 3, "{processes:?}");
    processes
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
    let code = "import os, socket, time\nemit(os.getpid())\n\
        if socket.gethostname() == 'h1':\n    time.sleep(1.5); os.kill(os.getpid(), 9)\ntime.sleep(120)";
    let ran = fleet.run(&[OUTER, INNER, DEEP, "h2"], &["--timeout", "6"], code);
    for target in [OUTER, INNER, DEEP] {
        let cell = ran.cell(target);
        assert_eq!(cell["state"], "lost", "{cell}");
    }
    assert!(ran.cell(INNER)["why"].as_str().is_some_and(|why| why.contains("on the way, h1")));
    assert_eq!(ran.cell("h2")["state"], "timed out", "{}", ran.cell("h2"));
    let processes: Vec<_> = ran
        .lines
        .iter()
        .filter(|line| line["target"] != "h2")
        .filter_map(|line| Some((container(line["target"].as_str()?), line["item"].as_u64()?)))
        .collect();
    assert_eq!(processes.len(), 3);
    assert_eq!(left(&processes), []);
}

#[test]
fn a_flood_from_one_host_leaves_the_others_behind_the_same_one_quick() {
    let Some(fleet) = fleet() else { return };
    let code = "import socket, time\nend = time.time() + 4\n\
        while socket.gethostname() == 'c1' and time.time() < end: emit('x' * 60000)\n\
        begun = time.time()\nemit('through')\ntime.time() - begun";
    let begun = Instant::now();
    let ran = fleet.run(&[INNER, "h1/docker:hailer-c2", "h1/docker:hailer-c3"], &["--timeout", "30"], code);
    for quick in ["h1/docker:hailer-c2", "h1/docker:hailer-c3"] {
        let cell = ran.cell(quick);
        assert_eq!(cell["state"], "value", "{cell}");
        assert!(cell["seconds"].as_f64().is_some_and(|seconds| seconds < 3.0), "{cell}");
    }
    assert_eq!(ran.cell(INNER)["state"], "value");
    assert!(begun.elapsed() < Duration::from_secs(30));
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
