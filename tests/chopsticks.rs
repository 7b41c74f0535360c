//! Each row of PARITY's table of chopsticks, by scripts on real hosts: tests/chopsticks/*.py, which check what they get.
//!
//! Needs the test fleet; without it they say SKIPPED.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod support;

use std::env;
use std::path::PathBuf;
use std::process::{Command, Output, id};
use std::thread::sleep;
use std::time::{Duration, Instant};

use support::{Fleet, fleet};

/// The folder of the scripts.
fn scripts() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/chopsticks"))
}

/// `hailer script` of one of them.
fn script(fleet: &Fleet, options: &[&str], name: &str, arguments: &[&str]) -> Command {
    let mut command = fleet.hailer();
    command.arg("script").args(options).arg(scripts().join(name)).args(arguments);
    command
}

/// Runs a script that must come to its last line, `last`; what it wrote on standard error.
fn passes(mut command: Command, last: &str) -> String {
    let Output { status, stdout, stderr } = command.output().expect("hailer");
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr).into_owned());
    assert!(status.success(), "{status}\n{stdout}{stderr}");
    assert_eq!(stdout.trim_end(), last, "{stderr}");
    stderr
}

/// A container that is removed at the end of a test.
struct Container(String);

impl Container {
    fn named(what: &str) -> Self {
        Self(format!("hailer-test-chopsticks-{what}-{}", id()))
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rm", "-f", &self.0]).output();
    }
}

#[test]
fn every_kind_of_tunnel() {
    let Some(fleet) = fleet() else { return };
    let (leaves, stays) = (Container::named("leaves"), Container::named("stays"));
    passes(script(&fleet, &[], "tunnels.py", &[&leaves.0, &stays.0]), "done");
}

#[test]
fn files_there_and_back() {
    let Some(fleet) = fleet() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    passes(script(&fleet, &[], "files.py", &[&folder.path().to_string_lossy()]), "done");
}

#[test]
fn groups_and_their_results() {
    let Some(fleet) = fleet() else { return };
    passes(script(&fleet, &[], "groups.py", &[]), "done");
}

#[test]
fn queues() {
    let Some(fleet) = fleet() else { return };
    passes(script(&fleet, &[], "queues.py", &[]), "done");
}

#[test]
fn hosts_of_hosts() {
    let Some(fleet) = fleet() else { return };
    let said = passes(script(&fleet, &[], "nested.py", &[]), "done");
    assert_eq!(said.lines().collect::<Vec<_>>(), ["h1 │ going on", "h1/docker:hailer-c1 │ hello"]);
}

#[test]
fn old_pythons_at_both_ends() {
    let Some(fleet) = fleet() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().to_string_lossy();
    passes(script(&fleet, &[], "old.py", &[&folder]), "done under 3");
    let home = env::var("HOME").unwrap_or_default();
    let python = format!("{home}/.pyenv/versions/2.7.18/bin/python");
    if !PathBuf::from(&python).exists() {
        assert!(env::var_os("CI").is_none(), "there is no {python}");
        eprintln!("SKIPPED: there is no Python 2.7 on this machine");
        return;
    }
    passes(script(&fleet, &["--python", &python], "old.py", &[&folder]), "done under 2");
}

/// How many processes of this machine and its containers have that name.
fn processes(name: &str) -> usize {
    let output = Command::new("ps").args(["-e", "-o", "comm="]).output().expect("ps");
    String::from_utf8_lossy(&output.stdout).lines().filter(|line| line.trim() == name).count()
}

/// Waits until there are so many.
fn wait_for_processes(name: &str, count: usize, limit: Duration) {
    let end = Instant::now() + limit;
    while processes(name) != count {
        assert!(Instant::now() < end, "{} processes {name}, not {count}", processes(name));
        sleep(Duration::from_millis(50));
    }
}

/// Interrupts a script when `count` processes wait: it ends at once, and they with it.
fn interrupted(fleet: &Fleet, name: &str, more: &[&str], count: usize) {
    let arguments = [&[name], more].concat();
    let mut child = script(fleet, &[], "interrupted.py", &arguments).spawn().expect("hailer");
    wait_for_processes(name, count, Duration::from_mins(1));
    let begun = Instant::now();
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    let status = child.wait().expect("its end");
    assert_eq!(status.code(), Some(130));
    wait_for_processes(name, 0, Duration::from_secs(6).saturating_sub(begun.elapsed()));
}

#[test]
fn an_interrupt_ends_all_soon() {
    let Some(fleet) = fleet() else { return };
    interrupted(&fleet, &format!("chop-{}", id()), &[], 3);
    interrupted(&fleet, &format!("chopd-{}", id()), &["deeper"], 2);
}
