//! The application: what is known, what is on the screen, and what follows from a message. No I/O, no clock, no await.

mod asking;
mod input;
mod keep;
mod running;
mod setup;
mod view;

pub use setup::Setup;
pub use view::Drawn;

use std::time::Duration;

use ratatui::layout::Rect;

use crate::engine::command::{Command, RunId};
use crate::engine::event::{Event, Level, Millis, TargetChange};
use crate::model::Model;
use crate::model::fleet::Entry;
use crate::model::select::Selection;
use crate::model::state::Link;
use crate::tui::action::Place;
use crate::tui::msg::{Ask, Effect, Msg, Outcome};
use crate::tui::overlay::details::Details;
use crate::tui::pane::Context;
use crate::tui::ui::{Overlay, TOAST, Ui};
use keep::Panes;

/// The application.
#[derive(Debug)]
pub struct App {
    setup: Setup,
    model: Model,
    selection: Selection,
    /// The person has chosen; until then the selection is what was named at the start.
    chosen: bool,
    panes: Panes,
    ui: Ui,
    last_run: RunId,
    now: Millis,
}

impl App {
    /// With nothing known yet, on a screen of this size.
    pub fn new(setup: Setup, screen: Rect, now: Millis) -> Self {
        let panes = Panes::new(&setup.theme);
        let ui = Ui::new(screen);
        let notices = setup.notices.clone();
        let mut app = Self {
            model: Model::keeping(setup.lines),
            setup,
            selection: Selection::default(),
            chosen: false,
            panes,
            ui,
            last_run: RunId(0),
            now,
        };
        for text in notices {
            app.tell(Level::Warning, text);
        }
        app
    }

    /// Takes in what happened at this moment, and says what is to be done.
    pub fn update(&mut self, now: Millis, msg: Msg) -> Vec<Effect> {
        let effects = self.respond(now, msg);
        self.let_pass(effects)
    }

    fn respond(&mut self, now: Millis, msg: Msg) -> Vec<Effect> {
        self.now = self.now.max(now);
        match msg {
            Msg::Input(event) => return self.input(event),
            Msg::Engine(events) => return self.learn(events),
            Msg::EngineClosed => return vec![Effect::Quit(Outcome::EngineGone)],
            Msg::Clock => {}
            Msg::Signal(signal) => {
                return vec![Effect::Engine(Command::Shutdown), Effect::Quit(Outcome::Signalled(signal))];
            }
            Msg::Edited(Ok(text)) => self.panes.editor.load(text.trim_end_matches('\n')),
            Msg::Script(Ok(script)) => return self.run_script(script),
            Msg::Script(Err(why)) => self.refuse_script(why),
            Msg::Copied(Ok(bytes)) => {
                self.tell(Level::Info, format!("{bytes} bytes handed to the terminal's clipboard"));
            }
            Msg::Edited(Err(why)) | Msg::Copied(Err(why)) => self.tell(Level::Error, why),
        }
        Vec::new()
    }

    /// How many links are open, or on their way.
    pub fn open_links(&self) -> usize {
        let open = |link: &Link| matches!(link, Link::Ready | Link::Connecting | Link::Booting);
        self.model.fleet.counts().iter().filter(|(link, _)| open(link)).map(|(_, count)| count).sum()
    }

    /// In how long [`Msg::Clock`] is wanted, since something on the screen changes by itself; none: nothing does.
    pub fn next_clock(&self) -> Option<Duration> {
        let running = (self.model.runs.active() > 0).then_some(500);
        let toast =
            self.model.notices.latest().map(|notice| (notice.at.0 + TOAST).saturating_sub(self.now.0));
        let ages = self.model.fleet.iter().any(Entry::ages).then_some(1000);
        let times = [running, ages, toast.filter(|left| *left > 0), self.ui.disarms_in(self.now)];
        times.into_iter().flatten().min().map(Duration::from_millis)
    }

    fn learn(&mut self, events: Vec<Event>) -> Vec<Effect> {
        let (mut found, mut saved) = (false, Vec::new());
        for event in events {
            if let Event::Target { id, change: TargetChange::Found(target), .. } = &event {
                self.setup.care.heed(*id, target);
                found = true;
            }
            if let Event::Target { id, change: TargetChange::Outdated(true), .. } = event {
                saved.push(id);
            }
            self.model.apply(event);
        }
        self.heed_question();
        if found && !self.chosen {
            self.selection = keep::first_selection(&self.model.fleet);
        }
        self.run_on_save(&saved)
    }

    /// Does what a pane asks for.
    fn fulfil(&mut self, asks: Vec<Ask>) -> Vec<Effect> {
        asks.into_iter().flat_map(|ask| self.fulfil_one(ask)).collect()
    }

    fn fulfil_one(&mut self, ask: Ask) -> Vec<Effect> {
        match ask {
            Ask::Engine(command) => return vec![Effect::Engine(command)],
            Ask::Run { code, targets } => {
                let intent = self.intent(code, targets, self.setup.care.steps);
                return self.run_or_ask(intent);
            }
            Ask::Steps(steps) => self.cut_into(steps),
            Ask::Copy(text) => return vec![Effect::Copy(text)],
            Ask::Select(selection) => {
                self.selection = selection;
                self.chosen = true;
            }
            Ask::Details(subject) => self.ui.overlays.push(Overlay::Details(Box::new(Details::new(subject)))),
            Ask::Lines(host) => self.panes.lines.show(host),
            Ask::Notice(level, text) => self.tell(level, text),
        }
        Vec::new()
    }

    fn tell(&mut self, level: Level, text: impl Into<String>) {
        self.model.apply(Event::Notice { at: self.now, level, text: text.into() });
    }

    /// Whose keys hold now.
    fn place(&mut self) -> Place {
        if let Some(overlay) = self.ui.overlays.last_mut() {
            return overlay.place();
        }
        let open = self.panes.pane(self.ui.focus).field().is_some();
        if open { Place::Menu } else { self.ui.focus.place() }
    }

    fn context(&self, area: Rect, focused: bool) -> Context<'_> {
        let Self { model, selection, setup, now, .. } = self;
        Context {
            model,
            selection,
            care: &setup.care,
            theme: &setup.theme,
            glyphs: &setup.glyphs,
            now: *now,
            focused,
            area,
        }
    }
}
