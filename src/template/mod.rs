//! Templates, translated on this side: what is no template is told before a host is touched.
//!
//! The grammar is that of the agent's `hailer/tools/template.py`, which says what it is. Both translate a template to Python
//! text of as many lines, and both to the same text; `tests/template/cases.json` is run against the two.
//!
//! | | |
//! | --- | --- |
//! | [`translate()`] | the line rules: blocks, statements, text |
//! | [`text`] | a line of text with its expressions |
//! | [`mod@line`] | lines and blanks as Python sees them |

pub mod line;
pub mod text;
mod translate;

use std::fmt;

use ruff_python_ast::Expr;
use ruff_python_parser::{Parsed, parse_expression, parse_module};

pub use translate::translate;

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line of the template, from 1.
    pub line: usize,
    /// What is wrong, in a few words.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for Problem {}

/// Translates a template, and reads the whole as Python.
///
/// # Errors
/// The first thing that is wrong with it. What only Python 2 takes is wrong as well.
pub fn compile(template: &str) -> Result<String, Problem> {
    let code = translate(template)?;
    match parse_module(&code) {
        Ok(_) => Ok(code),
        Err(error) => {
            let at = code.floor_char_boundary(error.location.start().to_usize());
            let last = line::lines(template).count().max(1);
            let line = (code[..at].matches('\n').count() + 1).min(last);
            Err(Problem { line, what: error.error.to_string() })
        }
    }
}

/// Whether a text is a name that Python code can use.
pub fn is_name(text: &str) -> bool {
    matches!(parse_expression(text).map(Parsed::into_expr), Ok(Expr::Name(name)) if name.id == text)
}

/// Whether a text that stands alone is Python.
fn look_at(text: &str, line: usize) -> Result<(), Problem> {
    parse_module(text).map(drop).map_err(|error| Problem { line, what: error.error.to_string() })
}

/// Whether a text is the arguments of a call.
fn look_at_arguments(text: &str, line: usize) -> Result<(), Problem> {
    let called = format!("_({text})");
    parse_expression(&called).map(drop).map_err(|error| Problem { line, what: error.error.to_string() })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let cases: Vec<Value> =
            serde_json::from_str(include_str!("../../tests/template/cases.json")).expect("the table");
        assert!(cases.len() > 130, "{}", cases.len());
        for case in cases {
            let wrong = (case["when"] == "compile").then(|| case["line"].as_u64()).flatten();
            let told = compile(case["template"].as_str().expect("a template"));
            let told = told.err().map(|problem| problem.line as u64);
            // That a return stands outside of a function is no matter of the grammar: the host says so.
            if case["case"] != "return outside of a function" {
                assert_eq!(told, wrong, "{case}");
            }
        }
    }

    #[test]
    fn a_problem_is_a_sentence() {
        let problem = compile("a\n% if x\n% end").expect_err("a problem");
        assert_eq!(problem.to_string(), "line 2: this block is empty; `% pass` does nothing");
        let problem = compile("a\n\n${1 +}").expect_err("a problem");
        assert_eq!((problem.line, problem.what.as_str()), (3, "Expected an expression"));
    }
}
