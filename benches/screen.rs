//! What a person waits for: frames, the first of them, and keys on their way to the screen.
//!
//! `cargo bench --bench screen [-- WORD…]`: rows whose name holds one of the words, or all. The console is the release
//! build, in a real pseudo-terminal, with an emulator at the other end whose own work is part of what is measured.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "../tests/support/pty.rs"]
#[allow(dead_code)]
mod pty;

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use hailer::engine::command::{RunId, RunSpec};
use hailer::engine::event::{Cell, Event, Line, Millis, RunChange, Stream, TargetChange};
use hailer::engine::target::{AgentInfo, Kind, LinkState, Origin, Target, TargetId};
use hailer::model::fleet::Fleet;
use hailer::model::lines::Caps;
use hailer::model::run::Run;
use hailer::tui::app::{App, Setup};
use hailer::tui::glyphs;
use hailer::tui::keys::Keymap;
use hailer::tui::msg::Msg;
use hailer::tui::theme::{Depth, Theme};
use hailer::wire::value::Value;
use pty::Screen;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use support::{Barred, wanted};

const AREA: Rect = Rect::new(0, 0, 200, 50);
const TARGETS: u32 = 1_000;
const OUTLIERS: u32 = 20;
const VALUE: usize = 4096;
const LINES_EACH: usize = 50;
const FRAMES: u64 = 500;
const FOLDS: usize = 30;
const STARTS: usize = 40;
const KEYS: usize = 200;
/// The screen's row in which the editor's first line stands.
const EDITOR_ROW: u16 = 1;
/// Selects the whole code, and deletes it.
const CLEAR: &str = "\x1ba\x7f";
/// 50,000 numbered lines a second, a hundred at a time.
const FLOODING: &str = "import sys, time
number, due = 0, time.time()
while True:
    sys.stderr.write(''.join('flood %d jumps over the lazy dog\\n' % n for n in range(number, number + 100)))
    number += 100
    due += 0.002
    time.sleep(max(0, due - time.time()))
";
const NOW: Millis = Millis(1_000_000);

