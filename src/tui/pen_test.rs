use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::tui::pane::fixture::{Desk, text_of};

/// Draws into one row with a wall on its right.
fn drawn(text: &str, width: u16, look: Look<'_>) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, width + 1, 1));
    buf[(width, 0)].set_symbol("│");
    let desk = Desk::default();
    Pen::new(&desk.cx(Rect::ZERO), Rect::new(0, 0, width, 1), 0, &mut buf).write(text, look);
    buf
}

fn row(text: &str, width: u16) -> String {
    text_of(&drawn(text, width, Look::default()))
}

#[test]
fn what_does_not_fit_is_cut_with_a_sign() {
    assert_eq!(row("hello", 5), "hello│");
    assert_eq!(row("hello!", 5), "hell…│");
    assert_eq!(row("大小大", 5), "大小…│");
    assert_eq!(row("大小大", 4), "大 …│");
    assert_eq!(row("x", 0), "│");
}

#[test]
fn columns_can_be_left_out_even_in_the_middle_of_a_wide_character() {
    let skipped = |skip| text_of(&drawn("a大b", 4, Look { skip, ..Look::default() }));
    assert_eq!(skipped(1), "大b │");
    assert_eq!(skipped(2), " b  │");
    assert_eq!(skipped(9), "    │");
}

#[test]
fn hits_are_marked_where_they_are_seen() {
    let hit = Style::new().add_modifier(Modifier::REVERSED);
    let hits = std::iter::once(3..5).collect::<Vec<_>>();
    let buf = drawn("é abc", 6, Look { hits: &hits, hit, skip: 1, ..Look::default() });
    let marked: Vec<bool> = (0..6).map(|x| buf[(x, 0)].modifier.contains(Modifier::REVERSED)).collect();
    assert_eq!(marked, [false, true, true, false, false, false]);
}

#[test]
fn a_hosts_colours_are_kept_and_given_up_without_colours() {
    let buf = drawn("\x1b[31mred", 3, Look::default());
    assert_eq!(buf[(0, 0)].fg, Color::Red);
    let desk = Desk { theme: Theme::plain(crate::tui::theme::Depth::Plain), ..Desk::default() };
    let mut buf = Buffer::empty(Rect::new(0, 0, 3, 1));
    Pen::new(&desk.cx(Rect::ZERO), buf.area, 0, &mut buf).write("\x1b[31mred", Style::new());
    assert_eq!(buf[(0, 0)].fg, Color::Reset);
}

#[test]
fn columns_are_filled_up_and_aligned() {
    let desk = Desk::default();
    let mut buf = Buffer::empty(Rect::new(0, 0, 12, 1));
    let mut pen = Pen::new(&desk.cx(Rect::ZERO), buf.area, 0, &mut buf);
    pen.column("ab", 4, Style::new()).column_right("7", 3, Style::new()).leave(2).write("xyz", Style::new());
    assert_eq!(text_of(&buf), "ab    7   x…");
}

#[test]
fn wrapping_takes_wide_characters_whole() {
    assert_eq!(wrap("abcdef", 4, 9), [0, 4]);
    assert_eq!(wrap("abc大d", 4, 9), [0, 3]);
    assert_eq!(wrap("", 4, 9), [0]);
    assert_eq!(wrap(&"x".repeat(100), 10, 3), [0, 10, 20]);
}

proptest! {
    #[test]
    fn the_wall_stays_where_it_is(text in any::<String>(), width in 0u16..30, skip in 0usize..20) {
        let buf = drawn(&text, width, Look { skip, ..Look::default() });
        prop_assert_eq!(buf[(width, 0)].symbol(), "│");
        prop_assert_eq!(text_of(&buf).replace(['\u{ff9e}', '\u{ff9f}'], "x").width(), usize::from(width) + 1);
    }

    #[test]
    fn a_measure_is_what_is_drawn(text in "[a-z大é\u{301}\t\u{1b}]{0,20}") {
        let width = measure(&text, 200);
        let buf = drawn(&text, 200, Look::default());
        prop_assert!((width as u16..200).all(|x| buf[(x, 0)].symbol() == " "));
    }
}

#[test]
fn a_name_loses_its_middle_first() {
    assert_eq!(shortened("docker:hailer-c1", 15, "…"), "docker:…iler-c1");
    assert_eq!(shortened("docker:hailer-c1", 16, "…"), "docker:hailer-c1");
    assert_eq!(shortened("docker:hailer-c1", 5, "…"), "docker:hailer-c1", "the pen cuts what is too narrow");
    assert_eq!(shortened("conteneur-été-1", 8, "…"), "conteneur-été-1");
}
