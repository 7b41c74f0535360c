//! The visible part of the grid, laid out in columns.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::engine::event::Level;
use crate::model::cell::Progress;
use crate::model::columns::Column;
use crate::model::run::Run;
use crate::model::state::State;
use crate::model::table::{Shown, Sort, TableRow};
use crate::tui::pane::Context;
use crate::tui::pane::grid::seen::Seen;
use crate::tui::pen::{Pen, measure, shortened};
use crate::tui::theme::Role;
use crate::tui::widget::times;
use crate::wire::value::Value;

/// Host, state and time are always in view.
pub(super) const FIXED: usize = 3;
/// The widest that a column gets while others want room.
const WIDEST: usize = 32;
/// The narrowest that a column is worth showing.
const NARROWEST: usize = 6;
/// Below this width a state is told by its sign alone, so that there is room for values.
const NARROW: usize = 60;
/// Columns of a state's sign.
const SIGN: usize = 2;
/// Columns of the time.
const TIME: usize = 7;
/// Columns for telling how many columns there is no room for.
const MORE: usize = 4;
/// Columns of a progress bar.
const BAR: usize = 10;

/// A column with values.
struct Slot {
    column: Column,
    width: usize,
    /// Numbers stand at the right.
    right: bool,
}

/// The visible rows, and the columns that they are shown in.
pub(super) struct Sheet<'a> {
    rows: Vec<TableRow<'a>>,
    host: usize,
    state: usize,
    slots: Vec<Slot>,
    /// How many columns there is no room for.
    more: usize,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(
        cx: &Context,
        run: &'a Run,
        seen: &Seen,
        range: Range<usize>,
        left: usize,
        width: u16,
    ) -> Self {
        let width = usize::from(width);
        let all = seen.table.columns().get(FIXED..).unwrap_or_default();
        let wanted = all.get(left.min(all.len().saturating_sub(1))..).unwrap_or_default();
        let wanted = &wanted[..wanted.len().min(width / NARROWEST + 1)];
        let rows = seen.table.slice(run, range, wanted, width, cx.now);
        let host = rows.iter().map(|row| measure(&hosts(row), width)).max().unwrap_or(0);
        let host = host.clamp(4, (width * 2 / 5).max(8));
        let state = rows.iter().map(|row| row.sample.state().name().len()).max().unwrap_or(0).max(3);
        let state = if width < NARROW { SIGN } else { state + SIGN };
        let mut room = width.saturating_sub(1 + host + 1 + state + 1 + TIME);
        let mut slots: Vec<Slot> = Vec::new();
        for (at, column) in wanted.iter().enumerate() {
            let cells = || rows.iter().map(|row| &row.cells[at]).filter(|cell| cell.value.is_some());
            let natural = cells().map(|cell| measure(&cell.text, width)).max().unwrap_or(0);
            let natural = natural.max(measure(column.title(), WIDEST) + 1);
            let last = at + 1 == wanted.len();
            let width = natural.min(if last { room.saturating_sub(1) } else { WIDEST });
            if room < 1 + width.clamp(1, NARROWEST) {
                break;
            }
            let width = width.min(room - 1);
            room -= width + 1;
            let number = |cell: &Shown| cell.value.as_ref().is_some_and(|value| value.number().is_some());
            slots.push(Slot {
                column: column.clone(),
                width,
                right: cells().count() > 0 && cells().all(number),
            });
        }
        if wanted.len() > slots.len() && room < MORE {
            slots.pop();
        }
        let more = all.len().saturating_sub(left + slots.len());
        Self { rows, host, state, slots, more }
    }

    pub(super) fn draw_head(&self, cx: &Context, sort: Option<&Sort>, area: Rect, buf: &mut Buffer) {
        let style = cx.theme.style(Role::Header);
        let mut pen = Pen::new(cx, area, 0, buf);
        pen.skip(1);
        let mut head = |column: &Column, width: usize, right: bool| {
            let sign = match sort {
                Some(sort) if sort.column == *column && sort.descending => cx.glyphs.descending,
                Some(sort) if sort.column == *column => cx.glyphs.ascending,
                _ => "",
            };
            let text = if width > 2 { format!("{}{sign}", column.title()) } else { String::new() };
            if right {
                pen.column_right(&text, width, style)
            } else {
                pen.column(&text, width, style)
            };
            pen.skip(1);
        };
        head(&Column::Host, self.host, false);
        head(&Column::State, self.state, false);
        head(&Column::Time, TIME, true);
        for slot in &self.slots {
            head(&slot.column, slot.width, slot.right);
        }
        if self.more > 0 {
            let more = format!("+{}", self.more);
            pen.leave(more.len()).write(&more, cx.theme.style(Role::Dim));
        }
    }

    pub(super) fn draw_row(
        &self,
        cx: &Context,
        run: &Run,
        line: usize,
        here: bool,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let Some(row) = self.rows.get(line) else { return };
        let state = row.sample.state();
        let (dim, own) = (cx.theme.style(Role::Dim), cx.theme.style(Role::cell(state)));
        let mut pen = Pen::new(cx, area, line as u16 + 1, buf);
        if here {
            pen.wash(cx.theme.style(if cx.focused { Role::RowFocus } else { Role::Row }));
        }
        pen.column(if here { cx.glyphs.cursor } else { "" }, 1, cx.theme.style(Role::Accent));
        pen.column(&shortened(&hosts(row), self.host, cx.glyphs.more), self.host, cx.theme.style(Role::Text))
            .skip(1);
        pen.column(cx.glyphs.cell(state), SIGN, own).column(word(cx, row), self.state - SIGN, own).skip(1);
        let time = row.sample.elapsed(cx.now).map(times::short).unwrap_or_default();
        pen.column_right(&time, TIME, dim).skip(1);
        if row.sample.warnings.total() > 0 {
            let sign = cx.glyphs.level(Level::Warning);
            pen.write(&format!("{sign}{} ", row.sample.warnings.total()), cx.theme.style(Role::Warn));
        }
        match state {
            State::Value if run.spec.code.script().is_some() => draw_exit(cx, row, &mut pen),
            State::Value => self.draw_values(cx, row, &mut pen),
            State::Running => draw_underway(cx, run, row, &mut pen),
            _ => {
                let says = row.sample.summary(pen.room() + 1);
                let says = if says.is_empty() && self.state == SIGN { word(cx, row).into() } else { says };
                pen.write(&says, own);
            }
        }
    }

    fn draw_values(&self, cx: &Context, row: &TableRow<'_>, pen: &mut Pen<'_>) {
        let items = row.sample.items.total();
        if items > 0 {
            pen.write(&format!("{items} items "), cx.theme.style(Role::Dim));
        }
        for (slot, cell) in self.slots.iter().zip(&row.cells) {
            let style = cx.theme.style(Role::Text);
            if slot.right {
                pen.column_right(&cell.text, slot.width, style);
            } else {
                pen.column(&cell.text, slot.width, style);
            }
            pen.skip(1);
        }
    }
}

