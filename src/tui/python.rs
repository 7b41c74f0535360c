//! Python's grammar, as far as the editor needs it. The one place that knows the parser.

use std::ops::Range;

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::Ranged;

use crate::tui::theme::Role;

/// Texts longer than this, in bytes, stay uncoloured, so that a key never waits for the parser.
const LONGEST_COLOURED: usize = 256 * 1024;

/// Where a text is no Python.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxProblem {
    /// Line, from 0.
    pub row: usize,
    /// Column, from 0, in characters.
    pub column: usize,
    /// What is wrong, as one sentence.
    pub what: String,
    /// Where, in bytes of the text; never empty unless at its end.
    pub range: Range<usize>,
}

/// What a part of the text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Where, in bytes.
    pub range: Range<usize>,
    /// What it is to look like.
    pub role: Role,
}

/// A text with what the parser says of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parsed {
    /// The coloured parts, in order; what lies between is plain.
    pub tokens: Vec<Token>,
    /// The first thing that is no Python.
    pub problem: Option<SyntaxProblem>,
}

/// Reads a text as the newest Python that is known.
pub fn parse(text: &str) -> Parsed {
    let parsed = parse_unchecked(text, ParseOptions::from(Mode::Module));
    let problem = parsed.errors().iter().min_by_key(|error| error.location.start());
    let problem = problem.map(|error| problem_at(text, error.location.into(), error.error.to_string()));
    let tokens = if text.len() > LONGEST_COLOURED {
        Vec::new()
    } else {
        let coloured = |(kind, range): (TokenKind, Range<usize>)| Some(Token { range, role: role(kind)? });
        parsed
            .tokens()
            .iter()
            .map(|token| (token.kind(), token.range().into()))
            .filter_map(coloured)
            .collect()
    };
    Parsed { tokens, problem }
}

/// Why a Python of this version does not take the text, as far as grammar goes; none: nothing is known against it.
pub fn too_new_for(text: &str, version: (u8, u8)) -> Option<String> {
    let options = ParseOptions::from(Mode::Module).with_target_version(version.into());
    let parsed = parse_unchecked(text, options);
    let first = parsed.unsupported_syntax_errors().first()?.to_string();
    let words = first.split(" (syntax was").next().unwrap_or_default();
    Some(words.strip_prefix("Cannot use ").unwrap_or(words).to_owned())
}

/// The text is one line that says something and lacks nothing: Enter may run it.
pub fn is_complete_line(text: &str) -> bool {
    let parsed = parse_unchecked(text, ParseOptions::from(Mode::Module));
    let says_something = parsed.tokens().iter().any(|token| {
        let kind = token.kind();
        !kind.is_trivia() && !kind.is_any_newline() && !kind.is_eof()
    });
    says_something && !text.contains('\n') && !text.ends_with('\\') && parsed.errors().is_empty()
}

/// The blanks that a new line after this one is to start with.
pub fn indent_after(line: &str) -> String {
    let own: String = line.chars().take_while(|char| matches!(char, ' ' | '\t')).collect();
    let code = line[own.len()..].split_once('#').map_or(&line[own.len()..], |(code, _)| code).trim_end();
    if code.ends_with(':') {
        return own + "    ";
    }
    let leaves = ["return", "pass", "break", "continue", "raise"];
    if leaves.iter().any(|word| code == *word || code.starts_with(&format!("{word} "))) {
        return own.strip_suffix("    ").map_or(String::new(), str::to_owned);
    }
    own
}

fn problem_at(text: &str, range: Range<usize>, what: String) -> SyntaxProblem {
    let start = text.floor_char_boundary(range.start);
    let before = &text[..start];
    let line = before.rfind('\n').map_or(0, |end| end + 1);
    let end = text.ceil_char_boundary(range.end.max(start + 1));
    SyntaxProblem {
        row: before.matches('\n').count(),
        column: before[line..].chars().count(),
        what,
        range: start..end,
    }
}

fn role(kind: TokenKind) -> Option<Role> {
    Some(match kind {
        TokenKind::Comment => Role::CodeComment,
        TokenKind::Int | TokenKind::Float | TokenKind::Complex => Role::CodeNumber,
        TokenKind::String
        | TokenKind::FStringStart
        | TokenKind::FStringMiddle
        | TokenKind::FStringEnd
        | TokenKind::TStringStart
        | TokenKind::TStringMiddle
        | TokenKind::TStringEnd => Role::CodeString,
        kind if kind.is_non_soft_keyword() => Role::CodeKeyword,
        kind if kind.is_operator() => Role::CodeOperator,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Option<SyntaxProblem> {
        parse(text).problem
    }

    fn roles(text: &str) -> Vec<(&str, Role)> {
        parse(text).tokens.into_iter().map(|token| (&text[token.range], token.role)).collect()
    }

    #[test]
    fn tokens_have_roles() {
        let told = roles("for x in f('é', 1): # hm");
        let wanted = [
            ("for", Role::CodeKeyword),
            ("in", Role::CodeKeyword),
            ("'é'", Role::CodeString),
            ("1", Role::CodeNumber),
            ("# hm", Role::CodeComment),
        ];
        for part in wanted {
            assert!(told.contains(&part), "{part:?} in {told:?}");
        }
        assert!(!told.iter().any(|(text, _)| *text == "x"));
    }

    #[test]
    fn a_problem_says_where() {
        let problem = check("x = 1\ny = (é é\n").expect("no Python");
        assert_eq!(problem.row, 1, "{problem:?}");
        assert!(!problem.what.is_empty());
        for good in ["", "x", "await f()", "yield 1", "return 3", "match x:\n  case 1: pass", "(a := 1)"] {
            assert_eq!(check(good), None, "{good}");
        }
        assert!(check("print 'x'").is_some());
    }

    #[test]
    fn any_text_is_survived() {
        for text in ["'", "\"\"\"é", "\\", "(", "é(", "\u{0}", "x = '\u{1f600}", "\t\tx\n y", "f'{", "!ls"]
        {
            parse(text);
            is_complete_line(text);
            indent_after(text);
        }
    }

    #[test]
    fn only_one_whole_line_is_complete() {
        for text in ["1", "x = f(1)", "for i in range(3): emit(i)", "import os; os.uname()"] {
            assert!(is_complete_line(text), "{text}");
        }
        for text in ["", "  ", "# note", "for i in x:", "f(", "a\nb", "x = \\", "@dec", "'abc", "if x:"] {
            assert!(!is_complete_line(text), "{text}");
        }
    }

    #[test]
    fn indent_follows_the_code() {
        assert_eq!(indent_after("if x:  # why"), "    ");
        assert_eq!(indent_after("    y = 1"), "    ");
        assert_eq!(indent_after("        return y"), "    ");
        assert_eq!(indent_after("    returned = 1"), "    ");
        assert_eq!(indent_after("pass"), "");
    }
}
