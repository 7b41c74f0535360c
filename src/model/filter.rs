//! The one filter grammar, for fleet rows, lines and the grid (NEEDS 7).
//!
//! Words stand for "and". A word is `text`, `~regex` or `column:` with one of these; `!` before it negates. Quotes
//! keep blanks in a word: `"no route"`, `why:"no route"`. Without a capital letter, case does not matter. Where the
//! thing at hand has no such column, `10.0.0.1:22` is plain text.

use regex::{Regex, RegexBuilder};
use thiserror::Error;

/// The largest compiled expression, in bytes.
const REGEX_SIZE: usize = 1 << 20;

/// Why a text is no filter. The message says where and what.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FilterError {
    /// A quote that is not closed.
    #[error("the quote in `{word}` is not closed")]
    Quote {
        /// The text from the quote on.
        word: String,
    },
    /// What follows `~` is no regular expression.
    #[error("`{word}` is no regular expression: {why}")]
    Regex {
        /// The expression.
        word: String,
        /// What is wrong with it, in one line.
        why: String,
    },
}

/// Something that a filter can look at.
pub trait Row {
    /// Whether there is a column of this name.
    fn has(&self, column: &str) -> bool;

    /// Whether `test` says yes to a text of this column; of any column where none is named.
    fn any(&self, column: Option<&str>, test: &mut dyn FnMut(&str) -> bool) -> bool;
}

/// A plain text has no columns.
impl Row for str {
    fn has(&self, _: &str) -> bool {
        false
    }

    fn any(&self, _: Option<&str>, test: &mut dyn FnMut(&str) -> bool) -> bool {
        test(self)
    }
}

/// Names and texts of columns.
impl Row for [(&str, &str)] {
    fn has(&self, column: &str) -> bool {
        self.iter().any(|(name, _)| name.eq_ignore_ascii_case(column))
    }

    fn any(&self, column: Option<&str>, test: &mut dyn FnMut(&str) -> bool) -> bool {
        let wanted = |name: &str| column.is_none_or(|column| name.eq_ignore_ascii_case(column));
        self.iter().any(|(name, text)| wanted(name) && test(text))
    }
}

/// A parsed filter. The empty one lets everything through.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    text: String,
    terms: Vec<Term>,
}

#[derive(Debug, Clone)]
struct Term {
    negate: bool,
    whole: Regex,
    /// The word's other reading: a column and what it is to hold, if that is typed already.
    column: Option<(String, Option<Regex>)>,
}

impl Filter {
    /// Reads a filter.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut terms = Vec::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (word, after) = split_word(rest)?;
            terms.extend(Term::parse(word)?);
            rest = after.trim_start();
        }
        Ok(Self { text: text.trim().to_owned(), terms })
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the row passes.
    pub fn matches<R: Row + ?Sized>(&self, row: &R) -> bool {
        self.terms.iter().all(|term| term.matches(row))
    }

    /// Where the words that are looked for stand in this text, in bytes, sorted, without overlaps: to be highlighted.
    pub fn hits(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        let wanted = self.terms.iter().filter(|term| !term.negate);
        let mut hits: Vec<_> =
            wanted.flat_map(|term| term.whole.find_iter(text).map(|hit| hit.range())).collect();
        hits.retain(|hit| !hit.is_empty());
        hits.sort_by_key(|hit| (hit.start, hit.end));
        hits.dedup_by(|next, last| {
            let overlap = next.start < last.end;
            if overlap {
                last.end = last.end.max(next.end);
            }
            overlap
        });
        hits
    }
}

/// The first word, quotes kept, and what follows it.
fn split_word(text: &str) -> Result<(&str, &str), FilterError> {
    let mut quote = None;
    for (at, char) in text.char_indices() {
        match (char, quote) {
            ('"', None) => quote = Some(at),
            ('"', Some(_)) => quote = None,
            (blank, None) if blank.is_whitespace() => return Ok(text.split_at(at)),
            _ => {}
        }
    }
    match quote {
        Some(at) => Err(FilterError::Quote { word: text[at..].to_owned() }),
        None => Ok((text, "")),
    }
}

impl Term {
    /// A word as a term; none where it says nothing yet (`!`, `~`, `""`).
    fn parse(word: &str) -> Result<Option<Self>, FilterError> {
        let (negate, word) = match word.strip_prefix('!') {
            Some(word) => (true, word),
            None => (false, word),
        };
        let Some(whole) = pattern(word)? else { return Ok(None) };
        let column = match split_column(word) {
            Some((name, rest)) => Some((name.to_owned(), pattern(rest)?)),
            None => None,
        };
        Ok(Some(Self { negate, whole, column }))
    }

    fn matches<R: Row + ?Sized>(&self, row: &R) -> bool {
        let found = match &self.column {
            Some((name, pattern)) if row.has(name) => {
                let Some(pattern) = pattern else { return true };
                row.any(Some(name), &mut |text| pattern.is_match(text))
            }
            _ => row.any(None, &mut |text| self.whole.is_match(text)),
        };
        found != self.negate
    }
}

/// `state:lost` → `state`, `lost`. A column's name is a word; dots and dashes may be in it.
fn split_column(word: &str) -> Option<(&str, &str)> {
    let (name, rest) = word.split_once(':')?;
    let word_char = |char: char| char.is_alphanumeric() || matches!(char, '_' | '.' | '-');
    (name.starts_with(|first: char| first.is_alphabetic() || first == '_') && name.chars().all(word_char))
        .then_some((name, rest))
}

fn pattern(word: &str) -> Result<Option<Regex>, FilterError> {
    let (is_regex, word) = match word.strip_prefix('~') {
        Some(word) => (true, word),
        None => (false, word),
    };
    let word: String = word.chars().filter(|char| *char != '"').collect();
    if word.is_empty() {
        return Ok(None);
    }
    let source = if is_regex { word.clone() } else { regex::escape(&word) };
    let built =
        RegexBuilder::new(&source).case_insensitive(!has_capital(&source)).size_limit(REGEX_SIZE).build();
    built.map(Some).map_err(|error| {
        let why = error.to_string();
        let why = why.lines().next_back().unwrap_or_default();
        FilterError::Regex { word, why: why.trim_start_matches("error: ").to_owned() }
    })
}

/// Whether a capital letter stands in the expression; `\S` and `\B` are none.
fn has_capital(source: &str) -> bool {
    let mut escaped = false;
    source.chars().any(|char| {
        let capital = char.is_uppercase() && !escaped;
        escaped = char == '\\' && !escaped;
        capital
    })
}

#[cfg(test)]
#[path = "filter_test.rs"]
mod tests;
