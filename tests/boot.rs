//! Starting and not starting, on real hosts: the far side's words are kept, a slow host delays no other, nothing stays.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod support;

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use support::fleet;

/// How long a start may take on a machine that does much else.
const PATIENCE: &str = "30s";

#[test]
fn every_failure_has_its_own_words_and_the_far_sides() {
    let Some(fleet) = fleet() else { return };
    let expected = [
        ("exits", "connect", "This account is closed."),
        ("refused", "connect", "Connection refused"),
        ("unresolved", "resolve", "no-such-host.invalid"),
        ("stranger-host", "host-key", "Host key verification failed"),
        ("refuses-key", "login", "Permission denied"),
        ("nopython", "interpreter", "no Python here"),
    ];
    let targets = expected.map(|(target, ..)| target);
    let ran = fleet.run(&targets, &["--connect-timeout", PATIENCE], "1");
    let mut reasons = Vec::new();
    for (target, stage, words) in expected {
        let cell = ran.cell(target);
        assert_eq!(cell["stage"], stage, "{cell}");
        assert!(cell["said"].as_str().is_some_and(|said| said.contains(words)), "{target} said {cell}");
        reasons.push(cell["why"].as_str().expect("a reason").to_owned());
    }
    assert!(reasons.iter().all(|why| !why.trim().is_empty()), "{reasons:?}");
    assert_eq!(ran.code, Some(3));
}

#[test]
fn a_host_that_hangs_ends_at_the_connect_timeout_and_delays_no_other() {
    let Some(fleet) = fleet() else { return };
    // The timeout is so long that the others are surely done before it, and far below the test runner's own.
    let ran = fleet.run(&["hangs", "h1", "docker:hailer-c1"], &["--connect-timeout", "20s"], "1");
    let order: Vec<&str> = ran.lines.iter().filter_map(|line| line["target"].as_str()).collect();
    assert_eq!(order.last(), Some(&"hangs"), "{order:?}");
    for target in ["h1", "docker:hailer-c1"] {
        assert_eq!(ran.cell(target)["value"], 1, "{}", ran.cell(target));
    }
    let seconds = ran.cell("hangs")["seconds"].as_f64().expect("seconds");
    assert!((19.0..25.0).contains(&seconds), "it took {seconds} s");
}

#[test]
fn what_a_profile_prints_is_no_answer() {
    let Some(fleet) = fleet() else { return };
    let targets = ["banner", "banner-cut", "banner-big", "banner-binary"];
    let ran = fleet.run(&targets, &["--connect-timeout", PATIENCE], "2 ** 200");
    for target in targets {
        let value = &ran.cell(target)["repr"];
        assert_eq!(value, "1606938044258990275541962092341162602522202993782792835301376", "{target}");
    }
    assert_eq!(ran.code, Some(0));
}

#[test]
fn a_throwaway_container_is_gone_after_the_run() {
    let Some(fleet) = fleet() else { return };
    let name = format!("hailer-away-{}", std::process::id());
    let target = format!("docker-run:\"hailer-fleet/host\"?name={name}");
    let ran = fleet.run(&[&target], &["--connect-timeout", PATIENCE], "import platform; platform.node()");
    assert_eq!(ran.code, Some(0), "{}\n{:?}", ran.stderr, ran.lines);
    let all = || {
        let filter = format!("name=^/{name}$");
        let output =
            Command::new("docker").args(["ps", "-aq", "--filter", &filter]).output().expect("docker");
        String::from_utf8(output.stdout).expect("text")
    };
    let end = Instant::now() + Duration::from_secs(30);
    while !all().is_empty() {
        assert!(Instant::now() < end, "{name} is still there");
        sleep(Duration::from_millis(100));
    }
}

/// Those of these processes of a container that still run.
fn running(container: &str, processes: &[u64]) -> Vec<u64> {
    let output = Command::new("docker").args(["exec", container, "ls", "/proc"]).output().expect("docker");
    let there = String::from_utf8_lossy(&output.stdout).into_owned();
    let runs = |process: &u64| there.lines().any(|line| line == process.to_string());
    processes.iter().copied().filter(runs).collect()
}

#[test]
fn no_process_outlives_a_run_over_ssh() {
    let Some(fleet) = fleet() else { return };
    // It tells its own process and those above it, and is still at work when its time is over.
    let code = "import os, time\nprocess = os.getpid()\nwhile process > 1:\n    emit(process)\n    \
        process = int(open('/proc/%d/stat' % process).read().rpartition(')')[2].split()[1])\ntime.sleep(600)";
    let ran = fleet.run(&["h3"], &["--connect-timeout", PATIENCE, "--timeout", "1s"], code);
    assert_eq!(ran.cell("h3")["state"], "timed out", "{}", ran.cell("h3"));
    let its: Vec<u64> = ran.lines.iter().filter_map(|line| line["item"].as_u64()).collect();
    assert!(its.len() > 1, "{:?}", ran.lines);
    let end = Instant::now() + Duration::from_secs(30);
    while let [left, ..] = running("hailer-h3", &its)[..] {
        assert!(Instant::now() < end, "process {left} runs on");
        sleep(Duration::from_millis(100));
    }
}
