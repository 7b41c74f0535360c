//! No size breaks anything.

use ratatui::crossterm::event::Event as Input;

use crate::drive::Drive;

/// A session with something in every pane.
fn session() -> Drive {
    let mut drive = Drive::new(80, 24).fleet(&["web1", "web2", "db1"]);
    drive.keys("for host in x:<enter>emit('é漢')<f5>").runs();
    drive.value(1, "web1", 42).raised(1, "db1", "OSError", "no space left on device");
    drive.line("web1", "a line\twith \u{1b}[31mcolour\u{1b}[0m and 漢字");
    drive
}

#[test]
fn every_size_in_every_state_is_drawn() {
    let states = [
        "",
        "<alt-1>",
        "<alt-1>/we",
        "<alt-3>",
        "<alt-3>/x",
        "<alt-3><enter>",
        "<alt-4>",
        "<alt-4>/a<enter>",
        "<f3>emit",
        "<f1>",
        "<f1>run",
        "<f2>zz",
        "<f1><esc><alt-3>M",
        "<f11>",
        "<ctrl-c>",
    ];
    for keys in states {
        let mut drive = session();
        drive.keys(keys);
        for width in 0..=60 {
            for height in 0..=30 {
                drive.input(Input::Resize(width, height));
                drive.buffer();
                if let Some(place) = drive.cursor {
                    assert!(place.x < width && place.y < height, "{keys} at {width}×{height}: {place}");
                }
            }
        }
        for (width, height) in [(80, 16), (79, 15), (120, 10), (300, 100)] {
            drive.input(Input::Resize(width, height));
            drive.buffer();
        }
    }
}
