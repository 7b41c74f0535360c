//! The live grid: the answers of a run, equal ones folded into one row, failures and outliers first.

mod seen;
mod sheet;

use std::cell::RefCell;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::engine::command::{Command, Interrupt, RunId};
use crate::engine::event::{Cell, Level, Millis};
use crate::engine::rollout::Gate;
use crate::engine::target::TargetId;
use crate::model::cell::CellEntry;
use crate::model::columns::Column;
use crate::model::remote_text::plain;
use crate::model::run::Run;
use crate::model::select::Selection;
use crate::model::state::State;
use crate::model::table::{By, Sort, Stats, Table};
use crate::tui::action::Action;
use crate::tui::keys::Chord;
use crate::tui::msg::{Ask, Subject};
use crate::tui::pane::{Context, Pane};
use crate::tui::pen::Pen;
use crate::tui::theme::Role;
use crate::tui::widget::field::Field;
use crate::tui::widget::finder::Finder;
use crate::tui::widget::scroll::{self, Scroll, step};
use crate::tui::widget::{frame, times, title};
use seen::Seen;

/// The longest text that is copied, in characters.
const COPIED: usize = 1 << 20;

/// The grid pane.
#[derive(Debug)]
pub struct GridPane {
    /// The run that is shown; none: the latest.
    run: Option<RunId>,
    by: By,
    sort: Option<Sort>,
    finder: Finder,
    cursor: Option<TargetId>,
    /// Where the cursor was last: what it falls back on when its row is hidden.
    row: usize,
    /// How many columns with values are left out at the left.
    left: usize,
    scroll: Scroll,
    /// What was asked to stop softly: the same again is stopped hard.
    stopping: Option<(RunId, Vec<TargetId>)>,
    seen: RefCell<Option<Seen>>,
}

impl Default for GridPane {
    fn default() -> Self {
        Self {
            run: None,
            by: By::Group,
            sort: None,
            finder: Finder::default(),
            cursor: None,
            row: 0,
            left: 0,
            scroll: Scroll::default(),
            stopping: None,
            seen: RefCell::default(),
        }
    }
}

impl GridPane {
    /// Shows the latest run, as long as nobody asks for another one.
    pub fn show_latest(&mut self) {
        self.run = None;
        self.cursor = None;
        self.row = 0;
    }

