//! What there is to say of a target, or of a cell with all that are equal to it.

use crate::engine::code::Script;
use crate::engine::event::{Cell, Level, Raised};
use crate::engine::target::{LinkState, TargetId};
use crate::model::cell::CellEntry;
use crate::model::run::Run;
use crate::shell_words;
use crate::tui::action::Action;
use crate::tui::overlay::details::tree::{Path, Tree};
use crate::tui::pane::Context;
use crate::tui::theme::Role;
use crate::tui::widget::{times, ways};
use crate::tunnel::Failure;
use crate::wire::value::Value;

/// The most of one item of a stream that is shown, in characters.
const ITEM: usize = 300;
/// The deepest chain of causes that is shown.
const CAUSES: usize = 10;

/// One line of the page.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub indent: usize,
    /// In front of the text, in its own style: a key, a sign.
    pub label: String,
    /// Remote text, for the most part.
    pub text: String,
    pub role: Role,
    /// The place in the value's tree.
    pub branch: Option<(Path, Value)>,
}

/// Collects rows.
#[derive(Default)]
pub(super) struct Rows(pub Vec<Row>);

impl Rows {
    fn put(&mut self, indent: usize, label: impl Into<String>, text: impl Into<String>, role: Role) {
        let (label, text) = (label.into(), text.into());
        self.0.push(Row { indent, label, text, role, branch: None });
    }

    fn head(&mut self, text: &str) {
        if !self.0.is_empty() {
            self.put(0, "", "", Role::Text);
        }
        self.put(0, "", text, Role::Header);
    }

    /// A text of several lines.
    fn text(&mut self, indent: usize, text: &str, role: Role) {
        for line in text.lines() {
            self.put(indent, "", line, role);
        }
    }
}

/// A target and its link.
pub(super) fn target(cx: &Context, id: TargetId) -> Rows {
    let mut rows = Rows::default();
    let Some(entry) = cx.model.fleet.get(id) else {
        rows.put(0, "", "This target is not known any more.", Role::Dim);
        return rows;
    };
    let state = entry.state();
    rows.put(0, "name     ", &*entry.target.name, Role::Text);
    rows.put(0, "way in   ", ways::words(entry.target.kind), Role::Text);
    if !entry.target.about.is_empty() {
        rows.put(0, "about    ", &*entry.target.about, Role::Text);
    }
    let since = times::short(cx.now.since(entry.since));
    let link = format!("{} {}, for {since}", cx.glyphs.link(state), state.name());
    rows.put(0, "link     ", link, Role::link(state));
    if let Some(latency) = entry.latency {
        rows.put(0, "ping     ", times::short(latency), Role::Text);
    }
    if let Some(agent) = entry.agent() {
        let (major, minor, micro) = agent.python;
        let python = format!("{} {major}.{minor}.{micro} ({})", agent.implementation, agent.executable);
        rows.put(0, "python   ", python, Role::Text);
        rows.put(0, "host     ", format!("{}, {}", agent.host, agent.platform), Role::Text);
        rows.put(0, "runs as  ", format!("{}, process {}", agent.user, agent.pid), Role::Text);
    }
    match &entry.link {
        LinkState::Unreachable(why) => failure(&mut rows, why),
        LinkState::Lost { why } => {
            rows.head("lost");
            rows.text(0, why, Role::Warn);
        }
        LinkState::Retrying { why, at } => {
            rows.head(&format!("lost, and tried again in {}", times::short(at.since(cx.now))));
            rows.text(0, why, Role::Warn);
        }
        _ => return rows,
    }
    let key = Action::Connect.info().keys.first().copied().unwrap_or_default();
    rows.put(0, "", "", Role::Text);
    rows.put(0, "", format!("{key} in the fleet connects again."), Role::Dim);
    rows
}

fn failure(rows: &mut Rows, failure: &Failure) {
    rows.head(&format!("could not be reached: {}", failure.stage.name()));
    rows.text(0, &failure.why, Role::Error);
    if !failure.said.trim().is_empty() {
        rows.head("what was said there");
        rows.text(0, &failure.said, Role::Text);
    }
}

