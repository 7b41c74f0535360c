//! What a run will cost, before it begins: one line each.

use std::collections::BTreeMap;

use crate::engine::target::TargetId;
use crate::inventory::nodeset;
use crate::model::fleet::Entry;
use crate::model::state::Link;
use crate::tui::care::Intent;
use crate::tui::pane::Context;
use crate::tui::python;
use crate::tui::theme::Role;
use crate::tui::widget::times;

/// The lines, the gravest first.
pub fn lines(intent: &Intent, cx: &Context) -> Vec<(String, Role)> {
    let Intent { code, targets, steps, guard, here } = intent;
    let (sign, names) =
        (cx.glyphs.level(crate::engine::event::Level::Warning), |ids: &[TargetId]| folded(ids, cx));
    let mut lines = Vec::new();
    let protected = cx.care.protected_of(targets);
    match (cx.care.hit_by(intent), *here) {
        (0, _) => {}
        (_, true) => lines.push((format!("{sign} this machine is protected"), Role::Error)),
        (count, false) => {
            lines.push((format!("{sign} {count} protected: {}", names(&protected)), Role::Error));
        }
    }
    if cx.care.unsure {
        let why = "the configuration cannot be read: what it protects is not known";
        lines.push((format!("{sign} {why}"), Role::Error));
    }
    if code.script().is_some() && !cx.care.protected.is_empty() {
        lines.push((format!("{sign} a script may reach protected hosts by itself"), Role::Warn));
    }
    let old = too_old(intent, cx);
    for (why, ids) in old {
        lines.push((format!("{sign} Python too old on {}: {why}", names(&ids)), Role::Warn));
    }
    let ready = targets.iter().filter(|id| state(**id, cx) == Some(Link::Ready)).count();
    lines.extend(match targets.len() - ready {
        _ if *here => None,
        0 => Some(("all of them are ready".to_owned(), Role::Text)),
        others => Some((format!("{ready} ready, {others} to be connected first"), Role::Text)),
    });
    if let Some(last) = cx.model.runs.latest().filter(|last| targets.len() > last.cells().len()) {
        let more = targets.len() - last.cells().len();
        lines.push((format!("{more} more than last time, in run {}", last.spec.id.0), Role::Warn));
    }
    let same =
        cx.model.runs.iter().rev().map(|(_, run)| run).find(|run| run.spec.code == *code && !run.is_active());
    if let Some(run) = same {
        let (took, id) = (times::short(run.elapsed(cx.now)), run.spec.id.0);
        lines.push((format!("the same code took {took} in run {id}"), Role::Text));
    }
    lines.extend(steps.map(|steps| (format!("in steps: {steps}"), Role::Text)));
    lines.extend(guard.then(|| ("under the guard rail".to_owned(), Role::Text)));
    lines
}

/// `web[1-60]`
fn folded(ids: &[TargetId], cx: &Context) -> String {
    nodeset::fold(ids.iter().map(|id| cx.model.fleet.name(*id)))
}

fn state(id: TargetId, cx: &Context) -> Option<Link> {
    cx.model.fleet.get(id).map(Entry::state)
}

/// The targets whose Python is known to be too old for the text, or for the guard rail, by what is wrong.
fn too_old(intent: &Intent, cx: &Context) -> BTreeMap<String, Vec<TargetId>> {
    let mut versions: BTreeMap<(u8, u8), Vec<TargetId>> = BTreeMap::new();
    let mut old: BTreeMap<String, Vec<TargetId>> = BTreeMap::new();
    for id in &intent.targets {
        let Some(agent) = cx.model.fleet.get(*id).and_then(Entry::agent) else { continue };
        let (major, minor, _) = agent.python;
        versions.entry((major, minor)).or_default().push(*id);
        if intent.guard && !agent.can_guard() {
            let why = format!("{major}.{minor} has no guard rail, skipped");
            old.entry(why).or_default().push(*id);
        }
    }
    for (version, ids) in versions {
        if let Some(why) = python::too_new_for(intent.code.text(), version) {
            old.entry(why).or_default().extend(&ids);
        }
    }
    old
}
