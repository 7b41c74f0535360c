//! Agents that mean harm, or are broken in every way: the link ends in words, the console's memory stays small, and the
//! other targets of the same run answer as if nothing were.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::time::{Duration, Instant};

use hailer::engine::command::{Command, Interrupt, RunId, RunSpec};
use hailer::engine::event::{Cell, Event, RunChange};
use hailer::engine::target::TargetId;
use hailer::engine::{Engine, EngineConfig, EngineHandle};
use hailer::inventory::{self, Discover};
use hailer::link::mux::Caps;
use hailer::link::opening::Options;
use hailer::tunnel::Defaults;
use tempfile::TempDir;
use tokio::sync::mpsc::Receiver;

/// What this process may hold at its peak, in KiB. An engine with a link at rest takes a tenth of it.
const MEMORY: u64 = 200 * 1024;
const GOOD: TargetId = TargetId(0);
const EVIL: TargetId = TargetId(1);
const RUN: RunId = RunId(1);

/// What every evil agent does before it turns evil.
const START: &str = r#"
import os, re, struct, sys, time
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
def boot():
    out(b"\nhailer0 3.11.2 /evil\n")
    take(int(re.search(r"\bn=(\d+)", " ".join(sys.argv)).group(1)))
    return take(16)
def hello():
    out(boot() + frame(ITEM, 3, 0, b"python=3.11.2\npid=1"))
def called():
    hello()
    while True:
        length, kind, flags, channel = struct.unpack(">IBBI", take(10))
        take(length)
        if kind == OPEN:  # a ping may come first
            return channel
def forever(data, fd=1):
    while True:
        out(data, fd)
"#;

/// An engine with a good target and an evil one.
struct Bench {
    handle: EngineHandle,
    events: Receiver<Vec<Event>>,
    _place: TempDir,
}

/// What was told until both cells were final.
#[derive(Default)]
struct Told {
    evil: Vec<Cell>,
    good: Vec<Cell>,
    good_after: Duration,
    lines: Vec<String>,
    warnings: usize,
}

impl Bench {
    fn with(evil: &str) -> Self {
        let place = TempDir::new().expect("a directory");
        let path = place.path().join("evil.py");
        fs::write(&path, format!("{START}{evil}\n")).expect("a file");
        let target = format!("local,cmd:\"python3 {} x\"", path.display());
        let config = EngineConfig {
            targets: inventory::named(&target).expect("targets"),
            connect: false,
            discover: Discover::default(),
            opening: Options {
                timeout: Duration::from_secs(4),
                defaults: Defaults::default(),
                caps: Caps { message: 4_000_000 },
                silence: None,
            },
            connects_at_once: 8,
            depth_limit: 2,
            library: std::sync::Arc::default(),
            program: None,
            seating: hailer::engine::Seating::default(),
            reconnect: false,
        };
        let (handle, events) = Engine::start(config).expect("an engine");
        let spec = RunSpec::new(RUN, "6 * 7", vec![GOOD, EVIL]);
        handle.send(Command::Run(spec));
        Self { handle, events, _place: place }
    }

    /// Reads until the run is finished, or `enough` of it was seen; then the evil one is cut off.
    fn until(&mut self, enough: impl Fn(&Told) -> bool) -> Told {
        let (begun, mut told) = (Instant::now(), Told::default());
        let mut cut = false;
        while let Some(batch) = self.events.blocking_recv() {
            for event in batch {
                match event {
                    Event::Run { change: RunChange::Cell { target, cell }, .. } if cell.is_final() => {
                        if target == GOOD {
                            told.good_after = begun.elapsed();
                            told.good.push(cell);
                        } else {
                            told.evil.push(cell);
                        }
                    }
                    Event::Run { change: RunChange::Warning { .. } | RunChange::Item { .. }, .. } => {
                        told.warnings += 1;
                    }
                    Event::Lines { target: EVIL, lines, .. } => {
                        told.lines.extend(lines.into_iter().map(|line| line.text.chars().take(40).collect()));
                    }
                    Event::Run { change: RunChange::Finished, .. } => return told,
                    _ => {}
                }
            }
            assert!(begun.elapsed() < Duration::from_secs(40), "it never ends: {:?}", told.evil);
            if !cut && !told.good.is_empty() && enough(&told) {
                cut = true;
                self.handle.send(Command::Cancel { run: RUN, only: None, how: Interrupt::Hard });
            }
        }
        panic!("the engine ended: {:?} {:?}", told.good, told.evil)
    }

    /// The evil one's end, in words, when nothing else had any part in it.
    fn end(&mut self) -> String {
        let told = self.until(|_| false);
        told.check();
        match &told.evil[..] {
            [Cell::Lost { why }] => format!("lost: {why}"),
            [Cell::Unreachable { failure }] => failure.to_string(),
            other => panic!("{other:?}"),
        }
    }
}

