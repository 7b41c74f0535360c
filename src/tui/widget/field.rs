//! A one-line text field: for filters, searches, the palette.

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The longest text that a field takes, in bytes.
const LONGEST: usize = 4096;

/// One line of text with a cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    text: String,
    /// Byte offset, at the start of a grapheme or at the end.
    cursor: usize,
}

impl Field {
    /// With this text, the cursor at its end.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { cursor: text.len(), text }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Takes in a key: characters, and the editing keys of a shell. Says whether the text has changed.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        let before = self.text.len();
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('a') if ctrl => self.cursor = 0,
            KeyCode::Char('e') if ctrl => self.cursor = self.text.len(),
            KeyCode::Char('h') if ctrl => self.cut(self.previous(), self.cursor),
            KeyCode::Char('d') if ctrl => self.cut(self.cursor, self.next()),
            KeyCode::Char('u') if ctrl => self.cut(0, self.cursor),
            KeyCode::Char('k') if ctrl => self.cut(self.cursor, self.text.len()),
            KeyCode::Char('w') if ctrl => self.cut(self.word(), self.cursor),
            KeyCode::Char(char) if !ctrl && !key.modifiers.contains(KeyModifiers::ALT) => {
                self.insert(char.encode_utf8(&mut [0; 4]));
            }
            KeyCode::Left => self.cursor = self.previous(),
            KeyCode::Right => self.cursor = self.next(),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.text.len(),
            KeyCode::Backspace => self.cut(self.previous(), self.cursor),
            KeyCode::Delete => self.cut(self.cursor, self.next()),
            _ => {}
        }
        self.text.len() != before
    }

    /// Inserts text at the cursor; line ends become blanks, other control characters go.
    pub fn insert(&mut self, text: &str) {
        let blank = |char: char| if matches!(char, '\n' | '\t') { ' ' } else { char };
        let clean: String = text.chars().map(blank).filter(|char| !char.is_control()).collect();
        if self.text.len() + clean.len() <= LONGEST {
            self.text.insert_str(self.cursor, &clean);
            self.cursor += clean.len();
        }
    }

    /// Draws the part around the cursor and gives the cursor's place.
    pub fn draw(&self, area: Rect, style: Style, buf: &mut Buffer) -> Option<Position> {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return None;
        }
        let room = usize::from(area.width) - 1;
        let mut start = 0;
        while self.text[start..self.cursor].width() > room {
            start += self.text[start..].graphemes(true).next().map_or(1, str::len);
        }
        buf.set_stringn(area.x, area.y, &self.text[start..], usize::from(area.width), style);
        let before = self.text[start..self.cursor].width().min(room) as u16;
        Some(Position::new(area.x + before, area.y))
    }

    fn cut(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.cursor = from;
    }

    fn previous(&self) -> usize {
        self.text[..self.cursor].graphemes(true).next_back().map_or(0, |last| self.cursor - last.len())
    }

    fn next(&self) -> usize {
        self.text[self.cursor..].graphemes(true).next().map_or(self.cursor, |first| self.cursor + first.len())
    }

    /// The start of the word before the cursor.
    fn word(&self) -> usize {
        let before = self.text[..self.cursor].trim_end();
        let blank = before.char_indices().rfind(|(_, char)| char.is_whitespace());
        blank.map_or(0, |(at, char)| at + char.len_utf8())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ctrl(char: char) -> KeyEvent {
        KeyEvent::new(KeyCode::Char(char), KeyModifiers::CONTROL)
    }

    #[test]
    fn edits_by_grapheme_and_word() {
        let mut field = Field::new("web été");
        field.insert("e\u{301}");
        assert!(field.key(KeyEvent::from(KeyCode::Backspace)));
        assert_eq!(field.text(), "web été");
        field.key(ctrl('w'));
        assert_eq!(field.text(), "web ");
        field.key(KeyEvent::from(KeyCode::Home));
        field.key(KeyEvent::from(KeyCode::Char('x')));
        assert_eq!(field.text(), "xweb ");
        assert!(!field.key(KeyEvent::from(KeyCode::Right)));
        field.key(ctrl('k'));
        assert_eq!(field.text(), "xw");
    }

    #[test]
    fn a_paste_stays_one_line() {
        let mut field = Field::default();
        field.insert("a\nb\u{1b}[31m");
        assert_eq!(field.text(), "a b[31m");
    }

    #[test]
    fn the_cursor_is_always_in_view() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 4, 1));
        let place = Field::new("abcdef").draw(buf.area, Style::new(), &mut buf);
        assert_eq!(place, Some(Position::new(3, 0)));
        assert_eq!(buf, Buffer::with_lines(["def "]));
    }
}
