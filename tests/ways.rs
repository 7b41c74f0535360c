//! Every way in, on real parts: chains of hops, other users, what ways in ask.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::HashMap;
use std::fs;
use std::process::Command as Program;
use std::time::{Duration, Instant};

use hailer::engine::command::{Command, RunId, RunSpec, Secret};
use hailer::engine::event::{Cell, Event, Question, RunChange, TargetChange};
use hailer::engine::target::{LinkState, TargetId};
use hailer::engine::{DEPTH_LIMIT, Engine, EngineConfig, EngineHandle};
use hailer::inventory::{self, Discover};
use hailer::link::mux::Caps;
use hailer::link::opening::Options;
use hailer::tunnel::{Defaults, Stage};
use serde_json::json;
use support::{Fleet, fleet};
use tokio::sync::mpsc::Receiver;

const PASSWORD: &str = "open sesame";

/// An engine on hosts of the fleet, and a person who answers.
struct Desk {
    engine: EngineHandle,
    events: Receiver<Vec<Event>>,
    names: Vec<String>,
    runs: u32,
    /// What was asked, in order.
    asked: Vec<Question>,
    /// The last state of each link that has a name here.
    links: HashMap<TargetId, LinkState>,
}

impl Desk {
    fn with(fleet: &Fleet, targets: &str) -> Self {
        Self::at_once(32, fleet, targets)
    }

    fn at_once(connects_at_once: usize, fleet: &Fleet, targets: &str) -> Self {
        let ssh_options = vec!["-F".to_owned(), fleet.ssh_config().display().to_string()];
        let opening = Options {
            timeout: Duration::from_mins(1),
            defaults: Defaults { python: None, ssh_options },
            caps: Caps::default(),
            silence: None,
        };
        let targets = inventory::named(targets).expect("targets");
        let names = targets.iter().map(|found| found.name.clone()).collect();
        let config = EngineConfig {
            targets,
            connect: false,
            discover: Discover::default(),
            opening,
            connects_at_once,
            depth_limit: DEPTH_LIMIT,
            library: std::sync::Arc::default(),
            program: Some(env!("CARGO_BIN_EXE_hailer").into()),
            seating: hailer::engine::Seating::default(),
            reconnect: false,
        };
        let (engine, events) = Engine::start(config).expect("an engine");
        Self { engine, events, names, runs: 0, asked: Vec::new(), links: HashMap::new() }
    }

    fn start(&mut self, code: &str) -> RunId {
        self.runs += 1;
        let id = RunId(self.runs);
        let targets = (0..self.names.len() as u32).map(TargetId).collect();
        let spec = RunSpec::new(id, code.to_owned(), targets);
        self.engine.send(Command::Run(spec));
        id
    }

    /// The next things that happen; questions are answered.
    fn next(&mut self, answer: &mut impl FnMut(&Question) -> Option<&'static str>) -> Vec<Event> {
        let batch = self.events.blocking_recv().expect("the engine ended");
        for event in &batch {
            match event {
                Event::Asked(question) => {
                    self.asked.push(question.clone());
                    let answer = answer(question).map(Secret::from);
                    self.engine.send(Command::Answer { question: question.id, answer });
                }
                Event::Target { id, change: TargetChange::Link(link), .. } => {
                    self.links.insert(*id, link.clone());
                }
                _ => {}
            }
        }
        batch
    }

    /// The cells of a run by the names of their targets.
    fn finish(
        &mut self,
        run: RunId,
        mut answer: impl FnMut(&Question) -> Option<&'static str>,
    ) -> HashMap<String, Cell> {
        let mut cells = HashMap::new();
        loop {
            for event in self.next(&mut answer) {
                match event {
                    Event::Run { id, change: RunChange::Cell { target, cell }, .. }
                        if id == run && cell.is_final() =>
                    {
                        cells.insert(self.names[target.0 as usize].clone(), cell);
                    }
                    Event::Run { id, change: RunChange::Finished, .. } if id == run => return cells,
                    _ => {}
                }
            }
        }
    }

