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
