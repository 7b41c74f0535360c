//! What holds for every pane, whatever it shows and however small it is.

use std::num::NonZeroU16;
use std::time::Instant;

use proptest::prelude::*;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

use crate::engine::command::RunId;
use crate::engine::event::{Cell, Stream};
use crate::engine::target::{LinkState, Origin, TargetId};
use crate::tui::action::{ACTIONS, Action};
use crate::tui::glyphs;
use crate::tui::msg::Subject;
use crate::tui::overlay::details::Details;
use crate::tui::pane::Pane;
use crate::tui::pane::fixture::{self, Desk};
use crate::tui::pane::fleet::FleetPane;
use crate::tui::pane::grid::GridPane;
use crate::tui::pane::lines::LinesPane;
use crate::tui::theme::{Depth, Theme};
use crate::wire::value::Value;

fn panes() -> Vec<Box<dyn Pane>> {
    let cell = |target| Box::new(Details::new(Subject::Cell(RunId(1), TargetId(target))));
    let target = Details::new(Subject::Target(TargetId(11)));
    vec![
        Box::<FleetPane>::default(),
        Box::<GridPane>::default(),
        Box::<LinesPane>::default(),
        cell(1),
        cell(8),
        Box::new(target),
    ]
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    proptest::collection::vec(0..ACTIONS.len(), 0..12)
        .prop_map(|picks| picks.into_iter().map(|pick| ACTIONS[pick].action).collect())
}

/// A fleet, a run and lines in which every text comes from a host that means harm.
fn hostile(text: &str) -> Desk {
    let mut desk = fixture::ran();
    desk.found(20, text, Origin::Named);
    desk.link(20, LinkState::Lost { why: text.to_owned() });
    desk.lines(20, Some(1), Stream::Stderr, &[text]);
    desk.start(2, [1, 2, 20]);
    desk.value(2, 1, Value::from(text));
    desk.value(2, 2, Value::dict([(Value::from(text), Value::from(text))]));
    desk.cell(2, 20, Cell::Lost { why: text.to_owned() });
    desk
}

/// Text that a host would send to take over a terminal.
fn attack() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~]{0,8}",
        "\x1b\\[[0-9;:?<=>]{0,6}[a-zA-Z]",
        "\x1b[\\]P_^][0-9]{0,2};[a-z]{0,6}(\x07|\x1b\\\\)?",
        "[\u{0}-\u{1f}\u{7f}-\u{9f}]{1,3}",
        "[\u{200b}-\u{206f}\u{300}-\u{310}大小👨👩]{1,4}",
    ];
    proptest::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_size_and_no_key_is_too_much(width in 0u16..=60, height in 0u16..=30, x in 0u16..5, keys in actions()) {
        let mut desk = fixture::ran();
        desk.area = Rect::new(x, 1, width, height);
        desk.lines(1, Some(1), Stream::Stderr, &["one", "大小\ttwo"]);
        for mut pane in panes() {
            for key in &keys {
                desk.act(&mut *pane, *key);
            }
            let mut buf = Buffer::filled(Rect::new(0, 0, 70, 34), ratatui::buffer::Cell::new("#"));
            pane.draw(&desk.cx(desk.area), &mut buf);
            for y in 0..34 {
                for x in (0..70).filter(|x| !desk.area.contains((*x, y).into())) {
                    prop_assert_eq!(buf[(x, y)].symbol(), "#", "{} {}", x, y);
                }
            }
        }
    }

    #[test]
    fn a_terminal_shows_what_hosts_say_and_does_nothing_else(text in attack()) {
        let mut desk = hostile(&text);
        desk.area = Rect::new(0, 0, 80, 24);
        for pane in panes() {
            let mut bytes = Vec::new();
            let options = TerminalOptions { viewport: Viewport::Fixed(desk.area) };
            let mut terminal = Terminal::with_options(CrosstermBackend::new(&mut bytes), options).unwrap();
            let draw = |frame: &mut ratatui::Frame<'_>| {
                pane.draw(&desk.cx(desk.area), frame.buffer_mut());
            };
            terminal.draw(draw).unwrap();
            drop(terminal);
            let (rows, columns) = (NonZeroU16::new(24).unwrap(), NonZeroU16::new(80).unwrap());
            let mut screen = vt100::Parser::new_with_callbacks(rows, columns, 0, Alarms::default());
            screen.process(&bytes);
            prop_assert_eq!(&screen.callbacks().0, &Vec::<String>::new());
            let fresh = vt100::Parser::new(rows, columns, 0);
            prop_assert_eq!(screen.screen().input_mode_formatted(), fresh.screen().input_mode_formatted());
            prop_assert!(!screen.screen().alternate_screen());
            for row in 1..23 {
                let side = |column| screen.screen().cell(row, column).map(|cell| cell.contents().to_owned());
                prop_assert_eq!((side(0), side(79)), (Some("│".into()), Some("│".into())), "row {}", row);
            }
        }
    }
}

