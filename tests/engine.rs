//! The engine on this machine's own Python: real agents, no network.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::time::{Duration, Instant};

use hailer::engine::command::{Command, Interrupt, RunId, RunSpec};
use hailer::engine::event::{Cell, Event, RunChange, Stream, TargetChange};
use hailer::engine::target::{LinkState, TargetId};
use hailer::engine::{Engine, EngineConfig, EngineHandle};
use hailer::inventory::{self, Discover};
use hailer::link::mux::Caps;
use hailer::link::opening::Options;
use hailer::tunnel::Defaults;
use tokio::sync::mpsc::Receiver;

/// An engine and what it tells.
struct Bench {
    handle: EngineHandle,
    events: Receiver<Vec<Event>>,
    waiting: Vec<Event>,
    runs: u32,
}

impl Bench {
    fn with(targets: &str) -> Self {
        let opening = Options {
            timeout: Duration::from_secs(15),
            defaults: Defaults::default(),
            caps: Caps { message: 20_000_000 },
            silence: None,
        };
        let config = EngineConfig {
            targets: inventory::named(targets).expect("targets"),
            connect: false,
            discover: Discover::default(),
            opening,
            connects_at_once: 8,
            depth_limit: 2,
            library: std::sync::Arc::default(),
            program: None,
            seating: hailer::engine::Seating::default(),
            reconnect: false,
        };
        let (handle, events) = Engine::start(config).expect("an engine");
        Self { handle, events, waiting: Vec::new(), runs: 0 }
    }

    fn next(&mut self) -> Option<Event> {
        while self.waiting.is_empty() {
            let mut batch = self.events.blocking_recv()?;
            batch.reverse();
            self.waiting = batch;
        }
        self.waiting.pop()
    }

    fn start(&mut self, code: &str, targets: u32) -> RunId {
        self.start_with(code, targets, None)
    }

    fn start_with(&mut self, code: &str, targets: u32, timeout: Option<Duration>) -> RunId {
        self.runs += 1;
        let id = RunId(self.runs);
        let targets = (0..targets).map(TargetId).collect();
        self.handle.send(Command::Run(RunSpec { timeout, ..RunSpec::new(id, code, targets) }));
        id
    }

    /// The final cells of a run, and the texts of the lines printed meanwhile.
    fn finish(&mut self, run: RunId) -> (Vec<Cell>, Vec<String>, Vec<String>) {
        let (mut cells, mut lines, mut items) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            match self.next().expect("the engine ended") {
                Event::Run { id, change: RunChange::Cell { cell, .. }, .. }
                    if id == run && cell.is_final() =>
                {
                    cells.push(cell);
                }
                Event::Run { id, change: RunChange::Item { value, .. }, .. } if id == run => {
                    items.push(value.repr(100));
                }
                Event::Run { id, change: RunChange::Finished, .. } if id == run => {
                    return (cells, lines, items);
                }
                Event::Lines { lines: new, .. } => {
                    lines.extend(new.into_iter().map(|line| String::from(line.text)));
                }
                _ => {}
            }
        }
    }

    fn one(&mut self, code: &str) -> Cell {
        let run = self.start(code, 1);
        self.finish(run).0.remove(0)
    }

    fn value(&mut self, code: &str) -> String {
        match self.one(code) {
            Cell::Value { value } => value.repr(1000),
            other => panic!("{code}: {other:?}"),
        }
    }
}

#[test]
fn records_of_logging_arrive_with_level_logger_and_time() {
    let mut bench = Bench::with("local");
    let code = "import logging, threading\nlogging.getLogger('app.db').warning('a %s\\nb', 1)\n\
                threading.Timer(0.2, lambda: logging.error('later')).start()";
    let run = bench.start(code, 1);
    let mut told = Vec::new();
    while told.len() < 3 {
        if let Event::Lines { run: of, lines, .. } = bench.next().expect("records") {
            told.extend(lines.into_iter().filter(|line| line.stream == Stream::Log).map(|line| (of, line)));
        }
    }
    let shown: Vec<_> = told.iter().map(|(_, line)| line.shown().into_owned()).collect();
    assert_eq!(shown, ["WARNING app.db: a 1", "b", "ERROR root: later"]);
    assert_eq!((told[0].0, told[2].0), (Some(run), None), "of the call, and of the link");
    for (_, line) in &told {
        let record = line.record.as_ref().expect("a record");
        assert!(record.severity >= 30 && line.at.0.abs_diff(record.made) < 60_000, "{line:?}");
    }
}

#[test]
fn calls_answer_and_names_stay() {
    let mut bench = Bench::with("local");
    assert_eq!(bench.value("1 + 1"), "2");
    bench.value("x = {'a': [1, 2.5, None]}");
    assert_eq!(bench.value("x"), "{'a': [1, 2.5, None]}");
    assert_eq!(bench.value("2 ** 200").len(), 61);
    assert!(bench.value("lambda: 1").contains("<lambda>"));
}

