//! The tools that change a system, on real ones: systemd, apt with a signed repository, pacman, people, sudo. Each script of
//! `tests/tools_system` runs on every host that is made for it: with Debian's Python, with python3-minimal, with Python 2.7.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;

use serde_json::json;
use support::{Fleet, fleet};

/// The hosts, one of each Python.
const SYSTEMS: &[&str] = &["-system", "-system-minimal", "-system-py27"];

/// Tells what a call answers, or raises.
const SAID: &str = "import os
def said(function, *words, **options):
    try:
        return repr(function(*words, **options))
    except Exception as error:
        return '%s: %s' % (type(error).__name__, error)
";

/// Runs a script on some of these hosts at once, and returns what it answers on each.
fn answers(fleet: &Fleet, systems: &[&str], script: &str) -> Vec<String> {
    let count = systems.len();
    let targets = fleet.hosts.iter().map(|host| host.target.as_str());
    let systems: Vec<&str> =
        targets.filter(|target| systems.iter().any(|name| target.ends_with(name))).collect();
    if systems.len() < count {
        eprintln!("SKIPPED: {} of {count} hosts for tools that change a system", count - systems.len());
    }
    if systems.is_empty() {
        return Vec::new();
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools_system");
    let text = |name: &str| fs::read_to_string(folder.join(format!("{name}.py"))).expect("a script");
    let ran = fleet.run(&systems, &[], &format!("{}\n{}", text("common"), text(script)));
    let answer = |target: &&str| {
        let cell = ran.cell(target);
        assert_eq!(
            cell["state"],
            "value",
            "{target}: {}\n{}",
            cell["error"]["message"].as_str().unwrap_or_default(),
            cell["error"]["traceback"].as_str().unwrap_or(&cell.to_string())
        );
        cell["value"].as_str().expect("a word").to_owned()
    };
    systems.iter().map(answer).collect()
}

fn good(systems: &[&str], script: &str) {
    let Some(fleet) = fleet() else { return };
    for answer in answers(&fleet, systems, script) {
        assert_eq!(answer, "good");
    }
}

#[test]
fn services_start_stop_and_converge() {
    let Some(fleet) = fleet() else { return };
    for answer in answers(&fleet, SYSTEMS, "service") {
        match answer.as_str() {
            "good" => {}
            "no systemd" => eprintln!("SKIPPED: systemd does not start in a container of this machine"),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn people_are_made_changed_and_removed_and_may_log_in_and_become_root() {
    good(SYSTEMS, "user");
    good(SYSTEMS, "keys");
}

#[test]
fn apt_installs_pins_removes_and_takes_no_bad_signature() {
    // It costs the most: where the most is absent, and where most is different.
    good(&["-system-minimal", "-system-py27"], "apt");
}

#[test]
fn pacman_installs_pins_and_removes() {
    good(SYSTEMS, "pacman");
}

#[test]
fn a_host_that_lacks_what_is_needed_says_what() {
    let Some(fleet) = fleet() else { return };
    // A host without a single program, one where process 1 is another, and one where the agent is not root.
    let bare = "nsenter:docker:hailer-bare";
    let code = "[said(Service.status, 'x'), said(User.present, 'x'), said(User.sudoer, 'x'), said(Apt.package, 'x'), said(AptRepository.absent, 'x'),
 said(Pacman.package, 'x'), said(PacmanRepository.absent, 'x')]";
    let ran = fleet.run(&[bare], &[], &format!("{SAID}{code}"));
    let needs = |who: &str, what: &str| {
        format!("Unsupported: {who} needs the program {what}, which this host (Linux) does not have")
    };
    assert_eq!(
        ran.cell(bare)["value"],
        json!([
            needs("Service", "systemctl"),
            needs("User", "useradd"),
            needs("User.sudoer", "visudo"),
            needs("Apt", "apt-get"),
            needs("AptRepository", "apt-get"),
            needs("Pacman", "pacman"),
            needs("PacmanRepository", "pacman"),
        ])
    );
    let targets = ["docker:hailer-c1", "docker:hailer-c1/su:ops"];
    let code = "[said(Service.status, 'ssh'), said(User.present, 'tool-new', check=True), os.getuid() and said(User.present, 'tool-new')]";
    let ran = fleet.run(&targets, &[], &format!("{SAID}{code}"));
    let words =
        |target: &str, at: usize| ran.cell(target)["value"][at].as_str().unwrap_or_default().to_owned();
    for target in targets {
        let found = words(target, 0);
        assert!(
            found.starts_with("Unsupported: Service needs systemd as process 1; on this host (Debian"),
            "{found}"
        );
    }
    let found = words(targets[1], 2);
    assert!(found.starts_with("PermissionError: ") && found.contains("useradd needs root"), "{found}");
    // What would be done can be told to everybody.
    let found = words(targets[1], 1);
    assert!(found.contains("$ useradd --shell /bin/bash --create-home tool-new"), "{found}");
}
