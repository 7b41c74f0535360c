//! Node sets: `web[01-20,25]-ib[0-1]` ⇄ names. Pure.
//!
//! A bracket holds numbers and ranges of them, with a step where wanted: `[0-10/2,15]`. Leading zeros are kept. Several brackets
//! multiply, the last one running fastest; a comma outside brackets joins. What stands in double quotes, and an IPv6
//! address in brackets, is taken as it is.

mod expand;
mod fold;
mod natural;
#[cfg(test)]
mod tests;

pub use expand::{MOST_NAMES, expand};
pub use fold::fold;
pub use natural::natural_cmp;

/// The most digits of a number that is counted with; a longer one is text.
const MOST_DIGITS: usize = 18;

/// The length of what the text begins with and no node set can be in: a quoted text, an IPv6 address in brackets.
fn literal(text: &str) -> Option<usize> {
    if text.starts_with('[') {
        let end = text.find(']')? + 1;
        return text.get(..end)?.contains(':').then_some(end);
    }
    let mut chars = text.strip_prefix('"')?.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some(at + 2),
            '\\' => {
                chars.next();
            }
            _ => {}
        }
    }
    Some(text.len())
}