    /// The run that is shown.
    pub fn run<'a>(&self, cx: &Context<'a>) -> Option<&'a Run> {
        match self.run {
            Some(id) => cx.model.runs.get(id).or_else(|| cx.model.runs.latest()),
            None => cx.model.runs.latest(),
        }
    }

    /// Lets `look` at what is made of the run.
    fn with<R>(&self, run: &Run, now: Millis, look: impl FnOnce(&Seen) -> R) -> R {
        let mut seen = self.seen.borrow_mut();
        match &*seen {
            Some(known) if known.holds(self, run) => look(known),
            _ => look(seen.insert(Seen::make(self, run, now))),
        }
    }

    /// The row of the cursor.
    fn place(&self, run: &Run, table: &Table) -> usize {
        let found = match self.cursor {
            Some(target) => table.row_of(run, target).unwrap_or(self.row),
            None => 0,
        };
        found.min(table.len().saturating_sub(1))
    }

    /// The targets of the row under the cursor.
    fn here(&self, run: &Run, now: Millis) -> Vec<TargetId> {
        self.with(run, now, |seen| seen.table.targets(run, self.place(run, &seen.table)))
    }

    fn go(&mut self, run: &Run, now: Millis, to: impl FnOnce(usize, usize) -> usize) {
        let (row, cursor) = self.with(run, now, |seen| {
            let row = to(self.place(run, &seen.table), seen.table.len());
            (row, seen.table.targets(run, row).first().copied())
        });
        (self.row, self.cursor) = (row, cursor);
    }

    /// By the next column; after the last one: in the order of the groups.
    fn sort_next(&mut self, run: &Run) {
        let columns = run.columns().all();
        let next = match &self.sort {
            None => 0,
            Some(sort) => columns.iter().position(|column| *column == sort.column).map_or(0, |at| at + 1),
        };
        self.sort = columns.get(next).map(|column| Sort { column: column.clone(), descending: false });
    }

    fn turn(&mut self, cx: &Context, towards: Action) {
        let Some(here) = self.run(cx).map(|run| run.spec.id) else { return };
        let ids: Vec<RunId> = cx.model.runs.iter().map(|(id, _)| id).collect();
        let to = match towards {
            Action::PreviousRun => ids.iter().rev().find(|id| **id < here),
            _ => ids.iter().find(|id| **id > here),
        };
        if let Some(to) = to {
            self.run = Some(*to).filter(|to| Some(to) != ids.last());
            self.left = 0;
            self.sort = None;
        }
    }

    fn cancel(&mut self, run: &Run, here: Vec<TargetId>) -> Vec<Ask> {
        let open = |id: &TargetId| run.cell(*id).is_some_and(|entry| !entry.cell.is_final());
        let targets: Vec<_> = here.into_iter().filter(open).collect();
        if targets.is_empty() {
            return vec![Ask::Notice(Level::Info, "nothing runs there any more".into())];
        }
        let these = Some((run.spec.id, targets.clone()));
        let how = if self.stopping == these { Interrupt::Hard } else { Interrupt::Soft };
        self.stopping = these;
        vec![Ask::Engine(Command::Cancel { run: run.spec.id, only: Some(targets), how })]
    }

    /// What no filter of the view hides must not be forgotten either: all that failed runs again.
    /// Asks every host on which the run's call is under way where it stands: a run of its own, whose answers fold as any
    /// others do.
    fn stacks(run: &Run) -> Vec<Ask> {
        let targets = run.targets(|state| state == State::Running);
        if targets.is_empty() {
            return vec![Ask::Notice(Level::Info, "no call of this run is under way".into())];
        }
        vec![Ask::Run { code: format!("stacks('<run {}>')", run.spec.id.0).into(), targets }]
    }

    fn rerun(run: &Run) -> Vec<Ask> {
        let targets = run.targets(State::is_failure);
        if targets.is_empty() {
            return vec![Ask::Notice(Level::Info, "no host has failed".into())];
        }
        vec![Ask::Run { code: run.spec.code.clone(), targets }]
    }

    fn act_on(&mut self, run: &Run, action: Action, cx: &Context) -> Vec<Ask> {
        if let Some(rows) = scroll::rows(action, cx.area.height.saturating_sub(3)) {
            self.go(run, cx.now, |from, len| step(from, rows, len));
            return Vec::new();
        }
        let here = self.here(run, cx.now);
        let first = here.first().copied();
        match action {
            Action::Accept => {
                first.map(|id| Ask::Details(Subject::Cell(run.spec.id, id))).into_iter().collect()
            }
            Action::SelectThese => {
                let mut selection = Selection::default();
                selection.set(here);
                vec![Ask::Select(selection)]
            }
            Action::Copy => {
                let entry = first.and_then(|id| run.cell(id));
                entry.map(|entry| Ask::Copy(whole(entry))).into_iter().collect()
            }
            Action::Rerun => Self::rerun(run),
            Action::CancelThese => self.cancel(run, here),
            Action::Stacks => Self::stacks(run),
            _ => Vec::new(),
        }
    }
}

/// What the title says of the run.
fn describe(run: &Run, seen: &Seen, cx: &Context) -> String {
    let dot = cx.glyphs.dot;
    let mut parts = vec![format!("run {}", run.spec.id.0)];
    parts.extend(run.spec.code.script().map(|script| plain(&script.name()).into_owned()));
    if seen.table.hidden() > 0 {
        let failed = seen.table.hidden_failures();
        let failed = if failed > 0 { format!(" ({failed} failed)") } else { String::new() };
        parts.push(format!("{} hidden{failed}", seen.table.hidden()));
    }
    // A script has one host, this one, with which nothing can be equal.
    if run.spec.code.script().is_none() {
        let noun = if run.cells().len() == 1 { "host" } else { "hosts" };
        parts.push(format!("{} {noun}", run.cells().len()));
        parts.extend((!seen.counts.is_empty()).then(|| seen.counts.replace('·', dot)));
    }
    parts.extend(step_of(run));
    parts.push(times::short(run.elapsed(cx.now)));
    parts.join(&format!(" {dot} "))
}

/// Which step a run is at, and what the next one waits for.
fn step_of(run: &Run) -> Option<String> {
    let phase = run.phase.filter(|_| run.is_active())?;
    let at = format!("step {}/{}", phase.step, phase.steps);
    let waits = match run.spec.steps.map(|steps| steps.gate) {
        _ if phase.left == 0 => return Some(at),
        _ if phase.waits => "waits for you",
        Some(Gate::Ask) => "then it waits for you",
        Some(Gate::Ok) => "the next if none fails",
        Some(Gate::Same) => "the next if all answer the same",
        Some(Gate::None) | None => return Some(at),
    };
    Some(format!("{at}: {waits}"))
}

/// All that a cell has to say.
fn whole(entry: &CellEntry) -> String {
    match &entry.cell {
        Cell::Raised { error } if !error.traceback.is_empty() => error.traceback.clone(),
        _ => entry.summary(COPIED),
    }
}

