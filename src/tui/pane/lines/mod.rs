//! What the hosts write: merged, or of one host; followed, or read in peace while more comes.

mod page;

use std::cell::{Cell, RefCell};

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use crate::engine::event::Level;
use crate::engine::target::TargetId;
use crate::model::filter::Filter;
use crate::model::line_view::{Direction, LineView};
use crate::model::lines::{Scope, Seq};
use crate::model::remote_text;
use crate::tui::action::Action;
use crate::tui::msg::Ask;
use crate::tui::pane::{Context, Pane};
use crate::tui::pen::Pen;
use crate::tui::theme::Role;
use crate::tui::widget::field::Field;
use crate::tui::widget::finder::Finder;
use crate::tui::widget::{frame, times, title};

/// Columns that one step to the side goes.
const SIDESTEP: usize = 8;
/// The levels that one can ask for, as Python counts and calls them.
const LEVELS: [(i64, &str); 4] = [(10, "DEBUG"), (20, "INFO"), (30, "WARNING"), (40, "ERROR")];

/// What is in view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The newest line, whatever comes.
    Tail,
    /// This line. It is a number and no row, so nothing that comes or goes moves it.
    At {
        cursor: Seq,
        /// What would have come next when the reading began: all from there on is new.
        end: Seq,
    },
}

/// Which times are shown beside the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Times {
    Off,
    /// Since the start of the run.
    Relative,
    /// The time of day.
    Local,
}

/// The lines pane.
#[derive(Debug)]
pub struct LinesPane {
    view: RefCell<LineView>,
    place: Place,
    /// The first line in view while one is read; drawing moves it as little as it takes.
    top: Cell<Seq>,
    wrap: bool,
    times: Times,
    zone: TimeZone,
    /// Columns that are left out at the left.
    left: usize,
    search: Finder,
    filter: Finder,
    /// Which of [`LEVELS`] records have to have to be shown, and nothing else; none: everything is.
    level: Option<usize>,
}

impl Default for LinesPane {
    fn default() -> Self {
        Self {
            view: RefCell::default(),
            place: Place::Tail,
            top: Cell::default(),
            wrap: false,
            times: Times::Off,
            zone: TimeZone::system(),
            left: 0,
            search: Finder::default(),
            filter: Finder::default(),
            level: None,
        }
    }
}

impl LinesPane {
    /// Shows the lines of one host, or of all.
    pub fn show(&mut self, target: Option<TargetId>) {
        self.look(target.map_or(Scope::All, Scope::Target), self.filter.filter().clone());
        self.place = Place::Tail;
    }

    /// The host whose lines are shown; none: all.
    pub fn host(&self) -> Option<TargetId> {
        match self.view.borrow().scope() {
            Scope::Target(target) => Some(target),
            Scope::All | Scope::Run(_) => None,
        }
    }

    fn look(&mut self, scope: Scope, filter: Filter) {
        let least = self.level.map(|level| LEVELS[level].0);
        *self.view.get_mut() = LineView::new(scope, filter).at_least(least);
    }

    fn refresh(&self, cx: &Context) {
        self.view.borrow_mut().refresh(&cx.model.lines, &cx.model.fleet);
    }

    /// The line under the cursor; while following, the newest.
    fn cursor(&self, cx: &Context) -> Option<Seq> {
        let (view, lines) = (self.view.borrow(), &cx.model.lines);
        match self.place {
            Place::Tail => view.before(lines, lines.end()).next().map(|line| line.seq),
            Place::At { cursor, .. } => {
                let next = view.from(lines, cursor).next();
                next.or_else(|| view.before(lines, cursor).next()).map(|line| line.seq)
            }
        }
    }

    fn read_at(&mut self, cursor: Seq, cx: &Context) {
        let end = match self.place {
            Place::Tail => cx.model.lines.end(),
            Place::At { end, .. } => end,
        };
        if self.place == Place::Tail {
            self.top.set(Seq(0));
        }
        self.place = Place::At { cursor, end };
    }

    fn up(&mut self, cx: &Context, count: usize) {
        let Some(cursor) = self.cursor(cx) else { return };
        let to = self.view.get_mut().before(&cx.model.lines, cursor).take(count).last().map(|line| line.seq);
        self.read_at(to.unwrap_or(cursor), cx);
    }

