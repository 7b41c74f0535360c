//! The editor: Python text, coloured, checked before it is sent. Its title says what the next run will hit.

mod paint;

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Span;
use ratatui::widgets::Widget;
use ratatui_textarea::{CursorMove, TextArea};

use crate::engine::code::Code;
use crate::engine::event::Level;
use crate::engine::files::Files;
use crate::tui::action::Action;
use crate::tui::msg::Ask;
use crate::tui::pane::{Context, Pane};
use crate::tui::python::{self, Parsed};
use crate::tui::theme::{Role, Theme};
use crate::tui::widget::field::Field;
use crate::tui::widget::{frame, title};

/// Blanks of one step of indentation.
const STEP: usize = 4;
/// The longest code, in bytes: more is no code that somebody typed.
const LONGEST: usize = 1 << 20;

/// The editor.
#[derive(Debug)]
pub struct EditorPane {
    area: TextArea<'static>,
    /// The text as it is now, read by the parser.
    parsed: Parsed,
    search: Option<Field>,
    /// The text that was said to be no Python: asked for once more, it is sent.
    warned: Option<String>,
    /// Which earlier run's code is loaded, counted back from the newest; and the text before.
    recalled: Option<(usize, String)>,
}

/// What came of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// The editor took it.
    Taken,
    /// Enter after one complete line: run it.
    Run,
    /// The end of the input, in an empty editor.
    End,
}

/// Whether the code may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ready {
    /// It may.
    Yes(String),
    /// There is none.
    Empty,
    /// It is no Python that we know; asked once more, it may be sent. The sentence says where and why.
    Doubtful(String),
}

/// Whether a line says all that is to be run.
fn is_complete(line: &str) -> bool {
    python::is_complete_line(line) || Files::read(line).is_some_and(|files| files.is_ok())
}

impl EditorPane {
    /// Empty.
    pub fn new(theme: &Theme) -> Self {
        let mut area = TextArea::default();
        area.set_cursor_line_style(Style::new());
        area.set_cursor_style(Style::new());
        area.set_tab_length(STEP as u8);
        area.set_selection_style(theme.style(Role::MatchHere));
        area.set_search_style(theme.style(Role::Match));
        area.set_placeholder_style(theme.style(Role::Dim));
        area.set_placeholder_text(" Python for the selected hosts; the last expression is the value");
        Self { area, parsed: Parsed::default(), search: None, warned: None, recalled: None }
    }

    /// The code.
    pub fn code(&self) -> String {
        self.area.lines().join("\n")
    }

    /// Whether there is nothing but blanks.
    pub fn is_blank(&self) -> bool {
        self.area.lines().iter().all(|line| line.trim().is_empty())
    }

    /// Puts other code in its place. Can be undone.
    pub fn load(&mut self, code: &str) {
        self.area.select_all();
        self.area.insert_str(clean(code));
        self.changed();
    }

    /// The code, if it may be sent.
    pub fn ready(&mut self) -> Ready {
        if self.is_blank() {
            return Ready::Empty;
        }
        let code = self.code();
        match &self.parsed.problem {
            Some(problem) if self.warned.as_ref() != Some(&code) => {
                let (row, column) = (problem.row + 1, problem.column + 1);
                let why = format!("line {row}, column {column}: {}", problem.what);
                self.warned = Some(code);
                Ready::Doubtful(why)
            }
            _ => Ready::Yes(code),
        }
    }

