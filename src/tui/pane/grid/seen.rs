//! A run as the grid looks at it, kept until the run or the look changes.

use crate::engine::command::RunId;
use crate::engine::event::Millis;
use crate::model::fold::Role;
use crate::model::run::Run;
use crate::model::table::{By, Sort, Stats, Table, View};
use crate::tui::pane::grid::GridPane;

/// What was made of a run for one view of it; made anew when one of the two has changed.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    run: RunId,
    version: u64,
    by: By,
    sort: Option<Sort>,
    filter: String,
    pub(super) table: Table,
    pub(super) stats: Option<Stats>,
    pub(super) counts: String,
}

impl Seen {
    /// Whether it is still what the pane wants to show.
    pub(super) fn holds(&self, pane: &GridPane, run: &Run) -> bool {
        self.run == run.spec.id
            && self.version == run.version()
            && self.by == pane.by
            && self.sort == pane.sort
            && self.filter == pane.finder.filter().text()
    }

    pub(super) fn make(pane: &GridPane, run: &Run, now: Millis) -> Self {
        let filter = pane.finder.filter().clone();
        let view = View { by: pane.by, sort: pane.sort.clone(), filter, ..View::default() };
        let table = Table::build(run, &view, now);
        let stats = pane.sort.as_ref().and_then(|sort| table.stats(run, &sort.column, now));
        Self {
            run: run.spec.id,
            version: run.version(),
            by: pane.by,
            sort: pane.sort.clone(),
            filter: view.filter.text().to_owned(),
            table,
            stats,
            counts: counts(run),
        }
    }
}

/// `9 equal · 2 differ · 1 failed · 3 under way`: every target is in one of them.
fn counts(run: &Run) -> String {
    let (mut equal, mut differ, mut failed, mut pending) = (0, 0, 0, 0);
    for group in run.groups() {
        match group.role {
            Role::Majority if equal == 0 => equal = group.count(),
            Role::Majority | Role::Outlier => differ += group.count(),
            Role::Failure => failed += group.count(),
            Role::Pending => pending += group.count(),
        }
    }
    let parts = [(equal, "equal"), (differ, "differ"), (failed, "failed"), (pending, "under way")];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    parts.map(|(count, word)| format!("{count} {word}")).collect::<Vec<_>>().join(" · ")
}
