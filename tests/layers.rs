//! The three worlds keep their direction: a lower room never names an upper one.

#![allow(clippy::expect_used)] // a test helper may give up

use std::fs;
use std::path::{Path, PathBuf};

/// Room, and the words that no file in it may hold outside comments.
const RULES: &[(&str, &[&str])] = &[
    (
        "wire",
        &[
            "tokio",
            "std::fs",
            "std::net",
            "std::process",
            "ratatui",
            "crossterm",
            "crate::tunnel",
            "crate::link",
            "crate::inventory",
            "crate::engine",
            "crate::model",
            "crate::print",
            "crate::tui",
        ],
    ),
    (
        "tunnel",
        &[
            "ratatui",
            "crossterm",
            "crate::link",
            "crate::engine",
            "crate::model",
            "crate::print",
            "crate::tui",
        ],
    ),
    (
        "library",
        &[
            "tokio",
            "ratatui",
            "crossterm",
            "crate::tunnel",
            "crate::link",
            "crate::inventory",
            "crate::engine",
            "crate::model",
            "crate::print",
            "crate::tui",
        ],
    ),
    ("link", &["ratatui", "crossterm", "crate::engine", "crate::model", "crate::print", "crate::tui"]),
    ("inventory", &["ratatui", "crossterm", "crate::link", "crate::model", "crate::print", "crate::tui"]),
    ("engine", &["ratatui", "crossterm", "crate::model", "crate::print", "crate::tui"]),
    (
        "model",
        &[
            "tokio",
            "std::fs",
            "std::io",
            "std::net",
            "std::process",
            "std::env",
            "Instant::now",
            "SystemTime::now",
            "ratatui",
            "crossterm",
            "crate::tunnel::local",
            "crate::link",
            "crate::print",
            "crate::tui",
        ],
    ),
    ("print", &["ratatui", "crossterm", "crate::tui"]),
];

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// The text without comments, and without what follows `#[cfg(test)]` (tests stand last in a file).
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| !line.trim_start().starts_with("#[cfg(test)]"))
        .map(|(number, line)| (number + 1, line.split("//").next().unwrap_or("")))
}

#[test]
fn no_room_names_one_above_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut broken = Vec::new();
    for (room, forbidden) in RULES {
        let mut found = Vec::new();
        files(&src.join(room), &mut found);
        assert!(!found.is_empty(), "no files in src/{room}: the rule guards nothing");
        for path in found {
            let text = fs::read_to_string(&path).expect("a readable file");
            for (number, line) in code(&text) {
                for word in forbidden.iter().filter(|word| line.contains(**word)) {
                    broken.push(format!("{}:{number} names `{word}`", path.display()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
