//! The fleet: every target with its state, grouped by where its name came from.

mod row;

use std::collections::BTreeSet;

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

/// What a row stands for: it stays itself while rows move.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Spot {
    Group(Origin),
    Target(TargetId),
}

/// The rows in view, and how many targets the filter hides.
struct Rows {
    spots: Vec<Spot>,
    hidden: usize,
}

impl Rows {
    fn targets(&self) -> Vec<TargetId> {
        let target = |spot: &Spot| if let Spot::Target(id) = spot { Some(*id) } else { None };
        self.spots.iter().filter_map(target).collect()
    }
}

/// The fleet pane.
#[derive(Debug, Default)]
pub struct FleetPane {
    cursor: Option<Spot>,
    /// Where the cursor was last: what it falls back on when its row is gone.
    row: usize,
    /// Where a range of marks begins.
    anchor: Option<TargetId>,
    closed: BTreeSet<Origin>,
    finder: Finder,
    scroll: Scroll,
}

impl FleetPane {
    /// The target under the cursor, if it is on one.
    pub fn target(&self, cx: &Context) -> Option<TargetId> {
        let rows = self.rows(cx);
        match rows.spots.get(self.place(&rows))? {
            Spot::Target(id) => Some(*id),
            Spot::Group(_) => None,
        }
    }

    /// Groups are shown where there is more than one; what is in a closed one is in no row.
    fn rows(&self, cx: &Context) -> Rows {
        let mut groups: Vec<(Origin, Vec<TargetId>)> = Vec::new();
        let mut hidden = 0;
        for entry in cx.model.fleet.iter() {
            if !passes(self.finder.filter(), entry) {
                hidden += 1;
                continue;
            }
            let (origin, id) = (&entry.target.origin, entry.target.id);
            match groups.iter_mut().find(|(known, _)| known == origin) {
                Some((_, targets)) => targets.push(id),
                None => groups.push((origin.clone(), vec![id])),
            }
        }
        groups.sort();
        let headed = groups.len() > 1;
        let mut spots = Vec::with_capacity(cx.model.fleet.len() + groups.len());
        for (origin, targets) in groups {
            let open = !headed || !self.closed.contains(&origin);
            if headed {
                spots.push(Spot::Group(origin));
            }
            if open {
                spots.extend(targets.into_iter().map(Spot::Target));
            }
        }
        Rows { spots, hidden }
    }

    /// The row of the cursor; the first target's at the beginning.
    fn place(&self, rows: &Rows) -> usize {
        let found = match &self.cursor {
            Some(cursor) => rows.spots.iter().position(|spot| spot == cursor),
            None => rows.spots.iter().position(|spot| matches!(spot, Spot::Target(_))),
        };
        found.unwrap_or(self.row).min(rows.spots.len().saturating_sub(1))
    }

    fn go(&mut self, rows: &Rows, to: usize) {
        self.row = to.min(rows.spots.len().saturating_sub(1));
        self.cursor = rows.spots.get(self.row).cloned();
    }

    /// The targets that a command is for: the selected ones, else the one or the group under the cursor.
    fn aimed(&self, cx: &Context, rows: &Rows) -> Vec<TargetId> {
        let selected = cx.selection.targets(&cx.model.fleet);
        if selected.is_empty() { self.here(cx, rows) } else { selected }
    }

    /// The target, or the targets of the group, under the cursor.
    fn here(&self, cx: &Context, rows: &Rows) -> Vec<TargetId> {
        match rows.spots.get(self.place(rows)) {
            Some(Spot::Target(id)) => vec![*id],
            Some(Spot::Group(origin)) => {
                let members = cx.model.fleet.iter().filter(|entry| entry.target.origin == *origin);
                let members = members.filter(|entry| passes(self.finder.filter(), entry));
                members.map(|entry| entry.target.id).collect()
            }
            None => Vec::new(),
        }
    }

    fn accept(&mut self, rows: &Rows, cx: &Context) -> Vec<Ask> {
        if self.finder.accept() {
            return Vec::new();
        }
        match rows.spots.get(self.place(rows)) {
            Some(Spot::Group(origin)) => {
                if !self.closed.remove(origin) {
                    self.closed.insert(origin.clone());
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

    /// The first time: remembers where it begins. The second time: selects from there to here.
    fn mark_range(&mut self, rows: &Rows, cx: &Context) -> Vec<Ask> {
        let Some(Spot::Target(here)) = rows.spots.get(self.place(rows)) else { return Vec::new() };
        if let Some(from) = self.anchor.take() {
            return select(cx, |selection| selection.range(&rows.targets(), from, *here));
        }
        self.anchor = Some(*here);
        Vec::new()
    }

    fn mark(&mut self, rows: &Rows, cx: &Context) -> Vec<Ask> {
        let here = self.here(cx, rows);
        let all = here.iter().all(|id| cx.selection.contains(*id));
        let asks = select(cx, |selection| if all { selection.invert(&here) } else { selection.all(&here) });
        self.go(rows, step(self.place(rows), 1, rows.spots.len()));
        asks
    }
}

/// Asks for a changed selection.
fn select(cx: &Context, change: impl FnOnce(&mut Selection)) -> Vec<Ask> {
    let mut selection = cx.selection.clone();
    change(&mut selection);
    vec![Ask::Select(selection)]
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
            self.go(&rows, step(self.place(&rows), by, rows.spots.len()));
            return Vec::new();
        }
        match action {
            Action::Accept => return self.accept(&rows, cx),
            Action::Mark => return self.mark(&rows, cx),
            Action::MarkRange => return self.mark_range(&rows, cx),
            Action::MarkAll => return select(cx, |selection| selection.all(&rows.targets())),
            Action::MarkNone => return select(cx, Selection::none),
            Action::Invert => return select(cx, |selection| selection.invert(&rows.targets())),
            Action::SelectThese => return select(cx, |selection| selection.set(self.here(cx, &rows))),
            Action::Connect => return vec![Ask::Engine(Command::Connect(self.aimed(cx, &rows)))],
            Action::Disconnect => return vec![Ask::Engine(Command::Disconnect(self.aimed(cx, &rows)))],
            Action::Copy => {
                let names = self.here(cx, &rows).into_iter().map(|id| cx.model.fleet.name(id).to_string());
                return vec![Ask::Copy(names.collect::<Vec<_>>().join("\n"))];
            }
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
        if rows.spots.is_empty() {
            empty(cx, rows.hidden, list, buf);
            return place;
        }
        let cursor = self.place(&rows);
        let headed = matches!(rows.spots.first(), Some(Spot::Group(_)));
        for (line, at) in self.scroll.window(cursor, rows.spots.len(), usize::from(list.height)).enumerate() {
            let pen = Pen::new(cx, list, line as u16, buf);
            let here = at == cursor;
            match &rows.spots[at] {
                Spot::Group(origin) => draw_group(cx, origin, self.closed.contains(origin), here, pen),
                Spot::Target(id) => {
                    if let Some(entry) = cx.model.fleet.get(*id) {
                        draw_target(cx, entry, headed, here, pen);
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
