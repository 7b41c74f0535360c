//! The four panes side by side, and which targets are selected before the person has chosen any.

use crate::engine::target::Origin;
use crate::model::fleet::Fleet;
use crate::model::select::Selection;
use crate::tui::layout::PaneId;
use crate::tui::pane::Pane;
use crate::tui::pane::editor::EditorPane;
use crate::tui::pane::fleet::FleetPane;
use crate::tui::pane::grid::GridPane;
use crate::tui::pane::lines::LinesPane;
use crate::tui::theme::Theme;

/// The panes.
#[derive(Debug)]
pub(super) struct Panes {
    pub(super) fleet: FleetPane,
    pub(super) editor: EditorPane,
    pub(super) grid: GridPane,
    pub(super) lines: LinesPane,
}

impl Panes {
    pub(super) fn new(theme: &Theme) -> Self {
        Self {
            fleet: FleetPane::default(),
            editor: EditorPane::new(theme),
            grid: GridPane::default(),
            lines: LinesPane::default(),
        }
    }

    pub(super) fn pane(&mut self, id: PaneId) -> &mut dyn Pane {
        match id {
            PaneId::Fleet => &mut self.fleet,
            PaneId::Editor => &mut self.editor,
            PaneId::Grid => &mut self.grid,
            PaneId::Lines => &mut self.lines,
        }
    }

    pub(super) fn view(&self, id: PaneId) -> &dyn Pane {
        match id {
            PaneId::Fleet => &self.fleet,
            PaneId::Editor => &self.editor,
            PaneId::Grid => &self.grid,
            PaneId::Lines => &self.lines,
        }
    }
}

/// What was named at the start; where nothing was, this machine.
pub(super) fn first_selection(fleet: &Fleet) -> Selection {
    let from = |origin: Origin| {
        let there = fleet.iter().filter(move |entry| entry.target.origin == origin && !entry.gone);
        there.map(|entry| entry.target.id)
    };
    let mut selection = Selection::default();
    selection.set(from(Origin::Named));
    if selection.is_empty() {
        selection.set(from(Origin::BuiltIn));
    }
    selection
}
