//! What things look like: roles → styles, from a theme file.

mod colour;
mod file;

pub use colour::Depth;
pub use file::{BUILT_IN, ThemeError};

use std::path::Path;

use ratatui::style::Style;

use crate::engine::event::Level;
use crate::model::state::{Link, State};

/// What a thing on the screen means. The theme says what it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "`Role::name` and themes/default.toml say what each is for")]
pub enum Role {
    Text,
    Dim,
    Accent,
    Title,
    TitleFocus,
    Border,
    BorderFocus,
    Header,
    Row,
    RowFocus,
    Mark,
    Match,
    MatchHere,
    Ok,
    Busy,
    Warn,
    Error,
    Off,
    Bar,
    BarKey,
    Code,
    CodeKeyword,
    CodeString,
    CodeNumber,
    CodeComment,
    CodeOperator,
    CodeError,
    Host,
    Host1,
    Host2,
    Host3,
    Host4,
    Host5,
    Host6,
}

/// Every role with its name in theme files, in the order of the enum.
const ROLES: [(Role, &str); 34] = [
    (Role::Text, "text"),
    (Role::Dim, "dim"),
    (Role::Accent, "accent"),
    (Role::Title, "title"),
    (Role::TitleFocus, "title.focus"),
    (Role::Border, "border"),
    (Role::BorderFocus, "border.focus"),
    (Role::Header, "header"),
    (Role::Row, "row"),
    (Role::RowFocus, "row.focus"),
    (Role::Mark, "mark"),
    (Role::Match, "match"),
    (Role::MatchHere, "match.here"),
    (Role::Ok, "ok"),
    (Role::Busy, "busy"),
    (Role::Warn, "warn"),
    (Role::Error, "error"),
    (Role::Off, "off"),
    (Role::Bar, "bar"),
    (Role::BarKey, "bar.key"),
    (Role::Code, "code"),
    (Role::CodeKeyword, "code.keyword"),
    (Role::CodeString, "code.string"),
    (Role::CodeNumber, "code.number"),
    (Role::CodeComment, "code.comment"),
    (Role::CodeOperator, "code.operator"),
    (Role::CodeError, "code.error"),
    (Role::Host, "host"),
    (Role::Host1, "host.1"),
    (Role::Host2, "host.2"),
    (Role::Host3, "host.3"),
    (Role::Host4, "host.4"),
    (Role::Host5, "host.5"),
    (Role::Host6, "host.6"),
];

const HOSTS: [Role; 6] = [Role::Host1, Role::Host2, Role::Host3, Role::Host4, Role::Host5, Role::Host6];

impl Role {
    /// As theme files write it.
    pub fn name(self) -> &'static str {
        ROLES[self as usize].1
    }

    /// The colour of a host's name beside its lines: the same for the same name, never one that means a state.
    pub fn host(name: &str) -> Self {
        let hash = name.bytes().fold(5381_u32, |hash, byte| hash.wrapping_mul(33) ^ u32::from(byte));
        HOSTS[hash as usize % HOSTS.len()]
    }

    /// What a link's state means.
    pub fn link(link: Link) -> Self {
        match link {
            Link::Ready => Self::Ok,
            Link::Queued | Link::Connecting | Link::Booting => Self::Busy,
            Link::Unreachable => Self::Error,
            Link::Lost | Link::Retrying => Self::Warn,
            Link::Idle | Link::Closed | Link::Gone => Self::Off,
        }
    }

    /// What a cell's state means.
    pub fn cell(state: State) -> Self {
        match state {
            State::Queued | State::Skipped => Self::Off,
            State::Connecting | State::Booting | State::Running => Self::Busy,
            State::Value => Self::Ok,
            State::Raised | State::Unreachable => Self::Error,
            State::TimedOut | State::Lost | State::Cancelled | State::CancelUnconfirmed => Self::Warn,
        }
    }

    /// How bad a notice is.
    pub fn level(level: Level) -> Self {
        match level {
            Level::Info => Self::Accent,
            Level::Warning => Self::Warn,
            Level::Error => Self::Error,
        }
    }
}

/// A theme, ready to draw with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    styles: [Style; ROLES.len()],
    depth: Depth,
}

impl Theme {
    /// The theme with this name: the user's own from `dir`, else a built-in one; its colours as far as the terminal has
    /// them.
    pub fn load(name: &str, dir: Option<&Path>, depth: Depth) -> Result<Self, ThemeError> {
        let mut styles = file::resolve(name, dir)?;
        for style in &mut styles {
            *style = depth.degrade(*style);
        }
        Ok(Self { styles, depth })
    }

    /// The built-in default, which always loads.
    pub fn plain(depth: Depth) -> Self {
        Self::load("default", None, depth).unwrap_or(Self { styles: [Style::new(); ROLES.len()], depth })
    }

    /// What this role looks like.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// A style that no theme knows (a host's own colours), with no colour that the terminal lacks.
    pub fn degrade(&self, style: Style) -> Style {
        self.depth.degrade(style)
    }
}

#[cfg(test)]
#[path = "theme_test.rs"]
mod tests;
