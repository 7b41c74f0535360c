//! Every way out of the console, and back into it: the terminal is as it was, and no process is left.

use rustix::process::Signal;

use crate::console::{CTRL_C, CTRL_Z, Console, hailer, script};
use crate::pty::{Modes, Screen};

/// A terminal that knows the kitty protocol, so that there is the most to restore.
const KITTY: (&str, &str) = ("TERM", "xterm-kitty");

/// Starts a console, checks that it has taken the terminal, lets it end in some way; its exit code.
fn leave(env: &[(&str, &str)], end: impl FnOnce(&Console)) -> u32 {
    leave_one_of("local", env, end)
}

/// The same with this target.
fn leave_one_of(target: &str, env: &[(&str, &str)], end: impl FnOnce(&Console)) -> u32 {
    let env: Vec<_> = [KITTY].iter().chain(env).copied().collect();
    let fresh = Console::of("/bin/true".as_ref(), &[], &[], 100, 30);
    let (modes, termios) = (fresh.screen.modes(), fresh.screen.termios());
    let mut console = Console::start(&["--no-config", target], &env, 100, 30);
    console.screen.wait_modes("a full screen", taken);
    end(&console);
    let code = console.screen.ended();
    assert_eq!(console.screen.modes(), modes);
    assert_eq!(console.screen.termios(), termios);
    assert_eq!(kitty_depth(&console.screen), 0);
    console.all_gone();
    code
}

fn taken(modes: Modes) -> bool {
    let mouse = modes.mouse != vt100::MouseProtocolMode::None;
    modes.alternate_screen && modes.bracketed_paste && mouse
}

/// How often the kitty protocol was asked for and not asked back.
fn kitty_depth(screen: &Screen) -> usize {
    let raw = screen.raw();
    let count = |code: &[u8]| raw.windows(code.len()).filter(|bytes| *bytes == code).count();
    let asked = count(b"\x1b[>1u");
    assert!(asked > 0, "the kitty protocol was never asked for");
    asked.abs_diff(count(b"\x1b[<1u"))
}

#[test]
fn quit() {
    let code = leave(&[], |console| {
        console.screen.wait_for("1 ready");
        console.screen.keys("\x11");
    });
    assert_eq!(code, 0);
}

#[test]
fn quit_before_the_host_has_answered() {
    assert_eq!(leave(&[], |console| console.screen.keys("\x1b[21~")), 0);
}

#[test]
fn a_second_quit_leaves_a_run_that_is_under_way() {
    let code = leave(&[], |console| {
        console.screen.wait_for("1 ready");
        console.run("while True: pass");
        console.screen.wait_for("running");
        console.screen.keys("\x11");
        console.screen.wait_for("again cancels it and quits");
        console.screen.keys("\x11");
    });
    assert_eq!(code, 0);
}

#[test]
fn signals_end_it_with_their_status() {
    for (signal, status) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let code = leave(&[], |console| {
            console.screen.wait_for("1 ready");
            console.signal(signal);
        });
        assert_eq!(code, status, "{signal:?}");
    }
}

#[test]
#[cfg_attr(not(debug_assertions), ignore = "only a build for development panics when it is asked to")]
fn a_panic_restores_the_terminal_before_it_is_reported() {
    let code = leave(&[("HAILER_PANIC", "screen")], |console| {
        console.screen.keys("x");
        console.screen.wait_for("panicked");
        let report = report(console);
        assert!(report.contains("thread: main") && report.contains("src/tui/tty.rs"), "{report}");
    });
    assert_eq!(code, 101);
}

#[test]
#[cfg_attr(not(debug_assertions), ignore = "only a build for development panics when it is asked to")]
fn a_panic_of_the_engine_ends_the_console_in_words() {
    let code = leave(&[("HAILER_PANIC", "engine")], |console| {
        console.screen.wait_for("1 ready");
        console.run("'hunter2'");
        console.screen.wait_for("a report is in");
        let report = report(console);
        assert!(report.contains("thread: engine"), "{report}");
        // Neither what was typed nor what the panic's words quote.
        assert!(!report.contains("hunter2") && !report.contains("word\""), "{report}");
    });
    assert_eq!(code, 2);
}

/// What was kept of the panic of a console.
fn report(console: &Console) -> String {
    let folder = console.home.path().join(".local/state/hailer");
    let mut reports = std::fs::read_dir(&folder).expect("a folder").flatten();
    let text = std::fs::read_to_string(reports.next().expect("a report").path()).expect("a report");
    assert!(reports.next().is_none());
    text
}