    /// Past the newest line, it is followed again.
    fn down(&mut self, cx: &Context, count: usize) {
        let Place::At { cursor, .. } = self.place else { return };
        let next = Seq(cursor.0.saturating_add(1));
        let to = self.view.get_mut().from(&cx.model.lines, next).take(count).last().map(|line| line.seq);
        match to {
            Some(to) => self.read_at(to, cx),
            None => self.place = Place::Tail,
        }
    }

    fn top(&mut self, cx: &Context) {
        let first = self.view.get_mut().from(&cx.model.lines, Seq(0)).next().map(|line| line.seq);
        if let Some(first) = first {
            self.read_at(first, cx);
        }
    }

    /// The hosts that have written, in the order of the fleet, and before the first one: all.
    fn turn(&mut self, cx: &Context, back: bool) {
        let wrote = |id: &&TargetId| cx.model.lines.len(Scope::Target(**id)) > 0;
        let hosts = cx.model.fleet.ids().iter().filter(wrote).copied().map(Some);
        let circle: Vec<Option<TargetId>> = std::iter::once(None).chain(hosts).collect();
        let here = circle.iter().position(|host| *host == self.host()).unwrap_or(0);
        let step = if back { circle.len() - 1 } else { 1 };
        self.show(circle[(here + step) % circle.len()]);
    }

    fn find(&mut self, cx: &Context, direction: Direction) -> Vec<Ask> {
        let (lines, fleet) = (&cx.model.lines, &cx.model.fleet);
        let wanted = self.search.filter();
        let Some(from) = self.cursor(cx).filter(|_| !wanted.is_empty()) else { return Vec::new() };
        let found = self.view.borrow().find(lines, fleet, from, direction, wanted);
        if let Some(found) = found {
            self.read_at(found, cx);
            return Vec::new();
        }
        let way = if direction == Direction::Forward { "below" } else { "above" };
        vec![Ask::Notice(Level::Info, format!("nothing more matches {way}"))]
    }

    /// Goes to the nearest match at or above the cursor, else below it.
    fn find_nearest(&mut self, cx: &Context) {
        let (lines, fleet) = (&cx.model.lines, &cx.model.fleet);
        let wanted = self.search.filter();
        let Some(from) = self.cursor(cx).filter(|_| !wanted.is_empty()) else { return };
        let found = {
            let view = self.view.borrow();
            let above = view.find(lines, fleet, Seq(from.0.saturating_add(1)), Direction::Back, wanted);
            above.or_else(|| view.find(lines, fleet, from, Direction::Forward, wanted))
        };
        if let Some(found) = found {
            self.read_at(found, cx);
        }
    }

    /// One step back: the open field, the search, the filter, the level, the narrowing to one host, the reading.
    fn back(&mut self) {
        if self.filter.is_open() || !self.search.back() {
            if self.filter.back() || self.level.take().is_some() {
                let scope = self.view.get_mut().scope();
                self.look(scope, self.filter.filter().clone());
            } else if self.host().is_some() {
                self.show(None);
            } else {
                self.place = Place::Tail;
            }
        }
    }

    /// Shows records alone, from the next level on; after the last: everything.
    fn next_level(&mut self) {
        self.level = self.level.map_or(Some(0), |level| Some(level + 1).filter(|next| *next < LEVELS.len()));
        let scope = self.view.get_mut().scope();
        self.look(scope, self.filter.filter().clone());
    }

    /// Narrows to the host of the line under the cursor, or back to all.
    fn narrow(&mut self, cx: &Context) {
        let cursor = self.cursor(cx);
        let host = match self.host() {
            Some(_) => None,
            None => cursor.and_then(|seq| cx.model.lines.get(seq)).map(|line| line.target),
        };
        let place = self.place;
        self.show(host);
        self.place = place;
    }

