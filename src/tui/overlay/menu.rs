//! A list of actions with a field to narrow it: the palette looks by likeness through all of them, the help shows those
//! of a place with every key.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Span;

use crate::engine::command::Command;
use crate::engine::event::Level;
use crate::engine::rollout::Steps;
use crate::tui::action::{ACTIONS, Action, ActionInfo, Place};
use crate::tui::keys::Keymap;
use crate::tui::msg::Ask;
use crate::tui::pane::{Context, Pane};
use crate::tui::pen::Pen;
use crate::tui::theme::Role;
use crate::tui::widget::field::Field;
use crate::tui::widget::scroll::{Scroll, step};
use crate::tui::widget::{frame, title};

/// What a query that begins so asks for: a target to be added and connected.
const ADD: &str = "add ";
/// What a query that begins so asks for: the steps that runs are cut into.
const STEPS: &str = "steps ";

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Palette,
    Help,
}

/// One action with its keys, as they are shown.
#[derive(Debug)]
struct Row {
    info: &'static ActionInfo,
    keys: String,
}

/// The list.
#[derive(Debug)]
pub struct Menu {
    kind: Kind,
    rows: Vec<Row>,
    /// Those that the query leaves, the best first.
    shown: Vec<usize>,
    cursor: usize,
    scroll: Scroll,
    query: Field,
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// An action.
    Act(Action),
    /// Something to ask for.
    Ask(Ask),
}

impl Menu {
    /// Every action, with the key that asks for it in this place, else anywhere.
    pub fn palette(place: Place, keymap: &Keymap) -> Self {
        let key = |info: &ActionInfo| {
            let mut places = std::iter::once(&place).chain(info.places);
            places.find_map(|place| keymap.chord(*place, info.action))
        };
        let row = |info| Row { info, keys: key(info).map(|chord| chord.to_string()).unwrap_or_default() };
        Self::new(Kind::Palette, ACTIONS.iter().map(row).collect())
    }

    /// The actions of this place with all their keys, those of other places after them.
    pub fn help(place: Place, keymap: &Keymap) -> Self {
        let here = |info: &&ActionInfo| info.places.contains(&place);
        let elsewhere = |info: &&ActionInfo| !info.places.contains(&place);
        let row = |info: &'static ActionInfo| {
            let place = if info.places.contains(&place) { place } else { info.places[0] };
            let keys: Vec<_> = keymap.chords(place, info.action).map(|chord| chord.to_string()).collect();
            Row { info, keys: keys.join(" ") }
        };
        let ordered = ACTIONS.iter().filter(here).chain(ACTIONS.iter().filter(elsewhere));
        Self::new(Kind::Help, ordered.map(row).collect())
    }

    fn new(kind: Kind, rows: Vec<Row>) -> Self {
        let shown = (0..rows.len()).collect();
        Self { kind, rows, shown, cursor: 0, scroll: Scroll::default(), query: Field::default() }
    }

    /// What Enter stands for now.
    pub fn chosen(&self) -> Option<Chosen> {
        if let Some(text) = self.query.text().trim_start().strip_prefix(ADD)
            && !text.trim().is_empty()
        {
            let command = Command::Add { text: text.trim().to_owned(), connect: true };
            return Some(Chosen::Ask(Ask::Engine(command)));
        }
        if let Some(text) = self.query.text().trim_start().strip_prefix(STEPS) {
            let ask = match text.parse::<Steps>() {
                Ok(steps) => Ask::Steps((steps != Steps::default()).then_some(steps)),
                Err(why) => Ask::Notice(Level::Warning, why),
            };
            return Some(Chosen::Ask(ask));
        }
        self.shown.get(self.cursor).map(|row| Chosen::Act(self.rows[*row].info.action))
    }

    fn narrow(&mut self) {
        // Names are found by likeness, sentences by whole words: nearly every sentence is like nearly every word.
        let pattern =
            |kind| Pattern::new(self.query.text(), CaseMatching::Ignore, Normalization::Smart, kind);
        let (like, holds) = (pattern(AtomKind::Fuzzy), pattern(AtomKind::Substring));
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut chars = Vec::new();
        let mut score = |row: &Row| {
            let name = like.score(Utf32Str::new(row.info.name, &mut chars), &mut matcher);
            let sentence = holds.score(Utf32Str::new(row.info.sentence, &mut chars), &mut matcher);
            name.map(|score| score * 2).max(sentence)
        };
        let scored = self.rows.iter().enumerate();
        let mut scored: Vec<_> = scored.filter_map(|(index, row)| Some((score(row)?, index))).collect();
        if self.kind == Kind::Palette {
            scored.sort_by_key(|(score, index)| (std::cmp::Reverse(*score), *index));
        }
        self.shown = scored.into_iter().map(|(_, index)| index).collect();
        self.cursor = 0;
    }

    fn go(&mut self, rows: isize) {
        self.cursor = step(self.cursor, rows, self.shown.len());
    }
}