impl Told {
    fn check(&self) {
        assert!(
            matches!(&self.good[..], [Cell::Value { value }] if value.repr(9) == "42"),
            "{:?}",
            self.good
        );
        assert!(self.good_after < Duration::from_secs(8), "the good one waited {:?}", self.good_after);
        assert_eq!(self.evil.len(), 1, "{:?}", self.evil);
        assert!(peak() < MEMORY, "{} KiB", peak());
    }
}

/// The most that this process ever held, in KiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[track_caller]
fn ends(evil: &str, why: &str) {
    let end = Bench::with(evil).end();
    assert!(end.contains(why), "{end}");
}

#[test]
fn an_endless_banner() {
    ends("forever(b'x' * 65536)", "connect: no interpreter answered within 4");
}

#[test]
fn an_endless_start_of_a_line() {
    ends("out(b'\\nhailer0 ')\nforever(b'x' * 65536)", "connect: ");
}

#[test]
fn a_slow_drip() {
    ends("for b in b'\\nhailer0 3.11.2 /evil ' * 99: out(bytes([b])); time.sleep(0.3)", "connect: ");
}

#[test]
fn no_nonce_but_much_else() {
    ends("boot()\nforever(b'y' * 65536)", "boot: ");
}

#[test]
fn a_banner_after_the_nonce() {
    ends("out(boot() + b'Welcome to web1, dear user')\ntime.sleep(60)", "Welcome to");
}

#[test]
fn a_length_bomb() {
    ends("called()\nout(struct.pack('>IBBI', 0xffffffff, CLOSE, 0, 2))\ntime.sleep(60)", "65536 are allowed");
}

#[test]
fn an_answer_to_a_question_that_was_never_asked() {
    ends("called()\nout(frame(CLOSE, 0, 44, b'N.'))\ntime.sleep(60)", "never opened");
}

#[test]
fn a_message_without_end_is_thrown_away_as_it_comes() {
    let evil = "c = called()\nfor i in range(4000): out(frame(ITEM, 0x80, c, b'x' * 65536))\nos._exit(9)";
    ends(evil, "exit code 9");
}

#[test]
fn pings_whose_answers_are_never_read() {
    ends("called()\nforever(frame(PING, 0, 0, b'p' * 64) * 800)", "nobody reads");
}

#[test]
fn pings_before_the_hello() {
    ends("out(boot())\nforever(frame(PING, 0, 0, b'p' * 64) * 800)", "nobody reads");
}

#[test]
fn imports_whose_answers_are_never_read() {
    let evil = "called()\nn = 1\nwhile True:\n    out(b''.join(frame(OPEN, 2, n + 2 * i, b'hailer.errors') for i in range(500)))\n    n += 1000";
    ends(evil, "nobody reads");
}

#[test]
fn frames_for_calls_that_are_over() {
    let evil = "c = called()\nfor i in range(3000): out(frame(CLOSE, 3, c, b'no') * 1000)\nos._exit(9)";
    let told = Bench::with(evil).until(|_| false);
    told.check();
    assert!(matches!(told.evil[0], Cell::Raised { .. }), "{:?}", told.evil);
}

#[test]
fn a_flood_of_tiny_items() {
    let told =
        Bench::with("c = called()\nforever(frame(ITEM, 0, c) * 1000)").until(|told| told.warnings > 20_000);
    told.check();
}

#[test]
fn a_flood_on_one_pipe_does_not_silence_the_other() {
    let evil = "called()\nif os.fork(): forever(frame(PONG, 0, 0) * 4000)\ntime.sleep(1)\nout(b'a word\\n', 2)\ntime.sleep(60)";
    let told = Bench::with(evil).until(|told| told.lines.iter().any(|line| line == "a word"));
    told.check();
}

#[test]
fn a_line_without_end_on_standard_error() {
    let evil = "called()\nfor i in range(3000): out(b'x' * 65536, 2)\nout(b'\\nlast words', 2)\nos._exit(9)";
    let begun = Instant::now();
    let told = Bench::with(evil).until(|_| false);
    told.check();
    assert_eq!(told.lines.last().map(String::as_str), Some("last words"));
    assert!(begun.elapsed() < Duration::from_secs(20), "200 MB took {:?}", begun.elapsed());
}

#[test]
fn last_words_are_kept_whatever_else_happens_meanwhile() {
    // Something it left behind holds standard error open, so that the end takes a while, in which a request comes.
    let evil = "called()\nout(b'first\\n', 2)\nif os.fork(): os._exit(9)\nos.close(1)\ntime.sleep(0.03)\nout(b'second\\nlast\\n', 2)\ntime.sleep(2)";
    let mut bench = Bench::with(evil);
    let handle = bench.handle.clone();
    let told = bench.until(|told| {
        if told.lines.len() == 1 {
            std::thread::sleep(Duration::from_millis(100));
            handle.send(Command::Cancel { run: RUN, only: Some(vec![EVIL]), how: Interrupt::Soft });
        }
        false
    });
    told.check();
    assert_eq!(told.lines.concat(), "firstsecondlast", "{:?}", told.lines);
}

