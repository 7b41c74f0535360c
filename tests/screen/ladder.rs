//! What Ctrl-C, Esc and the keys that leave do, step by step.

use hailer::engine::command::{Command, Interrupt, RunId};
use hailer::engine::event::RunChange;
use hailer::tui::msg::{Effect, Msg, Outcome, Signal};

use crate::drive::Drive;

fn cancel(how: Interrupt) -> Vec<Effect> {
    vec![Effect::Engine(Command::Cancel { run: RunId(1), only: None, how })]
}

fn quit() -> Vec<Effect> {
    vec![Effect::Engine(Command::Shutdown), Effect::Quit(Outcome::Done)]
}

#[test]
fn control_c_cancels_then_forces_then_closes_then_clears_then_quits() {
    let mut drive = Drive::new(120, 40).fleet(&["web1"]);
    drive.keys("f()<f5>").runs();
    drive.keys("<f1>");
    assert_eq!(drive.keys("<ctrl-c>").effects(), cancel(Interrupt::Soft));
    assert_eq!(drive.keys("<ctrl-c>").effects(), cancel(Interrupt::Hard));
    drive.run(RunId(1), RunChange::Finished);
    assert!(drive.screen().contains("help"));
    assert_eq!(drive.keys("<ctrl-c>").effects(), []);
    assert!(!drive.screen().contains("those of this pane first"));
    assert!(drive.screen().contains("f()"));
    assert_eq!(drive.keys("<ctrl-c>").effects(), []);
    assert!(!drive.screen().contains("f()"));
    assert_eq!(drive.keys("<ctrl-c>").effects(), []);
    assert!(drive.screen().contains("Ctrl-C again to quit"));
    assert_eq!(drive.keys("<ctrl-c>").effects(), quit());
}

#[test]
fn what_was_cleared_can_be_brought_back() {
    let mut drive = Drive::new(120, 40).fleet(&["web1"]);
    drive.keys("precious()<ctrl-c><ctrl-_>");
    assert!(drive.screen().contains("precious()"), "{}", drive.screen());
}

#[test]
fn the_second_press_counts_only_for_a_moment_and_not_after_another_key() {
    let mut drive = Drive::new(120, 40);
    drive.keys("<ctrl-c>").wait(1_600);
    assert_eq!(drive.keys("<ctrl-c>").effects(), []);
    drive.keys("<left>");
    assert_eq!(drive.keys("<ctrl-c>").effects(), []);
    assert_eq!(drive.keys("<ctrl-d>").effects(), quit());
}

#[test]
fn quitting_and_sleeping_ask_while_a_run_is_under_way() {
    let mut drive = Drive::new(120, 40).fleet(&["web1"]);
    drive.keys("f()<f5>").runs();
    assert_eq!(drive.keys("<ctrl-z>").effects(), []);
    assert!(drive.screen().contains("Ctrl-Z again to suspend"));
    assert_eq!(drive.keys("<ctrl-z>").effects(), [Effect::Suspend]);
    assert_eq!(drive.keys("<f10>").effects(), []);
    assert!(drive.screen().contains("F10 again"));
    assert_eq!(drive.keys("<f10>").effects(), quit());
    let mut idle = Drive::new(120, 40);
    assert_eq!(idle.keys("<ctrl-z>").effects(), [Effect::Suspend]);
    assert_eq!(idle.keys("<f10>").effects(), quit());
}

#[test]
fn esc_goes_one_step_back_and_never_quits_or_cancels() {
    let mut drive = Drive::new(120, 40).fleet(&["web1"]);
    drive.keys("f()<f5>").runs();
    drive.keys("<f1><f2>").keys("<esc><esc><esc><esc>");
    assert_eq!(drive.effects(), []);
    assert!(drive.screen().contains("f()"));
}

#[test]
fn signals_quit_at_once() {
    let mut drive = Drive::new(120, 40);
    let effects = drive.msg(Msg::Signal(Signal::Terminate)).effects();
    let quit = Effect::Quit(Outcome::Signalled(Signal::Terminate));
    assert_eq!(effects, [Effect::Engine(Command::Shutdown), quit]);
}

#[test]
fn nothing_wakes_when_nothing_happens() {
    let mut drive = Drive::new(120, 40).fleet(&["web1"]);
    assert_eq!(drive.next_clock(), None);
    drive.keys("<ctrl-c>");
    assert!(drive.next_clock().is_some());
    drive.wait(1_600);
    assert_eq!(drive.next_clock(), None);
    drive.keys("f()<f5>").runs();
    assert!(drive.next_clock().is_some());
    drive.run(RunId(1), RunChange::Finished);
    assert_eq!(drive.next_clock(), None);
}