    fn describe(&self, cx: &Context) -> String {
        let (view, lines) = (self.view.borrow(), &cx.model.lines);
        let mut parts = Vec::new();
        if let Scope::Target(target) = view.scope() {
            parts.push(remote_text::plain(&cx.model.fleet.name(target)).into_owned());
        }
        match self.place {
            Place::Tail => parts.push("follow".to_owned()),
            Place::At { end, .. } => {
                let new = match end.0.checked_sub(1) {
                    Some(last) => view.newer(lines, Seq(last)),
                    None => lines.len(view.scope()),
                };
                parts.push(format!("{} {} new", cx.glyphs.descending, times::count(new as u64)));
            }
        }
        for (sign, finder) in [("&", &self.filter), ("/", &self.search)] {
            if !finder.filter().is_empty() {
                parts.push(remote_text::plain(&format!("{sign}{}", finder.filter().text())).into_owned());
            }
        }
        parts.extend(self.level.map(|level| format!("{} and worse", LEVELS[level].1)));
        let dropped = lines.dropped(view.scope());
        if dropped > 0 {
            parts.push(format!("{} {} dropped", cx.glyphs.level(Level::Warning), times::count(dropped)));
        }
        parts.join(&format!(" {} ", cx.glyphs.dot))
    }
}

impl Pane for LinesPane {
    fn act(&mut self, action: Action, cx: &Context) -> Vec<Ask> {
        self.refresh(cx);
        let page = usize::from(cx.area.height).saturating_sub(3).max(1);
        match action {
            Action::Up => self.up(cx, 1),
            Action::Down => self.down(cx, 1),
            Action::PageUp => self.up(cx, page),
            Action::PageDown => self.down(cx, page),
            Action::HalfUp => self.up(cx, page.div_ceil(2)),
            Action::HalfDown => self.down(cx, page.div_ceil(2)),
            Action::Top => self.top(cx),
            Action::Left => self.left = self.left.saturating_sub(SIDESTEP),
            Action::Right => self.left = (self.left + SIDESTEP).min(page::FARTHEST),
            Action::Follow if self.place == Place::Tail => self.up(cx, 0),
            Action::Follow | Action::Bottom => self.place = Place::Tail,
            Action::Wrap => (self.wrap, self.left) = (!self.wrap, 0),
            Action::Times => {
                self.times = match self.times {
                    Times::Off => Times::Relative,
                    Times::Relative => Times::Local,
                    Times::Local => Times::Off,
                }
            }
            Action::PreviousHost => self.turn(cx, true),
            Action::NextHost => self.turn(cx, false),
            Action::Search => self.search.open(),
            Action::FilterLines => self.filter.open(),
            Action::Level => self.next_level(),
            Action::NextMatch => return self.find(cx, Direction::Forward),
            Action::PreviousMatch => return self.find(cx, Direction::Back),
            Action::Accept if self.search.accept() || self.filter.accept() => {}
            Action::Accept => self.narrow(cx),
            Action::Back => self.back(),
            Action::Copy => {
                let line = self.cursor(cx).and_then(|seq| cx.model.lines.get(seq));
                let text = line.map(|line| Ask::Copy(remote_text::plain(&line.shown()).into_owned()));
                return text.into_iter().collect();
            }
            _ => {}
        }
        Vec::new()
    }

    fn draw(&self, cx: &Context, buf: &mut Buffer) -> Option<Position> {
        self.refresh(cx);
        let inside = frame(cx, title(cx, "lines", self.describe(cx)), buf);
        let (area, search) = self.search.draw(cx, "/", inside, buf);
        let (area, filter) = self.filter.draw(cx, "&", area, buf);
        let view = self.view.borrow();
        let page = page::Page::new(self, &view, cx, area);
        if page.is_empty() {
            let narrowed = !view.filter().is_empty();
            let says = match (narrowed, cx.model.lines.is_empty()) {
                _ if self.level.is_some() && !narrowed => "No record of such a level. Esc shows everything.",
                (_, true) => "What hosts write to stdout and stderr comes here.",
                (false, _) => "This host has written nothing.",
                (true, _) => "No line matches. Esc ends the filter.",
            };
            Pen::new(cx, area, 0, buf).skip(1).write(says, cx.theme.style(Role::Dim));
        }
        page.draw(cx, buf);
        search.or(filter)
    }

    fn field(&mut self) -> Option<&mut Field> {
        self.search.field().or(self.filter.field())
    }

    fn typed(&mut self, cx: &Context) {
        if self.search.is_open() {
            self.search.typed();
            self.refresh(cx);
            self.find_nearest(cx);
        } else {
            self.filter.typed();
            let scope = self.view.get_mut().scope();
            self.look(scope, self.filter.filter().clone());
        }
    }
}

#[cfg(test)]
#[path = "lines_test.rs"]
mod tests;
