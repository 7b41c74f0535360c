//! What follows from a key, a paste, the mouse: overlay first, then the pane with the focus.

use ratatui::crossterm::event::{Event, KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;
use zeroize::Zeroize;

use super::App;
use crate::engine::event::Level;
use crate::engine::rollout::Steps;
use crate::tui::action::{Action, Place};
use crate::tui::keys::Chord;
use crate::tui::layout::PaneId;
use crate::tui::msg::Effect;
use crate::tui::overlay::menu::{Chosen, Menu};
use crate::tui::overlay::messages::Messages;
use crate::tui::overlay::script::ScriptLine;
use crate::tui::pane::editor::Typed;
use crate::tui::pane::{Context, Pane};
use crate::tui::ui::{Armed, Overlay};

/// Rows that one turn of the wheel goes.
const WHEEL: usize = 3;

impl App {
    pub(super) fn input(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Key(key) => self.key(key),
            Event::Paste(mut text) => {
                let effects = self.paste(&text);
                text.zeroize(); // it may have been a password
                effects
            }
            Event::Mouse(mouse) => self.mouse(mouse),
            Event::Resize(width, height) => {
                self.ui.screen = Rect::new(0, 0, width, height);
                vec![Effect::Repaint]
            }
            Event::FocusGained | Event::FocusLost => Vec::new(),
        }
    }

    fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(chord) = Chord::of(key) else { return Vec::new() };
        let place = self.place();
        let keymap = &self.setup.keymap;
        let behind = || {
            // While a pane's field is open, the pane's own keys hold as far as they are no text.
            let pane = self.ui.overlays.is_empty() && place == Place::Menu && !chord.is_text();
            if pane { keymap.action(self.ui.focus.place(), chord) } else { None }
        };
        if let Some(action) = keymap.action(place, chord).or_else(behind) {
            return self.act(action);
        }
        self.text(chord.event())
    }

    /// A key that asks for no action goes to the open field, else to the editor.
    fn text(&mut self, key: KeyEvent) -> Vec<Effect> {
        if let Some(Overlay::Question(asking)) = self.ui.overlays.last_mut() {
            asking.key(key);
            return Vec::new();
        }
        let editing = self.ui.overlays.is_empty() && self.ui.focus == PaneId::Editor;
        let took_it = self.with_top(|pane, cx| {
            let Some(field) = pane.field() else { return false };
            if field.key(key) {
                pane.typed(cx);
            }
            true
        });
        if took_it || !editing {
            return Vec::new();
        }
        match self.panes.editor.key(key) {
            Typed::Taken => {
                self.ui.disarm();
                Vec::new()
            }
            Typed::Run => self.act(Action::Run),
            Typed::End => self.quit_if_again(),
        }
    }

    fn paste(&mut self, text: &str) -> Vec<Effect> {
        if let Some(Overlay::Question(asking)) = self.ui.overlays.last_mut() {
            asking.paste(text);
            return Vec::new();
        }
        if let Some(Overlay::Confirm(_)) = self.ui.overlays.last() {
            self.tell(Level::Warning, "what is pasted confirms nothing: type it");
            return Vec::new();
        }
        let editing = self.ui.overlays.is_empty() && self.ui.focus == PaneId::Editor;
        let took_it = self.with_top(|pane, cx| {
            let Some(field) = pane.field() else { return false };
            field.insert(text);
            pane.typed(cx);
            true
        });
        if !took_it
            && editing
            && let Err(why) = self.panes.editor.paste(text)
        {
            self.tell(Level::Error, why);
        }
        Vec::new()
    }

    fn mouse(&mut self, mouse: MouseEvent) -> Vec<Effect> {
        let action = match mouse.kind {
            MouseEventKind::ScrollUp => Action::Up,
            MouseEventKind::ScrollDown => Action::Down,
            MouseEventKind::Down(MouseButton::Left) if self.ui.overlays.is_empty() => {
                if let Some(pane) = self.ui.areas().at(mouse.column, mouse.row) {
                    self.ui.go(pane);
                }
                return Vec::new();
            }
            _ => return Vec::new(),
        };
        let under = self.ui.areas().at(mouse.column, mouse.row).filter(|_| self.ui.overlays.is_empty());
        let asks = (0..WHEEL).flat_map(|_| match under {
            Some(pane) => self.with_pane(pane, |pane, cx| pane.act(action, cx)),
            None if self.ui.overlays.is_empty() => Vec::new(),
            None => self.with_top(|pane, cx| pane.act(action, cx)),
        });
        let asks = asks.collect();
        self.fulfil(asks)
    }

    /// Does what an action stands for.
    pub(super) fn act(&mut self, action: Action) -> Vec<Effect> {
        if !matches!(action, Action::Interrupt | Action::Quit | Action::Suspend) {
            self.ui.disarm();
        }
        match action {
            Action::Run => return self.run(self.setup.care.steps),
            Action::RunFirst => return self.run(Some(Steps::ONE_THEN_ASK)),
            Action::GoOn => return self.go_on(),
            Action::RunOnSave => self.arm_run_on_save(),
            Action::RunScript => {
                let line = ScriptLine::new(&self.ui.script);
                self.ui.overlays.push(Overlay::Script(line));
            }
            Action::Interrupt => return self.interrupt(),
            Action::Quit => return self.quit(),
            Action::Suspend => return self.suspend(),
            Action::Repaint => return vec![Effect::Repaint],
            Action::ExternalEditor => return vec![Effect::Edit(self.panes.editor.code())],
            Action::Back if self.ui.overlays.last_mut().is_some_and(Overlay::closes) => {
                self.ui.overlays.pop();
            }
            Action::Back if matches!(self.ui.overlays.last(), Some(Overlay::Question(_))) => {
                return self.leave_unanswered();
            }
            Action::Accept if !self.ui.overlays.is_empty() => return self.accept(),
            Action::Help => self.open(|place, app| Overlay::Help(Menu::help(place, &app.setup.keymap))),
            Action::Palette => {
                self.open(|place, app| Overlay::Palette(Menu::palette(place, &app.setup.keymap)));
            }
            Action::Question => self.turn_to_question(),
            Action::Messages => self.open(|_, _| Overlay::Messages(Messages::default())),
            Action::FocusNext => self.ui.go(self.ui.focus.after(1)),
            Action::FocusPrevious => self.ui.go(self.ui.focus.after(3)),
            Action::FocusFleet => self.ui.go(PaneId::Fleet),
            Action::FocusEditor => self.ui.go(PaneId::Editor),
            Action::FocusGrid => self.ui.go(PaneId::Grid),
            Action::FocusLines => self.ui.go(PaneId::Lines),
            Action::Zoom => self.ui.zoom = !self.ui.zoom,
            Action::Grow => self.ui.ratios = self.ui.ratios.resized(self.ui.focus, true),
            Action::Shrink => self.ui.ratios = self.ui.ratios.resized(self.ui.focus, false),
            other => {
                let asks = self.with_top(|pane, cx| pane.act(other, cx));
                return self.fulfil(asks);
            }
        }
        Vec::new()
    }

    fn open(&mut self, make: impl FnOnce(Place, &Self) -> Overlay) {
        let overlay = make(self.ui.focus.place(), self);
        self.ui.overlays.push(overlay);
    }

    /// Enter in an overlay.
    fn accept(&mut self) -> Vec<Effect> {
        match self.ui.overlays.pop() {
            Some(Overlay::Palette(menu)) => match menu.chosen() {
                Some(Chosen::Act(action)) => self.act_where_it_belongs(action),
                Some(Chosen::Ask(ask)) => self.fulfil(vec![ask]),
                None => Vec::new(),
            },
            Some(Overlay::Confirm(mut confirm)) => {
                if confirm.is_wrong() {
                    self.ui.overlays.push(Overlay::Confirm(confirm));
                    return Vec::new();
                }
                confirm.answer().map_or_else(Vec::new, |intent| self.start(intent))
            }
            Some(Overlay::Question(asking)) => self.answer(asking.answer()),
            Some(Overlay::Script(mut line)) => {
                let effect = line.read();
                self.ui.overlays.push(Overlay::Script(line));
                effect.into_iter().collect()
            }
            Some(other) => {
                self.ui.overlays.push(other);
                let asks = self.with_top(|pane, cx| pane.act(Action::Accept, cx));
                self.fulfil(asks)
            }
            None => Vec::new(),
        }
    }

    /// An action from the palette: where the focus is if it means something there, else in the pane that it is for.
    fn act_where_it_belongs(&mut self, action: Action) -> Vec<Effect> {
        let places = action.info().places;
        if !places.contains(&self.ui.focus.place())
            && let Some(pane) = PaneId::ALL.into_iter().find(|pane| places.contains(&pane.place()))
        {
            self.ui.go(pane);
        }
        self.act(action)
    }

    /// Ctrl-D in an empty editor, Ctrl-C with nothing else to do: the second one quits.
    pub(super) fn quit_if_again(&mut self) -> Vec<Effect> {
        if self.ui.press(Armed::Interrupt, self.now) { Self::leave() } else { Vec::new() }
    }

    /// Lets what has the keys do something.
    pub(super) fn with_top<R>(&mut self, act: impl FnOnce(&mut dyn Pane, &Context) -> R) -> R {
        let Some(mut overlay) = self.ui.overlays.pop() else { return self.with_pane(self.ui.focus, act) };
        let area = overlay.area(self.ui.areas().body);
        let done = act(overlay.pane(), &self.context(area, true));
        self.ui.overlays.push(overlay);
        done
    }

    fn with_pane<R>(&mut self, id: PaneId, act: impl FnOnce(&mut dyn Pane, &Context) -> R) -> R {
        let Self { model, selection, setup, now, panes, ui, .. } = self;
        let cx = Context {
            model,
            selection,
            care: &setup.care,
            theme: &setup.theme,
            glyphs: &setup.glyphs,
            now: *now,
            focused: ui.focus == id,
            area: ui.areas().pane(id),
        };
        act(panes.pane(id), &cx)
    }
}
