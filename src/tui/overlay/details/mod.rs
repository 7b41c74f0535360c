//! Everything about one thing: a target and why it cannot be reached, or an answer with all that belongs to it.

mod content;
mod tree;

use std::cell::RefCell;
use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Clear, Widget};

use crate::engine::event::Level;
use crate::model::remote_text;
use crate::tui::action::Action;
use crate::tui::msg::{Ask, Subject};
use crate::tui::pane::{Context, Pane};
use crate::tui::pen::{Look, Pen, measure, wrap};
use crate::tui::theme::Role;
use crate::tui::widget::field::Field;
use crate::tui::widget::finder::Finder;
use crate::tui::widget::scroll::{self, Scroll, step};
use crate::tui::widget::{frame, title};
use content::{Row, Rows};
use tree::Tree;

/// The most rows of the screen that one row of the page takes.
const TALLEST: usize = 200;
/// The longest text that is copied, in characters.
const COPIED: usize = 1 << 20;
/// Columns that one step to the side goes.
const SIDESTEP: usize = 8;
/// The farthest that one can go to the side, in columns.
const FARTHEST: usize = 100_000;

/// The details overlay.
#[derive(Debug)]
pub struct Details {
    subject: Subject,
    tree: Tree,
    /// Grows whenever the tree or the wrapping changes.
    revision: u64,
    cursor: usize,
    scroll: Scroll,
    wrap: bool,
    left: usize,
    search: Finder,
    sheet: RefCell<Option<Sheet>>,
}

/// The page as it was made last, and from what.
#[derive(Debug)]
struct Sheet {
    made_of: (u64, u64, u16),
    rows: Vec<Row>,
    /// The rows of the screen: a row of the page, and columns of its text.
    lines: Vec<(usize, Range<usize>)>,
}

impl Details {
    /// About this.
    pub fn new(subject: Subject) -> Self {
        Self {
            subject,
            tree: Tree::default(),
            revision: 0,
            cursor: 0,
            scroll: Scroll::default(),
            wrap: true,
            left: 0,
            search: Finder::default(),
            sheet: RefCell::default(),
        }
    }

    /// What it is about.
    pub fn subject(&self) -> Subject {
        self.subject
    }

    fn rows(&self, cx: &Context) -> Rows {
        match self.subject {
            Subject::Target(id) => content::target(cx, id),
            Subject::Cell(run, target) => {
                let run = cx.model.runs.get(run);
                match run.and_then(|run| Some((run, run.cell(target)?))) {
                    Some((run, entry)) => content::cell(cx, run, entry, &self.tree),
                    None => Rows::default(),
                }
            }
        }
    }

    /// What the page depends on: a cell is made anew when its run has changed, a target with every event.
    fn version(&self, cx: &Context) -> u64 {
        match self.subject {
            Subject::Target(_) => cx.model.version(),
            Subject::Cell(run, _) => cx.model.runs.get(run).map_or(0, |run| run.version() + 1),
        }
    }

    fn with<R>(&self, cx: &Context, look: impl FnOnce(&Sheet) -> R) -> R {
        let made_of = (self.version(cx), self.revision, cx.area.width);
        let mut sheet = self.sheet.borrow_mut();
        match &*sheet {
            Some(known) if known.made_of == made_of => look(known),
            _ => {
                let rows = self.rows(cx).0;
                let lines = self.lines(&rows, usize::from(cx.area.width).saturating_sub(2));
                look(sheet.insert(Sheet { made_of, rows, lines }))
            }
        }
    }

    fn lines(&self, rows: &[Row], width: usize) -> Vec<(usize, Range<usize>)> {
        let mut lines = Vec::with_capacity(rows.len());
        for (at, row) in rows.iter().enumerate() {
            if !self.wrap {
                lines.push((at, self.left..usize::MAX));
                continue;
            }
            let room = width.saturating_sub(lead(row, width));
            let starts = wrap(&row.text, room, TALLEST);
            let ends = starts.iter().skip(1).copied().chain([usize::MAX]);
            lines.extend(starts.iter().zip(ends).map(|(start, end)| (at, *start..end)));
        }
        lines
    }

    /// Opens or closes the container under the cursor.
    fn turn(&mut self, cx: &Context) {
        let branch = self.with(cx, |sheet| {
            let (row, _) = sheet.lines.get(self.cursor)?;
            sheet.rows[*row].branch.as_ref().map(|(path, _)| path.clone())
        });
        if let Some(path) = branch {
            self.tree.turn(&path);
            self.revision += 1;
        }
    }

    /// The part of the value under the cursor, else the whole page.
    fn copy(&self, cx: &Context) -> Vec<Ask> {
        let text = self.with(cx, |sheet| {
            let row = sheet.lines.get(self.cursor).and_then(|(row, _)| sheet.rows.get(*row));
            if let Some((_, value)) = row.and_then(|row| row.branch.as_ref()) {
                return value.as_str().map_or_else(|| value.repr(COPIED), str::to_owned);
            }
            let line = |row: &Row| format!("{}{}{}", " ".repeat(row.indent), row.label, row.text);
            let lines: Vec<_> = sheet.rows.iter().map(line).collect();
            lines.iter().map(|line| remote_text::plain(line)).collect::<Vec<_>>().join("\n")
        });
        vec![Ask::Copy(text)]
    }

