//! The state of the screen that no pane owns: focus, zoom, what lies over the panes, what a second press would do.

use std::collections::BTreeMap;

use ratatui::layout::Rect;

use crate::engine::command::{Interrupt, RunId};
use crate::engine::event::{Millis, QuestionId};
use crate::tui::action::Place;
use crate::tui::layout::{self, Areas, PaneId, Ratios};
use crate::tui::overlay::confirm::{self, Confirm};
use crate::tui::overlay::details::Details;
use crate::tui::overlay::menu::Menu;
use crate::tui::overlay::messages::Messages;
use crate::tui::overlay::question::{self, Asking};
use crate::tui::overlay::script::{self, ScriptLine};
use crate::tui::pane::Pane;

/// For how long a second press counts, in milliseconds.
const ARMED: u64 = 1_500;
/// For how long a message stands above the footer, in milliseconds.
pub(super) const TOAST: u64 = 5_000;

/// What lies over the panes.
#[derive(Debug)]
pub enum Overlay {
    /// The actions with their keys.
    Help(Menu),
    /// The actions by name.
    Palette(Menu),
    /// All messages.
    Messages(Messages),
    /// The question before a run.
    Confirm(Confirm),
    /// A value, a traceback, a target. Boxed, being much larger than the others.
    Details(Box<Details>),
    /// What a way in asks, once the person has turned to it.
    Question(Asking),
    /// Which script to run.
    Script(ScriptLine),
}

impl Overlay {
    /// Whose keys hold in it.
    pub fn place(&mut self) -> Place {
        if self.pane().field().is_some() { Place::Menu } else { self.shown_place() }
    }

    /// Whose hints are shown while it is open.
    pub fn shown_place(&self) -> Place {
        match self {
            Self::Confirm(_) => Place::Confirm,
            Self::Help(_) | Self::Palette(_) | Self::Script(_) => Place::Menu,
            Self::Messages(_) | Self::Details(_) => Place::Page,
            Self::Question(asking) => asking.place(),
        }
    }

    /// Esc closes it; otherwise it has a step of its own to go back first.
    pub fn closes(&mut self) -> bool {
        match self {
            Self::Help(_) | Self::Palette(_) | Self::Confirm(_) | Self::Script(_) => true,
            Self::Messages(_) | Self::Details(_) => self.pane().field().is_none(),
            Self::Question(_) => false, // it is told first
        }
    }

    /// What is drawn and acts.
    pub fn pane(&mut self) -> &mut dyn Pane {
        match self {
            Self::Help(pane) | Self::Palette(pane) => pane,
            Self::Messages(pane) => pane,
            Self::Confirm(pane) => pane,
            Self::Details(pane) => pane.as_mut(),
            Self::Question(pane) => pane,
            Self::Script(pane) => pane,
        }
    }

    /// The same, to look at.
    pub fn view(&self) -> &dyn Pane {
        match self {
            Self::Help(pane) | Self::Palette(pane) => pane,
            Self::Messages(pane) => pane,
            Self::Confirm(pane) => pane,
            Self::Details(pane) => pane.as_ref(),
            Self::Question(pane) => pane,
            Self::Script(pane) => pane,
        }
    }

    /// Where it lies.
    pub fn area(&self, body: Rect) -> Rect {
        match self {
            Self::Help(_) | Self::Palette(_) => {
                layout::centred(body, 110, body.height.saturating_sub(2).max(5))
            }
            Self::Messages(_) => layout::centred(body, 110, body.height.saturating_sub(4).max(5)),
            Self::Confirm(_) => layout::centred(body, 84, confirm::HEIGHT),
            Self::Script(_) => layout::centred(body, 100, script::HEIGHT),
            Self::Details(_) => layout::centred(body, body.width.saturating_sub(6).max(40), body.height),
            Self::Question(asking) => question::area(asking.question(), body),
        }
    }
}

/// What a second press would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Armed {
    /// Quit, after Ctrl-C or Ctrl-D.
    Interrupt,
    /// Quit though a run is under way.
    Quit,
    /// Sleep though a run is under way.
    Suspend,
}

/// The state.
#[derive(Debug)]
pub struct Ui {
    /// The size of the screen.
    pub screen: Rect,
    /// Which pane has the keys while no overlay is open.
    pub focus: PaneId,
    /// It has the whole screen.
    pub zoom: bool,
    /// How much room each pane gets.
    pub ratios: Ratios,
    /// The topmost last.
    pub overlays: Vec<Overlay>,
    /// How each run that is under way was asked to stop.
    pub stopping: BTreeMap<RunId, Interrupt>,
    /// The last question that was answered, or left without an answer: it may not be settled yet.
    pub answered: Option<QuestionId>,
    /// The line that named the last script.
    pub script: String,
    armed: Option<(Armed, Millis)>,
}

impl Ui {
    /// With the focus on the editor.
    pub fn new(screen: Rect) -> Self {
        Self {
            screen,
            focus: PaneId::Editor,
            zoom: false,
            ratios: Ratios::default(),
            overlays: Vec::new(),
            stopping: BTreeMap::new(),
            answered: None,
            script: String::new(),
            armed: None,
        }
    }

    /// Where things are.
    pub fn areas(&self) -> Areas {
        layout::divide(self.screen, self.focus, self.zoom, self.ratios)
    }

    /// Gives the keys to another pane; the zoom ends.
    pub fn go(&mut self, pane: PaneId) {
        self.zoom &= self.focus == pane;
        self.focus = pane;
    }

    /// A press that counts only the second time: whether this was the second.
    pub fn press(&mut self, what: Armed, now: Millis) -> bool {
        let again = self.armed(now) == Some(what);
        self.armed = (!again).then_some((what, now));
        again
    }

    /// What a second press would do now.
    pub fn armed(&self, now: Millis) -> Option<Armed> {
        self.armed.filter(|(_, at)| now.0.saturating_sub(at.0) < ARMED).map(|(what, _)| what)
    }

    /// Any other key: a second press counts no more.
    pub fn disarm(&mut self) {
        self.armed = None;
    }

    /// In how many milliseconds the second press counts no more.
    pub fn disarms_in(&self, now: Millis) -> Option<u64> {
        let (_, at) = self.armed?;
        Some((at.0 + ARMED).saturating_sub(now.0)).filter(|left| *left > 0)
    }
}
