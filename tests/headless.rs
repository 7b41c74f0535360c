//! `hailer run` on this machine's own Python, from outside: what stands on standard output, and the exit status.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hailer"));
    command.args(["--no-config", "run"]).args(args).stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> Output {
    command(args).output().expect("the command")
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
        let seconds = value.as_object_mut().and_then(|line| line.remove("seconds"));
        assert!(value.get("item").is_some() || seconds.is_some_and(|seconds| seconds.is_f64()), "{value}");
        value
    };
    (text(&output.stdout).lines().map(line).collect(), output.status.code())
}

#[test]
fn a_bare_answer_can_be_used_by_a_shell() {
    assert_eq!(said(&["6 * 7"]), ("42\n".into(), String::new(), Some(0)));
    assert_eq!(said(&["'as text'"]), ("as text\n".into(), String::new(), Some(0)));
    assert_eq!(said(&["x = 1"]), (String::new(), String::new(), Some(0)));
}

#[test]
fn what_code_prints_goes_to_standard_error_with_the_targets_name() {
    let code = "import sys; print('out'); sys.stderr.write('err\\n'); 1";
    let (out, err, status) = said(&[code]);
    assert_eq!((out.as_str(), status), ("1\n", Some(0)));
    let mut lines: Vec<&str> = err.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["local │ err", "local │ out"]);
}

#[test]
fn code_is_read_from_a_file_or_from_standard_input() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("code.py");
    std::fs::write(&path, "def f():\n    return 'from a file'\nf()\n").expect("a file");
    let path = path.to_str().expect("a path");
    assert_eq!(said(&["-f", path]).0, "from a file\n");
    let mut child =
        command(&["-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the command");
    child.stdin.take().expect("a pipe").write_all(b"'from a pipe'\n").expect("it reads");
    assert_eq!(text(&child.wait_with_output().expect("an end").stdout), "from a pipe\n");
}

#[test]
fn records_of_logging_go_to_standard_error_with_level_and_logger() {
    let code =
        "import logging; Logger.level('info'); logging.getLogger('app').info('up'); logging.error('down'); 1";
    let (out, err, status) = said(&[code]);
    assert_eq!((out.as_str(), status), ("1\n", Some(0)));
    assert_eq!(err, "local │ INFO app: up\nlocal │ ERROR root: down\n");
    let (json, status) = lines(&[code]);
    assert_eq!((json.len(), status), (2, Some(0)), "{json:?}");
}

#[test]
fn a_template_is_rendered_and_what_is_none_is_told_before_anything_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("motd");
    let path = path.to_str().expect("a path");
    std::fs::write(
        path,
        "% import os\n% for n in range(2)\n${n}: ${who}\n% endfor\n${os.getpid() > 0} ${'}'}\n",
    )
    .expect("a file");
    assert_eq!(said(&["--template", path, "--set", "who=it's é"]).0, "0: it's é\n1: it's é\nTrue }\n");
    let (_, err, status) = said(&["--template", path]);
    assert_eq!(status, Some(1));
    assert!(err.contains(&format!("File \"{path}\", line 3")) && err.contains("${n}: ${who}"), "{err}");
    std::fs::write(path, "a\n% if x ==\nb\n% end\n").expect("a file");
    let (out, err, status) = said(&["-t", "nowhere.invalid", "--template", path]);
    assert_eq!((out.as_str(), status), ("", Some(2)));
    assert!(err.contains(&format!("{path}, line 2: ")), "{err}");
}

#[test]
fn json_lines_hold_the_value_and_then_the_summary() {
    let summary = json!({"summary": {"value": 1}, "targets": 1});
    let value = json!({"target": "local", "state": "value", "value": 42, "type": "int", "repr": "42"});
    assert_eq!(lines(&["42"]), (vec![value, summary.clone()], Some(0)));
    let (stream, status) = lines(&["for i in range(3): emit(i)"]);
    assert_eq!(status, Some(0));
    let items: Vec<_> = (0..3).map(|item| json!({"target": "local", "item": item})).collect();
    assert_eq!(stream[..3], items);
    assert_eq!(stream[3]["state"], "value");
    assert_eq!(stream[4], summary);
}

#[test]
fn what_json_has_no_type_for_is_not_lost() {
    let value = |code: &str| lines(&[code]).0[0]["value"].clone();
    assert_eq!(value("(1, 2)"), json!({"$type": "tuple", "$value": [1, 2]}));
    assert_eq!(value("len('x' * 10485760)"), json!(10_485_760));
    let long = value("'x' * 10485760");
    assert_eq!(long.as_str().map(str::len), Some(10_485_760));
}

