//! fetch from agents that mean harm: nothing is written outside, nothing but plain files, and the end comes in words.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// What every evil agent does before it turns evil.
const START: &str = r#"
import os, pickle, re, struct, sys, time, hashlib
def out(data, fd=1):
    while data:
        data = data[os.write(fd, data):]
def take(count):
    data = b""
    while len(data) < count:
        data += os.read(0, count - len(data)) or os._exit(0)
    return data
def frame(kind, flags, channel, payload=b""):
    return struct.pack(">IBBI", len(payload), kind, flags, channel) + payload
OPEN, DATA, ITEM, CREDIT, CLOSE, PING, PONG, CANCEL = range(1, 9)
out(b"\nhailer0 3.11.2 /evil\n")
take(int(re.search(r"\bn=(\d+)", " ".join(sys.argv)).group(1)))
out(take(16) + frame(ITEM, 3, 0, b"python=3.11.2\npid=1"))
c = None
while c is None:
    length, kind, flags, channel = struct.unpack(">IBBI", take(10))
    take(length)
    if kind == OPEN:
        c = channel
def say(*words):
    words = tuple(bytearray(word) if isinstance(word, bytes) else word for word in words)
    out(frame(ITEM, 0, c, pickle.dumps(words, 4)))
    kind = DATA if words[0] != "file" else None
    while kind != DATA:
        length, kind, flags, channel = struct.unpack(">IBBI", take(10))
        take(length)
def file(path, data=b"evil", mode=0o644):
    say("file", path, len(data), mode)
    say("write", 0)
    out(frame(DATA, 0, c, data))
    say("end", len(data), hashlib.sha256(data).hexdigest())
def end():
    out(frame(CLOSE, 0, c, pickle.dumps({"path": bytearray(b"/x")}, 4)))
    time.sleep(60)
"#;

/// A fetch from such an agent: what was told of it, and the folder in which it was.
fn fetch(evil: &str, more: &[&str]) -> (Value, TempDir) {
    let place = TempDir::new().expect("a folder");
    let agent = place.path().join("evil.py");
    fs::write(&agent, format!("{START}{evil}\nend()\n")).expect("a file");
    fs::create_dir_all(place.path().join("in/back")).expect("a folder");
    let output = Command::new(env!("CARGO_BIN_EXE_hailer"))
        .args(["--no-config", "fetch", "--json", "--timeout", "20", "/x", "back/{host}"])
        .args(["-t", &format!("cmd:\"python3 {} x\"", agent.display())])
        .args(more)
        .current_dir(place.path().join("in"))
        .output()
        .expect("the program");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let first = text.lines().next().unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (serde_json::from_str(first).expect("JSON"), place)
}

/// Where the one thing that was fetched lies.
fn fetched(place: &TempDir) -> Option<PathBuf> {
    fs::read_dir(place.path().join("in/back")).unwrap().flatten().map(|entry| entry.path()).next()
}

#[track_caller]
fn refused(evil: &str, why: &str) {
    let (line, place) = fetch(evil, &[]);
    let said = format!("{} {}", line["error"]["message"], line["why"]);
    assert!(said.contains(why), "{line}");
    let mut above: Vec<_> =
        fs::read_dir(place.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    above.sort();
    assert_eq!(above, ["evil.py", "in"], "something was written outside");
    assert_eq!(fs::read_dir(place.path().join("in")).unwrap().count(), 1, "something was written outside");
    let left = Command::new("find").arg(place.path()).args(["-name", "*~"]).output().expect("find");
    assert_eq!(String::from_utf8_lossy(&left.stdout), "", "a part was left");
}

#[test]
fn no_path_leads_out() {
    for path in
        ["../evil", "../../evil", "/tmp/hailer-evil", "a/../../evil", "./evil", "..", "", "a//b", "a/"]
    {
        let code = format!("say('dir', b'', 0o755)\nsay('dir', b'a', 0o755)\nfile(b'{path}')");
        let why = if path.is_empty() { "directory" } else { "a file called" };
        refused(&code, why);
    }
    assert!(!Path::new("/tmp/hailer-evil").exists());
}

#[test]
fn no_link_leads_out() {
    let tree = "say('dir', b'', 0o755)\n";
    refused(&format!("{tree}say('link', b'l', b'../..')\nfile(b'l/evil')"), "No such file");
    refused(
        &format!("{tree}say('dir', b'd', 0o755)\nsay('link', b'l', b'd')\nfile(b'l/evil')"),
        "(on this machine)",
    );
    refused(&format!("{tree}say('link', b'l', b'x')\nsay('dir', b'l', 0o755)"), "(on this machine)");
    let (line, place) =
        fetch(&format!("{tree}say('link', b'l', b'/etc/passwd')\nsay('link', b'k', b'd/../../..')"), &[]);
    assert!(line["error"]["message"].as_str().unwrap().contains("leads out"), "{line}");
    assert_eq!(fs::read_dir(fetched(&place).unwrap()).unwrap().count(), 0);
}

#[test]
fn no_file_is_taken_that_is_not_what_was_announced() {
    let write = "say('file', b'', 4, 0o644)\nsay('write', 0)\n";
    refused(&format!("{write}out(frame(DATA, 0, c, b'12345'))"), "more bytes than the file was to have");
    refused(
        &format!("{write}out(frame(DATA, 0, c, b'1234'))\nsay('end', 4, 'x' * 64)"),
        "it arrived damaged",
    );
    refused("say('file', b'', 4, 0o644)\nsay('write', 2)", "from the middle");
    refused("say('file', b'', 4, 0o644)\nsay('same')", "same as none");
    refused("say('same')", "never announced");
    refused("say('file', b'', 4, 0o644)", "before the last file");
    refused("say('file', b'', 4, 0o644)\nsay('write', 0)", "ended early");
    refused("out(frame(DATA, 0, c, b'x'))", "bytes of no file");
    // It ended early, or before the last file: which of the two is seen depends on what comes first.
    refused("out(frame(ITEM, 0, c, pickle.dumps(('file', bytearray(b''), 4, 0o644), 4)))", "end");
    refused("say('file', b'', -4, 0o644)", "an order that is none");
    refused("say('device', b'', 4)", "an order that is none");
    refused(
        "say('dir', b'', 0o755)\nfor i in range(400): say('file', b'f%d' % i, 1, 0o644)",
        "more files announced",
    );
    refused("out(frame(ITEM, 0, c, b'no pickle'))", "an order that is none");
}

#[test]
fn nothing_is_removed_that_nobody_asked_for() {
    refused("say('dir', b'', 0o755)\nsay('prune', b'')", "nobody asked for");
    let (line, place) = fetch("say('dir', b'', 0o755)\nsay('prune', b'..')", &["--delete"]);
    assert!(line["error"]["message"].as_str().unwrap().contains("a file called"), "{line}");
    assert!(place.path().join("evil.py").exists());
}

#[test]
fn modes_are_plain_bits() {
    let (line, place) = fetch("file(b'', b'tool', 0o104755)", &[]);
    assert_eq!(line["state"], "value", "{line}");
    let path = fetched(&place).expect("a file");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode(), 0o100_755);
    assert_eq!(fs::read(path).unwrap(), b"tool");
}
