//! A one-line field for what nobody may see: it shows neither the text nor how long it is, undoes nothing, and its memory
//! is overwritten when it goes.

use std::fmt;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use zeroize::{Zeroize, Zeroizing};

use crate::engine::command::Secret;

/// The longest text, in bytes. Its memory is there from the start: a text that grew would leave copies behind.
const LONGEST: usize = 512;

/// What is typed unseen.
pub struct Hidden {
    text: Zeroizing<String>,
    full: bool,
}

impl Default for Hidden {
    fn default() -> Self {
        Self { text: Zeroizing::new(String::with_capacity(LONGEST)), full: false }
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden")
    }
}

impl Hidden {
    /// Takes in a key: a character goes to the end; one can be taken back, or all.
    pub fn key(&mut self, key: KeyEvent) {
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        let ctrl = key.modifiers == KeyModifiers::CONTROL;
        match key.code {
            KeyCode::Char(char) if plain => self.push(char),
            KeyCode::Char('u' | 'w') if ctrl => self.clear(),
            KeyCode::Char('h') if ctrl => self.pop(),
            KeyCode::Backspace => self.pop(),
            _ => {}
        }
    }

    /// Takes in pasted text, without the newline that a copied line ends with. What does not fit is refused whole.
    pub fn paste(&mut self, text: &str) {
        let line = text.strip_suffix('\n').unwrap_or(text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        self.full = self.text.len() + line.len() > LONGEST;
        if !self.full {
            self.text.extend(line.chars().filter(|char| !char.is_control()));
        }
    }

    fn push(&mut self, char: char) {
        self.full = self.text.len() + char.len_utf8() > LONGEST;
        if !self.full && !char.is_control() {
            self.text.push(char);
        }
    }

    fn pop(&mut self) {
        self.full = false;
        self.text.pop();
    }

    fn clear(&mut self) {
        self.full = false;
        self.text.zeroize();
    }

    /// What can be said of it without a word of it.
    pub fn hint(&self) -> &'static str {
        match (self.full, self.text.is_empty()) {
            (true, _) => "(too long: 512 bytes are the most)",
            (false, true) => "",
            (false, false) => "(hidden)",
        }
    }

    /// Hands the text over. Its memory stays where it is.
    pub fn take(mut self) -> Secret {
        Secret::new(std::mem::take(&mut *self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &str) -> Hidden {
        let mut hidden = Hidden::default();
        for chord in crate::tui::keys::macro_keys(keys).expect("a macro") {
            hidden.key(chord.event());
        }
        hidden
    }

    #[test]
    fn characters_are_added_and_taken_back() {
        assert_eq!(typed("öpen!<backspace>").take().reveal(), "öpen");
        assert_eq!(typed("wrong<ctrl-u>ri ght").take().reveal(), "ri ght");
        assert_eq!(typed("a<left>b<alt-c><tab><f3>").take().reveal(), "ab");
        assert_eq!(typed("<backspace>").take().reveal(), "");
    }

    #[test]
    fn a_paste_loses_one_line_end_and_no_more_than_that() {
        let pasted = |text: &str| {
            let mut hidden = Hidden::default();
            hidden.paste(text);
            hidden.take().reveal().to_owned()
        };
        assert_eq!(pasted("s3cret\n"), "s3cret");
        assert_eq!(pasted("s3cret\r\n"), "s3cret");
        assert_eq!(pasted(" a b \u{1b}\n"), " a b ");
    }

    #[test]
    fn its_memory_never_moves() {
        let mut hidden = Hidden::default();
        let place = hidden.text.as_ptr();
        hidden.paste(&"x".repeat(511));
        hidden.key(KeyEvent::from(KeyCode::Char('é')));
        assert_eq!(hidden.hint(), "(too long: 512 bytes are the most)");
        hidden.paste("xx");
        hidden.key(KeyEvent::from(KeyCode::Char('y')));
        assert_eq!(hidden.text.len(), 512);
        let secret = hidden.take();
        assert_eq!(secret.reveal().as_ptr(), place);
        assert!(secret.reveal().ends_with("xy"));
    }

    #[test]
    fn it_tells_nobody_what_it_holds() {
        let hidden = typed("sesame");
        assert_eq!((format!("{hidden:?}").as_str(), hidden.hint()), ("Hidden", "(hidden)"));
    }
}
