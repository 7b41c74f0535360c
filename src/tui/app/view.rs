//! The one way onto the screen: panes, bars, overlays.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Clear, Widget};

use super::App;
use crate::tui::action::{Action, Place};
use crate::tui::bars;
use crate::tui::layout::PaneId;
use crate::tui::overlay::question;
use crate::tui::pen::Pen;
use crate::tui::theme::Role;
use crate::tui::ui::{Armed, Overlay, TOAST};

/// What a frame leaves to be done by the terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Where the text cursor stands; none: it is hidden.
    pub cursor: Option<Position>,
}

impl App {
    /// Draws everything.
    pub fn draw(&self, area: Rect, buf: &mut Buffer) -> Drawn {
        let areas = crate::tui::layout::divide(area, self.ui.focus, self.ui.zoom, self.ui.ratios);
        if !areas.tiny.is_empty() {
            let cx = self.context(areas.tiny, true);
            Pen::new(&cx, areas.tiny, 0, buf).write("too small", cx.theme.style(Role::Warn));
            return Drawn::default();
        }
        let over = !self.ui.overlays.is_empty();
        let mut cursor = None;
        for pane in PaneId::ALL {
            let area = areas.pane(pane);
            let focused = !over && pane == self.ui.focus;
            if !area.is_empty() {
                let place = self.panes.view(pane).draw(&self.context(area, focused), buf);
                cursor = if focused { place } else { cursor };
            }
        }
        bars::tabs(&self.context(areas.tabs, true), self.ui.focus, areas.tabs, buf);
        for (index, overlay) in self.ui.overlays.iter().enumerate() {
            let area = overlay.area(areas.body);
            Clear.render(area, buf);
            cursor = overlay.view().draw(&self.context(area, index + 1 == self.ui.overlays.len()), buf);
        }
        if let Some(question) = self.waiting().filter(|_| !over) {
            let area = question::area(question, areas.body);
            Clear.render(area, buf);
            question::draw(question, None, &self.context(area, false), buf);
        }
        self.draw_bars(&areas, buf);
        Drawn { cursor: cursor.filter(|place| area.contains(*place)) }
    }

    fn draw_bars(&self, areas: &crate::tui::layout::Areas, buf: &mut Buffer) {
        let cx = self.context(areas.status, true);
        bars::status(
            &cx,
            self.asks().or_else(|| self.holds()).or_else(|| self.watches()).as_deref(),
            areas.status,
            buf,
        );
        let fresh = self.model.notices.latest().is_some_and(|notice| self.now.0 < notice.at.0 + TOAST);
        if fresh {
            bars::toast(&cx, areas.body, buf);
        }
        let place = match self.ui.overlays.last() {
            Some(overlay) => overlay.shown_place(),
            None => self.ui.focus.place(),
        };
        let key = |action| {
            let chord = self.setup.keymap.chord(Place::Editor, action);
            chord.map(|chord| chord.to_string()).unwrap_or_default()
        };
        match self.ui.armed(self.now) {
            Some(Armed::Interrupt) => {
                bars::ask(&cx, &format!("{} again to quit", key(Action::Interrupt)), areas.footer, buf);
            }
            Some(Armed::Quit) => {
                let text = format!("a run is under way: {} again cancels it and quits", key(Action::Quit));
                bars::ask(&cx, &text, areas.footer, buf);
            }
            Some(Armed::Suspend) => {
                let text = format!(
                    "a run is under way and would sleep too: {} again to suspend",
                    key(Action::Suspend)
                );
                bars::ask(&cx, &text, areas.footer, buf);
            }
            None => {
                let words = match self.ui.overlays.last() {
                    Some(Overlay::Question(asking)) => asking.words().to_vec(),
                    Some(Overlay::Confirm(confirm)) if confirm.words().is_some() => {
                        confirm.words().unwrap_or_default().to_vec()
                    }
                    Some(Overlay::Script(_)) => vec![(Action::Accept, "run"), (Action::Back, "back")],
                    Some(Overlay::Messages(_)) => bars::with_back(&[Action::Copy]),
                    _ => bars::with_back(&bars::hints(place)),
                };
                bars::footer(&cx, place, &words, &self.setup.keymap, areas.footer, buf);
            }
        }
    }
}
