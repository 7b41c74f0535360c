//! The lines in view, row by row.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::engine::event::{Level, Stream};
use crate::model::line_view::LineView;
use crate::model::lines::{Scope, Seq, Stored};
use crate::model::remote_text;
use crate::tui::pane::Context;
use crate::tui::pane::lines::{LinesPane, Place, Times};
use crate::tui::pen::{Look, Pen, measure, shortened, wrap};
use crate::tui::theme::Role;
use crate::tui::widget::times;

/// The most rows that a wrapped line takes: one endless line must not push all others out of view.
const TALLEST: usize = 16;
/// The farthest that lines can be scrolled to the side, in columns.
pub(super) const FARTHEST: usize = 64 * 1024;
/// The widest that the column of host names gets.
const WIDEST_NAME: usize = 20;

/// A part of a line that takes one row.
enum Part {
    /// So many lines are missing here.
    Gap(u64),
    /// Columns of the text. Only the first row of a line has a time and a name.
    Text { columns: Range<usize>, first: bool, last: bool },
}

/// What is to be drawn.
pub(super) struct Page<'a> {
    pane: &'a LinesPane,
    rows: Vec<(&'a Stored, Part)>,
    area: Rect,
    names: usize,
    cursor: Option<Seq>,
}

impl<'a> Page<'a> {
    pub(super) fn new(of: &'a LinesPane, view: &'a LineView, cx: &Context<'a>, area: Rect) -> Self {
        let names = match view.scope() {
            Scope::Target(_) => 0,
            Scope::All | Scope::Run(_) => widest_name(cx, usize::from(area.width)),
        };
        let mut page = Self { pane: of, rows: Vec::new(), area, names, cursor: None };
        let (lines, height) = (&cx.model.lines, usize::from(area.height));
        match of.place {
            Place::Tail => page.fill_up(view, cx, lines.end()),
            Place::At { cursor, .. } => {
                page.fill_down(view, cx, of.top.get().min(cursor));
                if !page.shows(cursor) {
                    page.fill_up(view, cx, Seq(cursor.0.saturating_add(1)));
                }
                let first = page.rows.first().map_or(cursor, |(line, _)| line.seq);
                of.top.set(first);
                if page.rows.len() < height {
                    page.fill_down(view, cx, first);
                }
                page.cursor = Some(cursor);
            }
        }
        page
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn shows(&self, seq: Seq) -> bool {
        self.rows.iter().any(|(line, _)| line.seq == seq)
    }

    /// Rows from this line on, until there is no more room.
    fn fill_down(&mut self, view: &'a LineView, cx: &Context<'a>, from: Seq) {
        let height = usize::from(self.area.height);
        self.rows.clear();
        for line in view.from(&cx.model.lines, from) {
            if self.rows.len() >= height {
                break;
            }
            let parts = self.parts(line);
            self.rows.extend(parts.into_iter().map(|part| (line, part)));
        }
        self.rows.truncate(height);
    }

    /// Rows up to this line, itself not included, as many as there is room for.
    fn fill_up(&mut self, view: &'a LineView, cx: &Context<'a>, before: Seq) {
        let height = usize::from(self.area.height);
        self.rows.clear();
        for line in view.before(&cx.model.lines, before) {
            if self.rows.len() >= height {
                break;
            }
            let parts = self.parts(line);
            self.rows.extend(parts.into_iter().rev().map(|part| (line, part)));
        }
        self.rows.truncate(height);
        self.rows.reverse();
    }

    fn parts(&self, line: &Stored) -> Vec<Part> {
        let mut parts = Vec::new();
        if line.gap > 0 {
            parts.push(Part::Gap(line.gap));
        }
        if !self.pane.wrap {
            let columns = self.pane.left..usize::MAX;
            parts.push(Part::Text { columns, first: true, last: true });
            return parts;
        }
        let width = usize::from(self.area.width).saturating_sub(self.lead()).max(2);
        let starts = wrap(&line.shown(), width, TALLEST);
        for (row, start) in starts.iter().enumerate() {
            let end = starts.get(row + 1).copied();
            let columns = *start..end.unwrap_or(usize::MAX);
            parts.push(Part::Text { columns, first: row == 0, last: end.is_none() });
        }
        parts
    }

    /// Columns before the text: time, name, sign.
    fn lead(&self) -> usize {
        self.time_width() + self.names + usize::from(self.names > 0) + 2
    }

    fn time_width(&self) -> usize {
        match self.pane.times {
            Times::Off => 0,
            Times::Relative => 9,
            Times::Local => 13,
        }
    }

    pub(super) fn draw(&self, cx: &Context, buf: &mut Buffer) {
        for (row, (line, part)) in self.rows.iter().enumerate() {
            let mut pen = Pen::new(cx, self.area, row as u16, buf);
            if self.cursor == Some(line.seq) {
                pen.wash(cx.theme.style(if cx.focused { Role::RowFocus } else { Role::Row }));
            }
            match part {
                Part::Gap(lines) => {
                    let sign = cx.glyphs.level(Level::Warning);
                    let says = format!("{sign} {} dropped", times::count(*lines));
                    self.draw_lead(cx, line, true, &mut pen);
                    pen.write(&says, cx.theme.style(Role::Warn));
                }
                Part::Text { columns, first, last } => {
                    self.draw_lead(cx, line, *first, &mut pen);
                    self.draw_text(cx, line, columns.clone(), *last, &mut pen);
                }
            }
        }
    }

    fn draw_lead(&self, cx: &Context, line: &Stored, first: bool, pen: &mut Pen<'_>) {
        let dim = cx.theme.style(Role::Dim);
        let time = if first { self.time(cx, line) } else { String::new() };
        pen.column(&time, self.time_width(), dim);
        if self.names > 0 {
            let name = cx.model.fleet.name(line.target);
            let style = cx.theme.style(Role::host(&name));
            let name = shortened(&name, self.names, cx.glyphs.more);
            pen.column(if first { &name } else { "" }, self.names, style).skip(1);
        }
        let sign = match line.stream {
            Stream::Stderr | Stream::Log => cx.glyphs.bar,
            Stream::Stdout => ">",
            Stream::Tunnel => "~",
        };
        pen.column(sign, 2, dim);
    }

    fn draw_text(&self, cx: &Context, line: &Stored, columns: Range<usize>, last: bool, pen: &mut Pen<'_>) {
        let role = match (line.stream, line.severity()) {
            (Stream::Tunnel, _) | (_, Some(..20)) => Role::Dim,
            (_, Some(20..30) | None) => Role::Text,
            (_, Some(30..40)) => Role::Warn,
            (_, Some(40..)) => Role::Error,
        };
        let text = line.shown();
        let dim = cx.theme.style(Role::Dim);
        if line.continued && columns.start == 0 {
            pen.write(cx.glyphs.more, dim);
        }
        let search = self.pane.search.filter();
        let hits = if search.is_empty() { Vec::new() } else { search.hits(&remote_text::plain(&text)) };
        let here = self.cursor == Some(line.seq);
        let hit = cx.theme.style(if here { Role::MatchHere } else { Role::Match });
        let look =
            Look { style: cx.theme.style(role), skip: columns.start, hits: &hits, hit, goes_on: !last };
        if last {
            pen.write(&text, look);
        } else {
            pen.column(&text, columns.end - columns.start, look);
        }
        if line.partial && last {
            pen.write(cx.glyphs.more, dim);
        }
    }

    fn time(&self, cx: &Context, line: &Stored) -> String {
        match self.pane.times {
            Times::Off => String::new(),
            Times::Relative => {
                let run = line.run.and_then(|run| cx.model.runs.get(run));
                run.map(|run| format!("+{}", times::short(line.at.since(run.started)))).unwrap_or_default()
            }
            Times::Local => {
                let at =
                    i64::try_from(line.at.0).ok().and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
                at.map(|at| at.to_zoned(self.pane.zone.clone()).strftime("%H:%M:%S%.3f").to_string())
                    .unwrap_or_default()
            }
        }
    }
}

/// The width of the longest name, so that lines do not jump to the side as hosts come into view.
fn widest_name(cx: &Context, width: usize) -> usize {
    let widest = WIDEST_NAME.min(width / 4);
    cx.model.fleet.iter().map(|entry| measure(&entry.target.name, widest)).max().unwrap_or(0).max(1)
}
