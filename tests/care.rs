//! With how much care `hailer run` begins a run, from outside: steps, protected targets, the guard rail.
#![allow(clippy::expect_used)]

use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn run(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hailer"));
    command.args(["--no-config", "run"]).args(args).stdin(Stdio::null()).output().expect("the command")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

/// Standard output, standard error, exit status.
fn said(args: &[&str]) -> (String, String, Option<i32>) {
    let output = run(args);
    (text(&output.stdout).to_owned(), text(&output.stderr).to_owned(), output.status.code())
}

/// The JSON lines, without their times, and the exit status.
fn lines(args: &[&str]) -> (Vec<Value>, Option<i32>) {
    let output = run(&[args, &["--json"]].concat());
    let line = |line: &str| {
        let mut value: Value = serde_json::from_str(line).expect("a JSON line");
        value.as_object_mut().and_then(|line| line.remove("seconds")).expect("its time");
        value
    };
    (text(&output.stdout).lines().map(line).collect(), output.status.code())
}

/// Three agents of this machine.
const THREE: [&str; 2] = ["-t", "local:a,local:b,local:c"];

#[test]
fn steps_come_one_after_the_other_and_all_is_counted() {
    let (out, err, status) = said(&[&THREE[..], &["--first", "1", "--batch", "1", "5"]].concat());
    assert_eq!((out.as_str(), status), ("local:a: 5\nlocal:b: 5\nlocal:c: 5\n", Some(0)));
    let steps: Vec<_> = err.lines().filter(|line| line.contains("step")).collect();
    assert_eq!(steps, [1, 2, 3].map(|step| format!("hailer: step {step} of 3: 1 target")));
}

#[test]
fn a_step_that_fails_leaves_the_others_skipped_with_the_reason() {
    let (out, status) = lines(&[&THREE[..], &["--first", "1", "1/0"]].concat());
    assert_eq!(status, Some(3));
    let why = "the run ended with step 1 of 2: 1 target had failed";
    for (line, name) in out[1..3].iter().zip(["local:b", "local:c"]) {
        assert_eq!(*line, json!({"target": name, "state": "skipped", "why": why}));
    }
    assert_eq!(out[3], json!({"summary": {"raised": 1, "skipped": 2}, "targets": 3}));
}

#[test]
fn answers_must_be_equal_where_that_is_asked_for_and_halts_count_over_steps() {
    let code = "import os; os.getpid()";
    let same = lines(&[&THREE[..], &["--batch", "2", "--gate", "same", code]].concat());
    assert_eq!(same.0[3], json!({"summary": {"value": 2, "skipped": 1}, "targets": 3}));
    let halted = lines(&[&THREE[..], &["--batch", "1", "--halt-at", "60%", "1/0"]].concat());
    assert_eq!(halted.0[3], json!({"summary": {"raised": 2, "skipped": 1}, "targets": 3}));
    assert_eq!(halted.0[2]["why"], "the run was halted when 2 targets had failed");
}

#[test]
fn a_gate_that_asks_needs_a_terminal_before_anything_runs() {
    let program = env!("CARGO_BIN_EXE_hailer");
    let mut alone = Command::new("setsid"); // a session of its own has no terminal
    alone
        .args(["--wait", program, "--no-config", "run"])
        .args(THREE)
        .args(["--first", "1", "--gate", "ask", "5"]);
    let output = alone.stdin(Stdio::null()).output().expect("setsid");
    assert_eq!((text(&output.stdout), output.status.code()), ("", Some(2)));
    assert!(
        text(&output.stderr).contains("--gate ask needs a terminal to ask on"),
        "{}",
        text(&output.stderr)
    );
}

/// A configuration in a folder of its own.
fn configured(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config.toml");
    std::fs::write(&path, text).expect("a file");
    let path = path.to_str().expect("a path").to_owned();
    (folder, path)
}

fn under(config: &str, args: &[&str]) -> (String, String, Option<i32>) {
    let (_folder, path) = configured(config);
    let mut command = Command::new(env!("CARGO_BIN_EXE_hailer"));
    let output =
        command.args(["--config", &path]).args(args).stdin(Stdio::null()).output().expect("the command");
    (text(&output.stdout).to_owned(), text(&output.stderr).to_owned(), output.status.code())
}

#[test]
fn protected_targets_want_their_number_and_yes_is_not_enough() {
    let config = "protected = [\"local:prod-*\"]";
    let run = ["run", "-t", "local:prod-a,local:prod-b,local:c", "5"];
    for more in [&[][..], &["--yes"], &["--protected", "3"], &["--protected", "0", "--yes"]] {
        let (out, err, status) = under(config, &[&run[..], more].concat());
        assert_eq!((out.as_str(), status), ("", Some(2)), "{more:?}: {err}");
        assert!(
            err.contains("2 of 3 targets are protected: local:prod-[a-b]")
                || err.contains("local:prod-a,local:prod-b"),
            "{err}"
        );
    }
    let (out, err, status) = under(config, &[&run[..], &["--protected", "2"]].concat());
    assert_eq!((out.lines().count(), status), (3, Some(0)), "{err}");
    let (_, err, status) = under(config, &["run", "-t", "local:c", "--protected", "1", "5"]);
    assert!(
        status == Some(2) && err.contains("0 of 1 targets are protected; --protected 1 says otherwise"),
        "{err}"
    );
    assert_eq!(under(config, &["run", "-t", "local:c", "5"]).0, "5\n");
}

#[test]
fn a_put_goes_through_the_same_gate() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let path = file.path().to_str().expect("a path");
    let put = ["put", path, "/nowhere/file", "--yes"];
    let (_, err, status) = under("protected = [\"local\"]", &put);
    assert!(status == Some(2) && err.contains("1 of 1 targets are protected: local"), "{err}");
    let (_, err, status) = under("guard = true", &put);
    assert!(status == Some(2) && err.contains("lets nobody write files"), "{err}");
}