    fn run(
        &mut self,
        code: &str,
        answer: impl FnMut(&Question) -> Option<&'static str>,
    ) -> HashMap<String, Cell> {
        let run = self.start(code);
        self.finish(run, answer)
    }
}

fn nobody(_: &Question) -> Option<&'static str> {
    None
}

fn value(cell: &Cell) -> String {
    match cell {
        Cell::Value { value } => value.repr(1000),
        other => panic!("{other:?}"),
    }
}

fn failure(cell: &Cell) -> (Stage, String, String) {
    match cell {
        Cell::Unreachable { failure } => (failure.stage, failure.why.clone(), failure.said.clone()),
        other => panic!("{other:?}"),
    }
}

fn in_container(container: &str, script: &str) -> String {
    let output =
        Program::new("docker").args(["exec", container, "sh", "-c", script]).output().expect("docker");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_chain_leads_where_it_says() {
    let Some(fleet) = fleet() else { return };
    let ways = [
        ("h1/docker:hailer-c1", json!([0, "c1"])),
        ("h1?sudo", json!([0, "h1"])),
        ("h1/sudo:nopass", json!([1001, "h1"])),
        ("h2/docker:hailer-c2/sudo:ops", json!([1000, "c2"])),
        ("localsshd/docker:hailer-c3/su:ops/sudo", json!([0, "c3"])),
        ("docker:hailer-c4/su:ops", json!([1000, "c4"])),
        ("h1/cmd:\"env -i PATH=/usr/bin:/bin {}\"", json!([1000, "h1"])),
        ("nopass/sudo", json!([0, "h1"])),
        ("nopass/doas", json!([0, "h1"])),
        ("tty/sudo", json!([0, "h1"])),
        ("iolog/sudo", json!([0, "h1"])),
        ("nsenter:docker:hailer-bare", json!([0, "bare"])),
        ("h1/local:again", json!([1000, "h1"])),
    ];
    let targets: Vec<&str> = ways.iter().map(|(target, _)| *target).collect();
    let ran = fleet.run(&targets, &[], "import os; [os.getuid(), os.uname()[1]]");
    let uid = |name: &str| {
        in_container("hailer-h1", &format!("id -u {name}")).trim().parse::<u64>().expect("a uid")
    };
    for (target, expected) in ways {
        let expected = if target.ends_with(":nopass") { json!([uid("nopass"), "h1"]) } else { expected };
        assert_eq!(ran.cell(target)["value"], expected, "{target}: {}", ran.cell(target));
    }
    assert_eq!(ran.code, Some(0));
}

#[test]
fn podmans_containers_are_reached_as_docker_s_are() {
    let Some(fleet) = fleet() else { return };
    if !fleet.has("podman:hailer-pod") {
        eprintln!("SKIPPED: podman runs no container on this machine");
        return;
    }
    let ways = ["podman:hailer-pod", "nsenter:podman:hailer-pod", "local:two/podman:hailer-pod/su:ops"];
    let ran = fleet.run(&ways, &[], "import os; os.uname()[1]");
    for way in ways {
        assert_eq!(ran.cell(way)["value"], "pod", "{}", ran.cell(way));
    }
}

#[test]
fn every_python_relays() {
    let Some(fleet) = fleet() else { return };
    let hosts = fleet.hosts.iter().filter(|host| host.python.is_some());
    let targets: Vec<String> = hosts.map(|host| format!("{}/local:beyond", host.target)).collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let ran = fleet.run(&targets, &["--yes"], "import sys; sys.stderr.write('said\\n'); 'x' * 300000");
    for target in &targets {
        assert_eq!(ran.cell(target)["value"].as_str().map(str::len), Some(300_000), "{}", ran.cell(target));
        let said = format!("{target} │ said");
        assert!(ran.stderr.lines().any(|line| line == said), "{target} said nothing");
    }
}

#[test]
fn what_a_way_in_asks_is_asked_once_and_answered() {
    let Some(fleet) = fleet() else { return };
    for (target, answer) in [
        ("asks/sudo", PASSWORD),
        ("both/sudo", PASSWORD),
        ("asks/doas", PASSWORD),
        ("h1/su:asks", PASSWORD),
        ("nopass/su", PASSWORD),
        ("pw", PASSWORD),
        ("kbd", PASSWORD),
        ("keypass", "let me in"),
        ("pw/sudo", PASSWORD),
    ] {
        let mut desk = Desk::with(&fleet, target);
        let cells = desk.run("import os; os.getuid() >= 0", |_| Some(answer));
        assert_eq!(value(&cells[target]), "True", "{target}");
        let expected = if target == "pw/sudo" { 2 } else { 1 };
        assert_eq!(desk.asked.len(), expected, "{target}: {:?}", desk.asked);
        // The link goes and comes again: the answer is known.
        desk.engine.send(Command::Disconnect((0..3).map(TargetId).collect()));
        let cells = desk.run("1", nobody);
        assert_eq!(value(&cells[target]), "1", "{target}, again");
        assert_eq!(desk.asked.len(), expected, "{target} asked again");
    }
}

#[test]
fn a_wrong_password_over_twenty_hosts_is_sent_once_and_a_right_one_asked_for_once() {
    let Some(fleet) = fleet() else { return };
    // PAM writes down each password that sudo is given, on the host.
    let containers: Vec<String> = (1..=10).map(|number| format!("hailer-c{number}")).collect();
    for container in &containers {
        in_container(
            container,
            "[ ! -f /tmp/pam.sudo ] || cat /tmp/pam.sudo >/etc/pam.d/sudo; cp /etc/pam.d/sudo /tmp/pam.sudo; rm -f /tmp/given; \
             printf '#!/bin/sh\\necho given >>/tmp/given\\n' >/tmp/note; chmod 755 /tmp/note; \
             sed -i '1i auth optional pam_exec.so quiet expose_authtok /tmp/note' /etc/pam.d/sudo",
        );
    }
    let mut desk =
        Desk::with(&fleet, "docker:hailer-c[1-10]/su:asks/sudo,docker:hailer-c[1-10]/su:asks/sudo:ops");
    let mut given = 0;
    let cells = desk.run("1", |_| {
        given += 1;
        (given == 1).then_some("wrong")
    });
    assert_eq!(cells.len(), 20);
    for (name, cell) in &cells {
        assert_eq!(failure(cell).0, Stage::Login, "{name}: {cell:?}");
    }
    assert!(desk.asked.len() >= 2, "{:?}", desk.asked);
    assert!(desk.asked[1].note.as_deref().is_some_and(|note| note.contains("refused")), "{:?}", desk.asked);
    let given = |container| in_container(container, "cat /tmp/given").lines().count();
    assert_eq!(containers.iter().map(|container| given(container)).sum::<usize>(), 1);
    // The right one is asked for once as well, and opens them all.
    let before = desk.asked.len();
    let cells = desk.run("import os; os.getuid() in (0, 1000)", |_| Some(PASSWORD));
    assert!(cells.values().all(|cell| value(cell) == "True"), "{cells:?}");
    assert_eq!(desk.asked.len(), before + 1, "{:?}", desk.asked);
    assert_eq!(containers.iter().map(|container| given(container)).sum::<usize>(), 1 + 20);
    for container in &containers {
        in_container(
            container,
            "cat /tmp/pam.sudo >/etc/pam.d/sudo; rm -f /tmp/pam.sudo /tmp/note /tmp/given",
        );
    }
}

#[test]
fn who_is_slow_to_answer_holds_up_nobody_else() {
    let Some(fleet) = fleet() else { return };
    // More that ask than may connect at once, and one behind them that does not.
    let mut desk = Desk::at_once(2, &fleet, "pw,pw2,kbd,h1");
    let run = desk.start("2");
    let begun = Instant::now();
    let mut open = None;
    loop {
        let batch = desk.events.blocking_recv().expect("the engine ended");
        for event in batch {
            match event {
                Event::Asked(question) => open = Some(question.id),
                Event::Run { id, change: RunChange::Cell { target, cell: Cell::Value { .. } }, .. }
                    if id == run && desk.names[target.0 as usize] == "h1" =>
                {
                    assert!(open.is_some(), "nobody asked");
                    desk.engine.send(Command::Shutdown);
                    return;
                }
                _ => {}
            }
        }
        assert!(begun.elapsed() < Duration::from_secs(50), "h1 waits for the others");
    }
}

#[test]
fn who_may_not_is_told_in_the_words_of_the_far_side() {
    let Some(fleet) = fleet() else { return };
    let mut desk = Desk::with(&fleet, "nosudo/sudo,h1/docker:hailer-absent,h1/podman:x,h1/nsenter:1");
    let cells = desk.run("1", |_| Some(PASSWORD));
    let said = |name: &str| {
        let (stage, why, said) = failure(&cells[name]);
        (stage, format!("{why}\n{said}"))
    };
    assert!(said("nosudo/sudo").1.contains("not in the sudoers file"), "{:?}", said("nosudo/sudo"));
    assert!(said("h1/docker:hailer-absent").1.contains("No such container"));
    assert_eq!(said("h1/podman:x"), (Stage::Start, "there is no program podman on this host\n".to_owned()));
    assert!(said("h1/nsenter:1").1.contains("sudo"), "{:?}", said("h1/nsenter:1"));
}

#[test]
fn when_a_hop_in_the_middle_dies_the_leaf_says_so() {
    let Some(fleet) = fleet() else { return };
    let mut desk = Desk::with(&fleet, "h2/docker:hailer-c5/sudo:ops");
    // The agent in the container is the second of three: the next Python above the third.
    let above = "import os\ndef above(process):\n    \
        words = open('/proc/%d/stat' % process).read().rpartition(')')\n    parent = int(words[2].split()[1])\n    \
        return parent if 'python' in open('/proc/%d/comm' % parent).read() else above(parent)\nabove(os.getpid())";
    let second = value(&desk.run(above, nobody)["h2/docker:hailer-c5/sudo:ops"]);
    let run = desk.start("import time; time.sleep(600)");
    loop {
        let events = desk.next(&mut nobody);
        let running = |event: &Event| matches!(event, Event::Run { id, change: RunChange::Cell { cell: Cell::Running, .. }, .. } if *id == run);
        if events.iter().any(running) {
            break;
        }
    }
    in_container("hailer-c5", &format!("kill -9 {second}"));
    let killed = Instant::now();
    let cells = desk.finish(run, nobody);
    assert!(killed.elapsed() < Duration::from_secs(2), "it took {:?}", killed.elapsed());
    let Cell::Lost { why } = &cells["h2/docker:hailer-c5/sudo:ops"] else { panic!("{cells:?}") };
    assert!(why.contains("on the way, h2/docker:hailer-c5"), "{why}");
    // And the way can be gone again.
    assert_eq!(value(&desk.run("2", nobody)["h2/docker:hailer-c5/sudo:ops"]), "2");
}

#[test]
fn an_unknown_key_is_asked_about_and_kept_by_ssh_itself() {
    let Some(fleet) = fleet() else { return };
    let known = fleet.file("known_hosts_learn");
    let _ = fs::remove_file(&known);
    let mut desk = Desk::with(&fleet, "learn-host");
    let cells = desk.run("1", nobody);
    let (stage, why, said) = failure(&cells["learn-host"]);
    assert_eq!(stage, Stage::HostKey);
    assert!(format!("{why}{said}").contains("SHA256:"), "{why} {said}");
    assert!(!known.exists(), "nothing was accepted");
    let cells = desk.run("1", |_| Some("yes"));
    assert_eq!(value(&cells["learn-host"]), "1");
    assert!(known.exists(), "ssh keeps what was accepted");
    assert_eq!(desk.asked.len(), 2);
    let _ = fs::remove_file(&known);
}

#[test]
fn an_unknown_key_is_told_with_its_fingerprint_where_ssh_may_not_ask() {
    let Some(fleet) = fleet() else { return };
    let output = Program::new("ssh-keygen").arg("-lf").arg(fleet.file("keys/host_key.pub")).output();
    let told = String::from_utf8(output.expect("ssh-keygen").stdout).expect("text");
    let fingerprint = told.split(' ').nth(1).expect("a fingerprint");
    // Over TCP, through another host, and from the agent of another host, which has ssh's words for this machine's.
    let config = fleet.ssh_config().display().to_string();
    let strict = "ssh_option=-oStrictHostKeyChecking=yes";
    let targets = [
        format!("stranger-host?{strict}"),
        "stranger-host?ssh_option=-oBatchMode=yes".to_owned(),
        "crowd-far?ssh_option=-oUserKnownHostsFile=none&ssh_option=-oProxyJump=localsshd".to_owned(),
        "localsshd?ssh_option=-oUserKnownHostsFile=none".to_owned(),
        format!("local:two/stranger-host?ssh_option=-F&ssh_option=\"{config}\"&{strict}"),
    ];
    let mut desk = Desk::with(&fleet, &targets.join(","));
    let cells = desk.run("1", nobody);
    for name in &desk.names {
        let (stage, why, said) = failure(&cells[name]);
        assert_eq!(stage, Stage::HostKey, "{name}: {why} {said}");
        assert!(why.contains(fingerprint) && why.contains("nothing was sent"), "{name}: {why} {said}");
        assert!(said.contains("Host key verification failed"), "{name}: {said}");
        assert!(!said.contains("debug1"), "{name}: {said}");
    }
    assert!(desk.asked.is_empty(), "{:?}", desk.asked);
}

/// Whether any process of this machine, those in containers among them, has this text in its words or its environment.
fn in_processes(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for process in fs::read_dir("/proc").expect("/proc").flatten() {
        for file in ["cmdline", "environ"] {
            let path = process.path().join(file);
            let bytes = fs::read(&path).unwrap_or_default();
            if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

#[test]
fn a_password_is_in_no_process_s_words_or_environment() {
    let Some(fleet) = fleet() else { return };
    let mut desk = Desk::with(&fleet, "pw/sudo,asks/sudo,asks/doas");
    let mut seen = Vec::new();
    let cells = desk.run("import time; time.sleep(0.5)", |_| {
        seen.extend(in_processes(PASSWORD));
        Some(PASSWORD)
    });
    assert!(cells.values().all(|cell| value(cell) == "None"), "{cells:?}");
    seen.extend(in_processes(PASSWORD));
    assert_eq!(seen, Vec::<String>::new());
    let events = format!("{:?}", desk.asked);
    assert!(!events.contains(PASSWORD));
}

#[test]
fn nothing_is_left_of_a_chain() {
    let Some(fleet) = fleet() else { return };
    let look = "ps -eo user,args --no-headers | grep -v 'ps -eo' | grep -v ' sh -c' | sort";
    // Other tests may still be leaving.
    let settled = Instant::now() + Duration::from_mins(1);
    while in_container("hailer-c6", look).contains(" -ESs -c ") && Instant::now() < settled {
        std::thread::sleep(Duration::from_millis(100));
    }
    let before = in_container("hailer-c6", look);
    {
        let mut desk = Desk::with(&fleet, "h1/docker:hailer-c6/su:ops/sudo");
        assert_eq!(value(&desk.run("1", nobody)["h1/docker:hailer-c6/su:ops/sudo"]), "1");
        let run = desk.start("import time; time.sleep(600)");
        desk.engine.send(Command::Disconnect(vec![TargetId(0)]));
        desk.finish(run, nobody);
        desk.engine.send(Command::Shutdown);
        while desk.events.blocking_recv().is_some() {}
    }
    let end = Instant::now() + Duration::from_mins(1);
    while in_container("hailer-c6", look) != before {
        assert!(Instant::now() < end, "before:\n{before}\nafter:\n{}", in_container("hailer-c6", look));
        std::thread::sleep(Duration::from_millis(50));
    }
}
