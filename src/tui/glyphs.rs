//! The signs of the screen: one set for terminals with Unicode, one in plain ASCII. Every sign is one column wide.

use ratatui::symbols::border;

use crate::engine::event::Level;
use crate::model::state::{Link, State};

/// A set of signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyphs {
    /// Corners and sides of panes.
    pub border: border::Set<'static>,
    /// Before the title of the pane that has the focus.
    pub focus: &'static str,
    /// Before the row under the cursor.
    pub cursor: &'static str,
    /// A selected host.
    pub marked: &'static str,
    /// Between parts of a sentence in a title or a bar.
    pub dot: &'static str,
    /// Between a host's name and its line.
    pub bar: &'static str,
    /// Text goes on where it cannot be seen.
    pub more: &'static str,
    /// Before what the next run will hit.
    pub aim: &'static str,
    /// A branch of the tree that is open.
    pub open: &'static str,
    /// A branch of the tree that is closed; a row that stands for several.
    pub closed: &'static str,
    /// Before a row of the tree under which more stand beside it.
    pub fork: &'static str,
    /// Before the last row of a branch of the tree.
    pub last: &'static str,
    /// Sorted upwards.
    pub ascending: &'static str,
    /// Sorted downwards, or: there is more below.
    pub descending: &'static str,
    /// A part of a progress bar that is done.
    pub full: &'static str,
    /// A part of a progress bar that is not done.
    pub empty: &'static str,
    ready: &'static str,
    waiting: &'static str,
    working: &'static str,
    failed: &'static str,
    cut: &'static str,
    off: &'static str,
    warning: &'static str,
    info: &'static str,
}

/// For terminals that draw Unicode.
pub const UNICODE: Glyphs = Glyphs {
    border: border::PLAIN,
    focus: "▸",
    cursor: "▸",
    marked: "✓",
    dot: "·",
    bar: "│",
    more: "…",
    aim: "→",
    open: "▾",
    closed: "▸",
    fork: "├",
    last: "└",
    ascending: "▴",
    descending: "▾",
    full: "█",
    empty: "░",
    ready: "●",
    waiting: "◌",
    working: "◐",
    failed: "✗",
    cut: "⊘",
    off: "○",
    warning: "▲",
    info: "▪",
};

/// For terminals, fonts and logs that do not.
pub const ASCII: Glyphs = Glyphs {
    border: border::Set {
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
        vertical_left: "|",
        vertical_right: "|",
        horizontal_top: "-",
        horizontal_bottom: "-",
    },
    focus: ">",
    cursor: ">",
    marked: "*",
    dot: "-",
    bar: "|",
    more: "~",
    aim: ">",
    open: "v",
    closed: ">",
    fork: "|",
    last: "`",
    ascending: "^",
    descending: "v",
    full: "#",
    empty: ".",
    ready: "+",
    waiting: ".",
    working: "o",
    failed: "x",
    cut: "/",
    off: "-",
    warning: "!",
    info: "i",
};

impl Glyphs {
    /// The sign of a link's state. No two states that ask for different deeds share one.
    pub fn link(&self, link: Link) -> &'static str {
        match link {
            Link::Ready => self.ready,
            Link::Queued => self.waiting,
            Link::Connecting | Link::Booting => self.working,
            Link::Unreachable => self.failed,
            Link::Lost | Link::Retrying => self.warning,
            Link::Idle | Link::Closed => self.off,
            Link::Gone => self.cut,
        }
    }

    /// The sign of a cell's state.
    pub fn cell(&self, state: State) -> &'static str {
        match state {
            State::Queued => self.waiting,
            State::Connecting | State::Booting | State::Running => self.working,
            State::Value => self.ready,
            State::Raised | State::Unreachable => self.failed,
            State::TimedOut | State::Lost | State::CancelUnconfirmed => self.warning,
            State::Cancelled => self.cut,
            State::Skipped => self.off,
        }
    }

    /// The sign of a notice.
    pub fn level(&self, level: Level) -> &'static str {
        match level {
            Level::Info => self.info,
            Level::Warning => self.warning,
            Level::Error => self.failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn every_sign_is_one_column_wide() {
        for set in [UNICODE, ASCII] {
            let states = State::ALL.map(|state| set.cell(state));
            let own = [
                set.focus,
                set.cursor,
                set.marked,
                set.dot,
                set.bar,
                set.more,
                set.aim,
                set.open,
                set.closed,
                set.fork,
                set.last,
                set.ascending,
                set.descending,
                set.full,
                set.empty,
                set.ready,
                set.waiting,
                set.working,
                set.failed,
                set.cut,
                set.off,
                set.warning,
                set.info,
            ];
            for sign in states.into_iter().chain(own) {
                assert_eq!(sign.width(), 1, "{sign}");
            }
        }
    }
}
