//! Text that a host wrote, made fit for a terminal.

use std::borrow::Cow;

use crate::model::remote_text::plain;

/// The text with everything shown that a terminal would obey ([`plain`]); its newlines stay.
pub fn harmless(text: &str) -> Cow<'_, str> {
    if text.contains('\n') {
        text.split('\n').map(plain).collect::<Vec<_>>().join("\n").into()
    } else {
        plain(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_are_shown_and_newlines_stay() {
        assert_eq!(harmless("\u{1b}]0;pwned\u{7}"), "␛]0;pwned␇");
        assert_eq!(harmless("a\r\n\u{7f}\u{9b}31m\n"), "a␍\n␡\\x9b31m\n");
        assert_eq!(harmless("\u{202e}gnp.exe"), "\\u{202e}gnp.exe");
        assert_eq!(harmless("é 漢"), "é 漢");
    }

    proptest! {
        #[test]
        fn no_control_is_left_but_newlines(text in any::<String>()) {
            prop_assert!(!harmless(&text).contains(|c: char| c.is_control() && c != '\n'));
        }
    }
}