    /// Takes in a key that is no action.
    pub fn key(&mut self, key: KeyEvent) -> Typed {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter if self.at_end() && is_complete(&self.code()) => return Typed::Run,
            KeyCode::Enter => self.newline(),
            KeyCode::Char('j') if ctrl => self.newline(),
            KeyCode::Char('d') if ctrl && self.area.is_empty() => return Typed::End,
            KeyCode::Backspace if self.blanks_before() > 0 && !self.area.is_selecting() => self.dedent(),
            _ => {
                if self.area.input(key) {
                    self.changed();
                }
                return Typed::Taken;
            }
        }
        self.changed();
        Typed::Taken
    }

    /// Takes in pasted text as it is: nothing runs, nothing is indented.
    pub fn paste(&mut self, text: &str) -> Result<(), String> {
        let text = clean(text);
        if self.code().len() + text.len() > LONGEST {
            return Err(format!("the editor takes up to {} MiB: nothing was pasted", LONGEST >> 20));
        }
        self.area.insert_str(text);
        self.changed();
        Ok(())
    }

    fn changed(&mut self) {
        self.parsed = python::parse(&self.code());
        if Files::read(&self.code()).is_some() {
            self.parsed.problem = None;
        }
        self.warned = None;
    }

    /// The cursor is behind the last character.
    fn at_end(&self) -> bool {
        let cursor = self.area.cursor();
        let last = self.area.lines().last().map_or(0, |line| line.chars().count());
        (cursor.0 + 1, cursor.1) == (self.area.lines().len(), last)
    }

    fn newline(&mut self) {
        let cursor = self.area.cursor();
        let before: String = self.area.lines()[cursor.0].chars().take(cursor.1).collect();
        self.area.insert_str(format!("\n{}", python::indent_after(&before)));
    }

    /// How many blanks stand before the cursor, if nothing else does.
    fn blanks_before(&self) -> usize {
        let cursor = self.area.cursor();
        let blank = self.area.lines()[cursor.0].chars().take(cursor.1).all(|char| char == ' ');
        if blank { cursor.1 } else { 0 }
    }

    fn dedent(&mut self) {
        for _ in 0..=(self.blanks_before() - 1) % STEP {
            self.area.delete_char();
        }
    }

    /// Loads the code of another run: `back` is how many runs ago, 0 what was typed before.
    fn recall(&mut self, earlier: bool, cx: &Context) -> Vec<Ask> {
        let (at, draft) = self.recalled.take().unwrap_or_else(|| (0, self.code()));
        let mut codes = vec![draft.as_str()];
        for (_, run) in cx.model.runs.iter().rev() {
            let code = match &run.spec.code {
                Code::Text(code) => code.as_str(),
                Code::Files(files) => &files.text,
                Code::Script(_) | Code::Template(_) => continue,
            };
            if codes.last() != Some(&code) {
                codes.push(code);
            }
        }
        let to = if earlier { (at + 1).min(codes.len() - 1) } else { at.saturating_sub(1) };
        if to == at {
            let which = if earlier { "earlier" } else { "later" };
            self.recalled = Some((at, draft));
            return vec![Ask::Notice(Level::Info, format!("there is no {which} code"))];
        }
        let code = codes[to].to_owned();
        self.load(&code);
        self.recalled = Some((to, draft));
        Vec::new()
    }

    fn find(&mut self, forward: bool) -> Vec<Ask> {
        let found = if forward { self.area.search_forward(false) } else { self.area.search_back(false) };
        match self.area.search_pattern() {
            Some(_) if !found => vec![Ask::Notice(Level::Info, "not found in the code".into())],
            _ => Vec::new(),
        }
    }

    fn back(&mut self) {
        if self.search.take().is_some() || self.area.search_pattern().is_some() {
            let _ = self.area.set_search_pattern(""); // the empty pattern is a good one
        } else {
            self.area.cancel_selection();
        }
    }

    fn aim<'a>(cx: &Context, aim: &'a mut String) -> ratatui::text::Line<'a> {
        let selected = cx.selection.describe(&cx.model.fleet).replace('·', cx.glyphs.dot);
        let targets = cx.selection.targets(&cx.model.fleet);
        let sign = cx.glyphs.level(Level::Warning);
        let protected = match cx.care.protected_of(&targets).len() {
            0 => String::new(),
            count => format!("{sign} {count} protected {} ", cx.glyphs.dot),
        };
        let mode = match (cx.care.read_only, cx.care.guard) {
            (true, _) => format!("read-only {} ", cx.glyphs.dot),
            (_, true) => format!("guarded {} ", cx.glyphs.dot),
            _ => String::new(),
        };
        let steps = cx.care.steps.map(|steps| format!(" {} {steps}", cx.glyphs.dot)).unwrap_or_default();
        let role = match protected.is_empty() {
            false => Role::Error,
            true if targets.is_empty() || cx.care.read_only => Role::Warn,
            true => Role::Accent,
        };
        *aim = format!("{} {protected}{mode}{selected}{steps}", cx.glyphs.aim);
        title(cx, "editor", Span::styled(aim.as_str(), cx.theme.style(role)))
    }
}

impl Pane for EditorPane {
    fn act(&mut self, action: Action, cx: &Context) -> Vec<Ask> {
        match action {
            Action::Undo if self.area.undo() => self.changed(),
            Action::Redo if self.area.redo() => self.changed(),
            Action::SelectText => self.area.select_all(),
            Action::EarlierCode => return self.recall(true, cx),
            Action::LaterCode => return self.recall(false, cx),
            Action::Search => self.search = Some(Field::default()),
            Action::NextMatch => return self.find(true),
            Action::PreviousMatch => return self.find(false),
            Action::Accept => self.search = None,
            Action::Up => self.area.move_cursor(CursorMove::Up),
            Action::Down => self.area.move_cursor(CursorMove::Down),
            Action::Back => self.back(),
            _ => {}
        }
        Vec::new()
    }

    fn draw(&self, cx: &Context, buf: &mut Buffer) -> Option<Position> {
        let mut aim = String::new();
        let mut inside = frame(cx, Self::aim(cx, &mut aim), buf);
        if inside.is_empty() {
            return None;
        }
        let mut field_cursor = None;
        if let Some(field) = &self.search {
            inside.height -= 1;
            let line = Rect { y: inside.bottom(), height: 1, ..inside };
            field_cursor = draw_search(field, cx, line, buf);
        }
        if inside.is_empty() {
            return field_cursor;
        }
        buf.set_style(inside, cx.theme.style(Role::Code));
        (&self.area).render(inside, buf);
        paint::paint(&self.area, &self.parsed, self.warned.is_some(), inside, cx.theme, buf);
        let cursor = self.area.screen_cursor();
        let (top, left) = self.area.scroll_offset();
        let (x, y) = ((cursor.col as u16).saturating_sub(left), (cursor.row as u16).saturating_sub(top));
        let here = (x < inside.width && y < inside.height).then(|| Position::new(inside.x + x, inside.y + y));
        field_cursor.or(here)
    }

    fn field(&mut self) -> Option<&mut Field> {
        self.search.as_mut()
    }

    fn typed(&mut self, _cx: &Context) {
        if let Some(field) = &self.search {
            let _ = self.area.set_search_pattern(regex::escape(field.text())); // escaped, it is always a good one
            self.area.search_forward(true);
        }
    }
}

fn draw_search(field: &Field, cx: &Context, line: Rect, buf: &mut Buffer) -> Option<Position> {
    let label = "search: ";
    buf.set_stringn(line.x, line.y, label, usize::from(line.width), cx.theme.style(Role::Accent));
    let used = (label.len() as u16).min(line.width);
    let rest = Rect { x: line.x + used, width: line.width - used, ..line };
    field.draw(rest, cx.theme.style(Role::Text), buf)
}

/// Text as an editor can hold it: line ends as newlines, no other control characters than tabs.
fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|char| !char.is_control() || matches!(char, '\n' | '\t')).collect()
}

#[cfg(test)]
#[path = "editor_test.rs"]
mod tests;
