//! The line that names a script to run: `FILE.py ARG…`. It stays open until the script has been read.

use std::path::PathBuf;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::shell_words;
use crate::tui::action::Action;
use crate::tui::msg::{Ask, Effect};
use crate::tui::pane::{Context, Pane};
use crate::tui::pen::Pen;
use crate::tui::theme::Role;
use crate::tui::widget::field::Field;
use crate::tui::widget::{frame, title};

/// Rows, border included.
pub const HEIGHT: u16 = 5;
const PROMPT: &str = "python ";

/// The line.
#[derive(Debug)]
pub struct ScriptLine {
    line: Field,
    /// Why what was accepted last did not run.
    problem: Option<String>,
}

impl ScriptLine {
    /// With what was typed the last time.
    pub fn new(last: &str) -> Self {
        Self { line: Field::new(last), problem: None }
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        self.line.text()
    }

    /// What Enter stands for: reading the script. None where the line names none; it says why then.
    pub fn read(&mut self) -> Option<Effect> {
        match words(self.line.text()) {
            Ok((path, arguments)) => Some(Effect::ReadScript { path, arguments }),
            Err(why) => {
                self.refuse(why);
                None
            }
        }
    }

    /// Says why nothing runs.
    pub fn refuse(&mut self, why: String) {
        self.problem = Some(why);
    }
}

/// The path and the arguments that a line names.
fn words(line: &str) -> Result<(PathBuf, Vec<String>), String> {
    let mut words = shell_words::split(line)
        .map_err(|(at, what)| {
            format!("the {what} in column {} is not closed", line[..at].chars().count() + 1)
        })?
        .into_iter();
    let path = words.next().filter(|path| !path.is_empty()).ok_or("which file?")?;
    Ok((path.into(), words.collect()))
}

impl Pane for ScriptLine {
    fn act(&mut self, _action: Action, _cx: &Context) -> Vec<Ask> {
        Vec::new()
    }

    fn draw(&self, cx: &Context, buf: &mut Buffer) -> Option<Position> {
        let inside =
            frame(cx, title(cx, "run a script", "on this machine, from which it may reach hosts"), buf);
        if inside.is_empty() {
            return None;
        }
        let row = Rect { height: 1, ..inside };
        let prompt = (PROMPT.len() as u16).min(inside.width);
        Pen::new(cx, row, 0, buf).write(PROMPT, cx.theme.style(Role::Accent));
        let field = Rect { x: row.x + prompt, width: row.width - prompt, ..row };
        let cursor = self.line.draw(field, cx.theme.style(Role::Text), buf);
        let (says, role) = match &self.problem {
            Some(why) => (why.as_str(), Role::Error),
            None => ("FILE.py ARGUMENT…  quotes as in a shell", Role::Dim),
        };
        Pen::new(cx, inside, 2, buf).write(says, cx.theme.style(role));
        cursor
    }

    fn field(&mut self) -> Option<&mut Field> {
        Some(&mut self.line)
    }

    fn typed(&mut self, _cx: &Context) {
        self.problem = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_as_a_shell_does() {
        let named = |line| words(line).map(|(path, words)| (path.to_string_lossy().into_owned(), words));
        assert_eq!(
            named("'my script.py' -n 3 \"a b\""),
            Ok(("my script.py".into(), vec!["-n".into(), "3".into(), "a b".into()]))
        );
        assert_eq!(named("  "), Err("which file?".into()));
        assert_eq!(named("''"), Err("which file?".into()));
        assert_eq!(named("é.py 'a"), Err("the single quote in column 6 is not closed".into()));
    }
}
