//! The two lines at the bottom: what goes on, and which keys are of use here; and the toast above them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::engine::event::Health;
use crate::model::fleet::Fleet;
use crate::model::lines::Scope;
use crate::model::run::Run;
use crate::model::state::{Link, State};
use crate::tui::action::{ACTIONS, Action, Place};
use crate::tui::keys::Keymap;
use crate::tui::layout::PaneId;
use crate::tui::pane::Context;
use crate::tui::pen::Pen;
use crate::tui::theme::Role;

/// From this width on states are told with their words beside their signs.
const WORDS: u16 = 100;
/// How many hints there are before help and commands.
const HINTS: usize = 4;

/// Draws what a way in asks, the latest run's progress, the links' states that add up to the number of targets, and the dropped lines.
pub fn status(cx: &Context, asks: Option<&str>, area: Rect, buf: &mut Buffer) {
    buf.set_style(area, cx.theme.style(Role::Bar));
    let mut pen = Pen::new(cx, area, 0, buf);
    pen.write(" ", Style::new());
    if let Some(asks) = asks {
        pen.write(asks, cx.theme.style(Role::Warn));
        separate(cx, &mut pen);
    }
    let dropped = cx.model.lines.dropped(Scope::All);
    if dropped > 0 {
        pen.write(&format!("{dropped} lines dropped"), cx.theme.style(Role::Warn));
        separate(cx, &mut pen);
    }
    if let Some(run) = cx.model.runs.latest() {
        progress(cx, run, &mut pen);
        separate(cx, &mut pen);
    }
    links(cx, &cx.model.fleet, area.width >= WORDS, &mut pen);
}

fn separate(cx: &Context, pen: &mut Pen<'_>) {
    pen.write(&format!(" {} ", cx.glyphs.bar), cx.theme.style(Role::Dim));
}

/// `run 3 · 7/12 · 1 failed · 3.2 s`
fn progress(cx: &Context, run: &Run, pen: &mut Pen<'_>) {
    let counts = run.counts();
    let dot = format!(" {} ", cx.glyphs.dot);
    let role = if run.is_active() { Role::Busy } else { Role::Text };
    let done = format!("run {}{dot}{}/{}", run.spec.id.0, counts.done(), counts.total());
    pen.write(&done, cx.theme.style(role));
    if let Some(phase) = run.phase.filter(|_| run.is_active()) {
        pen.write(&format!("{dot}step {}/{}", phase.step, phase.steps), cx.theme.style(role));
    }
    let failed = counts.failed();
    if failed > 0 {
        pen.write(&dot, cx.theme.style(Role::Dim));
        let sign = cx.glyphs.cell(State::Raised);
        pen.write(&format!("{sign} {failed} failed"), cx.theme.style(Role::Error));
    }
    let seconds = run.elapsed(cx.now).as_secs_f64();
    pen.write(&format!("{dot}{seconds:.1} s"), cx.theme.style(Role::Text));
}

/// `22 targets = ● 19 ready ◐ 1 connecting ✗ 2 unreachable`
fn links(cx: &Context, fleet: &Fleet, words: bool, pen: &mut Pen<'_>) {
    let counts = fleet.counts();
    let noun = if counts.total() == 1 { "target" } else { "targets" };
    pen.write(&format!("{} {noun} =", counts.total()), cx.theme.style(Role::Text));
    for (link, count) in counts.iter() {
        let sign = cx.glyphs.link(link);
        let word = if words { format!(" {}", link.name()) } else { String::new() };
        pen.write(&format!(" {sign} {count}{word}"), cx.theme.style(Role::link(link)));
        if link == Link::Ready {
            ailing(cx, fleet, pen);
        }
    }
}

/// `(2 silent, 1 busy, 3 with old text)`: of those that are ready, the ones that do not answer, or have an older text of a
/// module than the library.
fn ailing(cx: &Context, fleet: &Fleet, pen: &mut Pen<'_>) {
    let count = |health| fleet.iter().filter(|entry| entry.health.0 == health).count();
    let old = fleet.iter().filter(|entry| entry.outdated).count();
    let counts = [(count(Health::Silent), "silent"), (count(Health::Busy), "busy"), (old, "with old text")];
    let words: Vec<_> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    if !words.is_empty() {
        pen.write(&format!(" ({})", words.join(", ")), cx.theme.style(Role::Warn));
    }
}

/// The actions that are of use in this place, always help and commands among them where they can be asked for.
pub fn hints(place: Place) -> Vec<Action> {
    let last = [Action::Help, Action::Palette];
    let hinted = ACTIONS.iter().filter(|info| !info.hint.is_empty() && info.places.contains(&place));
    let own = hinted.map(|info| info.action).filter(|action| !last.contains(action)).take(HINTS);
    let asked = last.into_iter().filter(|action| action.info().places.contains(&place));
    own.chain(asked).collect()
}

/// These with their words; in an overlay also how it is left.
pub fn with_back(hints: &[Action]) -> Vec<(Action, &'static str)> {
    let back = (!hints.contains(&Action::Help)).then_some((Action::Back, "back"));
    hints.iter().map(|action| (*action, action.info().hint)).chain(back).collect()
}

/// Draws what these actions' keys do in this place.
pub fn footer(
    cx: &Context,
    place: Place,
    words: &[(Action, &str)],
    keymap: &Keymap,
    area: Rect,
    buf: &mut Buffer,
) {
    let mut pen = Pen::new(cx, area, 0, buf);
    for (action, word) in words {
        let Some(chord) = keymap.chord(place, *action) else { continue };
        pen.write(&format!(" {chord}"), cx.theme.style(Role::BarKey))
            .write(&format!(" {word} "), cx.theme.style(Role::Bar));
    }
}

/// Draws a sentence over the footer: what a second press would do.
pub fn ask(cx: &Context, text: &str, area: Rect, buf: &mut Buffer) {
    Pen::new(cx, area, 0, buf).write(&format!(" {text}"), cx.theme.style(Role::Warn));
}

/// Draws the names of the panes, where only one of them is shown.
pub fn tabs(cx: &Context, focus: PaneId, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::new(cx, area, 0, buf);
    for pane in PaneId::ALL {
        let (sign, role) = if pane == focus { (cx.glyphs.focus, Role::TitleFocus) } else { (" ", Role::Dim) };
        pen.write(&format!(" {sign}{}", pane.place().name()), cx.theme.style(role));
    }
}

/// Draws the newest message over the last line of the panes.
pub fn toast(cx: &Context, body: Rect, buf: &mut Buffer) {
    let Some(notice) = cx.model.notices.latest() else { return };
    let line = Rect { y: body.bottom().saturating_sub(1), height: body.height.min(1), ..body };
    ratatui::widgets::Widget::render(ratatui::widgets::Clear, line, buf);
    let style = cx.theme.style(Role::level(notice.level));
    Pen::new(cx, line, 0, buf)
        .write(&format!(" {} ", cx.glyphs.level(notice.level)), style)
        .write(&notice.text, style);
}
