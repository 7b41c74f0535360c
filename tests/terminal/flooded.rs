//! Ways out of the console, and back into it, while a host writes as fast as it can.

use rustix::process::Signal;

use crate::console::{CTRL_Z, Console, hailer};

const FLOOD: &str = "import sys\nwhile True: sys.stderr.write('x' * 90 + chr(10))";

/// A console whose host has begun to flood it.
fn flooded(console: &Console) {
    // As a paste: typed, the editor would indent it.
    console.screen.keys(&format!("\x1b[200~{FLOOD}\x1b[201~"));
    console.screen.wait_for("chr(10)");
    console.screen.keys(crate::console::F5);
    console.screen.wait_for("xxxxxxxxxx");
}

#[test]
fn a_signal_ends_it_in_a_flood_too() {
    let mut console = Console::ready();
    flooded(&console);
    console.signal(Signal::TERM);
    assert_eq!(console.screen.ended(), 143);
    assert!(!console.screen.modes().alternate_screen);
    console.all_gone();
}

#[test]
fn control_z_and_fg_work_in_a_flood_too() {
    let arguments = ["--norc", "--noprofile", "-i"];
    let console = Console::of("/bin/bash".as_ref(), &arguments, &[("PS1", "shell% ")], 100, 30);
    let screen = &console.screen;
    screen.wait_for("shell%");
    screen.keys(&format!("{} --no-config local\n", hailer().display()));
    screen.wait_for("1 ready");
    flooded(&console);
    screen.keys(CTRL_Z);
    screen.wait_for("again"); // a run is under way: it is asked twice
    screen.keys(CTRL_Z);
    screen.wait_for("Stopped");
    screen.keys("echo in the $((1 + 1))nd shell\n");
    screen.wait_for("in the 2nd shell");
    screen.keys("fg\n");
    screen.wait_for("xxxxxxxxxx");
    screen.keys("\x11");
    screen.wait_for("again cancels it and quits");
    screen.keys("\x11");
    screen.wait_modes("the shell's screen", |modes| !modes.alternate_screen);
    screen.keys("echo status $?\n");
    screen.wait_for("status 0");
}