/// The state in one word: whoever waits for an answer says so.
fn word(cx: &Context, row: &TableRow<'_>) -> &'static str {
    let state = row.sample.state();
    let asked = cx.model.question.as_ref().map(|question| question.target);
    let asks = state == State::Connecting && asked.is_some_and(|target| row.targets.contains(&target));
    if asks { "asks" } else { state.name() }
}

/// The names of a row, and how many they are.
fn hosts(row: &TableRow<'_>) -> String {
    match row.targets.len() {
        0 | 1 => row.names.clone(),
        count => format!("{} ({count})", row.names),
    }
}

/// What a script left with.
fn draw_exit(cx: &Context, row: &TableRow<'_>, pen: &mut Pen<'_>) {
    let failed = row.sample.value().and_then(Value::as_i64) != Some(0);
    let role = if failed { Role::Error } else { Role::Text };
    pen.write(&format!("exit code {}", row.sample.summary(pen.room())), cx.theme.style(role));
}

/// How far the calls of a row are: a bar where they say so, the number of items where they stream.
fn draw_underway(cx: &Context, run: &Run, row: &TableRow<'_>, pen: &mut Pen<'_>) {
    let cells = || row.targets.iter().filter_map(|id| run.cell(*id));
    let fractions: Vec<f64> =
        cells().filter_map(|cell| cell.progress.as_ref().and_then(Progress::fraction)).collect();
    let (busy, off, text) =
        (cx.theme.style(Role::Busy), cx.theme.style(Role::Off), cx.theme.style(Role::Text));
    if !fractions.is_empty() {
        let mean = fractions.iter().sum::<f64>() / fractions.len() as f64;
        draw_bar(cx, mean, busy, off, pen);
    }
    let items: u64 = cells().map(|cell| cell.items.total()).sum();
    if items > 0 {
        pen.write(&format!("{} items  ", times::count(items)), cx.theme.style(Role::Dim));
    }
    if row.targets.len() <= 1 || fractions.is_empty() {
        pen.write(&row.sample.summary(pen.room() + 1), text);
    } else {
        pen.write(&format!("({} of {} hosts tell)", fractions.len(), row.targets.len()), off);
    }
}

fn draw_bar(cx: &Context, fraction: f64, busy: Style, off: Style, pen: &mut Pen<'_>) {
    for at in 0..BAR {
        let done = (at + 1) as f64 <= fraction * BAR as f64;
        let (sign, style) = if done { (cx.glyphs.full, busy) } else { (cx.glyphs.empty, off) };
        pen.write(sign, style);
    }
    pen.write(&format!(" {:>3.0}%  ", fraction * 100.0), busy);
}
