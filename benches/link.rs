//! The figures of a link, each beside its floor, measured in turn in one run.
//!
//! `cargo bench --bench link [-- WORD…]`: rows whose name holds one of the words, or all. Ratios are what counts: machines
//! differ, and drift. With the test fleet up (`tests/fleet/fleet up`), the ssh rows are measured over its sshd.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use hailer::inventory;
use hailer::link::connection::{Connection, Turn};
use hailer::link::mux::{Caps, Heard};
use hailer::link::opening::{Opening, Options, Route};
use hailer::tunnel::Defaults;
use support::{Row, median, millis, percentile, wanted};

const ROUNDS: usize = 15;
const CALLS: usize = 3000;
const IN_FLIGHT: usize = 256;
const CROWD: usize = 200;
const BULK: usize = 64 * 1024 * 1024;

/// A raw ping-pong: what the pipes and two processes cost, and nothing else.
const ECHO: &str = "import os\nwhile 1:\n b = os.read(0, 65536)\n if not b: break\n os.write(1, b)";

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut rows = Vec::new();
    if wanted("connect") {
        rows.push(runtime.block_on(connect(
            "local: connect + first call",
            &local(),
            &python(&["-c", "pass"]),
        )));
    }
    if let Some(ssh) = support::ssh() {
        if wanted("connect") {
            let floor = ssh.command(&["python3", "-c", "pass"]);
            rows.push(runtime.block_on(connect_with(
                "ssh: connect + first call",
                &ssh.target,
                ssh.options(),
                &floor,
            )));
        }
        if wanted("call") {
            let floor = ssh.command(&["python3", "-ESs", "-c", &format!("'{ECHO}'")]);
            rows.push(runtime.block_on(sequential(
                "ssh: sequential call, p50",
                &ssh.target,
                ssh.options(),
                &floor,
            )));
        }
        if wanted("crowd") {
            rows.push(crowd(&ssh));
        }
    } else {
        eprintln!("SKIPPED: the ssh rows: no test fleet; run tests/fleet/fleet up");
    }
    if wanted("call") {
        rows.push(runtime.block_on(sequential(
            "local: sequential call, p50",
            &local(),
            vec![],
            &python(&["-ESs", "-c", ECHO]),
        )));
    }
    if wanted("pipelined") {
        rows.push(runtime.block_on(pipelined()));
    }
    if wanted("bulk") {
        rows.push(runtime.block_on(bulk()));
    }
    support::print(&rows);
}

/// The interpreter of the local rows: the system's own, since a version manager's stand-in is a shell script that would
/// hide everything else.
fn interpreter() -> &'static str {
    if Path::new("/usr/bin/python3").exists() { "/usr/bin/python3" } else { "python3" }
}

fn local() -> String {
    format!("local?python={}", interpreter())
}

fn python(arguments: &[&str]) -> Vec<String> {
    [interpreter()].iter().chain(arguments).map(|word| (*word).to_owned()).collect()
}

async fn open(target: &str, ssh_options: Vec<String>) -> Connection {
    let found = inventory::named(target).expect("a target");
    let options = Options {
        timeout: Duration::from_secs(20),
        defaults: Defaults { python: None, ssh_options },
        caps: Caps::default(),
        silence: None,
    };
    let opening = Opening::start(&Route::from_here(&found[0].address).expect("a hop"), &options)
        .await
        .expect("a tunnel");
    opening.interpreter().await.expect("an interpreter").agent().await.expect("an agent").connection
}

/// The next close, and how long its message was.
async fn closed(connection: &mut Connection) -> usize {
    loop {
        match connection.turn().await.expect("a link") {
            Turn::Heard(Heard::Closed { message, tag: 0, .. }) => return message.len(),
            Turn::Heard(Heard::Closed { message, .. }) => panic!("{}", String::from_utf8_lossy(&message)),
            Turn::Heard(Heard::Import { channel, name }) => {
                let module = hailer::link::payload::module(&name).ok_or_else(String::new);
                connection.mux().answer(channel, module);
            }
            _ => {}
        }
    }
}

async fn call(connection: &mut Connection, code: &str) -> usize {
    connection.mux().eval("<bench>", code);
    closed(connection).await
}

async fn connect(name: &str, target: &str, floor: &[String]) -> Row {
    connect_with(name, target, vec![], floor).await
}

async fn connect_with(name: &str, target: &str, options: Vec<String>, floor: &[String]) -> Row {
    let (mut ours, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        assert!(Command::new(&floor[0]).args(&floor[1..]).status().expect("the floor").success());
        floors.push(start.elapsed());
        let start = Instant::now();
        let mut connection = open(target, options.clone()).await;
        call(&mut connection, "1 + 1").await;
        ours.push(start.elapsed());
        connection.close().await;
    }
    Row::times(name, &ours, &floor.join(" "), &floors)
}

