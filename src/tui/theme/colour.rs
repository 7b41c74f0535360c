//! Colours as themes write them, and how they come down to what a terminal has.

use ratatui::style::{Color, Style};

/// How many colours the terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None, or none are wanted (`NO_COLOR`): weight and signs tell everything.
    Plain,
    /// The sixteen that have names.
    Ansi,
    /// 256 by number.
    Indexed,
    /// All.
    True,
}

/// The levels of each part of a colour in the 6×6×6 cube of the 256 colours.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// Names and usual values of the sixteen.
#[rustfmt::skip]
const ANSI: [(&str, Color, [u8; 3]); 16] = [
    ("black",          Color::Black,        [0, 0, 0]),
    ("red",            Color::Red,          [205, 0, 0]),
    ("green",          Color::Green,        [0, 205, 0]),
    ("yellow",         Color::Yellow,       [205, 205, 0]),
    ("blue",           Color::Blue,         [0, 0, 238]),
    ("magenta",        Color::Magenta,      [205, 0, 205]),
    ("cyan",           Color::Cyan,         [0, 205, 205]),
    ("gray",           Color::Gray,         [229, 229, 229]),
    ("bright-black",   Color::DarkGray,     [127, 127, 127]),
    ("bright-red",     Color::LightRed,     [255, 92, 92]),
    ("bright-green",   Color::LightGreen,   [92, 255, 92]),
    ("bright-yellow",  Color::LightYellow,  [255, 255, 92]),
    ("bright-blue",    Color::LightBlue,    [92, 92, 255]),
    ("bright-magenta", Color::LightMagenta, [255, 92, 255]),
    ("bright-cyan",    Color::LightCyan,    [92, 255, 255]),
    ("bright-gray",    Color::White,        [255, 255, 255]),
];

impl Depth {
    /// What the environment says: `NO_COLOR`, `COLORTERM`, `TERM`, each if it is set.
    pub fn of(no_color: Option<&str>, colorterm: Option<&str>, term: Option<&str>) -> Self {
        let term = term.unwrap_or_default();
        if no_color.is_some_and(|value| !value.is_empty()) || term == "dumb" {
            Self::Plain
        } else if matches!(colorterm, Some("truecolor" | "24bit")) || term.ends_with("-direct") {
            Self::True
        } else if term.contains("256color") {
            Self::Indexed
        } else {
            Self::Ansi
        }
    }

    /// The style with no colour that the terminal lacks.
    pub(super) fn degrade(self, style: Style) -> Style {
        let down = |colour: Option<Color>| colour.and_then(|colour| self.nearest(colour));
        let (fg, bg) = (down(style.fg), down(style.bg));
        Style { fg, bg, underline_color: down(style.underline_color), ..style }
    }

    fn nearest(self, colour: Color) -> Option<Color> {
        match (self, colour) {
            (Self::Plain, _) => None,
            (Self::Indexed, Color::Rgb(r, g, b)) => Some(Color::Indexed(cube([r, g, b]))),
            (Self::Ansi, Color::Rgb(r, g, b)) => Some(ansi([r, g, b])),
            (Self::Ansi, Color::Indexed(index)) => Some(ansi(rgb(index))),
            _ => Some(colour),
        }
    }
}

/// The colour with this name; none: there is no such colour.
pub(super) fn parse(name: &str) -> Option<Color> {
    if name == "default" {
        return Some(Color::Reset);
    }
    if let Some(hex) = name.strip_prefix('#') {
        let number = u32::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 6)?;
        let [_, r, g, b] = number.to_be_bytes();
        return Some(Color::Rgb(r, g, b));
    }
    let ansi = ANSI.iter().find(|(known, ..)| *known == name).map(|(_, colour, _)| *colour);
    ansi.or_else(|| name.parse().ok().map(Color::Indexed))
}

/// The nearest of the cube.
fn cube(rgb: [u8; 3]) -> u8 {
    let level = |part: u8| {
        let far = |level: u8| level.abs_diff(part);
        (0..6_u8).min_by_key(|index| far(LEVELS[usize::from(*index)])).unwrap_or(0)
    };
    16 + 36 * level(rgb[0]) + 6 * level(rgb[1]) + level(rgb[2])
}

/// What a number of the 256 stands for.
fn rgb(index: u8) -> [u8; 3] {
    match index {
        0..16 => ANSI[usize::from(index)].2,
        16..232 => {
            let at = index - 16;
            [at / 36, at / 6 % 6, at % 6].map(|level| LEVELS[usize::from(level)])
        }
        _ => [8 + (index - 232) * 10; 3],
    }
}

/// The nearest of the sixteen. Black and the grays stand back, since either may be the background: text in a colour near
/// them becomes the terminal's own.
fn ansi(rgb: [u8; 3]) -> Color {
    let [low, high] = [rgb.iter().min(), rgb.iter().max()].map(|part| part.copied().unwrap_or(0));
    if high - low < 48 {
        return if (96..160).contains(&high) { Color::DarkGray } else { Color::Reset };
    }
    let far = |other: [u8; 3]| -> u32 {
        other.iter().zip(rgb).map(|(one, other)| u32::from(one.abs_diff(other)).pow(2)).sum()
    };
    let hues = ANSI.iter().filter(|(_, _, [r, g, b])| r != g || g != b);
    hues.min_by_key(|(_, _, other)| far(*other)).map_or(Color::Reset, |(_, colour, _)| *colour)
}
