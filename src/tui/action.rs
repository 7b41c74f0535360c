//! The one table of actions, from which keymap, help, palette, footer hints and the README's key list come.

use serde::Serialize;

/// A place where keys have a meaning of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The tree of targets.
    Fleet,
    /// The code.
    Editor,
    /// The answers.
    Grid,
    /// What the hosts wrote.
    Lines,
    /// An overlay with text to scroll: details, messages.
    Page,
    /// An overlay or a pane with a one-line field that takes the typed characters: palette, help, a filter.
    Menu,
    /// A question with buttons.
    Confirm,
}

impl Place {
    /// All of them, in the order of the help.
    pub const ALL: [Self; 7] =
        [Self::Fleet, Self::Editor, Self::Grid, Self::Lines, Self::Page, Self::Menu, Self::Confirm];

    /// As the configuration and the help write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fleet => "fleet",
            Self::Editor => "editor",
            Self::Grid => "grid",
            Self::Lines => "lines",
            Self::Page => "page",
            Self::Menu => "menu",
            Self::Confirm => "confirm",
        }
    }

    /// Characters are text here, so a bare one is never a key.
    pub fn takes_text(self) -> bool {
        matches!(self, Self::Editor | Self::Menu)
    }
}

const PANES: &[Place] = &[Place::Fleet, Place::Editor, Place::Grid, Place::Lines];
const EVERYWHERE: &[Place] = &Place::ALL;
const ROWS: &[Place] = &[Place::Fleet, Place::Grid, Place::Lines, Place::Page, Place::Menu];
const HOSTS: &[Place] = &[Place::Fleet, Place::Grid];
const WIDE: &[Place] = &[Place::Grid, Place::Lines, Place::Page];
const TEXTS: &[Place] = &[Place::Fleet, Place::Grid, Place::Lines, Place::Page];
const SEARCHED: &[Place] = &[Place::Editor, Place::Lines, Place::Page];
const FLEET: &[Place] = &[Place::Fleet];
const EDITOR: &[Place] = &[Place::Editor];
const GRID: &[Place] = &[Place::Grid];
const LINES: &[Place] = &[Place::Lines];
const CONFIRM: &[Place] = &[Place::Confirm];

/// Something a person can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "`ACTIONS` says what each one does")]
pub enum Action {
    Help,
    Palette,
    Messages,
    Run,
    RunFirst,
    GoOn,
    RunOnSave,
    RunScript,
    Interrupt,
    FocusNext,
    FocusPrevious,
    FocusFleet,
    FocusEditor,
    FocusGrid,
    FocusLines,
    Zoom,
    Grow,
    Shrink,
    Back,
    Suspend,
    Repaint,
    Quit,
    Up,
    Down,
    PageUp,
    PageDown,
    HalfUp,
    HalfDown,
    Top,
    Bottom,
    Left,
    Right,
    Accept,
    Filter,
    Search,
    NextMatch,
    PreviousMatch,
    Copy,
    SelectThese,
    Mark,
    MarkRange,
    MarkAll,
    MarkNone,
    Invert,
    Connect,
    Disconnect,
    CloseBranch,
    OpenBranch,
    ExternalEditor,
    Undo,
    Redo,
    SelectText,
    EarlierCode,
    LaterCode,
    Fold,
    Sort,
    SortReverse,
    Rerun,
    CancelThese,
    Stacks,
    PreviousRun,
    NextRun,
    Follow,
    Wrap,
    Times,
    PreviousHost,
    NextHost,
    FilterLines,
    Level,
    OtherButton,
    Question,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct ActionInfo {
    /// Which.
    pub action: Action,
    /// Its name in the palette and in the configuration: small words with dashes.
    pub name: &'static str,
    /// What it does, as one sentence without its full stop.
    pub sentence: &'static str,
    /// The keys that ask for it unless the configuration says otherwise, the one to show first.
    pub keys: &'static [&'static str],
    /// Where it can be asked for.
    pub places: &'static [Place],
    /// The word beside the key in the footer; empty: not shown there. The first rows of a place go first.
    pub hint: &'static str,
}

impl Action {
    /// Its row of the table.
    pub fn info(self) -> &'static ActionInfo {
        ACTIONS.iter().find(|info| info.action == self).unwrap_or(&ACTIONS[0])
    }

    /// The action with this name.
    pub fn named(name: &str) -> Option<Self> {
        ACTIONS.iter().find(|info| info.name == name).map(|info| info.action)
    }
}