/// A process of the floor, its pipes at hand.
fn echo(argv: &[String]) -> Child {
    let mut command = Command::new(&argv[0]);
    command.args(&argv[1..]).stdin(Stdio::piped()).stdout(Stdio::piped());
    command.spawn().expect("the floor")
}

async fn sequential(name: &str, target: &str, options: Vec<String>, floor: &[String]) -> Row {
    let mut connection = open(target, options).await;
    let mut child = echo(floor);
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut ours, mut floors) = (Vec::new(), Vec::new());
    let mut bytes = [0; 64];
    for round in 0..CALLS {
        let start = Instant::now();
        stdin.write_all(b"0123456789abcdef").unwrap();
        let _ = stdout.read(&mut bytes).unwrap();
        let floor = start.elapsed();
        let start = Instant::now();
        call(&mut connection, "{'ok': True, 'n': 1}").await;
        if round >= CALLS / 10 {
            floors.push(floor);
            ours.push(start.elapsed());
        }
    }
    drop(stdin);
    let _ = child.wait();
    connection.close().await;
    let p99 = millis(percentile(&ours, 99));
    Row::times(name, &ours, "raw ping-pong", &floors).note(&format!("p99 {p99} ms"))
}

/// As many hosts as [`CROWD`] behind an sshd with `MaxStartups 10:30:100`, beside as many logins that never are so many at
/// once that it would mind.
fn crowd(ssh: &support::Ssh) -> Row {
    let targets = format!("crowd[001-{CROWD:03}]");
    let options = ssh.options().into_iter().map(|word| format!("--ssh-option={word}"));
    let words: Vec<String> = ["--no-config".into()].into_iter().chain(options).collect();
    let config = ssh.options().join(" ");
    let floor = format!("seq -f crowd%03g {CROWD} | xargs -P8 -I@ ssh -T {config} @ python3 -c pass");
    let (mut ours, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let start = Instant::now();
        assert!(Command::new("sh").args(["-c", &floor]).status().expect("the floor").success());
        floors.push(start.elapsed());
        let start = Instant::now();
        let run = Command::new(env!("CARGO_BIN_EXE_hailer"))
            .args(&words)
            .args(["run", "--json", "--yes", "-t", &targets, "1 + 1"])
            .output()
            .expect("hailer");
        assert!(run.status.success(), "not all answered: {}", String::from_utf8_lossy(&run.stdout));
        ours.push(start.elapsed());
    }
    Row::times(&format!("ssh: a crowd of {CROWD} behind one sshd"), &ours, "xargs -P8 ssh", &floors)
}

async fn pipelined() -> Row {
    let mut connection = open(&local(), vec![]).await;
    let total = 100_000;
    let mut rates = Vec::new();
    for _ in 0..3 {
        let start = Instant::now();
        let (mut sent, mut done) = (0, 0);
        while done < total {
            while sent < total && sent - done < IN_FLIGHT {
                connection.mux().eval("<bench>", "{'ok': True, 'n': 1}");
                sent += 1;
            }
            closed(&mut connection).await;
            done += 1;
        }
        rates.push(start.elapsed() / total as u32);
    }
    let each = median(&rates);
    let rate = 1e6 / each.as_secs_f64() / 1e9;
    Row::alone("local: 256 in flight, per call", each).note(&format!("{rate:.0} k calls/s"))
}

async fn bulk() -> Row {
    let mut connection = open(&local(), vec![]).await;
    call(&mut connection, &format!("blob = b'x' * {BULK}; None")).await;
    let write = format!("import os\nb = memoryview(b'x' * {BULK})\nwhile b: b = b[os.write(1, b[:65536]):]");
    let (mut ours, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let mut child = echo(&python(&["-ESs", "-c", &write]));
        let mut stdout = child.stdout.take().unwrap();
        let mut buffer = vec![0; 65536];
        let mut start = None;
        while let Ok(count @ 1..) = stdout.read(&mut buffer) {
            start.get_or_insert_with(Instant::now);
            std::hint::black_box(count);
        }
        floors.push(start.map_or(Duration::ZERO, |start| start.elapsed()));
        let _ = child.wait();
        let start = Instant::now();
        assert!(call(&mut connection, "blob").await >= BULK);
        ours.push(start.elapsed());
    }
    Row::times("local: 64 MiB returned", &ours, "a raw pipe", &floors)
}