fn main() {
    let mut rows = Vec::new();
    if wanted("frame") {
        rows.push(Barred::p95("frame, 200×50: 1,000 targets, 50,000 lines", frames(), ms(1)));
    }
    if wanted("fold") {
        rows.push(Barred::p95("fold of 1,000 × 4 KiB", folds(), ms(2)));
    }
    if wanted("first") {
        rows.push(Barred::p50("first frame after exec", first_frames(), ms(30)));
    }
    if wanted("key") {
        rows.push(Barred::p95("key to paint, idle", keys(&ready()), ms(5)));
    }
    if wanted("flood") {
        let (times, lines) = flooded();
        rows.push(Barred::p95(&format!("key to paint, {lines} lines/s"), times, ms(20)));
    }
    support::print_barred(&rows);
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn timed<T>(what: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    std::hint::black_box(what());
    start.elapsed()
}

fn found(id: u32) -> Event {
    let target = Target {
        id: TargetId(id),
        name: format!("web{id}"),
        kind: Kind::Ssh,
        origin: Origin::Named,
        about: String::new(),
        through: None,
    };
    Event::Target { id: TargetId(id), at: NOW, change: TargetChange::Found(target) }
}

fn spec() -> RunSpec {
    let targets = (0..TARGETS).map(TargetId).collect();
    RunSpec::new(RunId(1), "open('/etc/hosts').read()", targets)
}

/// What each host answers: the same text, but for the outliers.
fn answers() -> impl Iterator<Item = RunChange> {
    (0..TARGETS).map(|id| {
        let own = if id.is_multiple_of(TARGETS / OUTLIERS) { id } else { 1 };
        let text = format!("{own:0VALUE$}");
        RunChange::Cell { target: TargetId(id), cell: Cell::Value { value: Value::from(text.as_str()) } }
    })
}

fn lines(id: u32) -> Event {
    let line = |number| {
        let text = format!("{id} says {number}: the quick brown fox jumps over the lazy dog").into();
        Line { at: NOW, stream: Stream::Stderr, text, partial: false, record: None }
    };
    let lines = (0..LINES_EACH).map(line).collect();
    Event::Lines { target: TargetId(id), run: Some(RunId(1)), lines, dropped: 0 }
}

/// The application after a run on all of the fleet.
fn busy() -> App {
    let setup = Setup {
        theme: Theme::plain(Depth::True),
        glyphs: glyphs::UNICODE,
        keymap: Keymap::default(),
        care: hailer::tui::care::Care { confirm_over: 50, ..hailer::tui::care::Care::default() },
        timeout: None,
        fanout: None,
        lines: Caps::default(),
        notices: Vec::new(),
    };
    let mut app = App::new(setup, AREA, NOW);
    let mut tell = |events| drop(app.update(NOW, Msg::Engine(events)));
    tell((0..TARGETS).map(found).collect());
    let link = |id| {
        let change = TargetChange::Link(LinkState::Ready(AgentInfo::default()));
        Event::Target { id: TargetId(id), at: NOW, change }
    };
    tell((0..TARGETS).map(link).collect());
    let run = |change| Event::Run { id: RunId(1), at: NOW, change };
    tell(vec![run(RunChange::Started(spec()))]);
    tell(answers().map(run).collect());
    tell((0..TARGETS).map(lines).collect());
    app
}

/// A frame as the loop builds it, with news before each one so that nothing is left over from the frame before.
fn frames() -> Vec<Duration> {
    let mut app = busy();
    let mut buf = Buffer::empty(AREA);
    (0..FRAMES)
        .map(|frame| {
            let now = Millis(NOW.0 + frame * 100);
            app.update(now, Msg::Engine(vec![lines((frame % u64::from(TARGETS)) as u32)]));
            buf.reset();
            timed(|| {
                app.update(now, Msg::Clock);
                app.draw(AREA, &mut buf)
            })
        })
        .collect()
}

fn folds() -> Vec<Duration> {
    let mut fleet = Fleet::default();
    for event in (0..TARGETS).map(found) {
        if let Event::Target { id, at, change } = event {
            fleet.apply(id, at, change);
        }
    }
    let fold = || {
        let mut run = Run::start(spec(), NOW, &fleet);
        let answers: Vec<_> = answers().collect();
        timed(|| {
            answers.into_iter().for_each(|answer| run.apply(NOW, answer));
            assert_eq!(run.groups().len(), OUTLIERS as usize + 1);
        })
    };
    (0..FOLDS).map(|_| fold()).collect()
}

fn console() -> Screen {
    let program = Path::new(env!("CARGO_BIN_EXE_hailer"));
    Screen::start(program, &["--no-config", "local"], &[], AREA.width, AREA.height)
}

/// From just before the fork to a frame in the emulator.
fn first_frames() -> Vec<Duration> {
    let start = || {
        let start = Instant::now();
        let screen = console();
        screen.wait_for("1 target ");
        let took = start.elapsed();
        quit(screen);
        took
    };
    (0..STARTS).map(|_| start()).collect()
}

fn ready() -> Screen {
    let screen = console();
    screen.wait_for("1 ready");
    screen
}

fn quit(mut screen: Screen) {
    screen.keys("\x11\x11");
    screen.ended();
}

/// Types letters, one after the other, and waits until each stands in the editor.
fn keys(screen: &Screen) -> Vec<Duration> {
    let mut typed = String::new();
    let key = |number: usize| {
        if number.is_multiple_of(60) {
            screen.keys(CLEAR);
            screen.wait("an empty editor", |text| text.contains("the last expression is the value"));
            typed.clear();
        }
        // Keys come at no rhythm of the console's own clocks.
        thread::sleep(Duration::from_micros(20_000 + (number as u64 * 7919) % 30_000));
        let letter = char::from(b'a' + (number % 26) as u8);
        typed.push(letter);
        timed(|| {
            screen.keys(&letter.to_string());
            screen.wait_row(EDITOR_ROW, &typed);
        })
    };
    (0..KEYS).map(key).collect()
}

/// The same while the host writes lines; and how many a second came in.
fn flooded() -> (Vec<Duration>, u64) {
    let screen = ready();
    screen.keys(&format!("\x1b[200~{FLOODING}\x1b[201~\x1b[15~"));
    screen.wait_for("flood 5");
    let (start, before) = (Instant::now(), newest(&screen));
    let times = keys(&screen);
    let came = newest(&screen) - before;
    let rate = came * 1000 / start.elapsed().as_millis() as u64;
    quit(screen);
    (times, rate)
}

/// The number of the newest line in view.
fn newest(screen: &Screen) -> u64 {
    let text = screen.text();
    let numbers = text.split("flood ").skip(1).filter_map(|rest| rest.split(' ').next()?.parse().ok());
    numbers.max().expect("a line of the flood")
}
