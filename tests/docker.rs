//! Containers on a real engine: exec, throwaway ones, every way of not starting, the live list.
//!
//! The images are made of this machine's own files (`tests/docker/image.sh`). Without an engine each test says SKIPPED.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use hailer::inventory::{Change, docker};
use hailer::link::mux::Caps;
use hailer::link::opening::{Opened, Opening, Options, Route};
use hailer::tunnel::pipes::{Ending, Pipes};
use hailer::tunnel::{Defaults, Failure, Stage, docker as tunnel};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

/// The images, each by what is in it.
const FULL: &str = "hailer-test/full";
const NO_SHELL: &str = "hailer-test/noshell";
const NO_PYTHON: &str = "hailer-test/nopython";
const BARE: &str = "hailer-test/bare";

static IMAGES: LazyLock<bool> = LazyLock::new(|| {
    if docker(&["info"]).is_none() {
        return false;
    }
    let images: [(&str, &[&str]); 4] =
        [(FULL, &["sh", "python"]), (NO_SHELL, &["python"]), (NO_PYTHON, &["sh"]), (BARE, &[])];
    for (name, parts) in images {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docker/image.sh");
        // Every test is a process of its own; the images are made once.
        if docker(&["image", "inspect", name]).is_none() {
            let made = Command::new(script).arg(name).args(parts).output().expect("the script starts");
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        }
    }
    true
});

/// Whether there is an engine; says SKIPPED if not.
fn engine() -> bool {
    if !*IMAGES {
        println!("SKIPPED: no Docker engine answers");
    }
    *IMAGES
}