#[test]
fn an_error_has_type_message_and_a_traceback_without_our_frames() {
    let (lines, status) = lines(&["1/0"]);
    assert_eq!(status, Some(1));
    let error = &lines[0]["error"];
    assert_eq!((&lines[0]["state"], &error["type"]), (&json!("raised"), &json!("ZeroDivisionError")));
    let traceback = error["traceback"].as_str().expect("a text");
    assert!(traceback.starts_with("Traceback (most recent call last):\n"), "{traceback}");
    assert_eq!(traceback.matches("  File ").count(), 1, "{traceback}");
    assert_eq!(lines[1], json!({"summary": {"raised": 1}, "targets": 1}));
}

#[test]
fn every_target_has_its_line_and_the_worst_decides_the_status() {
    let targets = ["-t", "local:a", "-t", "local:b", "-t", "nobody.invalid", "-t", "cmd:\"false\""];
    let (lines, status) = lines(&[&targets[..], &["7"]].concat());
    assert_eq!(status, Some(3));
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[4], json!({"summary": {"value": 2, "unreachable": 2}, "targets": 4}));
    for failed in lines.iter().filter(|line| line["state"] == "unreachable") {
        assert!(failed["why"].as_str().is_some_and(|why| !why.is_empty()), "{failed}");
    }
}

#[test]
fn equal_answers_fold() {
    let (out, err, status) = said(&["-t", "local:a,local:b", "--fold", "'same'"]);
    assert_eq!((out.lines().nth(1), status), (Some("  same"), Some(0)));
    assert!(err.starts_with("2 targets: 2 value ("), "{err}");
}

#[test]
fn a_call_that_takes_too_long_is_ended() {
    let begun = Instant::now();
    let (lines, status) = lines(&["--timeout", "500ms", "import time; time.sleep(60)"]);
    assert_eq!((&lines[0]["state"], &lines[0]["after"], status), (&json!("timed out"), &json!(0.5), Some(3)));
    assert!(begun.elapsed() < Duration::from_secs(40));
}

/// A run that sleeps, once it is known to run.
fn sleeping() -> Child {
    let code = "emit('here')\nimport time\ntime.sleep(60)";
    command(&["--json", code]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command")
}

fn first_line(child: &mut Child) -> BufReader<impl Read + use<>> {
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    out.read_line(&mut line).expect("a line");
    assert_eq!(line, "{\"target\":\"local\",\"item\":\"here\"}\n");
    out
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid")).expect("a pid");
    kill_process(pid, signal).expect("it is there");
}

#[test]
fn ctrl_c_cancels_and_says_so() {
    let mut child = sleeping();
    let mut out = first_line(&mut child);
    signal(&child, Signal::INT);
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("text");
    let mut err = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut err).expect("text");
    assert_eq!(child.wait().expect("an end").code(), Some(130));
    assert!(rest.contains("\"state\":\"cancel"), "{rest}");
    assert!(rest.lines().last().is_some_and(|line| line.starts_with("{\"summary\":")), "{rest}");
    assert_eq!(err, "hailer: cancelling 1 target; Ctrl-C again ends their links at once\n");
}

#[test]
fn sigterm_and_sighup_end_it_soon() {
    for which in [Signal::TERM, Signal::HUP] {
        let mut child = sleeping();
        let _out = first_line(&mut child);
        let begun = Instant::now();
        signal(&child, which);
        assert_eq!(child.wait().expect("an end").code(), Some(130));
        assert!(begun.elapsed() < Duration::from_secs(30));
    }
}

#[test]
fn a_reader_that_goes_away_ends_it_without_a_word() {
    let code = "import time\nwhile True:\n    emit('x' * 1000)\n    time.sleep(0.01)";
    let mut child = command(&["--json", code])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    out.read_line(&mut String::new()).expect("a line");
    drop(out);
    let mut err = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut err).expect("text");
    child.wait().expect("an end");
    assert_eq!(err, "");
}

#[test]
fn more_links_than_the_usual_limit_of_open_files_allows() {
    let line = "ulimit -S -n 64 && exec \"$0\" run --no-config --yes --json -t 'local:[1-30]' 1";
    let ran = Command::new("sh").args(["-c", line, env!("CARGO_BIN_EXE_hailer")]).output().expect("sh");
    assert_eq!(ran.status.code(), Some(0), "{} {}", text(&ran.stdout), text(&ran.stderr));
}

#[test]
fn a_low_limit_of_open_files_lets_a_run_take_longer_and_says_so() {
    let line = "ulimit -n 96 && exec \"$0\" run --no-config --yes -t 'local:[1-30]' 1 --fold";
    let ran = Command::new("sh").args(["-c", line, env!("CARGO_BIN_EXE_hailer")]).output().expect("sh");
    let (out, err) = (text(&ran.stdout), text(&ran.stderr));
    assert_eq!(ran.status.code(), Some(0), "{out} {err}");
    assert!(out.contains("(30)"), "{out}");
    assert!(err.contains("room for 6 links at once") && err.contains("ulimit -n"), "{err}");
}
