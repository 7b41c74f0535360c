//! Lines and blanks, as Python's `splitlines` and `strip` see them in text: with more characters than Rust's own.

/// The lines of a text, without what ends them. The last may have no end.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(end) = rest.find(ends_line) else {
            return Some(std::mem::take(&mut rest));
        };
        let (line, tail) = rest.split_at(end);
        let one = tail.chars().next().map_or(0, char::len_utf8);
        rest = &tail[if tail.starts_with("\r\n") { 2 } else { one }..];
        Some(line)
    })
}

/// Whether it is one that Python strips.
pub fn is_blank(char: char) -> bool {
    char.is_whitespace() || matches!(char, '\x1c'..='\x1f')
}

fn ends_line(char: char) -> bool {
    matches!(char, '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_end() {
        let all: Vec<_> = lines("a\r\nb\rc\x0bd\x0c\x1ce\u{85}f\u{2028}\n").collect();
        assert_eq!(all, ["a", "b", "c", "d", "", "e", "f", ""]);
        assert_eq!(lines("").count(), 0);
        assert_eq!(lines("\n").collect::<Vec<_>>(), [""]);
        assert_eq!(lines("a\n").collect::<Vec<_>>(), ["a"]);
    }
}
