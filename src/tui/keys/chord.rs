//! A key with its modifiers: read from the terminal, read and written as text.

use std::fmt;
use std::str::FromStr;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// Keys with names, as text writes them.
#[rustfmt::skip]
const NAMES: [(&str, KeyCode); 17] = [
    ("Space", KeyCode::Char(' ')), ("Enter", KeyCode::Enter),        ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),         ("Backspace", KeyCode::Backspace), ("Delete", KeyCode::Delete),
    ("Insert", KeyCode::Insert),   ("Up", KeyCode::Up),              ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),       ("Right", KeyCode::Right),        ("Home", KeyCode::Home),
    ("End", KeyCode::End),         ("PageUp", KeyCode::PageUp),      ("PageDown", KeyCode::PageDown),
    ("lt", KeyCode::Char('<')),    ("gt", KeyCode::Char('>')),
];

/// Modifiers in the order in which they are written.
const MODIFIERS: [(&str, KeyModifiers); 3] =
    [("Ctrl", KeyModifiers::CONTROL), ("Alt", KeyModifiers::ALT), ("Shift", KeyModifiers::SHIFT)];

/// One key with its modifiers. A capital letter stands for itself, so Shift is only kept where it says more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// A text that names no chord.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no key; keys are written like a, A, f5, enter, ctrl-c, alt-enter, shift-tab")]
pub struct ChordError(String);

impl Chord {
    /// The chord of a key event; none for releases and for what terminals cannot say alike.
    pub fn of(key: KeyEvent) -> Option<Self> {
        (key.kind != KeyEventKind::Release).then(|| Self::new(key.code, key.modifiers))
    }

    fn new(code: KeyCode, modifiers: KeyModifiers) -> Self {
        let mut modifiers = modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let code = match code {
            KeyCode::BackTab => {
                modifiers |= KeyModifiers::SHIFT;
                KeyCode::Tab
            }
            KeyCode::Char(char) if modifiers.contains(KeyModifiers::CONTROL) => {
                KeyCode::Char(char.to_ascii_lowercase())
            }
            KeyCode::Char(char) => {
                let shifted = modifiers.contains(KeyModifiers::SHIFT);
                modifiers -= KeyModifiers::SHIFT;
                KeyCode::Char(if shifted { char.to_ascii_uppercase() } else { char })
            }
            other => other,
        };
        Self { code, modifiers }
    }

    /// It stands for text where text is typed: a character or a tab, with neither Ctrl nor Alt.
    pub fn is_text(self) -> bool {
        matches!(self.code, KeyCode::Char(_) | KeyCode::Tab) && self.modifiers.is_empty()
    }

    /// The event that a terminal would send.
    pub fn event(self) -> KeyEvent {
        KeyEvent::new(self.code, self.modifiers)
    }
}

impl FromStr for Chord {
    type Err = ChordError;

    fn from_str(text: &str) -> Result<Self, ChordError> {
        let mut rest = text;
        let mut modifiers = KeyModifiers::NONE;
        while let Some((name, modifier)) = MODIFIERS.iter().find(|(name, _)| starts_with(rest, name)) {
            rest = &rest[name.len() + 1..];
            modifiers |= *modifier;
        }
        let code = code(rest).ok_or_else(|| ChordError(text.to_owned()))?;
        Ok(Self::new(code, modifiers))
    }
}

/// Whether the text is this modifier, a dash, and something more.
fn starts_with(text: &str, modifier: &str) -> bool {
    let (head, rest) = (text.get(..modifier.len()), text.get(modifier.len()..));
    head.is_some_and(|head| head.eq_ignore_ascii_case(modifier))
        && rest.is_some_and(|rest| rest.len() > 1 && rest.starts_with('-'))
}

fn code(text: &str) -> Option<KeyCode> {
    let mut chars = text.chars();
    if let (Some(char), None) = (chars.next(), chars.next()) {
        return (!char.is_control()).then_some(KeyCode::Char(char));
    }
    if let Some((_, code)) = NAMES.iter().find(|(name, _)| text.eq_ignore_ascii_case(name)) {
        return Some(*code);
    }
    let number = text.strip_prefix(['f', 'F'])?.parse().ok()?;
    (1..=24).contains(&number).then_some(KeyCode::F(number))
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, modifier) in MODIFIERS {
            if self.modifiers.contains(modifier) {
                write!(f, "{name}-")?;
            }
        }
        match self.code {
            KeyCode::Char(char) if char != ' ' => {
                let control = self.modifiers.contains(KeyModifiers::CONTROL);
                write!(f, "{}", if control { char.to_ascii_uppercase() } else { char })
            }
            KeyCode::F(number) => write!(f, "F{number}"),
            code => {
                let name = NAMES.iter().find(|(_, known)| *known == code);
                f.write_str(name.map_or("?", |(name, _)| name))
            }
        }
    }
}

/// The keys of a text like `jj<space>x<f5>`: characters, and chords in angle brackets. For tests and recordings.
pub fn macro_keys(text: &str) -> Result<Vec<Chord>, ChordError> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (chord, after) = match rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
            Some(bracketed) => bracketed,
            None => rest.split_at(first.len_utf8()),
        };
        keys.push(chord.parse()?);
        rest = after;
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Chord {
        Chord::of(KeyEvent::new(code, modifiers)).expect("a press")
    }

    #[test]
    fn what_is_printed_reads_back() {
        for text in
            ["a", "A", "?", "-", "Ctrl-C", "Alt--", "Alt-Enter", "Shift-Tab", "F12", "Ctrl-Alt-Up", "Space"]
        {
            let chord: Chord = text.parse().expect(text);
            assert_eq!(chord.to_string(), text);
        }
        for text in ["", "f25", "f0", "ctrl-", "hyper-a", "enterr", "\n"] {
            assert!(text.parse::<Chord>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn terminals_that_say_shift_and_those_that_do_not_mean_the_same() {
        assert_eq!(key(KeyCode::Char('R'), KeyModifiers::SHIFT), "R".parse().expect("R"));
        assert_eq!(key(KeyCode::Char('r'), KeyModifiers::SHIFT), "R".parse().expect("R"));
        assert_eq!(key(KeyCode::Char('?'), KeyModifiers::SHIFT), "?".parse().expect("?"));
        assert_eq!(key(KeyCode::BackTab, KeyModifiers::NONE), "shift-tab".parse().expect("a chord"));
        assert_eq!(key(KeyCode::Char('C'), KeyModifiers::CONTROL), "ctrl-c".parse().expect("a chord"));
    }

    #[test]
    fn releases_are_no_keys() {
        let release = KeyEvent { kind: KeyEventKind::Release, ..KeyEvent::from(KeyCode::Enter) };
        assert_eq!(Chord::of(release), None);
    }

    #[test]
    fn macros_hold_characters_and_chords() {
        let keys = macro_keys("3j<space><f5><lt>").expect("a macro");
        let told: Vec<_> = keys.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["3", "j", "Space", "F5", "<"]);
        assert!(macro_keys("<nokey>").is_err());
    }
}
