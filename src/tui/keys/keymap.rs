//! Which action a chord asks for: the table's defaults, with the user's own keys before them.

use std::collections::{BTreeMap, HashMap};

use super::chord::{Chord, ChordError};
use crate::tui::action::{ACTIONS, Action, Place};

/// The user's own keys: place → key → action's name; an empty name takes the key away.
pub type Overrides = BTreeMap<String, BTreeMap<String, String>>;

/// Keys by place.
#[derive(Debug, Clone)]
pub struct Keymap {
    /// None: the user has taken this key away.
    actions: HashMap<(Place, Chord), Option<Action>>,
    /// In the order of the table, the user's own first: what help and hints show.
    order: Vec<(Place, Action, Chord)>,
}

/// Why a user's key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text names no key.
    #[error("[keys.{place}]: {error}")]
    Chord {
        /// In which section.
        place: String,
        /// What was written.
        error: ChordError,
    },
    /// There is no such place.
    #[error("[keys.{0}]: there is no such place; there are fleet, editor, grid, lines, page, menu, confirm")]
    Place(String),
    /// There is no such action.
    #[error("[keys.{place}] {key}: there is no action `{name}`; `?` in the console lists them")]
    Action {
        /// In which section.
        place: String,
        /// For which key.
        key: String,
        /// What was written.
        name: String,
    },
    /// The key is text in this place.
    #[error("[keys.{place}] {key}: characters are text there; add ctrl or alt")]
    Text {
        /// In which section.
        place: String,
        /// Which key.
        key: String,
    },
}

impl Default for Keymap {
    fn default() -> Self {
        let mut map = Self { actions: HashMap::new(), order: Vec::new() };
        map.fill();
        map
    }
}

impl Keymap {
    /// The defaults, and the user's own keys.
    pub fn new(overrides: &Overrides) -> Result<Self, KeyError> {
        let mut map = Self { actions: HashMap::new(), order: Vec::new() };
        for (place, keys) in overrides {
            map.own(place, keys)?;
        }
        map.fill();
        Ok(map)
    }

    /// Binds the table's own keys, as far as they are free.
    fn fill(&mut self) {
        for info in ACTIONS {
            for key in info.keys {
                let Ok(chord) = key.parse() else { continue }; // a test sees to it that all of them parse
                for place in info.places {
                    self.bind(*place, chord, Some(info.action));
                }
            }
        }
    }

    fn own(&mut self, section: &str, keys: &BTreeMap<String, String>) -> Result<(), KeyError> {
        let place = Place::ALL.into_iter().find(|place| place.name() == section);
        let place = place.ok_or_else(|| KeyError::Place(section.to_owned()))?;
        for (key, name) in keys {
            let chord: Chord =
                key.parse().map_err(|error| KeyError::Chord { place: section.to_owned(), error })?;
            let here = (section.to_owned(), key.clone());
            if place.takes_text() && chord.is_text() {
                return Err(KeyError::Text { place: here.0, key: here.1 });
            }
            let action = Action::named(name);
            if action.is_none() && !name.is_empty() {
                return Err(KeyError::Action { place: here.0, key: here.1, name: name.clone() });
            }
            self.bind(place, chord, action);
        }
        Ok(())
    }

    /// Binds a chord that is neither bound yet nor text. No action: the chord is taken away.
    fn bind(&mut self, place: Place, chord: Chord, action: Option<Action>) {
        if self.actions.contains_key(&(place, chord)) || (place.takes_text() && chord.is_text()) {
            return;
        }
        self.actions.insert((place, chord), action);
        if let Some(action) = action {
            self.order.push((place, action, chord));
        }
    }

    /// The action that this chord asks for here.
    pub fn action(&self, place: Place, chord: Chord) -> Option<Action> {
        self.actions.get(&(place, chord)).copied().flatten()
    }

    /// The chords that ask for this action here, the one to show first.
    pub fn chords(&self, place: Place, action: Action) -> impl Iterator<Item = Chord> {
        let here = move |(where_, what, _): &&(Place, Action, Chord)| (*where_, *what) == (place, action);
        self.order.iter().filter(here).map(|(_, _, chord)| *chord)
    }

    /// The chord to show for this action here.
    pub fn chord(&self, place: Place, action: Action) -> Option<Chord> {
        self.chords(place, action).next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(overrides: &[(&str, &str, &str)]) -> Result<Keymap, KeyError> {
        let mut all = Overrides::new();
        for (place, key, name) in overrides {
            all.entry((*place).into()).or_default().insert((*key).into(), (*name).into());
        }
        Keymap::new(&all)
    }

    fn action(map: &Keymap, place: Place, key: &str) -> Option<Action> {
        map.action(place, key.parse().expect("a chord"))
    }

    #[test]
    fn the_same_key_means_what_its_place_says() {
        let map = map(&[]).expect("the defaults");
        assert_eq!(action(&map, Place::Grid, "["), Some(Action::PreviousRun));
        assert_eq!(action(&map, Place::Lines, "["), Some(Action::PreviousHost));
        assert_eq!(action(&map, Place::Editor, "["), None);
        assert_eq!(action(&map, Place::Editor, "f1"), Some(Action::Help));
        assert_eq!(action(&map, Place::Editor, "?"), None);
        assert_eq!(map.chord(Place::Editor, Action::Help).map(|chord| chord.to_string()), Some("F1".into()));
    }

    #[test]
    fn a_users_key_goes_first_and_may_take_one_away() {
        let map = map(&[("grid", "F", "fold"), ("grid", "b", "")]).expect("good keys");
        assert_eq!(action(&map, Place::Grid, "F"), Some(Action::Fold));
        assert_eq!(action(&map, Place::Grid, "b"), None);
        assert_eq!(map.chord(Place::Grid, Action::Fold).map(|chord| chord.to_string()), Some("F".into()));
    }

    #[test]
    fn a_users_mistake_is_named() {
        let told = |place, key, name| map(&[(place, key, name)]).expect_err("a mistake").to_string();
        assert!(told("gird", "b", "fold").starts_with("[keys.gird]: there is no such place"));
        assert!(told("grid", "bb", "fold").starts_with("[keys.grid]: `bb` is no key"));
        assert!(told("grid", "b", "fond").starts_with("[keys.grid] b: there is no action `fond`"));
        assert!(told("editor", "b", "run").starts_with("[keys.editor] b: characters are text there"));
    }
}