#[test]
fn an_error_has_its_type_its_lines_and_none_of_ours() {
    let mut bench = Bench::with("local");
    let Cell::Raised { error } = bench.one("def f():\n    return 1 / 0\nf()") else {
        panic!("it did not raise")
    };
    assert_eq!((error.kind.as_str(), error.message.as_str()), ("ZeroDivisionError", "division by zero"));
    assert_eq!(error.frames.last().map(|frame| frame.source.as_str()), Some("return 1 / 0"));
    assert!(!error.traceback.contains("core.py"), "{}", error.traceback);
    assert_eq!(bench.value("'still here'"), "'still here'");
}

#[test]
fn what_is_printed_belongs_to_its_run_and_cannot_hurt_the_wire() {
    let mut bench = Bench::with("local");
    let code = "import os, sys\nprint('one')\nos.write(1, b'two\\n')\nos.system('echo three')\nsys.stderr.write('four\\n')\nfor i in range(2): emit(i)";
    let run = bench.start(code, 1);
    let (cells, mut lines, items) = bench.finish(run);
    assert!(matches!(cells[0], Cell::Value { .. }), "{cells:?}");
    // Standard error comes by its own pipe: its last lines may come after the result.
    while lines.len() < 4 {
        if let Event::Lines { lines: new, .. } = bench.next().expect("more lines") {
            lines.extend(new.into_iter().map(|line| String::from(line.text)));
        }
    }
    lines.sort();
    assert_eq!(lines, ["four", "one", "three", "two"]);
    assert_eq!(items, ["0", "1"]);
}

#[test]
fn calls_run_beside_each_other() {
    let mut bench = Bench::with("local");
    let slow = bench.start("import time; time.sleep(30)", 1);
    let begun = Instant::now();
    assert_eq!(bench.value("6 * 7"), "42");
    assert!(begun.elapsed() < Duration::from_secs(10), "the quick call waited for the slow one");
    bench.handle.send(Command::Cancel { run: slow, only: None, how: Interrupt::Soft });
    assert!(matches!(bench.finish(slow).0[0], Cell::Cancelled));
    assert_eq!(bench.value("1"), "1");
}

#[test]
fn a_cancelled_loop_leaves_the_session_as_it_was() {
    let mut bench = Bench::with("local");
    bench.value("kept = 5");
    let run = bench.start("while True: pass", 1);
    std::thread::sleep(Duration::from_millis(300));
    bench.handle.send(Command::Cancel { run, only: None, how: Interrupt::Soft });
    assert!(matches!(bench.finish(run).0[0], Cell::Cancelled));
    assert_eq!(bench.value("kept"), "5");
}

#[test]
fn a_call_that_takes_too_long_is_timed_out_and_the_session_lives() {
    let mut bench = Bench::with("local");
    assert_eq!(bench.value("1"), "1");
    let run = bench.start_with("import time; time.sleep(60)", 1, Some(Duration::from_millis(300)));
    assert!(matches!(bench.finish(run).0[0], Cell::TimedOut { .. }));
    assert_eq!(bench.value("2"), "2");
}

#[test]
fn an_agent_that_dies_is_lost_in_words_and_comes_back_when_asked() {
    let mut bench = Bench::with("local");
    let run = bench.start("import os; os._exit(7)", 1);
    let (cells, ..) = bench.finish(run);
    assert!(matches!(&cells[0], Cell::Lost { why } if why.contains("exit code 7")), "{cells:?}");
    assert_eq!(bench.value("'again'"), "'again'");
}

#[test]
fn each_way_of_not_starting_is_a_stage_and_holds_up_nobody() {
    let mut bench = Bench::with(
        "local,cmd:\"/nonexistent/program\",cmd:\"sh -c 'echo no entry >&2; exit 3'\",local:x?python=/nonexistent/python,cmd:\"sh -c 'sleep 60; {}'\"",
    );
    let begun = Instant::now();
    let run = bench.start("'up'", 5);
    let (cells, ..) = bench.finish(run);
    let mut told: Vec<String> = cells
        .iter()
        .map(|cell| match cell {
            Cell::Value { value } => value.repr(10),
            Cell::Unreachable { failure } => format!("{}: {}", failure.stage.name(), failure.said),
            other => other.name().to_owned(),
        })
        .collect();
    told.sort();
    assert_eq!(told, ["'up'", "connect: ", "connect: no entry", "interpreter: ", "start: "]);
    assert!(begun.elapsed() < Duration::from_secs(50));
}

#[test]
fn a_result_over_the_cap_is_refused_and_the_link_lives() {
    let mut bench = Bench::with("local");
    assert!(matches!(bench.one("'x' * 10_000_000"), Cell::Value { .. }));
    let Cell::Raised { error } = bench.one("'x' * 30_000_000") else { panic!("it was taken") };
    assert!(error.kind == "hailer.TooLarge" && error.message.contains("30000"), "{error:?}");
    assert_eq!(bench.value("1"), "1");
}