impl Pane for Menu {
    fn act(&mut self, action: Action, cx: &Context) -> Vec<Ask> {
        let page: isize = cx.area.height.saturating_sub(4).max(1).cast_signed().into();
        match action {
            Action::Up => self.go(-1),
            Action::Down => self.go(1),
            Action::PageUp => self.go(-page),
            Action::PageDown => self.go(page),
            Action::Top => self.cursor = 0,
            Action::Bottom => self.go(isize::MAX),
            _ => {}
        }
        Vec::new()
    }

    fn draw(&self, cx: &Context, buf: &mut Buffer) -> Option<Position> {
        let about = match self.kind {
            Kind::Palette => format!(
                "{} commands; `add TARGET` connects one, `steps first 1 batch 10%` cuts runs into steps",
                self.shown.len()
            ),
            Kind::Help => format!("{} actions, those of this pane first; type to narrow", self.shown.len()),
        };
        let name = if self.kind == Kind::Palette { "commands" } else { "help" };
        let inside = frame(cx, title(cx, name, Span::styled(about, cx.theme.style(Role::Dim))), buf);
        if inside.is_empty() {
            return None;
        }
        let prompt = Rect { height: 1, ..inside };
        Pen::new(cx, prompt, 0, buf).write(": ", cx.theme.style(Role::Accent));
        let field =
            Rect { x: inside.x + 2.min(inside.width), width: inside.width.saturating_sub(2), ..prompt };
        let cursor = self.query.draw(field, cx.theme.style(Role::Text), buf);
        let list = Rect { y: inside.y + 1, height: inside.height - 1, ..inside };
        let keys = self.rows.iter().map(|row| row.keys.chars().count()).max().unwrap_or(0).min(28);
        let names = self.rows.iter().map(|row| row.info.name.len()).max().unwrap_or(0);
        let window = self.scroll.window(self.cursor, self.shown.len(), usize::from(list.height));
        for (line, at) in window.enumerate() {
            let row = &self.rows[self.shown[at]];
            let here = at == self.cursor;
            let sign = if here { cx.glyphs.cursor } else { " " };
            Pen::new(cx, list, line as u16, buf)
                .write(sign, cx.theme.style(Role::Accent))
                .write(&format!("{:<keys$}  ", row.keys), cx.theme.style(Role::BarKey))
                .write(&format!("{:<names$}  ", row.info.name), cx.theme.style(Role::Accent))
                .write(row.info.sentence, cx.theme.style(Role::Text));
            if here {
                let line = Rect { y: list.y + line as u16, height: 1, ..list };
                buf.set_style(line, cx.theme.style(Role::RowFocus));
            }
        }
        cursor
    }

    fn field(&mut self) -> Option<&mut Field> {
        Some(&mut self.query)
    }

    fn typed(&mut self, _cx: &Context) {
        self.narrow();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::keys::Overrides;

    fn keymap() -> Keymap {
        Keymap::new(&Overrides::new()).expect("the defaults")
    }

    fn asked(text: &str) -> Option<Chosen> {
        let mut menu = Menu::palette(Place::Editor, &keymap());
        menu.query = Field::new(text);
        menu.narrow();
        menu.chosen()
    }

    #[test]
    fn every_action_is_in_the_help_of_every_place_with_its_keys() {
        for place in Place::ALL {
            let menu = Menu::help(place, &keymap());
            assert_eq!(menu.rows.len(), ACTIONS.len());
            for row in &menu.rows {
                assert!(!row.keys.is_empty(), "{} in {}", row.info.name, place.name());
            }
        }
    }

    #[test]
    fn the_palette_finds_by_likeness_and_adds_targets() {
        assert_eq!(asked("rerun"), Some(Chosen::Act(Action::Rerun)));
        assert_eq!(asked("prvrn"), Some(Chosen::Act(Action::PreviousRun)));
        assert_eq!(asked("zzzz"), None);
        let command = Command::Add { text: "web[1-3]".into(), connect: true };
        assert_eq!(asked("add web[1-3] "), Some(Chosen::Ask(Ask::Engine(command))));
        let steps = Steps { first: Some(1), ..Steps::default() };
        assert_eq!(asked("steps first 1"), Some(Chosen::Ask(Ask::Steps(Some(steps)))));
        assert_eq!(asked("steps off"), Some(Chosen::Ask(Ask::Steps(None))));
        assert!(matches!(asked("steps first many"), Some(Chosen::Ask(Ask::Notice(..)))));
    }
}