/// The table as Markdown: the README's list of keys.
pub fn markdown() -> String {
    use std::fmt::Write as _;
    let mut text = String::from("| keys | where | what it does |\n| --- | --- | --- |\n");
    for info in ACTIONS {
        let shown = |key: &&str| {
            let chord = key.parse::<crate::tui::keys::Chord>();
            format!("`{}`", chord.map_or_else(|_| (*key).to_owned(), |chord| chord.to_string()))
        };
        let keys: Vec<_> = info.keys.iter().map(|key| shown(key).replace('|', "\\|")).collect();
        let place = match info.places {
            places if places == EVERYWHERE => "everywhere".to_owned(),
            places if places == PANES => "panes".to_owned(),
            places => places.iter().map(|place| place.name()).collect::<Vec<_>>().join(", "),
        };
        let _ = writeln!(text, "| {} | {place} | {} |", keys.join(" "), info.sentence); // a String takes all
    }
    text
}

const fn row(
    action: Action,
    name: &'static str,
    hint: &'static str,
    keys: &'static [&'static str],
    places: &'static [Place],
    sentence: &'static str,
) -> ActionInfo {
    ActionInfo { action, name, sentence, keys, places, hint }
}

/// Every action. Rows of one place stand together, the most wanted first, since the footer shows the first hints.
#[rustfmt::skip]
pub const ACTIONS: &[ActionInfo] = &[
    row(Action::Run,            "run",             "run",      &["f5", "alt-enter", "ctrl-enter"], PANES,  "Run the editor's code on the selected hosts"),
    row(Action::RunFirst,       "run-first",       "",         &["alt-o", "shift-f5"],  PANES,      "Run the editor's code on the first of the selected hosts only, then wait"),
    row(Action::GoOn,           "go-on",           "",         &["alt-g"],              PANES,      "Go on with the run that waits between two steps"),
    row(Action::RunOnSave,      "run-on-save",     "",         &["alt-w"],              PANES,      "Run the last run again whenever a module is saved that its hosts have, or no more"),
    row(Action::Mark,           "mark",            "mark",     &["space"],              FLEET,      "Select the host under the cursor, or take it out"),
    row(Action::MarkAll,        "mark-all",        "all",      &["a"],                  FLEET,      "Select every host in view"),
    row(Action::MarkNone,       "mark-none",       "none",     &["A"],                  FLEET,      "Select no host"),
    row(Action::MarkRange,      "mark-range",      "",         &["v"],                  FLEET,      "Select from here to where it is pressed again"),
    row(Action::Invert,         "invert",          "",         &["i"],                  FLEET,      "Swap selected and unselected among the hosts in view"),
    row(Action::Connect,        "connect",         "connect",  &["r"],                  FLEET,      "Connect, or connect again: the selected hosts, or the one under the cursor"),
    row(Action::Disconnect,     "disconnect",      "",         &["D"],                  FLEET,      "Close the links of the selected hosts, or of the one under the cursor"),
    row(Action::CloseBranch,    "close-branch",    "",         &["left", "h"],          FLEET,      "Close the branch of the tree, or go to what the row stands under"),
    row(Action::OpenBranch,     "open-branch",     "",         &["right", "l"],         FLEET,      "Open the branch of the tree, or go into it"),
    row(Action::ExternalEditor, "external-editor", "$EDITOR",  &["f4", "ctrl-o"],       EDITOR,     "Edit the code in $EDITOR"),
    row(Action::EarlierCode,    "earlier-code",    "earlier",  &["ctrl-up", "alt-up", "f7"],   EDITOR, "Load the code of an earlier run; nothing is run"),
    row(Action::LaterCode,      "later-code",      "",         &["ctrl-down", "alt-down", "f8"], EDITOR, "Load the code of a later run; nothing is run"),
    row(Action::Undo,           "undo",            "",         &["ctrl-_", "ctrl-/", "ctrl-7", "alt-u"], EDITOR, "Undo the last change of the code"),
    row(Action::Redo,           "redo",            "",         &["alt-r"],              EDITOR,     "Do the undone change again"),
    row(Action::SelectText,     "select-text",     "",         &["alt-a"],              EDITOR,     "Select all of the code"),
    row(Action::Accept,         "open",            "open",     &["enter"],              &[Place::Fleet, Place::Grid, Place::Lines, Place::Page, Place::Menu, Place::Confirm], "Open what is under the cursor, or accept what was typed"),
    row(Action::SelectThese,    "select-these",    "select",   &["m"],                  HOSTS,      "Make the hosts under the cursor, and no others, the selection"),
    row(Action::Fold,           "fold",            "fold",     &["b"],                  GRID,       "Show equal answers as one row, or every host"),
    row(Action::Sort,           "sort",            "sort",     &["o"],                  GRID,       "Sort by the next column"),
    row(Action::SortReverse,    "sort-reverse",    "",         &["O"],                  GRID,       "Sort the other way round"),
    row(Action::Rerun,          "rerun",           "rerun",    &["R"],                  GRID,       "Run the same code again on the hosts that did not answer with a value"),
    row(Action::CancelThese,    "cancel-these",    "",         &["x"],                  GRID,       "Cancel the run on the hosts under the cursor; again: hard"),
    row(Action::Stacks,         "stacks",          "stacks",   &["W"],                  GRID,       "Ask where the run's calls stand, without stopping them: equal stacks are one row"),
    row(Action::PreviousRun,    "previous-run",    "",         &["["],                  GRID,       "Show the run before"),
    row(Action::NextRun,        "next-run",        "",         &["]"],                  GRID,       "Show the run after"),
    row(Action::Follow,         "follow",          "follow",   &["f"],                  LINES,      "Keep the newest line in view, or stay here"),
    row(Action::Wrap,           "wrap",            "wrap",     &["w"],                  &[Place::Lines, Place::Page], "Wrap long lines, or cut them"),
    row(Action::Times,          "times",           "",         &["t"],                  LINES,      "Show no times, times since the start of the run, or the time of day"),
    row(Action::PreviousHost,   "previous-host",   "",         &["["],                  LINES,      "Show the lines of the host before"),
    row(Action::NextHost,       "next-host",       "host",     &["]"],                  LINES,      "Show the lines of the next host; after the last: of all"),
    row(Action::FilterLines,    "filter-lines",    "",         &["&"],                  LINES,      "Show only lines that match"),
    row(Action::Level,          "level",           "",         &["L"],                  LINES,      "Show only records of logging, from the next level on: DEBUG, INFO, WARNING, ERROR, then everything"),
    row(Action::Filter,         "filter",          "filter",   &["/"],                  HOSTS,      "Show only what matches: x, !x, ~regex, column:x"),
    row(Action::Search,         "search",          "search",   &["/", "f3"],            SEARCHED,   "Find text and go to it"),
    row(Action::NextMatch,      "next-match",      "",         &["n", "f6"],            SEARCHED,   "Go to the next match"),
    row(Action::PreviousMatch,  "previous-match",  "",         &["N", "f9"],            SEARCHED,   "Go to the match before"),
    row(Action::OtherButton,    "other-button",    "other",    &["tab", "left", "right", "h", "l", "shift-tab"], CONFIRM, "Go to the other button"),
    row(Action::Copy,           "copy",            "copy",     &["y"],                  TEXTS,      "Copy what is under the cursor to the terminal's clipboard"),
    row(Action::Up,             "up",              "",         &["up", "k", "ctrl-p"],  ROWS,       "Go up"),
    row(Action::Down,           "down",            "",         &["down", "j", "ctrl-n"], ROWS,      "Go down"),
    row(Action::PageUp,         "page-up",         "",         &["pageup", "ctrl-b"],   ROWS,       "Go up a page"),
    row(Action::PageDown,       "page-down",       "",         &["pagedown", "ctrl-f"], ROWS,       "Go down a page"),
    row(Action::HalfUp,         "half-up",         "",         &["ctrl-u"],             TEXTS,      "Go up half a page"),
    row(Action::HalfDown,       "half-down",       "",         &["ctrl-d"],             TEXTS,      "Go down half a page"),
    row(Action::Top,            "top",             "",         &["home", "g"],          ROWS,       "Go to the first"),
    row(Action::Bottom,         "bottom",          "",         &["end", "G"],           ROWS,       "Go to the last"),
    row(Action::Left,           "left",            "",         &["left", "h"],          WIDE,       "Scroll to the left"),
    row(Action::Right,          "right",           "",         &["right", "l"],         WIDE,       "Scroll to the right"),
    row(Action::RunScript,      "run-script",      "",         &["alt-s"],              PANES,      "Run a script on this machine; it may reach hosts"),
    row(Action::FocusNext,      "focus-next",      "",         &["tab", "f12"],         PANES,      "Go to the next pane"),
    row(Action::FocusPrevious,  "focus-previous",  "",         &["shift-tab"],          PANES,      "Go to the pane before"),
    row(Action::FocusFleet,     "focus-fleet",     "",         &["alt-1"],              PANES,      "Go to the fleet"),
    row(Action::FocusEditor,    "focus-editor",    "",         &["alt-2"],              PANES,      "Go to the editor"),
    row(Action::FocusGrid,      "focus-grid",      "",         &["alt-3"],              PANES,      "Go to the grid"),
    row(Action::FocusLines,     "focus-lines",     "",         &["alt-4"],              PANES,      "Go to the lines"),
    row(Action::Zoom,           "zoom",            "",         &["z", "f11", "alt-z"],  PANES,      "Give the pane the whole screen, or give it back"),
    row(Action::Grow,           "grow",            "",         &["+", "alt-="],         PANES,      "Give the pane more room"),
    row(Action::Shrink,         "shrink",          "",         &["-", "alt--"],         PANES,      "Give the pane less room"),
    row(Action::Messages,       "messages",        "",         &["M", "alt-m"],         PANES,      "Show all messages"),
    row(Action::Help,           "help",            "help",     &["?", "f1"],            PANES,      "Show what can be done here, and with which keys"),
    row(Action::Palette,        "palette",         "commands", &[":", "f2"],            PANES,      "Find a command by its name"),
    row(Action::Question,       "question",        "",         &["alt-q", "!"],         EVERYWHERE, "Go to what a way in asks, a password or a host's key, or come back from it"),
    row(Action::Back,           "back",            "",         &["esc"],                EVERYWHERE, "One step back: close the overlay, end the filter; never quits, never cancels"),
    row(Action::Interrupt,      "interrupt",       "",         &["ctrl-c"],             EVERYWHERE, "Cancel the run, again to force it; else close, clear, or ask to quit"),
    row(Action::Suspend,        "suspend",         "",         &["ctrl-z"],             EVERYWHERE, "Put the console to sleep; `fg` wakes it"),
    row(Action::Repaint,        "repaint",         "",         &["ctrl-l"],             EVERYWHERE, "Paint the whole screen again"),
    row(Action::Quit,           "quit",            "",         &["f10", "ctrl-q"],      EVERYWHERE, "Cancel what runs, close every link and quit"),
];

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;
    use crate::tui::keys::Chord;

    /// Keys that zellij, tmux or screen keep for themselves in their default set-up.
    #[rustfmt::skip]
    const EATEN: [&str; 24] = [
        "ctrl-g", "ctrl-p", "ctrl-t", "ctrl-n", "ctrl-h", "ctrl-s", "ctrl-o", "ctrl-q", "ctrl-b", "ctrl-a",
        "alt-f", "alt-n", "alt-h", "alt-j", "alt-k", "alt-l", "alt-i", "alt-o", "alt-p", "alt-=", "alt--",
        "alt-+", "alt-up", "alt-down",
    ];

    #[test]
    fn names_and_rows_are_unique_and_every_key_parses() {
        let mut names = HashSet::new();
        let mut actions = HashSet::new();
        for info in ACTIONS {
            assert!(names.insert(info.name), "{} twice", info.name);
            assert!(actions.insert(info.action), "{:?} twice", info.action);
            assert!(!info.sentence.ends_with('.') && !info.places.is_empty(), "{}", info.name);
            for key in info.keys {
                key.parse::<Chord>().expect(info.name);
            }
        }
    }

    #[test]
    fn no_two_actions_share_a_key_in_one_place() {
        let mut taken = HashMap::new();
        for info in ACTIONS {
            for (key, place) in
                info.keys.iter().flat_map(|key| info.places.iter().map(move |place| (key, place)))
            {
                let chord: Chord = key.parse().expect(key);
                if place.takes_text() && chord.is_text() {
                    continue;
                }
                if let Some(other) = taken.insert((place, chord), info.name) {
                    panic!("{key} in {} is both {other} and {}", place.name(), info.name);
                }
            }
        }
    }

    #[test]
    fn the_readmes_list_has_every_action_in_one_row() {
        let text = markdown();
        assert_eq!(text.lines().count(), ACTIONS.len() + 2);
        for (line, info) in text.lines().skip(2).zip(ACTIONS) {
            assert!(line.starts_with("| `") && line.ends_with(&format!("| {} |", info.sentence)), "{line}");
        }
        assert!(text.starts_with("| keys |") && text.contains("| `F5` `Alt-Enter` `Ctrl-Enter` | panes |"));
    }

    #[test]
    fn every_action_has_a_key_that_multiplexers_leave_alone() {
        for info in ACTIONS {
            assert!(info.keys.iter().any(|key| !EATEN.contains(key)), "{}", info.name);
        }
    }
}
