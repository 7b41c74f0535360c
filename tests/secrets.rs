//! What is typed on a headless run's own terminal is in no log, on no standard stream, and in no process's words or
//! environment, at either end.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod support;

#[path = "support/pty.rs"]
#[allow(dead_code)]
mod pty;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use pty::Screen;
use support::fleet;

const PASSWORD: &str = "open sesame";

/// The processes of this machine, those in containers among them, whose words or environment hold a text.
fn holding(text: &str) -> Vec<String> {
    let has = |path: &Path| {
        let bytes = fs::read(path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    let processes = fs::read_dir("/proc").expect("/proc").filter_map(|entry| Some(entry.ok()?.path()));
    let files = processes.flat_map(|process| ["cmdline", "environ"].map(|name| process.join(name)));
    files.filter(|file| has(file)).map(|file| file.display().to_string()).collect()
}

#[test]
fn what_is_typed_on_the_terminal_goes_nowhere_else() {
    let Some(fleet) = fleet() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    let read = |name: &str| fs::read_to_string(file(name)).unwrap_or_default();
    // No standard stream is the terminal, and the words show that this search finds what is there.
    let mark = format!("mark-{}", std::process::id());
    let code = format!(
        "import time\nemit('{mark}')\nend = time.time() + 100\nwhile time.time() < end: time.sleep(0.05)"
    );
    let line = "exec \"$@\" <\"$FOLDER/in\" >\"$FOLDER/out\" 2>\"$FOLDER/err\"";
    fs::write(file("in"), "").expect("a file");
    let (log, config) = (file("log").display().to_string(), fleet.ssh_config().display().to_string());
    let option = format!("--ssh-option={config}");
    let program = env!("CARGO_BIN_EXE_hailer");
    let words = ["-c", line, "sh", program, "--no-config", "--log", &log, "--ssh-option=-F", &option];
    let words =
        [&words[..], &["run", "--follow", "--connect-timeout", "60s", "-t", "pw/sudo", &code]].concat();
    let home = folder.path().display().to_string();
    let mut screen = Screen::start(Path::new("/bin/sh"), &words, &[("FOLDER", &home)], 100, 30);

    screen.wait_for("asks@pw's password:");
    screen.keys(&format!("{PASSWORD}\r"));
    screen.wait_for("[sudo] password for asks:");
    assert_eq!(holding(PASSWORD), [""; 0], "while sudo asks");
    screen.keys(&format!("{PASSWORD}\r"));
    let end = Instant::now() + Duration::from_mins(1);
    while !read("out").contains(&mark) {
        assert!(Instant::now() < end, "{}{}{}", screen.text(), read("out"), read("err"));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(holding(PASSWORD), [""; 0], "while the call runs");
    assert!(!holding(&mark).is_empty(), "the search finds what is there");
    screen.keys("\x03");
    assert_eq!(screen.ended(), 130, "{}{}", read("out"), read("err"));
    for (name, text) in [("log", read("log")), ("out", read("out")), ("err", read("err"))] {
        assert!(!text.contains(PASSWORD), "{name}: {text}");
    }
    assert!(Path::new(&log).exists());
    let shown = String::from_utf8_lossy(&screen.raw()).into_owned();
    assert!(!shown.contains(PASSWORD), "{shown}");
}
