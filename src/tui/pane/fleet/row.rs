//! One row of the fleet, as wide as there is room.

use std::borrow::Cow;

use crate::engine::event::Health;
use crate::engine::target::Origin;
use crate::model::fleet::Entry;
use crate::tui::pane::Context;
use crate::tui::pen::{Pen, measure, shortened};
use crate::tui::theme::Role;
use crate::tui::widget::times;

use super::tree::{Branch, Row, label};

/// From this width on, state, version and round trip have columns of their own.
const WIDE: usize = 52;
/// From this width on, the version of a ready target is shown beside its round trip.
const MEDIUM: usize = 30;
/// The least of what is known about a target that is worth showing, in columns.
const ABOUT: usize = 6;

/// Where names of this origin came from.
pub(super) fn origin(origin: &Origin) -> &'static str {
    match origin {
        Origin::BuiltIn => "this machine",
        Origin::Named => "named",
        Origin::SshConfig => "ssh config",
        Origin::Docker => "containers",
        Origin::Hop => "on the way",
        Origin::Code => "opened by code",
    }
}

/// `3.11.2`, where an agent told.
pub(super) fn version(entry: &Entry) -> Option<String> {
    entry.agent().map(|agent| format!("{}.{}.{}", agent.python.0, agent.python.1, agent.python.2))
}

/// The state in one word: whoever waits for an answer says so, and whoever gives none says for how long.
fn word(cx: &Context, entry: &Entry) -> Cow<'static, str> {
    let asks = cx.model.question.as_ref().is_some_and(|question| question.target == entry.target.id);
    match (asks, ailing(cx, entry)) {
        (true, _) => "asks".into(),
        (false, Some(words)) => words.into(),
        (false, None) => entry.state().name().into(),
    }
}

/// `silent 7s`, `busy 40s`: a link that is ready, and does not answer; `old text`: one that has a module as it was before
/// it was saved.
pub(super) fn ailing(cx: &Context, entry: &Entry) -> Option<String> {
    let (health, since) = entry.health;
    let word = match health {
        Health::Well => return entry.outdated.then(|| "old text".to_owned()),
        Health::Busy => "busy",
        Health::Silent => "silent",
    };
    Some(format!("{word} {}s", cx.now.since(since).as_secs()))
}

/// The sign of the cursor; the style of the row it is on.
fn lead(cx: &Context, here: bool, pen: &mut Pen<'_>) {
    if here {
        pen.wash(cx.theme.style(if cx.focused { Role::RowFocus } else { Role::Row }));
    }
    pen.column(if here { cx.glyphs.cursor } else { "" }, 1, cx.theme.style(Role::Accent));
}

/// The head of a group.
pub(super) fn draw_group(
    cx: &Context,
    from: &Origin,
    branch: Branch,
    count: usize,
    here: bool,
    mut pen: Pen<'_>,
) {
    lead(cx, here, &mut pen);
    let sign = if branch == Branch::Open { cx.glyphs.open } else { cx.glyphs.closed };
    let header = cx.theme.style(Role::Header);
    pen.write(sign, header).write(" ", header).write(origin(from), header);
    pen.write(&format!(" {count}"), cx.theme.style(Role::Dim));
}

/// The lines that lead to a row from what it stands under.
fn tree_lines(cx: &Context, steps: &[bool]) -> String {
    let last = steps.len().saturating_sub(1);
    let line = |(at, more): (usize, &bool)| match (at == last, *more) {
        (true, true) => cx.glyphs.fork,
        (true, false) => cx.glyphs.last,
        (false, true) => cx.glyphs.bar,
        (false, false) => " ",
    };
    steps.iter().enumerate().flat_map(|step| [line(step), " "]).collect()
}

/// One target.
pub(super) fn draw_target(
    cx: &Context,
    entry: &Entry,
    row: &Row,
    indented: bool,
    here: bool,
    mut pen: Pen<'_>,
) {
    let state = entry.state();
    let own = if entry.is_well() { Role::link(state) } else { Role::Warn };
    let (own, dim) = (cx.theme.style(own), cx.theme.style(Role::Dim));
    let marked = cx.selection.contains(entry.target.id);
    let width = pen.room();
    let label = label(&cx.model.fleet, entry);
    lead(cx, here, &mut pen);
    pen.column(if marked { cx.glyphs.marked } else { "" }, 1, cx.theme.style(Role::Mark));
    pen.skip(usize::from(indented)).write(&tree_lines(cx, &row.steps), dim);
    pen.column(cx.glyphs.link(state), 2, own);
    let mut beside = beside(cx, entry, width);
    // Whose row it is comes before how fast it is, and deep in the tree before the word for its sign.
    let well = entry.is_well();
    let can_go = entry.agent().is_some() && well || !row.steps.is_empty();
    if can_go && measure(label, width) + beside.len() + 1 > pen.room() {
        beside.clear();
    }
    let side = if width >= WIDE { 27 } else { beside.len() };
    let room = pen.room().saturating_sub(if side == 0 { 0 } else { side + 1 });
    let name = cx.theme.style(match row.faint {
        true => Role::Dim,
        false if marked => Role::Mark,
        false if entry.target.origin == Origin::Hop => Role::Dim,
        false => Role::Text,
    });
    let under = match row.branch {
        Branch::Closed(count) => format!(" {} {count}", cx.glyphs.closed),
        Branch::Leaf | Branch::Open => String::new(),
    };
    let named = measure(label, room.saturating_sub(measure(&under, room)));
    pen.column(&shortened(label, named, cx.glyphs.more), named, name).write(&under, dim);
    let named = named + measure(&under, room);
    // Less than this of it tells nothing.
    if !entry.target.about.is_empty() && room > named + measure(&entry.target.about, ABOUT) {
        pen.skip(1).column(&entry.target.about, room - named - 1, dim);
    }
    pen.leave(side);
    if width >= WIDE {
        pen.column(&word(cx, entry), 12, own);
        pen.column_right(&version(entry).unwrap_or_default(), 7, dim);
        pen.column_right(&entry.latency.map(times::short).unwrap_or_default(), 8, dim);
    } else {
        pen.write(&beside, if entry.agent().is_some() && well { dim } else { own });
    }
}

/// What stands at the right of a narrow row: how a ready target is, why any other is not.
fn beside(cx: &Context, entry: &Entry, width: usize) -> String {
    if let Some(words) = ailing(cx, entry) {
        return words;
    }
    let latency = entry.latency.map(times::short);
    match (version(entry), latency) {
        (None, _) => word(cx, entry).into_owned(),
        (Some(version), Some(latency)) if width >= MEDIUM => format!("{version} {latency:>6}"),
        (Some(_), Some(latency)) => latency,
        (Some(version), None) => version,
    }
}
