//! The rules that hold for whole lines.

use super::line::{is_blank, lines};
use super::{Problem, look_at, text};

const OPEN: &[&str] = &["for", "if", "while", "with", "try", "def", "class"];
const GO_ON: &[&str] = &["else", "elif", "except", "finally"];
const CLOSE: &[&str] = &["end", "endfor", "endif", "endwhile", "endwith", "enddef", "endclass", "endtry"];
const EMPTY: &str = "this block is empty; `% pass` does nothing";

/// A block that is open.
struct Block {
    /// Line of the template, from 1.
    number: usize,
    is_empty: bool,
    /// What is known of it, if it is a function's.
    function: Option<Function>,
}

#[derive(Default)]
struct Function {
    /// It has lines of text.
    emits: bool,
    yields: bool,
    /// The lines of its bare `return`s, from 0.
    returns: Vec<usize>,
}

#[derive(Default)]
struct Translation {
    lines: Vec<String>,
    blocks: Vec<Block>,
}

/// The Python text of a template, of as many lines; functions that are not closed add one each.
///
/// # Errors
/// A block that is empty, or what is no expression, or no condition.
pub fn translate(template: &str) -> Result<String, Problem> {
    let mut made = Translation::default();
    for (number, line) in (1..).zip(lines(template)) {
        made.line(line, number)?;
    }
    while !made.blocks.is_empty() {
        let end = made.close()?;
        made.lines.push(end);
    }
    Ok(made.lines.join("\n") + "\n")
}

impl Translation {
    fn line(&mut self, line: &str, number: usize) -> Result<(), Problem> {
        let stripped = line.trim_matches(is_blank);
        if stripped.starts_with("##") {
            self.lines.push(String::new());
            return Ok(());
        }
        let Some(code) = stripped.strip_prefix('%').filter(|code| !code.starts_with('%')) else {
            let emitted = if stripped.starts_with('%') {
                text::emit(&line.replacen("%%", "%", 1), number)?
            } else {
                text::emit(line, number)?
            };
            self.add(&emitted);
            if let Some(function) = self.function() {
                function.emits = true;
            }
            return Ok(());
        };
        let code = code.trim_matches(is_blank);
        let word = code.split(is_blank).next().unwrap_or_default().trim_end_matches([':', '(']);
        if code.is_empty() || CLOSE.contains(&word) {
            let end = self.close()?;
            self.lines.push(end);
        } else if OPEN.contains(&word) || GO_ON.contains(&word) {
            if GO_ON.contains(&word) {
                self.close()?;
            }
            let code = if code.ends_with(':') { code.to_owned() } else { format!("{code}:") };
            look_at(&alone(word, &code), number)?;
            self.add(&code);
            let function = (word == "def").then(Function::default);
            self.blocks.push(Block { number, is_empty: true, function });
        } else {
            let at = self.lines.len();
            if let Some(function) = self.function() {
                function.returns.extend((code == "return").then_some(at));
                function.yields |= code.contains("yield");
            }
            self.add(code);
        }
        Ok(())
    }

    /// The innermost function that is open.
    fn function(&mut self) -> Option<&mut Function> {
        self.blocks.iter_mut().rev().find_map(|block| block.function.as_mut())
    }

    fn add(&mut self, code: &str) {
        self.lines.push(" ".repeat(self.blocks.len()) + code);
        if let Some(block) = self.blocks.last_mut() {
            block.is_empty = false;
        }
    }

    /// What a block ends with: a function that emits gives no value to be shown besides.
    fn close(&mut self) -> Result<String, Problem> {
        let depth = self.blocks.len();
        let Some(block) = self.blocks.pop() else {
            return Ok(String::new());
        };
        if block.is_empty {
            return Err(Problem { line: block.number, what: EMPTY.to_owned() });
        }
        let Some(function) = block.function.filter(|function| function.emits && !function.yields) else {
            return Ok(String::new());
        };
        for at in function.returns {
            if let Some(line) = self.lines.get_mut(at) {
                line.push_str(" u\"\"");
            }
        }
        Ok(" ".repeat(depth) + "return u\"\"")
    }
}

/// A line that opens a block, as a whole program, so that it can be looked at alone.
fn alone(word: &str, code: &str) -> String {
    match word {
        "elif" | "else" => format!("if 0: pass\n{code} pass"),
        "except" | "finally" => format!("try: pass\n{code} pass"),
        "try" => format!("{code} pass\nfinally: pass"),
        _ => format!("{code} pass"),
    }
}
