//! Events in, text out, byte for byte.

use std::time::Duration;

use super::*;
use crate::engine::command::RunSpec;
use crate::engine::event::{Line, Raised, TargetChange};
use crate::engine::target::{Kind, Origin, Target};
use crate::print::fold::Fold;
use crate::print::json::Json;
use crate::print::table::Table;
use crate::print::text::{Prefix, Text};
use crate::tunnel::{Failure, Stage};
use crate::wire::value::Value;

const RUN: RunId = RunId(1);

fn report(names: &[&str], form: impl Form + 'static) -> Report {
    let targets = (0..).map(TargetId).zip(names.iter().map(|name| (*name).to_owned()));
    Report::new(RUN, targets, Box::new(form), false)
}

fn change(at: u64, change: RunChange) -> Event {
    Event::Run { id: RUN, at: Millis(at), change }
}

fn cell(at: u64, target: u32, cell: Cell) -> Event {
    change(at, RunChange::Cell { target: TargetId(target), cell })
}

fn value(value: impl Into<Value>) -> Cell {
    Cell::Value { value: value.into() }
}

fn item(target: u32, value: impl Into<Value>) -> Event {
    change(5, RunChange::Item { target: TargetId(target), value: value.into() })
}

fn raised() -> Cell {
    let traceback = "Traceback (most recent call last):\n  File \"<run 1>\", line 1, in <module>\n    1/0\n\
                     ZeroDivisionError: division by zero\n";
    Cell::Raised {
        error: Box::new(Raised {
            kind: "ZeroDivisionError".into(),
            message: "division by zero".into(),
            traceback: traceback.into(),
            ..Raised::default()
        }),
    }
}

fn unreachable() -> Cell {
    Cell::Unreachable {
        failure: Failure {
            stage: Stage::Resolve,
            why: "the name has no address".into(),
            said: "ssh: Could not resolve hostname web9\n".into(),
        },
    }
}

fn wrote(target: u32, stream: Stream, text: &str) -> Event {
    let line = Line { at: Millis(0), stream, text: text.into(), partial: false, record: None };
    Event::Lines { target: TargetId(target), run: Some(RUN), lines: vec![line], dropped: 0 }
}

fn started(at: u64) -> Event {
    let spec = RunSpec::new(RUN, "1", Vec::new());
    change(at, RunChange::Started(spec))
}

fn feed(report: &mut Report, events: &[Event]) -> Said {
    let mut said = Said::default();
    for event in events {
        report.take(event, &mut said);
    }
    said
}

fn finished(at: u64) -> Event {
    change(at, RunChange::Finished)
}

#[test]
fn json_lines_are_what_the_readme_says() {
    let mut report = report(&["web1", "web2", "web9", "db1"], Json);
    let said = feed(
        &mut report,
        &[
            started(1000),
            cell(1000, 0, Cell::Queued),
            cell(1001, 0, Cell::Connecting),
            cell(1100, 0, Cell::Running),
            item(0, "half\u{1b}[31m\u{9b}"),
            cell(1112, 0, value(42)),
            cell(1112, 1, Cell::Running),
            cell(1113, 1, raised()),
            cell(1100, 2, Cell::Connecting),
            cell(1200, 2, unreachable()),
            wrote(0, Stream::Stdout, "printed"),
            cell(1300, 3, Cell::Lost { why: "the connection was closed".into() }),
            finished(2200),
        ],
    );
    let expected = concat!(
        r#"{"target":"web1","item":"half\u001b[31m\u009b"}"#,
        "\n",
        r#"{"target":"web1","state":"value","value":42,"type":"int","repr":"42","seconds":0.012}"#,
        "\n",
        r#"{"target":"web2","state":"raised","error":{"type":"ZeroDivisionError","message":"division by zero","#,
        r#""traceback":"Traceback (most recent call last):\n  File \"<run 1>\", line 1, in <module>\n    1/0\n"#,
        r#"ZeroDivisionError: division by zero\n"},"seconds":0.001}"#,
        "\n",
        r#"{"target":"web9","state":"unreachable","stage":"resolve","why":"the name has no address","#,
        r#""said":"ssh: Could not resolve hostname web9\n","seconds":0.1}"#,
        "\n",
        r#"{"target":"db1","state":"lost","why":"the connection was closed","seconds":0.0}"#,
        "\n",
        r#"{"summary":{"value":1,"raised":1,"lost":1,"unreachable":1},"targets":4,"seconds":1.2}"#,
        "\n",
    );
    assert_eq!(said.out, expected);
    assert_eq!(said.err, "web1 │ printed\n");
    assert!(report.is_finished());
    assert_eq!(report.exit_code(), 3);
}

