//! Screens of every size, and screens that change.

use crate::console::{CTRL_C, Console};

#[test]
fn a_storm_of_sizes_leaves_a_right_screen() {
    let console = Console::start(&["--no-config", "local"], &[], 200, 50);
    console.screen.wait_for("1 ready");
    console.run("21001 * 3");
    let before = steady(&console.screen.wait_for("63003"));
    for step in 0..60_u16 {
        let away = step % 31;
        console.screen.resize(200 - away * 6, 50 - away * 3 / 2);
    }
    console.screen.resize(20, 5);
    console.screen.resize(200, 50);
    console.screen.wait("the screen as it was", |text| steady(text) == before);
}

#[test]
fn a_tiny_screen_is_no_reason_to_fall() {
    let mut console = Console::start(&["--no-config", "local"], &[], 10, 3);
    console.screen.wait_modes("a screen", |modes| modes.alternate_screen);
    console.screen.keys("1+1");
    console.screen.resize(1, 1);
    console.screen.resize(2, 2);
    console.screen.resize(100, 30);
    console.screen.wait_for("1+1");
    console.screen.keys(CTRL_C);
    console.screen.wait_for("cleared");
    assert_eq!(console.quit(), 0);
}

/// The screen without what changes by itself: round trips and the age of a run.
fn steady(text: &str) -> String {
    let plain =
        |line: &str| line.split_whitespace().filter(|word| !is_time(word)).collect::<Vec<_>>().join(" ");
    text.lines().map(plain).collect::<Vec<_>>().join("\n")
}

fn is_time(word: &str) -> bool {
    let word = word.trim_matches(|char: char| !char.is_ascii_alphanumeric());
    word == "s"
        || word.parse::<f64>().is_ok() && word.contains('.')
        || word.ends_with("ms")
        || word.ends_with("ms││")
}