/// Everything that a terminal was made to do beside showing text.
#[derive(Default)]
struct Alarms(Vec<String>);

impl vt100::Callbacks for Alarms {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.0.push("bell".into());
    }
    fn set_window_title(&mut self, _: &mut vt100::Screen, title: &[u8]) {
        self.0.push(format!("title {title:?}"));
    }
    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], data: &[u8]) {
        self.0.push(format!("clipboard {data:?}"));
    }
    fn unhandled_control(&mut self, _: &mut vt100::Screen, byte: u8) {
        self.0.push(format!("control {byte}"));
    }
    fn unhandled_osc(&mut self, _: &mut vt100::Screen, params: &[&[u8]]) {
        self.0.push(format!("osc {params:?}"));
    }
}

#[test]
fn states_are_told_without_colours_and_without_unicode() {
    let mut desk = fixture::ran();
    desk.glyphs = glyphs::ASCII;
    desk.theme = Theme::plain(Depth::Plain);
    desk.area = Rect::new(0, 0, 80, 20);
    desk.lines(1, Some(1), Stream::Stderr, &["\x1b[31mred\x1b[0m"]);
    for (name, pane) in ["fleet", "grid", "lines"].into_iter().zip(panes()) {
        let buf = desk.buffer(&*pane, desk.area);
        for cell in &buf.content {
            use ratatui::style::Color::Reset;
            assert_eq!((cell.fg, cell.bg), (Reset, Reset), "{name}: {}", cell.symbol());
        }
        insta::assert_snapshot!(format!("plain_{name}"), fixture::text_of(&buf));
    }
}

/// A fleet of a thousand, their answers, and many lines.
fn thousand() -> Desk {
    let mut desk = Desk::default();
    for id in 0..1_000 {
        desk.found(id, &format!("web{id}"), Origin::Named);
        desk.ready(id, 900);
    }
    desk.start(1, 0..1_000);
    for id in 0..1_000 {
        let field = |at: i64| (Value::from(&*format!("field{at}")), Value::from(at * i64::from(id % 300)));
        desk.value(1, id, Value::dict((0..40).map(field)));
        let line = format!("\x1b[3{}m{}\x1b[0m {}", id % 8, "word ".repeat(30), "大小".repeat(10));
        desk.lines(id, Some(1), Stream::Stderr, &[line.as_str(); 20]);
    }
    desk
}

/// The bound is for release builds; a debug build on a busy machine gets ten times as long.
#[test]
fn a_frame_of_all_panes_takes_a_millisecond() {
    let desk = thousand();
    let (upper, lower) = (Rect::new(0, 0, 200, 25), Rect::new(0, 25, 200, 25));
    let (left, right) = (Rect { width: 50, ..upper }, Rect { x: 50, width: 150, ..upper });
    let (fleet, grid, lines) = (FleetPane::default(), GridPane::default(), LinesPane::default());
    let mut buf = Buffer::empty(Rect::new(0, 0, 200, 50));
    let mut frame = || {
        let start = Instant::now();
        buf.reset();
        fleet.draw(&desk.cx(left), &mut buf);
        grid.draw(&desk.cx(right), &mut buf);
        lines.draw(&desk.cx(lower), &mut buf);
        start.elapsed()
    };
    let first = frame();
    let best = (0..20).map(|_| frame()).min().unwrap_or(first);
    println!("first frame {first:?}, best of 20 {best:?}");
    let bound = if cfg!(debug_assertions) { 20 } else { 1 };
    assert!(best.as_millis() < bound, "{best:?}");
}
