//! Python text: UTF-8 that may hold lone surrogates (WTF-8), as file names with undecodable bytes do.

use std::borrow::Cow;

/// Python text: WTF-8, so that file names with bytes that are no UTF-8 (lone surrogates) survive.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Text(pub Box<[u8]>);

/// One code point of a [`Text`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// A character.
    Char(char),
    /// A lone surrogate, U+D800 to U+DFFF.
    Surrogate(u16),
}

impl Text {
    /// The text of these bytes; none where they are neither UTF-8 nor WTF-8.
    pub fn from_wtf8(bytes: &[u8]) -> Option<Self> {
        let valid = std::str::from_utf8(bytes).is_ok() || points(bytes).all(|point| point.is_some());
        valid.then(|| Self(bytes.into()))
    }

    /// The text, where it holds no lone surrogate.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The text, with U+FFFD for lone surrogates.
    pub fn lossy(&self) -> Cow<'_, str> {
        match self.as_str() {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(
                self.points()
                    .map(|point| match point {
                        Point::Char(char) => char,
                        Point::Surrogate(_) => char::REPLACEMENT_CHARACTER,
                    })
                    .collect(),
            ),
        }
    }

    /// Its code points. A byte that fits nowhere (never made by the decoder) counts as U+FFFD.
    pub fn points(&self) -> impl Iterator<Item = Point> {
        points(&self.0).map(|point| point.unwrap_or(Point::Char(char::REPLACEMENT_CHARACTER)))
    }

    /// The number of code points, as Python's `len()` counts them.
    pub fn len(&self) -> usize {
        self.0.iter().filter(|byte| *byte & 0xc0 != 0x80).count()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().into())
    }
}

fn points(mut bytes: &[u8]) -> impl Iterator<Item = Option<Point>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let (point, used) = next(bytes).map_or((None, 1), |(point, used)| (Some(point), used));
        bytes = bytes.get(used..).unwrap_or_default();
        Some(point)
    })
}

/// The first code point and its length in bytes.
fn next(bytes: &[u8]) -> Option<(Point, usize)> {
    if let [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, ..] = bytes {
        let unit = 0xd000 | u16::from(second & 0x3f) << 6 | u16::from(third & 0x3f);
        return Some((Point::Surrogate(unit), 3));
    }
    let width = match bytes.first()? {
        0x00..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let char = std::str::from_utf8(bytes.get(..width)?).ok()?.chars().next()?;
    Some((Point::Char(char), width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_surrogates_are_kept_and_nonsense_is_not() {
        let text = Text::from_wtf8(b"a\xed\xb2\x80b").unwrap();
        assert_eq!(
            text.points().collect::<Vec<_>>(),
            [Point::Char('a'), Point::Surrogate(0xdc80), Point::Char('b')]
        );
        assert_eq!((text.len(), text.as_str(), &*text.lossy()), (3, None, "a\u{fffd}b"));
        assert_eq!(Text::from_wtf8(b"\xff"), None);
        assert_eq!(Text::from_wtf8(b"\xed\xa0"), None);
    }
}