/// Runs the docker command; what it said, if it did well.
fn docker(arguments: &[&str]) -> Option<String> {
    let output = Command::new("docker").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A container that runs until it is dropped. Its name is of this test alone.
struct Container(String);

impl Container {
    fn start(image: &str, name: &str, options: &[&str]) -> Self {
        let name = format!("hailer-test-{name}-{}", std::process::id());
        let start =
            [&["run", "-d", "--pull", "never", "--network", "none", "--name", &name], options, &[image]]
                .concat();
        docker(&start).unwrap_or_else(|| panic!("{name} starts"));
        Self(name)
    }

    fn is_there(name: &str) -> bool {
        docker(&["container", "inspect", name]).is_some()
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        docker(&["rm", "-f", &self.0]);
    }
}

async fn open(address: &str) -> Result<Opened, Failure> {
    let options = Options {
        timeout: Duration::from_mins(1),
        defaults: Defaults::default(),
        caps: Caps::default(),
        silence: None,
    };
    let route = Route::from_here(&address.parse().expect(address)).expect("a hop");
    Opening::start(&route, &options).await?.interpreter().await?.agent().await
}

async fn refused(address: &str) -> Failure {
    match open(address).await {
        Ok(opened) => panic!("{address} came up: {:?}", opened.info),
        Err(failure) => failure,
    }
}

async fn until(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..100 {
        if done() {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("{what} in time");
}

#[tokio::test]
async fn an_agent_comes_up_in_a_running_container() {
    if !engine() {
        return;
    }
    let labels = ["--label", "com.docker.compose.project=inv", "--label"];
    let service = format!("com.docker.compose.service=s{}", std::process::id());
    let container = Container::start(FULL, "exec", &[&labels[..], &[&service]].concat());
    for address in [
        format!("docker:{}", container.0),
        format!("docker:\"inv/s{}\"", std::process::id()),
        format!("docker:{}?python=/usr/bin/python3", container.0),
    ] {
        let opened = open(&address).await.unwrap_or_else(|failure| panic!("{address}: {failure}"));
        opened.connection.close().await;
    }
    let top = || docker(&["top", &container.0]).unwrap_or_default();
    until("nothing of ours is left", || !top().contains("python")).await;
}

#[tokio::test]
async fn an_image_without_a_shell_needs_none() {
    if !engine() {
        return;
    }
    let container = Container::start(NO_SHELL, "noshell", &[]);
    let opened =
        open(&format!("docker:{}", container.0)).await.unwrap_or_else(|failure| panic!("{failure:?}"));
    opened.connection.close().await;
    let opened =
        open(&format!("docker-run:\"{NO_SHELL}\"")).await.unwrap_or_else(|failure| panic!("{failure:?}"));
    opened.connection.close().await;
}

#[tokio::test]
async fn every_way_of_not_starting_says_how_far_it_came() {
    if !engine() {
        return;
    }
    let running = Container::start(NO_PYTHON, "nopython", &[]);
    let bare = Container::start(BARE, "bare", &[]);
    let stopped = Container::start(FULL, "stopped", &[]);
    docker(&["kill", &stopped.0]).expect("it is killed");
    let paused = Container::start(FULL, "paused", &[]);
    docker(&["pause", &paused.0]).expect("it is paused");
    for (address, stage, words) in [
        (format!("docker:{}", running.0), Stage::Interpreter, "no Python was found"),
        (format!("docker:{}", bare.0), Stage::Interpreter, "neither a shell nor a Python"),
        (format!("docker:{}?python=/no/such", running.0), Stage::Interpreter, "could not be started"),
        (format!("docker:{}", stopped.0), Stage::Connect, "does not run"),
        (format!("docker:{}", paused.0), Stage::Connect, "is paused"),
        (format!("docker:{}x", running.0), Stage::Connect, running.0.as_str()),
        ("docker:hailer-test-nobody-at-all".to_owned(), Stage::Connect, "docker ps"),
        ("docker:\"no/service\"".to_owned(), Stage::Connect, "no container of service service"),
        ("docker-run:hailer-test-absent".to_owned(), Stage::Connect, "docker pull hailer-test-absent"),
        (format!("docker-run:\"{NO_PYTHON}\""), Stage::Interpreter, "no Python was found"),
        (format!("docker-run:\"{BARE}\""), Stage::Interpreter, "neither a shell nor a Python"),
        (format!("docker-run:\"{FULL}\"?name={}", running.0), Stage::Connect, "already in use"),
    ] {
        let failure = refused(&address).await;
        assert_eq!(failure.stage, stage, "{address}: {failure:?}");
        assert!(failure.why.contains(words), "{address}: {failure:?}");
    }
    let ours = ["ps", "-aq", "--filter", "label=hailer.throwaway", "--filter"];
    let left = || {
        let of = |image| docker(&[&ours[..], &[&format!("ancestor={image}")]].concat()).unwrap_or_default();
        [of(NO_PYTHON), of(BARE)].concat()
    };
    until("containers whose boot failed are removed", || left().is_empty()).await;
}

#[tokio::test]
async fn a_throwaway_container_goes_with_its_link_unless_it_is_to_stay() {
    if !engine() {
        return;
    }
    for (rm, stays) in [("", false), ("&rm=false", true)] {
        let name = format!("hailer-test-run-{}{}", std::process::id(), rm.len());
        let opened = open(&format!("docker-run:\"{FULL}\"?name={name}{rm}")).await;
        let opened = opened.unwrap_or_else(|failure| panic!("{failure:?}"));
        assert!(Container::is_there(&name));
        opened.connection.close().await;
        let gone = || {
            docker(&["container", "inspect", "-f", "{{.State.Running}}", &name]).as_deref() != Some("true")
        };
        until("it has ended", gone).await;
        sleep(Duration::from_millis(500)).await;
        assert_eq!(Container::is_there(&name), stays, "{name}");
        docker(&["rm", "-f", &name]);
    }
}

#[tokio::test]
async fn giving_up_a_start_leaves_no_container_behind() {
    if !engine() {
        return;
    }
    let mut left = Vec::new();
    for millis in [1, 5, 10, 20, 40, 80, 160, 320] {
        let name = format!("hailer-test-gone-{}-{millis}", std::process::id());
        let start = tunnel::run(FULL, Some(&name), true, None, "import os; os.read(0, 1)");
        let _ = timeout(Duration::from_millis(millis), start).await;
        left.push(name);
    }
    // What is still there at the end of the test goes with these.
    let left: Vec<_> = left.into_iter().map(Container).collect();
    until("all are removed", || !left.iter().any(|container| Container::is_there(&container.0))).await;
}

/// What a container says on both pipes until it ends, and how it ends.
async fn drain(mut pipes: Pipes) -> (Vec<u8>, String, Ending) {
    let (mut out, mut err) = (Vec::new(), String::new());
    let (one, two) = tokio::join!(pipes.stdout.read_to_end(&mut out), pipes.stderr.read_to_string(&mut err));
    one.and(two).unwrap();
    let ending = pipes.process.ended().await;
    assert_eq!(pipes.process.ended().await, ending, "it may be asked again");
    (out, err, ending)
}

#[tokio::test]
async fn the_three_pipes_are_apart_and_the_input_can_end_alone() {
    if !engine() {
        return;
    }
    let container = Container::start(FULL, "pipes", &[]);
    let code = "import sys; sys.stderr.write(\".\"); sys.stderr.flush(); data = sys.stdin.buffer.read(); sys.stderr.write(str(len(data))); \
                sys.stdout.buffer.write(data[::-1]); sys.stdout.flush(); sys.exit(7)";
    let data: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    for run in [false, true] {
        let started = if run {
            tunnel::run(FULL, None, true, None, code).await
        } else {
            tunnel::exec(&container.0, None, code).await
        };
        let mut pipes = started.unwrap_or_else(|failure| panic!("{failure:?}"));
        pipes.stdin.write_all(&data).await.unwrap();
        pipes.stdin.shutdown().await.unwrap();
        let (out, err, ending) = timeout(Duration::from_mins(1), drain(pipes)).await.expect("it ends");
        assert_eq!(err, format!(".{}", data.len()), "run: {run}");
        assert!(out.iter().rev().eq(data.iter()), "run: {run}: {} bytes came back", out.len());
        assert_eq!(ending, Ending::Code(7), "run: {run}");
    }
}

#[tokio::test]
async fn who_is_not_read_has_to_wait() {
    if !engine() {
        return;
    }
    let container = Container::start(FULL, "pressure", &[]);
    let code = "import _thread, os\ndef flood():\n  while 1: os.write(1, b\"x\" * 1048576); os.write(2, b\".\")\n\
                _thread.start_new_thread(flood, ())\nos.read(0, 1)";
    let mut pipes =
        tunnel::exec(&container.0, None, code).await.unwrap_or_else(|failure| panic!("{failure:?}"));
    let mut marks = Vec::new();
    let _ = timeout(Duration::from_secs(2), async {
        while pipes.stderr.read_buf(&mut marks).await.is_ok_and(|count| count > 0) {}
    })
    .await;
    assert!(marks.len() < 32, "{} MiB were written, and nobody read", marks.len());
    pipes.close(0).await;
    until("it has ended", || !docker(&["top", &container.0]).unwrap_or_default().contains("python")).await;
}

#[tokio::test]
async fn a_container_that_is_killed_ends_its_pipes() {
    if !engine() {
        return;
    }
    let container = Container::start(FULL, "killed", &[]);
    let code = "import os, time; os.write(1, b\"up\"); time.sleep(60)";
    let mut pipes =
        tunnel::exec(&container.0, None, code).await.unwrap_or_else(|failure| panic!("{failure:?}"));
    let mut up = [0; 2];
    pipes.stdout.read_exact(&mut up).await.unwrap();
    docker(&["kill", &container.0]).expect("it is killed");
    let (out, _, ending) = timeout(Duration::from_secs(40), drain(pipes)).await.expect("the pipes end");
    assert!(out.is_empty() && matches!(ending, Ending::Code(137) | Ending::Unknown), "{ending:?}");
}

/// The next change that names this container.
async fn next(changes: &mut mpsc::Receiver<Change>, name: &str) -> String {
    let found = async {
        loop {
            match changes.recv().await.expect("the watch lives") {
                Change::Found(found) if found.name.contains(name) => {
                    return format!("+{} {}", found.name, found.about);
                }
                Change::Gone { name: gone } if gone.contains(name) => return format!("-{gone}"),
                _ => {}
            }
        }
    };
    timeout(Duration::from_secs(40), found).await.unwrap_or_else(|_| panic!("a change of {name} in time"))
}

#[tokio::test]
async fn containers_come_and_go_live() {
    if !engine() {
        return;
    }
    let (sender, mut changes) = mpsc::channel(256);
    tokio::spawn(docker::watch(sender));
    let labels = ["--label", "com.docker.compose.project=p", "--label", "com.docker.compose.service=s"];
    let container = Container::start(FULL, "watch", &labels);
    let name = container.0.clone();
    assert_eq!(next(&mut changes, &name).await, format!("+docker:{name} {FULL} · p/s"));
    for (act, expected) in [
        (vec!["pause", &name], vec![format!("-docker:{name}")]),
        (vec!["unpause", &name], vec![format!("+docker:{name} {FULL} · p/s")]),
        (
            vec!["rename", &name, &format!("{name}-b")],
            vec![format!("-docker:{name}"), format!("+docker:{name}-b {FULL} · p/s")],
        ),
        (vec!["kill", &format!("{name}-b")], vec![format!("-docker:{name}-b")]),
        (vec!["start", &format!("{name}-b")], vec![format!("+docker:{name}-b {FULL} · p/s")]),
        (vec!["rm", "-f", &format!("{name}-b")], vec![format!("-docker:{name}-b")]),
    ] {
        docker(&act).unwrap_or_else(|| panic!("{act:?}"));
        for change in expected {
            assert_eq!(next(&mut changes, &name).await, change, "after {act:?}");
        }
    }
}