#[test]
fn a_pattern_that_is_none_stops_everything_that_runs() {
    let (out, err, status) = under("protected = [\"@prod\"]", &["run", "5"]);
    assert_eq!((out.as_str(), status), ("", Some(2)));
    assert!(err.contains("\"@prod\" is a group or a tag, and none are known here"), "{err}");
}

#[test]
fn read_only_runs_nothing() {
    let script = tempfile::NamedTempFile::new().expect("a file");
    let path = script.path().to_str().expect("a path");
    for (config, args) in [
        ("read_only = true", &["run", "5"][..]),
        ("", &["run", "--read-only", "5"]),
        ("", &["--read-only", "script", path]),
        ("read_only = true", &["put", path, "/nowhere/file"]),
    ] {
        let (out, err, status) = under(config, args);
        assert_eq!((out.as_str(), status), ("", Some(2)), "{args:?}");
        assert!(err.contains("nothing was run: read-only is asked for"), "{err}");
    }
    assert_eq!(under("read_only = true", &["config", "--check"]).2, Some(0));
}

#[test]
fn the_guard_rail_refuses_what_changes_a_host_and_lets_look() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    let write = format!("open({file:?}, 'w')");
    let (refused, status) = lines(&["--guard", &write]);
    assert_eq!((&refused[0]["error"]["type"], status), (&json!("hailer.Refused"), Some(1)), "{refused:?}");
    let traceback = refused[0]["error"]["traceback"].as_str().unwrap_or_default();
    assert!(
        traceback.contains("File \"<run 1>\", line 1") && traceback.matches("  File ").count() == 1,
        "{traceback}"
    );
    assert!(!file.exists());
    assert_eq!(said(&["--guard", "import os; os.path.basename(os.getcwd()) != ''"]).0, "True\n");
    let (skipped, status) = lines(&["--guard", "--python", "python2.7", "1"]);
    if status == Some(3) && skipped[0]["state"] == "skipped" {
        let why = skipped[0]["why"].as_str().unwrap_or_default();
        assert!(why.contains("needs CPython 3.8 or later, and this is Python 2.7"), "{why}");
    } else {
        println!("SKIPPED: there is no Python 2.7 to show that it is skipped");
    }
    let (_, err, status) = under("guard = true", &["script", "x.py"]);
    assert_eq!(status, Some(2), "{err}");
}