#[test]
fn every_other_state_has_its_json_line() {
    let mut report = report(&["a", "b", "c", "d"], Json);
    let said = feed(
        &mut report,
        &[
            cell(1, 0, Cell::TimedOut { after: Duration::from_millis(2500) }),
            cell(1, 1, Cell::Cancelled),
            cell(1, 2, Cell::CancelUnconfirmed { why: "it said nothing".into() }),
            cell(1, 3, Cell::Skipped { why: "the run was cancelled".into() }),
        ],
    );
    let expected = concat!(
        r#"{"target":"a","state":"timed out","after":2.5,"seconds":0.0}"#,
        "\n",
        r#"{"target":"b","state":"cancelled","seconds":0.0}"#,
        "\n",
        r#"{"target":"c","state":"cancel unconfirmed","why":"it said nothing","seconds":0.0}"#,
        "\n",
        r#"{"target":"d","state":"skipped","why":"the run was cancelled","seconds":0.0}"#,
        "\n",
    );
    assert_eq!(said.out, expected);
    assert_eq!(report.exit_code(), 130);
}

#[test]
fn several_targets_have_their_names_before_each_line_and_failures_on_the_other_side() {
    let mut report = report(&["web1", "web2", "web3", "web9"], Text::new(Prefix::Name, false));
    let said = feed(
        &mut report,
        &[
            started(0),
            item(0, 1_i64),
            cell(10, 0, value(())),
            cell(10, 1, value("two\nlines\n")),
            cell(11, 2, raised()),
            cell(12, 3, unreachable()),
            finished(1240),
        ],
    );
    assert_eq!(said.out, "web1: 1\nweb1: None\nweb2: two\nweb2: lines\n");
    let expected = "web3: raised ZeroDivisionError: division by zero\n  Traceback (most recent call last):\n    \
                    File \"<run 1>\", line 1, in <module>\n      1/0\n  ZeroDivisionError: division by zero\n\
                    web9: unreachable: resolve: the name has no address (ssh: Could not resolve hostname web9)\n\
                    4 targets: 2 value, 1 raised, 1 unreachable (1.2 s)\n";
    assert_eq!(said.err, expected);
}

#[test]
fn one_target_stands_bare() {
    let said = |cells: &[Event]| feed(&mut report(&["local"], Text::new(Prefix::Bare, false)), cells);
    let bare = |text: &str| Said { out: text.into(), ..Said::default() };
    assert_eq!(said(&[cell(1, 0, value("6.1.0")), finished(2)]), bare("6.1.0\n"));
    assert_eq!(said(&[cell(1, 0, value(42)), finished(2)]), bare("42\n"));
    assert_eq!(said(&[item(0, 0_i64), item(0, ()), cell(1, 0, value(())), finished(2)]), bare("0\nNone\n"));
    assert_eq!(said(&[cell(1, 0, value("\u{1b}[1m\n\n"))]), bare("\u{1b}[1m\n\n"));
}

#[test]
fn what_goes_to_a_terminal_cannot_steer_it() {
    let events = [
        cell(1, 0, value("\u{1b}]52;c;x\u{7}")),
        cell(1, 1, Cell::Lost { why: "gone \u{1b}[2J".into() }),
        wrote(1, Stream::Tunnel, "banner \u{1b}c"),
        Event::Notice { at: Millis(1), level: Level::Warning, text: "x\u{7}".into() },
    ];
    let said = feed(&mut report(&["a", "b\u{9b}"], Text::new(Prefix::Name, true)), &events);
    assert_eq!(said.out, "a: ␛]52;c;x␇\n");
    assert_eq!(said.err, "b\\x9b: lost: gone ␛[2J\nb\\x9b │ banner ␛c\nhailer: x␇\n");
}

