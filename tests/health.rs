//! Hosts that fall silent, vanish and come back: real agents of this machine, stopped and killed by signals.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use hailer::engine::command::{Command, RunId, RunSpec};
use hailer::engine::event::{Cell, Event, Health, RunChange, TargetChange};
use hailer::engine::target::{LinkState, TargetId};
use hailer::engine::{Engine, EngineConfig, EngineHandle, Seating};
use hailer::inventory::{self, Discover};
use hailer::link::mux::Caps;
use hailer::link::opening::Options;
use hailer::tunnel::Defaults;
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);

struct Bench {
    engine: EngineHandle,
    events: Receiver<Vec<Event>>,
    seen: std::vec::IntoIter<Event>,
    runtime: tokio::runtime::Runtime,
    runs: u32,
}

impl Bench {
    /// Links to these targets, which may be silent for so long, and come back.
    fn new(targets: &str, silence: Duration) -> Self {
        let config = EngineConfig {
            targets: inventory::named(targets).expect("targets"),
            connect: true,
            discover: Discover::default(),
            opening: Options {
                timeout: Duration::from_secs(20),
                defaults: Defaults::default(),
                caps: Caps::default(),
                silence: Some(silence),
            },
            connects_at_once: 8,
            library: std::sync::Arc::default(),
            depth_limit: 2,
            seating: Seating::default(),
            reconnect: true,
            program: None,
        };
        let (engine, events) = Engine::start(config).expect("an engine");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { engine, events, seen: Vec::new().into_iter(), runtime, runs: 0 }
    }

    /// The first event of which this makes something.
    fn find<T>(&mut self, what: &str, pick: impl Fn(&Event) -> Option<T>) -> T {
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            for event in self.seen.by_ref() {
                if let Some(found) = pick(&event) {
                    return found;
                }
            }
            let left = deadline.saturating_duration_since(std::time::Instant::now());
            let batch = self.runtime.block_on(async { timeout(left, self.events.recv()).await });
            let batch = batch.unwrap_or_else(|_| panic!("waited for {what} in vain"));
            self.seen = batch.expect("the engine ended").into_iter();
        }
    }

    fn state<T>(&mut self, what: &str, pick: impl Fn(&LinkState) -> Option<T>) -> T {
        self.find(what, |event| match event {
            Event::Target { id: TargetId(0), change: TargetChange::Link(state), .. } => pick(state),
            _ => None,
        })
    }

    /// Waits until the first target is ready; the process of its agent.
    fn ready(&mut self) -> Pid {
        let pid = self.state("a link that is ready", |state| match state {
            LinkState::Ready(info) => Some(info.pid),
            _ => None,
        });
        Pid::from_raw(pid.cast_signed()).expect("a process")
    }

    fn health(&mut self, wanted: Health) {
        self.find(&format!("{wanted:?}"), |event| match event {
            Event::Target { change: TargetChange::Health { health, .. }, .. } if *health == wanted => {
                Some(())
            }
            _ => None,
        });
    }

    fn run(&mut self, code: &str) -> RunId {
        self.runs += 1;
        let id = RunId(self.runs);
        let targets = vec![TargetId(0)];
        self.engine.send(Command::Run(RunSpec::new(id, code, targets)));
        id
    }

    fn cell(&mut self, run: RunId, wanted: &str) -> Cell {
        self.find(wanted, |event| match event {
            Event::Run { id, change: RunChange::Cell { cell, .. }, .. }
                if *id == run && cell.name() == wanted =>
            {
                Some(cell.clone())
            }
            _ => None,
        })
    }
}

#[test]
fn a_host_that_is_stopped_is_silent_and_well_again_when_it_goes_on() {
    let mut bench = Bench::new("local", Duration::from_mins(10));
    let agent = bench.ready();
    kill_process(agent, Signal::STOP).expect("a signal");
    bench.health(Health::Silent);
    kill_process(agent, Signal::CONT).expect("a signal");
    bench.health(Health::Well);
    let run = bench.run("40 + 2");
    bench.cell(run, "value");
}

#[test]
fn one_that_is_silent_for_too_long_is_lost_with_its_calls_and_comes_back() {
    let mut bench = Bench::new("local", Duration::from_secs(2));
    let agent = bench.ready();
    let run = bench.run("import time\nprint('begun')\ntime.sleep(1000)");
    bench.find("a line", |event| matches!(event, Event::Lines { .. }).then_some(()));
    kill_process(agent, Signal::STOP).expect("a signal");
    let Cell::Lost { why } = bench.cell(run, "lost") else { unreachable!("the name says so") };
    assert!(why.contains("nothing was heard from it for"), "{why}");
    let again = bench.ready();
    assert_ne!(again, agent);
    // Nothing was run again: the session is a new one, in which nothing has happened.
    let run = bench.run("'time' in globals()");
    let Cell::Value { value } = bench.cell(run, "value") else { unreachable!("the name says so") };
    assert_eq!(value.repr(10), "False");
}

#[test]
fn one_that_is_killed_says_when_it_is_tried_again_unless_it_was_let_go_of() {
    let mut bench = Bench::new("local", Duration::from_mins(10));
    let agent = bench.ready();
    kill_process(agent, Signal::KILL).expect("a signal");
    bench.state("the loss", |state| matches!(state, LinkState::Lost { .. }).then_some(()));
    bench.state("the next attempt", |state| matches!(state, LinkState::Retrying { .. }).then_some(()));
    let agent = bench.ready();
    kill_process(agent, Signal::KILL).expect("a signal");
    bench.state("the next attempt", |state| matches!(state, LinkState::Retrying { .. }).then_some(()));
    bench.engine.send(Command::Disconnect(vec![TargetId(0)]));
    bench.state("the end", |state| matches!(state, LinkState::Closed).then_some(()));
    // A run connects at once, and a link that was let go of does not come back before.
    let run = bench.run("1");
    bench.cell(run, "value");
}

#[test]
fn a_run_does_not_wait_for_the_next_attempt() {
    let mut bench = Bench::new("local", Duration::from_mins(10));
    let agent = bench.ready();
    kill_process(agent, Signal::KILL).expect("a signal");
    bench.state("the next attempt", |state| matches!(state, LinkState::Retrying { .. }).then_some(()));
    let run = bench.run("2");
    bench.cell(run, "value");
}

#[test]
fn those_beyond_a_host_that_was_lost_come_back_with_it() {
    let mut bench = Bench::new("cmd:\"env python3\"/cmd:\"python3\"", Duration::from_mins(10));
    bench.ready();
    // The one on the way has the next number.
    let outer = bench.run("import os\nos.getppid()");
    let Cell::Value { value } = bench.cell(outer, "value") else { unreachable!("the name says so") };
    let parent =
        value.as_i64().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw).expect("a parent");
    kill_process(parent, Signal::KILL).expect("a signal");
    bench.state("the loss", |state| matches!(state, LinkState::Lost { .. }).then_some(()));
    bench.ready();
    let run = bench.run("3");
    bench.cell(run, "value");
}
