//! The fleet: every target with its state, under the one through which it is reached, grouped by where its name came from.

mod row;
mod tree;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::engine::command::Command;
use crate::engine::target::{Origin, TargetId};
use crate::model::filter::Filter;
use crate::model::fleet::Entry;
use crate::model::remote_text::plain;
use crate::model::select::Selection;
use crate::model::state::Link;
use crate::tui::action::Action;
use crate::tui::msg::{Ask, Subject};
use crate::tui::pane::{Context, Pane};
use crate::tui::pen::Pen;
use crate::tui::theme::Role;
use crate::tui::widget::field::Field;
use crate::tui::widget::finder::Finder;
use crate::tui::widget::scroll::{self, Scroll, step};
use crate::tui::widget::{frame, title};
use row::{draw_group, draw_target, origin, version};
use tree::{Branch, Closed, Row, Rows, Spot};

/// The fleet pane.
#[derive(Debug, Default)]
pub struct FleetPane {
    cursor: Option<Spot>,
    /// Where the cursor was last: what it falls back on when its row is gone.
    row: usize,
    /// Where a range of marks begins.
    anchor: Option<TargetId>,
    closed: Closed,
    finder: Finder,
    scroll: Scroll,
}

impl FleetPane {
    /// The target under the cursor, if it is on one.
    pub fn target(&self, cx: &Context) -> Option<TargetId> {
        let rows = self.rows(cx);
        match self.spot(&rows)? {
            Spot::Target(id) => Some(*id),
            Spot::Group(_) => None,
        }
    }

    fn rows(&self, cx: &Context) -> Rows {
        let filter = self.finder.filter();
        let passes = |entry: &Entry| passes(filter, entry);
        Rows::new(&cx.model.fleet, &self.closed, (!filter.is_empty()).then_some(&passes))
    }

    /// What is under the cursor.
    fn spot<'a>(&self, rows: &'a Rows) -> Option<&'a Spot> {
        rows.list.get(self.place(rows)).map(|row| &row.spot)
    }

    /// The row of the cursor; the first target's at the beginning.
    fn place(&self, rows: &Rows) -> usize {
        let found = match &self.cursor {
            Some(cursor) => rows.list.iter().position(|row| row.spot == *cursor),
            None => rows.list.iter().position(|row| matches!(row.spot, Spot::Target(_))),
        };
        found.unwrap_or(self.row).min(rows.list.len().saturating_sub(1))
    }

    fn go(&mut self, rows: &Rows, to: usize) {
        self.row = to.min(rows.list.len().saturating_sub(1));
        self.cursor = rows.list.get(self.row).map(|row| row.spot.clone());
    }

    /// The targets that a command is for: the selected ones, else the one or the group under the cursor.
    fn aimed(&self, cx: &Context, rows: &Rows) -> Vec<TargetId> {
        let selected = cx.selection.targets(&cx.model.fleet);
        if selected.is_empty() { self.here(cx, rows) } else { selected }
    }

    /// The target, or the targets of the group, under the cursor.
    fn here(&self, cx: &Context, rows: &Rows) -> Vec<TargetId> {
        match self.spot(rows) {
            Some(Spot::Target(id)) => vec![*id],
            Some(Spot::Group(origin)) => in_bulk(cx, rows.members(origin)),
            None => Vec::new(),
        }
    }

    fn accept(&mut self, rows: &Rows, cx: &Context) -> Vec<Ask> {
        if self.finder.accept() {
            return Vec::new();
        }
        match self.spot(rows) {
            Some(Spot::Group(origin)) => {
                if !self.closed.groups.remove(origin) {
                    self.closed.groups.insert(origin.clone());
                }
                Vec::new()
            }
            Some(Spot::Target(id)) => match cx.model.fleet.get(*id).map(Entry::state) {
                Some(Link::Idle | Link::Closed) => vec![Ask::Engine(Command::Connect(vec![*id]))],
                _ => vec![Ask::Details(Subject::Target(*id))],
            },
            None => Vec::new(),
        }
    }

    /// Closes the branch under the cursor; where there is none that is open, goes to what the row stands under.
    fn close_branch(&mut self, rows: &Rows) {
        let at = self.place(rows);
        match rows.list.get(at) {
            Some(Row { spot: Spot::Group(origin), branch: Branch::Open, .. }) => {
                self.closed.groups.insert(origin.clone());
            }
            Some(Row { spot: Spot::Target(id), branch: Branch::Open, .. })
                if self.finder.filter().is_empty() =>
            {
                self.closed.targets.insert(*id);
            }
            _ => self.go(rows, rows.parent(at).unwrap_or(at)),
        }
    }

    /// Opens the branch under the cursor; one that is open is entered.
    fn open_branch(&mut self, rows: &Rows) {
        let at = self.place(rows);
        let Some(row) = rows.list.get(at) else { return };
        match (row.branch, &row.spot) {
            (Branch::Leaf, _) => {}
            (Branch::Open, _) => self.go(rows, at + 1),
            (Branch::Closed(_), Spot::Group(origin)) => drop(self.closed.groups.remove(origin)),
            (Branch::Closed(_), Spot::Target(id)) => drop(self.closed.targets.remove(id)),
        }
    }

    /// The first time: remembers where it begins. The second time: selects from there to here.
    fn mark_range(&mut self, rows: &Rows, cx: &Context) -> Vec<Ask> {
        let Some(Spot::Target(here)) = self.spot(rows) else { return Vec::new() };
        if let Some(from) = self.anchor.take() {
            let mut between = rows.targets();
            between.retain(|id| [from, *here].contains(id) || is_taken_in_bulk(cx, *id));
            return select(cx, |selection| selection.range(&between, from, *here));
        }
        self.anchor = Some(*here);
        Vec::new()
    }

    fn mark(&mut self, rows: &Rows, cx: &Context) -> Vec<Ask> {
        let here = self.here(cx, rows);
        let all = here.iter().all(|id| cx.selection.contains(*id));
        let asks = select(cx, |selection| if all { selection.invert(&here) } else { selection.all(&here) });
        self.go(rows, step(self.place(rows), 1, rows.list.len()));
        asks
    }
}