#[test]
fn following_shows_prints_items_and_progress_as_they_come() {
    let mut report = report(&["web1", "web2"], Text::new(Prefix::Follow, false));
    let said = feed(
        &mut report,
        &[
            wrote(0, Stream::Stdout, "printed"),
            wrote(1, Stream::Stderr, "logged"),
            item(1, "item"),
            change(
                3,
                RunChange::Progress {
                    target: TargetId(0),
                    done: 3.0,
                    total: Some(10.0),
                    text: Some("files".into()),
                },
            ),
            change(4, RunChange::Warning { target: TargetId(1), text: "slow".into() }),
            cell(5, 0, value(())),
            cell(5, 1, value(7)),
        ],
    );
    assert_eq!(said.out, "web1 │ printed\nweb2 │ item\nweb2 │ 7\n");
    assert_eq!(said.err, "web2 │ logged\nweb1 │ 3/10 files\nweb2 │ warning: slow\n");
}

#[test]
fn a_cell_is_counted_once_and_other_runs_are_not_ours() {
    let mut report = report(&["a", "b"], Json);
    let other = Event::Run {
        id: RunId(9),
        at: Millis(1),
        change: RunChange::Cell { target: TargetId(1), cell: raised() },
    };
    let said = feed(&mut report, &[cell(1, 0, value(1)), cell(2, 0, raised()), other, cell(3, 7, raised())]);
    assert_eq!(said.out.lines().count(), 1);
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn an_interrupt_says_how_many_are_open_and_what_comes_next() {
    let mut report = report(&["a", "b", "c"], Json);
    feed(&mut report, &[cell(1, 0, value(1))]);
    assert_eq!(report.interrupt(), "hailer: cancelling 2 targets; Ctrl-C again ends their links at once\n");
    assert_eq!(report.interrupt(), "hailer: cancelling 2 targets; ending their links at once\n");
    let skipped = Cell::Skipped { why: "the run was cancelled".into() };
    feed(&mut report, &[cell(2, 1, skipped), cell(2, 2, value(2)), finished(3)]);
    assert_eq!(report.exit_code(), 130);
}

fn found(target: u32, name: &str) -> Event {
    let target = Target {
        id: TargetId(target),
        name: name.into(),
        kind: Kind::Ssh,
        origin: Origin::Named,
        about: String::new(),
        through: None,
    };
    Event::Target { id: target.id, at: Millis(0), change: TargetChange::Found(target) }
}

/// Four targets, one answer apart from the others, one failure.
fn four(form: impl Form + 'static) -> Said {
    let names = ["api", "cache", "db", "gate"];
    let mut report = report(&names, form);
    let mut events: Vec<Event> = (0..).zip(names).map(|(id, name)| found(id, name)).collect();
    let targets = (0..4).map(TargetId).collect();
    let spec = RunSpec::new(RUN, "1", targets);
    let free = |bytes: i64| Value::dict([("free".into(), bytes.into()), ("fs".into(), "ext4".into())]);
    events.extend([
        change(0, RunChange::Started(spec)),
        item(0, "item"),
        cell(1, 3, raised()),
        cell(2, 2, value(free(7))),
        cell(3, 0, value(free(1234))),
        cell(4, 1, value(free(1234))),
        finished(1500),
    ]);
    feed(&mut report, &events)
}

#[test]
fn equal_answers_fold_and_failures_and_outliers_stand_first() {
    let said = four(Fold::new(false));
    let expected = "api: item\n\
                    gate (1)\n  raised ZeroDivisionError: division by zero\n    Traceback (most recent call last):\n      \
                    File \"<run 1>\", line 1, in <module>\n        1/0\n    ZeroDivisionError: division by zero\n\
                    db (1)\n  {'free': 7, 'fs': 'ext4'}\n\
                    api,cache (2)\n  {'free': 1234, 'fs': 'ext4'}\n";
    assert_eq!(said.out, expected);
    assert_eq!(said.err, "4 targets: 3 value, 1 raised (1.5 s)\n");
}

#[test]
fn a_table_has_a_row_for_every_target_and_a_column_for_every_key() {
    let said = four(Table::new(false));
    let expected = "api: item\n\
                    host   state   time  free  fs\n\
                    api    value         1234  'ext4'\n\
                    cache  value         1234  'ext4'\n\
                    db     value            7  'ext4'\n\
                    gate   raised\n";
    assert_eq!(said.out, expected);
    assert!(said.err.starts_with("gate: raised ZeroDivisionError: division by zero\n  Traceback"));
    assert!(said.err.ends_with("4 targets: 3 value, 1 raised (1.5 s)\n"));
}
