//! Real hosts, side by side: ssh servers, containers, every Python at hand, and every way of not starting.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod support;

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use support::fleet;

#[test]
fn every_host_answers_with_its_python_or_fails_in_its_own_stage_all_in_one_run() {
    let Some(fleet) = fleet() else { return };
    let targets: Vec<&str> = fleet.hosts.iter().map(|host| host.target.as_str()).collect();
    let begun = Instant::now();
    let ran =
        fleet.run(&targets, &["--yes", "--connect-timeout", "30s"], "import sys; sys.version.split()[0]");
    assert!(begun.elapsed() < Duration::from_secs(100), "it took {:?}", begun.elapsed());
    let mut wrong = Vec::new();
    for host in &fleet.hosts {
        let cell = ran.cell(&host.target);
        let right = match (&host.python, &host.stage) {
            (Some(python), _) => cell["value"] == json!(python),
            (None, stage) => {
                cell["stage"] == json!(stage) && cell["why"].as_str().is_some_and(|why| !why.is_empty())
            }
        };
        if !right {
            wrong.push(format!("{} ({}): {cell}", host.target, host.about));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(ran.summary["targets"], json!(targets.len()));
    assert_eq!(ran.code, Some(3));
    let pythons =
        fleet.hosts.iter().filter_map(|host| host.python.as_deref()).filter_map(|text| text.rsplit_once('.'));
    let mut versions: Vec<&str> = pythons.map(|(minor, _)| minor).collect();
    versions.sort_unstable();
    versions.dedup();
    eprintln!("Pythons in one run: {}", versions.join(" "));
    if versions.len() == 1 {
        eprintln!("SKIPPED: other Pythons than {}: this machine has no pyenv to take them from", versions[0]);
    }
}

#[test]
fn four_ways_in_and_three_failures_are_seven_cells() {
    let Some(fleet) = fleet() else { return };
    let good = ["local", "localsshd", "docker:hailer-c1", "docker-run:\"hailer-fleet/host\""];
    let bad = ["refused", "unresolved", "docker:hailer-nopython"];
    let targets: Vec<&str> = good.iter().chain(&bad).copied().collect();
    let ran = fleet.run(&targets, &[], "import platform; platform.node()");
    for target in good {
        let cell = ran.cell(target);
        assert_eq!(cell["state"], "value", "{cell}");
        assert!(cell["value"].as_str().is_some_and(|node| !node.is_empty()), "{cell}");
    }
    let stages: Vec<_> = bad.iter().map(|target| ran.cell(target)["stage"].clone()).collect();
    assert_eq!(stages, ["connect", "resolve", "interpreter"].map(|stage| json!(stage)));
    assert!(ran.cell("refused")["said"].as_str().unwrap().contains("Connection refused"));
    assert!(ran.cell("unresolved")["said"].as_str().unwrap().contains("resolve"));
    assert!(ran.cell("docker:hailer-nopython")["said"].as_str().unwrap().contains("python3.6"));
    assert_eq!(ran.summary["summary"], json!({"value": 4, "unreachable": 3}));
    assert_eq!(ran.code, Some(3));
}

#[test]
fn every_python_gives_the_same_answers() {
    let Some(fleet) = fleet() else { return };
    let targets: Vec<&str> =
        fleet.hosts.iter().filter(|host| host.python.is_some()).map(|host| host.target.as_str()).collect();
    let code = "import collections, sys\n\
        Point = collections.namedtuple('Point', 'x y')\n\
        sys.stderr.write('to stderr\\n')\n\
        print('printed')\n\
        [1, -2.5, None, True, u'\\xe9\\U0001f600', (1, 2), {3}, {'k': [Point(1, 2)]}, 2 ** 70]";
    let ran = fleet.run(&targets, &[], code);
    let first = ran.cell(targets[0])["value"].clone();
    assert_eq!(first[4], "é😀");
    for target in &targets {
        assert_eq!(ran.cell(target)["value"], first, "{target}");
        let printed = format!("{target} │ printed");
        assert!(ran.stderr.lines().any(|line| line == printed), "{target} printed nothing");
        let written = format!("{target} │ to stderr");
        assert!(ran.stderr.lines().any(|line| line == written), "{target} wrote nothing");
    }
    let ran = fleet.run(&targets, &[], "def f():\n    return [][1]\nf()");
    for target in &targets {
        let error = &ran.cell(target)["error"];
        assert_eq!(error["type"], "IndexError", "{target}: {error}");
        let traceback = error["traceback"].as_str().unwrap();
        assert!(
            traceback.contains("return [][1]") && !traceback.contains("hailer/"),
            "{target}: {traceback}"
        );
    }
    assert_eq!(ran.code, Some(1));
}

/// What can be seen in a container: its processes, and every file outside of /proc and /sys with its time.
fn inside(container: &str) -> String {
    let look = "cat /proc/[0-9]*/comm | sort; find / -xdev -path /proc -prune -o -path /sys -prune -o -printf '%p %T@\\n' | sort";
    let output = Command::new("docker").args(["exec", container, "sh", "-c", look]).output().expect("docker");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn nothing_is_left_behind() {
    let Some(fleet) = fleet() else { return };
    let container = "hailer-c9";
    // Other tests may be there, or still be leaving.
    let end = Instant::now() + Duration::from_mins(1);
    while inside(container).lines().any(|line| line.starts_with("python")) && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(100));
    }
    let before = inside(container);
    let target = format!("docker:{container}");
    let ran = fleet.run(&[&target], &[], "import json, decimal\nprint('x')\n[lambda: 1, decimal.Decimal(1)]");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let ran = fleet.run(&[&target], &["--timeout", "300ms"], "import time; time.sleep(600)");
    assert_eq!(ran.cell(&target)["state"], "timed out");
    let end = Instant::now() + Duration::from_mins(1);
    while inside(container) != before {
        assert!(Instant::now() < end, "before:\n{before}\nafter:\n{}", inside(container));
    }
}

#[test]
fn a_disk_that_cannot_be_written_is_no_hindrance() {
    let Some(fleet) = fleet() else { return };
    let code = "try:\n    open('/x', 'w')\n    refused = False\nexcept EnvironmentError:\n    refused = True\nrefused";
    assert_eq!(fleet.run(&["readonly"], &[], code).cell("readonly")["value"], true);
}

#[test]
fn ten_megabytes_come_back_over_ssh() {
    let Some(fleet) = fleet() else { return };
    let ran = fleet.run(&["h1"], &[], "'x' * (10 << 20)");
    assert_eq!(ran.cell("h1")["value"].as_str().map(str::len), Some(10 << 20));
}