/// Asks for a changed selection.
fn select(cx: &Context, change: impl FnOnce(&mut Selection)) -> Vec<Ask> {
    let mut selection = cx.selection.clone();
    change(&mut selection);
    vec![Ask::Select(selection)]
}

/// Whether a target is taken where many are at once: one that is only on the way to others must be marked itself.
fn is_taken_in_bulk(cx: &Context, id: TargetId) -> bool {
    let is_on_the_way = cx.model.fleet.get(id).is_some_and(|entry| entry.target.origin == Origin::Hop);
    !is_on_the_way || cx.selection.contains(id)
}

fn in_bulk(cx: &Context, ids: &[TargetId]) -> Vec<TargetId> {
    ids.iter().copied().filter(|id| is_taken_in_bulk(cx, *id)).collect()
}

fn passes(filter: &Filter, entry: &Entry) -> bool {
    if filter.is_empty() {
        return true;
    }
    let python = version(entry).unwrap_or_default();
    filter.matches(
        &[
            ("host", &*entry.target.name),
            ("state", entry.state().name()),
            ("about", &*entry.target.about),
            ("from", origin(&entry.target.origin)),
            ("py", &*python),
        ][..],
    )
}

impl Pane for FleetPane {
    fn act(&mut self, action: Action, cx: &Context) -> Vec<Ask> {
        let rows = self.rows(cx);
        if let Some(by) = scroll::rows(action, cx.area.height.saturating_sub(2)) {
            self.go(&rows, step(self.place(&rows), by, rows.list.len()));
            return Vec::new();
        }
        match action {
            Action::Accept => return self.accept(&rows, cx),
            Action::Mark => return self.mark(&rows, cx),
            Action::MarkRange => return self.mark_range(&rows, cx),
            Action::MarkAll => return select(cx, |selection| selection.all(&in_bulk(cx, &rows.targets()))),
            Action::MarkNone => return select(cx, Selection::none),
            Action::Invert => {
                return select(cx, |selection| selection.invert(&in_bulk(cx, &rows.targets())));
            }
            Action::SelectThese => return select(cx, |selection| selection.set(self.here(cx, &rows))),
            Action::Connect => return vec![Ask::Engine(Command::Connect(self.aimed(cx, &rows)))],
            Action::Disconnect => return vec![Ask::Engine(Command::Disconnect(self.aimed(cx, &rows)))],
            Action::Copy => {
                let names = self.here(cx, &rows).into_iter().map(|id| cx.model.fleet.name(id).to_string());
                return vec![Ask::Copy(names.collect::<Vec<_>>().join("\n"))];
            }
            Action::CloseBranch => self.close_branch(&rows),
            Action::OpenBranch => self.open_branch(&rows),
            Action::Filter => self.finder.open(),
            Action::Back if self.finder.back() => {}
            Action::Back => self.anchor = None,
            _ => {}
        }
        Vec::new()
    }

    fn draw(&self, cx: &Context, buf: &mut Buffer) -> Option<Position> {
        let rows = self.rows(cx);
        let mut about = vec![cx.model.fleet.len().to_string()];
        if !self.finder.filter().is_empty() {
            about.push(format!("{} hidden", rows.hidden));
        }
        if let Some(anchor) = self.anchor {
            about.push(format!("range from {}", plain(&cx.model.fleet.name(anchor))));
        }
        let about = about.join(&format!(" {} ", cx.glyphs.dot));
        let inside = frame(cx, title(cx, "fleet", about), buf);
        let (list, place) = self.finder.draw(cx, "/", inside, buf);
        if rows.list.is_empty() {
            empty(cx, rows.hidden, list, buf);
            return place;
        }
        let cursor = self.place(&rows);
        let headed = matches!(rows.list.first(), Some(Row { spot: Spot::Group(_), .. }));
        for (line, at) in self.scroll.window(cursor, rows.list.len(), usize::from(list.height)).enumerate() {
            let pen = Pen::new(cx, list, line as u16, buf);
            let (row, here) = (&rows.list[at], at == cursor);
            match &row.spot {
                Spot::Group(origin) => draw_group(cx, origin, row.branch, rows.count(origin), here, pen),
                Spot::Target(id) => {
                    if let Some(entry) = cx.model.fleet.get(*id) {
                        draw_target(cx, entry, row, headed, here, pen);
                    }
                }
            }
        }
        place
    }

    fn field(&mut self) -> Option<&mut Field> {
        self.finder.field()
    }

    fn typed(&mut self, _cx: &Context) {
        self.finder.typed();
    }
}

fn empty(cx: &Context, hidden: usize, area: Rect, buf: &mut Buffer) {
    let says = if hidden > 0 {
        ["No host matches.", "Esc ends the filter."]
    } else {
        ["No hosts.", "Start with names: hailer web[1-3]"]
    };
    for (row, text) in says.into_iter().enumerate() {
        Pen::new(cx, area, row as u16, buf).skip(1).write(text, cx.theme.style(Role::Dim));
    }
}

#[cfg(test)]
#[path = "fleet_test.rs"]
mod tests;
