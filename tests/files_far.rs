//! put and fetch on real hosts of every kind, and where something goes wrong on the way.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Long enough for a transfer to be caught in the middle, most of it a hole that takes no room.
const LONG: u64 = 600 << 20;

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hailer"));
    command.arg("--no-config").current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(!lines.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    lines
}

fn line(output: &Output) -> Value {
    lines(output).swap_remove(0)
}

fn place() -> (TempDir, PathBuf) {
    let place = TempDir::new().expect("a folder");
    let path = place.path().canonicalize().expect("a path");
    (place, path)
}

/// A file of [`LONG`] bytes that begins with these.
fn long(path: &Path, head: &[u8]) {
    let mut file = fs::File::create(path).unwrap();
    file.write_all(head).unwrap();
    file.set_len(LONG).unwrap();
}

/// Waits until a part of a file has come, and not all of it.
fn until_begun(part: &Path, child: &mut Child) {
    let begun = Instant::now();
    while fs::metadata(part).map_or(0, |about| about.len()) < 1 << 20 {
        assert!(begun.elapsed() < Duration::from_mins(1), "it never began");
        assert!(child.try_wait().expect("a child").is_none(), "it was over before it was caught");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn kill(child: &Child, signal: &str) {
    let killed = Command::new("kill").arg(signal).arg(child.id().to_string()).status();
    assert!(killed.expect("kill").success());
}

#[test]
fn every_kind_of_host_takes_a_folder_and_gives_it_back() {
    let Some(fleet) = support::fleet() else { return };
    let (_place, path) = place();
    let from = path.join("from");
    fs::create_dir_all(from.join("a/b")).unwrap();
    fs::write(from.join("a/b/é 漢\n"), vec![b'x'; 100_000]).unwrap();
    fs::write(from.join("empty"), "").unwrap();
    symlink("a/b", from.join("link")).unwrap();
    let names = [
        "h1",
        "minimal",
        "nozlib",
        "docker:hailer-py27",
        "docker:hailer-py36",
        "docker:hailer-py313",
        "docker:hailer-c1/local",
    ];
    let targets: Vec<&str> = names.iter().flat_map(|name| ["-t", *name]).collect();
    let there = format!("/tmp/hailer-test-{}", std::process::id());
    let run = |words: &[&str]| {
        let mut command = fleet.hailer();
        command.args(words).args(&targets).current_dir(&path);
        let output = command.output().expect("the program");
        let mut lines = lines(&output);
        lines.pop();
        assert_eq!(lines.len(), names.len());
        lines.iter().for_each(|line| assert_eq!(line["state"], "value", "{line}"));
        lines
    };
    for (round, changed) in [(1, true), (2, false)] {
        for line in run(&["put", "--json", "from", &there]) {
            assert_eq!(line["value"]["changed"], changed, "{round}: {line}");
        }
    }
    let fetched = run(&["fetch", "--json", &there, "back/{host}"]);
    let checksum = &fetched[0]["value"]["checksum"];
    for line in &fetched {
        assert_eq!(line["value"]["checksum"], *checksum, "{line}");
        let back = Path::new(line["value"]["local_path"].as_str().unwrap());
        assert_eq!(fs::read(back.join("a/b/é 漢\n")).unwrap().len(), 100_000);
        assert_eq!(fs::read_link(back.join("link")).unwrap(), Path::new("a/b"));
    }
    run(&["run", "--json", &format!("import subprocess; subprocess.call(['rm', '-r', '{there}'])")]);
}

#[test]
fn hosts_that_cannot_take_it_say_why() {
    let Some(fleet) = support::fleet() else { return };
    let (_place, path) = place();
    fs::write(path.join("from"), "new").unwrap();
    long(&path.join("long"), b"");
    let why = |target: &str, from: &str, to: &str| {
        let mut command = fleet.hailer();
        command.args(["put", "--json", from, to, "-t", target]).current_dir(&path);
        let line = line(&command.output().expect("the program"));
        line["error"]["message"].as_str().unwrap_or_else(|| panic!("{line}")).to_owned()
    };
    let read_only = why("readonly", "from", "/tmp/x");
    assert!(read_only.contains("Read-only file system: '/tmp/x'"), "{read_only}");
    let denied = why("nosudo", "from", "/etc/hailer-test");
    assert!(denied.contains("Permission denied: '/etc/hailer-test'"), "{denied}");
    // A container's /dev/shm holds 64 MiB.
    let name = format!("/dev/shm/hailer-test-{}", std::process::id());
    let full = why("docker:hailer-c2", "long", &name);
    assert!(full.contains("No space left on device"), "{full}");
    let left = fleet.run(
        &["docker:hailer-c2"],
        &[],
        "import os; [n for n in os.listdir('/dev/shm') if 'hailer' in n]",
    );
    assert_eq!(left.cell("docker:hailer-c2")["value"], serde_json::json!([]));
}

#[test]
fn a_put_that_was_cut_goes_on_and_one_that_was_cancelled_leaves_nothing() {
    let (_place, path) = place();
    long(&path.join("from"), b"head");
    let there = path.join("there");
    let part = path.join(".there.hailer~");
    let put = || {
        let mut command = program(&path);
        command.args(["put", "--json", "from"]).arg(&there);
        command
    };
    let mut cancelled = put().spawn().expect("the program");
    until_begun(&part, &mut cancelled);
    kill(&cancelled, "-INT");
    let output = cancelled.wait_with_output().expect("an end");
    assert_eq!((output.status.code(), &line(&output)["state"]), (Some(130), &"cancelled".into()));
    assert!(!part.exists() && !there.exists());

    let mut cut = put().spawn().expect("the program");
    until_begun(&part, &mut cut);
    kill(&cut, "-KILL");
    cut.wait().expect("an end");
    assert!(part.exists() && !there.exists());
    let done = line(&put().output().expect("the program"));
    let moved = done["value"]["moved"].as_u64().unwrap_or_else(|| panic!("{done}"));
    assert!(moved < LONG, "{done}");
    assert!(same(&path.join("from"), &there) && !part.exists());

    // What is there is not what it was: it is not gone on from.
    fs::rename(&there, &part).unwrap();
    let mut spoiled = fs::File::options().write(true).open(&part).unwrap();
    spoiled.set_len(5 << 20).unwrap();
    spoiled.seek(SeekFrom::Start(77)).unwrap();
    spoiled.write_all(b"spoiled").unwrap();
    std::os::unix::fs::PermissionsExt::set_mode(&mut spoiled.metadata().unwrap().permissions(), 0o600);
    fs::set_permissions(&part, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let done = line(&put().output().expect("the program"));
    assert_eq!(done["value"]["moved"], LONG, "{done}");
    assert!(same(&path.join("from"), &there));
}

#[test]
fn a_fetch_that_was_cut_goes_on_and_one_that_was_cancelled_leaves_the_old_copy() {
    let (_place, path) = place();
    long(&path.join("from"), b"head");
    fs::create_dir_all(path.join("back/local")).unwrap();
    let here = path.join("back/local/from");
    let part = path.join("back/local/.from.hailer~");
    fs::write(&here, "old").unwrap();
    let fetch = || {
        let mut command = program(&path);
        command.args(["fetch", "--json"]).arg(path.join("from")).arg("back");
        command
    };
    for (signal, left) in [("-INT", false), ("-KILL", true)] {
        let mut child = fetch().spawn().expect("the program");
        until_begun(&part, &mut child);
        kill(&child, signal);
        child.wait().expect("an end");
        assert_eq!((part.exists(), fs::read(&here).unwrap()), (left, b"old".to_vec()), "{signal}");
    }
    let done = line(&fetch().output().expect("the program"));
    assert!(done["value"]["moved"].as_u64().is_some_and(|moved| moved < LONG), "{done}");
    assert!(same(&path.join("from"), &here) && !part.exists());
}

/// Whether two files hold the same.
fn same(one: &Path, other: &Path) -> bool {
    let (mut one, mut other) = (fs::File::open(one).unwrap(), fs::File::open(other).unwrap());
    if one.metadata().unwrap().len() != other.metadata().unwrap().len() {
        return false;
    }
    let (mut ours, mut theirs) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        let count = one.read(&mut ours).unwrap();
        if count == 0 {
            return true;
        }
        other.read_exact(&mut theirs[..count]).unwrap();
        if ours[..count] != theirs[..count] {
            return false;
        }
    }
}

#[test]
fn a_file_that_changes_meanwhile_is_not_taken_for_whole() {
    let (_place, path) = place();
    long(&path.join("from"), b"0");
    let there = path.join("there");
    fs::write(&there, "old").unwrap();
    for words in
        [["put", "from", there.to_str().unwrap()], ["fetch", path.join("from").to_str().unwrap(), "back"]]
    {
        let mut child = program(&path).args(words).arg("--json").spawn().expect("the program");
        let mut file = fs::File::options().write(true).open(path.join("from")).unwrap();
        let mut count = 0_u32;
        while child.try_wait().expect("a child").is_none() {
            file.seek(SeekFrom::Start(0)).unwrap();
            count += 1;
            write!(file, "{count}").unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
        let line = line(&child.wait_with_output().expect("an end"));
        let why = line["error"]["message"].as_str().unwrap_or_else(|| panic!("{line}"));
        assert!(why.contains("it changed while it was sent"), "{why}");
    }
    assert_eq!(fs::read_to_string(&there).unwrap(), "old");
    assert!(!path.join(".there.hailer~").exists());
    assert_eq!(fs::read_dir(path.join("back/local")).unwrap().count(), 0);
}

#[test]
fn what_cannot_be_read_is_named_when_all_else_is_there() {
    let (_place, path) = place();
    fs::create_dir_all(path.join("from")).unwrap();
    fs::write(path.join("from/a"), "a").unwrap();
    fs::write(path.join("from/z"), "z").unwrap();
    let fifo = Command::new("mkfifo").arg(path.join("from/fifo")).status();
    assert!(fifo.expect("mkfifo").success());
    symlink("/etc/passwd", path.join("from/out")).unwrap();
    let run = |words: &[&str]| line(&program(&path).args(words).arg("--json").output().expect("the program"));
    let put = run(&["put", "from", path.join("there").to_str().unwrap()]);
    let why = put["error"]["message"].as_str().unwrap_or_else(|| panic!("{put}"));
    assert_eq!(why, "1 of 3 could not be carried, all else was: fifo: it is no plain file, folder or link");
    assert!(path.join("there/z").exists() && path.join("there/out").is_symlink());
    let fetch = run(&["fetch", path.join("from").to_str().unwrap(), "back"]);
    let why = fetch["error"]["message"].as_str().unwrap_or_else(|| panic!("{fetch}"));
    assert!(why.contains("2 of 4") && why.contains("leads out of what is fetched, to /etc/passwd"), "{why}");
    assert!(path.join("back/local/from/z").exists() && !path.join("back/local/from/out").is_symlink());
}

#[test]
fn forty_hosts_at_once() {
    let (_place, path) = place();
    fs::write(path.join("from"), vec![7; 1 << 20]).unwrap();
    let there = path.join("there");
    // All of them write one and the same file here: each does it whole.
    let put = program(&path)
        .args(["put", "--json", "--connect-timeout", "80s", "-t", "local:[1-40]", "from"])
        .arg(&there)
        .output();
    let put = lines(&put.expect("the program"));
    assert_eq!(put.last().unwrap()["summary"], serde_json::json!({"value": 40}), "{put:?}");
    assert!(fs::read(&there).unwrap() == vec![7; 1 << 20]);
    let fetch = program(&path)
        .args(["fetch", "--json", "--connect-timeout", "80s", "-t", "local:[1-40]"])
        .arg(&there)
        .arg("back")
        .output();
    let fetch = lines(&fetch.expect("the program"));
    assert_eq!(fetch.last().unwrap()["summary"], serde_json::json!({"value": 40}), "{fetch:?}");
    assert_eq!(fs::read_dir(path.join("back")).unwrap().count(), 40);
    let left = fs::read_dir(&path).unwrap().count();
    assert_eq!(left, 3, "nothing is left beside them");
}
