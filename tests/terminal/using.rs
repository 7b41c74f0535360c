//! Starting, typing, running, cancelling.

use crate::console::{CTRL_C, Console, F5, NOTHING_RAN, script};

#[test]
fn the_first_frame_waits_for_no_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let slow = script(folder.path(), "slow", "#!/bin/sh\nsleep 60\n");
    let console =
        Console::start(&["--no-config", "--python", slow.to_str().expect("a name"), "local"], &[], 100, 30);
    let screen = console.screen.wait_for("target");
    // How soon it comes the bench measures; here the host is still on its way when it does.
    let before = ["1 ready", "unreachable"].iter().all(|state| !screen.contains(state));
    assert!(screen.contains("1 target ") && before, "{screen}");
}

#[test]
fn it_starts_with_no_configuration_and_no_target_named() {
    let console = Console::start(&[], &[], 100, 30);
    let screen = console.screen.wait_for("1 ready");
    assert!(screen.contains("→ 1 host · local") && screen.contains(NOTHING_RAN), "{screen}");
}

#[test]
fn code_is_typed_and_run_and_its_value_stands_in_the_grid() {
    let console = Console::ready();
    console.run("21001 * 3");
    console.screen.wait_for("63003");
}

#[test]
fn what_a_host_writes_comes_in_the_lines_pane() {
    let console = Console::ready();
    console.run("import sys; print('out' + 'spoken'); print('err' + 'spoken', file=sys.stderr)");
    console.screen.wait("both lines", |text| text.contains("outspoken") && text.contains("errspoken"));
}

#[test]
fn a_syntax_error_is_told_and_nothing_is_sent() {
    let console = Console::ready();
    console.run("1 +");
    let screen = console.screen.wait_for("nothing was sent: line 1, column 4");
    assert!(screen.contains(NOTHING_RAN), "{screen}");
}

#[test]
fn enter_runs_a_complete_line_and_nothing_else() {
    let console = Console::ready();
    console.screen.keys("21001 * (\r3)");
    console.screen.wait("a second line", |text| text.lines().any(|line| line.contains("│3)")));
    assert!(console.screen.text().contains(NOTHING_RAN));
    console.screen.keys("\x03");
    console.screen.wait_for("cleared");
    console.screen.keys("21001 * 3\r");
    console.screen.wait_for("63003");
}

#[test]
fn a_paste_never_runs() {
    let console = Console::ready();
    console.screen.keys("\x1b[200~kept = 21001\rkept * 3\r\x1b[201~");
    let screen = console.screen.wait_for("kept * 3");
    assert!(screen.contains(NOTHING_RAN), "{screen}");
    // Keys are taken in order: had the paste run something, this run were the second.
    console.screen.keys(F5);
    let screen = console.screen.wait_for("63003");
    assert!(screen.contains("run 1 "), "{screen}");
}

#[test]
fn control_c_cancels_then_clears_then_asks_then_quits() {
    let mut console = Console::ready();
    let screen = &console.screen;
    console.run("kept = 21001");
    screen.wait("the first run's end", |text| text.contains("run 1 ") && text.contains("1 equal"));
    screen.keys(CTRL_C);
    screen.wait_for("cleared");
    console.run("while True: pass");
    screen.wait_for("running");
    screen.keys(CTRL_C);
    screen.wait_for("cancelled");
    screen.keys(CTRL_C);
    screen.wait("an empty editor", |text| !text.contains("while True"));
    console.run("kept * 3");
    screen.wait_for("63003");
    screen.keys(CTRL_C);
    screen.wait("an empty editor", |text| !text.contains("kept * 3"));
    screen.keys(CTRL_C);
    screen.wait_for("again to quit");
    screen.keys(CTRL_C);
    assert_eq!(console.screen.ended(), 0);
    console.all_gone();
}

#[test]
fn control_c_while_hosts_connect_loses_no_link_that_is_up() {
    let targets = ["local", "cmd:\"sh -c 'sleep 600; {}'\""];
    let console = Console::start(&[&["--no-config"], &targets[..]].concat(), &[], 100, 30);
    let screen = &console.screen;
    screen.wait_for("1 ready");
    console.run("kept = 21001; kept + 1");
    screen.wait("the one answer", |text| text.contains("21002") && text.contains("connecting"));
    screen.keys(CTRL_C);
    screen.wait("the run's end", |text| text.contains("skipped") && text.contains("1 ready"));
    screen.keys(CTRL_C);
    screen.wait_for("cleared");
    console.run("kept * 3");
    screen.wait_for("63003");
}

#[test]
fn without_colour_no_colour_is_written() {
    let console = Console::start(&["--no-config", "local"], &[("NO_COLOR", "1")], 100, 30);
    console.screen.wait_for("1 ready");
    console.run("print('\\033[31m' + 'red' + 'word')");
    console.screen.wait_for("redword");
    let raw = console.screen.raw();
    let codes = colour_codes(&raw);
    assert!(codes.is_empty(), "{codes:?}");

    let console = Console::ready();
    assert!(!colour_codes(&console.screen.raw()).is_empty(), "colours are found where there are some");
}

/// The parameters of SGR sequences that set a colour.
fn colour_codes(raw: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(raw);
    let sequences = text.split("\x1b[").skip(1).filter_map(|rest| {
        let end = rest.find(|char: char| char.is_ascii_alphabetic())?;
        rest[end..].starts_with('m').then(|| rest[..end].to_owned())
    });
    let sets_colour = |code: &str| matches!(code.parse(), Ok(30..=38 | 40..=48 | 58 | 90..=107));
    sequences.filter(|codes| codes.split([';', ':']).any(sets_colour)).collect()
}