#[test]
fn large_items_for_a_front_end_that_does_not_read() {
    let item = "struct.pack('<BBBI', 0x80, 2, 88, 60000) + b'x' * 60000 + b'.'";
    let mut bench = Bench::with(&format!("c = called()\nforever(frame(ITEM, 0, c, {item}))"));
    std::thread::sleep(Duration::from_secs(4));
    assert!(peak() < MEMORY, "{} KiB", peak());
    let told = bench.until(|told| told.warnings > 100);
    told.check();
}

#[test]
fn long_lines_for_a_front_end_that_does_not_read() {
    let mut bench = Bench::with("called()\nforever(b'x' * 65536, 2)");
    std::thread::sleep(Duration::from_secs(4));
    assert!(peak() < MEMORY, "{} KiB", peak());
    bench.until(|told| told.lines.len() > 5).check();
}

#[test]
fn requests_for_other_hosts_that_are_begun_and_never_ended() {
    let evil = "called()\nn = 1\nwhile True:\n    out(b''.join(frame(OPEN, 0x83, n + 2 * i) for i in range(500)))\n    n += 1000";
    ends(evil, "more requests for other hosts");
}

#[test]
fn requests_for_other_hosts_that_make_no_sense() {
    let evil = "called()\nn = 1\nwhile True:\n    out(b''.join(frame(OPEN, 3, n + 2 * i, b'x' * 1000) for i in range(500)))\n    n += 1000";
    let end = Bench::with(evil).end();
    assert!(end.contains("nobody reads") || end.contains("more requests for other hosts"), "{end}");
}

#[test]
fn credit_for_what_was_never_sent() {
    ends(
        "c = called()\nout(frame(CREDIT, 0, c, b'\\xff' * 4))\ntime.sleep(60)",
        "credit for more than was sent",
    );
}

/// Opens others by way of itself, takes the part of their programs too, and answers nothing else.
const NEST: &str = r#"
import threading
def text(word):
    return b"X" + struct.pack("<I", len(word)) + word
def ask(channel, *things):
    return frame(OPEN, 3, channel, b"\x80\x02(" + b"".join(things) + b"t.")
def opens(channel, name):
    hop = b"}(" + text(b"kind") + text(b"docker") + text(b"container") + text(name) + b"u"
    return ask(channel, text(b"open"), b"N", hop, text(name))
def read():
    length, kind, flags, channel = struct.unpack(">IBBI", take(10))
    return kind, flags, channel, take(length)
def spawned():
    while True:
        kind, flags, channel, body = read()
        if kind == OPEN:
            return channel, body
"#;

#[test]
fn thousands_of_hosts_opened_that_all_fail() {
    let evil = r#"
called()
asked, failed, n = 0, 0, 1
while failed < 3000:
    while asked - failed < 50:
        out(opens(n, b"c%d" % n)); n += 2; asked += 1
    kind, flags, channel, body = read()
    if kind == OPEN:
        out(frame(CLOSE, 3, channel, b"there is no such program"))
    elif kind == CLOSE:
        failed += 1
os._exit(9)
"#;
    let mut bench = Bench::with(&format!("{NEST}{evil}"));
    let end = bench.end();
    assert!(end.contains("exit code 9"), "{end}");
}

#[test]
fn a_nested_host_that_floods_with_pings_whose_answers_nobody_reads() {
    // It says that it took everything, and takes nothing.
    let evil = r#"
called()
out(opens(1, b"inner"))
inner, body = spawned()
n = int(re.search(rb"\bn=(\d+)", body).group(1))
out(frame(DATA, 0, inner, b"\nhailer0 3.11.2 /inner\n"))
got = b""
while len(got) < n + 16:
    kind, flags, channel, body = read()
    if kind == DATA and channel == inner:
        got += body
out(frame(DATA, 0, inner, got[n:n + 16] + frame(ITEM, 3, 0, b"python=3.11.2\npid=1")))
pings = frame(PING, 0, 0, b"p" * 64) * 500
while True:
    out(frame(DATA, 0, inner, pings) + frame(CREDIT, 0, inner, struct.pack(">I", len(pings))))
"#;
    ends(&format!("{NEST}{evil}"), "credit for more than was sent");
}

#[test]
fn nothing_at_all_and_very_much_of_it_from_a_relayed_program() {
    let evil = r#"
called()
out(opens(1, b"inner"))
inner, body = spawned()
for i in range(2000):
    out(frame(DATA, 0, inner) * 5000)
os._exit(9)
"#;
    ends(&format!("{NEST}{evil}"), "exit code 9");
}
