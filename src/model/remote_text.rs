//! Text from hosts, made harmless (NEEDS 33): output, errors, names, banners, keys and titles all go through here.
//!
//! It works by an allow-list. Printable characters stay, colours and emphasis become [`Attributes`], and **everything
//! else is shown**: controls as pictures (`␛`), bytes and characters that hide, reorder or smuggle text by number
//! (`\x9b`, `\u{202e}`). So no sequence of a host ever reaches the terminal, and none vanishes either.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::model::sgr;
pub use crate::model::sgr::{Attributes, Colour, Emphasis};

/// Columns from one tab stop to the next.
const TAB: usize = 8;
/// The longest piece of plain text that is handed out at once, in bytes: the work ahead of the reader is bounded.
const PIECE: usize = 256;
/// The most combining marks on one character; the ones beyond it are shown by number.
const MARKS: usize = 4;

/// A piece of text that is fit to draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glyph<'a> {
    /// Either ASCII, one column for each byte, or one character with its marks.
    pub text: Cow<'a, str>,
    /// How many columns it takes; never 0.
    pub width: usize,
    /// How the host wants it to look.
    pub attributes: Attributes,
    /// It stands for something that cannot be shown as it is.
    pub stand_in: bool,
}

/// Reads text from a host piece by piece; does no more work than is asked for.
#[derive(Debug, Clone)]
pub struct Glyphs<'a> {
    rest: &'a str,
    column: usize,
    attributes: Attributes,
    budget: usize,
    /// The last thing shown was one character that takes two columns.
    after_wide: bool,
    after_letter: bool,
}

impl<'a> Glyphs<'a> {
    /// Reads `text` from its beginning.
    pub fn new(text: &'a str) -> Self {
        Self::carried(text, Attributes::default())
    }

    /// Goes on with the attributes that an earlier text ended with.
    pub fn carried(text: &'a str, attributes: Attributes) -> Self {
        Self { rest: text, column: 0, attributes, budget: usize::MAX, after_wide: false, after_letter: false }
    }

    /// Looks at no more than about `bytes` of the text, then ends with `…`: a line of nothing but colour changes has no
    /// width, and would be read to its end.
    pub fn within(mut self, bytes: usize) -> Self {
        self.budget = bytes;
        self
    }

    /// What is in force after what was read so far.
    pub fn attributes(&self) -> Attributes {
        self.attributes
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        self.budget = self.budget.saturating_sub(bytes);
        taken
    }

    fn glyph(&mut self, text: Cow<'a, str>, width: usize, stand_in: bool) -> Glyph<'a> {
        self.column += width;
        self.after_wide = width == 2 && !stand_in;
        self.after_letter = !stand_in && !text.is_ascii();
        Glyph { text, width, attributes: self.attributes, stand_in }
    }

    fn stand_in(&mut self, bytes: usize, text: String) -> Glyph<'a> {
        self.take(bytes);
        let width = text.width();
        self.glyph(text.into(), width, true)
    }

    fn tab(&mut self) -> Glyph<'a> {
        self.take(1);
        let width = TAB - self.column % TAB;
        self.glyph(Cow::Borrowed(&"        "[..width]), width, false)
    }

    /// A stretch of ASCII, without the last character if a mark may follow it.
    fn ascii(&mut self) -> Option<Glyph<'a>> {
        let bytes = self.rest.as_bytes();
        let end = bytes.iter().take(PIECE).take_while(|byte| matches!(byte, b' '..=b'~')).count();
        let marked = bytes.get(end).is_some_and(|next| !next.is_ascii());
        let end = end - usize::from(marked && end > 0);
        (end > 0).then(|| {
            let text = self.take(end);
            self.glyph(Cow::Borrowed(text), end, false)
        })
    }

    /// One character with its marks.
    fn character(&mut self, first: char) -> Glyph<'a> {
        let width = width(first);
        if let Some(text) = unfit(first) {
            return self.stand_in(first.len_utf8(), text);
        }
        if width == 0 {
            return self.stand_in(first.len_utf8(), format!("◌{first}"));
        }
        let marks = self.rest[first.len_utf8()..].chars().take_while(|next| is_mark(*next));
        let marks: usize = marks.take(MARKS).map(char::len_utf8).sum();
        let text = self.take(first.len_utf8() + marks);
        self.glyph(Cow::Borrowed(text), width, false)
    }

    /// Joiners and the choice between two looks of a character are left out where they only change how a picture is
    /// drawn: terminals disagree on its width then.
    fn only_a_look(&self, char: char) -> bool {
        match char {
            '\u{200d}' => self.after_wide,
            '\u{fe0e}' | '\u{fe0f}' => self.after_letter,
            _ => false,
        }
    }
}

impl<'a> Iterator for Glyphs<'a> {
    type Item = Glyph<'a>;

    fn next(&mut self) -> Option<Glyph<'a>> {
        loop {
            let first = self.rest.chars().next()?;
            if self.budget == 0 {
                return Some(self.stand_in(self.rest.len(), "…".to_owned()));
            }
            if first == '\t' {
                return Some(self.tab());
            }
            if let Some(length) = sgr::sequence(self.rest) {
                let sequence = self.take(length);
                self.attributes.obey(sequence);
            } else if self.only_a_look(first) {
                self.take(first.len_utf8());
            } else {
                return self.ascii().or_else(|| Some(self.character(first)));
            }
        }
    }
}

/// The text without colours, fit for any place; no allocation where it was fit already.
pub fn plain(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    Glyphs::new(text).map(|glyph| glyph.text).collect::<String>().into()
}

/// How many columns a character takes.
fn width(char: char) -> usize {
    char.width().unwrap_or(0)
}

fn is_mark(char: char) -> bool {
    !char.is_ascii() && width(char) == 0 && unfit(char).is_none()
}

/// What is shown in place of a character that must not be drawn.
fn unfit(char: char) -> Option<String> {
    match char {
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(char)).map(String::from),
        '\x7f' => Some("␡".to_owned()),
        '\u{80}'..='\u{9f}' => Some(format!("\\x{:02x}", u32::from(char))),
        char if hides(char) => Some(char.escape_unicode().to_string()),
        _ => None,
    }
}

/// Whether a character reorders, joins, hides or smuggles text instead of showing some.
fn hides(char: char) -> bool {
    matches!(char,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{70f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'   // zero width, marks of direction
        | '\u{2028}'..='\u{202e}'   // separators of lines, embeddings of direction
        | '\u{2060}'..='\u{206f}'   // joiners, isolates of direction
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{13430}'..='\u{1345f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' // tags, more variation selectors
    ) || matches!(u32::from(char) & 0xffff, 0xfffe | 0xffff)
        || matches!(char, '\u{fdd0}'..='\u{fdef}')
}

#[cfg(test)]
#[path = "remote_text_test.rs"]
mod tests;