impl Pane for GridPane {
    fn act(&mut self, action: Action, cx: &Context) -> Vec<Ask> {
        match action {
            Action::Accept if self.finder.accept() => return Vec::new(),
            Action::Back => drop(self.finder.back()),
            Action::Filter => self.finder.open(),
            Action::PreviousRun | Action::NextRun => self.turn(cx, action),
            Action::Fold => self.by = if self.by == By::Group { By::Target } else { By::Group },
            Action::Left => self.left = self.left.saturating_sub(1),
            Action::SortReverse => {
                if let Some(sort) = &mut self.sort {
                    sort.descending = !sort.descending;
                }
            }
            _ => {
                let Some(run) = self.run(cx) else { return Vec::new() };
                match action {
                    Action::Sort => self.sort_next(run),
                    Action::Right => {
                        let columns = run.columns().all().len().saturating_sub(sheet::FIXED + 1);
                        self.left = (self.left + 1).min(columns);
                    }
                    _ => return self.act_on(run, action, cx),
                }
            }
        }
        Vec::new()
    }

    fn draw(&self, cx: &Context, buf: &mut Buffer) -> Option<Position> {
        let Some(run) = self.run(cx) else {
            let inside = frame(cx, title(cx, "grid", ""), buf);
            nothing_yet(cx, inside, buf);
            return None;
        };
        self.with(run, cx.now, |seen| {
            let about = describe(run, seen, cx);
            let inside = frame(cx, title(cx, "grid", about), buf);
            let (mut room, place) = self.finder.draw(cx, "/", inside, buf);
            if let (Some(stats), Some(sort), 4..) = (&seen.stats, &self.sort, room.height) {
                room.height -= 1;
                draw_stats(cx, &sort.column, stats, Rect { y: room.bottom(), height: 1, ..room }, buf);
            }
            if seen.table.is_empty() {
                let why = if run.cells().is_empty() { "The run has no hosts." } else { "No host matches." };
                Pen::new(cx, room, 0, buf).skip(1).write(why, cx.theme.style(Role::Dim));
                return place;
            }
            let cursor = self.place(run, &seen.table);
            let height = usize::from(room.height).saturating_sub(1);
            let range = self.scroll.window(cursor, seen.table.len(), height);
            let sheet = sheet::Sheet::new(cx, run, seen, range.clone(), self.left, room.width);
            sheet.draw_head(cx, self.sort.as_ref(), room, buf);
            for (line, at) in range.enumerate() {
                sheet.draw_row(cx, run, line, at == cursor, room, buf);
            }
            place
        })
    }

    fn field(&mut self) -> Option<&mut Field> {
        self.finder.field()
    }

    fn typed(&mut self, _cx: &Context) {
        self.finder.typed();
    }
}

/// What to do where nothing has run.
fn nothing_yet(cx: &Context, area: Rect, buf: &mut Buffer) {
    let key = |action: Action| {
        let key = action.info().keys.first().copied().unwrap_or_default();
        key.parse::<Chord>().map_or_else(|_| key.to_owned(), |chord| chord.to_string())
    };
    let hosts = cx.selection.targets(&cx.model.fleet);
    let says = if hosts.is_empty() {
        format!(
            "Select hosts in the fleet ({}), type Python, {} runs it.",
            key(Action::Mark),
            key(Action::Run)
        )
    } else {
        format!("{} runs the editor's text on {}.", key(Action::Run), cx.selection.describe(&cx.model.fleet))
    };
    for (row, text) in ["Nothing has run yet.", &says].into_iter().enumerate() {
        Pen::new(cx, area, row as u16, buf).skip(1).write(text, cx.theme.style(Role::Dim));
    }
}

/// What the numbers of the column that is sorted by come to.
fn draw_stats(cx: &Context, column: &Column, stats: &Stats, area: Rect, buf: &mut Buffer) {
    let number = |number: f64| {
        let text = format!("{number:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let dot = cx.glyphs.dot;
    let parts = [("min", stats.min), ("median", stats.median), ("p95", stats.p95), ("max", stats.max)];
    let parts = parts.map(|(name, value)| format!(" {dot} {name} {}", number(value)));
    let dim = cx.theme.style(Role::Dim);
    let mut pen = Pen::new(cx, area, 0, buf);
    pen.write(column.title(), cx.theme.style(Role::Header));
    pen.write(&format!(": {} numbers{}", stats.count, parts.concat()), dim);
}

#[cfg(test)]
#[path = "grid_test.rs"]
mod tests;