#[test]
fn closing_links_takes_a_moment_which_is_told_and_can_be_cut_short() {
    let home = tempfile::tempdir().expect("a folder");
    // It relays to a Python, and does not end when its input does.
    let text = "#!/bin/sh\nexport HOME\n\"$@\"\ntrap '' TERM HUP INT\nsleep 60\n";
    let stubborn = script(home.path(), "stubborn", text);
    let target = format!("cmd:\"{} python3\"", stubborn.display());
    let code = leave_one_of(&target, &[], |console| {
        console.screen.wait_for("1 ready");
        console.screen.keys("\x11");
        console.screen.wait_for("closing 1 link");
    });
    assert_eq!(code, 0);
}

#[test]
fn a_terminal_that_goes_away_takes_the_console_and_its_agents_along() {
    let mut console = Console::ready();
    console.run("import time; time.sleep(1000)");
    console.screen.wait_for("running");
    console.screen.close();
    console.all_gone();
}

#[test]
fn a_killed_console_leaves_no_agent() {
    let mut console = Console::ready();
    console.run("while True: pass");
    console.screen.wait_for("running");
    assert!(console.processes().len() > 1, "a console and its agent");
    console.signal(Signal::KILL);
    console.screen.ended();
    console.all_gone();
}

#[test]
fn control_z_gives_the_terminal_to_the_shell_and_fg_brings_the_screen_back() {
    let arguments = ["--norc", "--noprofile", "-i"];
    let env = [("PS1", "shell% "), KITTY];
    let console = Console::of("/bin/bash".as_ref(), &arguments, &env, 100, 30);
    let screen = &console.screen;
    screen.wait_for("shell%");
    let before = screen.modes();
    screen.keys(&format!("{} --no-config local\n", hailer().display()));
    screen.wait_modes("a full screen", taken);
    screen.wait_for("1 ready");
    screen.keys("21001 * 3");
    screen.wait_for("21001 * 3");
    screen.keys(CTRL_Z);
    screen.wait_modes("the shell's screen", |modes| !modes.alternate_screen);
    screen.wait_for("Stopped");
    screen.keys("echo in the $((1 + 1))nd shell\n");
    screen.wait_for("in the 2nd shell");
    assert_eq!(Modes { bracketed_paste: before.bracketed_paste, ..screen.modes() }, before);
    assert_eq!(kitty_depth(screen), 0);
    screen.keys("fg\n");
    screen.wait_modes("a full screen again", taken);
    screen.wait("the screen as it was", |text| text.contains("21001 * 3") && text.contains("1 ready"));
    screen.keys("\x1b[15~");
    screen.wait_for("63003");
    screen.keys("\x11");
    screen.wait_modes("the shell's screen", |modes| !modes.alternate_screen);
    screen.keys("echo status $?\n");
    screen.wait_for("status 0");
    assert_eq!(kitty_depth(screen), 0);
}

#[test]
fn without_a_shell_above_it_control_z_does_no_harm() {
    let console = Console::ready();
    // The terminal is given back for a moment only, which may be over before anybody looks.
    let times = |raw: &[u8], code: &[u8]| raw.windows(code.len()).filter(|bytes| *bytes == code).count();
    let (take, give) = (b"\x1b[?1049h", b"\x1b[?1049l");
    console.screen.keys(CTRL_Z);
    console.screen.wait_raw("the screen taken again", |raw| times(raw, take) == 2);
    assert_eq!(times(&console.screen.raw(), give), 1);
    console.screen.wait_for("1 ready");
    console.run("21001 * 3");
    console.screen.wait_for("63003");
}

#[test]
fn the_editor_of_ones_choice_has_the_terminal_to_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let seen = folder.path().join("seen");
    let text = format!(
        "#!/bin/sh\nstty -a > '{}'\nprintf 'type here:'\nread word\nprintf '%s\\n' \"$word * 3\" > \"$1\"\n",
        seen.display()
    );
    let editor = script(folder.path(), "editor", &text);
    let env = [("EDITOR", editor.to_str().expect("a name"))];
    let console = Console::start(&["--no-config", "local"], &env, 100, 30);
    console.screen.wait_for("1 ready");
    console.screen.keys("\x1bOS");
    console.screen.wait_for("type here:");
    assert!(!console.screen.modes().alternate_screen);
    console.screen.keys("21001\ntyped too early");
    console.screen.wait_modes("a full screen", taken);
    let screen = console.screen.wait_for("21001 * 3");
    assert!(!screen.contains("early"), "{screen}");
    let settings = std::fs::read_to_string(seen).expect("the terminal's settings");
    assert!(settings.contains(" icanon") && settings.contains(" echo "), "{settings}");
    console.screen.keys("\x1b[15~");
    console.screen.wait_for("63003");
    console.screen.keys(CTRL_C);
}
