//! Colours and emphasis that a host may ask for: the one kind of escape sequence that is obeyed.

/// A colour of a terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Colour {
    /// The terminal's own.
    #[default]
    Default,
    /// One of the 16 that a terminal's theme defines, or of the 256.
    Indexed(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

/// A set of ways to make text stand out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Emphasis(u8);

#[expect(missing_docs, reason = "each is what its name says")]
impl Emphasis {
    pub const BOLD: Self = Self(1);
    pub const DIM: Self = Self(2);
    pub const ITALIC: Self = Self(4);
    pub const UNDERLINE: Self = Self(8);
    pub const REVERSE: Self = Self(16);
    pub const STRIKE: Self = Self(32);
}

impl Emphasis {
    /// Whether all of `other` is in it.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    fn set(&mut self, other: Self, on: bool) {
        self.0 = if on { self.0 | other.0 } else { self.0 & !other.0 };
    }
}

/// How a piece of text is to look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Attributes {
    /// Of the letters.
    pub foreground: Colour,
    /// Behind them.
    pub background: Colour,
    /// Bold and the like.
    pub emphasis: Emphasis,
}

/// A sequence longer than this, in bytes, is none that anybody means.
const LONGEST: usize = 128;

/// If the text begins with a whole SGR sequence (`ESC [ … m`): its length.
pub(super) fn sequence(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\x1b[")?.as_bytes();
    let end = parameters.iter().take(LONGEST).position(|byte| !matches!(byte, b'0'..=b'9' | b';' | b':'))?;
    (parameters[end] == b'm').then_some(end + 3)
}

impl Attributes {
    /// Obeys one SGR sequence, as [`sequence`] finds it. What would hide or animate text is left out.
    pub(super) fn obey(&mut self, sequence: &str) {
        vte::Parser::new().advance(self, sequence.as_bytes());
    }

    fn parameter(&mut self, code: u16) {
        let (emphasis, on) = match code {
            0 => return *self = Self::default(),
            1 => (Emphasis::BOLD, true),
            2 => (Emphasis::DIM, true),
            3 => (Emphasis::ITALIC, true),
            4 | 21 => (Emphasis::UNDERLINE, true),
            7 => (Emphasis::REVERSE, true),
            9 => (Emphasis::STRIKE, true),
            22 => {
                self.emphasis.set(Emphasis::DIM, false);
                (Emphasis::BOLD, false)
            }
            23 => (Emphasis::ITALIC, false),
            24 => (Emphasis::UNDERLINE, false),
            27 => (Emphasis::REVERSE, false),
            29 => (Emphasis::STRIKE, false),
            30..=37 => return self.foreground = Colour::Indexed(code as u8 - 30),
            39 => return self.foreground = Colour::Default,
            40..=47 => return self.background = Colour::Indexed(code as u8 - 40),
            49 => return self.background = Colour::Default,
            90..=97 => return self.foreground = Colour::Indexed(code as u8 - 90 + 8),
            100..=107 => return self.background = Colour::Indexed(code as u8 - 100 + 8),
            _ => return,
        };
        self.emphasis.set(emphasis, on);
    }
}

impl vte::Perform for Attributes {
    fn csi_dispatch(&mut self, params: &vte::Params, _intermediates: &[u8], _ignore: bool, action: char) {
        if action != 'm' {
            return;
        }
        let mut params = params.iter();
        while let Some(param) = params.next() {
            match param {
                [code @ (38 | 48)] => {
                    let mut next = || params.next().and_then(|param| param.first().copied());
                    if let Some(colour) = colour(&mut next) {
                        self.paint(*code, colour);
                    }
                }
                [code @ (38 | 48), rest @ ..] => {
                    // `38:2:r:g:b`, or with the colour space that the standard has there: `38:2::r:g:b`.
                    let skip = usize::from(rest.first() == Some(&2) && rest.len() > 4);
                    let mut rest = rest.iter().enumerate().filter(|(at, _)| skip == 0 || *at != 1);
                    if let Some(colour) = colour(&mut || rest.next().map(|(_, part)| *part)) {
                        self.paint(*code, colour);
                    }
                }
                [4, 0] => self.parameter(24),
                [code, ..] => self.parameter(*code),
                [] => {}
            }
        }
    }
}

impl Attributes {
    fn paint(&mut self, code: u16, colour: Colour) {
        if code == 38 { self.foreground = colour } else { self.background = colour }
    }
}

/// What follows a 38 or 48: `5;n` or `2;r;g;b`.
fn colour(next: &mut dyn FnMut() -> Option<u16>) -> Option<Colour> {
    let kind = next()?;
    let mut part = || next().and_then(|part| u8::try_from(part).ok());
    match kind {
        5 => Some(Colour::Indexed(part()?)),
        2 => Some(Colour::Rgb(part()?, part()?, part()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sequences: &[&str]) -> Attributes {
        let mut attributes = Attributes::default();
        for text in sequences {
            assert_eq!(sequence(text), Some(text.len()), "{text:?}");
            attributes.obey(text);
        }
        attributes
    }

    #[test]
    fn colours_of_every_depth_are_read_in_both_notations() {
        assert_eq!(of(&["\x1b[31m"]).foreground, Colour::Indexed(1));
        assert_eq!(of(&["\x1b[1;97;44m"]).foreground, Colour::Indexed(15));
        assert_eq!(of(&["\x1b[48;5;200m"]).background, Colour::Indexed(200));
        for rgb in ["\x1b[38;2;1;2;3m", "\x1b[38:2:1:2:3m", "\x1b[38:2::1:2:3m"] {
            assert_eq!(of(&[rgb]).foreground, Colour::Rgb(1, 2, 3), "{rgb:?}");
        }
        assert_eq!(of(&["\x1b[38;5;300m", "\x1b[38;2;1m", "\x1b[38m"]), Attributes::default());
    }

    #[test]
    fn emphasis_comes_and_goes() {
        let bold = of(&["\x1b[1;4m"]).emphasis;
        assert!(bold.contains(Emphasis::BOLD) && bold.contains(Emphasis::UNDERLINE));
        assert_eq!(of(&["\x1b[1;2;3;4;7;9m", "\x1b[22;23;24;27;29m"]), Attributes::default());
        assert_eq!(of(&["\x1b[1;31m", "\x1b[m"]), Attributes::default());
        assert_eq!(of(&["\x1b[8m", "\x1b[5m"]), Attributes::default());
    }

    #[test]
    fn nothing_else_is_an_sgr_sequence() {
        for text in
            ["\x1b[2J", "\x1b[?25l", "\x1b[>4;1m", "\x1b]0;x\x07", "\x1b[1", "\x1b", "[1m", "\x1b[1 m"]
        {
            assert_eq!(sequence(text), None, "{text:?}");
        }
        assert_eq!(sequence(&format!("\x1b[{}m", "1;".repeat(LONGEST))), None);
    }
}
