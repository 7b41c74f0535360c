//! Pictures of the whole screen.

use std::time::Duration;

use hailer::engine::command::RunId;
use hailer::engine::event::{Cell, RunChange};
use hailer::engine::target::{LinkState, Origin};
use hailer::tui::glyphs;
use hailer::tui::theme::Depth;
use hailer::tunnel::{Failure, Stage};

use crate::drive::Drive;

/// A run with outliers on hosts of which one cannot be reached.
fn session(mut drive: Drive) -> Drive {
    drive = drive.fleet(&["web1", "web2", "web3", "db1"]);
    let id = drive.found("db2", Origin::Named);
    let failure = Failure { stage: Stage::Connect, why: "connection refused".into(), said: String::new() };
    drive.link(id, LinkState::Unreachable(failure.clone()));
    drive.found("docker:cache", Origin::Docker);
    drive.keys("import shutil<alt-2><enter>").runs();
    drive.keys("<ctrl-c><ctrl-c><ctrl-c>").effects();
    drive.run(RunId(1), RunChange::Finished);
    drive.keys("<ctrl-c>for i in range(3):<enter>emit(f'{i}')  # each").keys("<f5>").runs();
    drive.wait(3_200);
    drive.value(2, "web1", 17).value(2, "web2", 17).value(2, "web3", 3);
    drive.raised(2, "db1", "ZeroDivisionError", "division by zero");
    drive.cell(2, "db2", Cell::Unreachable { failure });
    drive.run(RunId(2), RunChange::Finished);
    drive.line("web1", "starting").line("db1", "\u{1b}[33mwarning\u{1b}[0m: low space");
    drive.wait(6_000);
    drive
}

#[test]
fn the_usual_sizes() {
    for (width, height) in [(80, 24), (120, 40), (200, 50)] {
        let screen = session(Drive::new(width, height)).screen();
        insta::assert_snapshot!(format!("whole_{width}x{height}"), screen);
    }
}

#[test]
fn colours_none_and_ascii() {
    insta::assert_snapshot!("colours", session(Drive::new(80, 24)).painted());
    let plain = Drive::with(80, 24, &glyphs::UNICODE, Depth::Plain);
    insta::assert_snapshot!("no_colours", session(plain).painted());
    let screen = session(Drive::with(80, 24, &glyphs::ASCII, Depth::Ansi)).screen();
    assert!(screen.is_ascii(), "{screen}");
    insta::assert_snapshot!("ascii", screen);
}

#[test]
fn small_sizes_show_one_pane_with_tabs() {
    insta::assert_snapshot!("small_50x12", session(Drive::new(50, 12)).screen());
    insta::assert_snapshot!("tiny_12x3", session(Drive::new(12, 3)).screen());
}

#[test]
fn overlays() {
    let shown = |keys: &str| session(Drive::new(100, 30)).keys(keys).screen();
    insta::assert_snapshot!("help", shown("<alt-3>?"));
    insta::assert_snapshot!("help_narrowed", shown("<f1>sort"));
    insta::assert_snapshot!("palette", shown("<f2>can"));
    insta::assert_snapshot!("messages", shown("<alt-3>M"));
}

#[test]
fn the_editor() {
    let mut drive = Drive::new(80, 24).fleet(&["web1"]);
    drive.keys("def f(x):<enter>return 'é' + 1  # no<enter>f(<enter>");
    insta::assert_snapshot!("editor_colours", drive.painted());
    drive.keys("<f5>");
    insta::assert_snapshot!("editor_refused", drive.screen());
    drive.keys("<f3>ret");
    insta::assert_snapshot!("editor_search", drive.screen());
}

#[test]
fn a_toast_goes_after_five_seconds() {
    let mut drive = Drive::new(80, 24);
    drive.keys("<f5>");
    assert!(drive.screen().contains("no host is selected"));
    let left = drive.next_clock().expect("it changes by itself");
    assert!(left <= Duration::from_secs(5));
    drive.wait(5_000);
    assert!(!drive.screen().contains("no host is selected"));
}

#[test]
fn a_question() {
    let names: Vec<_> = (1..=60).map(|number| format!("web{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut drive = Drive::new(100, 30).fleet(&names);
    drive.keys("import os<f5>");
    insta::assert_snapshot!("confirm", drive.screen());
}

#[test]
fn a_nested_fleet() {
    for (width, height) in [(80, 24), (200, 50)] {
        let mut drive = Drive::new(width, height).fleet(&["db1"]);
        drive.found("bastion", Origin::Hop);
        let web1 = drive.under("bastion", "bastion/web1", Origin::Named);
        drive.link(web1, LinkState::Connecting);
        drive.under("bastion/web1", "bastion/web1/docker:app", Origin::Code);
        drive.under("bastion/web1", "bastion/web1?sudo", Origin::Named);
        drive.under("bastion", "bastion/web2", Origin::Named);
        insta::assert_snapshot!(format!("nested_{width}x{height}"), drive.screen());
    }
}
