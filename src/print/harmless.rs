//! Text that a host wrote, made fit for a terminal: every control character is shown instead of obeyed.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with each control and each character that turns the writing direction shown as a sign. Tabs stay; newlines
/// stay too, so split lines first where one line is wanted.
pub fn harmless(text: &str) -> Cow<'_, str> {
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\0'..='\u{1f}' if is_harmful(c) => shown.push(picture(c)),
            '\u{7f}' => shown.push('␡'),
            c if is_harmful(c) => {
                let _ = write!(shown, "<U+{:04X}>", u32::from(c)); // writing to a String cannot fail
            }
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Whether a terminal could do something else with it than draw it.
pub fn is_harmful(c: char) -> bool {
    match c {
        '\t' | '\n' => false,
        '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        c => c.is_control(),
    }
}

/// The Unicode picture of a C0 control.
fn picture(c: char) -> char {
    char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_are_shown() {
        assert_eq!(harmless("\u{1b}]0;pwned\u{7}"), "␛]0;pwned␇");
        assert_eq!(harmless("a\r\u{7f}\u{9b}31m"), "a␍␡<U+009B>31m");
        assert_eq!(harmless("\u{202e}gnp.exe"), "<U+202E>gnp.exe");
        assert_eq!(harmless("tab\tand\nline é 漢"), "tab\tand\nline é 漢");
    }

    proptest! {
        #[test]
        fn nothing_harmful_is_left(text in any::<String>()) {
            prop_assert!(!harmless(&text).contains(is_harmful));
        }
    }
}