#[test]
fn the_engine_tells_of_its_targets_and_ends_when_told() {
    let mut bench = Bench::with("local");
    bench.handle.send(Command::Connect(vec![TargetId(0)]));
    let (mut ready, mut latency) = (false, false);
    while !(ready && latency) {
        match bench.next().expect("the engine ended") {
            Event::Target { change: TargetChange::Link(LinkState::Ready(info)), .. } => {
                ready = info.python >= (2, 7, 0) && info.pid > 0;
            }
            Event::Target { change: TargetChange::Latency(_), .. } => latency = true,
            _ => {}
        }
    }
    bench.handle.send(Command::Shutdown);
    let begun = Instant::now();
    while bench.next().is_some() {}
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn many_runs_may_wait_for_one_link() {
    let mut bench = Bench::with("local");
    let runs: Vec<RunId> = (0..600).map(|at| bench.start(&at.to_string(), 1)).collect();
    let mut values = 0;
    let mut finished = 0;
    while finished < runs.len() {
        match bench.next().expect("the engine ended") {
            Event::Run { change: RunChange::Cell { cell: Cell::Value { .. }, .. }, .. } => values += 1,
            Event::Run { change: RunChange::Finished, .. } => finished += 1,
            _ => {}
        }
    }
    assert_eq!(values, runs.len());
}

#[test]
fn an_engine_that_ends_in_the_middle_gives_every_target_its_final_state() {
    let mut bench = Bench::with("local,cmd:\"sh -c 'exec sleep 60'\",local:other");
    assert_eq!(bench.value("1"), "1");
    let targets = (0..3).map(TargetId).collect();
    let code = "import time; time.sleep(60)".to_owned();
    let run = RunId(99);
    bench.handle.send(Command::Run(RunSpec { fanout: Some(2), ..RunSpec::new(run, code, targets) }));
    std::thread::sleep(Duration::from_millis(300));
    bench.handle.send(Command::Shutdown);
    let mut names: Vec<_> = bench.finish(run).0.iter().map(Cell::name).collect();
    names.sort_unstable();
    assert_eq!(names, ["cancel unconfirmed", "skipped", "skipped"]);
    let begun = Instant::now();
    while bench.next().is_some() {}
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_connect_that_a_busy_host_refused_stands_in_line_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let asked = folder.path().join("asked").display().to_string();
    let refuse = "echo kex_exchange_identification: Connection closed by remote host >&2; exit 255";
    let mut bench =
        Bench::with(&format!("cmd:\"sh -c 'mkdir {asked} 2>/dev/null && {{ {refuse}; }}; exec {{}}'\""));
    bench.handle.send(Command::Connect(vec![TargetId(0)]));
    let mut states = Vec::new();
    while states.last() != Some(&"ready") {
        if let Event::Target { change: TargetChange::Link(state), .. } =
            bench.next().expect("the engine ended")
        {
            states.push(match state {
                LinkState::Queued => "queued",
                LinkState::Connecting => "connecting",
                LinkState::Booting => "booting",
                LinkState::Ready(_) => "ready",
                other => panic!("{other:?} after {states:?}"),
            });
        }
    }
    assert_eq!(states, ["queued", "connecting", "queued", "connecting", "booting", "ready"]);
}

#[test]
fn a_run_cancelled_while_targets_connect_loses_no_link_that_is_up() {
    let mut bench = Bench::with("local,cmd:\"sh -c 'sleep 60; {}'\",cmd:\"sh -c 'sleep 61; {}'\"");
    bench.value("kept = 5");
    for how in [Interrupt::Soft, Interrupt::Hard] {
        let run = bench.start("kept", 3);
        let (mut answered, mut connecting) = (false, 0);
        while !(answered && connecting == 2) {
            match bench.next().expect("the engine ended") {
                Event::Run { change: RunChange::Cell { cell: Cell::Value { .. }, .. }, .. } => {
                    answered = true;
                }
                Event::Run { change: RunChange::Cell { cell: Cell::Connecting, .. }, .. } => connecting += 1,
                _ => {}
            }
        }
        bench.handle.send(Command::Cancel { run, only: None, how });
        let names: Vec<_> = bench.finish(run).0.iter().map(Cell::name).collect();
        assert_eq!(names, ["skipped", "skipped"]);
        assert_eq!(bench.value("kept"), "5");
    }
}

#[test]
fn an_engine_with_nothing_open_ends_at_once() {
    let mut bench = Bench::with("local");
    std::thread::sleep(Duration::from_millis(100));
    while bench.events.try_recv().is_ok() {}
    let begun = Instant::now();
    bench.handle.send(Command::Shutdown);
    while bench.next().is_some() {}
    // Links that are open get a second to close.
    assert!(begun.elapsed() < Duration::from_millis(900), "{:?}", begun.elapsed());
}

#[test]
fn where_a_call_stands_is_told_while_it_goes_on() {
    let mut bench = Bench::with("local");
    let stuck = bench.start("import time\ndef work():\n    time.sleep(1000)\nwork()", 1);
    let told = loop {
        let told = bench.value("stacks('<run 1>')");
        if told.contains("sleep") {
            break told;
        }
    };
    assert!(told.contains("work  <run 1>:3  time.sleep(1000)\\n<module>  <run 1>:4  work()"), "{told}");
    bench.handle.send(Command::Cancel { run: stuck, only: None, how: Interrupt::Soft });
    assert!(matches!(bench.finish(stuck).0[..], [Cell::Cancelled]));
}
