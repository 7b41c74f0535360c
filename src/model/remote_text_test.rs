use std::num::NonZeroU16;

use proptest::prelude::*;

use super::*;

fn shown(text: &str) -> String {
    Glyphs::new(text).map(|glyph| glyph.text).collect()
}

#[test]
fn plain_text_stays_as_it_is() {
    for text in ["", "GET /health 200", "größe 大小", "naïve e\u{301}", "한국어", "ｶﾞ"] {
        assert_eq!(shown(text), text);
    }
    assert!(matches!(plain("abc"), Cow::Borrowed("abc")));
}

#[test]
fn colours_become_attributes_and_leave_the_text() {
    let glyphs: Vec<_> = Glyphs::new("a\x1b[1;31mb\x1b[0mc").collect();
    let texts: Vec<_> = glyphs.iter().map(|glyph| &*glyph.text).collect();
    assert_eq!(texts, ["a", "b", "c"]);
    assert_eq!(glyphs[1].attributes.foreground, Colour::Indexed(1));
    assert!(glyphs[1].attributes.emphasis.contains(Emphasis::BOLD));
    assert_eq!(glyphs[2].attributes, Attributes::default());
}

#[test]
fn attributes_can_be_carried_to_the_next_text() {
    let mut first = Glyphs::new("\x1b[32mok");
    assert_eq!(first.by_ref().count(), 1);
    let next = Glyphs::carried("go on", first.attributes()).next().unwrap();
    assert_eq!(next.attributes.foreground, Colour::Indexed(2));
}

#[test]
fn every_other_control_is_shown() {
    assert_eq!(shown("\x1b[2J\x1b]0;title\x07"), "␛[2J␛]0;title␇");
    assert_eq!(shown("a\0b\rc\nd\x7f"), "a␀b␍c␊d␡");
    assert_eq!(shown("\u{9b}31m"), "\\x9b31m");
    assert_eq!(shown("user\u{202e}txt.exe"), "user\\u{202e}txt.exe");
    assert_eq!(shown("web\u{200b}1\u{e0041}\u{feff}"), "web\\u{200b}1\\u{e0041}\\u{feff}");
    assert_eq!(shown("\x1b[31"), "␛[31");
}

#[test]
fn tabs_go_to_the_next_stop() {
    assert_eq!(shown("a\tb\t"), "a       b       ");
    assert_eq!(shown("12345678\tx"), "12345678        x");
    assert_eq!(shown("大\tx"), "大      x");
}

#[test]
fn marks_stay_on_their_letter_and_are_bounded() {
    let marks = "\u{301}".repeat(6);
    assert_eq!(shown(&format!("e{marks}")), format!("e{}◌\u{301}◌\u{301}", "\u{301}".repeat(4)));
    assert_eq!(shown("\u{301}x"), "◌\u{301}x");
    let glyphs: Vec<_> =
        Glyphs::new("xye\u{301}z").map(|glyph| (glyph.text.into_owned(), glyph.width)).collect();
    assert_eq!(glyphs, [("xy".into(), 2), ("e\u{301}".into(), 1), ("z".into(), 1)]);
}

#[test]
fn what_only_changes_a_picture_is_left_out_and_nothing_else_is() {
    assert_eq!(shown("👨\u{200d}👩"), "👨👩");
    assert_eq!(shown("✔\u{fe0f}"), "✔");
    assert_eq!(shown("web\u{200d}1\u{fe0f}"), "web\\u{200d}1\\u{fe0f}");
}

#[test]
fn work_is_bounded_by_what_is_asked_for() {
    let colours = "\x1b[31m".repeat(1 << 20);
    let mut glyphs = Glyphs::new(&colours).within(4096);
    assert_eq!(glyphs.next().map(|glyph| glyph.text.into_owned()), Some("…".into()));
    assert_eq!(glyphs.next(), None);
    let long = "x".repeat(10 << 20);
    let first = Glyphs::new(&long).next().unwrap();
    assert_eq!(first.width, PIECE);
}

/// Text with many of the characters that matter here.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        "[ -~]{0,12}",
        "\x1b\\[[0-9;:?<=> ]{0,12}[a-zA-Z@`~]",
        "\x1b[\\]PX^_][ -~]{0,12}(\x07|\x1b\\\\)?",
        "[\u{0}-\u{20}\u{7f}-\u{a0}]{0,4}",
        "[\u{300}-\u{36f}\u{200b}-\u{206f}\u{fe00}-\u{fe0f}\u{e0000}-\u{e01ef}]{0,6}",
        "[\u{1100}-\u{11ff}\u{ac00}-\u{ad00}\u{ff60}-\u{ffff}]{0,6}",
        "[\u{1f1e6}-\u{1f1ff}\u{1f3fb}-\u{1f3ff}\u{1f466}-\u{1f469}\u{1f600}-\u{1f64f}]{0,6}",
        any::<Vec<u8>>().prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nothing_that_comes_out_can_move_the_cursor(text in nasty()) {
        for glyph in Glyphs::new(&text) {
            prop_assert!(!glyph.text.chars().any(|char| char.is_control() || hides(char)), "{:?}", glyph);
            prop_assert!(glyph.width > 0);
            prop_assert_eq!(glyph.width, glyph.text.width(), "{:?}", glyph);
            prop_assert!(glyph.text.is_ascii() || glyph.width <= 2 || glyph.stand_in, "{:?}", glyph);
        }
    }

    #[test]
    fn what_came_out_is_fit_to_go_in_again(text in nasty()) {
        let once = shown(&text);
        prop_assert_eq!(shown(&once), once);
    }

    #[test]
    fn a_terminal_ends_up_as_it_was(text in nasty()) {
        let (rows, columns) = (NonZeroU16::new(24).unwrap(), NonZeroU16::new(80).unwrap());
        let mut terminal = vt100::Parser::new_with_callbacks(rows, columns, 0, Alarms::default());
        let before = terminal.screen().clone();
        let mut width = 0;
        for glyph in Glyphs::new(&text) {
            width += glyph.width;
            if width > 79 {
                break;
            }
            terminal.process(glyph.text.as_bytes());
        }
        prop_assert_eq!(&terminal.callbacks().0, &Vec::<String>::new());
        let screen = terminal.screen();
        prop_assert_eq!(screen.input_mode_formatted(), before.input_mode_formatted());
        prop_assert_eq!(screen.attributes_formatted(), before.attributes_formatted());
        prop_assert_eq!(screen.alternate_screen(), before.alternate_screen());
        prop_assert_eq!(screen.cursor_position().0, 0);
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
    fn unhandled_escape(&mut self, _: &mut vt100::Screen, _: Option<u8>, _: Option<u8>, byte: u8) {
        self.0.push(format!("escape {byte}"));
    }
    fn unhandled_csi(&mut self, _: &mut vt100::Screen, _: Option<u8>, _: Option<u8>, _: &[&[u16]], c: char) {
        self.0.push(format!("csi {c}"));
    }
    fn unhandled_osc(&mut self, _: &mut vt100::Screen, params: &[&[u8]]) {
        self.0.push(format!("osc {params:?}"));
    }
}