/// A target's answer, and who else gave it.
pub(super) fn cell(cx: &Context, run: &Run, entry: &CellEntry, tree: &Tree) -> Rows {
    let mut rows = Rows::default();
    let state = entry.state();
    let time = entry.elapsed(cx.now).map(|time| format!(", {}", times::short(time))).unwrap_or_default();
    let text = format!("{} {}{time}", cx.glyphs.cell(state), state.name());
    rows.put(0, "state    ", text, Role::cell(state));
    let groups = run.groups();
    let equal = groups.iter().find(|group| group.entries().any(|other| other.target == entry.target));
    if let Some(group) = equal.filter(|group| group.count() > 1) {
        rows.put(0, "same on  ", format!("{} ({} hosts)", group.names(), group.count()), Role::Text);
    }
    outcome(cx, &mut rows, run, entry, tree);
    if entry.warnings.total() > 0 {
        rows.head(&counted(entry.warnings.total(), "warning"));
        let sign = format!("{} ", cx.glyphs.level(Level::Warning));
        for text in entry.warnings.iter() {
            rows.put(0, sign.clone(), text, Role::Warn);
        }
    }
    if entry.items.total() > 0 {
        let (total, dropped) = (counted(entry.items.total(), "item"), entry.items.dropped());
        let left_out = if dropped > 0 {
            format!(", the first {} not kept", times::count(dropped))
        } else {
            String::new()
        };
        rows.head(&format!("{total}{left_out}"));
        for (at, item) in (dropped..).zip(entry.items.iter()) {
            rows.put(0, format!("{at} "), item.repr(ITEM), Role::Text);
        }
    }
    rows.head("code");
    if let Some(Script { path, arguments, .. }) = run.spec.code.script() {
        let called: Vec<_> =
            [path.to_string_lossy().into_owned()].into_iter().chain(arguments.iter().cloned()).collect();
        rows.put(0, "# ", shell_words::join(&called), Role::Dim);
    }
    rows.text(0, run.spec.code.text(), Role::Code);
    rows
}

/// `1 item`, `1,203 items`
fn counted(count: u64, what: &str) -> String {
    format!("{} {what}{}", times::count(count), if count == 1 { "" } else { "s" })
}

fn outcome(cx: &Context, rows: &mut Rows, run: &Run, entry: &CellEntry, tree: &Tree) {
    match &entry.cell {
        Cell::Value { value } => {
            rows.head(if run.spec.code.script().is_some() { "exit code" } else { "value" });
            value_rows(cx, rows, value, tree);
        }
        Cell::Raised { error } => raised(rows, error),
        Cell::Unreachable { failure: why } => failure(rows, why),
        Cell::Running => {
            if let Some(progress) = &entry.progress {
                rows.put(0, "progress ", progress.describe(), Role::Busy);
            }
        }
        Cell::Queued | Cell::Connecting | Cell::Booting | Cell::Cancelled => {}
        Cell::TimedOut { .. } | Cell::Lost { .. } | Cell::CancelUnconfirmed { .. } | Cell::Skipped { .. } => {
            rows.head("why");
            rows.text(0, &entry.summary(ITEM * 10), Role::cell(entry.state()));
        }
    }
}

fn value_rows(cx: &Context, rows: &mut Rows, value: &Value, tree: &Tree) {
    let (branches, cut) = tree.rows(value);
    for branch in branches {
        let sign = match branch.open {
            Some(true) => cx.glyphs.open,
            Some(false) => cx.glyphs.closed,
            None => " ",
        };
        let colon = if branch.key.is_empty() { "" } else { ": " };
        let label = format!("{sign} {}{colon}", branch.key);
        let role = if branch.open.is_some() { Role::Dim } else { Role::Text };
        let indent = branch.path.len() * 2;
        rows.0.push(Row {
            indent,
            label,
            text: branch.text,
            role,
            branch: Some((branch.path, branch.value)),
        });
    }
    if cut {
        rows.put(
            0,
            "",
            "There is more than can be shown here; close some parts, or ask for less.",
            Role::Warn,
        );
    }
}

/// The traceback as Python prints it; where there is none, what is known of it.
fn raised(rows: &mut Rows, error: &Raised) {
    rows.head("raised");
    rows.text(0, &format!("{}: {}", error.kind, error.message), Role::Error);
    for note in &error.notes {
        rows.text(2, note, Role::Text);
    }
    if !error.traceback.is_empty() {
        rows.head("traceback");
        return rows.text(0, &error.traceback, Role::Text);
    }
    let mut next = Some(error);
    for depth in 0..CAUSES {
        let Some(error) = next else { return };
        if depth > 0 {
            rows.head(&format!("caused by {}: {}", error.kind, error.message));
        }
        for frame in &error.frames {
            let place = format!("{}, line {}, in {}", frame.file, frame.line, frame.function);
            rows.put(2, "", place, Role::Dim);
            rows.put(4, "", frame.source.trim(), Role::Text);
        }
        next = error.cause.as_deref();
    }
}
