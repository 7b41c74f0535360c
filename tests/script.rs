//! `hailer script` as a person runs it: what it prints and where, its arguments, and what it leaves with.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A folder with this script in it.
fn folder(text: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("script.py"), text).expect("a script");
    folder
}

fn command(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hailer"));
    command.args(["--no-config", "script"]).arg(folder.path().join("script.py")).args(arguments);
    command.stdin(Stdio::null());
    command
}

/// Standard output, standard error, exit status.
fn ran(text: &str, arguments: &[&str]) -> (String, String, Option<i32>) {
    let output = command(&folder(text), arguments).output().expect("hailer");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (text(output.stdout), text(output.stderr), output.status.code())
}

#[test]
fn it_prints_as_a_program_does_and_takes_its_arguments() {
    let text = "import sys\nprint(__name__, sys.argv[1:], sys.argv[0] == __file__)\n\
        sys.stdout.write('no end of line, ')\nsys.stderr.write('words\\n')\nprint(u'\\xe9')\n";
    let (out, err, code) = ran(text, &["one", "two words", "--three"]);
    assert_eq!(out, "__main__ ['one', 'two words', '--three'] True\nno end of line, é\n");
    assert_eq!((err.as_str(), code), ("words\n", Some(0)));
}

#[test]
fn it_leaves_with_its_own_exit_code() {
    for (text, words, code) in [
        ("", "", 0),
        ("import sys\nsys.exit()", "", 0),
        ("import sys\nsys.exit(7)", "", 7),
        ("import sys\nsys.exit('a reason')", "a reason\n", 1),
        ("raise SystemExit(300)", "", 44),
    ] {
        assert_eq!(ran(text, &[]), (String::new(), words.to_owned(), Some(code)), "{text}");
    }
}

#[test]
fn what_it_does_not_catch_is_printed_as_python_prints_it() {
    let (out, err, code) = ran("def broken():\n    return {}['a key']\nprint(1)\nbroken()\n", &[]);
    assert_eq!((out.as_str(), code), ("1\n", Some(1)));
    let lines: Vec<&str> = err.lines().collect();
    assert_eq!(
        (lines[0], lines[lines.len() - 1]),
        ("Traceback (most recent call last):", "KeyError: 'a key'")
    );
    assert!(lines.contains(&"    return {}['a key']") && !err.contains("hailer/"), "{err}");
    let (_, err, code) = ran("x = (\n", &[]);
    assert!(code == Some(1) && err.contains("SyntaxError") && err.contains("line 1"), "{err}");
}

#[test]
fn its_progress_and_its_warnings_go_to_standard_error_as_they_come() {
    let folder = folder("progress(1, 3, 'copied')\nprogress(2)\nwarn('take care')\nprint('done')\n");
    let output = command(&folder, &[]).output().expect("hailer");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "done\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "1/3 copied\n2\nwarning: take care\n");
}

#[test]
fn what_it_prints_is_seen_while_it_runs() {
    let folder = folder(
        "import os, sys, time\nprint('begun')\nwhile not os.path.exists(sys.argv[1]):\n    time.sleep(0.01)\n",
    );
    let go_on = folder.path().join("go-on").display().to_string();
    let mut child = command(&folder, &[&go_on]).stdout(Stdio::piped()).spawn().expect("hailer");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    assert_eq!(line, "begun\n");
    fs::write(go_on, "").expect("a file");
    assert_eq!(child.wait().expect("an end").code(), Some(0));
}

#[test]
fn modules_beside_it_are_found_and_other_hosts_run_its_functions() {
    let text = "import beside\nfrom hailer import Group, Local\n\
        def doubled(number):\n    import sys\n    sys.stderr.write('doubling\\n')\n    return number * 2\n\
        print(sorted(Group([Local('a'), Local('b')]).call(doubled, beside.NUMBER).items()))\n";
    let folder = folder(text);
    fs::write(folder.path().join("beside.py"), "NUMBER = 21\n").expect("a module");
    let output = command(&folder, &[]).output().expect("hailer");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "[('a', 42), ('b', 42)]\n");
    let err = String::from_utf8_lossy(&output.stderr);
    let mut lines: Vec<&str> = err.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["local:a │ doubling", "local:b │ doubling"]);
}
