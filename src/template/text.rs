//! A line of text, with the expressions in it.

use std::fmt::Write as _;

use super::{Problem, look_at_arguments};

/// The Python that emits a line of text.
///
/// # Errors
/// What is no expression.
pub fn emit(line: &str, number: usize) -> Result<String, Problem> {
    let mut code = String::from("_out_.begin()");
    let mut plain = String::new();
    let mut rest = line;
    while let Some(char) = rest.chars().next() {
        if let Some(tail) = rest.strip_prefix("\\${") {
            plain.push_str("${");
            rest = tail;
        } else if let Some(tail) = rest.strip_prefix("${") {
            push_plain(&mut code, &mut plain);
            let end = end_of_expression(tail, number)?;
            look_at_arguments(&tail[..end], number)?;
            code.push_str("; _out_.show(");
            code.push_str(&tail[..end]);
            code.push(')');
            rest = tail.get(end + 1..).unwrap_or_default();
        } else {
            plain.push(char);
            rest = &rest[char.len_utf8()..];
        }
    }
    push_plain(&mut code, &mut plain);
    code.push_str("; _out_.end()");
    Ok(code)
}

fn push_plain(code: &mut String, plain: &mut String) {
    if !plain.is_empty() {
        code.push_str("; _out_.text(u\"");
        plain.drain(..).for_each(|char| push_escaped(code, char));
        code.push_str("\")");
    }
}

/// As Python's `unicode_escape`, and quotes besides.
fn push_escaped(code: &mut String, char: char) {
    let number = u32::from(char);
    // Writing to a String cannot fail.
    let _ = match char {
        '\\' | '"' => write!(code, "\\{char}"),
        '\t' => write!(code, "\\t"),
        '\n' => write!(code, "\\n"),
        '\r' => write!(code, "\\r"),
        ' '..='~' => write!(code, "{char}"),
        '\0'..='\u{ff}' => write!(code, "\\x{number:02x}"),
        '\u{100}'..='\u{ffff}' => write!(code, "\\u{number:04x}"),
        _ => write!(code, "\\U{number:08x}"),
    };
}

/// Where the brace is that closes it, or the end of the line. Brackets in quotes do not count.
fn end_of_expression(text: &str, number: usize) -> Result<usize, Problem> {
    let mut inside = Vec::new();
    let mut at = 0;
    while let Some(char) = text[at..].chars().next() {
        match char {
            '\'' | '"' => {
                at = end_of_quote(text, at, char);
                continue;
            }
            '(' | '[' | '{' => inside.push(char),
            '}' if inside.is_empty() => return Ok(at),
            ')' | ']' | '}' => {
                let opened = inside.pop();
                if !matches!((opened, char), (Some('('), ')') | (Some('['), ']') | (Some('{'), '}')) {
                    return Err(Problem { line: number, what: format!("unmatched '{char}'") });
                }
            }
            _ => {}
        }
        at += char.len_utf8();
    }
    Ok(text.len())
}

/// Where the text goes on after what is in quotes.
fn end_of_quote(text: &str, start: usize, quote: char) -> usize {
    let triple = [quote; 3].iter().collect::<String>();
    let quote = if text[start..].starts_with(&triple) { &triple[..] } else { &triple[..1] };
    let mut at = start + quote.len();
    while let Some(char) = text[at..].chars().next() {
        if text[at..].starts_with(quote) {
            return at + quote.len();
        }
        at += char.len_utf8();
        if char == '\\' {
            at += text[at..].chars().next().map_or(0, char::len_utf8);
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_expressions_alternate() {
        let code = emit("é \\${a} ${'}'}x${", 1).expect("a line");
        let wanted = "_out_.begin(); _out_.text(u\"\\xe9 ${a} \"); _out_.show('}'); _out_.text(u\"x\"); _out_.show(); _out_.end()";
        assert_eq!(code, wanted);
    }

    #[test]
    fn quotes_end_where_they_do_for_python() {
        for (text, end) in [
            ("'}'}", 3),
            ("'\\'}'}", 5),
            ("'''}'\"}'''}", 10),
            ("\"é}\"}", 5),
            ("'é", 3),
            ("'\\", 2),
            ("''}", 2),
            ("'''", 3),
        ] {
            assert_eq!(end_of_expression(text, 1), Ok(end), "{text}");
        }
    }
}
