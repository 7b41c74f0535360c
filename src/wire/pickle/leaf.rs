//! Leaves: ints and strings as the pickle has them.

use super::reader::Sentence;
use crate::wire::value::{Node, Text};

/// Python 2.7 writes ints of more than 32 bits as a line of text.
pub(super) fn int_line(line: &[u8]) -> Sentence<Node> {
    match line {
        b"00" => Ok(Node::Bool(false)),
        b"01" => Ok(Node::Bool(true)),
        digits => {
            let int = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
            int.map(Node::Int).ok_or_else(|| "a line that is no int of 64 bits".to_owned())
        }
    }
}

/// Two's complement, little-endian; kept in the shortest form, so that equal ints are equal nodes.
pub(super) fn long(mut bytes: &[u8]) -> Node {
    while let [shorter @ .., before, last] = bytes {
        let redundant = (*last == 0 && before & 0x80 == 0) || (*last == 0xff && before & 0x80 != 0);
        if !redundant {
            break;
        }
        bytes = bytes.get(..=shorter.len()).unwrap_or_default();
    }
    if bytes.len() > 8 {
        return Node::Big(bytes.into());
    }
    let fill = if bytes.last().is_some_and(|last| last & 0x80 != 0) { 0xff } else { 0 };
    let mut whole = [fill; 8];
    whole.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    Node::Int(i64::from_le_bytes(whole))
}

/// A str of Python 3, a unicode of 2.7.
pub(super) fn text(bytes: &[u8]) -> Sentence<Node> {
    let text = Text::from_wtf8(bytes).ok_or("a str that is not UTF-8, not even with lone surrogates")?;
    Ok(Node::Str(text))
}

/// A str of 2.7: text where it is UTF-8.
pub(super) fn old_str(bytes: &[u8]) -> Node {
    if std::str::from_utf8(bytes).is_ok() { Node::Str(Text(bytes.into())) } else { Node::Bytes(bytes.into()) }
}