    /// Goes to the next row that matches, in this direction.
    fn find(&mut self, cx: &Context, back: bool) -> Vec<Ask> {
        let filter = self.search.filter();
        if filter.is_empty() {
            return Vec::new();
        }
        let found = self.with(cx, |sheet| {
            let here = |at: &usize| {
                let (row, columns) = &sheet.lines[*at];
                let first = columns.start == 0 || !self.wrap;
                let row = &sheet.rows[*row];
                first && filter.matches(format!("{}{}", row.label, row.text).as_str())
            };
            if back {
                (0..self.cursor.min(sheet.lines.len())).rev().find(here)
            } else {
                (self.cursor + 1..sheet.lines.len()).find(here)
            }
        });
        if let Some(found) = found {
            self.cursor = found;
            return Vec::new();
        }
        let way = if back { "above" } else { "below" };
        vec![Ask::Notice(Level::Info, format!("nothing more matches {way}"))]
    }

    fn sidestep(&mut self, to: usize) {
        self.left = to.min(FARTHEST);
        self.revision += 1;
    }

    fn about(&self, cx: &Context) -> String {
        let name = |id| remote_text::plain(&cx.model.fleet.name(id)).into_owned();
        match self.subject {
            Subject::Target(id) => name(id),
            Subject::Cell(run, id) => format!("{} {} run {}", name(id), cx.glyphs.dot, run.0),
        }
    }

    fn draw_line(&self, cx: &Context, row: &Row, columns: &Range<usize>, here: bool, mut pen: Pen<'_>) {
        if here {
            pen.wash(cx.theme.style(if cx.focused { Role::RowFocus } else { Role::Row }));
        }
        let lead = lead(row, pen.room());
        if columns.start == 0 || !self.wrap {
            pen.skip(row.indent.min(lead)).column(
                &row.label,
                lead.saturating_sub(row.indent),
                cx.theme.style(Role::Accent),
            );
        } else {
            pen.skip(lead);
        }
        let search = self.search.filter();
        let hits = if search.is_empty() { Vec::new() } else { search.hits(&remote_text::plain(&row.text)) };
        let hit = cx.theme.style(if here { Role::MatchHere } else { Role::Match });
        let goes_on = columns.end != usize::MAX;
        let look = Look { style: cx.theme.style(row.role), skip: columns.start, hits: &hits, hit, goes_on };
        if goes_on {
            pen.column(&row.text, columns.end - columns.start, look);
        } else {
            pen.write(&row.text, look);
        }
    }
}

/// Columns before a row's text.
fn lead(row: &Row, width: usize) -> usize {
    (row.indent + measure(&row.label, width)).min(width / 2)
}

impl Pane for Details {
    fn act(&mut self, action: Action, cx: &Context) -> Vec<Ask> {
        if let Some(rows) = scroll::rows(action, cx.area.height.saturating_sub(2)) {
            let len = self.with(cx, |sheet| sheet.lines.len());
            self.cursor = step(self.cursor, rows, len);
            return Vec::new();
        }
        match action {
            Action::Accept if self.search.accept() => {}
            Action::Accept => self.turn(cx),
            Action::Wrap => {
                (self.wrap, self.left) = (!self.wrap, 0);
                self.revision += 1;
            }
            Action::Left => self.sidestep(self.left.saturating_sub(SIDESTEP)),
            Action::Right => self.sidestep(self.left + SIDESTEP),
            Action::Search => self.search.open(),
            Action::NextMatch => return self.find(cx, false),
            Action::PreviousMatch => return self.find(cx, true),
            Action::Back => drop(self.search.back()),
            Action::Copy => return self.copy(cx),
            _ => {}
        }
        Vec::new()
    }

    fn draw(&self, cx: &Context, buf: &mut Buffer) -> Option<Position> {
        Clear.render(cx.area.intersection(buf.area), buf);
        let inside = frame(cx, title(cx, "details", self.about(cx)), buf);
        let (area, place): (Rect, _) = self.search.draw(cx, "/", inside, buf);
        self.with(cx, |sheet| {
            if sheet.lines.is_empty() {
                let gone = "This run is not kept any more.";
                Pen::new(cx, area, 0, buf).skip(1).write(gone, cx.theme.style(Role::Dim));
            }
            let cursor = self.cursor.min(sheet.lines.len().saturating_sub(1));
            let view = self.scroll.window(cursor, sheet.lines.len(), usize::from(area.height));
            for (line, at) in view.enumerate() {
                let (row, columns) = &sheet.lines[at];
                let pen = Pen::new(cx, area, line as u16, buf);
                self.draw_line(cx, &sheet.rows[*row], columns, at == cursor, pen);
            }
        });
        place
    }

    fn field(&mut self) -> Option<&mut Field> {
        self.search.field()
    }

    fn typed(&mut self, cx: &Context) {
        self.search.typed();
        let filter = self.search.filter();
        let here = self.with(cx, |sheet| {
            let row = sheet.lines.get(self.cursor).map(|(row, _)| &sheet.rows[*row]);
            row.is_some_and(|row| filter.matches(format!("{}{}", row.label, row.text).as_str()))
        });
        if !here {
            self.find(cx, false);
        }
    }
}

#[cfg(test)]
#[path = "details_test.rs"]
mod tests;
