//! The command line from outside: help, usage errors, configuration. No target is connected here.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A home that is empty, and the command in it.
struct Home {
    dir: TempDir,
}

impl Home {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a folder") }
    }

    fn hailer(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the command")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hailer"));
        command
            .args(args)
            .env_clear()
            .env("HOME", self.dir.path())
            .env("PATH", "/usr/bin:/bin")
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        command
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(&path, text).expect("a file");
        path
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

fn usage_error(args: &[&str], words: &str) {
    let output = Home::new().hailer(args);
    assert_eq!(output.status.code(), Some(2), "{args:?}");
    assert_eq!(out(&output), "", "{args:?}");
    assert!(err(&output).contains(words), "{args:?} said:\n{}", err(&output));
}

#[test]
fn help_names_every_command_and_fits_a_terminal() {
    let home = Home::new();
    let help = home.hailer(&["--help"]);
    assert_eq!((help.status.code(), err(&help).as_str()), (Some(0), ""));
    for command in ["run", "hosts", "bootstrap", "config"] {
        assert!(out(&help).contains(&format!("\n  {command} ")), "{command} is missing");
        let own = home.hailer(&[command, "--help"]);
        assert_eq!(own.status.code(), Some(0));
        for line in out(&own).lines() {
            assert!(line.chars().count() <= 100, "too wide: {line}");
        }
    }
}

#[test]
fn the_version_is_the_packages() {
    let output = Home::new().hailer(&["--version"]);
    assert_eq!(out(&output), format!("hailer {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn usage_errors_exit_2_and_say_what_is_wrong() {
    usage_error(&["run"], "<CODE|--module <NAME>...|--file <FILE>|--template <FILE>>");
    usage_error(&["run", "1", "--file", "x.py"], "cannot be used with");
    usage_error(&["run", "1", "--template", "x"], "cannot be used with");
    usage_error(&["run", "1", "--set", "a=b"], "cannot be used with");
    usage_error(&["run", "1", "--json", "--fold"], "cannot be used with");
    usage_error(&["run", "1", "--timeout", "soon"], "`soon` is no span of time");
    usage_error(&["run", "1", "--fanout=-1"], "invalid value '-1' for '--fanout <N>'");
    usage_error(&["run", "1", "--batch", "0"], "`0` is no number of targets: write 3, or 10%");
    usage_error(
        &["run", "1", "--batch", "5%", "--gate", "maybe"],
        "`maybe` is no gate: write ok, same, ask or none",
    );
    usage_error(&["run", "1", "--gate", "ask"], "--first <N>|--batch <N|P%>");
    usage_error(&["run", "1", "--no-such-flag"], "--no-such-flag");
    usage_error(&["--config", "x", "--no-config", "hosts"], "cannot be used with");
    usage_error(&["bootstrap"], "--print");
    usage_error(&["config"], "<--print|--check>");
    usage_error(
        &["config", "--print", "--color", "sometimes"],
        "invalid value 'sometimes' for '--color <WHEN>'",
    );
}

#[test]
fn what_cannot_be_read_is_named() {
    usage_error(&["run", "--file", "no-such.py"], "hailer: no-such.py: No such file or directory");
    usage_error(&["run", "--template", "no-such"], "hailer: no-such: there is no such file");
    usage_error(&["--log", "no/such/folder/log", "run", "1"], "hailer: no/such/folder/log: No such file");
    usage_error(
        &["--config", "no-such.toml", "run", "1"],
        "hailer: no-such.toml: No such file or directory (os error 2)\n  fix: ",
    );
}

#[test]
fn the_printed_configuration_is_the_sample_and_can_be_read_back() {
    let home = Home::new();
    let printed = home.hailer(&["config", "--print"]);
    assert_eq!(printed.status.code(), Some(0));
    assert_eq!(out(&printed), include_str!("../assets/config.toml"));
    home.write("mine.toml", &out(&printed));
    let checked = home.hailer(&["config", "--check", "--config", "mine.toml"]);
    assert_eq!((checked.status.code(), out(&checked).as_str()), (Some(0), "mine.toml: good\n"));
}

#[test]
fn a_broken_configuration_stops_a_headless_run_with_file_line_and_fix() {
    let home = Home::new();
    let path = home.write(".config/hailer/config.toml", "ascii = true\nfanuot = 3\n");
    for args in [&["run", "1"][..], &["config", "--check"], &["hosts"]] {
        let output = home.hailer(args);
        assert_eq!((output.status.code(), out(&output).as_str()), (Some(2), ""), "{args:?}");
        let start = format!("hailer: {}, line 2: unknown field `fanuot`, expected one of", path.display());
        assert!(err(&output).starts_with(&start), "{args:?} said:\n{}", err(&output));
        assert!(err(&output).contains("\n    fanuot = 3\n  fix: "), "{args:?} said:\n{}", err(&output));
    }
    let passed_over = home.hailer(&["config", "--check", "--no-config"]);
    assert_eq!(out(&passed_over), "no file is read; the defaults hold\n");
}

#[test]
fn a_broken_variable_stops_it_too() {
    let home = Home::new();
    let output = home.command(&["config", "--check"]).env("HAILER_FANOUT", "many").output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).starts_with("hailer: HAILER_FANOUT=many: this is no whole number\n  fix: "));
}

#[test]
fn no_configuration_is_read_from_the_current_folder() {
    let home = Home::new();
    for name in ["config.toml", "hailer.toml", ".hailer.toml", "hailer/config.toml"] {
        home.write(name, "this is no TOML");
    }
    let output = home.hailer(&["config", "--check"]);
    assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
}

#[test]
fn a_wrong_name_fails_before_anything_runs() {
    usage_error(&["run", "-t", "web[01-", "1"], "hailer: ");
    usage_error(&["run", "-t", "docker:", "1"], "hailer: ");
}

#[test]
fn many_targets_need_a_yes_where_nobody_can_be_asked() {
    usage_error(
        &["run", "-t", "web[01-99].invalid", "1"],
        "hailer: 99 targets are more than confirm_over = 50, and nobody can be asked here; add --yes if it is meant",
    );
}

#[test]
fn the_log_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    assert_eq!(home.hailer(&["--log", "log", "config", "--check"]).status.code(), Some(0));
    let mode = fs::metadata(home.dir.path().join("log")).expect("the log").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
